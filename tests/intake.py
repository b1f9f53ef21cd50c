"""What takes the messages of a source in tests: keeps them, and counts how often each was handed over."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from newsletter.errors import StoreError
from newsletter.inbound.incoming import Incoming


class Intake:
    """Like a store: what was taken stays known. While it is `broken` it takes nothing."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []
        self.times: Counter[tuple[str, str]] = Counter()
        self.broken = False
        self.asked = 0  #: keys that it was asked about
        self._changed = asyncio.Event()

    async def take(self, incoming: Incoming) -> None:
        if self.broken:
            self._changed.set()
            raise StoreError("the store cannot be used now: disk full")
        self.times[incoming.source, incoming.key] += 1
        self.taken.append(incoming)
        self._changed.set()

    async def known(self, source: str, keys: Iterable[str]) -> frozenset[str]:
        wanted = list(keys)
        self.asked += len(wanted)
        return frozenset(key for key in wanted if (source, key) in self.times)

    async def wait_for(self, count: int) -> None:
        while len(self.taken) < count:
            self._changed.clear()
            await self._changed.wait()

    def bodies(self) -> list[bytes]:
        return sorted(one.raw for one in self.taken)
