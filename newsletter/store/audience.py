"""Memory: who a mailing goes to, before and when it fires.

In: a mailing. Out: the people of its audience, how many they are, and one delivery for each of them.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.events.plan import Audience
from newsletter.outbox.delivery import WITHDRAWN, DeliveryState
from newsletter.schedule.state import PENDING
from newsletter.store.attendance import has_answered
from newsletter.store.corrections import corrected_by, may_have_arrived, reached
from newsletter.store.deliveries import OPEN_VALUES
from newsletter.store.mailings import MailingRow, all_mailings
from newsletter.store.subscribers import to_subscriber
from newsletter.store.tables import (
    Instant,
    deliveries,
    mailing_lists,
    mailings,
    subscribers,
    subscriptions,
    suppressions,
)
from newsletter.store.upsert import upsert
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState


def _members(mailing_id: int) -> Select[tuple[int]]:
    """The active subscribers of a mailing's lists, each once, suppressed or not."""
    return (
        select(subscriptions.c.subscriber_id)
        .join(mailing_lists, mailing_lists.c.list_id == subscriptions.c.list_id)
        .where(mailing_lists.c.mailing_id == mailing_id, subscriptions.c.state == SubscriptionState.ACTIVE.value)
        .distinct()
    )


def reachable(mailing_id: int) -> Select[tuple[int]]:
    """Whom a mailing may be sent to at all: the active members of its lists, without the suppressed."""
    suppressed = exists().where(suppressions.c.address_key == subscribers.c.address_key)
    return select(subscribers.c.id).where(subscribers.c.id.in_(_members(mailing_id)), ~suppressed)


def _withdrawn() -> ColumnElement[bool]:
    """Whether a delivery has ended only because its mailing was cancelled, and its letter cannot have arrived."""
    by_cancelling = (deliveries.c.state == DeliveryState.WITHHELD.value) & (deliveries.c.reason == WITHDRAWN)
    return by_cancelling & ~may_have_arrived()


async def count_withdrawn(tx: AsyncConnection, mailing_id: int) -> int:
    """How many would have got a mailing that was cancelled on its way, and get it if it is scheduled again."""
    mine = (deliveries.c.mailing_id == mailing_id) & deliveries.c.subscriber_id.in_(reachable(mailing_id))
    return await tx.scalar(select(func.count()).select_from(deliveries).where(mine, _withdrawn())) or 0


async def _audience(tx: AsyncConnection, mailing_id: int) -> Select[tuple[int]]:
    """Who would still get the mailing: whom it may be sent to, but nobody whose delivery has ended or needs a person.

    A delivery that has ended only because the mailing was cancelled on its way does not count as ended.

    For a correction only those of them whom a mailing has reached that it corrects, whatever they answered since.
    Else, where the plan asks for it, only those who gave this answer to the invitation.
    """
    ended = exists().where(
        deliveries.c.mailing_id == mailing_id,
        deliveries.c.subscriber_id == subscribers.c.id,
        deliveries.c.state.not_in(OPEN_VALUES)
        | ((deliveries.c.state == DeliveryState.IN_DOUBT.value) & deliveries.c.next_at.is_(None)),
        ~_withdrawn(),
    )
    people = reachable(mailing_id).where(~ended)
    asked = mailings.c.planned["audience"].as_string().label("audience")
    query = select(mailings.c.corrects_id, mailings.c.event_id, asked).where(mailings.c.id == mailing_id)
    row = (await tx.execute(query)).one_or_none()
    if row is not None and row.corrects_id is not None:
        return people.where(subscribers.c.id.in_(reached(list(await corrected_by(tx, mailing_id)))))
    if row is not None and row.audience:
        return people.where(has_answered(row.event_id, Audience(row.audience)))
    return people


async def audience(tx: AsyncConnection, mailing_id: int) -> AsyncIterator[Subscriber]:
    """The people of the audience one by one, whatever their number."""
    query = select(subscribers).where(subscribers.c.id.in_(await _audience(tx, mailing_id)))
    async for row in (await tx.stream(query.order_by(subscribers.c.id))).mappings():
        yield to_subscriber(row)


async def count_audience(tx: AsyncConnection, mailing_id: int) -> int:
    """How many would get the mailing if it fired now."""
    people = await _audience(tx, mailing_id)
    return await tx.scalar(select(func.count()).select_from(people.subquery())) or 0


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A correction that a person has not sent yet, and how many it would go to of those whom others reached."""

    row: MailingRow
    shared: int


async def waiting_corrections(
    tx: AsyncConnection, event_slug: str, template: str, mailing_ids: Sequence[int]
) -> list[Waiting]:
    """The corrections with this template that wait for people whom these mailings about the event have reached."""
    found = []
    for row in await all_mailings(tx, event_slug):
        if row.corrects_id is not None and row.state in PENDING and row.planned.template == template:
            people = (await _audience(tx, row.id)).where(subscribers.c.id.in_(reached(mailing_ids)))
            if shared := await tx.scalar(select(func.count()).select_from(people.subquery())):
                found.append(Waiting(row=row, shared=shared))
    return found


async def count_reachable(tx: AsyncConnection, mailing_id: int) -> int:
    """How many a mailing may be sent to at all, whether they have it or not."""
    return await tx.scalar(select(func.count()).select_from(reachable(mailing_id).subquery())) or 0


async def count_recipients(tx: AsyncConnection, rows: Sequence[MailingRow]) -> dict[int, int]:
    """By mailing: who would get it, or, once it has started, who gets it.

    What has started is counted in one query. Of the others most go to the same lists, so each set of lists is counted
    once, whatever the number of mailings; and once more for each answer that an event asks of them.
    """
    per_mailing = select(deliveries.c.mailing_id, func.count()).group_by(deliveries.c.mailing_id)
    counts = {mailing_id: count for mailing_id, count in await tx.execute(per_mailing)}
    going: dict[int, set[int]] = {row.id: set() for row in rows if row.started_at is None}
    for mailing_id, list_id in await tx.execute(select(mailing_lists.c.mailing_id, mailing_lists.c.list_id)):
        if mailing_id in going:
            going[mailing_id].add(list_id)
    known: dict[tuple[frozenset[int], str, str], int] = {}
    for row in rows:
        asked = row.planned.audience
        alike = (frozenset(going.get(row.id, ())), asked, row.event if asked else "")
        if row.id not in going:
            counts.setdefault(row.id, 0)
        elif row.corrects_id is not None:
            counts[row.id] = await count_audience(tx, row.id)
        else:
            if alike not in known:
                known[alike] = await count_audience(tx, row.id)
            counts[row.id] = known[alike]
    return {row.id: counts[row.id] for row in rows}


async def enqueue(tx: AsyncConnection, mailing_id: int, *, now: datetime) -> int:
    """One delivery for everybody of the audience; running it again adds nobody twice. Returns how many were added.

    Who is left because the mailing was cancelled on its way has a delivery already, which waits again.
    What a worker has claimed before, it claimed with the letter of before: that is free again, and claimed anew.
    """
    claimed = (deliveries.c.mailing_id == mailing_id) & (deliveries.c.state == DeliveryState.CLAIMED.value)
    before = case((deliveries.c.attempts > 0, DeliveryState.DEFERRED.value), else_=DeliveryState.QUEUED.value)
    await tx.execute(update(deliveries).where(claimed).values(state=before, claimed_by=None, next_at=now))
    people = await _audience(tx, mailing_id)
    left = (deliveries.c.mailing_id == mailing_id) & _withdrawn() & deliveries.c.subscriber_id.in_(people)
    queued = {"state": DeliveryState.QUEUED.value, "reason": "", "attempts": 0, "next_at": now, "ended_at": None}
    taken_up = await tx.execute(update(deliveries).where(left).values(queued))
    rows = people.with_only_columns(
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
    return added.rowcount + taken_up.rowcount
