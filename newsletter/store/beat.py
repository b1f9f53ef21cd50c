"""Memory: whether something runs that sends from this store.

In: a transaction. Out: until when the last sign of life holds. Each `newsletter run` and `newsletter worker` has a row
of `meta`, which it renews while it runs and takes out when it ends in order; after a kill it holds until its moment.
"""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.store.tables import meta
from newsletter.store.upsert import upsert

#: How the keys of these rows begin; behind it stands the name of a process.
PREFIX = "runs:"
_SIGNS: ColumnElement[bool] = meta.c.key.startswith(PREFIX)


async def beat(tx: AsyncConnection, name: str, *, now: datetime, until: datetime) -> None:
    """Give a sign of life that holds `until` then; those that hold no more are swept up."""
    await tx.execute(delete(meta).where(_SIGNS, meta.c.value <= _sortable(now)))
    row = upsert(tx, meta).values(key=PREFIX + name, value=_sortable(until))
    await tx.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


async def end(tx: AsyncConnection, name: str) -> None:
    """It runs no more."""
    await tx.execute(delete(meta).where(meta.c.key == PREFIX + name))


async def running_until(tx: AsyncConnection, *, now: datetime) -> datetime | None:
    """Until when something is taken to be running; None where nothing is."""
    last = await tx.scalar(select(func.max(meta.c.value)).where(_SIGNS, meta.c.value > _sortable(now)))
    return datetime.fromisoformat(last) if last else None


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
