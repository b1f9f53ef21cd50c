"""How far mailboxes were read, and who reads them: the same on both stores."""

import asyncio
from datetime import UTC, datetime, timedelta

from newsletter.inbound.turn import StoredTurn
from newsletter.store.cursors import Cursor, find_cursor, keep_cursor
from newsletter.store.database import Database

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LEASE = timedelta(seconds=60)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def turn(database: Database, name: str, clock: Clock) -> StoredTurn:
    return StoredTurn(database=database, name=name, lease=LEASE, clock=clock)


async def test_a_cursor_is_kept_for_each_source_and_moves(database: Database) -> None:
    one = Cursor(validity=2**32 - 1, uid=2**32 - 1, at=NOW)
    async with database.write() as tx:
        assert await find_cursor(tx, "a") is None
        await keep_cursor(tx, "a", Cursor(validity=1, uid=1, at=NOW))
        await keep_cursor(tx, "b", Cursor(validity=2, uid=2, at=NOW))
        await keep_cursor(tx, "a", one)
    async with database.read() as tx:
        assert await find_cursor(tx, "a") == one
        assert await find_cursor(tx, "b") == Cursor(validity=2, uid=2, at=NOW)


async def test_one_of_many_has_the_turn_and_keeps_it(database: Database) -> None:
    clock = Clock()
    turns = [turn(database, f"host-{number}", clock) for number in range(5)]
    got = await asyncio.gather(*(one.take() for one in turns))
    assert got.count(True) == 1
    mine, other = turns[got.index(True)], turns[got.index(False)]
    clock.now += LEASE * 2 / 3
    assert await mine.take()
    clock.now += LEASE * 2 / 3
    assert not await other.take()
    assert await other.holder() == mine.name


async def test_who_says_nothing_for_a_lease_has_lost_it(database: Database) -> None:
    clock = Clock()
    assert await turn(database, "a", clock).take()
    clock.now += LEASE + timedelta(seconds=1)
    assert await turn(database, "b", clock).take()
    assert not await turn(database, "a", clock).take()


async def test_who_leaves_makes_way_at_once_and_for_nobody_else(database: Database) -> None:
    clock = Clock()
    assert await turn(database, "host_a", clock).take()
    await turn(database, "b", clock).leave()
    await turn(database, "host%a", clock).leave()
    assert not await turn(database, "b", clock).take()
    assert not await turn(database, "host%a", clock).take()
    await turn(database, "host_a", clock).leave()
    assert await turn(database, "b", clock).holder() == ""
    assert await turn(database, "b", clock).take()
