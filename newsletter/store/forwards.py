"""Memory: messages of people on their way to a contact mailbox.

In: messages to send on. Out: those that may leave now, one at a time. A forward that is claimed says so before a byte
of it travels; when its claim has ended and nobody told how, it may have arrived, and is sent again as it was.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.events.event import Series
from newsletter.store.documents import load
from newsletter.store.tables import events, forwards, mailings, messages, replies, series
from newsletter.store.upsert import upsert

#: Of a forward whose sender has gone.
LOST = "may have arrived: the process ended before the mail server had answered"


class Forward(NamedTuple):
    """A forward that is claimed, with all that its letter needs."""

    id: int
    message_id: int  #: of the table of messages
    address: str
    wrapped: bool
    attempts: int  #: before this one
    reason: str  #: of the attempt before
    until: datetime  #: when the claim ends
    raw: bytes | None  #: None: it was thrown away
    received_at: datetime
    mailing: str  #: slug; "" where none is known
    subscriber_id: int | None
    series: Series | None


async def queue(tx: AsyncConnection, message_id: int, address: str, *, now: datetime) -> bool:
    """Have a message sent on; False if it was queued for this address before."""
    row = {
        "message_id": message_id,
        "address": address,
        "wrapped": False,
        "state": "waiting",
        "attempts": 0,
        "next_at": now,
        "reason": "",
    }
    made = upsert(tx, forwards).values(row).on_conflict_do_nothing(index_elements=["message_id", "address"])
    return (await tx.execute(made.returning(forwards.c.id))).first() is not None


async def count_about(tx: AsyncConnection, delivery_id: int, *, since: datetime) -> int:
    """How many messages about one delivery came in since then to be sent on."""
    query = select(func.count()).select_from(forwards).join(messages)
    found = await tx.scalar(query.where(messages.c.delivery_id == delivery_id, messages.c.received_at >= since))
    return found or 0


async def due(tx: AsyncConnection, *, now: datetime, limit: int = 100) -> list[int]:
    """The forwards that may leave now, those that have waited longest first."""
    query = select(forwards.c.id).where(_may_leave(now)).order_by(forwards.c.next_at, forwards.c.id)
    return list(await tx.scalars(query.limit(limit)))


async def next_at(tx: AsyncConnection) -> datetime | None:
    """When the next forward may leave; None where nothing waits."""
    query = select(func.min(forwards.c.next_at)).where(forwards.c.state.in_(("waiting", "sending")))
    found: datetime | None = await tx.scalar(query)
    return found


async def claim(tx: AsyncConnection, forward_id: int, *, now: datetime, until: datetime) -> Forward | None:
    """Note that a forward is being handed over; None if somebody else does it, or it need not leave now."""
    query = select(forwards.c.state, forwards.c.attempts).where(forwards.c.id == forward_id, _may_leave(now))
    found = (await tx.execute(query.with_for_update())).one_or_none()
    if found is None:
        return None
    changes: dict[str, object] = {"state": "sending", "next_at": until}
    if found.state == "sending":
        changes |= {"attempts": found.attempts + 1, "reason": LOST}
    await tx.execute(update(forwards).where(forwards.c.id == forward_id).values(changes))
    return await _claimed(tx, forward_id)


def _may_leave(now: datetime) -> ColumnElement[bool]:
    return forwards.c.state.in_(("waiting", "sending")) & (forwards.c.next_at <= now)


async def _claimed(tx: AsyncConnection, forward_id: int) -> Forward:
    query = (
        select(
            forwards,
            messages.c.raw,
            messages.c.received_at,
            messages.c.subscriber_id,
            mailings.c.slug.label("mailing"),
            series.c.document,
        )
        .select_from(forwards)
        .join(messages)
        .outerjoin(replies, replies.c.message_id == messages.c.id)
        .outerjoin(mailings, mailings.c.id == messages.c.mailing_id)
        .outerjoin(events, events.c.id == mailings.c.event_id)
        .outerjoin(series, series.c.id == func.coalesce(events.c.series_id, replies.c.series_id))
        .where(forwards.c.id == forward_id)
    )
    row = (await tx.execute(query)).mappings().one()
    return Forward(
        id=row["id"],
        message_id=row["message_id"],
        address=row["address"],
        wrapped=row["wrapped"],
        attempts=row["attempts"],
        reason=row["reason"],
        until=row["next_at"],
        raw=row["raw"],
        received_at=row["received_at"],
        mailing=row["mailing"] or "",
        subscriber_id=row["subscriber_id"],
        series=None if row["document"] is None else load(Series, row["document"]),
    )


async def settle(
    tx: AsyncConnection,
    forward: Forward,
    *,
    state: str,
    reason: str,
    attempts: int,
    wrapped: bool,
    next_at: datetime | None,
    now: datetime,
) -> bool:
    """Write what became of a claimed forward; False if the claim has ended meanwhile: then another has it."""
    mine = (forwards.c.id == forward.id) & (forwards.c.state == "sending") & (forwards.c.next_at == forward.until)
    written = await tx.execute(
        update(forwards)
        .where(mine)
        .values(
            state=state,
            reason=reason,
            attempts=attempts,
            wrapped=wrapped,
            next_at=next_at,
            ended_at=None if next_at is not None else now,
        )
    )
    return bool(written.rowcount)


async def came_back(tx: AsyncConnection, forward_id: int, reason: str, *, now: datetime) -> bool:
    """A forward that the mail server had taken was not delivered after all; False if there is no such forward."""
    failed = {"state": "failed", "reason": reason, "next_at": None, "ended_at": now}
    found = await tx.execute(update(forwards).where(forwards.c.id == forward_id).values(failed))
    return bool(found.rowcount)


async def try_again(tx: AsyncConnection, message_id: int, *, now: datetime) -> int:
    """Have what failed sent on once more; returns how many there were."""
    failed = (forwards.c.message_id == message_id) & (forwards.c.state == "failed")
    again = {"state": "waiting", "attempts": 0, "next_at": now, "ended_at": None}
    return (await tx.execute(update(forwards).where(failed).values(again))).rowcount


async def of_message(tx: AsyncConnection, message_id: int) -> list[RowMapping]:
    """What became of sending a message on: address, wrapped, state, attempts, next_at, ended_at, reason."""
    query = select(forwards).where(forwards.c.message_id == message_id).order_by(forwards.c.id)
    return list((await tx.execute(query)).mappings())
