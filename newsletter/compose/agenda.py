"""Stage 3: what templates know of the other meetings of a series.

In: coming events, and the dates that a document lists by hand. Out: plain dicts, ready to print; a season is a date.
"""

from collections.abc import Sequence
from datetime import date

from newsletter.compose.facts import Words, days_of, last_day, link, place, tile, times_of
from newsletter.compose.markdown import split_lead, to_html, to_text
from newsletter.compose.programme import Fields, one_line
from newsletter.compose.wording import date_long
from newsletter.events.event import Event, NextDate


def agenda(events: Sequence[Event], this: Event, words: Words) -> list[Fields]:
    """The coming events in their order, each with the first paragraph of its announcement."""
    return [_entry(event, this, words) for event in events]


def next_dates(event: Event) -> list[Fields]:
    """The dates that the document of an event lists."""
    return [_next_date(following, event.series.language) for following in event.next_dates]


def dates(events: Sequence[Event], this: Event, words: Words) -> list[Fields]:
    """What comes beside this event: those events, then what its document lists and is none of them."""
    others = [event for event in events if event.slug != this.slug]
    listed = [following for following in this.next_dates if not _is_among(following, others)]
    language = this.series.language
    rows: list[tuple[date | None, Fields]] = [
        *((event.start.date() if event.start else None, _date_of(event, words)) for event in others),
        *((following.day, _next_date(following, language)) for following in listed),
    ]
    dated = sorted(((day, fields) for day, fields in rows if day), key=lambda row: row[0])
    return [fields for _, fields in dated] + [fields for day, fields in rows if day is None]


def _is_among(following: NextDate, events: Sequence[Event]) -> bool:
    """On the day of one of these events; or called as one of them, which has its date by now."""
    title = one_line(following.title).casefold()
    if following.day is not None:
        return any(event.start and event.start.date() == following.day for event in events)
    return any(one_line(event.title).casefold() == title for event in events)


def _entry(event: Event, this: Event, words: Words) -> Fields:
    lead, _ = split_lead(event.announcement)
    return {
        **_date_of(event, words),
        "subtitle": one_line(event.subtitle),
        "day": days_of(event, words),
        "times": times_of(event, words),
        "url": link(event.registration),
        "lead_html": to_html(lead),
        "lead_text": to_text(lead),
        "is_this": event.slug == this.slug,
    }


def _date_of(event: Event, words: Words) -> Fields:
    day = event.start.date() if event.start else None
    return {
        "title": one_line(event.title),
        "date": days_of(event, words, year=True),
        "place": place(event.venue, words),
        "tile": tile(day, last_day(event), one_line(event.season), event.series.language),
    }


def _next_date(following: NextDate, language: str) -> Fields:
    return {
        "title": one_line(following.title),
        "date": date_long(following.day, language) if following.day else one_line(following.season),
        "place": one_line(following.place),
        "tile": tile(following.day, None, one_line(following.season), language),
    }
