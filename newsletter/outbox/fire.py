"""Stage 4, shell: a mailing that is due becomes deliveries.

In: a scheduled mailing. Out: its content, frozen, and one delivery per subscriber, in one transaction that starts with
claiming the row: two schedulers on one tick send one mailing.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from newsletter.compose.around import SILENT
from newsletter.compose.composer import Order, compose
from newsletter.compose.mailing import Mailing
from newsletter.compose.templates import Templates
from newsletter.errors import NewsletterError
from newsletter.events.event import Event, EventStatus
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.proof import misfits, nobody_yet, outgrown, unfinished
from newsletter.schedule.rules import Due, decide_due
from newsletter.schedule.state import MailingState, move
from newsletter.store import audience, deliveries, events, fence, journal, mailings, remedies
from newsletter.store.around import around_of
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow


@dataclass(frozen=True, kw_only=True)
class Fired:
    """What came of a mailing whose time had come."""

    slug: str
    letters: int = 0
    trouble: str = ""  #: why it is held or missed instead


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A mailing whose deliveries have all ended."""

    slug: str
    summary: str  #: "40 sent, 1 failed"


async def look_at_clock(database: Database, templates: Templates, *, now: datetime) -> list[Fired]:
    """Fire what is due, set aside what has missed its window, and stop what is still being sent when it closes."""
    async with database.read() as tx:
        rows = await mailings.mailings_in(tx, (MailingState.SCHEDULED, MailingState.DRAFT, MailingState.SENDING))
    happened = []
    for row in rows:
        due = decide_due(row.due_at, row.closes_at, now)
        if row.state is MailingState.SENDING:
            happened += await _close(database, row, now) if due is Due.MISSED else []
        elif due is Due.MISSED:
            happened += await _miss(database, row, now)
        elif due is Due.FIRE and row.state is MailingState.SCHEDULED:
            happened += await _fire(database, templates, row, now)
    await fence.remember(database)
    return happened


async def close_ended(database: Database, *, now: datetime) -> list[Ended]:
    """Mark as sent every mailing whose deliveries have all ended, and end what came back to one that was cancelled."""
    async with database.read() as tx:
        if not await deliveries.done(tx) and not await remedies.has_late(tx):
            return []
    ended = []
    async with database.write() as tx:
        await remedies.withdraw_late(tx, now=now)
        done = set(await deliveries.done(tx))
        for row in await mailings.mailings_in(tx, (MailingState.SENDING,)):
            if row.id not in done:
                continue
            counts = await deliveries.count_states(tx, row.id)
            summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no recipients"
            if not await mailings.set_state(tx, row.id, row.state, move(row.state, MailingState.SENT), ended_at=now):
                continue
            await journal.note(tx, row.slug, "sent", summary, at=now)
            ended.append(Ended(slug=row.slug, summary=summary))
    return ended


async def _fire(database: Database, templates: Templates, row: MailingRow, now: datetime) -> list[Fired]:
    try:
        async with database.read() as tx:
            event = await events.get_event(tx, row.event)
            around = await around_of(tx, event, now=now)
        content = compose(event, order_of(row), templates, now=now, around=around)
        await asyncio.to_thread(templates.showing.host_calendar, event, now)
        async with database.read() as tx:
            count = await audience.count_audience(tx, row.id)
            why = (
                unfinished(content, event)
                or contradicts(templates, row, event)
                or nobody_yet(count, row.planned.audience)
                or outgrown(row.confirmed, count, row.planned.audience)
                or await misfits(content, audience.audience(tx, row.id))
            )
    except Exception as error:  # whatever is wrong with one mailing must not stop the others
        kind = "" if isinstance(error, NewsletterError) else f"unexpected {type(error).__name__}: "
        why = f"it could not be composed: {kind}{error}"
    if why:
        return await _set_aside(database, row, MailingState.HELD, why, now)
    async with database.write() as tx:
        if not await mailings.start(tx, row, content, now=now):
            return []
        if row.planned.template not in SILENT:
            await events.note_told(tx, event)
        letters = await audience.enqueue(tx, row.id, now=now)
        await journal.note(tx, row.slug, "started", f"{letters} recipients", at=now)
    return [Fired(slug=row.slug, letters=letters)]


def contradicts(templates: Templates, row: MailingRow, event: Event) -> str:
    """Why a letter says what the event document does not, or nothing: a calendar would drop what does take place."""
    if templates.about(row.planned.template).calendar != "cancel" or event.status is EventStatus.CANCELLED:
        return ""
    return "it says that the event is cancelled, and the event is not; write “status: cancelled” in its document"


async def compose_row(
    database: Database, templates: Templates, row: MailingRow, *, now: datetime, draft: bool = False
) -> Mailing:
    """A mailing as it would go out now; as a `draft` without its CSS."""
    async with database.read() as tx:
        event = await events.get_event(tx, row.event)
        around = await around_of(tx, event, now=now)
    return compose(event, order_of(row), templates, now=now, draft=draft, around=around)


async def _close(database: Database, row: MailingRow, now: datetime) -> list[Fired]:
    """The window of a mailing closed while it was being sent: what was never tried waits for a person."""
    async with database.write() as tx:
        given_up = await deliveries.give_up(tx, row.id, at=now)
        if given_up:
            await journal.note(tx, row.slug, "given up", f"{given_up} deliveries, the window has passed", at=now)
        counts = await deliveries.count_states(tx, row.id)
    waiting = counts.get(DeliveryState.QUEUED.value, 0) + counts.get(DeliveryState.CLAIMED.value, 0)
    if not waiting:
        return []
    reason = f"its window passed with {waiting} letters still to be sent; schedule it again for them, or cancel it"
    return await _set_aside(database, row, MailingState.HELD, reason, now)


async def _miss(database: Database, row: MailingRow, now: datetime) -> list[Fired]:
    reason = "its window had passed; schedule it again with a new time, or cancel it"
    if row.state is MailingState.DRAFT:
        reason = f"nobody had confirmed it, and {reason}"
    return await _set_aside(database, row, MailingState.MISSED, reason, now)


async def _set_aside(
    database: Database, row: MailingRow, state: MailingState, reason: str, now: datetime
) -> list[Fired]:
    async with database.write() as tx:
        if not await mailings.set_state(tx, row.id, row.state, move(row.state, state, row.slug), reason=reason):
            return []
        await journal.note(tx, row.slug, state.value, reason, at=now)
    return [Fired(slug=row.slug, trouble=f"{state}: {reason}")]


def order_of(row: MailingRow) -> Order:
    planned = row.planned
    return Order(slug=row.slug, template=planned.template, label=planned.label, invites=planned.invites)
