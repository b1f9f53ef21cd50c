"""Stage 6: a Maildir, as people use it too.

In: a Maildir. Out: its messages, each once. A message is known by the unique part of its name, which stays when its
reader moves it from new/ to cur/ and writes flags behind it. Nothing is renamed, moved or made.
"""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

from newsletter.errors import InboundError
from newsletter.inbound.incoming import Take
from newsletter.inbound.sources.files import GONE, Files, read_file
from newsletter.inbound.sources.reading import KEY, Memory, Read, fitting, named
from newsletter.store.cursors import Cursor

PARTS = ("new", "cur")


class MaildirSource:
    def __init__(self, path: Path, memory: Memory) -> None:
        self.name = named("maildir", str(path))
        self._path, self._memory = path, memory
        self._files = Files(self.name, memory)
        self._since: float | None = None
        self._old: set[str] = set()

    async def round(self, take: Take) -> int:
        since = await self._from_when()
        found = await asyncio.to_thread(self._listed, since)

        def read(key: str) -> Read:
            return self._read(key, found[key])

        return await self._files.take_new(found, read, take)

    async def watch(self, take: Take) -> None:
        while True:
            await self.round(take)
            await asyncio.sleep(self._memory.poll_seconds)

    async def close(self) -> None:
        """Nothing is held open."""

    async def _from_when(self) -> float:
        """Unix seconds; what arrived before is too old. Chosen at the first look, and kept."""
        if self._since is None:
            cursor, now = await self._memory.cursor(self.name), self._memory.clock()
            if cursor is None:
                since = now - timedelta(days=self._memory.since_days)
                cursor = Cursor(validity=0, uid=int(since.timestamp()), at=now)
                await self._memory.keep(self.name, cursor)
            self._since = cursor.uid
        return self._since

    def _listed(self, since: float) -> dict[str, Path]:
        """Files by key: the unique part of the name, without ":2," and flags."""
        found: dict[str, Path] = {}
        old: set[str] = set()
        for part in PARTS:
            folder = self._path / part
            try:
                entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
            except OSError as error:
                raise InboundError(
                    f"{folder} cannot be read: {error.strerror}; NEWSLETTER_INBOUND__MAILDIR must be a Maildir"
                ) from error
            for entry in entries:
                unique = entry.name.partition(":")[0]
                if unique in self._old or _is_older(entry, since):
                    old.add(unique)
                else:
                    found[fitting(unique, KEY)] = Path(entry.path)
        self._old = old
        return found

    def _read(self, key: str, path: Path) -> Read:
        read = read_file(path, self._memory.largest)
        if read.trouble != GONE:
            return read
        # Somebody has read it in the meantime: it has moved, or another flag.
        moved = self._listed(0).get(key)
        return read_file(moved, self._memory.largest) if moved else read


def _is_older(entry: "os.DirEntry[str]", since: float) -> bool:
    try:
        return entry.stat().st_mtime < since
    except OSError:
        return False  # reading it says what is wrong
