"""Memory: what a letter tells beside its own event.

In: an event and the moment. Out: `Around`: the event as people were last told of it, and what its series has ahead.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.around import SILENT, Around
from newsletter.events.event import Event, EventStatus
from newsletter.schedule.state import MailingState, is_paused
from newsletter.store.corrections import count_reached
from newsletter.store.events import all_events, told_of
from newsletter.store.mailings import MailingRow, all_mailings


async def around_of(tx: AsyncConnection, event: Event, *, now: datetime) -> Around:
    """What is around an event at `now` (aware)."""
    series = await all_events(tx, event.series.slug)
    return Around(before=await told_of(tx, event.slug), agenda=tuple(one for one in series if is_to_come(one, now)))


async def tellings(tx: AsyncConnection, event_slug: str) -> list[MailingRow]:
    """The fewest mailings that reached everybody who was told of an event, or are about to; the first that left first.

    Of those that have ended, one is left out where each of its people got another one as well.
    """
    sizes, kept = {}, list[MailingRow]()
    for row in await all_mailings(tx, event_slug):
        if row.started_at is not None and row.planned.template not in SILENT:
            sizes[row] = await count_reached(tx, [row.id])
    together = 0
    for row in sorted(sizes, key=lambda row: (-sizes[row], row.id)):
        count = await count_reached(tx, [*(other.id for other in kept), row.id])
        if count > together or row.state is MailingState.SENDING or is_paused(row.state, row.reason):
            together = count
            kept.append(row)
    return sorted(kept, key=lambda row: (row.started_at, row.id))


def is_to_come(event: Event, now: datetime) -> bool:
    """Whether it takes place and has not ended at `now`; what has no date yet is to come."""
    last = event.end or event.start
    if event.status is EventStatus.CANCELLED:
        return False
    return last is None or last.replace(tzinfo=event.series.zone) > now
