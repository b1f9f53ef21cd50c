"""Stage 6, shell: proposals: what a message says about a subscriber, and only a person decides.

In: a message with its match. Out: rows of proposals, each with the sentence that says so. Nothing else changes.

    left      a machine answers that the person has left; the address that it names instead, if it does
    moved     the person has another address now
    leave     somebody wants to be taken off, but says more, or proves nothing
    unproven  a bounce says that an address does not exist, and nothing proves that it is about a letter of ours
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.inbound.handling import Handling
from newsletter.inbound.telling.autoreply import LEFT
from newsletter.inbound.telling.dsn import ADDRESS
from newsletter.inbound.telling.phrases import pattern
from newsletter.inbound.telling.quoting import own_words
from newsletter.inbound.telling.sender import words
from newsletter.inbound.telling.verdict import Failure
from newsletter.store import letters, proposals, subscribers
from newsletter.subscribers.subscriber import address_key

_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n[ \t]*\n\s*")
_LINE: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_WISH: Final = pattern("unsubscribe", "wish", before=r"\b(?:", after=r")\b")
#: Who says one of these in the same sentence cannot come to something; they do not leave a list.
_MEETING: Final = re.compile(
    r"bijeenkomst|masterclass|workshop|training|cursus|sessie|kennisdag|deelname|aanwezig|afspraak|lunch|borrel"
    r"|meeting|event\b|session|attend|veranstaltung|termin|teilnahme|r[ée]union|[ée]v[ée]nement|participation",
    re.I,
)


def sentence_of(text: str, found: re.Pattern[str]) -> str:
    """The first sentence in which a pattern is found, on one line; "" where there is none. Pure."""
    flat = (" ".join(one.split()) for one in _SENTENCE.split(text[:20_000]))
    return next((one for one in flat if found.search(one)), "")


def other_addresses(text: str, not_these: Sequence[str]) -> list[str]:
    """Addresses that stand in a text, without those that are known. Pure."""
    known = {address_key(one) for one in not_these if one}
    found = dict.fromkeys(one.strip(".'") for one in ADDRESS.findall(text[:20_000]))
    return [one for one in found if address_key(one) not in known]


def wants_to_leave(text: str) -> str:
    """The sentence in which somebody asks to be taken off; "" where nobody does. Pure."""
    # Lines are broken anywhere; but where nobody writes full stops, each line is a sentence.
    for one in (*_SENTENCE.split(text[:20_000]), *_LINE.split(text[:20_000])):
        flat = " ".join(one.split())
        if _WISH.search(flat) and not _MEETING.search(flat):
            return flat
    return ""


async def unproven(tx: AsyncConnection, handling: Handling) -> str:
    """A bounce that proves nothing. Only one that would cost somebody their mail is worth a question."""
    hard = [one for one in handling.verdict.failures if one.hard]
    subscriber_id = await _bounced_subscriber(tx, handling, hard)
    if not hard or subscriber_id is None:
        return "unproven"
    said = next((one.said for one in hard if one.said), "") or handling.verdict.evidence
    evidence = " ".join(f"{hard[0].reason} {hard[0].recipient}: {said}".split())
    await _add(tx, handling, subscriber_id, "unproven", {"reason": hard[0].reason}, evidence)
    return "unproven"


async def _bounced_subscriber(tx: AsyncConnection, handling: Handling, hard: Sequence[Failure]) -> int | None:
    if handling.match.subscriber_id is not None:
        return handling.match.subscriber_id
    for one in hard[:20]:
        found = await letters.subscriber_at(tx, address_key(one.recipient)) if one.recipient else None
        if found is not None:
            return found
    return None


async def moved(tx: AsyncConnection, handling: Handling, address: str) -> None:
    """A bounce says that somebody has another address now, and perhaps which."""
    said = next((one.said for one in handling.verdict.failures if one.reason == "hasmoved"), "")
    other = other_addresses(said or words(handling.part)[:1500], [address, *_ours(handling)])
    if handling.match.subscriber_id is not None:
        proposed = {"address": other[0]} if other else {}
        await _add(tx, handling, handling.match.subscriber_id, "moved", proposed, said or "hasmoved")


async def left(tx: AsyncConnection, handling: Handling) -> str:
    """An automatic reply says that somebody does not work there any more. Returns what came of it, in a word."""
    subscriber_id = handling.match.subscriber_id
    address = await subscribers.address_of(tx, subscriber_id) if subscriber_id is not None else None
    if subscriber_id is None or address is None:
        return "unmatched"
    text = own_words(words(handling.part)) or words(handling.part)
    evidence = sentence_of(text, LEFT) or handling.verdict.evidence or " ".join(text.split())
    other = other_addresses(" ".join(handling.verdict.instead) or text, [address, *_ours(handling)])
    return await _add(tx, handling, subscriber_id, "left", {"address": other[0]} if other else {}, evidence)


async def leave(tx: AsyncConnection, handling: Handling, evidence: str) -> str:
    """Somebody asks to be taken off, in a way that does not do it by itself."""
    match = handling.match
    if match.subscriber_id is None:
        return "unmatched"
    proposed = {"list_id": match.list_id} if match.list_id is not None else {}
    return await _add(tx, handling, match.subscriber_id, "leave", proposed, evidence)


async def _add(
    tx: AsyncConnection, handling: Handling, subscriber_id: int, kind: str, proposed: Mapping[str, object], said: str
) -> str:
    added = await proposals.add(
        tx,
        message_id=handling.row_id,
        subscriber_id=subscriber_id,
        kind=kind,
        proposed=proposed,
        evidence=said,
        now=handling.now,
    )
    return "proposed" if added else "proposed before"


def _ours(handling: Handling) -> list[str]:
    """Addresses that we write from, or are written to at."""
    to = [*handling.incoming.envelope_to, handling.incoming.address]
    return [*to, *ADDRESS.findall(handling.part.get("to")), *ADDRESS.findall(handling.part.get("delivered-to"))]
