"""Stage 3: the calendar part of a letter, through the life of an event.

In: an event with a date. Out: an iCalendar object (RFC 5545) that tells calendars of it (RFC 5546):

    PUBLISH   for lists, and for a file to download or to subscribe to: it asks for no answer (§3.2.1)
    REQUEST   a personal invitation: one attendee, who is filled in when the letter is addressed (§3.2.2)
    CANCEL    it does not take place; personal where the invitation was (§3.2.5, and §4.1.3 for what was published)

The UID stays for the life of the event. Of two files, that with the higher SEQUENCE is the newer; of two with the same
SEQUENCE, that with the later DTSTAMP (§2.1.5).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import quote

from newsletter.compose.headers import ascii_address
from newsletter.compose.invitation import INVITED, MAILTO_SAFE, NO_LONGER_INVITED
from newsletter.compose.zone import vtimezone
from newsletter.events.event import Event, EventStatus

if TYPE_CHECKING:
    from icalendar import Event as Entry

PRODUCT = "-//newsletter//event mailings//EN"
Method: TypeAlias = Literal["PUBLISH", "REQUEST", "CANCEL"]


def calendar_file(
    event: Event, *, stamp: datetime, domain: str, method: Method = "PUBLISH", invites: bool = False
) -> str:
    """The event as text/calendar with its VTIMEZONE, with CRLF line ends, folded at 75 octets.

    A file at an address is a PUBLISH too: without METHOD it would be a snapshot that takes no part in scheduling (RFC
    5545 §3.7.2), so nothing would say that it replaces what came by mail. A cancelled event says so there by STATUS.

    Args:
        event: must have a date; for a REQUEST, it must take place.
        stamp: aware; becomes DTSTAMP in UTC.
        domain: the right side of the UID of an event that has none yet.
        invites: people got a personal invitation; then a CANCEL names its recipient, as every REQUEST does.

    Raises:
        HeaderError: the contact address of the series is none.
    """
    from icalendar import Calendar  # slow to load, and most commands need none

    start, cancelled = event.start, event.status is EventStatus.CANCELLED
    if start is None:
        raise ValueError(f"event {event.slug} has no date")
    if cancelled and method == "REQUEST":
        raise ValueError(f"event {event.slug} is cancelled; nobody can be invited to it")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_entry(event, start, stamp=stamp, domain=domain, cancels=method == "CANCEL"))
    encoded: bytes = calendar.to_ical()
    text = encoded.decode("utf-8")
    if "TZID=" in text:
        text = _before("BEGIN:VEVENT\r\n", vtimezone(event.series.zone, start, event.end or start), text)
    if method == "REQUEST":
        return _before("END:VEVENT\r\n", INVITED, text)
    return _before("END:VEVENT\r\n", NO_LONGER_INVITED, text) if method == "CANCEL" and invites else text


def _entry(event: Event, start: datetime, *, stamp: datetime, domain: str, cancels: bool) -> "Entry":
    from icalendar import Event as Entry
    from icalendar import vCalAddress, vText

    series, cancelled = event.series, event.status is EventStatus.CANCELLED
    entry = Entry()
    entry.add("uid", event.uid or f"{event.slug}@{domain}")
    # Cancelling is a change (RFC 5546 §2.1.4). The store has counted it if the document says so.
    entry.add("sequence", event.sequence + (cancels and not cancelled))
    entry.add("dtstamp", stamp)
    entry.add("dtstart", start.replace(tzinfo=series.zone))
    if event.end is not None:
        entry.add("dtend", event.end.replace(tzinfo=series.zone))
    entry.add("summary", event.title)
    entry.add("status", "CANCELLED" if cancelled or cancels else "CONFIRMED")
    if place := _place(event):
        entry.add("location", place)
    if description := _description(event):
        entry.add("description", description)
    if event.registration and not cancelled and not cancels:
        entry.add("url", event.registration)
    organizer = vCalAddress(f"mailto:{quote(ascii_address(series.contact), safe=MAILTO_SAFE)}")
    organizer.params["CN"] = vText(series.name)
    entry.add("organizer", organizer)
    return entry


def _before(line: str, added: str, text: str) -> str:
    """The text with lines added before a line, which is there once: no line of a value can be it."""
    return text.replace(f"\r\n{line}", f"\r\n{added}{line}", 1)


def _place(event: Event) -> str:
    venue = event.venue
    if venue is None:
        return ""
    return ", ".join(part for part in (venue.name, venue.address, venue.city) if part) or venue.online


def _description(event: Event) -> str:
    lines = [event.subtitle] if event.subtitle else []
    clock = "%Y-%m-%d %H:%M" if event.has_several_days() else "%H:%M"
    lines += [f"{part.start:{clock}}–{part.end:%H:%M}  {part.title}" for part in event.programme]
    if event.venue and event.venue.online:
        lines.append(event.venue.online)
    return "\n".join(lines)
