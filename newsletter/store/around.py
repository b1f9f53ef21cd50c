"""Memory: what a letter tells beside its own event.

In: an event and the moment. Out: `Around`: the event as people were last told of it, and what its series has ahead.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.around import SILENT, Around
from newsletter.events.event import Event, EventStatus
from newsletter.store.events import all_events, told_of
from newsletter.store.mailings import all_mailings


async def around_of(tx: AsyncConnection, event: Event, *, now: datetime) -> Around:
    """What is around an event at `now` (aware)."""
    series = await all_events(tx, event.series.slug)
    return Around(before=await told_of(tx, event.slug), agenda=tuple(one for one in series if is_to_come(one, now)))


async def last_telling(tx: AsyncConnection, event_slug: str) -> str:
    """The slug of the last mailing that told people of an event; "" where none has fired."""
    rows = [row for row in await all_mailings(tx, event_slug) if row.planned.template not in SILENT]
    started = [(row.started_at, row.id, row.slug) for row in rows if row.started_at is not None]
    return max(started)[2] if started else ""


def is_to_come(event: Event, now: datetime) -> bool:
    """Whether it takes place and has not ended at `now`; what has no date yet is to come."""
    last = event.end or event.start
    if event.status is EventStatus.CANCELLED:
        return False
    return last is None or last.replace(tzinfo=event.series.zone) > now
