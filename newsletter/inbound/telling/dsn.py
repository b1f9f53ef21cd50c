"""Stage 6: delivery status notifications (RFC 3464, RFC 6533), also those that are written wrongly.

In: a part of type message/delivery-status, and the words beside it. Out: a failure for each recipient. Pure.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from newsletter.inbound.telling.message import Part, parse_fields
from newsletter.inbound.telling.reasons import HARD, by_status, why
from newsletter.inbound.telling.verdict import Failure

REPORTS: Final = ("message/delivery-status", "message/global-delivery-status")
#: Recipients of one report that are looked at.
MOST: Final = 200
#: So many of them closely: what is said of the others is read only as far as a reply of one line goes.
CLOSELY, ONE_LINE = 12, 300
#: What a server was last heard to say where it said nothing.
_NOTHING_SAID: Final = re.compile(
    r"(?:smtp|x-[\w-]+)? ?;? ?(?:[245]\d\d)?[ -]*(?:[245]\.\d\.\d)?[ .;]*"
    r"(?:\(?(?:undelivered|failed|unknown|delivery failed)\)?)?[ .;]*",
    re.I,
)
_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
#: One character of an address as RFC 6533 §3 writes it.
_UTF8: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
ADDRESS: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,128}@(?:\[[\d.]{7,15}\]|[\w-]{1,63}(?:\.[\w-]{1,63}){0,9})")


def failures_of(report: Part, beside: str) -> tuple[list[Failure], set[str]]:
    """Failures that a report tells, and all its actions ("failed", "delayed", "delivered", …).

    `beside` is the text that a person would read; it counts where the report itself gives no reason.
    """
    blocks = _blocks(report)
    found: list[Failure] = []
    actions: set[str] = set()
    heard: set[str] = set()
    for block in blocks[: MOST + 1]:
        recipients = _recipients(block)
        if not recipients:
            continue
        action = _get(block, "action").split(" ", 1)[0].strip(";,()").lower()
        status = _status(_get(block, "status"))
        action = action or ("delayed" if status.startswith("4") else "failed")
        actions.add(action)
        if action in ("failed", "failure", "fail", "delayed", "delay", "error", "undeliverable") or action not in _FINE:
            closely = len(found) < CLOSELY and recipients[0] not in heard
            heard.add(recipients[0])
            found += _failures(block, recipients, action, status, beside if closely else "", closely)
    return found, actions


_FINE: Final = frozenset({"delivered", "relayed", "expanded", "success"})


def _failures(
    block: list[tuple[str, str]], recipients: list[str], action: str, status: str, beside: str, closely: bool
) -> list[Failure]:
    said = " ".join(
        value
        for name, value in block
        if name in ("diagnostic-code", "x-diagnostic", "x-notes", "x-supplementary-info", "x-display-name-error")
    )
    said = said if closely else said[:ONE_LINE]
    is_delay = action.startswith("delay")
    # A status of the family 5 is at home in the server's own words more often than in the field.
    told = _status(said) or status
    is_silent = bool(_NOTHING_SAID.fullmatch(said.strip()))
    reason = "undefined" if is_silent else why(said, told, is_temporary=is_delay).reason
    if reason in VAGUE and beside:
        again = heard_near(beside, recipients[0])[0]
        if again == reason == "undefined" and by_status(told) in VAGUE:
            again = why(beside).reason  # what is said of all of them
        # Advice for people speaks of wrong addresses too: it makes nothing hard that a server gave a soft reason for.
        may_be_hard = again not in HARD or reason in ("undefined", "systemerror", "syntaxerror")
        if again not in _BOILERPLATE and (reason == "undefined" or again in _TELLING) and may_be_hard:
            reason = again
    if reason == "undefined":
        reason = by_status(told)
    if reason == "undefined" and is_delay:
        reason = "expired"
    return [
        Failure(recipient=one, reason=reason, status=told, said=_one_line(said), is_delay=is_delay)
        for one in recipients
    ]


#: Reasons that say little, so that other words about the same address are heard too.
VAGUE: Final = frozenset({"undefined", "systemerror", "policyviolation", "expired", "networkerror", "syntaxerror"})
#: Words for people say these of every failure.
_BOILERPLATE: Final = frozenset({"undefined", "expired", "syntaxerror", "policyviolation", "systemerror"})
#: Reasons in the words for people that are more exact than a general one in the report.
_TELLING: Final = frozenset({"userunknown", "hostunknown", "mailboxfull", "hasmoved", "mesgtoobig", "suspend"})


def heard_near(text: str, address: str) -> tuple[str, str]:
    """What is said of an address: a reason, and the words at the place that gave it.

    An address stands at several places: in a summary ("To: …"), in a list, beside the reason. The first place that
    gives an exact reason counts; else the first that gives any.
    """
    places = list(_places(text, address)) or [text[:1500]]
    heard = [(why(place).reason, place) for place in places]
    exact = (pair for pair in heard if pair[0] not in VAGUE and pair[0] != "filtered")
    told = (pair for pair in heard if pair[0] != "undefined")
    return next(exact, None) or next(told, heard[0])


def _places(text: str, address: str) -> Iterator[str]:
    """Where an address stands: what is said of it there, then with the paragraph after it if that is about no other."""
    wanted = address.lower()
    # "an@example.nl" does not stand where "jan@example.nl" does.
    for found in islice(re.finditer(rf"(?<![\w.+-]){re.escape(wanted)}", text.lower()), 3):
        at = found.start()
        start = max(text.rfind("\n\n", 0, at), 0)
        end = _end(text, at)
        own = _of_one(text[start:end], at - start, wanted)
        yield own[:1500]
        following = text[end : _end(text, end + 2)]
        beginning = ADDRESS.search(following[:150])
        if end < len(text) and (beginning is None or beginning[0].lower() == wanted):
            yield (own + following)[:1500]


def _end(text: str, at: int) -> int:
    end = text.find("\n\n", at)
    return end if end >= 0 else len(text)


def _of_one(paragraph: str, at: int, wanted: str) -> str:
    """The lines of one address in a paragraph whose lines begin with several."""
    others = [
        found.start()
        for found in _LINE_OF.finditer(paragraph[:6000])
        if found[1].lower().strip(".") != wanted
    ]  # fmt: skip
    if not others:
        return paragraph
    begin = paragraph.rfind("\n", 0, at) + 1
    return paragraph[begin : next((one for one in others if one > at), len(paragraph))]


_LINE_OF: Final = re.compile(rf"^[ \t<*>-]{{0,8}}({ADDRESS.pattern})", re.M)


def clean(address: str) -> str:
    """An address as it stands in a report, without its type, its brackets and its route; empty if it is none."""
    address = _UTF8.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), address)
    _, semicolon, rest = address.partition(";")
    address = (rest if semicolon else address).strip().strip("<>\"' ")
    found = ADDRESS.search(address.rpartition(":")[2] if address.startswith("@") else address)
    return found[0].strip(".'`") if found else ""


def _blocks(report: Part) -> list[list[tuple[str, str]]]:
    """Groups of fields: of the message first, then of each recipient. Some put no empty line between them."""
    blocks: list[list[tuple[str, str]]] = []
    for piece in re.split(r"\n[ \t]*\n", report.text().strip("\n")):
        block: list[tuple[str, str]] = []
        for name, value in parse_fields(piece.encode("utf-8", "replace")):
            if name == "final-recipient" and any(known == "final-recipient" for known, _ in block):
                blocks.append(block)
                block = []
            block.append((name, value))
        if block:
            blocks.append(block)
    return blocks


def _recipients(block: list[tuple[str, str]]) -> list[str]:
    final = clean(_get(block, "final-recipient"))
    original = clean(_get(block, "original-recipient")) or clean(_get(block, "x-actual-recipient"))
    return list(dict.fromkeys(one for one in (final, original) if one))


def _get(block: list[tuple[str, str]], name: str) -> str:
    return next((value for known, value in block if known == name), "")


def _status(text: str) -> str:
    found = _ENHANCED.search(text)
    return ".".join(found.groups()) if found else ""


def status_in(text: str) -> str:
    """The first enhanced status of a text ("5.1.1"); empty where there is none."""
    return _status(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
