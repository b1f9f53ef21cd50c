"""Stage 4, shell: what a person decides about letters that ended badly or without an answer.

In: a mailing, and what somebody found out about its letters. Out: letters that count as sent, or leave again.

A mailing that was sent goes back to being sent for them, with the letter that it was sent with; so does one that was
cancelled on its way, if nobody is left whom it was withheld from. Two things must hold:
its window is open, or a person opens it again (never past the begin of what it announces); and the letter would still
say the same, so that nobody gets the old date of an event that has moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.templates import Templates
from newsletter.errors import CountError, NewsletterError, StateError
from newsletter.events.event import Event
from newsletter.outbox.fire import compose_row
from newsletter.schedule.rules import closes_at, starts_at
from newsletter.schedule.state import MailingState, move, only_from
from newsletter.store import audience, events, journal, mailings, remedies
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow

#: Where letters can be sent again: the mailing is on its way, was stopped there, or has ended.
SENDABLE = frozenset({MailingState.SENDING, MailingState.HELD, MailingState.SENT})
#: Where nothing more is on its way, until letters are sent again.
ENDED = frozenset({MailingState.SENT, MailingState.CANCELLED})


class Verdict(StrEnum):
    """What a person says about a letter in doubt."""

    SENT = "sent"  #: it arrived
    AGAIN = "again"  #: it did not, or nobody knows: it is sent again


@dataclass(frozen=True, kw_only=True)
class Remedied:
    """What came of it."""

    letters: int
    state: MailingState  #: of the mailing, now


async def resolve(
    database: Database,
    templates: Templates,
    slug: str,
    verdict: Verdict,
    *,
    now: datetime,
    subscriber: int | None = None,
    until: datetime | None = None,
    as_sent: bool = False,
) -> Remedied:
    """Decide about the letters in doubt of a mailing, or about the one of `subscriber`.

    `until` opens the window again, and `as_sent` says that the letter may go out though it would read differently now;
    both count only for letters that are sent again.

    Raises:
        StateError: none of them is in doubt, or they cannot be sent again, with the reason.
    """
    if verdict is Verdict.AGAIN and not as_sent:
        await _check_letter(database, templates, slug, now)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        if verdict is Verdict.SENT:
            letters = await remedies.count_as_sent(tx, row.id, subscriber, now=now)
            done, state = "counted as sent by hand", row.state
        else:
            state = await _reopen(tx, row, now, until)
            letters = await remedies.repeat_in_doubt(tx, row.id, subscriber, now=now)
            done = "sent again by hand"
        if not letters:
            whose = f"the letter of subscriber #{subscriber}" if subscriber is not None else "no letter"
            raise StateError(f"{slug}: {whose} is {'not ' if subscriber is not None else ''}in doubt")
        await journal.note(
            tx, slug, "resolved", f"{letters} letter{'' if letters == 1 else 's'} in doubt {done}", at=now
        )
        return Remedied(letters=letters, state=state)


async def again(
    database: Database,
    templates: Templates,
    slug: str,
    *,
    recipients: int,
    now: datetime,
    answer: str = "",
    until: datetime | None = None,
    as_sent: bool = False,
) -> Remedied:
    """Queue the failed letters of a mailing again, `recipients` in number; with `answer` only those it was said of.

    It is for what was not the recipients' fault: a relay that was dead, a filter that blocked us. Whoever left or was
    suppressed since is not among them.

    Raises:
        CountError: it would be another number, or none.
        StateError: they cannot be sent again, with the reason.
    """
    if not as_sent:
        await _check_letter(database, templates, slug, now)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        state = await _reopen(tx, row, now, until)
        count = await _count_failed(tx, row, answer)
        if count != recipients:
            raise CountError(f"{slug}: {_failed(count)} would be sent again, not {recipients}; confirm {count}")
        await remedies.queue_failed(tx, row.id, answer, now=now)
        said = f" of which the answer holds “{answer}”" if answer else ""
        await journal.note(tx, slug, "again", f"{_failed(count)}{said}, by hand", at=now)
        return Remedied(letters=count, state=state)


async def count_again(
    database: Database,
    templates: Templates,
    slug: str,
    *,
    now: datetime,
    answer: str = "",
    until: datetime | None = None,
    as_sent: bool = False,
) -> int:
    """How many letters `again` would queue; raises what it would raise whatever number is confirmed."""
    if not as_sent:
        await _check_letter(database, templates, slug, now)
    async with database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        await _check_open(tx, row, now, until)
        return await _count_failed(tx, row, answer)


async def _count_failed(tx: AsyncConnection, row: MailingRow, answer: str) -> int:
    count = await remedies.count_failed(tx, row.id, answer)
    if not count:
        raise CountError(f"{row.slug}: no letter failed that can be sent again")
    return count


def _failed(count: int) -> str:
    return f"{count} failed letter{'' if count == 1 else 's'}"


async def again_bounced(
    database: Database,
    templates: Templates,
    slug: str,
    letters: Sequence[int],
    *,
    recipients: int,
    now: datetime,
    until: datetime | None = None,
    as_sent: bool = False,
) -> Remedied:
    """Queue letters of a mailing again that a mail server took and that came back, `recipients` in number.

    `letters` are ids of deliveries. Whoever left or was suppressed since is not among them.

    Raises:
        CountError: it would be another number, or none.
        StateError: they cannot be sent again, with the reason.
    """
    if not as_sent:
        await _check_letter(database, templates, slug, now)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, slug, lock=True)
        state = await _reopen(tx, row, now, until)
        found = await remedies.came_back(tx, row.id, letters)
        if not found:
            raise CountError(f"{slug}: no letter came back that can be sent again")
        if len(found) != recipients:
            raise CountError(
                f"{slug}: {len(found)} letters would be sent again, not {recipients}; confirm {len(found)}"
            )
        await remedies.queue_bounced(tx, row.id, found, now=now)
        await journal.note(tx, slug, "again", f"{len(found)} letters that came back, by hand", at=now)
        return Remedied(letters=len(found), state=state)


async def _reopen(tx: AsyncConnection, row: MailingRow, now: datetime, until: datetime | None) -> MailingState:
    """Let letters of a mailing leave again; what is held stays so."""
    values: dict[str, Any] = {"closes_at": await _check_open(tx, row, now, until)}
    state = row.state
    if state in ENDED:
        state = move(state, MailingState.SENDING, row.slug)
        values |= {"reason": "", "ended_at": None}
    await mailings.set_state(tx, row.id, row.state, state, **values)
    return state


async def _check_open(tx: AsyncConnection, row: MailingRow, now: datetime, until: datetime | None) -> datetime | None:
    """Until when letters of a mailing may leave again; StateError if none may."""
    if why := await not_yet(tx, row):
        raise StateError(why)
    if row.state is not MailingState.CANCELLED or row.started_at is None:
        only_from(row.state, SENDABLE, "send letters again", row.slug)
    return _window(row, await events.get_event(tx, row.event), now, until)


async def not_yet(tx: AsyncConnection, row: MailingRow) -> str:
    """What must happen before letters of a mailing are sent again, that was cancelled on its way, or nothing.

    Once it is sent it cannot be scheduled again, so those whom it was withheld from come first.
    """
    left = await audience.count_withdrawn(tx, row.id) if row.state is MailingState.CANCELLED else 0
    if not left:
        return ""
    letters = "1 letter" if left == 1 else f"{left} letters"
    return (
        f"{row.slug} was cancelled with {letters} still to be sent; before others are sent again, "
        f"schedule it for those: newsletter mailing schedule {row.slug} --at now"
    )


def _window(row: MailingRow, event: Event, now: datetime, until: datetime | None) -> datetime | None:
    """Until when the letters may leave.

    Raises:
        StateError: that is not later than `now`.
    """
    wanted = until or row.closes_at
    if wanted is None:
        return None
    more = "give it more time with --until “YYYY-MM-DD HH:MM”"
    if wanted <= now:
        raise StateError(f"{row.slug}: its window closed at {_wall(wanted, event)}; {more}")
    last = closes_at(now, wanted - now, row.planned.when, starts_at(event))
    if last <= now:
        raise StateError(f"{row.slug} is not sent any more: what it is about has begun")
    return last


async def _check_letter(database: Database, templates: Templates, slug: str, now: datetime) -> None:
    """Raise StateError unless the letter of a mailing that was sent would still say what it said.

    Only words are compared: another colour is no reason to keep a letter from somebody.
    """
    async with database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        sent = await mailings.content_of(tx, row.id)
    if row.state not in ENDED or sent is None:
        return  # what is on its way, or was stopped there, goes on with its letter in any case
    try:
        today = await compose_row(database, templates, row, now=now, draft=True)
        why = "" if (today.subject, today.text) == (sent.subject, sent.text) else "it would read differently now"
    except NewsletterError as error:
        why = f"it could not be composed any more: {error}"
    if why:
        raise StateError(
            f"the letter of {slug} is not what it was: {why}; add --as-sent if it should go out as it was then"
        )


def _wall(at: datetime, event: Event) -> str:
    return f"{at.astimezone(event.series.zone):%Y-%m-%d %H:%M}"
