"""Every state of a mailing × everything that can be asked of it: what it becomes, or that it is refused."""

import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from newsletter.errors import CountError, StateError
from newsletter.outbox import control, remedy
from newsletter.outbox.correct import correct
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.remedy import Verdict
from newsletter.schedule.state import MailingState
from newsletter.store import mailings, remedies
from newsletter.store.database import open_database
from newsletter.store.tables import deliveries
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, fill

REMINDER = f"{EVENT_SLUG}/reminder"
PEOPLE = 4
Step = Callable[[World], Awaitable[object]]


async def draft(world: World) -> None:
    await fill(world.database, people=PEOPLE)


async def scheduled(world: World) -> None:
    await draft(world)
    await schedule(world)


async def held(world: World) -> None:
    await scheduled(world)
    await hold(world)


async def missed(world: World) -> None:
    await scheduled(world)
    closes_at = (await world.row(REMINDER)).closes_at
    assert closes_at is not None
    world.clock.now = closes_at
    await look_at_clock(world.database, world.templates, now=closes_at)


async def cancelled(world: World) -> None:
    await scheduled(world)
    await cancel(world)


async def sending(world: World) -> None:
    """One letter is sent, one in doubt, one has failed, and one waits."""
    await scheduled(world)
    await world.fire_at_its_time(REMINDER)
    await settle(world, ("sent", "in_doubt", "failed"))


async def settle(world: World, states: tuple[str, ...]) -> None:
    async with world.database.write() as tx:
        for number, state in enumerate(states, 1):
            mine = deliveries.c.subscriber_id == number
            await tx.execute(update(deliveries).where(mine).values(state=state, next_at=None))


async def paused(world: World) -> None:
    await sending(world)
    await hold(world)


async def stopped(world: World) -> None:
    await sending(world)
    async with world.database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.HELD, reason="the event was moved")


async def sent(world: World) -> None:
    await sending(world)
    await settle(world, ("sent", "in_doubt", "failed", "sent"))
    await close_ended(world.database, now=world.clock())


async def cancelled_on_its_way(world: World) -> None:
    await sending(world)
    await cancel(world)


async def cancelled_with_nobody_left(world: World) -> None:
    await sending(world)
    await settle(world, ("sent", "in_doubt", "failed", "sent"))
    await cancel(world)


async def schedule(world: World) -> None:
    count = await control.count_audience(world.database, REMINDER)
    await control.schedule(world.database, world.templates, REMINDER, recipients=count, now=world.clock())


async def schedule_at(world: World) -> None:
    count, at = await control.count_audience(world.database, REMINDER), world.clock() + timedelta(hours=1)
    await control.schedule(world.database, world.templates, REMINDER, recipients=count, now=world.clock(), at=at)


async def hold(world: World) -> None:
    await control.hold(world.database, REMINDER, now=world.clock())


async def pause(world: World) -> None:
    mailing_id = (await world.row(REMINDER)).id
    if not await control.pause(world.database, mailing_id, "why", now=world.clock()):
        raise StateError("there is nothing to pause")


async def resume(world: World) -> None:
    await control.resume(world.database, REMINDER, now=world.clock())


async def cancel(world: World) -> None:
    await control.cancel(world.database, REMINDER, now=world.clock())


async def count_as_sent(world: World) -> None:
    await remedy.resolve(world.database, world.templates, REMINDER, Verdict.SENT, now=world.clock())


async def repeat_in_doubt(world: World) -> None:
    await remedy.resolve(world.database, world.templates, REMINDER, Verdict.AGAIN, now=world.clock())


async def repeat_failed(world: World) -> None:
    async with world.database.read() as tx:
        count = await remedies.count_failed(tx, (await mailings.get_mailing(tx, REMINDER)).id)
    await remedy.again(world.database, world.templates, REMINDER, recipients=count, now=world.clock())


async def make_correction(world: World) -> None:
    await correct(world.database, world.templates, REMINDER, label="Correctie", now=world.clock())


VERBS: tuple[Step, ...] = (
    schedule,
    schedule_at,
    hold,
    pause,
    resume,
    cancel,
    count_as_sent,
    repeat_in_doubt,
    repeat_failed,
    make_correction,
)
#: By situation, in the order of VERBS, the state that follows; "-" is a refusal.
TABLE: tuple[tuple[Step, str], ...] = (
    (draft, "scheduled scheduled - - - cancelled - - - -"),
    (scheduled, "- scheduled held - - cancelled - - - -"),
    (held, "scheduled scheduled - - - cancelled - - - -"),
    (sending, "- - held held - cancelled sending sending sending -"),
    (paused, "scheduled scheduled - - sending cancelled held held held held"),
    (stopped, "scheduled scheduled - - - cancelled held held held held"),
    (sent, "- - - - - - sent sending sending sent"),
    (missed, "- scheduled - - - cancelled - - - -"),
    (cancelled, "scheduled scheduled - - - - - - - -"),
    (cancelled_on_its_way, "scheduled scheduled - - - - cancelled - - cancelled"),
    (cancelled_with_nobody_left, "- - - - - - cancelled sending sending cancelled"),
)


@pytest.mark.parametrize(("situation", "row"), TABLE, ids=[situation.__name__ for situation, _ in TABLE])
async def test_what_becomes_of_a_mailing(world: World, tmp_path: Path, situation: Step, row: str) -> None:
    await situation(world)
    found = {verb.__name__: await attempt(world, tmp_path, verb) for verb in VERBS}
    assert found == {verb.__name__: state for verb, state in zip(VERBS, row.split(), strict=True)}


async def attempt(world: World, folder: Path, verb: Step) -> str:
    """The state after a verb, tried on a copy of the store; a refusal must have changed nothing."""
    async with world.database.write():  # nobody else writes, so the copy is whole
        file = copied(folder, f"{verb.__name__}.sqlite")
    database = await open_database(f"sqlite:///{file}")
    try:
        copy = World(database, world.templates, world.clock)
        before = (await copy.row(REMINDER), await copy.states(REMINDER))
        try:
            await verb(copy)
        except (StateError, CountError):
            assert (await copy.row(REMINDER), await copy.states(REMINDER)) == before
            return "-"
        return (await copy.row(REMINDER)).state.value
    finally:
        await database.close()


def copied(folder: Path, name: str) -> Path:
    for part in folder.glob("store.sqlite*"):
        shutil.copy(part, folder / part.name.replace("store.sqlite", name))
    return folder / name


def test_the_table_has_every_state() -> None:
    situations = {situation.__name__ for situation, _ in TABLE}
    assert {state.value for state in MailingState} <= situations
