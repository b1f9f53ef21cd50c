"""One suite for every store."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from newsletter.errors import NotFoundError, StoreError
from newsletter.schedule.state import MailingState
from newsletter.store import audience, deliveries, events, journal, mailings, subscribers
from newsletter.store.database import NEWEST, Database, async_url, open_database
from newsletter.store.migrate import migrations
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState
from tests.world import EVENT_SLUG, NOW, event, fill, mailing_content

REMINDER = f"{EVENT_SLUG}/reminder"
LATER = NOW + timedelta(minutes=1)


async def sending(database: Database, people: int = 3) -> int:
    """A mailing that is being sent to so many people; its id."""
    await fill(database, people=people)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED)
        row = await mailings.get_mailing(tx, REMINDER)
        assert await mailings.start(tx, row, mailing_content(), now=NOW)
        assert await audience.enqueue(tx, row.id, now=NOW) == people
    return row.id


async def test_an_event_comes_back_as_it_was_stored(database: Database) -> None:
    await fill(database)
    async with database.read() as tx:
        assert await events.get_event(tx, EVENT_SLUG) == event()
        assert [one.slug for one in await events.all_events(tx)] == [EVENT_SLUG]
        assert [one.slug for one in await events.all_series(tx)] == [event().series.slug]
        assert await events.find_event(tx, "nothing") is None


async def test_what_is_not_there_is_named_with_what_is(database: Database) -> None:
    await fill(database)
    async with database.read() as tx:
        for missing, known in (
            (events.get_event(tx, "x"), EVENT_SLUG),
            (events.get_series(tx, "x"), event().series.slug),
            (mailings.get_mailing(tx, "x"), REMINDER),
            (subscribers.list_members(tx, "x"), "gemeenten"),
        ):
            with pytest.raises(NotFoundError, match=known):
                await missing


async def test_the_same_address_in_another_letter_case_is_one_person(database: Database) -> None:
    async with database.write() as tx:
        await subscribers.upsert_subscribers(tx, [Subscriber(address="Jan@example.nl", name="Jan")], now=NOW)
        await subscribers.upsert_subscribers(tx, [Subscriber(address="jAN@Example.NL", name="Jan J.")], now=NOW)
        found = await subscribers.find_subscribers(tx, ["jan@example.nl"])
    assert [(one.address, one.name) for one in found.values()] == [("Jan@example.nl", "Jan J.")]


async def test_who_left_a_list_is_not_brought_back(database: Database) -> None:
    await fill(database, people=2)
    async with database.write() as tx:
        assert await subscribers.unsubscribe(tx, "PERSON-0@example.nl", "gemeenten", now=NOW)
        assert not await subscribers.unsubscribe(tx, "person-0@example.nl", "gemeenten", now=NOW)
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.subscribe(tx, ids["gemeenten"], ["person-0@example.nl"], now=LATER)
        states = await subscribers.find_states(tx, "gemeenten")
        counts = await subscribers.list_counts(tx)
    assert states["person-0@example.nl"] is SubscriptionState.UNSUBSCRIBED
    assert states["person-1@example.nl"] is SubscriptionState.ACTIVE
    assert dict(counts[1]) == {"slug": "gemeenten", "active": 1, "unsubscribed": 1, "suppressed": 0}


async def test_the_first_reason_of_a_suppression_stays(database: Database) -> None:
    await fill(database, people=1)
    async with database.write() as tx:
        await subscribers.suppress(tx, "Person-0@example.nl", "complaint", now=NOW)
        await subscribers.suppress(tx, "person-0@EXAMPLE.nl", "other", now=NOW)
        assert await subscribers.find_suppressions(tx) == {"person-0@example.nl": "complaint"}
        assert await subscribers.suppression_of(tx, "person-0@example.nl") == "complaint"
        members = await subscribers.list_members(tx, "gemeenten")
    assert [row["suppressed"] for row in members] == ["complaint"]


async def test_a_person_on_two_lists_gets_one_delivery_and_the_suppressed_none(database: Database) -> None:
    await fill(database, people=5)
    async with database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["corporaties"])
        await subscribers.subscribe(tx, ids["corporaties"], ["person-1@example.nl", "person-2@example.nl"], now=NOW)
        await subscribers.suppress(tx, "person-3@example.nl", "bounced", now=NOW)
        row = await mailings.get_mailing(tx, REMINDER)
        assert await audience.count_audience(tx, row.id) == 4
        assert await audience.enqueue(tx, row.id, now=NOW) == 4
        assert await audience.enqueue(tx, row.id, now=NOW) == 0
        assert await deliveries.count_states(tx, row.id) == {"queued": 4}


async def test_a_second_delivery_for_one_subscriber_is_refused_by_the_store_itself(database: Database) -> None:
    await sending(database, people=1)
    with pytest.raises(IntegrityError):
        async with database.write() as tx:
            await tx.execute(
                text(
                    "INSERT INTO deliveries (mailing_id, subscriber_id, state, reason, attempts, queued_at) "
                    "SELECT mailing_id, subscriber_id, state, reason, attempts, queued_at FROM deliveries"
                )
            )


async def test_only_one_of_two_starts_a_mailing(database: Database) -> None:
    await fill(database)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED)

    async def start() -> bool:
        async with database.write() as tx:
            scheduled = replace(row, state=MailingState.SCHEDULED)
            return await mailings.start(tx, scheduled, mailing_content(), now=NOW)

    assert sorted(await asyncio.gather(*(start() for _ in range(4)))) == [False, False, False, True]
    async with database.read() as tx:
        assert await mailings.content_of(tx, row.id) == mailing_content()


async def test_a_mailing_that_moved_meanwhile_does_not_start(database: Database) -> None:
    await fill(database)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED, due_at=LATER)
        scheduled = replace(row, state=MailingState.SCHEDULED)
        assert not await mailings.start(tx, scheduled, mailing_content(), now=NOW)
        assert await mailings.content_of(tx, row.id) is None


async def test_the_journal_keeps_its_order(database: Database) -> None:
    async with database.write() as tx:
        for number in range(3):
            await journal.note(tx, "event", "changed", str(number), at=NOW)
        assert [row["detail"] for row in await journal.read_notes(tx, "event")] == ["0", "1", "2"]
        assert await journal.read_notes(tx, "other") == []


async def test_the_secret_of_a_store_is_made_once(database: Database) -> None:
    async with database.write() as tx:
        assert await journal.secret(tx, b"first") == b"first"
        assert await journal.secret(tx, b"second") == b"first"


async def test_nothing_of_a_failed_transaction_stays(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as tx:
            await journal.note(tx, "event", "changed", "x", at=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.read() as tx:
        assert await journal.read_notes(tx, "event") == []


async def test_opening_a_store_again_keeps_everything_in_it(store_url: str) -> None:
    for expected in ([], ["x"]):
        database = await open_database(store_url)
        async with database.write() as tx:
            assert [row["detail"] for row in await journal.read_notes(tx, "event")] == expected
            await journal.note(tx, "event", "changed", "x", at=datetime(2026, 1, 1, tzinfo=UTC))
        await database.close()


async def test_two_processes_can_make_an_empty_store_at_once(store_url: str) -> None:
    opened = await asyncio.gather(*(open_database(store_url) for _ in range(3)))
    for database in opened:
        await database.close()


async def test_a_store_that_a_newer_program_wrote_is_refused(store_url: str) -> None:
    database = await open_database(store_url)
    async with database.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(StoreError, match="newer"):
        await open_database(store_url)


async def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from newsletter.store.tables import metadata

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.read() as tx:
        assert await tx.run_sync(differences) == []


async def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="time zone"):
        async with database.write() as tx:
            await journal.note(tx, "event", "changed", "x", at=datetime(2026, 1, 1))


async def test_a_store_that_stays_busy_or_breaks_is_a_sentence(database: Database) -> None:
    with pytest.raises(StoreError, match="the store cannot be used now"):
        async with database.write():
            raise OperationalError("SELECT 1", {}, Exception("database is locked"))


async def test_a_store_of_the_first_version_is_brought_up_to_date_with_all_that_is_in_it(store_url: str) -> None:
    await make_store(store_url, "0001")
    database = await open_database(store_url)
    async with database.read() as tx:
        counts = [
            await tx.scalar(text(f"SELECT count(*) FROM {name}")) for name in ("mailings", "deliveries", "attempts")
        ]
    await database.close()
    assert counts == [1, 1, 1]


async def make_store(url: str, revision: str) -> None:
    """A store as an earlier program left it, with one row in each table of the outbox."""
    engine = create_async_engine(async_url(url, Path()))
    rows = (
        "INSERT INTO series (id, slug, document) VALUES (1, 's', '{}')",
        "INSERT INTO events (id, series_id, slug, title, status, sequence, document)"
        " VALUES (1, 1, 'e', 'E', 'planned', 0, '{}')",
        "INSERT INTO mailings (id, event_id, slug, name, planned, state, reason, fixed)"
        " VALUES (1, 1, 'e/m', 'm', '{}', 'sent', '', false)",
        "INSERT INTO subscribers (id, address, address_key, name, attributes, created_at)"
        " VALUES (1, 'a@example.nl', 'a@example.nl', '', '{}', '2026-01-01')",
        "INSERT INTO deliveries (id, mailing_id, subscriber_id, state, reason, attempts, queued_at)"
        " VALUES (1, 1, 1, 'sent', '', 1, '2026-01-01')",
        "INSERT INTO attempts (id, delivery_id, at, seconds, kind, phase, code, enhanced, text)"
        " VALUES (1, 1, '2026-01-01', 0, 'sent', 'letter', 250, '', '')",
    )

    def migrate(connection: Connection) -> None:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for row in rows:
            connection.execute(text(row))

    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            await connection.execute(text("PRAGMA foreign_keys=ON"))
        await connection.run_sync(migrate)
    await engine.dispose()


def test_the_schema_that_the_program_works_with_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == NEWEST
