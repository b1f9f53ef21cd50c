"""Stage 4: outcomes become durable, those of all connections together.

In: the outcome of one letter and, with it, the letter that the same connection hands over next. Out: the word that both
are on disk. While one commit runs, the next one gathers: at thousands of letters a second, a commit for each would be
all that the disk does. The server meanwhile reads the letters that follow, all but their ends (`smtp.session`).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from newsletter.errors import StoreError
from newsletter.store.ledger import Ledger, Settled

#: How long an outcome waits for those of other connections, in seconds.
GATHER = 0.001
#: What a server has taken must be written down before anything else, so a store that is busy is asked again.
PATIENCE = (1, 5, 15)


class _Entry(NamedTuple):
    settled: Settled | None
    begun: int | None
    done: "asyncio.Future[datetime | None] | None"


class Register:
    """Gathers what the connections of one worker have to write."""

    def __init__(
        self, ledger: Ledger, clock: Callable[[], datetime], *, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """`meanwhile` is called when a commit begins: until it has ended, no connection goes on."""
        self._ledger, self._clock, self._meanwhile = ledger, clock, meanwhile
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Entry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._committing: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._connections = 0  #: that have a letter on the wire, and so an outcome to come

    def join(self) -> None:
        """One connection more has a letter on the wire: its outcome is waited for, a little."""
        self._connections += 1

    def leave(self) -> None:
        """One connection less."""
        self._connections -= 1
        if self._gathered and self._committing is None:
            self._schedule()

    def enter(self, settled: Settled | None, begun: int | None) -> "asyncio.Future[datetime | None]":
        """Write an outcome, and that `begun` is being handed over next.

        The future tells, when both are durable, that it is time for `begun` (now), or None: it must not be sent, for
        its mailing was held or its lease has ended. It raises StoreError where the store could not be used for too
        long.
        """
        done: asyncio.Future[datetime | None] = self._loop.create_future()
        self._add(_Entry(settled, begun, done))
        return done

    def note(self, settled: Settled) -> None:
        """Write that a delivery needs no letter; nobody waits for it."""
        self._add(_Entry(settled, None, None))

    async def close(self) -> None:
        """Wait until everything is written.

        Raises:
            StoreError: it could not be.
        """
        while self._gathered or self._committing is not None:
            if self._committing is None:
                self._start()
            if self._committing is not None:
                await asyncio.shield(self._committing)
        if self._failure is not None:
            raise self._failure

    def _add(self, entry: _Entry) -> None:
        if self._failure is not None:
            raise self._failure
        self._gathered.append(entry)
        if self._committing is None:
            self._schedule()

    def _schedule(self) -> None:
        if len(self._gathered) >= self._connections:
            self._start()
        elif self._timer is None:
            self._timer = self._loop.call_later(GATHER, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._committing is None:
            batch, self._gathered = self._gathered, []
            self._committing = self._loop.create_task(self._commit(batch))
            self._meanwhile()

    async def _commit(self, batch: list[_Entry]) -> None:
        try:
            stopped = await self._write(batch)
        except Exception as error:  # whatever it is, nobody may wait for ever; all who wait are told
            self._failure = error
            batch, self._gathered = batch + self._gathered, []
            for entry in batch:
                if entry.done is not None and not entry.done.done():
                    entry.done.set_exception(error)
        else:
            now, begun = self._clock(), set[int]()
            for entry in batch:
                if entry.done is not None and not entry.done.done():
                    # A letter that was given back and claimed again may be in the hands of two connections.
                    is_refused = entry.begun in stopped or entry.begun in begun
                    entry.done.set_result(None if is_refused else now)
                    if entry.begun is not None:
                        begun.add(entry.begun)
        self._committing = None
        if self._gathered:
            self._schedule()

    async def _write(self, batch: list[_Entry]) -> frozenset[int]:
        settled = [entry.settled for entry in batch if entry.settled is not None]
        begun = list(dict.fromkeys(entry.begun for entry in batch if entry.begun is not None))
        again = False
        for patience in PATIENCE:
            try:
                return await self._ledger.commit(settled, begun, now=self._clock(), again=again)
            except StoreError:
                again = True
                await asyncio.sleep(patience)
        return await self._ledger.commit(settled, begun, now=self._clock(), again=again)
