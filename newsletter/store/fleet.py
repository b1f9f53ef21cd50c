"""Memory: what many workers on one PostgreSQL ask it beside their letters.

In: a transaction. Out: what is due, whose turn it is to look after something, what time it is; and the tables of the
queue, in a schema of their own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import StoreError
from newsletter.outbox.batches import CELL, Cell
from newsletter.outbox.delivery import DeliveryState
from newsletter.schedule.state import MailingState
from newsletter.store.database import Database
from newsletter.store.tables import deliveries, mailings, meta
from newsletter.store.upsert import upsert

#: Where the tables of the queue are, so that they are in nobody's way.
QUEUE_SCHEMA = "newsletter_jobs"
#: Who holds a turn and says nothing for so long has gone, whatever the network thinks.
SILENCE = "5min"
#: Keys of advisory locks, beside the one of `store.database`: who makes the queue, and who looks at the clock.
QUEUE_LOCK, CLOCK_LOCK = 7365726966, 7365726967
#: The row of `meta` that says when somebody last looked for what is due.
SWEPT_AT = "fleet_swept_at"


@asynccontextmanager
async def turn_at_clock(database: Database) -> AsyncIterator[bool]:
    """Whether it is our turn to look at the clock, for as long as the block runs.

    It spares the others the work, and decides nothing: it is lost with the connection.
    """
    async with database.read() as tx:
        await tx.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{SILENCE}'"))
        yield bool(await tx.scalar(select(func.pg_try_advisory_xact_lock(CLOCK_LOCK))))


async def take_sweep(tx: AsyncConnection, every: timedelta) -> bool:
    """Whether it is our turn to look for what is due: nobody has looked for so long. Then the others wait as long."""
    now = await clock(tx)
    row = upsert(tx, meta).values(key=SWEPT_AT, value=_sortable(now))
    swept_before = meta.c.value < _sortable(now - every)
    taken = row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}, where=swept_before)
    return (await tx.execute(taken.returning(meta.c.key))).first() is not None


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


async def due_cells(tx: AsyncConnection, *, now: datetime) -> list[Cell]:
    """How many deliveries somebody should look at now, by mailing and cell.

    Those that may leave, and those that a worker who has died was handing over, also of mailings that were held since.
    """
    open_window = mailings.c.closes_at.is_(None) | (mailings.c.closes_at > now)
    is_sending = mailings.c.state == MailingState.SENDING.value
    sending = list(await tx.scalars(select(mailings.c.id).where(is_sending, open_window)))
    # One by one: then the index of what is open answers alone, a million rows in a fifth of a second.
    cells = [cell for mailing_id in sending for cell in await _cells(tx, deliveries.c.mailing_id == mailing_id, now)]
    lost = (deliveries.c.state == DeliveryState.SENDING.value) & deliveries.c.claimed_by.is_not(None)
    return cells + await _cells(tx, lost & deliveries.c.mailing_id.not_in(sending), now)


async def _cells(tx: AsyncConnection, which: ColumnElement[bool], now: datetime) -> list[Cell]:
    number = (deliveries.c.id // CELL).label("number")
    query = select(deliveries.c.mailing_id, number, func.count()).where(which, deliveries.c.next_at <= now)
    found = await tx.execute(query.group_by(deliveries.c.mailing_id, number))
    return [Cell(mailing_id=mailing_id, number=cell, letters=letters) for mailing_id, cell, letters in found]


async def held_cells(tx: AsyncConnection) -> set[tuple[int, int]]:
    """Where somebody holds a delivery: mailing and cell."""
    number = (deliveries.c.id // CELL).label("number")
    query = select(deliveries.c.mailing_id, number).where(deliveries.c.claimed_by.is_not(None)).distinct()
    return {(mailing_id, cell) for mailing_id, cell in await tx.execute(query)}


async def clock(tx: AsyncConnection) -> datetime:
    """What time it is by the clock of the database."""
    found: datetime = (await tx.execute(select(func.clock_timestamp()))).scalar_one()
    return found


def connection_arguments(database: Database) -> dict[str, Any]:
    """What psycopg needs to connect to the same database."""
    url = database.url
    _, arguments = url.get_dialect()().create_connect_args(url)
    return dict(arguments)


async def queue_version(tx: AsyncConnection) -> str | None:
    """The version of the queue's tables, None where there are none; nobody else makes them during this transaction."""
    await tx.execute(select(func.pg_advisory_xact_lock(QUEUE_LOCK)))
    return await tx.scalar(select(func.obj_description(func.to_regnamespace(QUEUE_SCHEMA), "pg_namespace")))


async def make_queue(tx: AsyncConnection, scripts: Sequence[str], *, version: str) -> None:
    """Run the scripts of the queue's makers, and note which version that gives.

    Raises:
        StoreError: it is not allowed.
    """
    try:
        # Only where there is none: who may not make schemas may still use one that was made for them.
        if await tx.scalar(select(func.to_regnamespace(QUEUE_SCHEMA))) is None:
            await tx.execute(text(f"CREATE SCHEMA {QUEUE_SCHEMA}"))
        await tx.execute(text(f"SET LOCAL search_path TO {QUEUE_SCHEMA}"))
        for script in scripts:
            await tx.exec_driver_sql(script.replace("%", "%%"))
        await tx.execute(text(f"COMMENT ON SCHEMA {QUEUE_SCHEMA} IS '{version}'"))
    except DBAPIError as error:
        cause = str(error.orig).splitlines()[0]
        raise StoreError(
            f"the tables of the queue cannot be made in schema {QUEUE_SCHEMA}: {cause}; where we may not make it, let "
            f"the owner of the database run CREATE SCHEMA {QUEUE_SCHEMA} AUTHORIZATION …"
        ) from error
