"""What goes for good goes whole, and only where nobody was told of it or gets it."""

from datetime import timedelta

import pytest
from sqlalchemy import Table, func, select, update

from newsletter.errors import CountError, NotFoundError, StateError
from newsletter.outbox.removal import remove_event, remove_list
from newsletter.schedule.state import MailingState
from newsletter.store import audience, journal, mailings, subscribers
from newsletter.store.database import Database
from newsletter.store.tables import deliveries, events, lists, mailing_lists, series, subscriptions
from newsletter.store.tables import mailings as mailing_table
from newsletter.store.tables import subscribers as people_table
from tests.world import EVENT_SLUG, NOW, PLAN, fill


async def count(database: Database, table: Table) -> int:
    async with database.read() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


async def test_an_event_goes_with_its_mailings_and_leaves_its_series_and_its_people(database: Database) -> None:
    await fill(database, people=3)
    gone = await remove_event(database, EVENT_SLUG, now=NOW)
    assert gone.mailings == tuple(f"{EVENT_SLUG}/{entry.name}" for entry in PLAN)
    left = {table.name: await count(database, table) for table in (events, mailing_table, mailing_lists, series)}
    assert left == {"events": 0, "mailings": 0, "mailing_lists": 0, "series": 1}
    assert await count(database, people_table) == 3
    async with database.read() as tx:
        [note] = [one for one in await journal.read_notes(tx, EVENT_SLUG) if one["action"] == "removed"]
    assert note["detail"] == "with 3 mailings, none of them sent"
    with pytest.raises(NotFoundError):
        await remove_event(database, EVENT_SLUG, now=NOW)


@pytest.mark.parametrize("state", [MailingState.SENDING, MailingState.SENT, MailingState.CANCELLED])
async def test_an_event_that_people_were_told_of_stays(database: Database, state: MailingState) -> None:
    await fill(database, people=3)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, f"{EVENT_SLUG}/report")
        mine = update(mailing_table).where(mailing_table.c.id == row.id)
        await tx.execute(mine.values(state=state.value, started_at=NOW - timedelta(days=1)))
        await audience.enqueue(tx, row.id, now=NOW)
    with pytest.raises(StateError, match=f"cannot be removed: {EVENT_SLUG}/report was sent to people"):
        await remove_event(database, EVENT_SLUG, now=NOW)
    assert (await count(database, events), await count(database, deliveries)) == (1, 3)


async def test_a_list_goes_only_when_no_letters_go_to_it_and_for_the_number_that_it_knows(database: Database) -> None:
    await fill(database, people=3)
    async with database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["vergissing", "leeg"])
        await subscribers.subscribe(tx, ids["vergissing"], [f"person-{n}@example.nl" for n in range(3)], now=NOW)
        await subscribers.unsubscribe(tx, "person-0@example.nl", "vergissing", now=NOW)
    with pytest.raises(StateError, match="the letters of series kennisdagen go to it"):
        await remove_list(database, "gemeenten", recipients=3, now=NOW)
    with pytest.raises(NotFoundError, match="there is no list “nergens”"):
        await remove_list(database, "nergens", recipients=None, now=NOW)
    for wrong in (None, 0, 2, 4):
        with pytest.raises(CountError, match="2 on it, 1 who left it; that they left is forgotten with it; confirm"):
            await remove_list(database, "vergissing", recipients=wrong, now=NOW)
    with pytest.raises(CountError, match="knows 0 people"):
        await remove_list(database, "leeg", recipients=1, now=NOW)
    assert await remove_list(database, "vergissing", recipients=3, now=NOW) == (2, 1)
    assert await remove_list(database, "leeg", recipients=None, now=NOW) == (0, 0)
    left = {table.name: await count(database, table) for table in (lists, subscriptions, people_table)}
    assert left == {"lists": 2, "subscriptions": 3, "subscribers": 3}


async def test_a_list_to_which_a_mailing_still_goes_stays(database: Database) -> None:
    await fill(database, people=1)
    async with database.write() as tx:
        await tx.execute(update(series).values(document={"slug": "kennisdagen", "lists": ["corporaties"]}))
    with pytest.raises(StateError, match=f"gemeenten cannot be removed: {EVENT_SLUG}/save-the-date still goes to it"):
        await remove_list(database, "gemeenten", recipients=1, now=NOW)
    async with database.write() as tx:
        await tx.execute(update(mailing_table).values(state=MailingState.CANCELLED.value))
    assert await remove_list(database, "gemeenten", recipients=1, now=NOW) == (1, 0)
