"""`newsletter run` from within: the store is the truth, and edits count while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsletter.outbox.control import cancel, schedule
from newsletter.outbox.worker import Sending
from newsletter.schedule.runner import Runner
from newsletter.schedule.state import MailingState
from newsletter.store import audience, mailings
from newsletter.store.ledger import open_ledger
from tests.smtp_server import Server, smtp_server
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, event, fill

REMINDER = f"{EVENT_SLUG}/reminder"
REPORT = f"{EVENT_SLUG}/report"


class Said:
    """What the runner said, and a way to wait for a sentence."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, sentence: str) -> None:
        self.sentences.append(sentence)
        self._changed.set()

    async def wait_for(self, part: str) -> str:
        async with asyncio.timeout(120):
            while True:
                for sentence in self.sentences:
                    if part in sentence:
                        return sentence
                self._changed.clear()
                await self._changed.wait()


def real_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running(world: World, sending: Sending, said: Said) -> AsyncIterator[Runner]:
    """A runner on the real clock, because APScheduler has no other; it refreshes ten times a second."""
    runner = Runner(
        replace(sending, clock=real_now),
        world.templates,
        refresh=timedelta(seconds=0.1),
        say=said,
        patience=timedelta(seconds=0.1),
    )
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        runner.stop()
        async with asyncio.timeout(120):
            await task


async def soon(world: World, slug: str = REMINDER, *, seconds: float = 0.5) -> datetime:
    """Schedule a mailing a moment ahead."""
    now = real_now()
    at = now + timedelta(seconds=seconds)
    await schedule(world.database, world.templates, slug, recipients=3, now=now, at=at)
    return at


async def far_ahead(world: World) -> None:
    """The event lies half a year ahead of the real clock, so that all its mailings do."""
    start = real_now().replace(tzinfo=None, microsecond=0) + timedelta(days=180)
    await fill(world.database, happening=replace(event(), start=start, end=start + timedelta(hours=3), programme=()))


async def test_a_mailing_scheduled_while_it_runs_arrives_once_and_not_before_its_time(world: World) -> None:
    await far_ahead(world)
    said = Said()
    async with world.server() as (server, sending), running(world, sending, said):
        at = await soon(world)
        await said.wait_for(f"{REMINDER}: sent")
        assert real_now() >= at
    recipients = [recipient for _, recipient, _ in server.letters]
    assert sorted(recipients) == ["person-0@example.nl", "person-1@example.nl", "person-2@example.nl"]


async def test_stopping_and_starting_in_between_changes_nothing(world: World) -> None:
    await far_ahead(world)
    said = Said()
    async with world.server() as (server, sending):
        async with running(world, sending, said):
            await soon(world, seconds=4)
            await said.wait_for(f"{REMINDER}: due")
        assert server.letters == []
        async with running(world, sending, said):
            await said.wait_for(f"{REMINDER}: sent")
        async with running(world, sending, again := Said()):
            await soon(world, REPORT)
            await again.wait_for(f"{REPORT}: sent")
    assert len(server.letters) == 6
    assert not [sentence for sentence in again.sentences if REMINDER in sentence]


async def test_a_mailing_cancelled_while_it_runs_is_not_sent(world: World) -> None:
    await far_ahead(world)
    said = Said()
    async with world.server() as (server, sending), running(world, sending, said):
        await soon(world, seconds=60)
        await said.wait_for(f"{REMINDER}: due")
        await cancel(world.database, REMINDER, now=real_now())
        await said.wait_for(f"{REMINDER}: no longer due")
        await soon(world, REPORT)
        await said.wait_for(f"{REPORT}: sent")
    assert len(server.letters) == 3
    assert (await world.row(REMINDER)).state is MailingState.CANCELLED


async def test_a_mailing_given_another_time_while_it_runs_keeps_the_new_one(world: World) -> None:
    await far_ahead(world)
    said = Said()
    async with world.server() as (server, sending), running(world, sending, said):
        await soon(world, seconds=60)
        await said.wait_for(f"{REMINDER}: due")
        await soon(world, seconds=0.5)
        await said.wait_for(f"{REMINDER}: sent")
    assert len(server.letters) == 3


async def test_two_runners_send_every_letter_once(world: World) -> None:
    await far_ahead(world)
    said = Said()
    async with world.server() as (server, sending), running(world, sending, said), running(world, sending, said):
        await soon(world)
        await said.wait_for(f"{REMINDER}: sent")
    assert len(server.letters) == len({recipient for _, recipient, _ in server.letters}) == 3


async def test_what_came_due_while_nothing_ran_is_sent_or_missed_as_its_window_says(world: World) -> None:
    await far_ahead(world)
    for slug, hours in ((REMINDER, -5), (REPORT, -25)):
        at = real_now() + timedelta(seconds=60)
        await schedule(world.database, world.templates, slug, recipients=3, now=real_now(), at=at)
        async with world.database.write() as tx:
            row = await mailings.get_mailing(tx, slug)
            due_at = real_now() + timedelta(hours=hours)
            closes_at = due_at + row.planned.window
            await mailings.set_state(tx, row.id, row.state, row.state, due_at=due_at, closes_at=closes_at)
    said = Said()
    async with world.server() as (server, sending), running(world, sending, said):
        await said.wait_for(f"{REMINDER}: sent")
        await said.wait_for(f"{REPORT}: missed")
    assert len(server.letters) == 3


async def test_trouble_with_the_server_is_said_once_and_the_letters_leave_when_it_is_back(world: World) -> None:
    await far_ahead(world)
    async with smtp_server() as server:
        port = server.port
    said = Said()
    async with running(world, world.sending(port), said):
        await soon(world, seconds=0.1)
        await said.wait_for("cannot be reached")
        async with smtp_server(port=port) as server:
            await said.wait_for(f"{REMINDER}: sent")
            assert len(server.letters) == 3
    assert len([sentence for sentence in said.sentences if "cannot be reached" in sentence]) == 1


async def test_letters_left_by_an_earlier_run_leave_at_the_start(world: World) -> None:
    await far_ahead(world)
    async with world.database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SENDING, content=None)
    await prepare_sending(world, row.id)
    said = Said()
    server: Server
    async with world.server() as (server, sending), running(world, sending, said):
        await said.wait_for(f"{REMINDER}: sent")
    assert len(server.letters) == 3


async def prepare_sending(world: World, mailing_id: int) -> None:
    """A mailing as a killed process leaves it: being sent, its letters claimed, the lease over."""
    from newsletter.store.documents import dump
    from newsletter.store.tables import mailings as table
    from tests.world import mailing_content

    long_ago = real_now() - timedelta(minutes=5)
    async with world.database.write() as tx:
        values = {"content": dump(mailing_content()), "started_at": long_ago}
        await tx.execute(table.update().where(table.c.id == mailing_id).values(values))
        await audience.enqueue(tx, mailing_id, now=long_ago)
    ledger = await open_ledger(world.database, "killed")
    assert len(await ledger.claim(10, now=long_ago, until=long_ago + timedelta(minutes=1))) == 3
    await ledger.close()
