"""Stage 2, shell: somebody wants no more mail, from one list or at all.

In: an address as it is stored, or the ids of a signed token. Out: what is true of that address from now on, so that
whoever typed it sees that it was the right one. No address is written into the journal.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NewsletterError
from newsletter.store import journal, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.subscriber import SubscriptionState, address_key


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
