"""A mailing in which something must be mended is not scheduled, unless somebody says why."""

from dataclasses import replace

import pytest

from newsletter.errors import StateError
from newsletter.outbox import control
from newsletter.outbox.fire import compose_row
from newsletter.preflight.shell import check_all
from newsletter.schedule.state import MailingState
from newsletter.store import audience, events, journal
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, event, fill

FIRST = f"{EVENT_SLUG}/save-the-date"
FAULTY = replace(event(), announcement="Lees de [agenda](http://localhost/agenda) van de dag.\n\nTot dan.")


async def notes(world: World) -> list[tuple[str, str]]:
    async with world.database.read() as tx:
        return [(note["action"], note["detail"]) for note in await journal.read_notes(tx, FIRST)]


@pytest.mark.parametrize("reason", ["", "  "])
async def test_a_fault_keeps_a_mailing_from_being_scheduled(world: World, reason: str) -> None:
    await fill(world.database, happening=FAULTY)
    with pytest.raises(StateError, match=r"localhost.*newsletter mailing check .*--despite"):
        await control.schedule(world.database, world.templates, FIRST, recipients=3, now=NOW, despite=reason)
    assert (await world.row(FIRST)).state is MailingState.DRAFT
    assert "despite" not in [action for action, _ in await notes(world)]


async def test_a_reason_lets_it_pass_and_is_kept_with_what_was_not_mended(world: World) -> None:
    await fill(world.database, happening=FAULTY)
    reason = " alleen voor collega’s "
    row = await control.schedule(world.database, world.templates, FIRST, recipients=3, now=NOW, despite=reason)
    assert row.state is MailingState.SCHEDULED
    assert ("despite", "alleen voor collega’s (not mended: link-host)") in await notes(world)


async def test_a_reason_without_a_fault_leaves_no_trace(world: World) -> None:
    await fill(world.database)
    await control.schedule(world.database, world.templates, FIRST, recipients=3, now=NOW, despite="voor het geval dat")
    assert "despite" not in [action for action, _ in await notes(world)]


async def test_the_whole_check_looks_at_the_mailing_and_at_everybody_in_the_store(world: World) -> None:
    faulty = replace(
        event(), announcement="U bent [[ subscriber.functie ]] bij [[ subscriber.organisation ]].\n\nTot dan."
    )
    await fill(world.database, people=7, happening=faulty)
    row = await world.row(FIRST)
    content = await compose_row(world.database, world.templates, row, now=NOW)
    async with world.database.read() as tx:
        happening = await events.get_event(tx, EVENT_SLUG)
        checked = await check_all(content, happening, audience.audience(tx, row.id), now=NOW)
    [fault] = [one for one in checked.findings if one.level.value == "must"]
    assert "7 of 7 recipients have no value for subscriber.functie" in fault.what
    assert len(fault.recipients) == 5
    assert checked.letters.letters == 0
