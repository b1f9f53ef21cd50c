"""Stage 6: what machines answer: out of office, receipts, acknowledgements, challenges.

In: a message. Out: an automatic reply, a message that a person must see because it may be one, or None. Pure.

A field that only answering programs write decides (RFC 3834 §5). A field that programs also put on what they pass on
for people (a help desk, a rule that redirects) decides together with the words. Words alone decide where nobody else
uses them, because a person may write "afwezig" in a subject too; where both is possible, a person looks.
"""

import re
from typing import Final, NamedTuple

from newsletter.inbound.telling.absence import sent_on, until
from newsletter.inbound.telling.bounces import FAILED
from newsletter.inbound.telling.dsn import ADDRESS
from newsletter.inbound.telling.marks import is_forwarded, is_made_by_rule, is_marked, is_surely_marked
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.phrases import pattern
from newsletter.inbound.telling.quoting import is_answer, written
from newsletter.inbound.telling.sender import author_address, has_null_sender, is_daemon, words
from newsletter.inbound.telling.verdict import Kind, Verdict

__all__ = ["AWAY", "LEFT", "about", "challenge", "is_marked", "machine", "marked", "receipt", "worded"]

_SUBJECT: Final = r"\s{0,9}(?:\[[^\]]{1,40}\]\s*)?(?:"
#: "Automatic reply: …", "Autoreply", "Out of office (Jan)": but not "Out of office?".
_SURE: Final = pattern(
    "automatic", "sure", before=_SUBJECT, after=r")(?=\s*(?:[:(\[–—-]|$|re\b|aw\b|antw\b|from\b|van\b))"
)
#: Domino: "AUTO: Jan de Vries is out of the office (returning 12/07/2026)".
_DOMINO: Final = re.compile(
    r"auto ?: .{2,100} (?:is|ist|est) (?:out|afwezig|niet|absent|außer|nicht|ab dem|away|en )"
    r"|.{2,100}\((?:afwezig|out of office|abwesend|absent)\)$",
    re.I,
)
_STARTS: Final = pattern("automatic", "starts", before=_SUBJECT, after=")")
_HINT: Final = pattern("automatic", "hint")
AWAY: Final = pattern("automatic", "away")
LEFT: Final = pattern("automatic", "left")
_FORMULAS: Final = pattern("automatic", "formula")
_STATEMENT: Final = pattern("automatic", "statement")
_RECEIVED: Final = pattern("automatic", "received")
_THANKS: Final = pattern("automatic", "thanks")
_CHALLENGE: Final = pattern("automatic", "challenge")
_HELD: Final = pattern("automatic", "held")
_PERSON: Final = pattern("automatic", "person")
#: A question that is not the one of machines ("Dringende vraag? Bel …").
_QUESTION: Final = re.compile(
    r"\?(?!\s*(?:bel|mail|neem|stuur|bezoek|kijk|ga|raadpleeg|dan|u kunt|call|please|contact|visit|check|see|then"
    r"|you can|rufen|dann|bitte|besuchen|appelez|contactez|consultez|vous pouvez)\b)",
    re.I,
)
#: Characters of a text that are looked at, and of a sentence that is told.
LOOKED_AT, SENTENCE = 4000, 300
#: Parts that tell what a message is, whatever its subject says.
_OTHER_REPORTS: Final = frozenset(
    {"text/calendar", "application/ics", "message/delivery-status", "message/global-delivery-status", "message/rfc822"}
)
_NO_ADDRESS: Final = re.compile(r"(?:no|do|donot)[-_.]?(?:not[-_.]?)?reply|mailer-daemon", re.I)
_NO_REPLY: Final = re.compile(
    r"(?:no|do|donot|geen|nicht|ne)[-_.]?(?:not[-_.]?)?(?:reply|antwoord|antworten|repondre|respond)"
)


class Signs(NamedTuple):
    """What the words of a message have of a machine and of a person."""

    absent: bool  #: says that somebody is away or has left
    formulas: int  #: different things that hardly anybody but a machine says
    stated: bool  #: it says itself that it is automatic
    acknowledged: int  #: different ways in which it says that something was received
    thanks: bool  #: for a message, as machines begin, and people
    asks: bool  #: has a question that is not one of machines
    personal: bool  #: speaks of what we wrote, asks something, or quotes


def receipt(message: Part) -> Verdict | None:
    """What a standard marks as an answer of a program: a receipt (RFC 8098), or "auto-replied" (RFC 3834 §5).

    This comes before the words of mail systems are looked for: the subject that is answered is ours, and may well speak
    of what is returned or delivered.
    """
    kinds = {part.media_type for part in message.walk()}
    is_report = message.parameters.get("report-type", "").lower() == "disposition-notification"
    if is_report or kinds & {"message/disposition-notification", "message/global-disposition-notification"}:
        return Verdict(kind=Kind.AUTO_REPLY, rule="disposition notification", reason="receipt")
    if kinds & _OTHER_REPORTS or is_daemon(message) or message.get("x-failed-recipients") or is_answer(message):
        return None
    subject = message.decoded("subject")[:500]
    signs = signs_of(message)
    is_sure = (
        bool(_SURE.match(subject) or _DOMINO.match(subject))
        or (is_surely_marked(message) and (signs.absent or not FAILED.search(subject)))
        or (signs.absent and is_made_by_rule(message))
        or (signs.absent and not signs.personal and bool(signs.formulas or _STARTS.match(subject)))
    )
    if is_forwarded(message) and is_marked(message) and not is_sure and FAILED.search(subject):
        # The mark is that of who passed it on; without the name of a mail system it may be somebody's question.
        return Verdict(kind=Kind.UNSURE, rule="passed on by a rule")
    if is_sure and (is_marked(message) or has_null_sender(message)):
        return challenge(message) or automatic(message, "marked as automatic")
    return None


def challenge(message: Part) -> Verdict | None:
    """A machine that wants the sender to prove something before it delivers; nobody here clicks."""
    text = f"{message.decoded('subject')[:500]}\n{words(message)[:3000]}"
    found = _CHALLENGE.search(text)
    if not found:
        return None
    if is_marked(message) or has_null_sender(message) or is_daemon(message):
        return Verdict(kind=Kind.AUTO_REPLY, rule="challenge", reason="challenge", evidence=sentence(text, found))
    if _HELD.search(text) and not written(message).quotes and not _QUESTION.search(text):
        return Verdict(
            kind=Kind.AUTO_REPLY, rule="words of a challenge", reason="challenge", evidence=sentence(text, found)
        )
    return None


def marked(message: Part) -> Verdict | None:
    """A field that only machines write, or nobody as the envelope sender."""
    if is_surely_marked(message):
        return automatic(message, "marked as automatic")
    if not (is_marked(message) or (has_null_sender(message) and not is_daemon(message))):
        return None
    signs = signs_of(message)
    subject = message.decoded("subject")[:500]
    if _SURE.match(subject) or _DOMINO.match(subject):
        return automatic(message, "marked as automatic")
    if _says_so(signs, message):
        return automatic(message, "marked as automatic")
    if not is_marked(message) and _answers_us(message):
        return None  # some systems lose the envelope sender of what they pass on
    if signs.personal or is_forwarded(message) or is_answer(message):
        return Verdict(kind=Kind.UNSURE, rule="marked as automatic, but the words of a person")
    if is_made_by_rule(message) or not written(message).own:
        return automatic(message, "marked as automatic")
    return Verdict(kind=Kind.UNSURE, rule="marked as automatic, in words that are not known")


def _says_so(signs: Signs, message: Part) -> bool:
    """Whether the words of a marked message are those of a machine too: the less, the more they are a person's."""
    is_absence = signs.absent and (signs.formulas > 0 or is_made_by_rule(message))
    if is_forwarded(message):
        return not signs.personal and (signs.stated or is_absence)
    if signs.asks:
        return signs.stated or is_absence
    if signs.personal:
        return signs.stated or is_absence or signs.acknowledged > 1
    return signs.absent or signs.stated or signs.formulas + signs.acknowledged > 0


def worded(message: Part) -> Verdict | None:
    """No mark, but the words of a machine: a subject that begins as theirs do, or formulas of theirs."""
    subject = message.decoded("subject")[:500]
    if not is_answer(message) and (_SURE.match(subject) or _DOMINO.match(subject)):
        if not written(message).quotes or "re:" in subject.lower() or signs_of(message).stated:
            return automatic(message, "subject of an automatic reply")
        return Verdict(kind=Kind.UNSURE, rule="subject of an automatic reply, but it quotes")
    signs = signs_of(message)
    suppresses = "all" in message.get("x-auto-response-suppress").lower()
    is_hinted = bool(_HINT.search(subject) or _STARTS.match(subject)) or message.get("precedence").lower() in (
        "bulk",
        "junk",
    )
    told = signs.absent or signs.acknowledged > 0
    points = 2 * signs.stated + signs.formulas + signs.acknowledged + signs.thanks + is_hinted + suppresses
    if not told or points < 1 or signs.personal:
        return None
    if message.get("in-reply-to") and is_answer(message):
        # Mail programs of people write both; what answers by itself in this way is rare.
        return Verdict(kind=Kind.UNSURE, rule="an answer with words of an automatic one") if points > 3 else None
    is_told = signs.stated or suppresses or (is_hinted and signs.acknowledged > 2)
    if points >= 2 if signs.absent else is_told:
        return automatic(message, "words of an automatic reply")
    return Verdict(kind=Kind.UNSURE, rule="perhaps an automatic reply") if is_hinted and signs.absent else None


def machine(message: Part) -> Verdict | None:
    """Not a person, and not known as what: lists, mail systems, and what has no words at all."""
    is_list = (
        message.get("list-id")
        or message.get("list-unsubscribe")
        or message.get("precedence").lower() in ("bulk", "list", "junk")
    ) and not _answers_us(message)
    has_parts = any(part.media_type.split("/")[0] not in ("text", "multipart") for part in message.walk())
    is_empty = not words(message).strip() and not has_parts and not message.get("subject").strip()
    if (
        is_list
        or is_empty
        or _NO_REPLY.match(author_address(message))
        or (is_daemon(message) and not _is_named(message))
    ):
        return Verdict(kind=Kind.UNSURE, rule="a machine that is not known")
    return None


def _answers_us(message: Part) -> bool:
    """Whether a mail program made it as an answer, and somebody wrote in it; lists pass such letters on too."""
    return bool(message.get("in-reply-to") and is_answer(message) and written(message).own)


def _is_named(message: Part) -> bool:
    """Whether somebody writes under their own name from the address of a mail system ("Erik <postmaster@…>")."""
    name = message.decoded("from").partition("<")[0].strip('" ')
    if not name or "@" in name or has_null_sender(message) or is_marked(message):
        return False
    return not is_daemon(Part(fields=[("from", name)])) and bool(written(message).own)


def automatic(message: Part, rule: str) -> Verdict:
    """An automatic reply, with what it tells: until when somebody is away, and whom to write to instead."""
    text = _text(message)
    reason, found = about_of(message, text)
    last = until(f"{message.decoded('subject')[:500]}\n{text}", sent_on(message.get("date")))
    signs = signs_of(message)
    if last and reason not in ("left", "away") and not signs.stated and signs.acknowledged < 2:
        reason, found = "away", None  # it says until when, in words that are not known
    is_absence = reason in ("left", "away")
    return Verdict(
        kind=Kind.AUTO_REPLY,
        rule=rule,
        reason=reason,
        until=last if is_absence else "",
        instead=others(message, text) if is_absence else (),
        evidence=sentence(text, found) if found else " ".join(text[:SENTENCE].split()),
    )


def about(message: Part) -> str:
    """What an automatic reply is about, in a word: left, away, received, or automatic."""
    return about_of(message, _text(message))[0]


def about_of(message: Part, text: str) -> tuple[str, re.Match[str] | None]:
    if found := LEFT.search(text):
        return "left", found
    if found := AWAY.search(text):
        return "away", found
    subject = message.decoded("subject")[:500]
    if LEFT.search(subject):
        return "left", None
    if _STARTS.match(subject) or AWAY.search(subject) or _DOMINO.match(subject):
        return "away", None
    if found := _RECEIVED.search(text) or _THANKS.search(text):
        return "received", found
    return "automatic", None


def signs_of(message: Part) -> Signs:
    """The signs in what a message says itself, found once."""
    if "signs" not in message.memo:
        own, quotes = written(message)
        text = own[:LOOKED_AT]
        message.memo["signs"] = Signs(
            absent=bool(AWAY.search(text) or LEFT.search(text)),
            formulas=_different(_FORMULAS, text),
            stated=bool(_STATEMENT.search(text)),
            acknowledged=_different(_RECEIVED, text),
            thanks=bool(_THANKS.search(text)),
            asks=bool(_QUESTION.search(text)),
            personal=quotes or bool(_QUESTION.search(text) or _PERSON.search(text)),
        )
    found: Signs = message.memo["signs"]
    return found


def others(message: Part, text: str) -> tuple[str, ...]:
    """Addresses in a text that are neither the author's nor ours."""
    known = {author_address(message)}
    for name in ("from", "reply-to", "return-path", "to", "delivered-to", "x-original-to"):
        known |= {one.lower() for one in ADDRESS.findall(message.get(name)[:1000])}
    found = [one.strip(".'`") for one in ADDRESS.findall(text)]
    told = [
        one
        for one in found
        if "." in one.rpartition("@")[2] and one.lower() not in known and not _NO_ADDRESS.match(one)
    ]
    return tuple(dict.fromkeys(told))[:5]


def sentence(text: str, found: re.Match[str]) -> str:
    """The sentence in which something was found, on one line."""
    start = max(text.rfind(mark, 0, found.start()) + len(mark) for mark in (". ", "! ", "? ", "\n\n", ".\n"))
    ends = [at for mark in (". ", "! ", "? ", "\n\n", ".\n") if (at := text.find(mark, found.end())) >= 0]
    start = max(start, found.start() - SENTENCE // 2)
    return " ".join(text[start : min(ends, default=len(text)) + 1].split())[:SENTENCE]


def _text(message: Part) -> str:
    """What a machine says; where all of it looks like a quoted letter or a signature, all of it."""
    return (written(message).own or words(message))[:LOOKED_AT].replace("’", "'")


def _different(expression: re.Pattern[str], text: str) -> int:
    """How many different beginnings of what an expression finds: the same sentence twice counts once."""
    return len({found[0][:8].lower() for found in expression.finditer(text)})
