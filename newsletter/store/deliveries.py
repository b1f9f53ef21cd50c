"""Memory: deliveries and attempts <-> rows.

One row per mailing and subscriber, ever: the constraint holds it, whoever inserts. `next_at` alone says who may claim a
row: for a claimed one it is the end of the lease, so what a dead process held comes back by itself. A letter that was
being handed over when the process died is noted as such before, and comes back as in doubt.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, case, exists, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.delivery import OPEN, WITHDRAWN, Delivery, DeliveryState
from newsletter.outbox.outcome import OutcomeKind
from newsletter.store.tables import (
    Instant,
    attempts,
    deliveries,
    mailings,
    subscribers,
)

OPEN_VALUES = tuple(state.value for state in OPEN)
#: Said beside a worker's name, so that the index of what is held is used, and not a look at every delivery there is.
HELD = deliveries.c.claimed_by.is_not(None)


async def renew(tx: AsyncConnection, workers: Sequence[str], until: datetime) -> None:
    """A sign of life: what these workers hold stays their own."""
    await tx.execute(update(deliveries).where(HELD, deliveries.c.claimed_by.in_(workers)).values(next_at=until))


async def release(tx: AsyncConnection, workers: Sequence[str], *, now: datetime, mailing_id: int | None = None) -> None:
    """Give back what was claimed and not begun, of one mailing or of all."""
    tried = case((deliveries.c.attempts > 0, DeliveryState.DEFERRED.value), else_=DeliveryState.QUEUED.value)
    mine = HELD & deliveries.c.claimed_by.in_(workers) & (deliveries.c.state == DeliveryState.CLAIMED.value)
    if mailing_id is not None:
        # As a sum: SQLite would rather look through all of the mailing, for which it has an index as well.
        mine &= deliveries.c.mailing_id + 0 == mailing_id
    await tx.execute(update(deliveries).where(mine).values(state=tried, claimed_by=None, next_at=now))


async def release_unsent(tx: AsyncConnection, delivery: Delivery, *, now: datetime) -> None:
    """Give back a delivery that was begun and could not be handed over at all: no attempt was made."""
    state = DeliveryState.DEFERRED if delivery.attempts else DeliveryState.QUEUED
    mine = (deliveries.c.id == delivery.id) & (deliveries.c.claimed_by == delivery.claimed_by)
    await tx.execute(update(deliveries).where(mine).values(state=state.value, claimed_by=None, next_at=now))


async def doubt(tx: AsyncConnection, workers: Sequence[str], *, now: datetime, next_at: datetime | None) -> int:
    """Letters whose handing over nobody saw the end of become in doubt: those of ended leases, and of `workers`.

    `next_at` is when they are sent again; None holds them for a person. Returns how many there were.
    """
    lost = (HELD & (deliveries.c.state == DeliveryState.SENDING.value)) & (
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


async def hasten(tx: AsyncConnection, mailing_id: int, domains: Collection[str], *, now: datetime) -> None:
    """What was put off to recipients at these domains (lower case) may leave as soon as its mailing may."""
    waits = deliveries.c.state.in_((DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value))
    at_domain = deliveries.c.subscriber_id.in_(select(subscribers.c.id).where(_is_at(domains)))
    of_mailing = (deliveries.c.mailing_id == mailing_id) & (deliveries.c.next_at > now)
    await tx.execute(update(deliveries).where(of_mailing, waits, at_domain).values(next_at=now))


async def goes_elsewhere(tx: AsyncConnection, mailing_id: int, domains: Collection[str]) -> bool:
    """Whether anybody got a letter of this mailing, or somebody who is not at these domains will still be tried."""
    found = exists().where(
        deliveries.c.mailing_id == mailing_id,
        subscribers.c.id == deliveries.c.subscriber_id,
        (deliveries.c.state == DeliveryState.SENT.value) | (deliveries.c.state.in_(OPEN_VALUES) & ~_is_at(domains)),
    )
    return bool(await tx.scalar(select(found)))


def _is_at(domains: Collection[str]) -> ColumnElement[bool]:
    return or_(*(func.lower(subscribers.c.address).endswith(f"@{domain}", autoescape=True) for domain in domains))


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
    await leave_doubts(tx, mailing_id)
    return given_up.rowcount


async def leave_doubts(tx: AsyncConnection, mailing_id: int) -> None:
    """Leave to a person what is in doubt of a mailing: nothing of it is sent again by itself."""
    in_doubt = (deliveries.c.mailing_id == mailing_id) & (deliveries.c.state == DeliveryState.IN_DOUBT.value)
    await tx.execute(update(deliveries).where(in_doubt).values(next_at=None))


async def withdraw(tx: AsyncConnection, mailing_id: int, *, at: datetime) -> int:
    """End every delivery of a cancelled mailing that has not been begun; returns how many.

    What is in doubt waits for a person: it must not leave by itself should the mailing be scheduled again.
    """
    await leave_doubts(tx, mailing_id)
    waiting = (DeliveryState.QUEUED.value, DeliveryState.CLAIMED.value, DeliveryState.DEFERRED.value)
    withdrawn = await tx.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state.in_(waiting))
        .values(state=DeliveryState.WITHHELD.value, reason=WITHDRAWN, next_at=None, ended_at=at, claimed_by=None)
    )
    return withdrawn.rowcount


async def count_states(tx: AsyncConnection, mailing_id: int) -> dict[str, int]:
    """How many deliveries of a mailing are in each state."""
    query = select(deliveries.c.state, func.count()).where(deliveries.c.mailing_id == mailing_id)
    return {state: count for state, count in await tx.execute(query.group_by(deliveries.c.state))}


async def count_waiting(tx: AsyncConnection, *, now: datetime) -> int:
    """How many letters a worker has to look at now.

    They may leave (their time has come, their mailing is being sent, its window is open), or a process that ended was
    just handing them over: those are looked at whatever became of their mailing, as nobody else does.
    """
    open_window = mailings.c.closes_at.is_(None) | (mailings.c.closes_at > now)
    may_leave = (deliveries.c.state != DeliveryState.SENDING.value) & (mailings.c.state == "sending") & open_window
    is_lost = deliveries.c.state == DeliveryState.SENDING.value
    query = select(func.count()).select_from(deliveries).join(mailings)
    due = (deliveries.c.next_at <= now) & deliveries.c.state.in_(OPEN_VALUES) & (may_leave | is_lost)
    return await tx.scalar(query.where(due)) or 0


async def sending_of(tx: AsyncConnection, mailing_id: int) -> tuple[datetime | None, datetime | None]:
    """When the content of a mailing was frozen, and until when its letters may leave (None: for ever)."""
    query = select(mailings.c.started_at, mailings.c.closes_at).where(mailings.c.id == mailing_id)
    started_at, closes_at = (await tx.execute(query)).one()
    return started_at, closes_at


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
