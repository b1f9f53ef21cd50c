"""Memory: deliveries and attempts <-> rows.

One row per mailing and subscriber, ever: the constraint holds it, whoever inserts. `next_at` alone says who may claim a
row: for a claimed one it is the end of the lease, so what a dead process held comes back by itself.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, Select, exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.delivery import OPEN, Delivery, DeliveryState
from newsletter.outbox.outcome import Outcome
from newsletter.outbox.retry import Decision
from newsletter.store.tables import (
    Instant,
    attempts,
    deliveries,
    mailing_lists,
    mailings,
    subscribers,
    subscriptions,
    suppressions,
)
from newsletter.store.upsert import upsert
from newsletter.subscribers.subscriber import SubscriptionState

OPEN_VALUES = tuple(state.value for state in OPEN)


def _members(mailing_id: int) -> Select[tuple[int]]:
    """The active subscribers of a mailing's lists, each once, suppressed or not."""
    return (
        select(subscriptions.c.subscriber_id)
        .join(mailing_lists, mailing_lists.c.list_id == subscriptions.c.list_id)
        .where(mailing_lists.c.mailing_id == mailing_id, subscriptions.c.state == SubscriptionState.ACTIVE.value)
        .distinct()
    )


def _audience(mailing_id: int) -> Select[tuple[int]]:
    suppressed = exists().where(suppressions.c.address_key == subscribers.c.address_key)
    return select(subscribers.c.id).where(subscribers.c.id.in_(_members(mailing_id)), ~suppressed)


async def count_audience(tx: AsyncConnection, mailing_id: int) -> int:
    """How many would get the mailing if it fired now."""
    return await tx.scalar(select(func.count()).select_from(_audience(mailing_id).subquery())) or 0


async def enqueue(tx: AsyncConnection, mailing_id: int, *, now: datetime) -> int:
    """One delivery for everybody of the audience; running it again adds nobody twice. Returns how many were added."""
    rows = _audience(mailing_id).with_only_columns(
        literal(mailing_id),
        subscribers.c.id,
        literal(DeliveryState.QUEUED.value),
        literal(""),
        literal(0),
        literal(now, Instant),
        literal(now, Instant),
    )
    columns = ["mailing_id", "subscriber_id", "state", "reason", "attempts", "queued_at", "next_at"]
    # ORDER BY makes "FROM … ON CONFLICT" readable for SQLite's parser, and letters leave in the order of joining.
    statement = upsert(tx, deliveries).from_select(columns, rows.order_by(subscribers.c.id))
    added = await tx.execute(statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True})
    return added.rowcount


async def claim(tx: AsyncConnection, worker: str, limit: int, *, now: datetime, until: datetime) -> list[Delivery]:
    """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`."""
    waiting = (
        select(deliveries.c.id)
        .join(mailings)
        .where(deliveries.c.next_at <= now, deliveries.c.state.in_(OPEN_VALUES), mailings.c.state == "sending")
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(limit)
        .with_for_update(of=deliveries, skip_locked=True)  # SQLite has one writer at a time and needs no such thing
    )
    ids = list(await tx.scalars(waiting))
    if not ids:
        return []
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(state=DeliveryState.CLAIMED.value, claimed_by=worker, next_at=until)
    )
    active = (
        select(func.min(mailing_lists.c.list_id))
        .join(subscriptions, subscriptions.c.list_id == mailing_lists.c.list_id)
        .where(
            mailing_lists.c.mailing_id == deliveries.c.mailing_id,
            subscriptions.c.subscriber_id == deliveries.c.subscriber_id,
            subscriptions.c.state == SubscriptionState.ACTIVE.value,
        )
        .correlate(deliveries)
        .scalar_subquery()
    )
    query = (
        select(deliveries, subscribers, suppressions.c.reason.label("suppressed"), active.label("list_id"))
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .outerjoin(suppressions, suppressions.c.address_key == subscribers.c.address_key)
        .where(deliveries.c.id.in_(ids))
        .order_by(deliveries.c.id)
    )
    return [_delivery(row) for row in (await tx.execute(query)).mappings()]


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row[deliveries.c.id],
        mailing_id=row["mailing_id"],
        subscriber_id=row["subscriber_id"],
        address=row["address"],
        name=row["name"],
        attributes=row["attributes"],
        attempts=row["attempts"],
        queued_at=row["queued_at"],
        suppressed=row["suppressed"],
        subscribed=row["list_id"] is not None,
        list_id=row["list_id"] or 0,
    )


async def renew(tx: AsyncConnection, worker: str, until: datetime) -> None:
    """A sign of life: what this worker holds stays its own."""
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.claimed_by == worker, deliveries.c.state == DeliveryState.CLAIMED.value)
        .values(next_at=until)
    )


async def release(tx: AsyncConnection, worker: str, *, now: datetime) -> None:
    """Give back what was claimed and not tried."""
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.claimed_by == worker, deliveries.c.state == DeliveryState.CLAIMED.value)
        .values(state=DeliveryState.QUEUED.value, claimed_by=None, next_at=now)
    )


async def record(
    tx: AsyncConnection, delivery: Delivery, outcome: Outcome, decision: Decision, *, at: datetime, seconds: float
) -> None:
    """Keep an attempt, and what becomes of its delivery."""
    await tx.execute(
        insert(attempts).values(
            delivery_id=delivery.id,
            at=at,
            seconds=seconds,
            kind=outcome.kind.value,
            phase=outcome.phase,
            code=outcome.code,
            enhanced=outcome.enhanced,
            text=outcome.text,
        )
    )
    await settle(tx, delivery.id, decision, at=at, attempts_made=delivery.attempts + 1)


async def settle(
    tx: AsyncConnection, delivery_id: int, decision: Decision, *, at: datetime, attempts_made: int
) -> None:
    """Set the state of a delivery; with no next time it has ended."""
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(
            state=decision.state.value,
            reason=decision.reason,
            next_at=decision.next_at,
            attempts=attempts_made,
            claimed_by=None,
            ended_at=at if decision.state not in OPEN else None,
        )
    )


async def count_states(tx: AsyncConnection, mailing_id: int) -> dict[str, int]:
    """How many deliveries of a mailing are in each state."""
    query = select(deliveries.c.state, func.count()).where(deliveries.c.mailing_id == mailing_id)
    return {state: count for state, count in await tx.execute(query.group_by(deliveries.c.state))}


async def count_waiting(tx: AsyncConnection, *, now: datetime) -> int:
    """How many letters could leave now."""
    query = select(func.count()).select_from(deliveries).join(mailings)
    due = (deliveries.c.next_at <= now, deliveries.c.state.in_(OPEN_VALUES), mailings.c.state == "sending")
    return await tx.scalar(query.where(*due)) or 0


async def deliveries_of(tx: AsyncConnection, subscriber_id: int) -> list[RowMapping]:
    """What one subscriber got or did not get: mailing, state, reason, attempts, queued_at, ended_at; oldest first."""
    query = (
        select(
            mailings.c.slug.label("mailing"),
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.attempts,
            deliveries.c.queued_at,
            deliveries.c.ended_at,
        )
        .join(mailings)
        .where(deliveries.c.subscriber_id == subscriber_id)
        .order_by(deliveries.c.id)
    )
    return list((await tx.execute(query)).mappings())


async def attempts_of(tx: AsyncConnection, mailing_id: int) -> list[RowMapping]:
    """Every attempt of a mailing, with the id of its subscriber; oldest first."""
    query = select(attempts, deliveries.c.subscriber_id).join(deliveries).where(deliveries.c.mailing_id == mailing_id)
    return list((await tx.execute(query.order_by(attempts.c.id))).mappings())


async def done(tx: AsyncConnection) -> Sequence[int]:
    """The mailings that are being sent and have no delivery left that may still be sent."""
    left = exists().where(deliveries.c.mailing_id == mailings.c.id, deliveries.c.state.in_(OPEN_VALUES))
    return list(await tx.scalars(select(mailings.c.id).where(mailings.c.state == "sending", ~left)))
