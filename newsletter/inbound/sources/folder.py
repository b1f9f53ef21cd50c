"""Stage 6: a folder of messages, each a file (.eml): an export, or what another program puts there.

In: a folder. Out: its messages, each once, by the name of its file. Nothing in it is moved or changed.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from newsletter.errors import InboundError
from newsletter.inbound.incoming import Take
from newsletter.inbound.sources.files import Files, read_file
from newsletter.inbound.sources.reading import KEY, Memory, Read, fitting, named

#: Seconds that a file must have been left alone; who writes one may not have finished.
REST = 1.0


class FolderSource:
    def __init__(
        self, path: Path, memory: Memory, *, rest: float = REST, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` counts unix seconds, as the times of files do."""
        self.name = named("folder", str(path))
        self._path, self._memory, self._rest, self._clock = path, memory, rest, clock
        self._files = Files(self.name, memory)

    async def round(self, take: Take) -> int:
        found, has_young = await asyncio.to_thread(self._listed)
        if has_young:
            await asyncio.sleep(self._rest)
            found, _ = await asyncio.to_thread(self._listed)

        def read(key: str) -> Read:
            return read_file(found[key], self._memory.largest)

        return await self._files.take_new(found, read, take)

    async def watch(self, take: Take) -> None:
        while True:
            await self.round(take)
            await asyncio.sleep(self._memory.poll_seconds)

    async def close(self) -> None:
        """Nothing is held open."""

    def _listed(self) -> tuple[dict[str, Path], bool]:
        """Files by key; and whether there are some that are still being written, which come later."""
        try:
            paths = [path for path in self._path.iterdir() if _is_message(path)]
        except OSError as error:
            raise InboundError(
                f"the folder {self._path} cannot be read: {error.strerror}; see NEWSLETTER_INBOUND__FOLDER"
            ) from error
        young = {path for path in paths if self._is_young(path)}
        return {fitting(path.name, KEY): path for path in paths if path not in young}, bool(young)

    def _is_young(self, path: Path) -> bool:
        try:
            return 0 <= self._clock() - path.stat().st_mtime < self._rest
        except OSError:
            return False  # reading it says what is wrong


def _is_message(path: Path) -> bool:
    return path.suffix.lower() == ".eml" and not path.name.startswith(".") and not path.is_dir()
