"""Stage 6: which letter of ours a message is about, and whether that is proven.

In: a message, what it is, and what of ours stands in it. Out: a `Match`. A token proves only what it was made for: the
envelope sender that a bounce is about it, the unsubscribe link that somebody may leave. Without a token of ours, made
with the key of this store, nothing is proven; headers and addresses only help a person to find the letter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.inbound.handling import Match
from newsletter.inbound.incoming import Incoming
from newsletter.inbound.reference import Reference
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.sender import author_address, returned
from newsletter.inbound.telling.verdict import Kind, Verdict
from newsletter.outbox.envelope import MESSAGE, REPLY, UNSUBSCRIBE, VERP, read_plus
from newsletter.store import letters, subscribers
from newsletter.store.letters import Sent
from newsletter.subscribers.links import read_token
from newsletter.subscribers.subscriber import address_key

ENVELOPE, REPLY_ADDRESS, MESSAGE_ID, LINK, HEADER, ADDRESS = (
    *("envelope", "reply", "message-id", "unsubscribe", "header", "address"),
)
#: What proves a kind of message, the surest first; RFC 3464 §4.1 warns of forged reports.
PROOFS: Final = {
    Kind.BOUNCE: (ENVELOPE,),
    Kind.COMPLAINT: (ENVELOPE, MESSAGE_ID, LINK),
    Kind.UNSUBSCRIBE: (LINK, REPLY_ADDRESS, MESSAGE_ID),
    Kind.AUTO_REPLY: (ENVELOPE, REPLY_ADDRESS, MESSAGE_ID),
    Kind.CALENDAR: (REPLY_ADDRESS, ENVELOPE, MESSAGE_ID),
    Kind.REPLY: (REPLY_ADDRESS, MESSAGE_ID, ENVELOPE),
    Kind.UNSURE: (REPLY_ADDRESS, MESSAGE_ID, ENVELOPE),
}
#: Kinds that are never matched by what anybody can write: they would cost somebody else their mail.
_TOKENS_ONLY: Final = frozenset({Kind.BOUNCE, Kind.COMPLAINT})
#: Addresses and Message-IDs of one message that are looked at.
MOST: Final = 200
_ADDRESSED: Final = ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "x-envelope-to", "to", "cc")
_ADDRESS: Final = re.compile(r"[^\s<>,;:\"()]{1,320}@[^\s<>,;:\"()]{1,255}")
_PREFIX: Final = re.compile(r"^\s*(?:(?:re|aw|antw|sv|betr|fwd?|fw|wg|doorst|tr|rép?)\s*(?:\[\d+\])?\s*:\s*)+", re.I)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """Ids out of tokens that are verified, each for its own purpose."""

    envelope: int | None = None  #: delivery
    reply: int | None = None  #: delivery
    messages: tuple[int, ...] = ()  #: deliveries, the nearest first
    link: tuple[int, int] | None = None  #: subscriber and list

    def deliveries(self, how: str) -> tuple[int, ...]:
        """What a way of matching says, the surest first."""
        one = {ENVELOPE: self.envelope, REPLY_ADDRESS: self.reply}.get(how)
        return self.messages if how == MESSAGE_ID else () if one is None else (one,)


def claims(reference: Reference, incoming: Incoming, part: Part, secret: bytes) -> Claims:
    """Verify every token that stands where a token may stand. Pure."""
    addresses = list(dict.fromkeys(_addresses(incoming, part)))[:MOST]
    link = read_token(secret, UNSUBSCRIBE, reference.unsubscribe_token)
    return Claims(
        envelope=_first(addresses, secret, VERP),
        reply=_first(addresses, secret, REPLY),
        messages=named_letters(reference, secret),
        link=(link[0], link[1]) if link is not None and len(link) == 2 else None,
    )


def named_letters(reference: Reference, secret: bytes) -> tuple[int, ...]:
    """The deliveries whose Message-IDs a message names. Pure."""
    found = (read_token(secret, MESSAGE, one.partition("@")[0]) for one in reference.message_ids[:MOST])
    return tuple(dict.fromkeys(ids[0] for ids in found if ids is not None and len(ids) == 1))


def _addresses(incoming: Incoming, part: Part) -> Iterator[str]:
    yield from incoming.envelope_to
    for name in _ADDRESSED:
        for value in part.all(name):
            yield from _ADDRESS.findall(value)
    letter = returned(part)
    if letter is not None:
        for name in ("return-path", "reply-to"):
            yield from _ADDRESS.findall(letter.get(name))


def _first(addresses: Sequence[str], secret: bytes, purpose: str) -> int | None:
    return next((found for one in addresses if (found := read_plus(one, secret, purpose)) is not None), None)


async def match(
    tx: AsyncConnection,
    reference: Reference,
    verdict: Verdict,
    incoming: Incoming,
    part: Part,
    secret: bytes,
    *,
    verp: bool = True,
) -> Match:
    """Find the letter. `verp`: bounces have an address of their own; without, a Message-ID must do as their proof."""
    found = claims(reference, incoming, part, secret)
    proofs = PROOFS[verdict.kind]
    if verdict.kind is Kind.BOUNCE and not verp:
        proofs = (*proofs, MESSAGE_ID)
    for how in (*proofs, *(way for way in (ENVELOPE, REPLY_ADDRESS, MESSAGE_ID, LINK) if way not in proofs)):
        made = await _by_token(tx, found, how, reference)
        if made is not None:
            return _made(made, how, proven=how in proofs)
    made = await letters.of_mailing(tx, reference.mailing) if reference.mailing else None
    if verdict.kind in _TOKENS_ONLY:
        return Match() if made is None else _made(made, HEADER)
    return await _by_people(tx, part, made)


async def _by_token(tx: AsyncConnection, found: Claims, how: str, reference: Reference) -> Sent | Match | None:
    if how == LINK:
        return await _by_link(tx, found.link, reference) if found.link is not None else None
    for delivery_id in found.deliveries(how):
        sent = await letters.of_delivery(tx, delivery_id)
        if sent is not None:
            return sent
    return None


async def _by_link(tx: AsyncConnection, link: tuple[int, int], reference: Reference) -> Match | None:
    subscriber_id, list_id = link
    if await subscribers.subscription_state(tx, subscriber_id, list_id) is None:
        return None  # of a test letter, or of somebody who has gone
    mailing = await letters.of_mailing(tx, reference.mailing) if reference.mailing else None
    sent = await letters.of_subscriber(tx, mailing.mailing_id, subscriber_id) if mailing is not None else None
    return Match(
        delivery_id=sent.delivery_id if sent else None,
        mailing_id=sent.mailing_id if sent else None,
        mailing=sent.mailing if sent else "",
        series_id=sent.series_id if sent else await letters.series_of_list(tx, list_id),
        subscriber_id=subscriber_id,
        list_id=list_id,
    )


async def _by_people(tx: AsyncConnection, part: Part, mailing: Sent | None) -> Match:
    """By who wrote, and by the subject that they answer to."""
    key = address_key(author_address(part)[:320])
    subscriber_id = await letters.subscriber_at(tx, key) if "@" in key else None
    subject = bare_subject(part.decoded("subject"))
    if subscriber_id is None:
        mailing = mailing or _same_subject(await letters.last_mailings(tx), subject)
        return Match() if mailing is None else _made(mailing, HEADER)
    if mailing is None:
        last = await letters.last_of(tx, subscriber_id)
        mailing = _same_subject(last, subject) or next(iter(last), None)
    if mailing is None:
        return Match(how=ADDRESS, subscriber_id=subscriber_id)
    letter = await letters.of_subscriber(tx, mailing.mailing_id, subscriber_id)
    if letter is not None:
        return _made(letter, ADDRESS)
    return Match(
        how=ADDRESS,
        mailing_id=mailing.mailing_id,
        mailing=mailing.mailing,
        series_id=mailing.series_id,
        subscriber_id=subscriber_id,
    )


def bare_subject(subject: str) -> str:
    """A subject without what programs put before it, to compare: "RE: Antw: Kennisdag" is "kennisdag". Pure."""
    return " ".join(_PREFIX.sub("", subject[:1000]).split()).casefold()


def _same_subject(sent: Sequence[Sent], subject: str) -> Sent | None:
    return next((one for one in sent if subject and bare_subject(one.subject) == subject), None)


def _made(found: Sent | Match, how: str, *, proven: bool = False) -> Match:
    return Match(
        how=how,
        proven=proven,
        delivery_id=found.delivery_id,
        mailing_id=found.mailing_id,
        mailing=found.mailing,
        series_id=found.series_id,
        subscriber_id=found.subscriber_id,
        list_id=found.list_id,
    )
