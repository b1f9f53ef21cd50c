"""Memory: which letter of ours a message is about.

In: what tokens, headers and addresses say. Out: ids and slugs that belong together.
"""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.delivery import DeliveryState
from newsletter.store.subscribers import LARGEST_ID
from newsletter.store.tables import (
    deliveries,
    events,
    lists,
    mailing_lists,
    mailings,
    series,
    subscribers,
    subscriptions,
)
from newsletter.subscribers.subscriber import SubscriptionState

#: Letters of one subscriber, and mailings, that a subject is compared with.
LAST = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A letter, or of a mailing without a subscriber only that."""

    mailing_id: int
    mailing: str  #: slug
    series_id: int
    delivery_id: int | None = None
    subscriber_id: int | None = None
    list_id: int | None = None  #: that its unsubscribe link is about
    address: str = ""
    subject: str = ""  #: of the mailing, with its placeholders


def _columns() -> Select[tuple[int, str, int, str]]:
    return (
        select(
            mailings.c.id.label("mailing_id"),
            mailings.c.slug.label("mailing"),
            events.c.series_id,
            func.coalesce(mailings.c.content["subject"].as_string(), "").label("subject"),
        )
        .select_from(mailings)
        .join(events, events.c.id == mailings.c.event_id)
    )


async def of_delivery(tx: AsyncConnection, delivery_id: int) -> Sent | None:
    if delivery_id > LARGEST_ID:
        return None
    return await _one(tx, _letters().where(deliveries.c.id == delivery_id))


async def of_subscriber(tx: AsyncConnection, mailing_id: int, subscriber_id: int) -> Sent | None:
    query = _letters().where(deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == subscriber_id)
    return await _one(tx, query)


async def last_of(tx: AsyncConnection, subscriber_id: int) -> list[Sent]:
    """The last letters that somebody got, the newest first."""
    query = _letters().where(
        deliveries.c.subscriber_id == subscriber_id, deliveries.c.state == DeliveryState.SENT.value
    )
    query = query.order_by(deliveries.c.ended_at.desc(), deliveries.c.id.desc()).limit(LAST)
    return [Sent(**row) for row in (await tx.execute(query)).mappings()]


async def of_mailing(tx: AsyncConnection, slug: str) -> Sent | None:
    found = (await tx.execute(_columns().where(mailings.c.slug == slug))).mappings().one_or_none()
    return None if found is None else Sent(**found)


async def last_mailings(tx: AsyncConnection) -> list[Sent]:
    """The mailings that were started last, the newest first."""
    query = _columns().where(mailings.c.started_at.is_not(None)).order_by(mailings.c.started_at.desc()).limit(LAST)
    return [Sent(**row) for row in (await tx.execute(query)).mappings()]


def _letters() -> Select[tuple[object, ...]]:
    return (
        _columns()
        .join(deliveries, deliveries.c.mailing_id == mailings.c.id)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .add_columns(deliveries.c.id.label("delivery_id"), deliveries.c.subscriber_id, subscribers.c.address)
    )


async def _one(tx: AsyncConnection, query: Select[tuple[object, ...]]) -> Sent | None:
    found = (await tx.execute(query)).mappings().one_or_none()
    if found is None:
        return None
    list_id = await _list_of(tx, found["mailing_id"], found["subscriber_id"])
    return Sent(**found, list_id=list_id)


async def _list_of(tx: AsyncConnection, mailing_id: int, subscriber_id: int) -> int | None:
    """The list through which a letter came: as the outbox chose it, the first that the subscriber is on."""
    query = (
        select(subscriptions.c.list_id)
        .join(mailing_lists, mailing_lists.c.list_id == subscriptions.c.list_id)
        .where(mailing_lists.c.mailing_id == mailing_id, subscriptions.c.subscriber_id == subscriber_id)
        .order_by(subscriptions.c.state != SubscriptionState.ACTIVE.value, subscriptions.c.list_id)
    )
    list_id: int | None = await tx.scalar(query.limit(1))
    return list_id


async def lists_of(tx: AsyncConnection, mailing_id: int) -> list[int]:
    """The lists that a mailing goes to."""
    query = select(mailing_lists.c.list_id).where(mailing_lists.c.mailing_id == mailing_id)
    return list(await tx.scalars(query.order_by(mailing_lists.c.list_id)))


async def subscriber_at(tx: AsyncConnection, key: str) -> int | None:
    """The subscriber of an address key."""
    found: int | None = await tx.scalar(select(subscribers.c.id).where(subscribers.c.address_key == key))
    return found


async def series_of_list(tx: AsyncConnection, list_id: int) -> int | None:
    """The series that writes to a list; the first of several."""
    slug = await tx.scalar(select(lists.c.slug).where(lists.c.id == list_id))
    found = await tx.execute(select(series.c.id, series.c.document["lists"]).order_by(series.c.id))
    return next((series_id for series_id, slugs in found if slug in (slugs or ())), None)


async def contact_of(tx: AsyncConnection, series_id: int | None) -> str:
    """The contact mailbox of a series, or with None of the one that was brought in first; "" where there is none."""
    query = select(series.c.document["contact"].as_string()).order_by(series.c.id).limit(1)
    if series_id is not None:
        query = query.where(series.c.id == series_id)
    return await tx.scalar(query) or ""


async def count_sent(tx: AsyncConnection, mailing_id: int, domain: str) -> int:
    """How many letters of a mailing a mail server took for recipients at a domain (lower case)."""
    query = (
        select(func.count())
        .select_from(deliveries)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.state == DeliveryState.SENT.value,
            subscribers.c.address_key.endswith(f"@{domain}", autoescape=True),
        )
    )
    return await tx.scalar(query) or 0
