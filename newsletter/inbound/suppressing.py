"""Stage 6, shell: bounces and complaints: what they cost their subscriber.

In: a bounce or a complaint with its match. Out: rows: the bounce, a suppression, an incident, or a proposal where
nothing is proven; and sentences for whoever looks after the sending. No address stands in them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.inbound import incidents, proposing
from newsletter.inbound.handling import Handling
from newsletter.inbound.incidents import BOUNCE, CONFIRMED
from newsletter.inbound.matching import named_letters
from newsletter.inbound.policy import ABOUT_US, SCORING, Bounced, Decision, Weight, is_unlikely, weigh, weight_of
from newsletter.inbound.reference import reference
from newsletter.inbound.telling.reasons import REASONS
from newsletter.inbound.telling.verdict import Failure, Verdict
from newsletter.settings import Inbound
from newsletter.store import bounces, journal, letters, subscribers
from newsletter.subscribers.subscriber import address_key

#: How the reason of a suppression begins that a complaint has made.
COMPLAINT = "complaint: "
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What a report says of the subscriber whose letter came back."""

    failure: Failure
    is_theirs: bool  #: it is their own address that failed, not one that their mail goes on to


def judge(verdict: Verdict, address: str, *, names_letter: bool) -> Judged | None:
    """The failure that counts for a subscriber; None where the report is about somebody else. Pure.

    `names_letter`: the report returns the Message-ID of the very letter.
    """
    failures = verdict.failures or (Failure(recipient="", reason=verdict.reason or "undefined"),)
    key = address_key(address)
    own = [one for one in failures if not one.recipient or address_key(one.recipient) == key]
    if own:
        return Judged(failure=max(own, key=lambda one: (one.hard, bool(one.recipient))), is_theirs=True)
    if names_letter:
        return Judged(failure=max(failures, key=lambda one: one.hard), is_theirs=False)
    return None


def domain_of(address: str) -> str:
    return address_key(address).rpartition("@")[2]


async def bounce(tx: AsyncConnection, handling: Handling, secret: bytes, settings: Inbound, tell: Tell) -> str:
    """Handle a bounce. Returns what came of it, in a word."""
    match = handling.match
    address = await subscribers.address_of(tx, match.subscriber_id) if match.subscriber_id is not None else None
    if not match.proven or match.delivery_id is None or address is None:
        return await proposing.unproven(tx, handling)
    names_letter = match.delivery_id in named_letters(reference(handling.part), secret)
    judged = judge(handling.verdict, address, names_letter=names_letter)
    if judged is None:
        return await proposing.unproven(tx, handling)
    failure, weight = judged.failure, weight_of(judged.failure)
    if not judged.is_theirs:
        await proposing.unproven(tx, handling)
        weight = Weight.SOFT if weight is Weight.HARD else weight
    domain = domain_of(address)
    is_new = not await bounces.has(tx, match.delivery_id, failure.reason)
    unlikely = weight is Weight.HARD and await _is_about_us(tx, handling, domain, failure.reason)
    weight = Weight.OUR_FAULT if unlikely else weight
    decision = await _weigh(tx, handling, weight, settings)
    await bounces.add(
        tx,
        message_id=handling.row_id,
        mailing_id=match.mailing_id,
        delivery_id=match.delivery_id,
        subscriber_id=match.subscriber_id,
        at=_at(handling),
        weight=weight.value,
        reason=failure.reason,
        status=failure.status,
        domain=domain,
        said=failure.said,
    )
    if failure.reason == "hasmoved":
        await proposing.moved(tx, handling, address)
    if weight in ABOUT_US and is_new:
        await incidents.add(tx, handling, domain, failure, unlikely=unlikely, tell=tell)
    return await _act(tx, handling, address, failure, weight, decision, tell)


async def _is_about_us(tx: AsyncConnection, handling: Handling, domain: str, reason: str) -> bool:
    """Whether so many addresses of this domain are unknown at once that the domain refuses us instead."""
    mailing_id = handling.match.mailing_id
    if reason != "userunknown" or mailing_id is None:
        return False
    known = await bounces.find_incident(tx, mailing_id, domain, reason)
    if known is not None:
        return not known["remedy"].startswith(CONFIRMED)
    unknown = await bounces.count_people(tx, mailing_id, domain, reason) + 1
    return is_unlikely(unknown, await letters.count_sent(tx, mailing_id, domain))


def _at(handling: Handling) -> datetime:
    return min(handling.incoming.received_at, handling.now)


async def _weigh(tx: AsyncConnection, handling: Handling, weight: Weight, settings: Inbound) -> Decision:
    earlier = await bounces.counting(tx, handling.match.subscriber_id or 0)
    return weigh(
        [Bounced(at=at, weight=Weight(one)) for at, one in earlier],
        Bounced(at=_at(handling), weight=weight),
        handling.now,
        hard=settings.hard_score,
        soft=settings.soft_score,
        forget=timedelta(days=settings.forget_days),
    )


async def _act(
    tx: AsyncConnection,
    handling: Handling,
    address: str,
    failure: Failure,
    weight: Weight,
    decision: Decision,
    tell: Tell,
) -> str:
    subject, about = f"subscriber:{handling.match.subscriber_id}", _about(handling)
    if decision.suppress:
        why = f"{BOUNCE}{failure.reason}, {REASONS.get(failure.reason, '')}{about}"
        return "suppressed" if await suppress(tx, handling, address, why) else "suppressed before"
    if decision.warn:
        said = f"score {decision.score:g} of 1 by bounces, the last {failure.reason}{about}"
        await journal.note(tx, subject, "bounces", said, at=handling.now)
        tell(f"subscriber #{handling.match.subscriber_id}: {said}; at 1, nothing is sent to them any more")
    return "scored" if weight in SCORING else weight.value


async def suppress(tx: AsyncConnection, handling: Handling, address: str, why: str) -> bool:
    """From now on nothing is sent to them; False if that was so before, and then the first reason stays."""
    if await subscribers.suppression_of(tx, address_key(address)) is not None:
        return False
    await subscribers.suppress(tx, address, why, now=handling.now)
    await journal.note(tx, f"subscriber:{handling.match.subscriber_id}", "suppressed", why, at=handling.now)
    return True


async def complaint(tx: AsyncConnection, handling: Handling, tell: Tell) -> str:
    """Handle a complaint: whoever calls us spam gets nothing more. Returns what came of it, in a word."""
    match = handling.match
    address = await subscribers.address_of(tx, match.subscriber_id) if match.subscriber_id is not None else None
    if not match.proven or address is None:
        said = f"message #{handling.row_id} holds no token of ours{_about(handling)}"
        await journal.note(tx, "complaints", "unmatched complaint", said, at=handling.now)
        tell(f"a complaint could not be matched to anybody: {said}; look with `newsletter inbound show`")
        return "unmatched"
    why = f"{COMPLAINT}{handling.verdict.reason or 'abuse'}{_about(handling)}"
    return "suppressed" if await suppress(tx, handling, address, why) else "suppressed before"


def _about(handling: Handling) -> str:
    return f"; {handling.match.mailing}" if handling.match.mailing else ""
