"""Memory: lists, subscribers, subscriptions and suppressions <-> rows.

A subscription that its subscriber ended becomes active again only when they take that back themselves
(`resume_subscriptions`), and a suppression wins over everything.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.store.tables import Instant, lists, subscribers, subscriptions, suppressions
from newsletter.store.upsert import upsert
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState, address_key

#: Ids are 64 bits wide; a token can hold more.
LARGEST_ID = 2**63 - 1
#: Bound parameters in one statement; SQLite allows 32,766.
CHUNK = 1000


async def ensure_lists(tx: AsyncConnection, slugs: Iterable[str]) -> dict[str, int]:
    """The ids of lists by slug; a list that is not there yet is made, empty."""
    wanted = sorted(set(slugs))
    if wanted:
        await tx.execute(upsert(tx, lists).values([{"slug": slug} for slug in wanted]).on_conflict_do_nothing())
    found = await tx.execute(select(lists.c.slug, lists.c.id).where(lists.c.slug.in_(wanted)))
    return {slug: list_id for slug, list_id in found}


async def ids_of_lists(tx: AsyncConnection, slugs: Iterable[str]) -> list[int]:
    """The ids of those of these lists that are there."""
    return list(await tx.scalars(select(lists.c.id).where(lists.c.slug.in_(list(slugs))).order_by(lists.c.slug)))


async def require_list(tx: AsyncConnection, slug: str) -> None:
    """Make sure that there is such a list.

    Raises:
        NotFoundError: there is not; it names those that are.
    """
    known = list(await tx.scalars(select(lists.c.slug).order_by(lists.c.slug)))
    if slug not in known:
        raise NotFoundError("list", slug, known)


async def list_counts(tx: AsyncConnection) -> list[RowMapping]:
    """Every list: slug, active, unsubscribed, suppressed; each person counts once, by what keeps mail from them."""
    active = subscriptions.c.state == SubscriptionState.ACTIVE.value
    suppressed = suppressions.c.address_key.is_not(None)
    query = (
        select(
            lists.c.slug,
            func.count().filter(active & ~suppressed).label("active"),
            func.count().filter(subscriptions.c.state == SubscriptionState.UNSUBSCRIBED.value).label("unsubscribed"),
            func.count().filter(active & suppressed).label("suppressed"),
        )
        .select_from(lists)
        .outerjoin(subscriptions)
        .outerjoin(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(suppressions, suppressions.c.address_key == subscribers.c.address_key)
        .group_by(lists.c.slug)
        .order_by(lists.c.slug)
    )
    return list((await tx.execute(query)).mappings())


async def list_members(tx: AsyncConnection, slug: str) -> list[RowMapping]:
    """Everybody on one list: address, name, state, since, suppressed (reason or None)."""
    await require_list(tx, slug)
    query = (
        select(
            subscribers.c.id,
            subscribers.c.address,
            subscribers.c.name,
            subscriptions.c.state,
            subscriptions.c.since,
            suppressions.c.reason.label("suppressed"),
        )
        .select_from(subscriptions)
        .join(lists)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(suppressions, suppressions.c.address_key == subscribers.c.address_key)
        .where(lists.c.slug == slug)
        .order_by(subscribers.c.id)
    )
    return list((await tx.execute(query)).mappings())


async def find_subscribers(tx: AsyncConnection, keys: Sequence[str]) -> dict[str, Subscriber]:
    """The subscribers of these address keys."""
    found: dict[str, Subscriber] = {}
    for start in range(0, len(keys), CHUNK):
        query = select(subscribers).where(subscribers.c.address_key.in_(keys[start : start + CHUNK]))
        for row in (await tx.execute(query)).mappings():
            found[row["address_key"]] = to_subscriber(row)
    return found


async def find_states(tx: AsyncConnection, list_slug: str) -> dict[str, SubscriptionState]:
    """Who was ever subscribed to a list, by address key."""
    query = select(subscribers.c.address_key, subscriptions.c.state).select_from(subscriptions)
    query = query.join(lists).join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    return {key: SubscriptionState(state) for key, state in await tx.execute(query.where(lists.c.slug == list_slug))}


async def find_suppressions(tx: AsyncConnection) -> dict[str, str]:
    """Every suppressed address key, with the reason."""
    return {key: reason for key, reason in await tx.execute(select(suppressions.c.address_key, suppressions.c.reason))}


async def upsert_subscribers(tx: AsyncConnection, people: Sequence[Subscriber], *, now: datetime) -> None:
    """Insert or update by address key; the spelling of the address that was stored first stays."""
    for start in range(0, len(people), CHUNK):
        rows = [
            {
                "address": person.address,
                "address_key": address_key(person.address),
                "name": person.name,
                "attributes": dict(person.attributes),
                "created_at": now,
            }
            for person in people[start : start + CHUNK]
        ]
        made = upsert(tx, subscribers).values(rows)
        await tx.execute(
            made.on_conflict_do_update(
                index_elements=["address_key"],
                set_={"name": made.excluded.name, "attributes": made.excluded.attributes},
            )
        )


async def subscribe(tx: AsyncConnection, list_id: int, keys: Sequence[str], *, now: datetime) -> None:
    """Subscribe the people of these address keys; who left the list stays out."""
    for start in range(0, len(keys), CHUNK):
        people = select(
            literal(list_id), subscribers.c.id, literal(SubscriptionState.ACTIVE.value), literal(now, Instant)
        ).where(subscribers.c.address_key.in_(keys[start : start + CHUNK]))
        await tx.execute(
            upsert(tx, subscriptions)
            .from_select(["list_id", "subscriber_id", "state", "since"], people)
            .on_conflict_do_nothing()
        )


async def unsubscribe(tx: AsyncConnection, address: str, list_slug: str, *, now: datetime) -> bool:
    """End a subscription; False if there was no active one."""
    ended = await tx.execute(
        update(subscriptions)
        .values(state=SubscriptionState.UNSUBSCRIBED.value, since=now)
        .where(
            subscriptions.c.state == SubscriptionState.ACTIVE.value,
            subscriptions.c.list_id.in_(select(lists.c.id).where(lists.c.slug == list_slug)),
            subscriptions.c.subscriber_id.in_(_ids(address)),
        )
    )
    return bool(ended.rowcount)


async def subscription_state(tx: AsyncConnection, subscriber_id: int, list_id: int) -> dict[str, Any] | None:
    """One subscription: list (slug), state, since, and of its subscriber address, suppressed (reason or None),
    suppressed_since; None if there is no such subscription.
    """
    if max(subscriber_id, list_id) > LARGEST_ID:
        return None
    query = (
        select(
            lists.c.slug.label("list"),
            subscriptions.c.state,
            subscriptions.c.since,
            subscribers.c.address,
            suppressions.c.reason.label("suppressed"),
            suppressions.c.since.label("suppressed_since"),
        )
        .select_from(subscriptions)
        .join(lists)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .outerjoin(suppressions, suppressions.c.address_key == subscribers.c.address_key)
        .where(subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.list_id == list_id)
    )
    found = (await tx.execute(query)).mappings().one_or_none()
    return None if found is None else dict(found)


async def end_subscriptions(
    tx: AsyncConnection, subscriber_id: int, list_id: int | None, *, now: datetime
) -> tuple[str, ...]:
    """End one subscription of somebody, or with None all; returns the slugs of the lists that they were on."""
    mine = (subscriptions.c.subscriber_id == subscriber_id) & (subscriptions.c.state == SubscriptionState.ACTIVE.value)
    if list_id is not None:
        mine &= subscriptions.c.list_id == list_id
    return await _set_state(tx, mine, SubscriptionState.UNSUBSCRIBED, now)


async def resume_subscriptions(
    tx: AsyncConnection, subscriber_id: int, ended_at: datetime, *, now: datetime
) -> tuple[str, ...]:
    """Make active again what somebody ended at that moment; returns the slugs of the lists."""
    mine = (subscriptions.c.subscriber_id == subscriber_id) & (subscriptions.c.since == ended_at)
    ended = mine & (subscriptions.c.state == SubscriptionState.UNSUBSCRIBED.value)
    return await _set_state(tx, ended, SubscriptionState.ACTIVE, now)


async def _set_state(
    tx: AsyncConnection, which: ColumnElement[bool], state: SubscriptionState, now: datetime
) -> tuple[str, ...]:
    changed = await tx.execute(
        update(subscriptions).where(which).values(state=state.value, since=now).returning(subscriptions.c.list_id)
    )
    ids = list(changed.scalars())
    return tuple(await tx.scalars(select(lists.c.slug).where(lists.c.id.in_(ids)).order_by(lists.c.slug)))


async def address_of(tx: AsyncConnection, subscriber_id: int) -> str | None:
    """The address of a subscriber, as it is stored; None if there is no such subscriber."""
    found: str | None = await tx.scalar(select(subscribers.c.address).where(subscribers.c.id == subscriber_id))
    return found


async def suppress(tx: AsyncConnection, address: str, reason: str, *, now: datetime) -> None:
    """From now on nothing is sent to this address; the first reason stays."""
    row = {"address_key": address_key(address), "reason": reason, "since": now}
    await tx.execute(upsert(tx, suppressions).values(row).on_conflict_do_nothing())


async def lift_suppression(tx: AsyncConnection, address: str) -> bool:
    """Let this address get mail again; False if it was not suppressed."""
    lifted = await tx.execute(delete(suppressions).where(suppressions.c.address_key == address_key(address)))
    return bool(lifted.rowcount)


async def subscription_by_ids(tx: AsyncConnection, subscriber_id: int, list_id: int) -> tuple[str, str] | None:
    """The address and the list of a subscription, active or ended; None if there is none."""
    query = select(subscribers.c.address, lists.c.slug).select_from(subscriptions).join(lists).join(subscribers)
    query = query.where(subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.list_id == list_id)
    found = (await tx.execute(query)).one_or_none()
    return (found.address, found.slug) if found else None


def to_subscriber(row: RowMapping) -> Subscriber:
    return Subscriber(id=row["id"], address=row["address"], name=row["name"], attributes=row["attributes"])


def _ids(address: str) -> Select[tuple[int]]:
    return select(subscribers.c.id).where(subscribers.c.address_key == address_key(address))


async def attribute_keys(tx: AsyncConnection, list_slugs: Sequence[str]) -> list[str]:
    """The names of the columns that subscribers of these lists have, beside address and name."""
    query = select(subscribers.c.attributes).select_from(subscribers).join(subscriptions).join(lists)
    query = query.where(lists.c.slug.in_(list_slugs))
    keys: set[str] = set()
    async for attributes in await tx.stream_scalars(query):
        keys.update(attributes)
    return sorted(keys)


async def suppression_of(tx: AsyncConnection, key: str) -> str | None:
    """Why nothing is sent to this address key, or None."""
    reason: str | None = await tx.scalar(select(suppressions.c.reason).where(suppressions.c.address_key == key))
    return reason


async def subscriptions_of(tx: AsyncConnection, subscriber_id: int) -> list[RowMapping]:
    """The lists that somebody is or was on: list, state, since."""
    query = select(lists.c.slug.label("list"), subscriptions.c.state, subscriptions.c.since).join(lists)
    query = query.where(subscriptions.c.subscriber_id == subscriber_id).order_by(lists.c.slug)
    return list((await tx.execute(query)).mappings())
