"""Stage 6, shell: an answer to an invitation becomes attendance.

In: a message that is being handled. Out: the newest answer of one person to one event, in the store; and one word for
what came of it:

    accepted, declined, tentative, delegated    it is kept
    older       they have answered since, or were sent a newer version of the event
    ignored     it is about one date of a repeated event, or says neither yes nor no
    unknown     it is not about an event of ours
    unproven    nothing shows that it is of somebody who was invited
    stranger    it answers the invitation of somebody else

Anybody can write any answer. It is believed when it comes back to an address, or names a Message-ID, that only the
letter of the invited person held; or else when author, attendee, and an invited subscriber are one address.
"""

import re
import secrets
from collections.abc import Iterator
from email.utils import getaddresses

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.invitation import method_of, sequence_of
from newsletter.inbound.answering import FOR_A_PERSON, Answered, Refused, by, only, weigh, without_tag
from newsletter.inbound.handling import Handling
from newsletter.inbound.telling.calendar_answer import given, remark
from newsletter.inbound.telling.itip import Answer
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.quoting import own_words
from newsletter.inbound.telling.sender import author_address, words
from newsletter.outbox.organizer import read_organizer
from newsletter.store import attendance, journal
from newsletter.subscribers.subscriber import address_key

#: What says most about a message that answers several invitations.
_ORDER = ("accepted", "declined", "tentative", "delegated", "stranger", "unproven", "older", "ignored", "unknown")
#: Fields of a message that name the address it was sent to.
_TO = ("to", "delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "cc")
_URL = re.compile(r"https?://\S+")
_UNPROVEN = Refused(word="unproven", why="nothing shows that it is of somebody who was invited")
_STRANGER = Refused(word="stranger", why="somebody else answered the invitation of this person")


def wants_a_person(word: str, part: Part) -> bool:
    """Whether a person must see an answer that `receive` made this word of: also where something is written in it."""
    return word in FOR_A_PERSON or (word != "unknown" and (bool(remark(part)) or _asks(part)))


def _asks(part: Part) -> bool:
    """Whether somebody asks something beside their answer; calendars write there too, but they ask nothing.

    They do repeat the title, so where that is a question nothing can be told.
    """
    return "?" not in part.decoded("subject") and "?" in _URL.sub("", own_words(words(part)))


async def receive(tx: AsyncConnection, handling: Handling) -> str:
    """Keep what a calendar answered, where it counts; returns the word for what came of it."""
    by_uid: dict[str, list[Answer]] = {}
    for answer in given(handling.part):
        by_uid.setdefault(answer.uid, []).append(answer)
    words = [await _receive_one(tx, handling, uid, answers) for uid, answers in by_uid.items()]
    return min(words, key=_ORDER.index, default="unknown")


async def _receive_one(tx: AsyncConnection, handling: Handling, uid: str, answers: list[Answer]) -> str:
    """One event."""
    event = await attendance.event_of_uid(tx, uid) if uid else None
    if event is None:
        return "unknown"
    event_id, slug = event
    found = await _whose(tx, handling, event_id, answers)
    if isinstance(found, Refused):
        return await _refuse(tx, handling, slug, found)
    subscriber_id, answer = found
    before = await attendance.answer_of(tx, event_id, subscriber_id)
    told = max(map(sequence_of, await attendance.calendars_sent(tx, event_id, subscriber_id)), default=None)
    kept = weigh(answer, before, told=told, arrived=handling.incoming.received_at)
    if isinstance(kept, Refused):
        return await _refuse(tx, handling, slug, kept)
    await attendance.store_answer(tx, event_id, subscriber_id, kept, message_id=handling.row_id)
    if before is None or before.answer != kept.answer:
        await journal.note(tx, slug, "answer", _told(subscriber_id, before, kept), at=handling.now)
    return kept.answer


async def _whose(
    tx: AsyncConnection, handling: Handling, event_id: int, answers: list[Answer]
) -> tuple[int, Answer] | Refused:
    """The subscriber whose answer it is, and which one of those in the message."""
    subscriber_id = await _proven(tx, handling, event_id, answers)
    if subscriber_id is not None:
        mine = by(await attendance.address_of(tx, subscriber_id), answers)
        if mine is not None:
            return subscriber_id, mine
    refused = _UNPROVEN if subscriber_id is None else _STRANGER
    author = author_address(handling.part)
    mine = by(author, answers)
    if mine is None:
        return refused
    known = await attendance.people_of(tx, {address_key(author), without_tag(author)})
    invited = [(one, address) for one, address in known.items() if await _is_invited(tx, event_id, one)]
    person = only(author, invited)
    return refused if person is None else (person, mine)


async def _proven(tx: AsyncConnection, handling: Handling, event_id: int, answers: list[Answer]) -> int | None:
    """The subscriber whose letter about this event is answered, by a token that only that letter held."""
    match = handling.match
    about = await attendance.event_of_mailing(tx, match.mailing_id) if match.mailing_id is not None else None
    if match.proven and match.subscriber_id is not None and about == event_id:
        return match.subscriber_id
    secret = await journal.secret(tx, secrets.token_bytes(32))
    subscriber_id = read_organizer(_addresses(handling, answers), secret)
    return subscriber_id if subscriber_id and await _is_invited(tx, event_id, subscriber_id) else None


async def _is_invited(tx: AsyncConnection, event_id: int, subscriber_id: int) -> bool:
    sent = await attendance.calendars_sent(tx, event_id, subscriber_id)
    return any(method_of(calendar) == "REQUEST" for calendar in sent)


def _addresses(handling: Handling, answers: list[Answer]) -> Iterator[str]:
    """Where the answer was sent to."""
    yield from handling.incoming.envelope_to
    yield from (answer.organizer for answer in answers)
    yield from (address for _, address in getaddresses([to for name in _TO for to in handling.part.all(name)]))


async def _refuse(tx: AsyncConnection, handling: Handling, slug: str, refused: Refused) -> str:
    detail = f"message #{handling.row_id} counts for nothing: {refused.why}"
    await journal.note(tx, slug, f"answer {refused.word}", detail, at=handling.now)
    return refused.word


def _told(subscriber_id: int, before: Answered | None, kept: Answered) -> str:
    return f"subscriber #{subscriber_id}: {kept.answer}{f', not {before.answer} any more' if before else ''}"
