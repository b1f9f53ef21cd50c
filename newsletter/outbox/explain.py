"""Stage 4: why somebody gets mail from us, or does not: why in, why out, what they got, what is next.

In: an address. Out: facts and sentences, from rows alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.schedule.state import PENDING, MailingState
from newsletter.store import deliveries, mailings, subscribers
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow
from newsletter.subscribers.subscriber import SubscriptionState, address_key


@dataclass(frozen=True, kw_only=True)
class Next:
    mailing: str
    due_at: datetime | None
    verdict: str  #: whether they get it, and why


@dataclass(frozen=True, kw_only=True)
class Explanation:
    known: bool
    name: str
    suppressed: str  #: reason; empty if they are not
    subscriptions: Sequence[Mapping[str, Any]]  #: list, state, since
    deliveries: Sequence[Mapping[str, Any]]  #: mailing, state, reason, attempts, queued_at, ended_at
    upcoming: Sequence[Next]


async def explain(database: Database, address: str) -> Explanation:
    """Everything that the store knows about the way from us to one address."""
    key = address_key(address)
    async with database.read() as tx:
        person = (await subscribers.find_subscribers(tx, [key])).get(key)
        suppressed = await subscribers.suppression_of(tx, key)
        lists = await subscribers.subscriptions_of(tx, person.id) if person else []
        got = await deliveries.deliveries_of(tx, person.id) if person else []
        pending = await mailings.mailings_in(tx, sorted(PENDING | {MailingState.CANCELLED}))
        audiences = {row.id: await mailings.lists_of(tx, row.id) for row in pending}
    states = {row["list"]: SubscriptionState(row["state"]) for row in lists}
    upcoming = [
        Next(mailing=row.slug, due_at=row.due_at, verdict=verdict(row, audiences[row.id], states, suppressed))
        for row in pending
    ]
    return Explanation(
        known=person is not None,
        name=person.name if person else "",
        suppressed=suppressed or "",
        subscriptions=[dict(row) for row in lists],
        deliveries=[dict(row) for row in got],
        upcoming=upcoming if person else [],
    )


def verdict(
    row: MailingRow, audience: Sequence[str], states: dict[str, SubscriptionState], suppressed: str | None
) -> str:
    """Whether somebody with these subscriptions would get a mailing that has not started, in a sentence."""
    on = [slug for slug in audience if states.get(slug) is SubscriptionState.ACTIVE]
    left = [slug for slug in audience if states.get(slug) is SubscriptionState.UNSUBSCRIBED]
    if suppressed is not None:
        return f"no: the address is suppressed ({suppressed})"
    if not on and left:
        return f"no: unsubscribed from {', '.join(left)}"
    if not on:
        return f"no: not on {' or '.join(audience)}"
    if row.state is MailingState.SCHEDULED and row.due_at is None:
        return f"yes, through {', '.join(on)}, once the event has a date"
    if row.state is MailingState.SCHEDULED:
        return f"yes, through {', '.join(on)}"
    if row.state is MailingState.DRAFT:
        return f"yes, through {', '.join(on)}, once somebody schedules it"
    return f"not now: the mailing is {row.state} ({row.reason})"
