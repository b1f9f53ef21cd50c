"""Stage 6: letters that were not delivered, or not yet.

In: a message. Out: a bounce with its recipients and reasons, or None. Pure.

Three ways, the surest first: a report as RFC 3464 wants it; the field X-Failed-Recipients of Exim and Gmail; words of
a mail system, which are read as a person would: what address stands there, and what is said about it. Where none of
them knows, flufl.bounce is asked.
"""

import re
from dataclasses import replace
from typing import Final

from newsletter.inbound.telling.dsn import (
    ADDRESS,
    CLOSELY,
    MOST,
    ONE_LINE,
    REPORTS,
    VAGUE,
    clean,
    failures_of,
    heard_near,
    status_in,
)
from newsletter.inbound.telling.fallback import failed_addresses
from newsletter.inbound.telling.mail_system import FAILED, LIST, RETURNED, is_machine, is_surely_daemon
from newsletter.inbound.telling.message import Part, parse_fields
from newsletter.inbound.telling.phrases import pattern
from newsletter.inbound.telling.reasons import by_status, why
from newsletter.inbound.telling.sender import author_address, is_daemon, returned, words
from newsletter.inbound.telling.verdict import Failure, Kind, Verdict, bounced

__all__ = ["FAILED", "delivery_report", "failed_recipients", "last_resort", "refused_by_rule", "told_in_words"]

#: Characters of the words of a mail system that are looked at.
_WORDS: Final = 30_000
_DELAYED: Final = pattern("bounces", "delayed")
_GIVEN_UP: Final = pattern("bounces", "given_up")
_REFUSED: Final = pattern("bounces", "refused")
#: The field without which a report is none (RFC 3464 §2.3.2), with what it must hold.
_FIELDS: Final = re.compile(
    r"^final-recipient[ \t]{0,5}:[^\n]{0,20}@|^final-recipient[ \t]{0,5}:[ \t]*rfc822", re.I | re.M
)
#: Lines whose address is not that of who was to get the letter.
_OTHER: Final = pattern("bounces", "other")
_ADDRESS: Final = r"[<\"'(\[]{0,3}(?:smtp:|mailto:|rfc822;)?(?P<address>[\w!#$%&'*+/=?^`{|}~.-]{1,128}@[\w.-]{1,190})"
#: An address at a place where reports put the one that failed.
_FIRST: Final = pattern(
    "bounces",
    "labels",
    before=r"^[ \t>*|-]{0,8}(?:[^@\n]{0,80}\bdda:smtp=|(?:",
    after=rf")\b[ \t]*(?::|=|;|is)?[ \t]*(?:rfc822;)?[ \t]*)?{_ADDRESS}",
    flags=re.I | re.M,
)
_LOCAL: Final = re.compile(r"^[ \t]{1,12}(?:[<\"'])?([A-Za-z][\w.+-]{1,40})(?:[>\"'])?[ \t]*$", re.M)
_ABOUT: Final = pattern(
    "bounces", "about", before=r"\b(?:", after=rf")\b[ \t:;,]{{0,3}}(?:was |is |the )?(?:\n[ \t]*)?{_ADDRESS}"
)


def delivery_report(message: Part) -> Verdict | None:
    """RFC 3464, in a multipart/report or in what gateways and old systems make of one."""
    reports = [part for part in message.walk() if part.media_type in REPORTS]
    is_report = message.media_type == "multipart/report"
    if not reports and is_machine(message) and (inner := returned(message)) and inner.media_type == "multipart/report":
        return delivery_report(inner)  # a gateway has put it into a letter of its own
    if not reports and is_machine(message):  # a gateway has made plain text of it
        texts = (part for part in message.walk() if part.media_type == "text/plain" and not part.parts)
        reports = [part for part in texts if _FIELDS.search(part.text()[:20_000])]
    if not reports or not (is_report or is_machine(message)):
        return None
    beside = _before_returned(words(message))
    found: list[Failure] = []
    actions: set[str] = set()
    for report in reports:
        failures, did = failures_of(report, beside)
        found += failures
        actions |= did
    if found:
        final = [failure for failure in found if not failure.is_delay]
        return bounced("delivery status report", final or found)
    if actions:
        return Verdict(kind=Kind.AUTO_REPLY, rule="delivery status report", reason="delivered")
    return bounced("delivery status report without recipients", _failed(message, beside))


def refused_by_rule(message: Part) -> Verdict | None:
    """A rule of the recipient refused it and sent a disposition notification (Sieve, RFC 5429 §2.1.1), as old Dovecots
    did for a full mailbox too. A receipt for a letter deleted unread looks alike but for its words."""
    report = next((part for part in message.walk() if part.media_type == "message/disposition-notification"), None)
    if report is None or not (
        "reject" in message.get("auto-submitted").lower() or _REFUSED.search(message.decoded("subject"))
    ):
        return None
    fields = dict(reversed(parse_fields(report.text().encode("utf-8", "replace"))))
    address = clean(fields.get("final-recipient", "")) or clean(fields.get("original-recipient", ""))
    text = _before_returned(words(message))
    reason = why(text).reason
    reason = reason if reason in ("mailboxfull", "mesgtoobig", "userunknown", "suspend") else "filtered"
    return bounced("refused by a rule", [Failure(recipient=address, reason=reason, said=_one_line(text))])


def failed_recipients(message: Part) -> Verdict | None:
    """X-Failed-Recipients, which Exim writes, and Gmail did."""
    named = [clean(one) for value in message.all("x-failed-recipients") for one in value.split(",")]
    addresses = list(dict.fromkeys(one for one in named if one))[:MOST]
    if not addresses:
        return None
    text = _before_returned(words(message))
    addresses += [one for one in _expanded(text, set()) if one not in addresses]
    is_delay = _is_delay(message, text)
    return bounced("X-Failed-Recipients", _failures(addresses, text, is_delay))


def told_in_words(message: Part) -> Verdict | None:
    """A mail system that says in its own words that something was not delivered."""
    if not is_machine(message):
        return None
    text = _before_returned(words(message))
    subject = message.decoded("subject")
    is_known = FAILED.search(subject) or FAILED.search(text[:1500]) or returned(message)
    if not is_known and not is_surely_daemon(message):
        return None
    failed = _failed(message, text)
    if not is_known and failed[0].reason in VAGUE:
        return None
    if failed[0].recipient:
        return bounced("words of a mail system", failed)
    return last_resort(message) or (
        bounced("words of a mail system", failed) if is_daemon(message) and FAILED.search(subject) else None
    )


def last_resort(message: Part) -> Verdict | None:
    """What flufl.bounce knows, of a message that a mail system wrote."""
    if not is_machine(message):
        return None
    addresses, is_temporary = failed_addresses(message)
    ours = {one.lower() for name in _TO for one in ADDRESS.findall(message.get(name))} | {author_address(message)}
    named = [one for one in addresses if one.lower() not in ours][:MOST]
    text = _before_returned(words(message))
    is_delay = is_temporary and _is_delay(message, text)
    failures = _failures(named, text, is_delay)
    return bounced("flufl.bounce", failures) if failures else None


#: Fields that say where a report was sent to: that address is ours.
_TO: Final = ("to", "delivered-to", "x-original-to", "envelope-to")


def _failed(message: Part, text: str) -> list[Failure]:
    addresses = recipients_in(message, text)
    is_delay = _is_delay(message, text)
    if not addresses:
        # Nobody is named; the token of the letter tells whom it was for.
        reason = why(text[:4000], is_temporary=is_delay).reason
        return [Failure(recipient="", reason=reason, status=status_in(text), said=_one_line(text), is_delay=is_delay)]
    failures = _failures(addresses, text, is_delay)
    if all(failure.reason == "undefined" for failure in failures):
        whole = why(text[:4000]).reason  # what is said of all of them
        if whole == "undefined" and (found := _SUBJECT_SAYS.match(message.decoded("subject")[:300])):
            whole = why(found[1]).reason
        failures = [replace(failure, reason=whole) for failure in failures]
    return failures


def _failures(addresses: list[str], text: str, is_delay: bool) -> list[Failure]:
    """Of the first ones all places are read where they stand; of the others what follows on their line."""
    closely = [_failure(one, text, is_delay, len(addresses) == 1) for one in addresses[:CLOSELY]]
    return closely + [_quickly(one, text, is_delay) for one in addresses[CLOSELY:]]


def _quickly(address: str, text: str, is_delay: bool) -> Failure:
    at = max(text.find(address), 0)
    about = text[at : at + ONE_LINE]
    reason = why(about, status_in(about)).reason
    return Failure(recipient=address, reason=reason, status=status_in(about), said=_one_line(about), is_delay=is_delay)


#: Subjects behind whose colon stands the reason, not the subject of the letter.
_SUBJECT_SAYS: Final = re.compile(
    r"(?:returned mail|delivery failure|mail failure|failure notice|delivery failed|mail system error|failed mail)"
    r" ?[:(-] ?(.+)",
    re.I,
)


def _failure(address: str, text: str, is_delay: bool, is_only: bool) -> Failure:
    reason, about = heard_near(text, address)
    status = status_in(about) or (status_in(text) if is_only else "")
    if is_only and reason in VAGUE:
        whole = why(text[:4000]).reason
        reason = whole if whole != "undefined" else reason
    if reason == "undefined":
        reason = by_status(status)
    return Failure(recipient=address, reason=reason, status=status, said=_one_line(about), is_delay=is_delay)


def _one_line(text: str) -> str:
    return " ".join(text[:2000].split())[:500]


def _is_delay(message: Part, text: str) -> bool:
    told = f"{message.decoded('subject')}\n{text[:3000]}"
    return bool(_DELAYED.search(told)) and not _GIVEN_UP.search(told)


def _before_returned(text: str) -> str:
    """The words of the mail system alone: up to where a letter is returned, but never without any address."""
    text = text[:_WORDS]
    for found in RETURNED.finditer(text, min(len(text), 40)):
        if ADDRESS.search(text, 0, found.start()):
            return text[: found.start()]
    return text


def recipients_in(message: Part, text: str) -> list[str]:
    """Whom the letter was for, as the words say it; else as the returned letter says it."""
    letter = returned(message) or _letter_in(words(message))
    ours = {author_address(message)}
    for name in _TO:
        ours |= {one.lower() for one in ADDRESS.findall(message.get(name))}
    theirs: set[str] = set()
    to: list[str] = []
    if letter is not None:
        for name in ("from", "sender", "return-path", "reply-to", "errors-to"):
            theirs |= {one.lower() for one in ADDRESS.findall(letter.get(name))}
        to = [
            one for name in ("to", "x-original-to", "delivered-to", "cc") for one in ADDRESS.findall(letter.get(name))
        ]
    told = _listed(text, ours) or _told(text, ours | theirs) or _local(text, author_address(message))
    return told[:MOST] or list(dict.fromkeys(one for one in to if one.lower() not in ours | theirs))[:MOST]


def _listed(text: str, ours: set[str]) -> list[str]:
    """Addresses that stand under "the following recipients:" or in front of a colon, as postfix and qmail put them."""
    for found in LIST.finditer(text):
        first = ADDRESS.search(text, found.end(), found.end() + 400)
        if first and (good := _good(_FIRST, text[found.end() : first.end() + 6000], ours)):
            return [*good, *(one for one in _expanded(text, ours) if one not in good)]
    return _good(_HEADED, text, ours)


def _told(text: str, ours: set[str]) -> list[str]:
    lines = "\n".join(line for line in text.splitlines() if not _OTHER.search(line) or _FIRST.match(line))
    return next(filter(None, (_good(pattern, lines, ours) for pattern in (_FIRST, _ABOUT, ADDRESS))), [])


def _local(text: str, daemon: str) -> list[str]:
    """Names without a domain under "the following recipients:", as AOL wrote them: at the domain that wrote."""
    found = LIST.search(text)
    named = _LOCAL.search(text, found.end() - 1, found.end() + 200) if found else None
    return [f"{named[1]}@{daemon.rpartition('@')[2]}"] if named and "@" in daemon else []


def _expanded(text: str, ours: set[str]) -> list[str]:
    """The address that a letter was sent to, where an alias of it failed."""
    return _good(_FROM_ALIAS, text, ours)


_FROM_ALIAS: Final = re.compile(
    r"\((?:expanded|generated) from:? {0,3}<?(?P<address>[^<>\s@()]{1,128}@[^<>\s@()]{1,190})>?\)", re.I
)


def _good(pattern: re.Pattern[str], text: str, ours: set[str]) -> list[str]:
    found = [clean(match["address"] if match.groupdict() else match[0]) for match in pattern.finditer(text)]
    good = [one for one in found if one and one.lower() not in ours and not _is_system(one)]
    return list({one.lower(): one for one in reversed(good)}.values())[::-1]


def _is_system(address: str) -> bool:
    return address.partition("@")[0].lower() in _SYSTEM


_SYSTEM: Final = frozenset(
    {"postmaster", "mailer-daemon", "abuse", "hostmaster", "webmaster", "support", "helpdesk", "noreply", "no-reply"}
)
#: <address>: or address ... as a line of its own begins, with the reason behind it.
_HEADED: Final = re.compile(
    r"^[ \t]{0,4}<(?P<address>[^<>\s@]{1,128}@[^<>\s@]{1,190})>(?:[ \t]*\([^)\n]{0,200}\))?:", re.M
)


def _letter_in(text: str) -> Part | None:
    """The header of the returned letter where it stands in the text."""
    found = RETURNED.search(text, min(len(text), 40))
    if found is None:
        return None
    rest = text[found.start() : found.start() + 8000]
    if not found[0].lower().startswith(("received", "return-path")):
        rest = rest.partition("\n")[2]
    lines = (line.lstrip("> \t|") if ":" in line else line for line in rest.lstrip().splitlines())
    fields = parse_fields("\n".join(lines).encode())
    return Part(fields=fields) if fields else None
