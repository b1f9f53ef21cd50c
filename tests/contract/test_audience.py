"""Who a mailing goes to, on every store: counts of many mailings, corrections, letters that a person decides on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product

import pytest
from sqlalchemy import Engine, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.outcome import OutcomeKind
from newsletter.schedule.state import MailingState
from newsletter.store import audience, corrections, mailings, remedies, subscribers
from newsletter.store import deliveries as deliveries_of_mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow
from newsletter.store.tables import attempts, deliveries
from newsletter.store.tables import mailings as mailing_table
from newsletter.store.tables import subscribers as subscribers_table
from newsletter.subscribers.subscriber import Subscriber
from tests.world import EVENT_SLUG, NOW, fill

FIRST, REMINDER = f"{EVENT_SLUG}/save-the-date", f"{EVENT_SLUG}/reminder"
STATES = [state.value for state in DeliveryState]
#: What became of somebody since they got a delivery.
FATES = ("active", "left", "suppressed", "on another list now", "moved to the other list of the mailing")


async def add_people(tx: AsyncConnection, addresses: Sequence[str], list_slug: str) -> None:
    ids = await subscribers.ensure_lists(tx, [list_slug])
    await subscribers.upsert_subscribers(tx, [Subscriber(address=address) for address in addresses], now=NOW)
    await subscribers.subscribe(tx, ids[list_slug], addresses, now=NOW)


async def start(tx: AsyncConnection) -> MailingRow:
    """The reminder is being sent."""
    row = await mailings.get_mailing(tx, REMINDER)
    sending = update(mailing_table).where(mailing_table.c.id == row.id)
    await tx.execute(sending.values(state=MailingState.SENDING.value, started_at=NOW))
    await audience.enqueue(tx, row.id, now=NOW)
    return await mailings.get_mailing(tx, REMINDER)


async def set_delivery(
    tx: AsyncConnection, address: str, state: str, *, reason: str = "", doubted: bool = False
) -> None:
    """A delivery in this state, after one attempt, whose letter may have arrived if it was `doubted`."""
    person = (await subscribers.find_subscribers(tx, [address]))[address]
    mine = deliveries.c.subscriber_id == person.id
    await tx.execute(update(deliveries).where(mine).values(state=state, reason=reason, attempts=5, next_at=None))
    delivery_id = await tx.scalar(select(deliveries.c.id).where(mine))
    kind = OutcomeKind.IN_DOUBT if doubted else OutcomeKind.TEMPORARY
    values = {"at": NOW, "seconds": 0, "kind": kind.value, "phase": "letter", "code": 0, "enhanced": "", "text": ""}
    await tx.execute(insert(attempts).values(delivery_id=delivery_id, **values))


async def befall(tx: AsyncConnection, address: str, fate: str) -> None:
    if fate == "suppressed":
        await subscribers.suppress(tx, address, "complaint", now=NOW)
    if fate == "on another list now":
        await add_people(tx, [address], "provincies")
    if fate == "moved to the other list of the mailing":
        await add_people(tx, [address], "corporaties")
    if fate not in ("active", "suppressed"):
        await subscribers.unsubscribe(tx, address, "gemeenten", now=NOW)


async def test_a_correction_goes_to_exactly_those_who_got_the_letter_or_may_have(database: Database) -> None:
    cases = list(product(STATES, (False, True), FATES))
    people = {f"p{number}@example.nl": case for number, case in enumerate(cases)}
    await fill(database, people=0)
    async with database.write() as tx:
        await add_people(tx, list(people), "gemeenten")
        row = await start(tx)
        for address, (state, doubted, fate) in people.items():
            await set_delivery(tx, address, state, doubted=doubted)
            await befall(tx, address, fate)
        await add_people(tx, ["later@example.nl"], "gemeenten")
        made = await corrections.add_correction(tx, row, template="reminder", label="Correctie")
        found = {person.address async for person in audience.audience(tx, made.id)}
        count = await audience.count_audience(tx, made.id)
        queued = await audience.enqueue(tx, made.id, now=NOW)
    expected = {
        address
        for address, (state, doubted, fate) in people.items()
        if (state in ("sent", "in_doubt", "sending") or doubted)
        and fate in ("active", "moved to the other list of the mailing")
    }
    assert found == expected
    assert count == queued == len(expected) == 22
    assert (made.slug, made.corrects_id, made.state) == (f"{REMINDER}-correction", row.id, MailingState.DRAFT)


async def test_a_correction_of_a_correction_and_a_second_one_have_names_of_their_own(database: Database) -> None:
    await fill(database, people=1)
    async with database.write() as tx:
        row = await start(tx)
        first = await corrections.add_correction(tx, row, template="reminder", label="Correctie")
        second = await corrections.add_correction(tx, row, template="reminder", label="Nog een")
        third = await corrections.add_correction(tx, first, template="reminder", label="Sorry")
        lists = [await mailings.lists_of(tx, made.id) for made in (first, second, third)]
        known = await corrections.corrections_of(tx, row.id)
    assert [made.slug for made in (first, second, third)] == [
        f"{REMINDER}-correction",
        f"{REMINDER}-correction-2",
        f"{REMINDER}-correction-correction",
    ]
    assert lists == [["corporaties", "gemeenten"]] * 3
    assert known == [first.slug, second.slug]
    assert second.planned.name == "reminder-correction-2"


async def test_a_correction_of_several_mailings_goes_once_to_everybody_whom_one_of_them_reached(
    database: Database,
) -> None:
    await fill(database, people=0)
    async with database.write() as tx:
        await add_people(tx, [f"p{number}@example.nl" for number in range(4)], "gemeenten")
        await start(tx)
        rows = [await mailings.get_mailing(tx, slug) for slug in (FIRST, REMINDER)]
        await audience.enqueue(tx, rows[0].id, now=NOW)
        people = await subscribers.find_subscribers(tx, [f"p{number}@example.nl" for number in range(4)])
        for row, numbers in zip(rows, ((0, 1), (1, 2)), strict=True):
            ids = [people[f"p{number}@example.nl"].id for number in numbers]
            got = (deliveries.c.mailing_id == row.id) & deliveries.c.subscriber_id.in_(ids)
            await tx.execute(update(deliveries).where(got).values(state="sent", next_at=None))
        made = await corrections.add_correction(tx, *rows, template="changed", label="Gewijzigd")
        found = [person.address async for person in audience.audience(tx, made.id)]
        assert await corrections.count_reached(tx, [row.id for row in rows]) == 3
        assert await corrections.corrected_by(tx, made.id) == {row.id: row.slug for row in rows}
        assert [await corrections.corrections_of(tx, row.id) for row in rows] == [[made.slug]] * 2
        assert [one.slug for one in await corrections_that_wait(tx, "changed", rows[1])] == [made.slug]
        assert await corrections_that_wait(tx, "cancelled", rows[1]) == []
        queued = await audience.enqueue(tx, made.id, now=NOW)
    assert found == ["p0@example.nl", "p1@example.nl", "p2@example.nl"]
    assert queued == 3
    assert made.slug == f"{FIRST}-correction"


async def corrections_that_wait(tx: AsyncConnection, template: str, row: MailingRow) -> list[MailingRow]:
    found = await audience.waiting_corrections(tx, EVENT_SLUG, template, [row.id])
    assert all(one.shared == 2 for one in found)
    return [one.row for one in found]


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is said to the database meanwhile."""
    said: list[str] = []

    def heard(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", heard)


async def test_the_counts_of_many_mailings_are_right_and_cost_no_query_each(database: Database) -> None:
    await fill(database, people=4)
    async with database.write() as tx:
        await add_people(tx, ["c@example.nl"], "corporaties")
        await add_people(tx, ["z@example.nl"], "zonder-mailing")
        row = await start(tx)
        await corrections.add_correction(tx, row, template="reminder", label="Correctie")
        await set_delivery(tx, "person-1@example.nl", "sent")
        await befall(tx, "person-2@example.nl", "left")
        few = await mailings.all_mailings(tx)
        with statements() as said:
            counts = await audience.count_recipients(tx, few)
        before = len(said)
        assert {one.slug.rpartition("/")[2]: counts[one.id] for one in few} == {
            "save-the-date": 4,
            "reminder": 5,
            "report": 4,
            "reminder-correction": 1,
        }
        for number in range(30):
            await copy_mailing(tx, few[-1], number, started=number % 2 == 0)
        many = await mailings.all_mailings(tx)
        with statements() as said:
            counts = await audience.count_recipients(tx, many)
    assert len(many) == 34
    assert len(said) == before
    assert {counts[one.id] for one in many if "copy" in one.slug} == {0, 4}


async def copy_mailing(tx: AsyncConnection, row: MailingRow, number: int, *, started: bool) -> None:
    """A mailing to the lists of `row`; one that has started has no deliveries yet."""
    made = await corrections.add_correction(tx, row, template="report", label="copy")
    state = MailingState.SENDING if started else MailingState.DRAFT
    values = {"slug": f"{EVENT_SLUG}/copy-{number}", "corrects_id": None, "state": state.value}
    mine = update(mailing_table).where(mailing_table.c.id == made.id)
    await tx.execute(mine.values(**values, started_at=NOW if started else None))


async def test_what_was_cancelled_on_its_way_is_taken_up_for_exactly_those_who_cannot_have_got_it(
    database: Database,
) -> None:
    cases = list(product(STATES, (False, True), FATES))
    people = {f"p{number}@example.nl": case for number, case in enumerate(cases)}
    states = select(deliveries.c.id, deliveries.c.state)
    await fill(database, people=0)
    async with database.write() as tx:
        await add_people(tx, list(people), "gemeenten")
        row = await start(tx)
        for address, (state, doubted, fate) in people.items():
            await set_delivery(tx, address, state, doubted=doubted)
            await befall(tx, address, fate)
        await mailings.set_state(tx, row.id, row.state, MailingState.CANCELLED)
        await deliveries_of_mailings.withdraw(tx, row.id, at=NOW)
        before = {number: state for number, state in await tx.execute(states)}
        found = {person.address async for person in audience.audience(tx, row.id)}
        left = await audience.count_withdrawn(tx, row.id)
        taken_up = await audience.enqueue(tx, row.id, now=NOW)
        after = {number: state for number, state in await tx.execute(states)}
        addresses = select(deliveries.c.id, subscribers_table.c.address).join(subscribers_table)
        address_of = {number: address for number, address in await tx.execute(addresses)}
    still_there = ("active", "moved to the other list of the mailing")
    withdrawn = {
        address
        for address, (state, doubted, fate) in people.items()
        if state in ("queued", "claimed", "deferred") and not doubted and fate in still_there
    }
    in_hand = {address for address, (state, _, fate) in people.items() if state == "sending" and fate in still_there}
    assert found == withdrawn | in_hand
    assert left == taken_up == len(withdrawn) == 6
    changed = {address_of[number] for number, state in after.items() if state != before[number]}
    assert changed == withdrawn
    assert {after[number] for number in after if address_of[number] in withdrawn} == {"queued"}


@pytest.mark.parametrize(
    ("answer", "count"), [("", 2), ("blocked", 2), ("BLOCKED", 2), ("100%", 1), ("%", 1), ("_", 0), ("unknown", 0)]
)
async def test_only_failed_letters_of_those_who_may_be_written_to_are_queued_again(
    database: Database, answer: str, count: int
) -> None:
    letters = {
        "person-0@example.nl": ("failed", "550 5.7.1 blocked", "active"),
        "person-1@example.nl": ("failed", "554 100% blocked", "active"),
        "person-2@example.nl": ("failed", "550 5.1.1 unknown", "suppressed"),
        "person-3@example.nl": ("failed", "550 5.1.1 unknown", "left"),
        "person-4@example.nl": ("sent", "", "active"),
        "person-5@example.nl": ("withheld", "blocked", "active"),
    }
    await fill(database, people=len(letters))
    async with database.write() as tx:
        row = await start(tx)
        for address, (state, reason, fate) in letters.items():
            await set_delivery(tx, address, state, reason=reason)
            await befall(tx, address, fate)
        assert await remedies.failures(tx, row.id) == [
            ("550 5.1.1 unknown", 2),
            ("550 5.7.1 blocked", 1),
            ("554 100% blocked", 1),
        ]
        assert await remedies.count_failed(tx, row.id, answer) == count
        assert await remedies.queue_failed(tx, row.id, answer, now=NOW) == count
        query = select(deliveries).where(deliveries.c.state == "queued")
        queued = list((await tx.execute(query)).mappings())
    assert [(one["reason"], one["attempts"], one["next_at"], one["ended_at"]) for one in queued] == [
        ("", 0, NOW, None)
    ] * count


async def test_letters_in_doubt_are_decided_on_one_by_one_or_together(database: Database) -> None:
    await fill(database, people=4)
    async with database.write() as tx:
        row = await start(tx)
        for number in range(3):
            await set_delivery(tx, f"person-{number}@example.nl", "in_doubt", reason="may have arrived: it hung up")
        doubts = await remedies.letters_in_doubt(tx, row.id)
        assert [(one["address"], one["next_at"]) for one in doubts] == [
            (f"person-{number}@example.nl", None) for number in range(3)
        ]
        first = doubts[0]["subscriber_id"]
        assert await remedies.count_as_sent(tx, row.id, first, now=NOW) == 1
        assert await remedies.count_as_sent(tx, row.id, first, now=NOW) == 0
        assert await remedies.repeat_in_doubt(tx, row.id, None, now=NOW) == 2
        again = await remedies.letters_in_doubt(tx, row.id)
        assert [one["next_at"] for one in again] == [NOW, NOW]
