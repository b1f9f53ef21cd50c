"""Stage 6, shell: a person decides about a proposal.

In: a proposal, and yes or no. Out: what is true of the subscriber from now on; nothing that a machine said does it by
itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NewsletterError
from newsletter.inbound.incidents import BOUNCE
from newsletter.store import journal, proposals, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState, address_key

#: Kinds whose subscriptions can go on at another address.
MOVABLE = frozenset({"left", "moved"})


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What came of it."""

    address: str  #: of the subscriber that it was about
    kind: str
    ended: tuple[str, ...] = ()  #: lists that they were on
    joined: tuple[str, ...] = ()  #: lists that the other address is on now
    to: str = ""
    suppressed: bool = False


async def accept(database: Database, proposal_id: int, *, now: datetime, to: str = "", name: str = "") -> Decided:
    """Do what was proposed. With `to` the subscriptions of who left or moved go on at that address, as `name`.

    Raises:
        NotFoundError: there is no such open proposal.
        NewsletterError: it cannot be done so, with the reason.
    """
    async with database.write() as tx:
        row = dict(await proposals.get_open(tx, proposal_id))
        kind: str = row["kind"]
        if to and kind not in MOVABLE:
            raise NewsletterError(f"proposal #{proposal_id} is no reason for another address; accept it without --to")
        if kind == "moved" and not (to := to or row["proposed"].get("address", "")):
            raise NewsletterError(f"proposal #{proposal_id} names no new address; accept it with --to ADDRESS")
        if kind == "unproven":
            decided = await _suppress(tx, row, now)
        else:
            decided = await _end(tx, row, now, to, name)
        await proposals.decide(tx, proposal_id, proposals.ACCEPTED, now=now)
        said = f"proposal #{proposal_id} ({kind}) accepted"
        await journal.note(tx, f"subscriber:{row['subscriber_id']}", "proposal accepted", said, at=now)
    return decided


async def decline(database: Database, proposal_id: int, *, now: datetime) -> str:
    """Let everything be as it is. Returns the kind of the proposal.

    Raises:
        NotFoundError: there is no such open proposal.
    """
    async with database.write() as tx:
        row = await proposals.get_open(tx, proposal_id)
        await proposals.decide(tx, proposal_id, proposals.DECLINED, now=now)
        said = f"proposal #{proposal_id} ({row['kind']}) declined"
        await journal.note(tx, f"subscriber:{row['subscriber_id']}", "proposal declined", said, at=now)
        return str(row["kind"])


async def _suppress(tx: AsyncConnection, row: Mapping[str, Any], now: datetime) -> Decided:
    if await subscribers.suppression_of(tx, address_key(row["address"])) is not None:
        return Decided(address=row["address"], kind=row["kind"])
    why = f"{BOUNCE}{row['proposed'].get('reason', 'userunknown')}, accepted by hand"
    await subscribers.suppress(tx, row["address"], why, now=now)
    await journal.note(tx, f"subscriber:{row['subscriber_id']}", "suppressed", why, at=now)
    return Decided(address=row["address"], kind=row["kind"], suppressed=True)


async def _end(tx: AsyncConnection, row: Mapping[str, Any], now: datetime, to: str, name: str) -> Decided:
    subscriber_id: int = row["subscriber_id"]
    list_id = row["proposed"].get("list_id") if row["kind"] == "leave" else None
    ended = await subscribers.end_subscriptions(tx, subscriber_id, list_id, now=now)
    for slug in ended:
        await journal.note(tx, f"list:{slug}", "unsubscribed", f"one person, by a proposal ({row['kind']})", at=now)
    joined = await _join(tx, row, ended, to, name, now) if to else ()
    return Decided(address=row["address"], kind=row["kind"], ended=ended, joined=joined, to=to)


async def _join(
    tx: AsyncConnection, row: Mapping[str, Any], slugs: Sequence[str], to: str, name: str, now: datetime
) -> tuple[str, ...]:
    """Put the other address on these lists, but for those that it left; what is known of it stays."""
    key = address_key(to)
    if key == address_key(row["address"]):
        raise NewsletterError(f"{to} is the address that they had; give another with --to")
    if await subscribers.suppression_of(tx, key) is not None:
        raise NewsletterError(f"nothing is sent to {to}: it is suppressed; see `newsletter explain {to}`")
    if not await subscribers.find_subscribers(tx, [key]):
        before = (await subscribers.find_subscribers(tx, [address_key(row["address"])]))[address_key(row["address"])]
        # Who moved is the same person; who follows somebody up works at the same place.
        called = name or (before.name if row["kind"] == "moved" else "")
        person = Subscriber(address=to, name=called, attributes=before.attributes)
        await subscribers.upsert_subscribers(tx, [person], now=now)
    ids = await subscribers.ensure_lists(tx, slugs)
    for slug in slugs:
        await subscribers.subscribe(tx, ids[slug], [key], now=now)
        await journal.note(tx, f"list:{slug}", "subscribed", f"one person, by a proposal ({row['kind']})", at=now)
    found = (await subscribers.find_subscribers(tx, [key]))[key]
    states = await subscribers.subscriptions_of(tx, found.id)
    return tuple(one["list"] for one in states if one["list"] in slugs and one["state"] == SubscriptionState.ACTIVE)
