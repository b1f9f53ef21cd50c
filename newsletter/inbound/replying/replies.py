"""Stage 6, shell: a person wrote: their question is recorded, sent on to the contact mailbox, and closed when answered.

In: a message on its way through the handlers, and the contact mailbox. Out: rows, in the caller's transaction. What
came in at the contact mailbox itself is not sent to it once more; there, answers are seen.
"""

import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NewsletterError
from newsletter.inbound.handling import Handling
from newsletter.inbound.matching import ADDRESS, bare_subject
from newsletter.inbound.replying.routing import AT_ONCE, LOOP_FIELD, MOST_AT_ONCE, forward_named, loop_mark, why_stopped
from newsletter.inbound.replying.threads import (
    addresses_in,
    author_of,
    clean,
    is_answer,
    name_of,
    named_ids,
    own_id,
    same_mailbox,
)
from newsletter.inbound.telling.message import Part, parse
from newsletter.inbound.telling.verdict import Kind
from newsletter.store import forwards, journal, letters, replies
from newsletter.store.replies import Question

ANSWER_SEEN: Final = "an answer in the thread"
#: The clocks of two mail servers may differ by so much: an answer may seem older than its question.
SKEW: Final = timedelta(hours=1)
#: Matches that tie a message to one letter of ours, whatever kind of message it is.
_TIED: Final = frozenset({"envelope", "message-id", "reply"})


async def receive(tx: AsyncConnection, handling: Handling, *, contact: str) -> None:
    """Record what a person wrote, and have it sent on to the contact mailbox.

    An answer to a question, seen in its thread, closes it. A further message of the same person in the thread of an
    open question belongs to that question.

    Raises:
        NewsletterError: it goes round, and must not be sent on.
    """
    part, incoming = handling.part, handling.incoming
    is_at_contact = same_mailbox(incoming.address, contact)
    key = await journal.secret(tx, secrets.token_bytes(32))
    mark = loop_mark(key)
    if is_at_contact and mark in part.all(LOOP_FIELD):
        return  # what we sent on has arrived
    stopped = why_stopped(part, incoming.envelope_to, mark=mark, secret=key) or await _too_many(tx, handling)
    if stopped and not is_at_contact:
        raise NewsletterError(f"not sent on: {stopped}")
    thread = await replies.of_thread(tx, named_ids(part))
    is_known = await _join(tx, handling, thread, contact=contact)
    is_staff = same_mailbox(author_of(part), contact)
    is_ours = bool(thread) or not is_at_contact or await _is_about_us(tx, handling)
    if is_ours and not is_known and not is_staff and _is_question(handling, in_thread=bool(thread)):
        await _record(tx, handling, contact=contact)
    if is_at_contact or (is_staff and is_known):
        return
    if is_staff:
        # A desk that acknowledges whatever it gets would answer its own acknowledgements for ever.
        raise NewsletterError("not sent on: it was written at the contact mailbox, and answers no question")
    await forwards.queue(tx, handling.row_id, contact, now=handling.now)


async def returned(
    tx: AsyncConnection, handling: Handling, *, secret: bytes, tell: Callable[[str], None] = lambda _sentence: None
) -> bool:
    """Whether this is a report that a message we sent on did not arrive; then that has failed, and a person is told."""
    forward_id = forward_named(handling.part, handling.incoming.envelope_to, secret)
    if forward_id is None or handling.verdict.kind is not Kind.BOUNCE:
        return False
    failures = [failure for failure in handling.verdict.failures if not failure.is_delay]
    if not failures:
        return True  # it is still being tried
    said = clean(" ".join(filter(None, (failures[0].status, failures[0].said or failures[0].reason))))
    if await forwards.came_back(tx, forward_id, f"came back: {said}", now=handling.now):
        await journal.note(tx, f"forward {forward_id}", "came back", failures[0].reason, at=handling.now)
        tell(
            f"a message that was sent on to the contact mailbox came back ({failures[0].reason}); "
            "see newsletter replies list"
        )
    return True


async def _too_many(tx: AsyncConnection, handling: Handling) -> str:
    """Why this must not be sent on, where so much is written about one letter that only a machine can have."""
    if handling.match.delivery_id is None:
        return ""
    count = await forwards.count_about(tx, handling.match.delivery_id, since=handling.incoming.received_at - AT_ONCE)
    return f"{count} messages about the same letter came in within an hour" if count >= MOST_AT_ONCE else ""


def _is_question(handling: Handling, *, in_thread: bool) -> bool:
    """Whether somebody has to answer this.

    What may be a machine is sent on to a person, and is a question where it is about one letter of ours.
    """
    kind = handling.verdict.kind
    if kind is Kind.UNSURE:
        return in_thread or handling.match.how in _TIED
    return kind not in (Kind.AUTO_REPLY, Kind.BOUNCE, Kind.COMPLAINT)


async def _is_about_us(tx: AsyncConnection, handling: Handling) -> bool:
    """Whether mail at the contact mailbox is about a letter of ours: what else people write there is not our business.

    A subscriber may write about anything; with the subject of a letter that they got, it is about that.
    """
    match = handling.match
    if match.how != ADDRESS or match.subscriber_id is None:
        return bool(match.how)
    subject = bare_subject(handling.part.decoded("subject"))
    return any(bare_subject(one.subject) == subject for one in await letters.last_of(tx, match.subscriber_id))


async def _join(tx: AsyncConnection, handling: Handling, thread: Iterable[Question], *, contact: str) -> bool:
    """Take a message into the questions that it names; whether it says nothing new that waits for an answer."""
    part, is_known = handling.part, False
    for question in thread:
        asked_by = _address(question.author)
        if is_answer(part, asked_by, contact):
            is_known = True
            await _answered(tx, question.id, handling)
        elif same_mailbox(author_of(part), asked_by):
            is_known = is_known or question.state == replies.OPEN
        elif _domain(author_of(part)) == _domain(contact):
            is_known = True  # colleagues who talk about it
        await replies.note_ids(tx, question.id, [own_id(part)])
    return is_known


async def _answered(tx: AsyncConnection, reply_id: int, handling: Handling) -> None:
    if await replies.end(tx, reply_id, replies.ANSWERED, ANSWER_SEEN, now=handling.now):
        await journal.note(tx, f"question {reply_id}", "answered", ANSWER_SEEN, at=handling.now)


async def _record(tx: AsyncConnection, handling: Handling, *, contact: str) -> None:
    part, match, at = handling.part, handling.match, handling.incoming.received_at
    reply_id = await replies.add(
        tx,
        handling.row_id,
        series_id=match.series_id,
        mailing_id=match.mailing_id,
        subscriber_id=match.subscriber_id,
        author=_author(part),
        subject=clean(part.decoded("subject")),
        at=at,
    )
    await replies.note_ids(tx, reply_id, [own_id(part)])
    # Mailboxes are read beside each other, so its answer may have come in first.
    found = await replies.earlier(tx, handling.row_id, delivery_id=match.delivery_id, since=at - SKEW)
    for other in (parse(one.raw) for one in found):
        if own_id(part) in named_ids(other) and is_answer(other, author_of(part), contact):
            await replies.note_ids(tx, reply_id, [own_id(other)])
            await _answered(tx, reply_id, handling)


def _author(part: Part) -> str:
    address, name = clean(author_of(part)), name_of(part)
    return f"{name} <{address}>" if name else address


def _address(author: str) -> str:
    """The address of "name <address>", as `_author` writes it."""
    return next(reversed(addresses_in(author)), "")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
