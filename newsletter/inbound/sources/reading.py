"""Stage 6: what all sources have in common.

In: settings and names. Out: how much of a message is read, what a source is called, how far it was read.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from newsletter.inbound.incoming import Known
from newsletter.inbound.telling.message import LONGEST
from newsletter.store.cursors import Cursor, find_cursor, keep_cursor
from newsletter.store.database import Database

#: Bytes of a message that is taken whole; of a longer one the begin is kept, and a person has to look.
LARGEST: Final = 26_214_400
#: Keys that `known` is asked about at once.
BATCH: Final = 500
#: Characters of a name and of a key, as the tables have them.
NAME, KEY = 200, 400


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a source remembers, and how it reads."""

    database: Database
    known: Known
    clock: Callable[[], datetime] = _now
    largest: int = LARGEST
    poll_seconds: float = 60
    since_days: int = 14
    address: str = ""

    async def cursor(self, source: str) -> Cursor | None:
        async with self.database.read() as tx:
            return await find_cursor(tx, source)

    async def keep(self, source: str, cursor: Cursor) -> None:
        async with self.database.write() as tx:
            await keep_cursor(tx, source, cursor)

    async def unknown(self, source: str, keys: Sequence[str]) -> list[str]:
        """Those that were not taken before, in their order."""
        fresh: list[str] = []
        for batch in batches(keys):
            taken = await self.known(source, batch)
            fresh += [key for key in batch if key not in taken]
        return fresh


@dataclass(slots=True)
class Read:
    """What could be had of one message."""

    raw: bytes = b""
    at: datetime | None = None
    trouble: str = ""


def batches(keys: Sequence[str], size: int = BATCH) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def named(kind: str, place: str) -> str:
    """The name of a source, which must fit its column; what is too long keeps its end and a digest of all."""
    return f"{kind}:{fitting(place, NAME - len(kind) - 1)}"


def fitting(text: str, most: int) -> str:
    """The text, or where it is too long its end behind a digest of all of it."""
    if len(text) <= most:
        return text
    return f"{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}…{text[33 - most :]}"


def too_large(size: int, largest: int) -> str:
    """Why a message is set aside that has so many bytes."""
    return (
        f"it has {size:,} bytes, and more than {largest:,} are not taken (NEWSLETTER_INBOUND__LARGEST); its first "
        f"{min(LONGEST, largest):,} are kept"
    )
