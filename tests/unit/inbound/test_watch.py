"""Watching: the trouble of one source never stops another, and only one process watches at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.errors import InboundError, StoreError
from newsletter.inbound.incoming import Incoming, Take
from newsletter.inbound.patience import Patience, keep_going
from newsletter.inbound.watch import Watch
from tests.intake import Intake

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUICK = Patience(first=0.01, most=0.02, settled=0.05)


class Place:
    """A source that a test fills; with `trouble` it cannot be used."""

    def __init__(self, name: str) -> None:
        self.name, self.trouble, self.tries, self.closed = name, "", 0, 0
        self.watchers = 0
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def round(self, take: Take) -> int:
        self._check()
        many = self.queue.qsize()
        while not self.queue.empty():
            await take(self._incoming(self.queue.get_nowait()))
        return many

    async def watch(self, take: Take) -> None:
        self._check()
        self.watchers += 1
        try:
            while True:
                await take(self._incoming(await self.queue.get()))
                self._check()
        finally:
            self.watchers -= 1

    async def close(self) -> None:
        self.closed += 1

    def _check(self) -> None:
        self.tries += 1
        if self.trouble:
            raise InboundError(self.trouble)

    def _incoming(self, key: str) -> Incoming:
        return Incoming(source=self.name, key=key, raw=b"x", received_at=NOW)


class Forwards:
    def __init__(self) -> None:
        self.rounds, self.woken, self.runs = 0, 0, 0

    async def round(self) -> int:
        self.rounds += 1
        return 0

    async def run(self) -> None:
        self.runs += 1
        await asyncio.Event().wait()

    def wake(self) -> None:
        self.woken += 1


class Turns:
    """A turn that a test gives and takes."""

    lease = timedelta(seconds=0.03)

    def __init__(self) -> None:
        self.ours, self.left, self.broken = False, False, False

    async def take(self) -> bool:
        if self.broken:
            raise StoreError("the store has gone")
        return self.ours

    async def holder(self) -> str:
        return "other-host"

    async def leave(self) -> None:
        self.left = True


@asynccontextmanager
async def running(watch: Watch) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(watch.run())
    try:
        async with asyncio.timeout(20):
            yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(4000):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to be so")


async def test_the_trouble_of_one_source_stops_no_other_and_is_said_once() -> None:
    intake, said = Intake(), list[str]()
    bad, good = Place("bad"), Place("good")
    bad.trouble = "no such host"
    async with running(Watch([bad, good], intake.take, None, patience=QUICK, say=said.append)):
        await until(lambda: bad.tries > 3)
        good.queue.put_nowait("1")
        await intake.wait_for(1)
        bad.trouble = ""
        bad.queue.put_nowait("2")
        await intake.wait_for(2)
        await until(lambda: len(said) == 2)
    assert said[0].startswith("bad: no such host; trying again in ")
    assert said[1] == "bad: works again"
    assert (bad.closed, good.closed) == (1, 1)


async def test_a_store_that_cannot_be_used_loses_nothing() -> None:
    intake, said = Intake(), list[str]()
    intake.broken = True
    place = Place("a")
    place.queue.put_nowait("1")
    async with running(Watch([place], intake.take, None, patience=QUICK, say=said.append)):
        await until(lambda: place.tries > 1)
        intake.broken = False
        place.queue.put_nowait("1")
        await intake.wait_for(1)
    assert "disk full" in said[0]


async def test_what_nobody_expected_stops_nothing_either() -> None:
    said = list[str]()

    async def take(incoming: Incoming) -> None:
        raise ZeroDivisionError(incoming.key)

    place, other = Place("a"), Place("b")
    place.queue.put_nowait("1")
    async with running(Watch([place, other], take, None, patience=QUICK, say=said.append)) as task:
        await until(lambda: bool(said) and place.watchers == other.watchers == 1)
        assert not task.done()
    assert said[0].startswith("a: unexpected ZeroDivisionError: 1")


async def test_replies_are_sent_on_as_they_come() -> None:
    intake, forwards, place = Intake(), Forwards(), Place("a")
    async with running(Watch([place], intake.take, forwards, patience=QUICK, say=print)):
        await until(lambda: forwards.runs == 1)
        before = forwards.woken
        place.queue.put_nowait("1")
        await intake.wait_for(1)
        await until(lambda: forwards.woken > before)


async def test_once_looks_everywhere_once_and_says_where_it_could_not() -> None:
    intake, forwards, done = Intake(), Forwards(), list[str]()
    bad, good, pushed = Place("bad"), Place("good"), Place("lmtp")
    bad.trouble = "no such host"
    good.queue.put_nowait("1")
    good.queue.put_nowait("2")

    async def chores() -> None:
        done.append("chores")

    watch = Watch([bad, good], intake.take, forwards, say=print, pushed=[pushed], chores=chores)
    assert await watch.once() == {"good": 2}
    assert watch.troubles == {"bad": "no such host"}
    assert (forwards.rounds, done, pushed.tries, bad.closed) == (1, ["chores"], 0, 1)


async def test_only_who_has_the_turn_watches_and_everybody_listens() -> None:
    intake, said, turn = Intake(), list[str](), Turns()
    place, pushed = Place("imap"), Place("lmtp")
    watch = Watch([place], intake.take, Forwards(), patience=QUICK, say=said.append, pushed=[pushed], turn=turn)
    async with running(watch):
        await until(lambda: pushed.watchers == 1 and bool(said))
        assert place.watchers == 0
        turn.ours = True
        await until(lambda: place.watchers == 1)
        turn.broken = True  # without the store nobody can take it from us
        await asyncio.sleep(0.05)
        assert place.watchers == 1
        turn.broken, turn.ours = False, False
        await until(lambda: place.watchers == 0)
        turn.ours = True
        await until(lambda: place.watchers == 1)
    assert said == ["other-host watches the mailboxes; this one stands by"] * 2
    assert turn.left
    assert pushed.watchers == 0


@pytest.mark.parametrize(
    ("failures", "chance", "expected"),
    [(1, 0, 5), (2, 0, 10), (3, 0, 20), (8, 0, 640), (9, 0, 900), (9999, 0, 900), (1, 1, 2.5), (3, 0.5, 15)],
)
def test_patience_grows_to_a_limit_and_chance_shortens_it(failures: int, chance: float, expected: float) -> None:
    assert Patience().after(failures, chance) == expected


async def test_what_ends_by_itself_begins_again() -> None:
    said, times = list[str](), list[int]()

    async def end() -> None:
        times.append(1)

    task = asyncio.create_task(keep_going("it", end, patience=QUICK, say=said.append, chance=lambda: 0.5))
    await until(lambda: len(times) > 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert said == ["it: it ended by itself; trying again in 0 seconds, then less and less often"]
