"""What the clock leaves behind."""

from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.events.document import write
from newsletter.events.event import Event
from newsletter.events.importer import import_event
from newsletter.events.plan import Anchor, PlannedMailing, Rule, Unit
from newsletter.outbox.control import schedule
from newsletter.schedule.state import MailingState
from newsletter.store import events, fence, mailings
from newsletter.store.database import open_database
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, event, fill

REMINDER = f"{EVENT_SLUG}/reminder"


async def test_a_backup_from_before_a_mailing_went_out_is_refused_when_it_is_put_back(
    world: World, tmp_path: Path
) -> None:
    await fill(world.database)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    await fence.guard(world.database, now=world.clock())
    await world.database.close()  # so that all of it is in the file
    file = tmp_path / "store.sqlite"
    backup = file.read_bytes()
    await world.fire_at_its_time(REMINDER)
    await world.database.close()
    file.write_bytes(backup)
    restored = await open_database(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="this store is older than it was here, so nothing is sent from it"):
        await fence.guard(restored, now=world.clock())
    await restored.close()


async def content(world: World, slug: str) -> str:
    """The plain text of a mailing as it was frozen."""
    async with world.database.read() as tx:
        mailing = await mailings.content_of(tx, (await mailings.get_mailing(tx, slug)).id)
    assert mailing is not None
    return " ".join(mailing.text.split())


async def told(world: World) -> Event | None:
    async with world.database.read() as tx:
        return await events.told_of(tx, EVENT_SLUG)


def planned(name: str, template: str) -> PlannedMailing:
    """On the day itself, so that all of them are still ahead."""
    return PlannedMailing(
        name=name, template=template, when=Rule(amount=0, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))
    )


async def fire(world: World, name: str) -> None:
    slug = f"{EVENT_SLUG}/{name}"
    await schedule(world.database, world.templates, slug, recipients=3, now=world.clock(), at=world.clock())
    await world.fire_at_its_time(slug)


async def test_a_moved_event_is_told_with_its_old_and_its_new_date(world: World) -> None:
    plan = (planned("first", "announcement"), planned("changed", "changed"), planned("notice", "notice"))
    await fill(world.database, happening=event(plan))
    await fire(world, "first")
    assert await told(world) == event(plan)
    later = replace(
        event(plan),
        start=datetime(2026, 5, 7, 14),
        end=datetime(2026, 5, 7, 17),
        programme=(),
        notice="Wij zoeken nog een zaal.",
        change="De spreker kon niet.",
    )
    names = world.templates.names()
    await import_event(world.database, write(later), "x.md", templates=names, now=world.clock())
    await fire(world, "notice")  # it says nothing of the date, so nobody knows the new one yet
    assert await told(world) == event(plan)
    await fire(world, "changed")
    text = await content(world, f"{EVENT_SLUG}/changed")
    assert "donderdag 23 april 2026" in text
    assert "donderdag 7 mei 2026" in text
    assert await told(world) == later


async def test_a_letter_that_says_cancelled_waits_until_the_event_is(world: World) -> None:
    plan = (planned("first", "announcement"), planned("off", "cancelled"))
    await fill(world.database, happening=event(plan))
    await fire(world, "off")
    row = await world.row(f"{EVENT_SLUG}/off")
    assert row.state is MailingState.HELD
    assert row.reason.startswith("it says that the event is cancelled, and the event is not; write “status: cancelled”")
    assert await told(world) is None
