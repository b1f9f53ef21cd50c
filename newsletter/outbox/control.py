"""Stage 4, shell: what an organiser does with a mailing: schedule, hold, resume, cancel; and how it pauses by itself.

In: the slug of a mailing and what is wanted. Out: the mailing as it is now. Illegal moves are refused by
`schedule.state`, and a schedule needs the exact number of recipients.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.templates import Templates
from newsletter.errors import CountError, StateError, TemplateError
from newsletter.events.event import Event
from newsletter.outbox.fire import compose_row
from newsletter.outbox.proof import misfits
from newsletter.preflight.finding import Finding, stopping
from newsletter.preflight.run import check
from newsletter.schedule.rules import Due, Times, decide_due, times_of
from newsletter.schedule.state import PAUSED_BY_HAND, PAUSED_BY_ITSELF, MailingState, is_paused, move, only_from
from newsletter.store import audience, deliveries, events, journal, mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow

NO_WAIT = timedelta()


async def count_audience(database: Database, slug: str) -> int:
    """How many would get this mailing if it fired now."""
    async with database.read() as tx:
        return await audience.count_audience(tx, (await mailings.get_mailing(tx, slug)).id)


async def count_to_confirm(
    database: Database, slug: str, *, now: datetime, at: datetime | None = None, undo: timedelta = NO_WAIT
) -> int:
    """The number of recipients that a person is asked to confirm; raises what `schedule` would raise then anyway."""
    async with database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        _check_move(row, at)
        count = await _count(tx, row)
        _times(row, await events.get_event(tx, row.event), at, now, undo)
        return count


async def schedule(
    database: Database,
    templates: Templates,
    slug: str,
    *,
    recipients: int,
    now: datetime,
    at: datetime | None = None,
    undo: timedelta = NO_WAIT,
    despite: str = "",
) -> MailingRow:
    """Confirm a mailing for `recipients` people, at the time of its plan or at `at` (aware).

    It leaves `undo` after `now` at the earliest, so that whoever sees a mistake right after confirming can cancel it
    before anybody has it. `despite` is why it may go out although the preflight says that something must be mended; the
    journal keeps it.

    Raises:
        CountError: it would go to another number, or to nobody.
        StateError: it was sent already, its time has passed, or it has none; or something of it must be mended first.
        TemplateError: it cannot be composed, or some of the recipients lack what its letter asks for.
    """
    async with database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        content = await compose_row(database, templates, row, now=now)
        if why := await misfits(content, audience.audience(tx, row.id)):
            raise TemplateError(f"{slug}: {why}")
        faults = stopping(check(content, event=await events.get_event(tx, row.event)))
        if faults and not despite.strip():
            raise StateError(_first_to_mend(slug, faults))
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        _check_move(row, at)
        if row.state is MailingState.CANCELLED:
            await deliveries.leave_doubts(tx, row.id)
        count = await _count(tx, row)
        if count != recipients:
            raise CountError(f"{slug} goes to {count} recipients, not {recipients}; look again and confirm {count}")
        event = await events.get_event(tx, row.event)
        times, fixed = _times(row, event, at, now, undo)
        values = {"due_at": times.due_at, "closes_at": times.closes_at, "confirmed": count, "reason": ""}
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED, fixed=fixed, **values)
        when = _wall(times.due_at, event) if times.due_at else "when the event has a date"
        await journal.note(tx, slug, "scheduled", f"{when}, confirmed for {count} recipients", at=now)
        if faults:
            checks = ", ".join(dict.fromkeys(fault.check for fault in faults))
            await journal.note(tx, slug, "despite", f"{despite.strip()} (not mended: {checks})", at=now)
        return await mailings.get_mailing(tx, slug)


def _check_move(row: MailingRow, at: datetime | None) -> None:
    if row.state is not MailingState.SCHEDULED or at is None:
        move(row.state, MailingState.SCHEDULED, row.slug)


async def _count(tx: AsyncConnection, row: MailingRow) -> int:
    """How many it goes to; CountError where that is nobody. While people answer it is held when due, if nobody has."""
    count = await audience.count_audience(tx, row.id)
    if not count and not row.planned.audience:
        raise CountError(f"{row.slug} goes to nobody; {await _remedy_for_nobody(tx, row)}")
    return count


def _first_to_mend(slug: str, faults: Sequence[Finding]) -> str:
    """What keeps a mailing from being scheduled: the first fault, and how to see the others."""
    others = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
    return (
        f"{slug} has something that must be mended first: {faults[0]}{others}; see `newsletter mailing check {slug}`, "
        "or say why it may go out all the same with --despite “reason”"
    )


def _times(row: MailingRow, event: Event, at: datetime | None, now: datetime, undo: timedelta) -> tuple[Times, bool]:
    """When it leaves, and whether that is fixed: a person chose it, or confirmed it so late that it leaves at once."""
    if at is not None and at < now:
        raise StateError(f"{_wall(at, event)} has passed; choose a later time, or --at now")
    chosen = at or (row.due_at if row.fixed else None)
    if chosen is None and row.corrects_id is not None:
        raise StateError(f"{row.slug} has no time in the plan; choose one with --at, such as --at now")
    times = times_of(event, row.planned, fixed=chosen)
    _check_times(row.slug, event, times, now)
    if times.due_at is None or times.due_at >= now + undo or undo == NO_WAIT:
        return times, chosen is not None
    times = times_of(event, row.planned, fixed=now + undo)
    _check_times(row.slug, event, times, now)
    return times, True


def _check_times(slug: str, event: Event, times: Times, now: datetime) -> None:
    if times.never_opens() or decide_due(times.due_at, times.closes_at, now) is Due.MISSED:
        begun = times.never_opens()
        why = "the event has begun by then" if begun else f"its time was {_wall(times.due_at, event)}"
        raise StateError(f"{slug} cannot go out any more: {why}; choose another time with --at")


async def _remedy_for_nobody(tx: AsyncConnection, row: MailingRow) -> str:
    if row.corrects_id is not None:
        return "those whom the wrong letter reached have all left, or have this correction already"
    lists = ", ".join(await mailings.lists_of(tx, row.id))
    if await audience.count_reachable(tx, row.id):
        return f"everybody on {lists} has got it, was refused or is in doubt: see `newsletter mailing show {row.slug}`"
    return f"import recipients into {lists} first"


async def hold(database: Database, slug: str, *, now: datetime) -> MailingRow:
    """Stop a mailing that is scheduled, or on its way; the letters that were not sent yet wait for a person.

    On its way it is only paused: `resume` lets it go on.

    Raises:
        StateError: there is nothing to stop.
    """
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        state = move(row.state, MailingState.HELD, slug)
        reason = PAUSED_BY_HAND if row.state is MailingState.SENDING else "held by hand"
        await mailings.set_state(tx, row.id, row.state, state, reason=reason)
        await journal.note(tx, slug, "held", "by hand", at=now)
        return await mailings.get_mailing(tx, slug)


async def pause(database: Database, mailing_id: int, reason: str, *, now: datetime) -> bool:
    """Stop a mailing that is on its way, because something is wrong that a person must look at.

    `reason` is one sentence for that person. False if it is no longer on its way; so it can be done twice.
    """
    async with database.write() as tx:
        paused = f"{PAUSED_BY_ITSELF}: {reason}"
        if not await mailings.set_state(tx, mailing_id, MailingState.SENDING, MailingState.HELD, reason=paused):
            return False
        await journal.note(tx, await mailings.slug_of(tx, mailing_id), "paused", reason, at=now)
        return True


async def resume(database: Database, slug: str, *, now: datetime) -> MailingRow:
    """Let a mailing that was paused on its way go on as it was: the same letter, to those who have not got it yet.

    Raises:
        StateError: it was not merely paused, so a person must look at it and schedule it; or its window has closed.
    """
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        only_from(row.state, {MailingState.HELD}, "be resumed", slug)
        if not is_paused(row.state, row.reason):
            raise StateError(f"{slug} was not merely paused: {row.reason}; look at the letter and schedule it again")
        if decide_due(row.due_at, row.closes_at, now) is Due.MISSED:
            closed = _wall(row.closes_at, await events.get_event(tx, row.event))
            raise StateError(f"{slug} cannot go on: its window closed at {closed}; schedule it again with --at")
        await mailings.set_state(tx, row.id, row.state, MailingState.SENDING, reason="")
        await journal.note(tx, slug, "resumed", "by hand", at=now)
        return replace(row, state=MailingState.SENDING, reason="")


async def cancel(database: Database, slug: str, *, now: datetime) -> MailingRow:
    """Take a mailing out of the schedule, back to its plan's time, or stop it when it is on its way.

    Letters of it that were not sent yet are withheld, and leave only if a person schedules it again; what was sent
    stays sent.

    Raises:
        StateError: it was sent, or is cancelled already.
    """
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        state = move(row.state, MailingState.CANCELLED, slug)
        await mailings.set_state(tx, row.id, row.state, state, reason="cancelled by hand", fixed=False)
        withdrawn = await deliveries.withdraw(tx, row.id, at=now)
        await journal.note(
            tx, slug, "cancelled", f"by hand; {withdrawn} letters withheld" if withdrawn else "by hand", at=now
        )
        return await mailings.get_mailing(tx, slug)


def _wall(at: datetime | None, event: Event) -> str:
    return "not known yet" if at is None else f"{at.astimezone(event.series.zone):%Y-%m-%d %H:%M}"
