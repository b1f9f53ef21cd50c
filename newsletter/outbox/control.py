"""Stage 4, shell: what an organiser does with a mailing: schedule, hold, cancel, send a test.

In: the slug of a mailing and what is wanted. Out: the mailing as it is now. Illegal moves are refused by
`schedule.state`, and a schedule needs the exact number of recipients.
"""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.headers import ascii_address
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from newsletter.compose.templates import Templates
from newsletter.errors import CountError, StateError, TemplateError
from newsletter.events.event import Event
from newsletter.outbox.envelope import unsubscribe_uris
from newsletter.outbox.fire import compose_row
from newsletter.outbox.outcome import Outcome
from newsletter.outbox.proof import misfits
from newsletter.outbox.worker import Sending
from newsletter.schedule.rules import Due, Times, decide_due, times_of
from newsletter.schedule.state import MailingState, move
from newsletter.store import deliveries, events, journal, mailings, subscribers
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow
from newsletter.subscribers.subscriber import address_key


async def audience(database: Database, slug: str) -> int:
    """How many would get this mailing if it fired now."""
    async with database.read() as tx:
        return await deliveries.count_audience(tx, (await mailings.get_mailing(tx, slug)).id)


async def schedule(
    database: Database, templates: Templates, slug: str, *, recipients: int, now: datetime, at: datetime | None = None
) -> MailingRow:
    """Confirm a mailing for `recipients` people, at the time of its plan or at `at` (aware).

    Raises:
        CountError: it would go to another number, or to nobody.
        StateError: it was sent already, or its time has passed.
        TemplateError: it cannot be composed, or some of the recipients lack what its letter asks for.
    """
    async with database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        content = await compose_row(database, templates, row, now=now, draft=True)
        if why := await misfits(content, deliveries.audience(tx, row.id)):
            raise TemplateError(f"{slug}: {why}")
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug)
        if row.state is not MailingState.SCHEDULED or at is None:
            move(row.state, MailingState.SCHEDULED, slug)
        count = await deliveries.count_audience(tx, row.id)
        if count != recipients:
            raise CountError(f"{slug} goes to {count} recipients, not {recipients}; look again and confirm {count}")
        if not count:
            raise CountError(f"{slug} goes to nobody; import recipients into {await _lists(tx, row)} first")
        event = await events.get_event(tx, row.event)
        times = times_of(event, row.planned, fixed=at or (row.due_at if row.fixed else None))
        _check_times(slug, event, times, at, now)
        values = {"due_at": times.due_at, "closes_at": times.closes_at, "confirmed": count, "reason": ""}
        fixed = row.fixed or at is not None
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED, fixed=fixed, **values)
        when = _wall(times.due_at, event) if times.due_at else "when the event has a date"
        await journal.note(tx, slug, "scheduled", f"{when}, confirmed for {count} recipients", at=now)
        return await mailings.get_mailing(tx, slug)


def _check_times(slug: str, event: Event, times: Times, at: datetime | None, now: datetime) -> None:
    if at is not None and at < now:
        raise StateError(f"{_wall(at, event)} has passed; choose a later time, or --at now")
    never_open = times.due_at is not None and times.closes_at is not None and times.closes_at <= times.due_at
    if never_open or decide_due(times.due_at, times.closes_at, now) is Due.MISSED:
        why = "the event has begun by then" if never_open else f"its time was {_wall(times.due_at, event)}"
        raise StateError(f"{slug} cannot go out any more: {why}; choose another time with --at")


async def hold(database: Database, slug: str, *, now: datetime) -> MailingRow:
    """Stop a mailing that is scheduled, or on its way; the letters that were not sent yet wait for a person.

    Raises:
        StateError: there is nothing to stop.
    """
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug)
        state = move(row.state, MailingState.HELD, slug)
        await mailings.set_state(tx, row.id, row.state, state, reason="held by hand")
        await journal.note(tx, slug, "held", "by hand", at=now)
        return await mailings.get_mailing(tx, slug)


async def cancel(database: Database, slug: str, *, now: datetime) -> MailingRow:
    """Take a mailing out of the schedule, back to its plan's time; letters of it that were not sent yet never are.

    Raises:
        StateError: it is being sent (hold it first), was sent, or is cancelled already.
    """
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug)
        state = move(row.state, MailingState.CANCELLED, slug)
        await mailings.set_state(tx, row.id, row.state, state, reason="cancelled by hand", fixed=False)
        withdrawn = await deliveries.withdraw(tx, row.id, "the mailing was cancelled", at=now)
        await journal.note(
            tx, slug, "cancelled", f"by hand; {withdrawn} letters withheld" if withdrawn else "by hand", at=now
        )
        return await mailings.get_mailing(tx, slug)


async def send_test(sending: Sending, templates: Templates, slug: str, address: str) -> Outcome:
    """Send the letter of a mailing, as it would be now, to one address; marked, and without a delivery.

    Its unsubscribe link belongs to nobody, so that trying it takes nobody off a list.
    """
    now, contact_address = sending.clock(), ascii_address(address)
    async with sending.database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        name, attributes = await _sample_of(tx, row, address)
    mailing = await compose_row(sending.database, templates, row, now=now)
    letter = Letter(mailing)
    content = letter.address(
        Recipient(
            id="test",
            address=address,
            name=name,
            attributes=attributes,
            message_id=f"test-{uuid4().hex}@{letter.domain}",
            unsubscribe=unsubscribe_uris(sending.mail.public_url, mailing.contact, sending.secret, 0, 0),
            date=now,
            test=True,
        )
    )
    async with sending.transport.session() as session:
        outcome = await session.send(mailing.sender.address, contact_address, content)
    async with sending.database.write() as tx:
        await journal.note(tx, slug, "test", f"{outcome.kind} {outcome.code or ''}".strip(), at=now)
    return outcome


async def _sample_of(tx: AsyncConnection, row: MailingRow, address: str) -> tuple[str, dict[str, str]]:
    """Name and attributes for a test: the tester's own where they are a subscriber; else the columns' names as values.

    Nobody else's values: a test letter may be shown around.
    """
    known = (await subscribers.find_subscribers(tx, [address_key(address)])).get(address_key(address))
    if known is not None:
        return known.name, dict(known.attributes)
    keys = await subscribers.attribute_keys(tx, await mailings.lists_of(tx, row.id))
    return "", {key: f"‹{key}›" for key in keys}


async def _lists(tx: AsyncConnection, row: MailingRow) -> str:
    return ", ".join(await mailings.lists_of(tx, row.id))


def _wall(at: datetime | None, event: Event) -> str:
    return "not known yet" if at is None else f"{at.astimezone(event.series.zone):%Y-%m-%d %H:%M}"
