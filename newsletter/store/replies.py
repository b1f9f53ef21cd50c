"""Memory: what people asked, and whether somebody has answered.

In: questions, and the Message-IDs of their threads. Out: those that are open. Who asked and about what is kept as long
as the question is open, and a while longer; then only that there was one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import RowMapping, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.store.tables import forwards, mailings, messages, replies, reply_threads, series, subscribers
from newsletter.store.upsert import upsert

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"


class Question(NamedTuple):
    id: int
    author: str  #: name and address
    state: str


class Earlier(NamedTuple):
    """A message that came in before the question that it may answer."""

    message_id: int
    raw: bytes


class Later(NamedTuple):
    """A further message of a thread."""

    received_at: datetime
    raw: bytes | None  #: None: it is not kept any more


async def add(
    tx: AsyncConnection,
    message_id: int,
    *,
    series_id: int | None,
    mailing_id: int | None,
    subscriber_id: int | None,
    author: str,
    subject: str,
    at: datetime,
) -> int:
    """Record a question, open; returns its id. The same message again is the same question, and stays as it is."""
    row = {
        "series_id": series_id,
        "mailing_id": mailing_id,
        "subscriber_id": subscriber_id,
        "author": author,
        "subject": subject,
        "at": at,
        "state": OPEN,
        "ended_by": "",
    }
    made = upsert(tx, replies).values(message_id=message_id, **row).on_conflict_do_nothing()
    await tx.execute(made)
    found = await tx.scalar(select(replies.c.id).where(replies.c.message_id == message_id))
    return int(found or 0)


async def note_ids(tx: AsyncConnection, reply_id: int, ids: Iterable[str]) -> None:
    """Message-IDs that belong to the thread of a question."""
    rows = [{"reply_id": reply_id, "message_id": one} for one in dict.fromkeys(ids) if one]
    if rows:
        await tx.execute(upsert(tx, reply_threads).values(rows).on_conflict_do_nothing())


async def note_forwarded(tx: AsyncConnection, message_id: int, sent_as: str) -> None:
    """The Message-ID under which a question was sent on inside a letter of ours: answers name that one."""
    threads = select(replies.c.id).where(replies.c.message_id == message_id)
    for reply_id in list(await tx.scalars(threads)):
        await note_ids(tx, reply_id, [sent_as])


async def of_thread(tx: AsyncConnection, ids: Sequence[str]) -> list[Question]:
    """The questions whose threads hold one of these Message-IDs, the oldest first."""
    if not ids:
        return []
    query = select(replies.c.id, replies.c.author, replies.c.state).join(reply_threads)
    query = query.where(reply_threads.c.message_id.in_(ids)).distinct().order_by(replies.c.id)
    return [Question(*row) for row in await tx.execute(query)]


async def earlier(
    tx: AsyncConnection, message_id: int, *, delivery_id: int | None, since: datetime, limit: int = 20
) -> list[Earlier]:
    """Messages about the same delivery that came in before this one was read, and not before `since`."""
    if delivery_id is None:
        return []
    query = select(messages.c.id, messages.c.raw).where(
        messages.c.delivery_id == delivery_id,
        messages.c.id != message_id,
        messages.c.received_at >= since,
        messages.c.raw.is_not(None),
    )
    found = await tx.execute(query.order_by(messages.c.id.desc()).limit(limit))
    return [Earlier(*row) for row in found]


async def end(tx: AsyncConnection, reply_id: int, state: str, by: str, *, now: datetime) -> bool:
    """Close a question (answered, closed); False if it was not open."""
    ended = {"state": state, "ended_at": now, "ended_by": by}
    is_open = (replies.c.id == reply_id) & (replies.c.state == OPEN)
    return bool((await tx.execute(update(replies).where(is_open).values(ended))).rowcount)


async def reopen(tx: AsyncConnection, reply_id: int) -> bool:
    """Open a question again; False if it was open."""
    again = {"state": OPEN, "ended_at": None, "ended_by": ""}
    has_ended = (replies.c.id == reply_id) & (replies.c.state != OPEN)
    return bool((await tx.execute(update(replies).where(has_ended).values(again))).rowcount)


async def listed(tx: AsyncConnection, *, with_ended: bool = False) -> list[RowMapping]:
    """Questions, the oldest first; with those that have ended, if asked.

    id, at, author, subject, state, ended_at, ended_by, mailing, series (document), subscriber (name), forwarding (state
    and reason of what was not sent on yet; None where all was, or nothing had to be).
    """
    query = _described()
    if not with_ended:
        query = query.where(replies.c.state == OPEN)
    return list((await tx.execute(query.order_by(replies.c.at, replies.c.id))).mappings())


async def get(tx: AsyncConnection, reply_id: int) -> RowMapping:
    """One question, as `listed`, and with message_id (of the table of messages) and raw.

    Raises:
        NotFoundError: there is none of this number.
    """
    query = _described().add_columns(messages.c.raw).join(messages, messages.c.id == replies.c.message_id)
    found = (await tx.execute(query.where(replies.c.id == reply_id))).mappings().one_or_none()
    if found is None:
        known = await tx.scalars(select(replies.c.id).where(replies.c.state == OPEN).order_by(replies.c.id).limit(20))
        raise NotFoundError("question", str(reply_id), [str(one) for one in known])
    return found


async def later_in_thread(tx: AsyncConnection, reply_id: int) -> list[Later]:
    """The other messages of the thread of a question that came in here, the oldest first."""
    ids = select(reply_threads.c.message_id).where(reply_threads.c.reply_id == reply_id)
    own = select(replies.c.message_id).where(replies.c.id == reply_id).scalar_subquery()
    query = select(messages.c.received_at, messages.c.raw).where(
        messages.c.message_id.in_(ids), messages.c.id != own, messages.c.fingerprint.is_not(None)
    )
    return [Later(*row) for row in await tx.execute(query.order_by(messages.c.received_at, messages.c.id))]


async def forget(tx: AsyncConnection, before: datetime) -> int:
    """Forget who asked what in questions that ended before then; returns how many there were."""
    old = (replies.c.state != OPEN) & (replies.c.ended_at < before)
    await tx.execute(delete(reply_threads).where(reply_threads.c.reply_id.in_(select(replies.c.id).where(old))))
    known = old & ((replies.c.author != "") | (replies.c.subject != ""))
    return (await tx.execute(update(replies).where(known).values(author="", subject=""))).rowcount


def _described() -> Select[tuple[object, ...]]:
    unsent = (
        select(func.min(forwards.c.state + " " + forwards.c.reason))
        .where(forwards.c.message_id == replies.c.message_id, forwards.c.state != "sent")
        .scalar_subquery()
    )
    return (
        select(
            replies.c.id,
            replies.c.at,
            replies.c.author,
            replies.c.subject,
            replies.c.state,
            replies.c.ended_at,
            replies.c.ended_by,
            replies.c.message_id,
            mailings.c.slug.label("mailing"),
            series.c.document.label("series"),
            subscribers.c.name.label("subscriber"),
            unsent.label("forwarding"),
        )
        .select_from(replies)
        .outerjoin(mailings, mailings.c.id == replies.c.mailing_id)
        .outerjoin(series, series.c.id == replies.c.series_id)
        .outerjoin(subscribers, subscribers.c.id == replies.c.subscriber_id)
    )
