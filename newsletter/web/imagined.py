"""The windows: what might be around the sample event, so that every template has something to show.

In: the sample event. Out: `Around`: how people were told of it before it changed, and what its series has ahead.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.compose.around import Around
from newsletter.events.event import Event

_WEEK = timedelta(weeks=1)
_SEASON = timedelta(weeks=13)


def imagined(event: Event, *, public_url: str = "") -> Around:
    """An event that was a week earlier and an hour later before, and that comes again twice, a season apart."""
    return Around(before=_before(event), agenda=(event, *_later(event)), public_url=public_url)


def _before(event: Event) -> Event:
    away = timedelta(hours=1) - _WEEK
    return replace(event, start=_moved(event.start, away), end=_moved(event.end, away))


def _later(event: Event) -> list[Event]:
    return [
        replace(
            event,
            slug=f"{event.slug}-{number}",
            title=following.title,
            subtitle="",
            start=_moved(event.start, number * _SEASON),
            end=_moved(event.end, number * _SEASON),
            register_until=None,
            programme=(),
        )
        for number, following in enumerate(event.next_dates[:2], 1)
    ]


def _moved(at: datetime | None, by: timedelta) -> datetime | None:
    return None if at is None else at + by
