"""Memory: deliveries and attempts <-> rows.

One row per mailing and subscriber, ever: the constraint holds it, whoever inserts. `next_at` alone says who may claim a
row: for a claimed one it is the end of the lease, so what a dead process held comes back by itself. A letter that was
being handed over when the process died is noted as such before, and comes back as in doubt.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, Select, case, exists, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.delivery import OPEN, Delivery, DeliveryState
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.outbox.retry import Decision
from newsletter.store.subscribers import to_subscriber
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
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState

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
    """Who would still get the mailing: not the suppressed, and nobody whose delivery has ended."""
    suppressed = exists().where(suppressions.c.address_key == subscribers.c.address_key)
    ended = exists().where(
        deliveries.c.mailing_id == mailing_id,
        deliveries.c.subscriber_id == subscribers.c.id,
        deliveries.c.state.not_in(OPEN_VALUES),
    )
    return select(subscribers.c.id).where(subscribers.c.id.in_(_members(mailing_id)), ~suppressed, ~ended)


async def audience(tx: AsyncConnection, mailing_id: int) -> AsyncIterator[Subscriber]:
    """The people of the audience one by one, whatever their number."""
    query = select(subscribers).where(subscribers.c.id.in_(_audience(mailing_id)))
    async for row in (await tx.stream(query.order_by(subscribers.c.id))).mappings():
        yield to_subscriber(row)


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


def _may_leave(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What can be claimed: its time has come, its mailing is being sent, and its window is open."""
    open_window = mailings.c.closes_at.is_(None) | (mailings.c.closes_at > now)
    waiting = deliveries.c.state.in_([state for state in OPEN_VALUES if state != DeliveryState.SENDING.value])
    return (deliveries.c.next_at <= now, waiting, mailings.c.state == "sending", open_window)


async def claim(tx: AsyncConnection, worker: str, limit: int, *, now: datetime, until: datetime) -> list[Delivery]:
    """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`."""
    waiting = (
        select(deliveries.c.id)
        .join(mailings)
        .where(*_may_leave(now))
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
    return [_delivery(row, worker) for row in (await tx.execute(query)).mappings()]


def _delivery(row: RowMapping, worker: str) -> Delivery:
    return Delivery(
        claimed_by=worker,
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


async def renew(tx: AsyncConnection, workers: Sequence[str], until: datetime) -> None:
    """A sign of life: what these workers hold stays their own."""
    await tx.execute(update(deliveries).where(deliveries.c.claimed_by.in_(workers)).values(next_at=until))


async def begin(tx: AsyncConnection, worker: str, delivery_id: int, *, now: datetime, until: datetime) -> bool:
    """Note that a letter is about to be handed over, before it is; False if it must not be any more.

    It must not when the lease has ended meanwhile (another may have it), or the mailing was held.
    """
    sending = exists().where(mailings.c.id == deliveries.c.mailing_id, mailings.c.state == "sending")
    begun = await tx.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.claimed_by == worker,
            deliveries.c.state == DeliveryState.CLAIMED.value,
            deliveries.c.next_at > now,
            sending,
        )
        .values(state=DeliveryState.SENDING.value, next_at=until)
    )
    return begun.rowcount == 1


async def release(tx: AsyncConnection, workers: Sequence[str], *, now: datetime) -> None:
    """Give back what was claimed and not begun."""
    tried = case((deliveries.c.attempts > 0, DeliveryState.DEFERRED.value), else_=DeliveryState.QUEUED.value)
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.claimed_by.in_(workers), deliveries.c.state == DeliveryState.CLAIMED.value)
        .values(state=tried, claimed_by=None, next_at=now)
    )


async def release_unsent(tx: AsyncConnection, delivery: Delivery, *, now: datetime) -> None:
    """Give back a delivery that was begun and could not be handed over at all: no attempt was made."""
    state = DeliveryState.DEFERRED if delivery.attempts else DeliveryState.QUEUED
    mine = (deliveries.c.id == delivery.id) & (deliveries.c.claimed_by == delivery.claimed_by)
    await tx.execute(update(deliveries).where(mine).values(state=state.value, claimed_by=None, next_at=now))


async def doubt(tx: AsyncConnection, workers: Sequence[str], *, now: datetime, next_at: datetime | None) -> int:
    """Letters whose handing over nobody saw the end of become in doubt: those of ended leases, and of `workers`.

    `next_at` is when they are sent again; None holds them for a person. Returns how many there were.
    """
    lost = (deliveries.c.state == DeliveryState.SENDING.value) & (
        (deliveries.c.next_at <= now) | deliveries.c.claimed_by.in_(workers)
    )
    said = "the process ended before the mail server had answered"
    columns = ["delivery_id", "at", "seconds", "kind", "phase", "code", "enhanced", "text"]
    kind, phase = literal(OutcomeKind.IN_DOUBT.value), literal("letter")
    rows = select(
        deliveries.c.id, literal(now, Instant), literal(0.0), kind, phase, literal(0), literal(""), literal(said)
    )
    await tx.execute(insert(attempts).from_select(columns, rows.where(lost)))
    found = await tx.execute(
        update(deliveries)
        .where(lost)
        .values(
            state=DeliveryState.IN_DOUBT.value,
            reason=f"may have arrived: {said}",
            next_at=next_at,
            attempts=deliveries.c.attempts + 1,
            claimed_by=None,
        )
    )
    return found.rowcount


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
    await settle(tx, delivery, decision, at=at, attempts_made=delivery.attempts + 1)


async def settle(
    tx: AsyncConnection, delivery: Delivery, decision: Decision, *, at: datetime, attempts_made: int
) -> None:
    """Set the state of a delivery that its worker still holds; with no next time it has ended."""
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.claimed_by == delivery.claimed_by)
        .values(
            state=decision.state.value,
            reason=decision.reason,
            next_at=decision.next_at,
            attempts=attempts_made,
            claimed_by=None,
            ended_at=at if decision.state not in OPEN else None,
        )
    )


async def give_up(tx: AsyncConnection, mailing_id: int, *, at: datetime) -> int:
    """End what was refused for now, and leave to a person what is in doubt: the mailing may no longer be sent.

    Returns how many were given up.
    """
    given_up = await tx.execute(
        update(deliveries)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.state == DeliveryState.DEFERRED.value,
            deliveries.c.attempts > 0,
        )
        .values(
            state=DeliveryState.FAILED.value,
            reason=literal("given up, its window has passed; last answer: ") + deliveries.c.reason,
            next_at=None,
            ended_at=at,
        )
    )
    in_doubt = (deliveries.c.mailing_id == mailing_id) & (deliveries.c.state == DeliveryState.IN_DOUBT.value)
    await tx.execute(update(deliveries).where(in_doubt).values(next_at=None))
    return given_up.rowcount


async def withdraw(tx: AsyncConnection, mailing_id: int, reason: str, *, at: datetime) -> int:
    """End every delivery of a mailing that has not been begun; returns how many."""
    waiting = (DeliveryState.QUEUED.value, DeliveryState.CLAIMED.value, DeliveryState.DEFERRED.value)
    withdrawn = await tx.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state.in_(waiting))
        .values(state=DeliveryState.WITHHELD.value, reason=reason, next_at=None, ended_at=at, claimed_by=None)
    )
    return withdrawn.rowcount


async def count_states(tx: AsyncConnection, mailing_id: int) -> dict[str, int]:
    """How many deliveries of a mailing are in each state."""
    query = select(deliveries.c.state, func.count()).where(deliveries.c.mailing_id == mailing_id)
    return {state: count for state, count in await tx.execute(query.group_by(deliveries.c.state))}


async def count_waiting(tx: AsyncConnection, *, now: datetime) -> int:
    """How many letters could leave now."""
    query = select(func.count()).select_from(deliveries).join(mailings)
    return await tx.scalar(query.where(*_may_leave(now))) or 0


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
    """The mailings that are being sent and have no delivery left that will still be sent by itself."""
    left = exists().where(
        deliveries.c.mailing_id == mailings.c.id,
        deliveries.c.state.in_(OPEN_VALUES),
        deliveries.c.next_at.is_not(None),  # a letter in doubt without a time waits for a person
    )
    return list(await tx.scalars(select(mailings.c.id).where(mailings.c.state == "sending", ~left)))
