"""Stage 6: why a letter was refused, in one word.

In: a status (RFC 3463), a reply code, what the server said. Out: a reason, and whether it is hard: this address will
never take mail. Pure.

What was said decides before any number: servers put 5.1.1 on full mailboxes and 5.7.1 on unknown users. Rules are tried
in their order, the particular before the general; the sentences of servers are in phrases/reasons.toml. Where none of
them is heard, a status that stands for one thing decides; then words that say little ("rejected"), phrases/hints.toml.

    hard   userunknown   nobody has this address
           hostunknown   its domain does not exist, or has no way to take mail
           hasmoved      the person has another address now
           notaccept     the host takes no mail at all (RFC 7504, RFC 7505)
    soft   all others; whatever their digits, they cost no subscriber by themselves
"""

import re
from typing import Final, NamedTuple

from newsletter.inbound.telling.phrases import rules

HARD: Final = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})
#: Every word that stands for a reason, with what it means.
REASONS: Final = {
    "userunknown": "nobody has this address",
    "hostunknown": "the domain does not exist or cannot take mail",
    "hasmoved": "the person has another address now",
    "notaccept": "the host takes no mail at all",
    "mailboxfull": "the mailbox is full",
    "suspend": "the mailbox is switched off for now",
    "filtered": "the recipient or a rule of theirs refuses it",
    "mesgtoobig": "the letter is too large",
    "spamdetected": "the letter was taken for spam",
    "virusdetected": "the letter was taken for a virus",
    "contenterror": "something in the letter is not accepted",
    "policyviolation": "a rule of the receiving organisation refuses it",
    "blocked": "our server or domain is on a block list",
    "badreputation": "our server or domain has a bad name there",
    "requireptr": "our server has no proper name in the DNS",
    "authfailure": "SPF, DKIM or DMARC failed",
    "norelaying": "the server does not take mail for this domain from us",
    "securityerror": "a login or encryption was asked for",
    "failedstarttls": "encryption could not be set up",
    "rejected": "our sender address was refused",
    "ratelimited": "too many letters or connections at once",
    "onhold": "to be tried again later (greylisting)",
    "expired": "it could not be delivered in time",
    "networkerror": "the server could not be reached, or mail goes round in circles",
    "systemerror": "something is broken on the other side",
    "systemfull": "the disk of the server is full",
    "mailererror": "a program on the other side failed",
    "syntaxerror": "the server did not understand us",
    "undefined": "no known reason was given",
}


class Why(NamedTuple):
    reason: str
    hard: bool


#: What servers say, the particular before the general; white space in them is one space, "’" is "'".
RULES: Final = rules("reasons")
#: Words that say little ("rejected", "later"): heard only where neither the rules above nor a status tell anything.
HINTS: Final = rules("hints")

#: What an enhanced status says where the words say nothing (RFC 3463, RFC 5248, RFC 7372, RFC 7504, RFC 7505).
STATUS: Final = {
    **{"1.0": "userunknown", "1.1": "userunknown", "1.2": "hostunknown", "1.3": "userunknown", "1.4": "filtered"},
    **{"1.6": "hasmoved", "1.7": "rejected", "1.8": "rejected", "1.9": "systemerror", "1.10": "notaccept"},
    **{"2.0": "filtered", "2.1": "suspend", "2.2": "mailboxfull", "2.3": "mesgtoobig", "2.4": "filtered"},
    **{"3.0": "systemerror", "3.1": "systemfull", "3.2": "systemerror", "3.3": "systemerror", "3.4": "mesgtoobig"},
    **{"3.5": "systemerror", "3.6": "systemerror", "4.0": "networkerror", "4.1": "networkerror"},
    **{"4.2": "networkerror", "4.3": "networkerror", "4.4": "hostunknown", "4.5": "ratelimited"},
    **{"4.6": "networkerror", "4.7": "expired", "4.8": "policyviolation", "5.3": "ratelimited", "5.4": "syntaxerror"},
    **{"6.0": "contenterror", "7.0": "policyviolation", "7.1": "policyviolation", "7.2": "filtered"},
    **{"7.8": "securityerror", "7.9": "securityerror", "7.25": "requireptr", "7.27": "rejected", "7.28": "ratelimited"},
}
_SPACE: Final = re.compile(r"\s+")
#: Characters of a diagnostic that are looked at.
_LOOKED_AT: Final = 2000
_ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
#: Numbers that servers put on anything; before the words are heard they are taken out of them.
_SAYS_LITTLE: Final = re.compile(
    r"(?<![\d.])[245]\.(?:0\.0|1\.[0-4678]|2\.[0-4]|3\.[0-6]|6\.\d|7\.[01])(?![\d.]*\d)[ :;-]*"
)
#: A reply of several lines has its code on each of them, also where a report has made one line of it.
_CONTINUED: Final = re.compile(r"(?<=[a-z,.)] )[245]\d\d(?:-| (?=[245]\.\d))")
#: Addresses and links, which stand in the middle of sentences; with the brackets around them.
_BETWEEN: Final = re.compile(r"[<\[(\"']{0,2}[\w.+=-]{1,64}@[\w.-]{1,190}[>\])\"']{0,2}|https?://\S{1,500}")
_NAMED: Final = re.compile(r"[@_]|://")
#: What a status may not say against words, however few: these numbers stand for everything.
_VAGUE: Final = frozenset({"undefined", "policyviolation", "systemerror", "syntaxerror", "networkerror", "filtered"})


def why(said: str, status: str = "", *, is_temporary: bool = False) -> Why:
    """The reason, from what was said and from the enhanced status ("5.1.1"), where one of them is known.

    `is_temporary` is for reports of a delay: nothing in them is final.
    """
    words = _SPACE.sub(" ", said[:_LOOKED_AT]).replace("’", "'").replace("`", "'").lower()
    stated = by_status(status)
    if stated in _VAGUE and (found := _ENHANCED.search(words)):
        stated = max(stated, by_status(found[0]), key=lambda one: (one not in _VAGUE, one != "undefined"))
    bare = _SAYS_LITTLE.sub("", _CONTINUED.sub("", words))
    reason = _first(RULES, bare) or _first(RULES, _plain(bare))
    if not reason:
        reason = stated if stated not in _VAGUE else _first(HINTS, bare) or stated
    return Why(reason, reason in HARD and not is_temporary)


def _plain(words: str) -> str:
    """What is left for the ear: "user [an@example.nl] does not exist" and "BAD_RECIPIENT - see http://…"."""
    plain = _BETWEEN.sub(" ", words).replace("_", " ") if _NAMED.search(words) else words
    return " ".join(plain.split()) if plain != words else ""


def _first(heard: tuple[tuple[str, re.Pattern[str]], ...], words: str) -> str:
    return next((name for name, pattern in heard if pattern.search(words)), "") if words else ""


def by_status(status: str) -> str:
    """The reason that a status alone stands for."""
    detail = status[2:]
    reason = STATUS.get(detail, "")
    if status.startswith("4") and reason in HARD:
        return "networkerror" if detail in ("1.2", "4.4") else "undefined"  # not final, whatever it says of the address
    subject = detail.partition(".")[0]
    return reason or {"4": "networkerror", "5": "syntaxerror", "6": "contenterror", "7": "policyviolation"}.get(
        subject, "undefined"
    )
