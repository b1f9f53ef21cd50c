"""Stage 4: why somebody gets mail from us, or does not: why in, why out, what they got or did not get, what is next.

In: an address. Out: facts and sentences, from rows alone. Moments are in UTC, each beside the zone of its series.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.events.plan import includes, who
from newsletter.schedule.state import PENDING, MailingState
from newsletter.store import attendance, bounces, corrections, deliveries, mailings, subscribers
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState, address_key

#: A list belongs to no series; where no mailing goes to it, its times are told in this zone.
NO_SERIES = "UTC"


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """On one list: since when, and whether still."""

    state: SubscriptionState
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Next:
    """A mailing that has not started."""

    mailing: str
    due_at: datetime | None
    timezone: str
    verdict: str  #: whether they get it, and why


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """What a correction corrects: who got that and has left since is not written to any more."""

    mailing: str  #: its slug, or those of several
    is_reached: bool  #: they got it, or may have


@dataclass(frozen=True, kw_only=True)
class PassedOver:
    """A mailing that went out without them, or not at all."""

    mailing: str
    started_at: datetime | None  #: None for a mailing that was cancelled before it started
    timezone: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    known: bool
    name: str
    attributes: Mapping[str, str]  #: the other columns of their row
    suppressed: str  #: reason; empty if they are not
    subscriptions: Sequence[Mapping[str, Any]]  #: list, state, since, timezone
    #: mailing, timezone, state, reason, attempts, queued_at, ended_at, came_back: at, weight, reason, void of each
    deliveries: Sequence[Mapping[str, Any]]
    passed_over: Sequence[PassedOver]
    upcoming: Sequence[Next]


async def explain(database: Database, address: str) -> Explanation:
    """Everything that the store knows about the way from us to one address."""
    key = address_key(address)
    async with database.read() as tx:
        person = (await subscribers.find_subscribers(tx, [key])).get(key)
        suppressed = await subscribers.suppression_of(tx, key)
        if person is not None:
            return await _explain_known(tx, person, suppressed)
    return Explanation(
        known=False,
        name="",
        attributes={},
        suppressed=suppressed or "",
        subscriptions=[],
        deliveries=[],
        passed_over=[],
        upcoming=[],
    )


async def _explain_known(tx: AsyncConnection, person: Subscriber, suppressed: str | None) -> Explanation:
    on = await subscribers.subscriptions_of(tx, person.id)
    states = {row["list"]: Subscription(state=SubscriptionState(row["state"]), since=row["since"]) for row in on}
    got = await deliveries.deliveries_of(tx, person.id)
    rows = await mailings.all_mailings(tx)
    audiences = {row.id: await mailings.lists_of(tx, row.id) for row in rows}
    corrected = await _corrected(tx, rows, person.id)
    came_back = await bounces.of_subscriber(tx, person.id)
    answers = {event: one.answer for event, one in (await attendance.answers_of(tx, person.id)).items()}
    slugs = {row["mailing"] for row in got}
    zones = {row.slug: row.timezone for row in rows}
    list_zones = {slug: row.timezone for row in rows for slug in audiences[row.id]}
    return Explanation(
        known=True,
        name=person.name,
        attributes=person.attributes,
        suppressed=suppressed or "",
        subscriptions=[{**row, "timezone": list_zones.get(row["list"], NO_SERIES)} for row in on],
        deliveries=[
            {
                **row,
                "timezone": zones[row["mailing"]],
                "came_back": [
                    {key: one[key] for key in ("at", "weight", "reason", "void")}
                    for one in came_back
                    if one["mailing"] == row["mailing"]
                ],
            }
            for row in got
        ],
        passed_over=[
            PassedOver(
                mailing=row.slug,
                started_at=row.started_at,
                timezone=row.timezone,
                why=why_not(
                    row, audiences[row.id], states, suppressed, corrected.get(row.id), answers.get(row.event, "")
                ),
            )
            for row in rows
            if row.state not in PENDING and row.slug not in slugs
        ],
        upcoming=[
            Next(
                mailing=row.slug,
                due_at=row.due_at,
                timezone=row.timezone,
                verdict=verdict(
                    row, audiences[row.id], states, suppressed, corrected.get(row.id), answers.get(row.event, "")
                ),
            )
            for row in rows
            if row.state in PENDING
        ],
    )


async def _corrected(tx: AsyncConnection, rows: Sequence[MailingRow], subscriber_id: int) -> dict[int, Corrected]:
    """By correction: what it corrects, and whether that reached this subscriber."""
    found = {}
    for row in rows:
        if row.corrects_id is not None:
            corrected = await corrections.corrected_by(tx, row.id)
            is_reached = await corrections.has_reached(tx, list(corrected), subscriber_id)
            found[row.id] = Corrected(mailing=" and ".join(corrected.values()), is_reached=is_reached)
    return found


def verdict(
    row: MailingRow,
    audience: Sequence[str],
    states: Mapping[str, Subscription],
    suppressed: str | None,
    corrected: Corrected | None = None,
    answer: str = "",
) -> str:
    """Whether somebody with these subscriptions would get a mailing that is pending, in a sentence.

    `answer` is what they answered to the invitation of its event; "" where they have not.
    """
    if suppressed is None and corrected is not None:
        if not corrected.is_reached:
            return f"no: it corrects {corrected.mailing}, which they did not get"
        return f"{verdict(row, audience, states, suppressed)}; it corrects {corrected.mailing}, which reached them"
    on = [slug for slug in audience if _state(states, slug) is SubscriptionState.ACTIVE]
    left = [slug for slug in audience if _state(states, slug) is SubscriptionState.UNSUBSCRIBED]
    if suppressed is not None:
        return f"no: the address is suppressed ({suppressed})"
    if not on and left:
        return f"no: unsubscribed from {', '.join(left)}"
    if not on:
        return f"no: not on {' or '.join(audience)}"
    if not includes(row.planned.audience, answer):
        return f"no: it goes to {who(row.planned.audience)}, and {_answered(answer)}"
    if row.state is MailingState.SCHEDULED and row.due_at is None:
        return f"yes, through {', '.join(on)}, once the event has a date"
    if row.state is MailingState.SCHEDULED:
        return f"yes, through {', '.join(on)}"
    if row.state is MailingState.DRAFT:
        return f"yes, through {', '.join(on)}, once somebody schedules it"
    return f"not now: the mailing is {row.state} ({row.reason})"


def why_not(
    row: MailingRow,
    audience: Sequence[str],
    states: Mapping[str, Subscription],
    suppressed: str | None,
    corrected: Corrected | None = None,
    answer: str = "",
) -> str:
    """Why somebody has no delivery of a mailing that has started, been sent or been cancelled, in a sentence."""
    if row.started_at is None:
        return f"the mailing was cancelled ({row.reason})"
    if corrected is not None:
        if not corrected.is_reached:
            return f"it corrects {corrected.mailing}, which they did not get"
        return f"{why_not(row, audience, states, suppressed)}; it corrects {corrected.mailing}, which reached them"
    active = [slug for slug in audience if _state(states, slug) is SubscriptionState.ACTIVE]
    left = [slug for slug in audience if _state(states, slug) is SubscriptionState.UNSUBSCRIBED]
    if suppressed is None and row.planned.audience and active:
        return f"it went to {who(row.planned.audience)}, and {_answered(answer)}"
    if any(states[slug].since <= row.started_at for slug in active):
        # Everybody active got a delivery at the start, but for the suppressed; it may have been lifted since.
        return f"the address was suppressed ({suppressed})" if suppressed is not None else "the address was suppressed"
    if active:
        return f"joined {', '.join(active)} after it had started"
    if not left:
        return f"was not on its lists ({', '.join(audience)})"
    if any(states[slug].since > row.started_at for slug in left):
        return f"was not among its recipients when it started, and has left {', '.join(left)} since"
    return f"had left {', '.join(left)} before it started"


def _state(states: Mapping[str, Subscription], slug: str) -> SubscriptionState | None:
    return states[slug].state if slug in states else None


def _answered(answer: str) -> str:
    return f"their answer is {answer}" if answer else "they have not answered"
