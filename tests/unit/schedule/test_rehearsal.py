"""A rehearsal: what would go out, from a simulated clock, without touching anything."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from newsletter.outbox.control import cancel, schedule
from newsletter.schedule.rehearsal import Rehearsed, holds_up, rehearse
from newsletter.schedule.state import MailingState
from newsletter.store import mailings
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, PLAN, event, fill

FIRST, REMINDER, REPORT = (f"{EVENT_SLUG}/{entry.name}" for entry in PLAN)


async def play(world: World, begin: date, end: date) -> list[Rehearsed]:
    return await rehearse(world.database, world.templates, begin=begin, end=end)


async def test_it_tells_what_goes_to_how_many_and_when(world: World) -> None:
    await fill(world.database, people=3)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    lines = await play(world, date(2026, 3, 1), date(2026, 12, 31))
    assert [(f"{line.at:%Y-%m-%d %H:%M}", line.mailing, line.recipients, line.remark) for line in lines] == [
        ("2026-03-12 09:00", FIRST, 3, "only if somebody schedules it first"),
        ("2026-04-21 09:00", REMINDER, 3, "goes out"),
        ("2026-04-30 10:00", REPORT, 3, "only if somebody schedules it first"),
    ]
    assert lines[1].subject.startswith("Herinnering: Kennisdag ‘Wonen & zorg’: één dag")


async def test_both_days_belong_to_it_on_the_clock_of_the_series(world: World) -> None:
    await fill(world.database)
    assert [line.mailing for line in await play(world, date(2026, 3, 12), date(2026, 4, 21))] == [FIRST, REMINDER]
    assert [line.mailing for line in await play(world, date(2026, 3, 14), date(2026, 4, 20))] == []


async def test_what_is_still_in_its_window_when_the_days_begin_fires_then(world: World) -> None:
    await fill(world.database)
    [line] = await play(world, date(2026, 3, 13), date(2026, 3, 20))
    assert (line.mailing, f"{line.at:%Y-%m-%d %H:%M}") == (FIRST, "2026-03-13 00:00")


async def test_it_tells_what_is_in_the_way(world: World) -> None:
    await fill(world.database, happening=event((replace(PLAN[0], template="nergens"), PLAN[1], PLAN[2])))
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    async with world.database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.HELD, reason="the event was moved")
    await cancel(world.database, REPORT, now=NOW)
    remarks = {line.mailing: line.remark for line in await play(world, date(2026, 1, 1), date(2026, 12, 31))}
    assert remarks[REMINDER] == "held: the event was moved"
    assert remarks[FIRST].startswith("would be held: there is no template “nergens”")
    assert REPORT not in remarks


async def test_what_would_hold_a_mailing_is_known_before_it_is_due_and_gone_when_it_is_mended(world: World) -> None:
    await fill(world.database, happening=replace(event(), report=""))
    assert (
        await holds_up(world.database, world.templates, REPORT)
        == "the report has no text yet; write it in the event document and import it"
    )
    assert await holds_up(world.database, world.templates, REMINDER) == ""
    async with world.database.write() as tx:
        row = await mailings.get_mailing(tx, REPORT)
        await mailings.set_state(tx, row.id, row.state, MailingState.CANCELLED)
    assert await holds_up(world.database, world.templates, REPORT) == ""  # it is not due any more


async def test_the_same_store_and_days_give_the_same_lines(world: World) -> None:
    await fill(world.database)
    first = await play(world, date(2026, 1, 1), date(2026, 12, 31))
    assert first == await play(world, date(2026, 1, 1), date(2026, 12, 31))
    assert {(await world.row(slug)).state for slug in (FIRST, REMINDER, REPORT)} == {MailingState.DRAFT}


@pytest.fixture
def connections() -> Iterator[list[str]]:
    """Names of network events while the test runs; audit hooks cannot be taken away, only switched off."""
    seen: list[str] = []
    watching = [True]

    def hook(name: str, _args: tuple[object, ...]) -> None:
        if watching[0] and name.startswith("socket."):
            seen.append(name)

    sys.addaudithook(hook)
    yield seen
    watching[0] = False


async def test_it_opens_no_socket(world: World, connections: list[str]) -> None:
    await fill(world.database)
    connections.clear()
    assert await play(world, date(2026, 1, 1), date(2026, 12, 31))
    assert connections == []
