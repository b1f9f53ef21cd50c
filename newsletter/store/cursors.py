"""Memory: how far mailboxes were read, and which process reads them.

In: a transaction. Out: cursors by the name of their source; and a turn that one process holds at a time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.store.tables import cursors, messages, meta
from newsletter.store.upsert import upsert

#: The row of `meta` that says who watches, and until when nobody else may.
WATCHES = "inbound_watch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Everything of a source up to here was taken, or is too old to matter."""

    validity: int  #: UIDVALIDITY; 0 where the source has none
    uid: int  #: of a Maildir: unix seconds of the first look, less the days that it looked back
    at: datetime


async def find_cursor(tx: AsyncConnection, source: str) -> Cursor | None:
    row = (await tx.execute(select(cursors).where(cursors.c.source == source))).one_or_none()
    return Cursor(validity=row.validity, uid=row.uid, at=row.at) if row else None


async def keep_cursor(tx: AsyncConnection, source: str, cursor: Cursor) -> None:
    values = {"validity": cursor.validity, "uid": cursor.uid, "at": cursor.at}
    row = upsert(tx, cursors).values(source=source, **values)
    await tx.execute(row.on_conflict_do_update(index_elements=["source"], set_=values))


async def take_turn(tx: AsyncConnection, holder: str, *, now: datetime, lease: timedelta) -> bool:
    """Whether `holder` may watch until `now` + `lease`: nobody else does, or has said so for longer than its lease.

    Two that watch at once do no harm, as each message is taken once; they only do the work twice.
    """
    row = upsert(tx, meta).values(key=WATCHES, value=f"{_sortable(now + lease)} {holder}")
    is_free = (meta.c.value < _sortable(now)) | meta.c.value.endswith(f" {holder}", autoescape=True)
    taken = row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}, where=is_free)
    return (await tx.execute(taken.returning(meta.c.key))).first() is not None


async def leave_turn(tx: AsyncConnection, holder: str) -> None:
    """Another may watch at once."""
    await tx.execute(delete(meta).where(meta.c.key == WATCHES, meta.c.value.endswith(f" {holder}", autoescape=True)))


async def who_watches(tx: AsyncConnection) -> str:
    """The name of the process that watched last; "" where none does."""
    found = await tx.scalar(select(meta.c.value).where(meta.c.key == WATCHES))
    return str(found).partition(" ")[2] if found else ""


async def newest_message(tx: AsyncConnection) -> int:
    """The number of the message that came last; 0 where none did."""
    return await tx.scalar(select(func.max(messages.c.id))) or 0


async def kinds_after(tx: AsyncConnection, number: int) -> list[tuple[str, str, int]]:
    """How many messages came after that one, by state and kind."""
    query = select(messages.c.state, messages.c.kind, func.count()).where(messages.c.id > number)
    return [
        (state, kind, many) for state, kind, many in await tx.execute(query.group_by(messages.c.state, messages.c.kind))
    ]


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
