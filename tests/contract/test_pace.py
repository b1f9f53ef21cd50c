"""Pace on every store: workers share it, a restart changes nothing, and what is not limited costs nothing."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from sqlalchemy import text

from newsletter.demo.play import SimulatedClock
from newsletter.outbox.limits import LATE, Limits, read_domains, read_limits
from newsletter.outbox.pace import FORGET, QUIET, STEP, Backoff, Bucket, current
from newsletter.outbox.pacing import CLEAN, LOOK, SEEN, Pacing, Turn, limits_of
from newsletter.settings import Pace
from newsletter.store import pace
from newsletter.store.database import Database, open_database

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = BEGIN.timestamp()
RELAY = "smtp.example.nl"
GMAIL = Limits(domains=read_domains("gmail.example=10/s"))

Worker = Callable[[Limits], Pacing]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(BEGIN)


@pytest.fixture
async def worker(store_url: str, clock: SimulatedClock) -> AsyncIterator[Worker]:
    """Makes workers that each have opened the store by themselves."""
    opened = [await open_database(store_url) for _ in range(4)]
    databases = iter(opened)
    yield lambda limits: Pacing(next(databases), limits, clock)
    for database in opened:
        await database.close()


def later(clock: SimulatedClock, seconds: float) -> None:
    clock.now += timedelta(seconds=seconds)


def slots(turns: list[Turn | None]) -> list[datetime]:
    return [turn.at for turn in turns if turn and turn.is_slot]


async def test_workers_that_ask_at_once_never_get_the_same_slot(worker: Worker) -> None:
    limits = Limits(relay=read_limits("40/s"), domain=read_limits("20/s"))
    domains = ["b.example", "a.example"], ["a.example", "c.example"], ["c.example", "b.example"]

    async def asks(pacing: Pacing, some: list[str]) -> list[tuple[str, datetime]]:
        found = []
        for _ in range(2):
            turns = await pacing.turns(RELAY, some)
            found += [(domain, turn.at) for domain, turn in zip(some, turns, strict=True) if turn and turn.is_slot]
        return found

    gathered = await asyncio.gather(*(asks(worker(limits), some) for some in domains))
    every = sorted((at, domain) for found in gathered for domain, at in found)
    assert len(every) == 12
    between = [after - before for (before, _), (after, _) in itertools.pairwise(every)]
    assert min(between) > timedelta(seconds=1.0999 / 40)
    for name in "abc":
        own = [at for at, domain in every if domain.startswith(name)]
        assert min(after - before for before, after in itertools.pairwise(own)) > timedelta(seconds=1.0999 / 20)


async def test_nothing_is_lost_where_workers_change_the_same_buckets(store_url: str) -> None:
    keys = [f"domain:d{number}.example" for number in range(100)]

    async def take(order: list[str]) -> None:
        database = await open_database(store_url)
        for _ in range(5):
            async with database.write() as tx:
                buckets = await pace.lock(tx, order)
                counted = {key: Bucket({0: bucket.free_at.get(0, 0.0) + 1}) for key, bucket in buckets.items()}
                await pace.keep(tx, counted)
        await database.close()

    await asyncio.gather(take(keys), take(keys[::-1]))
    database = await open_database(store_url)
    async with database.read() as tx:
        assert {key: (await pace.find(tx, key)).free_at for key in keys} == {key: {0: 10.0} for key in keys}
    await database.close()


async def test_a_store_that_is_opened_again_goes_on_where_it_stopped(store_url: str, clock: SimulatedClock) -> None:
    given: list[datetime] = []
    for _ in range(3):
        database = await open_database(store_url)
        given += slots(
            await Pacing(database, Limits(relay=read_limits("60/min")), clock).turns(RELAY, ["a.example"] * 4)
        )
        await database.close()
    assert given == [BEGIN] * 6  # the burst that is allowed, and not once more after each start


async def test_what_has_no_limit_has_no_turn_and_never_asks_the_store(
    database: Database, clock: SimulatedClock
) -> None:
    pacing = Pacing(database, Limits(), clock)
    assert await pacing.room(RELAY, 500) == 500
    async with database.write() as tx:
        await tx.execute(text("DROP TABLE pace"))
    assert await pacing.room(RELAY, 500) == 500
    assert await pacing.turns(RELAY, ["a.example", "b.example"]) == [None, None]
    pacing.taken(RELAY, "a.example")
    later(clock, LOOK)
    with pytest.raises(Exception, match="pace"):  # a second later it looks for what others have written
        await pacing.room(RELAY, 500)


async def test_only_the_letters_of_a_limited_domain_have_turns(worker: Worker) -> None:
    turns = await worker(GMAIL).turns(RELAY, ["a.example", "gmail.example", "a.example", "Gmail.example"])
    assert [turn is not None for turn in turns] == [False, True, False, True]
    assert slots(turns) == [BEGIN, BEGIN + timedelta(seconds=0.11)]


async def test_a_turn_is_a_slot_within_a_second_or_a_moment_to_ask_again(worker: Worker) -> None:
    turns = [turn for turn in await worker(GMAIL).turns(RELAY, ["gmail.example"] * 15) if turn]
    assert [turn.is_slot for turn in turns] == [True] * 10 + [False] * 5
    assert all(turn.at <= BEGIN + timedelta(seconds=1) for turn in turns[:10])
    assert not turns[0].is_over(BEGIN + timedelta(seconds=LATE))
    assert turns[0].is_over(BEGIN + timedelta(seconds=LATE + 0.001))


async def test_room_is_what_the_mail_server_has_left_for_all_workers_and_takes_none_of_it(
    worker: Worker, clock: SimulatedClock
) -> None:
    limits = Limits(relay=read_limits("10/s"))
    first, second = worker(limits), worker(limits)
    assert [await first.room(RELAY, wanted) for wanted in (3, 50, 50)] == [3, 10, 10]
    assert len(slots(await first.turns(RELAY, ["a.example"] * 6))) == 6
    assert await second.room(RELAY, 50) == 4
    assert await second.room("smtp2.example.nl", 50) == 10
    await second.turns(RELAY, ["a.example"] * 4)
    assert await first.room(RELAY, 50) == 0
    later(clock, 1.1)
    assert await first.room(RELAY, 50) == 10


@pytest.mark.parametrize(
    ("scope", "key", "slowed"),
    [
        ("domain", "domain:gmail.example", [True, False]),
        ("relay", "relay:smtp.example.nl", [True, True]),
    ],
)
async def test_all_workers_slow_down_after_a_throttled_answer_to_one(
    database: Database,
    worker: Worker,
    clock: SimulatedClock,
    scope: Literal["relay", "domain"],
    key: str,
    slowed: list[bool],
) -> None:
    first, second = worker(Limits()), worker(Limits())
    domains = ["gmail.example", "a.example"]
    assert await second.turns(RELAY, domains) == [None, None]
    first.throttled(scope, RELAY, "gmail.example")
    assert [first.is_quiet(RELAY, domain) for domain in domains] == slowed  # before anything is written
    await first.flush()
    assert [first.is_quiet(RELAY, domain) for domain in domains] == slowed
    assert [turn is not None for turn in await first.turns(RELAY, domains)] == slowed

    later(clock, LOOK)
    turns = await second.turns(RELAY, domains)
    assert [turn is not None for turn in turns] == slowed
    assert slots(turns) == []
    assert [second.is_quiet(RELAY, domain) for domain in domains] == slowed
    assert await second.room(RELAY, 50) == (0 if scope == "relay" else 50)
    assert await second.room("smtp2.example.nl", 50) == 50

    later(clock, QUIET)
    assert not any(second.is_quiet(RELAY, domain) for domain in domains)
    assert len(slots(await second.turns(RELAY, domains))) >= 1
    async with database.read() as tx:
        assert set(await pace.backed_off(tx, clock().timestamp())) == {key}


async def test_the_rate_after_a_throttled_answer_is_half_of_what_was_taken_lately(
    database: Database, worker: Worker, clock: SimulatedClock
) -> None:
    pacing = worker(Limits())
    for taken in (0, 40, 0, 20):
        for _ in range(taken):
            pacing.taken(RELAY, "gmail.example")
        await pacing.flush()  # as right after a throttled answer of another domain
        later(clock, 1)
        await pacing.flush()
    pacing.throttled("domain", RELAY, "gmail.example")
    await pacing.flush()
    async with database.read() as tx:
        found = await pace.backed_off(tx, clock().timestamp())
        assert await pace.backed_off(tx, clock().timestamp() + FORGET) == {}
    # Thirty letters a second in those seconds in which there were any.
    assert {key: (backoff.rate, backoff.was) for key, backoff in found.items()} == {"domain:gmail.example": (15, 30)}


async def test_answers_to_what_was_on_its_way_are_not_written_again(database: Database, clock: SimulatedClock) -> None:
    pacing = Pacing(database, Limits(), clock)
    pacing.throttled("domain", RELAY, "gmail.example")
    await pacing.flush()
    async with database.write() as tx:
        await tx.execute(text("DROP TABLE pace"))
    later(clock, QUIET - 0.01)
    pacing.throttled("domain", RELAY, "gmail.example")
    await pacing.flush()
    later(clock, 0.01)
    pacing.throttled("domain", RELAY, "gmail.example")
    with pytest.raises(Exception, match="pace"):
        await pacing.flush()


async def test_the_rate_grows_again_only_while_letters_are_taken(
    database: Database, worker: Worker, clock: SimulatedClock
) -> None:
    first, second = worker(Limits()), worker(Limits())
    first.throttled("domain", RELAY, "gmail.example")
    await first.flush()

    async def rate_after(seconds: float, *taking: Pacing) -> float | None:
        later(clock, seconds)
        for pacing in (first, second):
            await pacing.turns(RELAY, [])  # looks at what the other has written
            if pacing in taking:
                pacing.taken(RELAY, "gmail.example")
        for pacing in (first, second):
            await pacing.flush()
        async with database.read() as tx:
            found = await pace.find(tx, "domain:gmail.example")
        backoff = current(found, clock().timestamp())
        return round(backoff.rate, 3) if backoff else None

    assert await rate_after(STEP, second) == 0.55  # half of the one letter a second that is assumed, and a twentieth
    assert await rate_after(SEEN + 1.0) == 0.55
    assert await rate_after(STEP) == 0.55  # nobody has sent anything
    assert await rate_after(1, first, second) == 0.6  # both have, and it counts once
    assert await rate_after(FORGET, second) is None


async def test_throttled_answers_that_were_not_written_are_kept_until_they_are(
    database: Database, clock: SimulatedClock
) -> None:
    pacing = Pacing(database, Limits(), clock)
    pacing.throttled("domain", RELAY, "gmail.example")
    async with database.write() as tx:
        await tx.execute(text("ALTER TABLE pace RENAME TO away"))
    with pytest.raises(Exception, match="pace"):
        await pacing.flush()
    async with database.write() as tx:
        await tx.execute(text("ALTER TABLE away RENAME TO pace"))
    await pacing.flush()
    async with database.read() as tx:
        assert set(await pace.backed_off(tx, NOW)) == {"domain:gmail.example"}


async def test_a_bucket_comes_back_as_it_was_stored(database: Database) -> None:
    full = Bucket({0: NOW + 0.1, 3600: NOW + 1 / 3}, {1: NOW}, Backoff(1 / 3, 0.7, NOW + 1e-6, NOW + 2))
    async with database.write() as tx:
        assert await pace.lock(tx, []) == {}
        assert await pace.lock(tx, ["domain:b.example", "domain:a.example"]) == {
            "domain:a.example": Bucket(),
            "domain:b.example": Bucket(),
        }
        await pace.keep(tx, {"domain:a.example": full})
    async with database.write() as tx:
        assert await pace.find(tx, "domain:a.example") == full
        assert await pace.lock(tx, ["domain:a.example"]) == {"domain:a.example": full}
        assert await pace.find(tx, "domain:nobody.example") == Bucket()


async def test_buckets_that_say_nothing_any_more_are_removed(
    database: Database, worker: Worker, clock: SimulatedClock
) -> None:
    pacing = worker(GMAIL)
    await pacing.flush()
    await pacing.turns(RELAY, ["gmail.example"])
    pacing.throttled("domain", RELAY, "slow.example")
    await pacing.flush()
    kept: list[set[str]] = []
    for _ in range(2):
        later(clock, CLEAN - 1 if not kept else 1)
        await pacing.flush()
        async with database.read() as tx:
            kept.append(set(await tx.scalars(text("SELECT key FROM pace"))))
    assert kept == [{"domain:gmail.example", "domain:slow.example"}, {"domain:slow.example"}]


def test_limits_come_from_the_settings() -> None:
    settings = Pace(relay="10/s 5000/h", domain="3/s", domains="gmail.example=20/s")
    assert limits_of(settings) == Limits(
        relay=read_limits("10/s 5000/h"), domain=read_limits("3/s"), domains=read_domains("gmail.example=20/s")
    )
    assert limits_of(Pace()) == Limits()
