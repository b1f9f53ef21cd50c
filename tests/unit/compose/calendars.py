"""Calendar parts, read by two libraries that share nothing, and put into a calendar as calendars do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a calendar object tells of its one event; times in UTC."""

    method: str
    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    end: datetime
    title: str
    place: str
    status: str
    organizer: tuple[str, str]  #: name, URI
    attendees: tuple[tuple[str, str], ...]


def by_icalendar(text: str) -> Told:
    calendar: Any = Calendar.from_ical(text)
    assert calendar.errors == []
    [entry] = calendar.walk("VEVENT")
    assert entry.errors == []
    people = entry.get("ATTENDEE", [])
    people = people if isinstance(people, list) else [people]
    organizer = entry["ORGANIZER"]
    return Told(
        method=str(calendar["METHOD"]),
        uid=str(entry["UID"]),
        sequence=int(entry["SEQUENCE"]),
        stamp=entry["DTSTAMP"].dt,
        start=entry["DTSTART"].dt.astimezone(UTC),
        end=entry["DTEND"].dt.astimezone(UTC),
        title=str(entry["SUMMARY"]),
        place=str(entry.get("LOCATION", "")),
        status=str(entry["STATUS"]),
        organizer=(str(organizer.params.get("CN", "")), str(organizer)),
        attendees=tuple((str(one.params.get("CN", "")), str(one)) for one in people),
    )


def by_ical(text: str) -> Told:
    calendar = IcsCalendarStream.calendar_from_ics(text)
    [entry] = calendar.events
    assert isinstance(entry.dtstart, datetime)
    assert isinstance(entry.dtend, datetime)
    assert isinstance(entry.dtstamp, datetime)
    assert entry.organizer is not None
    return Told(
        method=str(calendar.method),
        uid=entry.uid,
        sequence=entry.sequence or 0,
        stamp=entry.dtstamp,
        start=entry.dtstart.astimezone(UTC),
        end=entry.dtend.astimezone(UTC),
        title=entry.summary or "",
        place=entry.location or "",
        status=entry.status.value if entry.status else "",
        organizer=(entry.organizer.common_name or "", str(entry.organizer.uri)),
        attendees=tuple((one.common_name or "", str(one.uri)) for one in entry.attendees),
    )


def told(text: str) -> Told:
    """What both libraries read, which is the same."""
    one, other = by_icalendar(text), by_ical(text)
    assert one == other
    return one


def kept(arrived: Iterable[Told], *, only_higher: bool = False) -> Told:
    """What a calendar shows in the end: RFC 5546 §2.1.5.

    One event has one UID; what has a lower SEQUENCE, or the same one and an earlier DTSTAMP, comes too late. Some
    calendars, Google's is said to be one, take a new version only if its SEQUENCE is higher.
    """
    calendar: dict[str, Told] = {}
    for one in arrived:
        there = calendar.get(one.uid)
        higher = there is None or there.sequence < one.sequence
        later = there is not None and there.sequence == one.sequence and there.stamp <= one.stamp
        if higher or (later and not only_higher):
            calendar[one.uid] = one
    [event] = calendar.values()
    return event


def lines_of(text: str) -> list[bytes]:
    """The lines as they stand in the file, each without its CRLF; RFC 5545 §3.1 holds for every one of them."""
    *lines, last = text.encode().split(b"\r\n")
    assert last == b""
    for line in lines:
        assert len(line) <= 75
        assert line
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()  # folded between characters
    return lines


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")
