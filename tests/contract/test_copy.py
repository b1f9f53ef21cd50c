"""A store is copied to another one: each kind to each kind."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Text, cast, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import StoreError
from newsletter.schedule.state import MailingState
from newsletter.store import beat, fence, journal, mailings, subscribers
from newsletter.store.audience import enqueue
from newsletter.store.copy import TABLES, copy_store, shown
from newsletter.store.database import Database, open_database
from newsletter.store.tables import (
    attempts,
    attendance,
    bounces,
    cursors,
    forwards,
    incidents,
    messages,
    metadata,
    proposals,
    replies,
    reply_threads,
)
from newsletter.subscribers.subscriber import Subscriber
from tests.world import EVENT_SLUG, NOW, fill, mailing_content

REMINDER = f"{EVENT_SLUG}/reminder"
LATER = NOW + timedelta(minutes=1)
KINDS = ("sqlite", "postgresql")
WAYS = [(one, other) for one in KINDS for other in KINDS]
#: What the text format of COPY, JSON or SQL could trip over.
AWKWARD = ("", " ", "\t", "a\nb\r\nc", "\\N", "\\.", "\\t", "'", '"', "%s", "{}", "null", "ë ‘é’ – 😀", "\x01\x7f")

Make = Callable[[str], Awaitable[Database]]
Dump = dict[str, list[tuple[object, ...]]]


@pytest.fixture
async def make(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Make]:
    """An empty store of a kind, as often as it is asked for."""
    opened: list[Database] = []

    async def made(kind: str) -> Database:
        name = f"copy_{uuid4().hex}"
        url = f"sqlite:///{tmp_path}/{name}.sqlite"
        if kind == "postgresql":
            server: str = request.getfixturevalue("postgres")
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
                connection.execute(f"ALTER DATABASE {name} SET timezone TO 'Asia/Tokyo'")  # nothing may depend on it
            url = server.replace("/postgres?", f"/{name}?")
        opened.append(await open_database(url))
        return opened[-1]

    yield made
    for database in opened:
        await database.close()


async def fill_with_all(database: Database) -> None:
    """Rows in every table, with values in every column, and with what is hard to carry over."""
    await fill(database, people=5)
    async with database.write() as tx:
        await journal.secret(tx, b"k" * 32)
        crowd = [
            Subscriber(address=f"awkward-{number}@example.nl", name=value, attributes={"a": value, value or "b": "é"})
            for number, value in enumerate(AWKWARD)
        ]
        await subscribers.upsert_subscribers(tx, crowd, now=NOW + timedelta(microseconds=7))
        await subscribers.suppress(tx, "person-0@example.nl", "complaint", now=NOW)
        await subscribers.unsubscribe(tx, "person-1@example.nl", "gemeenten", now=NOW)
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED, closes_at=LATER, confirmed=3)
        assert await mailings.start(tx, await mailings.get_mailing(tx, REMINDER), mailing_content(), now=NOW)
        assert await enqueue(tx, row.id, now=NOW) == 3
        await mailings.set_state(tx, row.id, MailingState.SENDING, MailingState.HELD, reason="paused by hand")
        await tx.execute(
            attempts.insert(),
            [
                {"delivery_id": 1, "at": NOW, "seconds": seconds, "kind": "temporary", "phase": "rcpt", "code": 450}
                | {"enhanced": "4.2.0", "text": value}
                for seconds, value in zip((0.1, 1 / 3, 1e-9, 0.0), ("a", "é", "b", ""), strict=True)
            ],
        )
        await tx.execute(text("UPDATE mailings SET corrects_id = 1 WHERE slug LIKE '%/report'"))
        await tx.execute(text("INSERT INTO further_corrected SELECT id, 2 FROM mailings WHERE slug LIKE '%/report'"))
        await tx.execute(
            text(
                "INSERT INTO pace (key, free_at, queued, rate, was, throttled_at, changed_at, ends_at)"
                " VALUES ('relay:mail.example.nl', '{\"1\":  1.5}', '{}', 0.1, NULL, NULL, 1e300, 5.0)"
            )
        )
        await fill_with_returns(tx)


async def fill_with_returns(tx: AsyncConnection) -> None:
    """What came back: a message with every byte in its text, and a row of everything that can come of one."""
    about = {"mailing_id": 1, "delivery_id": 1, "subscriber_id": 1}
    came = {"source": "map", "message_id": "", "received_at": NOW, "handled_at": None, "state": "handled"}
    came |= {"reason": "", "kind": "bounce", "verdict": {"rule": "é"}, "matched": "envelope", "proven": True, **about}
    await tx.execute(
        messages.insert(),
        [
            {**came, "key": f"{number}:{value}", "fingerprint": f"{number:064}", "raw": raw}
            for number, (value, raw) in enumerate(
                [("a", bytes(range(256)) * 300), ("\\N", b""), ("é", b"\\N"), ("d", b"\\x00"), ("e", None)]
            )
        ],
    )
    whose = {"message_id": 1, "mailing_id": 1, "subscriber_id": 1}
    await tx.execute(cursors.insert().values(source="map", validity=2**40, uid=2**32 - 1, at=NOW))
    bounce = {**whose, "delivery_id": 1, "at": NOW, "weight": "soft", "reason": "mailboxfull", "status": "5.2.2"}
    await tx.execute(bounces.insert().values(**bounce, domain="example.nl", said="552 full\tï", void=""))
    incident = {"mailing_id": 1, "domain": "example.nl", "reason": "blocked", "said": "550 blocked", "count": 3}
    await tx.execute(incidents.insert().values(**incident, first_at=NOW, last_at=LATER, mended_at=None, remedy=""))
    reply = {**whose, "series_id": 1, "author": "Zoë <zoe@example.nl>", "subject": "Vraag", "at": NOW, "state": "open"}
    await tx.execute(replies.insert().values(**reply, ended_at=None, ended_by=""))
    await tx.execute(reply_threads.insert().values(reply_id=1, message_id="a@example.nl"))
    forward = {"message_id": 1, "address": "vragen@example.nl", "wrapped": True, "state": "waiting", "attempts": 1}
    await tx.execute(forwards.insert().values(**forward, next_at=LATER, ended_at=None, reason="450 later"))
    proposal = {"message_id": 1, "subscriber_id": 1, "kind": "left", "proposed": {"address": "b@example.nl"}}
    await tx.execute(
        proposals.insert().values(**proposal, evidence="Ik ben weg.", at=NOW, state="open", decided_at=None)
    )
    answer = {"event_id": 1, "subscriber_id": 1, "answer": "accepted", "sequence": 2, "answered_at": LATER}
    await tx.execute(attendance.insert().values(**answer, message_id=1))


async def dump(database: Database) -> Dump:
    """Every row of every table; documents as their text."""
    found: Dump = {}
    async with database.read() as tx:
        for table in TABLES:
            columns = [cast(column, Text) if isinstance(column.type, JSON) else column for column in table.columns]
            rows = await tx.execute(select(*columns).order_by(*table.primary_key))
            found[table.name] = [tuple(row) for row in rows]
    return found


async def copy(source: Database, target: Database) -> dict[str, int]:
    return await copy_store(source, target, now=NOW, follow=lambda _table, _done, _total: None)


async def notes(database: Database) -> list[tuple[str, str]]:
    """What the journal says about the store itself."""
    async with database.read() as tx:
        return [(row["action"], row["detail"]) for row in await journal.read_notes(tx, fence.SUBJECT)]


@pytest.mark.parametrize(("one", "other"), WAYS)
async def test_all_rows_arrive_and_come_back_as_they_were(make: Make, one: str, other: str) -> None:
    source, target, back = await make(one), await make(other), await make(one)
    await fill_with_all(source)
    counts = await copy(source, target)
    before, there = await dump(source), await dump(target)
    await copy(target, back)
    after = await dump(back)
    assert [name for name, rows in before.items() if not rows] == []
    # The journals of the copies end with the copying itself.
    for name, rows in before.items():
        kept = len(rows) - (name == "journal")
        assert counts[name] == kept
        assert there[name][:kept] == rows[:kept]
        assert after[name][:kept] == rows[:kept]
    assert len(there["journal"]) == len(before["journal"])


async def test_both_journals_say_where_it_went_and_show_no_password(make: Make) -> None:
    source, target = await make("sqlite"), await make("postgresql")
    assert "postgres:***@" in shown(target)
    await copy(source, target)
    here, there = await notes(source), await notes(target)
    assert here[-1] == ("copied", f"to {shown(target)}; no longer send from here")
    assert there[-1] == ("copied", f"from {shown(source)}")


@pytest.mark.parametrize(("one", "other"), WAYS)
async def test_a_copy_sends_nothing_until_it_is_confirmed(make: Make, one: str, other: str) -> None:
    source, target = await make(one), await make(other)
    await copy(source, target)
    await fence.guard(source, now=NOW)
    with pytest.raises(StoreError, match="newsletter store confirm-host"):
        await fence.guard(target, now=NOW)
    await fence.confirm(target, now=NOW)
    await fence.guard(target, now=NOW)


async def test_a_copy_of_a_copy_that_nobody_confirmed_is_one_too(make: Make) -> None:
    source, target, third = await make("sqlite"), await make("postgresql"), await make("sqlite")
    await copy(source, target)
    await copy(target, third)
    with pytest.raises(StoreError, match="newsletter store confirm-host"):
        await fence.guard(third, now=NOW)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_copy_counts_on_behind_the_highest_id(make: Make, kind: str) -> None:
    source, target = await make("sqlite"), await make(kind)
    await fill(source, people=2)
    async with source.write() as tx:
        await subscribers.upsert_subscribers(tx, [Subscriber(address="on-no-list@example.nl")], now=NOW)
        await tx.execute(text("UPDATE subscribers SET id = 70 WHERE id = 3"))
    await copy(source, target)
    async with target.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        assert await enqueue(tx, row.id, now=NOW) == 2
        await subscribers.upsert_subscribers(tx, [Subscriber(address="new@example.nl")], now=NOW)
        ids = list(await tx.scalars(text("SELECT id FROM subscribers ORDER BY id")))
        assert list(await tx.scalars(text("SELECT id FROM deliveries ORDER BY id"))) == [1, 2]
    assert ids == [1, 2, 70, 71]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_copy_keeps_its_promises(make: Make, kind: str) -> None:
    source, target = await make("sqlite"), await make(kind)
    await fill_with_all(source)
    await copy(source, target)
    async with target.write() as tx:
        await tx.execute(text("DELETE FROM subscribers WHERE id = 3"))
        left = await tx.scalar(text("SELECT count(*) FROM deliveries WHERE subscriber_id = 3"))
        assert await tx.run_sync(differences) == []
    assert left == 0


def differences(connection: Connection) -> list[object]:
    """Between the tables as they are and as they should be."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_store_that_is_not_empty_is_not_copied_to(make: Make, kind: str) -> None:
    source, target = await make("sqlite"), await make(kind)
    await fill(source, people=2)
    async with target.write() as tx:
        await subscribers.upsert_subscribers(tx, [Subscriber(address="jan@example.nl")], now=NOW)
    before = await dump(target)
    with pytest.raises(StoreError, match=r"not empty \(1 subscribers\); choose a new one"):
        await copy(source, target)
    assert await dump(target) == before


async def test_the_secret_of_an_empty_store_gives_way_to_the_one_that_links_were_signed_with(make: Make) -> None:
    source, target = await make("sqlite"), await make("postgresql")
    for database, secret in ((source, b"old"), (target, b"new")):
        async with database.write() as tx:
            await journal.secret(tx, secret)
    await copy(source, target)
    async with target.write() as tx:
        assert await journal.secret(tx, b"third") == b"old"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_store_is_not_copied_to_itself(make: Make, kind: str) -> None:
    source = await make(kind)
    again = await open_database(source.url.render_as_string(hide_password=False))
    with pytest.raises(StoreError, match="is the store itself"):
        await copy(source, again)
    await again.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("mailing", "delivery", "lease", "told"),
    [
        ("sending", "queued", NOW, f"{REMINDER}: still being sent; .* `newsletter mailing hold {REMINDER}`"),
        ("held", "claimed", LATER, "2 deliveries are being sent from this store; stop `newsletter run` first"),
        ("held", "sending", LATER, "2 deliveries are being sent from this store; stop `newsletter run` first"),
        ("held", "claimed", NOW, ""),  # its worker has died
        ("held", "sending", NOW, ""),
        ("held", "in_doubt", LATER, ""),
        ("sent", "sent", None, ""),
    ],
)
async def test_nothing_is_copied_while_somebody_sends(
    make: Make, kind: str, mailing: str, delivery: str, lease: object, told: str
) -> None:
    source, target = await make(kind), await make("sqlite")
    await fill(source, people=2)
    async with source.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await enqueue(tx, row.id, now=NOW)
        await mailings.set_state(tx, row.id, row.state, MailingState(mailing))
        update = "UPDATE deliveries SET state = :state, next_at = :at"
        given = {"state": delivery, "at": lease if kind == "postgresql" or not lease else str(lease)[:19] + ".000000"}
        await tx.execute(text(update), given)
    empty = await dump(target)
    if not told:
        assert (await copy(source, target))["deliveries"] == 2
        return
    with pytest.raises(StoreError, match=told):
        await copy(source, target)
    assert await dump(target) == empty
    assert "copied" not in dict(await notes(source))


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_copied_while_something_runs_that_has_nothing_to_send(make: Make, kind: str) -> None:
    source, target = await make(kind), await make("sqlite")
    async with source.write() as tx:
        await beat.beat(tx, "one", now=NOW - timedelta(seconds=18), until=NOW + timedelta(seconds=42))
    with pytest.raises(StoreError, match=r"stop `newsletter run` first, .* where one was killed, wait 42 seconds"):
        await copy(source, target)
    async with source.write() as tx:
        await beat.end(tx, "one")
    await copy(source, target)


async def test_a_row_that_the_other_store_refuses_leaves_nothing_there(make: Make) -> None:
    source, target = await make("sqlite"), await make("postgresql")
    await fill(source, people=3)
    async with source.write() as tx:  # SQLite takes any length
        await tx.execute(text("UPDATE subscribers SET address_key = :key WHERE id = 2"), {"key": "a" * 641})
    empty = await dump(target)
    with pytest.raises(
        StoreError, match="subscribers: the store to copy to did not take a row, nothing was copied: value"
    ):
        await copy(source, target)
    assert await dump(target) == empty
    assert "copied" not in dict(await notes(source))


async def test_a_reference_to_nothing_leaves_nothing_there(make: Make) -> None:
    source, target = await make("sqlite"), await make("postgresql")
    await fill(source, people=3)
    with sqlite3.connect(str(source.url.database)) as other:  # which does not check references
        other.execute("DELETE FROM subscribers WHERE id = 2")
    empty = await dump(target)
    with pytest.raises(StoreError, match="subscriptions: the store to copy to did not take a row, nothing was copied"):
        await copy(source, target)
    assert await dump(target) == empty


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_writes_to_the_source_while_it_is_copied(make: Make, kind: str) -> None:
    source, target = await make(kind), await make("sqlite")
    await fill(source, people=2)
    refused: list[str] = []

    def try_to_write(table: str, _done: int, _total: int) -> None:
        statement = "UPDATE lists SET slug = slug"
        try:
            if kind == "sqlite":
                with sqlite3.connect(str(source.url.database), timeout=0) as other:
                    other.execute(statement)
            else:
                address = source.url.set(drivername="postgresql").render_as_string(hide_password=False)
                with psycopg.connect(address, options="-c lock_timeout=10ms") as connection:
                    connection.execute(statement)
        except (sqlite3.OperationalError, psycopg.errors.LockNotAvailable):
            refused.append(table)

    await copy_store(source, target, now=NOW, follow=try_to_write)
    assert set(refused) == {table.name for table in TABLES}


async def test_rows_come_in_batches_and_each_is_told(make: Make) -> None:
    source, target = await make("sqlite"), await make("postgresql")
    await fill(source, people=10)
    told: list[tuple[str, int, int]] = []
    await copy_store(source, target, now=NOW, follow=lambda *one: told.append(one), batch=4)
    assert [one for one in told if one[0] == "subscribers"] == [("subscribers", done, 10) for done in (0, 4, 8, 10)]
