"""Stage 3: the calendar part of a letter.

In: an event with a date. Out: an iCalendar object (RFC 5545) that publishes it (RFC 5546 §3.2.1): lists get PUBLISH,
which asks for no answer. The UID stays for the life of the event, SEQUENCE says which version is the newest.
"""

from datetime import datetime
from urllib.parse import quote

from icalendar import Calendar, vCalAddress, vText
from icalendar import Event as Entry

from newsletter.events.event import Event, EventStatus

PRODUCT = "-//newsletter//event mailings//EN"


def calendar_file(event: Event, *, stamp: datetime, domain: str) -> str:
    """The event as text/calendar with METHOD:PUBLISH, its VTIMEZONE, and CRLF line ends folded at 75 octets.

    Args:
        event: must have a date.
        stamp: aware; becomes DTSTAMP in UTC.
        domain: the right side of the UID.
    """
    if event.start is None:
        raise ValueError(f"event {event.slug} has no date")
    series = event.series
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    entry = Entry()
    entry.add("uid", f"{event.slug}@{domain}")
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", stamp)
    entry.add("dtstart", event.start.replace(tzinfo=series.zone))
    if event.end is not None:
        entry.add("dtend", event.end.replace(tzinfo=series.zone))
    entry.add("summary", event.title)
    entry.add("status", "CANCELLED" if event.status is EventStatus.CANCELLED else "CONFIRMED")
    if place := _place(event):
        entry.add("location", place)
    if description := _description(event):
        entry.add("description", description)
    if event.registration:
        entry.add("url", event.registration)
    organizer = vCalAddress(f"mailto:{quote(series.contact, safe='@+.-_')}")
    organizer.params["CN"] = vText(series.name)
    entry.add("organizer", organizer)
    calendar.add_component(entry)
    calendar.add_missing_timezones()
    encoded: bytes = calendar.to_ical()
    return encoded.decode("utf-8")


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
