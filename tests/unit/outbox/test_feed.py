"""Letters are ready before they are asked for, but only a few, and whoever waits is always told."""

import asyncio
from collections.abc import Sequence

import pytest

from newsletter.outbox.feed import Feed


class Maker:
    """Makes numbers, up to `last`, and remembers how many it was asked for each time."""

    def __init__(self, last: int) -> None:
        self._last, self._next, self.asked = last, 1, list[int]()

    async def __call__(self, limit: int) -> Sequence[int] | None:
        self.asked.append(limit)
        if self._next > self._last:
            return None
        made = range(self._next, min(self._next + limit, self._last + 1))
        self._next = made.stop
        return made


async def settle() -> None:
    """Until everything that can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_everybody_gets_the_next_and_none_when_nothing_is_left() -> None:
    feed = Feed(Maker(25), ahead=8)
    running = asyncio.create_task(feed.run())

    async def connection() -> list[int]:
        taken = []
        while (one := await feed.take()) is not None:
            taken.append(one)
        return taken

    taken = await asyncio.gather(*(connection() for _ in range(4)))
    await running
    assert sorted(one for part in taken for one in part) == list(range(1, 26))
    assert await feed.take() is None


async def test_only_so_many_are_made_ahead() -> None:
    maker = Maker(100)
    feed = Feed(maker, ahead=8)
    running = asyncio.create_task(feed.run())
    await settle()
    assert maker.asked == [8]
    assert [feed.take_now() for _ in range(5)] == [1, 2, 3, 4, 5]
    await settle()
    assert maker.asked == [8]  # three are left
    running.cancel()


async def test_when_few_are_left_as_many_are_made_as_were_taken() -> None:
    maker = Maker(100)
    feed = Feed(maker, ahead=8)
    running = asyncio.create_task(feed.run())
    await settle()
    assert [feed.take_now() for _ in range(7)] == [1, 2, 3, 4, 5, 6, 7]
    await settle()
    assert maker.asked == [8, 7]
    running.cancel()


@pytest.mark.parametrize(("taken", "asked"), [(0, [8]), (1, [8, 1]), (3, [8, 3])])
async def test_a_refill_makes_as_many_as_were_taken_and_nothing_else(taken: int, asked: list[int]) -> None:
    maker = Maker(100)
    feed = Feed(maker, ahead=8)
    running = asyncio.create_task(feed.run())
    await settle()
    for _ in range(taken):
        feed.take_now()
    feed.refill()
    await settle()
    assert maker.asked == asked
    running.cancel()


async def test_what_is_removed_reaches_nobody() -> None:
    feed = Feed(Maker(8), ahead=8)
    running = asyncio.create_task(feed.run())
    await settle()
    feed.remove(lambda number: number % 2 == 0)
    assert [await feed.take() for _ in range(5)] == [1, 3, 5, 7, None]
    await running


async def test_whoever_waits_is_told_when_making_fails() -> None:
    async def fail(limit: int) -> Sequence[int] | None:
        await asyncio.sleep(0)
        raise RuntimeError("unforeseen")

    feed = Feed(fail, ahead=8)
    running = asyncio.create_task(feed.run())
    assert set(await asyncio.gather(feed.take(), feed.take())) == {None}
    with pytest.raises(RuntimeError, match="unforeseen"):
        await running


async def test_a_taker_that_was_given_up_takes_nothing_with_it() -> None:
    made: asyncio.Future[Sequence[int] | None] = asyncio.get_running_loop().create_future()
    rounds = iter([made])

    async def make(limit: int) -> Sequence[int] | None:
        future = next(rounds, None)
        return await future if future else None

    feed = Feed(make, ahead=1)
    running = asyncio.create_task(feed.run())
    gone, stays = asyncio.create_task(feed.take()), asyncio.create_task(feed.take())
    await settle()
    gone.cancel()
    await settle()
    made.set_result([1])
    assert await stays == 1
    running.cancel()


async def test_several_are_made_at_the_same_time_where_that_was_asked_for() -> None:
    under_way, all_there = 0, asyncio.Event()

    async def make(limit: int) -> Sequence[int] | None:
        nonlocal under_way
        under_way += 1
        if under_way == 3:
            all_there.set()
        await all_there.wait()
        return None

    async with asyncio.timeout(10):
        await Feed(make, ahead=8, at_once=3).run()
    assert under_way == 3
