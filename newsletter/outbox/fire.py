"""Stage 4, shell: a mailing that is due becomes deliveries.

In: a scheduled mailing. Out: its content, frozen, and one delivery per subscriber, in one transaction that starts with
claiming the row: two schedulers on one tick send one mailing.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.compose.composer import Order, compose
from newsletter.compose.templates import Templates
from newsletter.errors import NewsletterError
from newsletter.schedule.rules import Due, decide_due
from newsletter.schedule.state import MailingState, move
from newsletter.store import deliveries, events, journal, mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow


@dataclass(frozen=True, kw_only=True)
class Fired:
    """What came of a mailing whose time had come."""

    slug: str
    letters: int = 0
    trouble: str = ""  #: why it is held or missed instead


async def look_at_clock(database: Database, templates: Templates, *, now: datetime) -> list[Fired]:
    """Fire what is due, set aside what has missed its window, and close what has ended."""
    async with database.read() as tx:
        rows = await mailings.mailings_in(tx, (MailingState.SCHEDULED, MailingState.DRAFT))
    happened = []
    for row in rows:
        due = decide_due(row.due_at, row.closes_at, now)
        if due is Due.MISSED:
            happened += await _miss(database, row, now)
        elif due is Due.FIRE and row.state is MailingState.SCHEDULED:
            happened += await _fire(database, templates, row, now)
    return happened


async def close_ended(database: Database, *, now: datetime) -> list[str]:
    """Mark as sent every mailing whose deliveries have all ended; returns their slugs."""
    async with database.read() as tx:
        if not await deliveries.done(tx):
            return []
    async with database.write() as tx:
        ended = set(await deliveries.done(tx))
        rows = [row for row in await mailings.mailings_in(tx, (MailingState.SENDING,)) if row.id in ended]
        for row in rows:
            counts = await deliveries.count_states(tx, row.id)
            summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no recipients"
            await mailings.set_state(tx, row.id, row.state, move(row.state, MailingState.SENT), ended_at=now)
            await journal.note(tx, row.slug, "sent", summary, at=now)
    return [row.slug for row in rows]


async def _fire(database: Database, templates: Templates, row: MailingRow, now: datetime) -> list[Fired]:
    async with database.read() as tx:
        event = await events.get_event(tx, row.event)
    try:
        content = compose(event, order_of(row), templates, now=now)
    except Exception as error:  # whatever is wrong with one mailing must not stop the others
        kind = "" if isinstance(error, NewsletterError) else f"unexpected {type(error).__name__}: "
        return await _hold(database, row, f"it could not be composed: {kind}{error}", now)
    async with database.write() as tx:
        if not await mailings.start(tx, row, content, now=now):
            return []
        letters = await deliveries.enqueue(tx, row.id, now=now)
        await journal.note(tx, row.slug, "started", f"{letters} recipients", at=now)
    return [Fired(slug=row.slug, letters=letters)]


async def _miss(database: Database, row: MailingRow, now: datetime) -> list[Fired]:
    reason = "its window had passed; schedule it again with a new time, or cancel it"
    if row.state is MailingState.DRAFT:
        reason = f"nobody had confirmed it, and {reason}"
    return await _set_aside(database, row, MailingState.MISSED, reason, now)


async def _hold(database: Database, row: MailingRow, reason: str, now: datetime) -> list[Fired]:
    return await _set_aside(database, row, MailingState.HELD, reason, now)


async def _set_aside(
    database: Database, row: MailingRow, state: MailingState, reason: str, now: datetime
) -> list[Fired]:
    async with database.write() as tx:
        if not await mailings.set_state(tx, row.id, row.state, move(row.state, state, row.slug), reason=reason):
            return []
        await journal.note(tx, row.slug, state.value, reason, at=now)
    return [Fired(slug=row.slug, trouble=f"{state}: {reason}")]


def order_of(row: MailingRow) -> Order:
    return Order(slug=row.slug, template=row.planned.template, label=row.planned.label)
