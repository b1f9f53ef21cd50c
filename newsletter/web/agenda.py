"""The windows: the calendar part of a letter, for people.

In: a calendar as text (RFC 5545). Out: what a calendar program would make of it: when, where, who. Only what we write
ourselves is read: one event, and the alarm in it.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

_ESCAPED: Final = re.compile(r"\\([\\;,nN])")
_LINE: Final = re.compile(r"([A-Za-z0-9-]+)((?:;[^=]+=(?:\"[^\"]*\"|[^;:\"]*))*):(.*)", re.S)
_PARAMETER: Final = re.compile(r";([^=]+)=(\"[^\"]*\"|[^;:\"]*)")


class Property(NamedTuple):
    name: str  #: "DTSTART"
    parameters: dict[str, str]  #: "TZID": "Europe/Amsterdam"
    value: str  #: as it is meant, not escaped


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """The one event of a calendar; texts are empty where it says nothing."""

    method: str  #: "PUBLISH", "REQUEST", "CANCEL"
    summary: str = ""
    start: datetime | None = None  #: wall clock of its zone
    end: datetime | None = None
    zone: str = ""
    location: str = ""
    uid: str = ""
    sequence: str = ""
    status: str = ""
    organizer: str = ""
    attendees: tuple[str, ...] = ()  #: "Zoë Voorbeeld <zoe@example.nl> (NEEDS-ACTION)"
    alarm: str = ""  #: "-P1D"


def read(calendar: str) -> Agenda | None:
    """The event of a calendar; None where there is none in it."""
    lines = properties(calendar)
    method = next((line.value for line in lines if line.name == "METHOD"), "")
    depth: list[str] = []
    event: dict[str, list[Property]] = {}
    trigger = ""
    for line in lines:
        if line.name == "BEGIN":
            depth.append(line.value.upper())
        elif line.name == "END":
            depth = depth[:-1]
        elif depth[-1:] == ["VEVENT"]:
            event.setdefault(line.name, []).append(line)
        elif depth[-1:] == ["VALARM"] and line.name == "TRIGGER":
            trigger = line.value
    if not event:
        return None

    def text(name: str) -> str:
        return event[name][0].value if name in event else ""

    return Agenda(
        method=method,
        summary=text("SUMMARY"),
        start=_moment(text("DTSTART")),
        end=_moment(text("DTEND")),
        zone=event["DTSTART"][0].parameters.get("TZID", "") if "DTSTART" in event else "",
        location=text("LOCATION"),
        uid=text("UID"),
        sequence=text("SEQUENCE"),
        status=text("STATUS"),
        organizer=_person(event["ORGANIZER"][0]) if "ORGANIZER" in event else "",
        attendees=tuple(_person(line) for line in event.get("ATTENDEE", ())),
        alarm=trigger,
    )


def properties(calendar: str) -> list[Property]:
    """The content lines of a calendar, unfolded (RFC 5545 §3.1)."""
    unfolded = re.sub(r"\r?\n[ \t]", "", calendar)
    found = (_LINE.fullmatch(line) for line in unfolded.splitlines() if line)
    return [
        Property(
            line[1].upper(),
            {name.upper(): value.strip('"') for name, value in _PARAMETER.findall(line[2])},
            _ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], line[3]),
        )
        for line in found
        if line
    ]


def _moment(value: str) -> datetime | None:
    for form in ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%d"):
        try:
            return datetime.strptime(value, form)
        except ValueError:
            continue
    return None


def _person(line: Property) -> str:
    address = re.sub(r"^mailto:", "", line.value, flags=re.I)
    named = f"{line.parameters['CN']} <{address}>" if line.parameters.get("CN") else address
    answer = line.parameters.get("PARTSTAT", "")
    return f"{named} ({answer})" if answer else named
