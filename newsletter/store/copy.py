"""Memory: a whole store into another one: from SQLite to PostgreSQL, back, or to a second of the same kind.

In: an opened store where nobody is sending, and an opened one that is empty. Out: every row there, or none, and how
many there are of each table. The source is read while nobody can write to it, so that nothing is left behind in it.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Row,
    Table,
    Text,
    cast,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import AddConstraint, DropConstraint

from newsletter.errors import StoreError
from newsletter.outbox.delivery import DeliveryState
from newsletter.schedule.state import MailingState
from newsletter.store import beat, fence, journal
from newsletter.store.database import Database
from newsletter.store.tables import Instant, deliveries, mailings, messages, meta, metadata

#: Every table, those that others refer to first.
TABLES = tuple(metadata.sorted_tables)
#: Rows that are in memory at once.
BATCH = 10_000
#: The same where each row may hold a whole message.
FEW = 100
#: How long either store may keep the copy waiting for its turn to write.
PATIENCE = "30s"
#: Follows a copy: table, rows of it so far, rows of it in all.
Follow = Callable[[str, int, int], None]


async def copy_store(
    source: Database, target: Database, *, now: datetime, follow: Follow, batch: int = BATCH
) -> dict[str, int]:
    """Copy every row, and note it in the journals of both. Returns how many rows of each table.

    The copy sends nothing until a person confirms it: it still says that it sends from the place of the source.

    Raises:
        StoreError: something runs that sends from the source, or the target is not empty or does not take a row.
    """
    if _place(source) == _place(target):
        raise StoreError(f"{shown(target)} is the store itself; choose another to copy to")
    async with target.read() as tx:
        await _refuse_unless_empty(tx)
    here = await fence.fingerprint(source)
    async with source.write() as reading:
        await _shut_out(reading)
        await _refuse_while_sending(reading, now)
        with suppress(StoreError):  # a copy that nobody confirmed stays one
            await fence.check(reading, here, name=fence.place_name(source), now=now)
        totals = await _counts(reading)
        async with target.write() as writing:
            await _shut_out(writing)
            await _refuse_unless_empty(writing)
            # A store that was only opened has made a secret of its own; nothing was signed with it yet.
            await writing.execute(delete(meta))
            await _lift_references(writing)
            for table in TABLES:
                async for done in _copy_table(reading, writing, table, min(batch, FEW) if table is messages else batch):
                    follow(table.name, done, totals[table.name])
            if (arrived := await _counts(writing)) != totals:
                raise StoreError(f"the copy is not complete and was undone: {_difference(totals, arrived)}; try again")
            await _settle_in(writing)
            await journal.note(writing, fence.SUBJECT, "copied", f"from {shown(source)}", at=now)
        # The target is whole and committed. What is written here is about the source alone.
        await journal.note(reading, fence.SUBJECT, "copied", f"to {shown(target)}; no longer send from here", at=now)
    return totals


def shown(database: Database) -> str:
    """A store's URL for people: without password and driver."""
    return database.url.set(drivername=database.url.get_backend_name()).render_as_string(hide_password=True)


def _place(database: Database) -> URL:
    url = database.url
    is_file = url.get_backend_name() == "sqlite" and url.database
    return url.set(database=str(Path(str(url.database)).resolve())) if is_file else url


async def _shut_out(tx: AsyncConnection) -> None:
    """Let nobody else write until the end of this transaction; on SQLite a writing transaction does so by itself."""
    if tx.dialect.name == "postgresql":
        names = ", ".join(table.name for table in TABLES)
        await tx.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        await tx.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
        await tx.execute(text("SET LOCAL TIME ZONE 'UTC'"))  # what a moment without a zone is read in


async def _refuse_while_sending(tx: AsyncConnection, now: datetime) -> None:
    # A claim whose lease has ended is of a process that has; such a row is safe to copy, and comes back in the copy.
    in_hand = deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.SENDING.value])
    claimed = await tx.scalar(select(func.count()).where(in_hand, deliveries.c.next_at > now))
    if claimed:
        raise StoreError(f"{claimed} deliveries are being sent from this store; stop `newsletter run` first")
    if until := await beat.running_until(tx, now=now):
        # What it would write after the copy was made stays behind in the old store.
        raise StoreError(
            "something is running that sends from this store; stop `newsletter run` first, and every `newsletter "
            f"worker`; where one was killed, wait {(until - now).total_seconds():.0f} seconds"
        )
    sending = list(await tx.scalars(select(mailings.c.slug).where(mailings.c.state == MailingState.SENDING.value)))
    if sending:
        raise StoreError(
            f"{', '.join(sending)}: still being sent; wait until it is, or stop `newsletter run`, "
            f"run `newsletter mailing hold {sending[0]}`, and schedule it again in the copy"
        )


async def _refuse_unless_empty(tx: AsyncConnection) -> None:
    counts = {name: count for name, count in (await _counts(tx)).items() if count and name != meta.name}
    if counts:
        held = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise StoreError(f"the store to copy to is not empty ({held}); choose a new one")


async def _counts(tx: AsyncConnection) -> dict[str, int]:
    return {table.name: await tx.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}


def _difference(wanted: dict[str, int], found: dict[str, int]) -> str:
    return ", ".join(f"{found[name]} of {count} {name}" for name, count in wanted.items() if found[name] != count)


async def _copy_table(
    reading: AsyncConnection, writing: AsyncConnection, table: Table, size: int
) -> AsyncIterator[int]:
    """Copy one table, so many rows at a time; gives how many have arrived, first none."""
    write = _into_postgresql if writing.dialect.name == "postgresql" else _into_sqlite
    plain = [_plain(column, reading.dialect.name).label(column.name) for column in table.columns]
    rows = await reading.stream(select(*plain).order_by(*table.primary_key), execution_options={"yield_per": size})
    done = 0
    yield done
    async for batch in rows.partitions():
        with _told(writing, table):
            await write(writing, table, batch)
        done += len(batch)
        yield done


def _plain(column: Column[Any], dialect: str) -> ColumnElement[Any]:
    """A column as numbers and text that both kinds of store take as they are, to the last character.

    Text of documents keeps what was NULL and the order of keys; moments are in UTC, as SQLite keeps them.
    """
    if isinstance(column.type, JSON):
        return cast(column, Text)
    if isinstance(column.type, Boolean):
        return cast(column, Integer)
    if isinstance(column.type, Instant):
        in_utc = func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
        return type_coerce(column, Text) if dialect == "sqlite" else in_utc
    return column


@contextmanager
def _told(tx: AsyncConnection, table: Table) -> Iterator[None]:
    """Whatever a database says against rows of a table becomes a sentence."""
    try:
        yield
    except (DBAPIError, tx.dialect.loaded_dbapi.Error) as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise StoreError(
            f"{table.name}: the store to copy to did not take a row, nothing was copied: {cause}"
        ) from error


async def _into_postgresql(tx: AsyncConnection, table: Table, rows: Sequence[Row[Any]]) -> None:
    """COPY, several times as fast as INSERT."""
    connection = (await tx.get_raw_connection()).driver_connection
    assert connection is not None
    statement = f"COPY {table.name} ({', '.join(table.columns.keys())}) FROM STDIN"
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


async def _into_sqlite(tx: AsyncConnection, table: Table, rows: Sequence[Row[Any]]) -> None:
    statement = str(insert(table).compile(dialect=tx.dialect))  # all columns, in their order
    await tx.exec_driver_sql(statement, [tuple(row) for row in rows])


async def _lift_references(tx: AsyncConnection) -> None:
    """PostgreSQL checks references row by row, two thirds of the time; all at once, at the end, takes next to none."""
    if tx.dialect.name == "postgresql":
        for table in TABLES:
            for reference in table.foreign_key_constraints:
                await tx.execute(DropConstraint(reference))


async def _settle_in(tx: AsyncConnection) -> None:
    """References are back, ids count on behind the highest, and the planner knows the tables before the first query."""
    if tx.dialect.name != "postgresql":
        return  # SQLite has checked each reference, and counts from the highest id by itself
    for table in TABLES:
        for reference in table.foreign_key_constraints:
            with _told(tx, table):
                await tx.execute(AddConstraint(reference))
        if "id" in table.columns:
            highest = select(func.max(table.c.id)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, "id")
            # With false, the next id is this one itself.
            await tx.execute(select(func.setval(sequence, func.coalesce(highest + 1, 1), False)))
        await tx.execute(text(f"ANALYZE {table.name}"))
