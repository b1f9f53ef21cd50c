"""Stage 6: letters that were not delivered, or not yet.

In: a message. Out: a bounce with its recipients and reasons, or None. Pure.

Three ways, the surest first: a report as RFC 3464 wants it; the field X-Failed-Recipients of Exim and Gmail; words of
a mail system, which are read as a person would: what address stands there, and what is said about it.
"""

import re
from typing import Final

from newsletter.inbound.dsn import ADDRESS, MOST, REPORTS, clean, failures_of, near, status_in
from newsletter.inbound.message import Part, parse_fields
from newsletter.inbound.phrases import pattern
from newsletter.inbound.reasons import by_status, why
from newsletter.inbound.sender import author_address, has_null_sender, is_daemon, returned, words
from newsletter.inbound.verdict import Failure, Kind, Verdict, bounced

#: Subjects of mail systems, in their languages.
FAILED: Final = pattern("bounces", "failed")
_FORWARDED: Final = re.compile(r"\s*(?:fwd?|fw|tr|wg|doorst|doorgestuurd|re|aw|antw|sv|rv)\s*:", re.I)
_DELAYED: Final = pattern("bounces", "delayed")
_GIVEN_UP: Final = pattern("bounces", "given_up")
#: Where the words of the mail system end and the returned letter begins.
_RETURNED: Final = pattern("bounces", "returned", before=r"^[ \t>]*(?:", after=")", flags=re.I | re.M)
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
#: After these words come the addresses that failed, each on a line.
_LIST: Final = pattern("bounces", "list", flags=re.I | re.M)
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
    failed = _failed(message, beside)
    return bounced("delivery status report without recipients", failed) if failed else None


def failed_recipients(message: Part) -> Verdict | None:
    """X-Failed-Recipients, which Exim writes, and Gmail did."""
    named = [clean(one) for value in message.all("x-failed-recipients") for one in value.split(",")]
    addresses = list(dict.fromkeys(one for one in named if one))[:MOST]
    if not addresses:
        return None
    text = _before_returned(words(message))
    is_delay = _is_delay(message, text)
    return bounced("X-Failed-Recipients", [_failure(one, text, is_delay, len(addresses) == 1) for one in addresses])


def told_in_words(message: Part) -> Verdict | None:
    """A mail system that says in its own words that something was not delivered."""
    if not is_machine(message):
        return None
    text = _before_returned(words(message))
    subject = message.decoded("subject")
    if not (FAILED.search(subject) or FAILED.search(text[:1500]) or returned(message)):
        return None
    failed = _failed(message, text)
    if not failed and not (is_daemon(message) and FAILED.search(subject)):
        return None
    return bounced("words of a mail system", failed)


def is_machine(message: Part) -> bool:
    """Whether a mail system wrote it: by its name, or by a subject as mail systems have and one more sign."""
    if is_daemon(message) or message.get("x-failed-recipients"):
        return True
    subject = message.decoded("subject")
    if _FORWARDED.match(subject) or not FAILED.search(subject):
        return False
    if has_null_sender(message) or message.get("auto-submitted").lower().startswith("auto-"):
        return True
    text = words(message)
    return returned(message) is not None or bool(_RETURNED.search(text) or _LIST.search(text[:1500]))


def _failed(message: Part, text: str) -> list[Failure]:
    addresses = recipients_in(message, text)
    is_delay = _is_delay(message, text)
    return [_failure(one, text, is_delay, len(addresses) == 1) for one in addresses]


def _failure(address: str, text: str, is_delay: bool, is_only: bool) -> Failure:
    about = near(text, address)
    reason = why(about, is_temporary=is_delay).reason
    if is_only and reason in ("undefined", "expired", "systemerror", "policyviolation", "syntaxerror", "networkerror"):
        whole = why(text[:4000]).reason
        reason = whole if whole != "undefined" else reason
    status = status_in(about) or (status_in(text) if is_only else "")
    if reason == "undefined" and status:
        reason = by_status(status)
    return Failure(
        recipient=address, reason=reason, status=status, said=" ".join(about.split())[:500], is_delay=is_delay
    )


def _is_delay(message: Part, text: str) -> bool:
    told = f"{message.decoded('subject')}\n{text[:3000]}"
    return bool(_DELAYED.search(told)) and not _GIVEN_UP.search(told)


def _before_returned(text: str) -> str:
    """The words of the mail system alone: up to where a letter is returned, but never without any address."""
    for found in _RETURNED.finditer(text, min(len(text), 40)):
        if ADDRESS.search(text, 0, found.start()):
            return text[: found.start()]
    return text


def recipients_in(message: Part, text: str) -> list[str]:
    """Whom the letter was for, as the words say it; else as the returned letter says it."""
    letter = returned(message) or _letter_in(words(message))
    ours = {author_address(message)}
    for name in ("to", "delivered-to", "x-original-to", "envelope-to"):
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
    for found in _LIST.finditer(text):
        first = ADDRESS.search(text, found.end(), found.end() + 400)
        if first and (good := _good(_FIRST, text[found.end() : first.end() + 6000], ours)):
            return good
    return _good(_HEADED, text, ours)


def _told(text: str, ours: set[str]) -> list[str]:
    lines = "\n".join(line for line in text.splitlines() if not _OTHER.search(line) or _FIRST.match(line))
    return next(filter(None, (_good(pattern, lines, ours) for pattern in (_FIRST, _ABOUT, ADDRESS))), [])


def _local(text: str, daemon: str) -> list[str]:
    """Names without a domain under "the following recipients:", as AOL wrote them: at the domain that wrote."""
    found = _LIST.search(text)
    named = _LOCAL.search(text, found.end() - 1, found.end() + 200) if found else None
    return [f"{named[1]}@{daemon.rpartition('@')[2]}"] if named and "@" in daemon else []


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
    found = _RETURNED.search(text, min(len(text), 40))
    if found is None:
        return None
    rest = text[found.start() : found.start() + 8000]
    if not found[0].lower().startswith(("received", "return-path")):
        rest = rest.partition("\n")[2]
    lines = (line.lstrip("> \t|") if ":" in line else line for line in rest.lstrip().splitlines())
    fields = parse_fields("\n".join(lines).encode())
    return Part(fields=fields) if fields else None
