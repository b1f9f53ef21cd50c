"""Stage 6: delivery status notifications (RFC 3464, RFC 6533), also those that are written wrongly.

In: a part of type message/delivery-status, and the words beside it. Out: a failure for each recipient. Pure.
"""

import re
from typing import Final

from newsletter.inbound.message import Part, parse_fields
from newsletter.inbound.reasons import by_status, why
from newsletter.inbound.verdict import Failure

REPORTS: Final = ("message/delivery-status", "message/global-delivery-status")
#: Recipients of one report that are looked at.
MOST: Final = 200
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
    for block in blocks[: MOST + 1]:
        recipients = _recipients(block)
        if not recipients:
            continue
        action = _get(block, "action").split(" ", 1)[0].strip(";,()").lower()
        status = _status(_get(block, "status"))
        action = action or ("delayed" if status.startswith("4") else "failed")
        actions.add(action)
        if action in ("failed", "failure", "fail", "delayed", "delay", "error", "undeliverable") or action not in _FINE:
            found += _failures(block, recipients, action, status, beside)
    return found, actions


_FINE: Final = frozenset({"delivered", "relayed", "expanded", "success"})


def _failures(
    block: list[tuple[str, str]], recipients: list[str], action: str, status: str, beside: str
) -> list[Failure]:
    said = " ".join(
        value
        for name, value in block
        if name in ("diagnostic-code", "x-diagnostic", "x-notes", "x-supplementary-info", "x-display-name-error")
    )
    is_delay = action.startswith("delay")
    told = _status(said) or status
    # A status of the family 5 is at home in the server's own words more often than in the field.
    reason = why(said, told, is_temporary=is_delay).reason if not _NOTHING_SAID.fullmatch(said.strip()) else "undefined"
    if reason in ("undefined", "systemerror", "policyviolation", "expired", "networkerror") and beside:
        about = near(beside, recipients[0])
        again = why(about).reason if about else "undefined"
        if again == "undefined" and reason == "undefined":
            again = why(beside).reason  # what is said of all of them
        if again not in ("undefined", "expired", "syntaxerror", "policyviolation", "systemerror") and (
            reason == "undefined" or again in _TELLING
        ):
            reason = again
    if reason == "undefined":
        reason = by_status(told or status)
    if reason == "undefined" and is_delay:
        reason = "expired"
    return [
        Failure(recipient=one, reason=reason, status=told, said=_one_line(said), is_delay=is_delay)
        for one in recipients
    ]


#: Reasons in the words for people that are more exact than a general one in the report.
_TELLING: Final = frozenset({"userunknown", "hostunknown", "mailboxfull", "hasmoved", "mesgtoobig", "suspend"})


def near(text: str, address: str) -> str:
    """The paragraph in which an address stands and the one after it; the whole text where it stands nowhere."""
    at = text.lower().find(address.lower())
    if at < 0:
        return text[:1500]
    start = max(text.rfind("\n\n", 0, at), 0)
    ends = text.find("\n\n", at)
    end = text.find("\n\n", ends + 2) if ends >= 0 else -1
    return text[start : end if end >= 0 else at + 1500][:1500]


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
