"""Stage 6: what stands in the calendar objects of a message (iTIP, RFC 5546; in mail RFC 6047).

In: a message. Out: for each attendee of each event in them an `Answer`. Pure, and nothing makes it fail: what cannot be
read is left out. It reads what calendars really send:

    the METHOD stands in the object, or only in the Content-Type; where they differ the object is right (Outlook)
    an address stands behind mailto:, or in the parameter EMAIL (Apple), percent-encoded or not
    lines are folded at 75 octets, at another length, or in the middle of a character
    DTSTAMP and SEQUENCE may be missing
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from newsletter.inbound.telling.message import Part

#: Media types of calendar objects, and the end of the name of a file that is one whatever its type says.
MEDIA_TYPES: Final = frozenset({"text/calendar", "application/ics", "text/x-vcalendar", "application/calendar"})
FILE_NAME: Final = re.compile(r"name\*?=[^;]{0,300}\.ics\b", re.I)
#: Components and attendees of one object that are looked at; an answer has one of each.
MOST: Final = 50

_FOLD: Final = re.compile(r"\n[ \t]")
_LINE: Final = re.compile(r"(?P<name>[A-Za-z-]{1,60})(?P<parameters>(?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(?P<value>.*)")
#: Of the two that end in an address; names with a colon in them are not always in quotation marks.
_WITH_ADDRESS: Final = re.compile(
    r"(?P<name>ATTENDEE|ORGANIZER)(?P<parameters>(?:;.*)?):(?P<value>\s*mailto:[^:]*)", re.I
)
_PARAMETER: Final = re.compile(r";\s*([A-Za-z-]{1,60})\s*=\s*((?:\"[^\"]*\"|[^;:\",]*)(?:,(?:\"[^\"]*\"|[^;:\",]*))*)")
_MAILTO: Final = re.compile(r"\s*mailto:", re.I)
_STAMP: Final = re.compile(r"(\d{8})T(\d{6})Z?")
_ESCAPED: Final = re.compile(r"\\([nN\\;,])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one attendee says about one event."""

    method: str  #: REPLY, COUNTER, REFRESH, …; "" where nothing says it
    uid: str
    attendee: str  #: address as written; "" where there is none
    partstat: str  #: lower case: accepted, declined, tentative, delegated, needs-action, …; "" where it is not said
    sent_by: str  #: address of who answered for the attendee; ""
    delegated_to: str  #: addresses of who comes in their place; ""
    organizer: str  #: address that the answer is to; ""
    recurrence: str  #: of an answer about one date of a repeated event, that date; ""
    sequence: int | None  #: of the invitation that is answered; None where it is not said
    stamp: datetime | None  #: aware; when it was given; None where it is not said
    comment: str  #: what the attendee writes beside it; ""


def answers(message: Part) -> list[Answer]:
    """All that calendar objects of this message say, those of returned messages left out; each once."""
    found: dict[Answer, None] = {}
    for part in message.walk():
        if part.media_type in MEDIA_TYPES or _is_ics(part):
            found.update(dict.fromkeys(_of_object(_unfolded(part), part.parameters.get("method", ""))))
    return list(found)


def _is_ics(part: Part) -> bool:
    named = f"{part.get('content-type')};{part.get('content-disposition')}"
    return not part.parts and bool(FILE_NAME.search(named))


def _unfolded(part: Part) -> str:
    """The text of a part, its lines unfolded before its characters are read: folds are made between octets."""
    charset = part.parameters.get("charset", "").lower()
    if charset.startswith(("utf-16", "utf16", "ucs", "iso-2022")):
        return _FOLD.sub("", part.text())
    octets = Part(fields=part.fields, body=part.body, parameters={"charset": "latin-1"}).text()
    return Part(body=_FOLD.sub("", octets).encode("latin-1", "replace"), parameters=part.parameters).text()


@dataclass(slots=True)
class _Line:
    name: str
    parameters: dict[str, str]
    value: str


def _of_object(text: str, method: str) -> Iterator[Answer]:
    lines = [line for line in map(_line, text.lstrip("\ufeff").split("\n")) if line]
    method = next((line.value for line in lines if line.name == "METHOD"), method).strip().upper()
    for event in _events(lines):
        yield from _of_event(event, method)


def _line(text: str) -> _Line | None:
    found = _WITH_ADDRESS.fullmatch(text) or _LINE.fullmatch(text)
    if found is None:
        return None
    parameters = {name.upper(): value for name, value in _PARAMETER.findall(found["parameters"])}
    return _Line(name=found["name"].upper(), parameters=parameters, value=found["value"].strip())


def _events(lines: list[_Line]) -> Iterator[list[_Line]]:
    """The lines of each VEVENT, without those of what is inside it."""
    inside: list[str] = []
    event: list[_Line] = []
    seen = 0
    for line in lines:
        kind = line.value.upper()
        if line.name == "BEGIN":
            if kind == "VEVENT":
                inside, event = [], []
            inside = [*inside[:MOST], kind]
        elif line.name == "END":
            if kind in inside:
                del inside[inside.index(kind) :]
            if kind == "VEVENT" and seen < MOST:
                seen += 1
                yield event
        elif inside[-1:] == ["VEVENT"]:
            event.append(line)


def _of_event(event: list[_Line], method: str) -> Iterator[Answer]:
    first: dict[str, _Line] = {}
    for line in event:
        first.setdefault(line.name, line)

    def value(name: str) -> str:
        return first[name].value if name in first else ""

    attendees = [line for line in event if line.name == "ATTENDEE"][:MOST]
    for line in attendees or [_Line("ATTENDEE", {}, "")]:
        yield Answer(
            method=method,
            uid=_text(value("UID")),
            attendee=_address(line),
            partstat=line.parameters.get("PARTSTAT", "").strip('" ').lower(),
            sent_by=_addresses(line.parameters.get("SENT-BY", "")),
            delegated_to=_addresses(line.parameters.get("DELEGATED-TO", "")),
            organizer=_address(first["ORGANIZER"]) if "ORGANIZER" in first else "",
            recurrence=value("RECURRENCE-ID"),
            sequence=_number(value("SEQUENCE")),
            stamp=_moment(value("DTSTAMP")),
            comment=_comment(event, line),
        )


def _comment(event: list[_Line], attendee: _Line) -> str:
    """COMMENT (RFC 5546 §3.2.3), or what Google writes in a parameter of its own."""
    texts = [_text(line.value) for line in event if line.name == "COMMENT"]
    texts.append(attendee.parameters.get("X-RESPONSE-COMMENT", "").strip('"'))
    return "\n".join(text.strip() for text in texts if text.strip())


def _address(line: _Line) -> str:
    found = _addresses(line.value)
    email = line.parameters.get("EMAIL", "").strip('" ')
    return found if "@" in found and _MAILTO.match(line.value) else email or (found if "@" in found else "")


def _addresses(value: str) -> str:
    """Addresses of a URI or of several, without mailto: and what may follow the address in it (RFC 6068 §2)."""
    uris = [unquote(_MAILTO.sub("", uri.strip('" ')).partition("?")[0]).strip("<> ") for uri in value.split(",")]
    return ", ".join(uri for uri in uris if uri.isprintable() and uri)


def _text(value: str) -> str:
    """RFC 5545 §3.3.11."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _moment(value: str) -> datetime | None:
    """RFC 5545 §3.8.7.2: DTSTAMP is in UTC, also where its Z was lost."""
    found = _STAMP.fullmatch(value)
    if found is None:
        return None
    try:
        return datetime.strptime(f"{found[1]}{found[2]}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
