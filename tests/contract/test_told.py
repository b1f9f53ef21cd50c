"""What every store keeps for an event: how people were last told of it, and the names by which the world knows it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from newsletter.events.event import Event, EventStatus, Mailbox
from newsletter.schedule.rules import starts_at
from newsletter.store import events
from newsletter.store.around import around_of, is_to_come
from newsletter.store.database import Database
from newsletter.store.tables import events as table
from newsletter.store.tables import series as series_table
from tests.world import EVENT_SLUG, event, fill

LATER = replace(event(), start=datetime(2026, 5, 7, 13), end=datetime(2026, 5, 7, 16), programme=())
ANOTHER_SENDER = replace(event().series, sender=Mailbox(name="Kennisdagen", address="post@elders.example.org"))


async def store(database: Database, *all_of_them: Event) -> None:
    async with database.write() as tx:
        for one in all_of_them:
            await events.store_event(tx, one, starts_at(one))


async def stored(database: Database) -> Event:
    async with database.read() as tx:
        return await events.get_event(tx, EVENT_SLUG)


async def told(database: Database) -> Event | None:
    async with database.read() as tx:
        return await events.told_of(tx, EVENT_SLUG)


async def test_an_event_is_remembered_as_people_were_told_of_it(database: Database) -> None:
    await fill(database)
    assert await told(database) is None
    async with database.write() as tx:
        await events.note_told(tx, event())
    assert await told(database) == event()
    assert await stored(database) == event()
    await store(database, LATER)
    assert await stored(database) == LATER
    assert await told(database) == event()
    async with database.write() as tx:
        await events.note_told(tx, LATER)
        await events.note_told(tx, replace(LATER, slug="not-there"))
    assert await told(database) == LATER


async def test_an_event_and_its_series_keep_their_names_when_the_sender_changes(database: Database) -> None:
    await fill(database)
    first = await stored(database)
    assert first.uid == "kennisdag@nieuwsbrief.example.nl"
    assert first.series.list_id == "kennisdagen.lists.nieuwsbrief.example.nl"
    await store(database, replace(event(), series=ANOTHER_SENDER))
    after = await stored(database)
    assert after.series.sender == ANOTHER_SENDER.sender
    assert (after.uid, after.series.list_id) == (first.uid, first.series.list_id)


async def test_what_was_stored_before_there_were_such_names_has_those_of_its_letters(database: Database) -> None:
    await fill(database)
    async with database.write() as tx:
        for one in (table, series_table):
            document = (await tx.execute(select(one.c.document))).scalar_one()
            old = {key: value for key, value in document.items() if key not in ("uid", "list_id", "theme", "takeaways")}
            await tx.execute(update(one).values(document=old))
    old_one = await stored(database)
    assert old_one == event()
    assert old_one.uid == "kennisdag@nieuwsbrief.example.nl"
    await store(database, replace(old_one, series=replace(old_one.series, sender=ANOTHER_SENDER.sender)))
    after = await stored(database)
    assert after.uid == "kennisdag@nieuwsbrief.example.nl"
    assert after.series.list_id == "kennisdagen.lists.nieuwsbrief.example.nl"


async def test_around_an_event_is_what_its_series_has_ahead(database: Database) -> None:
    assert event().start is not None
    day = datetime(2026, 4, 23)
    around_it = {
        "over": replace(event(), slug="over", start=day - timedelta(days=7), end=day - timedelta(days=7, hours=-2)),
        "second": replace(event(), slug="second", start=day + timedelta(days=30), end=None, programme=()),
        "first": replace(event(), slug="first", start=day + timedelta(days=2), end=None, programme=()),
        "off": replace(event(), slug="off", status=EventStatus.CANCELLED),
        "season": replace(event(), slug="season", start=None, end=None, season="najaar 2026", programme=()),
        "elsewhere": replace(event(), slug="elsewhere", series=replace(event().series, slug="andere")),
    }
    await store(database, event(), *around_it.values())
    async with database.read() as tx:
        around = await around_of(tx, await events.get_event(tx, EVENT_SLUG), now=datetime(2026, 4, 22, tzinfo=UTC))
    assert [one.slug for one in around.agenda] == [EVENT_SLUG, "first", "second", "season"]
    assert (around.before, around.public_url) == (None, "")


@pytest.mark.parametrize(
    ("one", "now", "expected"),
    [
        (event(), datetime(2026, 4, 23, 13, 59, tzinfo=UTC), True),  # till 16:00 in summer time
        (event(), datetime(2026, 4, 23, 14, 0, tzinfo=UTC), False),
        (replace(event(), end=None), datetime(2026, 4, 23, 10, 59, tzinfo=UTC), True),
        (replace(event(), end=None), datetime(2026, 4, 23, 11, 0, tzinfo=UTC), False),
        (replace(event(), start=None, end=None, season="ooit"), datetime(2030, 1, 1, tzinfo=UTC), True),
        (replace(event(), status=EventStatus.CANCELLED), datetime(2026, 1, 1, tzinfo=UTC), False),
    ],
)
def test_an_event_is_to_come_until_it_ends(one: Event, now: datetime, expected: bool) -> None:
    assert is_to_come(one, now) is expected
