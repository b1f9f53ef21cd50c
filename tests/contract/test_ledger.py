"""One suite for the ledger of every store: claims, beginnings and outcomes."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from newsletter.outbox.delivery import Batch, Delivery, DeliveryState, withheld
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.outbox.retry import Decision
from newsletter.schedule.state import MailingState
from newsletter.store import deliveries, mailings, subscribers
from newsletter.store.database import Database
from newsletter.store.ledger import Ledger, Settled, open_ledger
from newsletter.store.tables import subscribers as subscriber_table
from tests.contract.test_store import LATER, sending
from tests.world import NOW

SENT = Outcome(kind=OutcomeKind.SENT, phase="letter", code=250, enhanced="2.0.0", text="Ok: queued as ‘X’")
DONE = Decision(state=DeliveryState.SENT)


@asynccontextmanager
async def opened(database: Database, *names: str) -> AsyncIterator[list[Ledger]]:
    ledgers = [await open_ledger(database, name) for name in names]
    try:
        yield ledgers
    finally:
        for ledger in ledgers:
            await ledger.close()


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    async with opened(database, "worker") as [one]:
        yield one


async def claim(ledger: Ledger, limit: int = 10, now: datetime = NOW, until: datetime = LATER) -> list[Delivery]:
    return await ledger.claim(limit, now=now, until=until)


def settled(delivery: Delivery, decision: Decision = DONE, outcome: Outcome | None = SENT) -> Settled:
    return Settled(delivery.id, delivery.attempts + (outcome is not None), decision, outcome, NOW, 0.25)


async def states(database: Database, mailing_id: int) -> dict[str, int]:
    async with database.read() as tx:
        return await deliveries.count_states(tx, mailing_id)


async def test_two_workers_never_claim_the_same_delivery(database: Database) -> None:
    await sending(database, people=40)

    async def claims(ledger: Ledger) -> list[int]:
        taken: list[int] = []
        while batch := await claim(ledger, 3):
            taken += [delivery.id for delivery in batch]
        return taken

    async with opened(database, *"abcd") as ledgers:
        taken = await asyncio.gather(*map(claims, ledgers))
    assert Counter(Counter(id_ for ids in taken for id_ in ids).values()) == {1: 40}


async def test_a_claim_comes_back_when_its_lease_ends_and_not_before(database: Database) -> None:
    await sending(database, people=2)
    async with opened(database, "dead", "other") as [dead, other]:
        assert len(await claim(dead)) == 2
        assert await claim(other, now=LATER - timedelta(seconds=1)) == []
        async with database.write() as tx:
            await deliveries.renew(tx, ["dead"], LATER + timedelta(minutes=1))
        assert await claim(other, now=LATER) == []
        later = LATER + timedelta(minutes=1)
        assert len(await claim(other, now=later, until=later)) == 2


async def test_released_claims_can_be_taken_at_once(database: Database) -> None:
    mailing_id = await sending(database, people=2)
    async with opened(database, "first", "second") as [first, second]:
        for only in (mailing_id, None):
            await claim(first)
            async with database.write() as tx:
                await deliveries.release(tx, ["first"], now=NOW, mailing_id=only)
                assert await deliveries.count_waiting(tx, now=NOW) == 2
        assert len(await claim(second)) == 2


async def test_a_claim_brings_all_that_a_letter_needs(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=1)
    [one] = await claim(ledger)
    assert one._replace(id=0, subscriber_id=0, list_id=0) == Delivery(
        id=0,
        mailing_id=mailing_id,
        subscriber_id=0,
        address="person-0@example.nl",
        name="Persoon 0",
        attributes={"organisation": "Voorbeeld"},
        attempts=0,
        queued_at=NOW,
        suppressed=None,
        subscribed=True,
        claimed_by="worker",
        list_id=0,
    )


async def test_a_claim_looks_again_at_suppression_and_subscription(database: Database, ledger: Ledger) -> None:
    await sending(database, people=3)
    async with database.write() as tx:
        await subscribers.suppress(tx, "person-0@example.nl", "complaint", now=NOW)
        await subscribers.unsubscribe(tx, "person-1@example.nl", "gemeenten", now=NOW)
    assert {one.address: withheld(one) for one in await claim(ledger)} == {
        "person-0@example.nl": "suppressed: complaint",
        "person-1@example.nl": "unsubscribed after the mailing had started",
        "person-2@example.nl": "",
    }


async def test_a_claim_within_a_batch_takes_nothing_beside_it(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=5)
    everyone = await claim(ledger)
    async with database.write() as tx:
        await deliveries.release(tx, ["worker"], now=NOW)
    ids = [one.id for one in everyone]
    batch = Batch(mailing_id=mailing_id, first=ids[1], last=ids[3])
    assert [one.id for one in await ledger.claim(10, now=NOW, until=LATER, within=batch)] == ids[1:4]
    other = Batch(mailing_id=mailing_id + 1, first=ids[0], last=ids[4])
    assert await ledger.claim(10, now=NOW, until=LATER, within=other) == []


async def test_every_attempt_is_kept_and_the_last_decides(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=1)
    refused = Outcome(kind=OutcomeKind.TEMPORARY, phase="rcpt", code=450, enhanced="4.2.0", text="greylisted – ‘later’")
    [delivery] = await claim(ledger)
    retry = Decision(state=DeliveryState.DEFERRED, next_at=LATER, reason="450 \u2028 “later”")
    await ledger.commit([settled(delivery, retry, refused)], [], now=NOW)
    async with database.read() as tx:
        assert await deliveries.done(tx) == []
    assert await claim(ledger) == []
    [again] = await claim(ledger, now=LATER, until=LATER)
    assert (again.id, again.attempts) == (delivery.id, 1)
    await ledger.commit([settled(again)], [], now=LATER)
    async with database.read() as tx:
        found = await deliveries.attempts_of(tx, mailing_id)
        got = await deliveries.deliveries_of(tx, delivery.subscriber_id)
        assert await deliveries.done(tx) == [mailing_id]
    kept = [(row["kind"], row["phase"], row["code"], row["enhanced"], row["text"], row["at"]) for row in found]
    assert kept == [
        ("temporary", "rcpt", 450, "4.2.0", "greylisted – ‘later’", NOW),
        ("sent", "letter", 250, "2.0.0", "Ok: queued as ‘X’", NOW),
    ]
    assert [row["seconds"] for row in found] == [0.25, 0.25]
    assert [(row["state"], row["attempts"], row["ended_at"], row["reason"]) for row in got] == [("sent", 2, LATER, "")]


async def test_what_is_withheld_has_no_attempt(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=1)
    [one] = await claim(ledger)
    await ledger.commit([settled(one, Decision(state=DeliveryState.WITHHELD, reason="left"), None)], [], now=NOW)
    async with database.read() as tx:
        assert await deliveries.attempts_of(tx, mailing_id) == []
        assert await deliveries.count_states(tx, mailing_id) == {"withheld": 1}


async def test_outcomes_and_beginnings_of_all_connections_are_one_commit(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=6)
    claimed = await claim(ledger)
    assert await ledger.commit([], [one.id for one in claimed[:2]], now=NOW) == frozenset()
    assert await states(database, mailing_id) == {"sending": 2, "claimed": 4}
    ended = [settled(one) for one in claimed[:2]]
    assert await ledger.commit(ended, [one.id for one in claimed[2:4]], now=NOW) == frozenset()
    assert await states(database, mailing_id) == {"sent": 2, "sending": 2, "claimed": 2}


async def test_nothing_of_a_held_mailing_is_begun(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=2)
    one, other = await claim(ledger)
    assert await ledger.commit([], [one.id], now=NOW) == frozenset()
    async with database.write() as tx:
        await mailings.set_state(tx, mailing_id, MailingState.SENDING, MailingState.HELD)
    assert await ledger.commit([settled(one)], [other.id], now=NOW) == {other.id}
    assert await states(database, mailing_id) == {"sent": 1, "claimed": 1}


async def test_a_lease_that_has_ended_begins_nothing_and_settles_nothing(database: Database) -> None:
    mailing_id = await sending(database, people=2)
    async with opened(database, "slow", "quick") as [slow, quick]:
        one, other = await claim(slow)
        assert await slow.commit([], [one.id, other.id], now=LATER) == {one.id, other.id}
        assert len(await claim(quick, now=LATER, until=LATER + timedelta(minutes=1))) == 2
        await slow.commit([settled(one)], [other.id], now=NOW)
    assert await states(database, mailing_id) == {"claimed": 2}


async def test_nothing_is_claimed_of_a_mailing_that_is_not_being_sent(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=2)
    async with database.write() as tx:
        await mailings.set_state(tx, mailing_id, MailingState.SENDING, MailingState.HELD)
        assert await deliveries.count_waiting(tx, now=NOW) == 0
    assert await claim(ledger) == []


async def test_nothing_is_claimed_after_the_window_has_closed(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=2)
    async with database.write() as tx:
        sending_ = MailingState.SENDING
        await mailings.set_state(tx, mailing_id, sending_, sending_, closes_at=LATER)
    assert await claim(ledger, now=LATER, until=LATER) == []
    assert len(await claim(ledger)) == 2


@pytest.mark.parametrize("state", [MailingState.SENDING, MailingState.HELD])
async def test_letters_that_a_killed_process_was_handing_over_are_looked_at_though_nothing_else_waits(
    database: Database, ledger: Ledger, state: MailingState
) -> None:
    mailing_id = await sending(database, people=1)
    [one] = await claim(ledger)
    await ledger.commit([], [one.id], now=NOW)
    async with database.write() as tx:
        await mailings.set_state(tx, mailing_id, MailingState.SENDING, state)
        assert await deliveries.count_waiting(tx, now=NOW) == 0
        assert await deliveries.count_waiting(tx, now=LATER) == 1


async def test_a_letter_is_begun_once_whatever_asks_again(database: Database, ledger: Ledger) -> None:
    await sending(database, people=1)
    [one] = await claim(ledger)
    assert await ledger.commit([], [one.id], now=NOW) == frozenset()
    assert await ledger.commit([], [one.id], now=NOW) == {one.id}


async def test_what_was_asked_before_and_failed_is_written_once_whether_it_was_written_or_not(
    database: Database, ledger: Ledger
) -> None:
    mailing_id = await sending(database, people=4)
    one, two, three, four = await claim(ledger)
    commits: list[tuple[list[Settled], list[int]]] = [
        ([], [one.id, two.id]),
        ([settled(one)], [three.id]),
        ([settled(two), settled(four, Decision(state=DeliveryState.WITHHELD, reason="left"), None)], []),
        ([settled(three)], []),
    ]
    for ended, begun in commits:
        assert await ledger.commit(ended, begun, now=NOW, again=True) == frozenset()  # it had not been written
        assert await ledger.commit(ended, begun, now=NOW, again=True) == frozenset()  # it had
    assert await states(database, mailing_id) == {"sent": 3, "withheld": 1}
    async with database.read() as tx:
        assert len(await deliveries.attempts_of(tx, mailing_id)) == 3


async def test_what_was_refused_is_refused_when_it_is_asked_again(database: Database, ledger: Ledger) -> None:
    mailing_id = await sending(database, people=3)
    one, two, three = await claim(ledger)
    await ledger.commit([], [one.id], now=NOW)
    async with database.write() as tx:
        await mailings.set_state(tx, mailing_id, MailingState.SENDING, MailingState.HELD)
    for again in (False, True):
        assert await ledger.commit([settled(one)], [two.id, three.id], now=NOW, again=again) == {two.id, three.id}
    assert await states(database, mailing_id) == {"sent": 1, "claimed": 2}


async def test_what_a_worker_holds_it_does_not_claim_again_though_its_lease_has_ended(database: Database) -> None:
    # A machine that was asleep: the claims still lie ready in its memory, and would be sent twice.
    await sending(database, people=2)
    async with opened(database, "asleep", "other") as [asleep, other]:
        assert len(await claim(asleep)) == 2
        assert await claim(asleep, now=LATER, until=LATER) == []
        assert len(await claim(other, now=LATER, until=LATER)) == 2


async def test_what_was_put_off_to_a_domain_may_leave_at_once_and_nothing_else(
    database: Database, ledger: Ledger
) -> None:
    mailing_id = await sending(database, people=4)
    async with database.write() as tx:
        # An underline is no wildcard here.
        for person, domain in (
            (1, "Sub_domain.example.org"),
            (2, "subXdomain.example.org"),
            (3, "sub_domain.example.org"),
        ):
            await tx.execute(
                update(subscriber_table)
                .where(subscriber_table.c.address == f"person-{person}@example.nl")
                .values(address=f"person-{person}@{domain}")
            )
    later = Decision(state=DeliveryState.DEFERRED, next_at=LATER)
    claimed = await claim(ledger)
    await ledger.commit(
        [settled(one, DONE if one.address.startswith("person-3") else later) for one in claimed], [], now=NOW
    )
    async with database.write() as tx:
        await deliveries.hasten(tx, mailing_id, ["sub_domain.example.org"], now=NOW)
    assert [one.address for one in await claim(ledger)] == ["person-1@Sub_domain.example.org"]


async def test_a_mailing_goes_elsewhere_while_somebody_got_it_or_is_still_to_be_tried_at_another_domain(
    database: Database, ledger: Ledger
) -> None:
    mailing_id = await sending(database, people=2)
    async with database.write() as tx:
        moved = update(subscriber_table).where(subscriber_table.c.address == "person-1@example.nl")
        await tx.execute(moved.values(address="person-1@example.org"))

    async def elsewhere(*domains: str) -> bool:
        async with database.read() as tx:
            return await deliveries.goes_elsewhere(tx, mailing_id, domains)

    assert await elsewhere("example.nl")
    assert not await elsewhere("example.nl", "example.org")
    one, other = await claim(ledger)
    await ledger.commit([settled(other, Decision(state=DeliveryState.FAILED, reason="550"))], [], now=NOW)
    assert not await elsewhere("example.nl")
    await ledger.commit([settled(one)], [], now=NOW)
    assert await elsewhere("example.nl", "example.org")
