"""Stage 4: letters that are ready, a little ahead of the connections.

In: whatever makes letters, a few at a time. Out: one letter after another, to whichever connection asks first. Only
so many are made ahead that no connection waits: what changes meanwhile (who left a list, what was held) counts.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    def __init__(self, make: Callable[[int], Awaitable[Sequence[T] | None]], *, ahead: int, at_once: int = 1) -> None:
        """`make` gives the next few, at most so many, perhaps none, and None when nothing is left.

        It is called again when few are left, and at `refill`, until `ahead` of them are ready.

        Up to `at_once` calls of it are under way at the same time.
        """
        self._make, self._ahead, self._at_once = make, ahead, at_once
        self._ready: deque[T] = deque()
        self._takers: deque[asyncio.Future[T | None]] = deque()
        self._low = asyncio.Event()
        self._ended = False

    def take_now(self) -> T | None:
        """The next, if there is one already."""
        if not self._ready:
            self._low.set()
            return None
        if len(self._ready) <= self._ahead // 4:
            self._low.set()
        return self._ready.popleft()

    def refill(self) -> None:
        """Make as many as were taken, now: whoever takes them is waiting for something else."""
        if len(self._ready) < self._ahead:
            self._low.set()

    async def take(self) -> T | None:
        """The next, as soon as there is one; None when nothing is left."""
        found = self.take_now()
        if found is not None or self._ended:
            return found
        taker: asyncio.Future[T | None] = asyncio.get_running_loop().create_future()
        self._takers.append(taker)
        return await taker

    async def run(self) -> None:
        """Make letters until nothing is left; then everybody who waits is told."""
        makers = [asyncio.ensure_future(self._make_all()) for _ in range(self._at_once)]
        try:
            await asyncio.gather(*makers)
        finally:
            for maker in makers:
                maker.cancel()
            self._ended = True
            while self._takers:
                taker = self._takers.popleft()
                if not taker.done():
                    taker.set_result(None)

    async def _make_all(self) -> None:
        while (made := await self._make(max(self._ahead - len(self._ready), 1))) is not None:
            self._give(made)
            if len(self._ready) >= self._ahead:
                self._low.clear()
                await self._low.wait()

    def remove(self, is_unwanted: Callable[[T], bool]) -> None:
        """Take some of what is ready away from the connections."""
        self._ready = deque(one for one in self._ready if not is_unwanted(one))

    def _give(self, made: Sequence[T]) -> None:
        for one in made:
            while self._takers and self._takers[0].done():
                self._takers.popleft()
            if self._takers:
                self._takers.popleft().set_result(one)
            else:
                self._ready.append(one)
