"""Stage 6: messages that are files: reading one, and looking into a folder over and over.

In: paths. Out: bytes, as many as are wanted, and never an exception for one file.
"""

import asyncio
import stat
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from newsletter.inbound.incoming import Incoming, Take
from newsletter.inbound.sources.reading import Memory, Read, too_large
from newsletter.inbound.telling.message import LONGEST

GONE = "it was gone before it could be read"


def read_file(path: Path, largest: int) -> Read:
    """The message in a file; of one that is too large its begin."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Read(trouble="it is no file")
        at = datetime.fromtimestamp(found.st_mtime, UTC)
        with path.open("rb") as stream:
            raw = stream.read(largest + 1)
    except FileNotFoundError:
        return Read(trouble=GONE)
    except (OSError, OverflowError, ValueError) as error:
        return Read(trouble=f"it cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(raw) <= largest:
        return Read(raw, at)
    return Read(raw[: min(LONGEST, largest)], at, too_large(max(found.st_size, len(raw)), largest))


class Files:
    """Hands over what is new of a folder; what was handed over once is not asked about again."""

    def __init__(self, name: str, memory: Memory) -> None:
        self.name, self._memory = name, memory
        self._seen: set[str] = set()

    async def take_new(self, keys: Iterable[str], read: Callable[[str], Read], take: Take) -> int:
        """Of these keys, those that were not taken before, one by one; returns how many."""
        listed = set(keys)
        self._seen &= listed  # what has gone needs no memory; if it comes back, the store knows it
        fresh = await self._memory.unknown(self.name, sorted(listed - self._seen))
        for key in fresh:
            found = await asyncio.to_thread(read, key)
            incoming = Incoming(
                source=self.name,
                key=key,
                raw=found.raw,
                received_at=found.at or self._memory.clock(),
                address=self._memory.address,
                trouble=found.trouble,
            )
            await take(incoming)
            self._seen.add(key)
        self._seen = listed
        return len(fresh)
