"""Stage 2, shell: somebody wants no more mail, from one list or at all.

In: an address as it is stored, or the ids of a signed token. Out: what is true of that address from now on, so that
whoever typed it sees that it was the right one. No address is written into the journal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NewsletterError, NotFoundError
from newsletter.events.event import Series
from newsletter.store import bounces, events, journal, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.subscriber import SubscriptionState, address_key

#: How the reason of a suppression begins that its person wanted; only they can take it back.
OBJECTION = "objection: "
LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the store knows of one address."""

    address: str
    id: int | None  #: of the subscriber; None for somebody who is on no list yet
    on: tuple[str, ...]  #: lists with an active subscription
    left: tuple[str, ...]  #: lists that they left
    suppressed: str | None  #: reason, as it was before

    def lists(self) -> str:
        """Where it is, as the end of a sentence: "on gemeenten, regios", "on no list yet"."""
        if self.on:
            return f"on {', '.join(self.on)}"
        return "on no list any more" if self.left else "on no list yet"


@dataclass(frozen=True, kw_only=True)
class ListStanding(Standing):
    """The same, seen from one list: that of an unsubscribe link."""

    list: str  #: slug
    title: str  #: name of the series that writes to this list; the slug where there is none
    series: str  #: slug of that series, or ""
    is_on: bool  #: letters to this list reach them
    can_rejoin: bool  #: they left by themselves, through a link of ours, and can take that back


@dataclass(frozen=True, kw_only=True)
class Left:
    """What came of somebody's leaving."""

    list: str  #: slug of the list that their link was about
    lists: tuple[str, ...]  #: those that they were on until now; nothing where they had left before


async def suppress(database: Database, address: str, reason: str, *, now: datetime) -> Standing:
    """From now on nothing is sent to this address, known or not. Returns what was true before; a first reason stays."""
    async with database.write() as tx:
        before = await _standing(tx, address)
        if before.suppressed is None:
            await subscribers.suppress(tx, address, reason, now=now)
            await journal.note(tx, _subject(before), "suppressed", reason, at=now)
    return before


async def lift(database: Database, address: str, *, now: datetime) -> Standing:
    """Undo a suppression. Returns what was true before.

    Raises:
        NewsletterError: the address is not suppressed.
    """
    async with database.write() as tx:
        before = await _standing(tx, address)
        if not await subscribers.lift_suppression(tx, address):
            raise NewsletterError(f"{address} is not suppressed, so there is nothing to undo; it is {before.lists()}")
        if before.id is not None:
            await bounces.void_of_subscriber(tx, before.id, "suppression lifted by hand")
        await journal.note(tx, _subject(before), "suppression lifted", f"it was: {before.suppressed}", at=now)
    return before


async def unsubscribe(database: Database, address: str, list_slug: str, *, now: datetime) -> None:
    """End the subscription of an address to one list.

    Raises:
        NotFoundError: there is no such list.
        NewsletterError: the address is not on it.
    """
    async with database.write() as tx:
        await subscribers.require_list(tx, list_slug)
        await _end(tx, address, list_slug, "one person, by hand", now)


async def unsubscribe_by_ids(database: Database, subscriber_id: int, list_id: int, *, now: datetime) -> str:
    """End the subscription that the token of an unsubscribe mail is about; returns the slug of its list.

    Raises:
        NewsletterError: there is no such subscription (it was the token of a test letter), or it has ended.
    """
    async with database.write() as tx:
        found = await subscribers.subscription_by_ids(tx, subscriber_id, list_id)
        if found is None:
            raise NewsletterError("this token belongs to nobody, as in a test letter; there is nothing to unsubscribe")
        address, list_slug = found
        await _end(tx, address, list_slug, "one person, by the token of an unsubscribe mail", now)
    return list_slug


async def _end(tx: AsyncConnection, address: str, list_slug: str, detail: str, now: datetime) -> None:
    if not await subscribers.unsubscribe(tx, address, list_slug, now=now):
        standing = await _standing(tx, address)
        more = "it left that list before" if list_slug in standing.left else f"it is {standing.lists()}"
        raise NewsletterError(f"{address} is not on {list_slug}; {more}")
    await journal.note(tx, f"list:{list_slug}", "unsubscribed", detail, at=now)


async def _standing(tx: AsyncConnection, address: str) -> Standing:
    key = address_key(address)
    person = (await subscribers.find_subscribers(tx, [key])).get(key)
    states = await subscribers.subscriptions_of(tx, person.id) if person else []
    return Standing(
        address=person.address if person else address,
        id=person.id if person else None,
        on=tuple(row["list"] for row in states if row["state"] == SubscriptionState.ACTIVE),
        left=tuple(row["list"] for row in states if row["state"] == SubscriptionState.UNSUBSCRIBED),
        suppressed=await subscribers.suppression_of(tx, key),
    )


def _subject(standing: Standing) -> str:
    return "suppressions" if standing.id is None else f"subscriber:{standing.id}"


async def leave(
    database: Database, subscriber_id: int, list_id: int, *, everywhere: bool, how: str, now: datetime
) -> Left:
    """End the subscription of a link, or all and everything that may come; doing it again changes nothing.

    `how` ends a sentence of the journal: "on the unsubscribe page".

    Raises:
        NotFoundError: there is no such subscription, active or ended.
    """
    async with database.write() as tx:
        left = await leave_list(tx, subscriber_id, list_id, everywhere=everywhere, how=how, now=now)
    if left is None:
        raise NotFoundError("subscription", f"of subscriber #{subscriber_id}")
    return left


async def leave_list(
    tx: AsyncConnection, subscriber_id: int, list_id: int, *, everywhere: bool = False, how: str, now: datetime
) -> Left | None:
    """The same within a transaction; None if there is no such subscription, active or ended.

    Whoever leaves means the letters, and knows of no lists: with the list of the link, those lists are left that only
    bring letters of the same series.
    """
    found = await subscribers.subscription_state(tx, subscriber_id, list_id)
    if found is None:
        return None
    beside = () if everywhere else _serving_the_same(found["list"], await events.all_series(tx))
    ended = await subscribers.end_subscriptions(tx, subscriber_id, None if everywhere else list_id, now=now)
    for other in (await subscribers.ids_of_lists(tx, beside)) if beside else []:
        ended += await subscribers.end_subscriptions(tx, subscriber_id, other, now=now)
    if everywhere and found["suppressed"] is None:
        # A list that is brought in tomorrow must not reach them either (AVG art. 21 lid 3).
        await subscribers.suppress(tx, found["address"], f"{OBJECTION}left all lists, {how}", now=now)
    for slug in ended:
        await journal.note(tx, f"list:{slug}", "unsubscribed", f"one person, {how}", at=now)
    if ended or (everywhere and found["suppressed"] is None):
        what = "all lists" if everywhere else found["list"]
        await journal.note(tx, f"subscriber:{subscriber_id}", LEFT, f"{what}, {how}", at=now)
    return Left(list=found["list"], lists=ended)


def _serving_the_same(list_slug: str, all_series: Iterable[Series]) -> tuple[str, ...]:
    """The lists, beside this one, that bring only letters of the one series that this one brings."""
    serving = {one.slug: {*one.lists, *(slug for planned in one.plan for slug in planned.lists)} for one in all_series}
    using = [slug for slug, lists in serving.items() if list_slug in lists]
    if len(using) != 1:
        return ()
    elsewhere = {one for slug, lists in serving.items() if slug != using[0] for one in lists}
    return tuple(sorted(serving[using[0]] - elsewhere - {list_slug}))


async def rejoin(database: Database, subscriber_id: int, list_id: int, *, now: datetime) -> bool:
    """Take back a `leave`: all that ended with it, and nothing else. False where there is nothing to take back.

    What a complaint, a bounce or a person of ours has ended stays as it is.
    """
    async with database.write() as tx:
        found = await subscribers.subscription_state(tx, subscriber_id, list_id)
        moment = None if found is None else await _left_at(tx, subscriber_id, found)
        if found is None or moment is None:
            return False
        if found["suppressed"] is not None:
            await subscribers.lift_suppression(tx, found["address"])
        for slug in await subscribers.resume_subscriptions(tx, subscriber_id, moment, now=now):
            await journal.note(tx, f"list:{slug}", "subscribed again", "one person, who took leaving back", at=now)
        await journal.note(tx, f"subscriber:{subscriber_id}", "came back", found["list"], at=now)
    return True


async def standing_by_ids(database: Database, subscriber_id: int, list_id: int) -> ListStanding | None:
    """What a page shows for the ids of an unsubscribe token; None for a token of nobody, as in a test letter."""
    async with database.read() as tx:
        found = await subscribers.subscription_state(tx, subscriber_id, list_id)
        if found is None:
            return None
        standing = await _standing(tx, found["address"])
        of = next((one for one in await events.all_series(tx) if found["list"] in one.lists), None)
        active = found["state"] == SubscriptionState.ACTIVE
        return ListStanding(
            address=standing.address,
            id=standing.id,
            on=standing.on,
            left=standing.left,
            suppressed=standing.suppressed,
            list=found["list"],
            title=of.name if of else found["list"],
            series=of.slug if of else "",
            is_on=active and standing.suppressed is None,
            can_rejoin=await _left_at(tx, subscriber_id, found) is not None,
        )


async def _left_at(tx: AsyncConnection, subscriber_id: int, found: Mapping[str, Any]) -> datetime | None:
    """When somebody left, through a link of ours, what they could now take back."""
    suppressed: str | None = found["suppressed"]
    if suppressed is not None and not suppressed.startswith(OBJECTION):
        return None
    # Who left everything may have left this list before; what they take back is the last thing that they said.
    moment: datetime = found["suppressed_since"] if suppressed is not None else found["since"]
    is_over = suppressed is not None or found["state"] == SubscriptionState.UNSUBSCRIBED
    noted = is_over and await journal.has_noted(tx, f"subscriber:{subscriber_id}", LEFT, moment)
    return moment if noted else None
