"""Memory: buckets of pace, shared by all workers.

A process that starts again, or another one, goes on where the last one stopped.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import RowMapping, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.pace import FORGET, Backoff, Bucket
from newsletter.store.tables import pace
from newsletter.store.upsert import upsert


async def lock(tx: AsyncConnection, keys: Collection[str]) -> dict[str, Bucket]:
    """The buckets of these keys; nobody else gets them before this transaction ends.

    An upsert that changes nothing makes a row where there is none, locks it and reads it, in one statement. All ask in
    the same order, so that no two wait for each other.
    """
    rows = [{"key": key, **_row(Bucket())} for key in sorted(keys)]
    if not rows:
        return {}
    untouched = upsert(tx, pace).on_conflict_do_update(index_elements=["key"], set_={"ends_at": pace.c.ends_at})
    found = await tx.execute(untouched.returning(pace), rows)
    return {row["key"]: _bucket(row) for row in found.mappings()}


async def keep(tx: AsyncConnection, buckets: Mapping[str, Bucket]) -> None:
    """Write buckets that this transaction holds."""
    rows = [{"key": key, **_row(bucket)} for key, bucket in sorted(buckets.items())]
    if rows:
        statement = upsert(tx, pace)
        columns = {name: statement.excluded[name] for name in rows[0] if name != "key"}
        await tx.execute(statement.on_conflict_do_update(index_elements=["key"], set_=columns), rows)


async def find(tx: AsyncConnection, key: str) -> Bucket:
    """One bucket as it is now, to look at."""
    row = (await tx.execute(select(pace).where(pace.c.key == key))).mappings().one_or_none()
    return _bucket(row) if row else Bucket()


async def backed_off(tx: AsyncConnection, now: float) -> dict[str, Backoff]:
    """What must be treated gently now because its server asked for it, by key."""
    found = await tx.execute(select(pace).where(pace.c.rate.is_not(None), pace.c.changed_at > now - FORGET))
    buckets = {row["key"]: _bucket(row) for row in found.mappings()}
    return {key: bucket.backoff for key, bucket in buckets.items() if bucket.backoff}


async def forget(tx: AsyncConnection, now: float) -> int:
    """Remove buckets that say nothing any more; returns how many."""
    return (await tx.execute(delete(pace).where(pace.c.ends_at < now))).rowcount


def _row(bucket: Bucket) -> dict[str, Any]:
    backoff = bucket.backoff
    return {
        # JSON has no keys but text.
        "free_at": {str(limit): at for limit, at in bucket.free_at.items()},
        "queued": {str(limit): at for limit, at in bucket.queued.items()},
        "rate": backoff.rate if backoff else None,
        "was": backoff.was if backoff else None,
        "throttled_at": backoff.throttled_at if backoff else None,
        "changed_at": backoff.changed_at if backoff else None,
        "ends_at": bucket.ends_at,
    }


def _bucket(row: RowMapping) -> Bucket:
    return Bucket(
        free_at={int(limit): at for limit, at in row["free_at"].items()},
        queued={int(limit): at for limit, at in row["queued"].items()},
        backoff=None
        if row["rate"] is None
        else Backoff(rate=row["rate"], was=row["was"], throttled_at=row["throttled_at"], changed_at=row["changed_at"]),
    )
