"""Memory: messages that came back <-> rows.

A message is here before its source may forget it. The text of one is kept once, however many mailboxes it came to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.store.plain import plain
from newsletter.store.subscribers import CHUNK
from newsletter.store.tables import forwards, mailings, messages, replies
from newsletter.store.upsert import upsert

#: States of a message.
NEW, HANDLED, COPY, SET_ASIDE = "new", "handled", "copy", "set_aside"
#: Longest texts of columns; what is longer is cut off.
_SOURCE, _KEY, _MESSAGE_ID, _REASON = 200, 400, 400, 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of a message when it was stored."""

    id: int
    state: str  #: NEW: it waits to be handled


async def store(
    tx: AsyncConnection,
    *,
    source: str,
    key: str,
    raw: bytes,
    received_at: datetime,
    fingerprint: str,
    message_id: str,
    envelope: Mapping[str, Any],
) -> Taken:
    """Remember a message. One that was taken before stays as it is, and the same from elsewhere becomes a copy.

    `envelope` is what is needed to handle it later and stands nowhere in `raw`.
    """
    row = {
        "source": plain(source, _SOURCE),
        "key": plain(key, _KEY),
        "message_id": plain(message_id, _MESSAGE_ID),
        "received_at": received_at,
        "reason": "",
        "kind": "",
        "matched": "",
        "proven": False,
    }
    new = {**row, "fingerprint": fingerprint, "state": NEW, "verdict": {"envelope": dict(envelope)}, "raw": raw}
    made = await _insert(tx, new)
    if made is not None:
        return Taken(id=made, state=NEW)
    copy = {**row, "fingerprint": None, "state": COPY, "verdict": {}, "raw": None, "handled_at": received_at}
    made = await _insert(tx, copy)
    if made is not None:
        return Taken(id=made, state=COPY)
    mine = (messages.c.source == row["source"]) & (messages.c.key == row["key"])
    found = (await tx.execute(select(messages.c.id, messages.c.state).where(mine))).one()
    return Taken(id=found.id, state=found.state)


async def _insert(tx: AsyncConnection, row: Mapping[str, Any]) -> int | None:
    statement = upsert(tx, messages).values(row).on_conflict_do_nothing().returning(messages.c.id)
    made: int | None = (await tx.execute(statement)).scalar()
    return made


async def known(tx: AsyncConnection, source: str, keys: Iterable[str]) -> frozenset[str]:
    """Of these keys of a source, those that are stored and need nothing more from it."""
    wanted = list(dict.fromkeys(keys))
    found: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        chunk = {plain(key, _KEY): key for key in wanted[start : start + CHUNK]}
        query = select(messages.c.key).where(messages.c.source == plain(source, _SOURCE), messages.c.key.in_(chunk))
        found.update(chunk[key] for key in await tx.scalars(query))
    return frozenset(found)


async def waiting(tx: AsyncConnection) -> list[int]:
    """Messages that were stored and not handled, the oldest first."""
    return list(await tx.scalars(select(messages.c.id).where(messages.c.state == NEW).order_by(messages.c.id)))


async def to_handle(tx: AsyncConnection, row_id: int) -> dict[str, Any] | None:
    """A message that waits to be handled; None if it does not."""
    query = select(messages).where(messages.c.id == row_id, messages.c.state == NEW)
    found = (await tx.execute(query)).mappings().one_or_none()
    return None if found is None else dict(found)


async def claim(tx: AsyncConnection, row_id: int) -> bool:
    """Whether it still waits to be handled; then nobody else handles it before this transaction ends."""
    query = select(messages.c.id).where(messages.c.id == row_id, messages.c.state == NEW).with_for_update()
    return await tx.scalar(query) is not None


async def set_handled(tx: AsyncConnection, row_id: int, *, now: datetime, **values: Any) -> None:
    """It is done: kind, verdict, matched, proven, and the ids that it is about."""
    done = {**values, "state": HANDLED, "handled_at": now, "reason": ""}
    await tx.execute(update(messages).where(messages.c.id == row_id).values(done))


async def set_aside(tx: AsyncConnection, row_id: int, reason: str, *, now: datetime, **values: Any) -> None:
    """A person has to look; the text stays. What is handled already stays so."""
    mine = (messages.c.id == row_id) & (messages.c.state == NEW)
    done = {**values, "state": SET_ASIDE, "handled_at": now, "reason": plain(reason, _REASON)}
    await tx.execute(update(messages).where(mine).values(done))


async def take_up(tx: AsyncConnection, row_id: int) -> None:
    """Let a message that was set aside be handled once more.

    Raises:
        NotFoundError: it is not set aside.
    """
    aside = (messages.c.state == SET_ASIDE) & messages.c.raw.is_not(None)
    taken = await tx.execute(update(messages).where(aside, messages.c.id == row_id).values(state=NEW, handled_at=None))
    if not taken.rowcount:
        there = await tx.scalars(select(messages.c.id).where(aside).order_by(messages.c.id.desc()).limit(20))
        raise NotFoundError("message that is set aside", f"#{row_id}", [f"#{one}" for one in there])


async def listing(tx: AsyncConnection, *, aside: bool = False, limit: int = 200) -> list[RowMapping]:
    """What came, the newest first: id, received_at, source, state, reason, kind, verdict, matched, proven, mailing
    (slug or None), subscriber_id, delivery_id. No addresses, and no texts.
    """
    columns = [
        column for column in messages.c if column.key not in ("raw", "fingerprint", "message_id", "key", "mailing_id")
    ]
    query = select(*columns, mailings.c.slug.label("mailing")).outerjoin(
        mailings, mailings.c.id == messages.c.mailing_id
    )
    if aside:
        query = query.where(messages.c.state == SET_ASIDE)
    return list((await tx.execute(query.order_by(messages.c.id.desc()).limit(limit))).mappings())


async def get(tx: AsyncConnection, row_id: int) -> RowMapping:
    """One message, whole, with `mailing`.

    Raises:
        NotFoundError: there is no such message.
    """
    query = select(messages, mailings.c.slug.label("mailing"))
    query = query.outerjoin(mailings, mailings.c.id == messages.c.mailing_id).where(messages.c.id == row_id)
    found = (await tx.execute(query)).mappings().one_or_none()
    if found is None:
        newest = await tx.scalar(select(func.max(messages.c.id)))
        raise NotFoundError("message", f"#{row_id}", [] if newest is None else [f"#1 to #{newest}"])
    return found


#: A forward in one of these states is still to be sent, or was not.
_UNSENT: Final = ("waiting", "sending", "failed")


async def drop_texts(tx: AsyncConnection, before: datetime) -> int:
    """Throw away the texts of what was handled before then; returns how many.

    Kept are those that a person has still to do with: set aside, not yet forwarded, or with their question open.
    """
    needed = or_(
        exists().where(forwards.c.message_id == messages.c.id, forwards.c.state.in_(_UNSENT)),
        exists().where(replies.c.message_id == messages.c.id, replies.c.state == "open"),
    )
    old = (messages.c.state == HANDLED) & (messages.c.handled_at < before) & messages.c.raw.is_not(None)
    dropped = await tx.execute(update(messages).where(old, ~needed).values(raw=None))
    return dropped.rowcount
