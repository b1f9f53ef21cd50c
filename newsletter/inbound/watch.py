"""Stage 6, shell: watches all sources at once.

In: sources, and what takes their messages. Out: messages handed over, replies sent on. The trouble of one source never
stops another: it is said once, and tried again with growing patience.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from newsletter.errors import NewsletterError, told
from newsletter.inbound.incoming import Incoming, Source, Take
from newsletter.inbound.patience import Patience, end, keep_going
from newsletter.inbound.turn import Turn

#: Seconds between two times that what was left lying is looked after.
CHORES: Final = 3600.0


class Forwards(Protocol):
    """Sends replies on; see `inbound.replying.forward`."""

    async def round(self) -> int: ...
    async def run(self) -> None: ...
    def wake(self) -> None: ...


async def nothing() -> None:
    """No chores."""


class Watch:
    def __init__(
        self,
        sources: Sequence[Source],
        take: Take,
        forwarder: Forwards | None,
        *,
        patience: Patience = Patience(),
        say: Callable[[str], None],
        pushed: Sequence[Source] = (),
        turn: Turn | None = None,
        chores: Callable[[], Awaitable[None]] = nothing,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """
        Args:
            sources: places that are looked into, by one process at a time where there is a `turn`.
            pushed: places that mail is brought to; every process listens.
            chores: what is looked after at the start, and every hour.
            chance: a number in 0…1, to spread tries.
        """
        self.sources, self._pushed, self._forwarder = sources, pushed, forwarder
        self._taking, self._patience, self._say, self._chance = take, patience, say, chance
        self._turn, self._chores = turn, chores
        self.troubles: dict[str, str] = {}  #: by the name of the source, of the last `once`

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for source in self._pushed:
                    tasks.create_task(self._keep(source.name, partial(source.watch, self._take)))
                tasks.create_task(self._in_turn())
        finally:
            for source in (*self.sources, *self._pushed):
                await source.close()

    async def once(self) -> Counter[str]:
        """Look into every source once, and send on what waits; returns how many messages each had."""
        found: Counter[str] = Counter()
        self.troubles = {}

        async def attempt(name: str, act: Callable[[], Awaitable[int]]) -> None:
            try:
                found[name] = await act()
            except Exception as error:  # the others have theirs
                self.troubles[name] = told(error)

        for source in self.sources:
            await attempt(source.name, partial(source.round, self._take))
            await source.close()
        await attempt("chores", self._do_chores)
        if self._forwarder is not None:
            await attempt("forwards", self._forwarder.round)
        return +Counter({name: found[name] for name in found if name not in ("chores", "forwards")})

    async def _take(self, incoming: Incoming) -> None:
        await self._taking(incoming)
        if self._forwarder is not None:
            self._forwarder.wake()

    async def _do_chores(self) -> int:
        await self._chores()
        return 0

    async def _in_turn(self) -> None:
        """Watch while it is our turn; look now and then whether it is."""
        turn = self._turn
        if turn is None:
            await self._watch_all()
            return
        watching: asyncio.Task[None] | None = None
        other = ""
        try:
            while True:
                try:
                    is_ours = await turn.take()
                    if not is_ours and (holder := await turn.holder()) != other:
                        self._say(f"{holder or 'another process'} watches the mailboxes; this one stands by")
                        other = holder
                except NewsletterError:
                    # Without the store nobody can take the turn from us, and nothing can be taken either.
                    is_ours = watching is not None
                if is_ours and watching is None:
                    watching, other = asyncio.create_task(self._watch_all()), ""
                elif not is_ours and watching is not None:
                    await end(watching)
                    watching = None
                await asyncio.sleep(turn.lease.total_seconds() / 3)
        finally:
            if watching is not None:
                await end(watching)
                with suppress(NewsletterError):
                    await turn.leave()

    async def _watch_all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep("what was left lying", self._look_after))
            if self._forwarder is not None:
                tasks.create_task(self._keep("sending replies on", self._forwarder.run))
            for source in self.sources:
                tasks.create_task(self._keep(source.name, partial(source.watch, self._take)))

    async def _look_after(self) -> None:
        while True:
            await self._chores()
            if self._forwarder is not None:
                self._forwarder.wake()
            await asyncio.sleep(CHORES)

    async def _keep(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        await keep_going(name, act, patience=self._patience, say=self._say, chance=self._chance)
