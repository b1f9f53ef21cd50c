"""Outcomes of several connections share commits, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from newsletter.errors import StoreError
from newsletter.outbox.delivery import Batch, Delivery, DeliveryState
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.outbox.register import Register
from newsletter.outbox.retry import Decision
from newsletter.store import deliveries, mailings
from newsletter.store.ledger import Ledger, Settled, open_ledger
from tests.unit.conftest import World
from tests.unit.outbox.test_sending import REMINDER, start

SENT = Outcome(OutcomeKind.SENT, "letter", 250, "2.0.0", "queued")


class Counted(Ledger):
    """A ledger that counts its commits."""

    def __init__(self, inner: Ledger) -> None:
        self._inner, self.commits = inner, 0

    async def claim(self, limit: int, *, now: datetime, until: datetime, within: Batch | None = None) -> list[Delivery]:
        return await self._inner.claim(limit, now=now, until=until, within=within)

    async def commit(
        self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime, again: bool = False
    ) -> frozenset[int]:
        self.commits += 1
        return await self._inner.commit(settled, begun, now=now, again=again)

    async def close(self) -> None:
        await self._inner.close()


def done(delivery_id: int, at: datetime) -> Settled:
    return Settled(delivery_id, 1, Decision(state=DeliveryState.SENT), SENT, at, 0.0)


async def test_ten_connections_need_far_fewer_commits_than_letters(world: World) -> None:
    await start(world, 200)
    ledger = Counted(await open_ledger(world.database, "worker"))
    now = world.clock()
    waiting = [one.id for one in await ledger.claim(200, now=now, until=now + timedelta(minutes=1))]
    register = Register(ledger, world.clock)
    for _ in range(10):
        register.join()

    async def connection() -> None:
        mine = waiting.pop()
        assert await register.enter(None, mine)
        while waiting:
            following = waiting.pop()
            assert await register.enter(done(mine, now), following)
            mine = following
        await register.enter(done(mine, now), None)

    await asyncio.gather(*(connection() for _ in range(10)))
    await register.close()
    await ledger.close()
    assert ledger.commits <= 60
    assert await world.states(REMINDER) == {"sent": 200}


async def test_what_nobody_waits_for_is_written_before_it_closes(world: World) -> None:
    await start(world, 2)
    ledger = await open_ledger(world.database, "worker")
    now = world.clock()
    claimed = await ledger.claim(2, now=now, until=now + timedelta(minutes=1))
    register = Register(ledger, world.clock)
    for _ in range(10):
        register.join()
    for one in claimed:
        register.note(done(one.id, now))
    await register.close()
    await ledger.close()
    async with world.database.read() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        assert len(await deliveries.attempts_of(tx, row.id)) == 2


async def test_of_two_that_begin_the_same_letter_in_one_commit_one_may(world: World) -> None:
    """What was given back, and claimed again, may still be in the hands of another connection."""
    await start(world, 2)
    ledger = await open_ledger(world.database, "worker")
    now = world.clock()
    one, other = [one.id for one in await ledger.claim(2, now=now, until=now + timedelta(minutes=1))]
    register = Register(ledger, world.clock)
    for _ in range(3):
        register.join()
    told = await asyncio.gather(*(register.enter(None, begun) for begun in (one, other, one)))
    assert [bool(at) for at in told] == [True, True, False]
    await register.close()
    await ledger.close()
    assert await world.states(REMINDER) == {"sending": 2}


class Failing(Counted):
    """A ledger whose disk has gone."""

    failure: Exception

    async def commit(
        self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime, again: bool = False
    ) -> frozenset[int]:
        raise self.failure


class Silent(Counted):
    """A ledger that writes, and whose word about it is lost each time."""

    async def commit(
        self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime, again: bool = False
    ) -> frozenset[int]:
        answer = await super().commit(settled, begun, now=now, again=again)
        if not again:
            raise StoreError("the store cannot be used now: the connection was lost")
        return answer


async def test_what_was_written_though_the_word_was_lost_goes_on_and_is_written_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.outbox.register.PATIENCE", (0,))
    await start(world, 3)
    ledger = Silent(await open_ledger(world.database, "worker"))
    now = world.clock()
    first, second, third = [one.id for one in await ledger.claim(3, now=now, until=now + timedelta(minutes=1))]
    register = Register(ledger, world.clock)
    register.join()
    for before, following in ((None, first), (first, second), (second, third), (third, None)):
        assert await register.enter(done(before, now) if before else None, following)
    await register.close()
    await ledger.close()
    assert ledger.commits == 8
    assert await world.states(REMINDER) == {"sent": 3}
    async with world.database.read() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        assert len(await deliveries.attempts_of(tx, row.id)) == 3


@pytest.mark.parametrize("failure", [StoreError("the store cannot be used now"), RuntimeError("unforeseen")])
async def test_when_the_store_has_gone_everybody_is_told(
    world: World, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.outbox.register.PATIENCE", (0, 0))
    ledger = Failing(await open_ledger(world.database, "worker"))
    ledger.failure = failure
    register = Register(ledger, world.clock)
    for _ in range(4):
        register.join()
    waiting = [register.enter(None, number) for number in range(3)]
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert told == [failure] * 3
    with pytest.raises(type(failure)):
        register.enter(None, 4)
    with pytest.raises(type(failure)):
        await register.close()
    await ledger.close()
