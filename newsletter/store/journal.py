"""Memory: what happened, in order; and the few facts of the store itself."""

import base64
from datetime import datetime

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.store.tables import journal, meta
from newsletter.store.upsert import upsert


async def note(tx: AsyncConnection, subject: str, action: str, detail: str, *, at: datetime) -> None:
    """Add a line; nothing in the product changes or removes one."""
    await tx.execute(insert(journal).values(at=at, subject=subject, action=action, detail=detail))


async def read_notes(tx: AsyncConnection, subject: str) -> list[RowMapping]:
    """All lines about one subject: at, action, detail; oldest first."""
    found = await tx.execute(select(journal).where(journal.c.subject == subject).order_by(journal.c.id))
    return list(found.mappings())


async def has_noted(tx: AsyncConnection, subject: str, action: str, at: datetime) -> bool:
    """Whether this was noted about a subject at exactly that moment."""
    found = select(journal.c.id).where(journal.c.subject == subject, journal.c.action == action, journal.c.at == at)
    return await tx.scalar(found.limit(1)) is not None


async def secret(tx: AsyncConnection, fresh: bytes) -> bytes:
    """The key that signs the links of this store; `fresh` becomes it where there is none yet."""
    value = base64.b64encode(fresh).decode("ascii")
    await tx.execute(upsert(tx, meta).values(key="secret", value=value).on_conflict_do_nothing())
    found = await tx.scalar(select(meta.c.value).where(meta.c.key == "secret"))
    return base64.b64decode(str(found))
