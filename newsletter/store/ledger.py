"""Memory, the hot path: claims and outcomes of one worker.

In: what a worker wants to send, and what became of it. Out: deliveries that nobody else has; outcomes that are durable.

Everything that has gathered is written in one transaction: outcomes of letters, and which letters are handed over next.
SQL is written out here, once per database, because at 7,000 letters a second the layers above cost more than the store.

SQLite is called right in the event loop, since a thread would spend four times as long passing Python's lock to and fro
as the statements take; only the wait for its disk is elsewhere (`store.syncing`). It must never wait for a lock in the
loop, whose holder may be a task of the same loop, so a busy store is asked again. PostgreSQL, where statements wait for
a server, has threads of its own, each with a connection: while the server brings one commit to its disk, it works on
the next.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from newsletter.errors import StoreError
from newsletter.outbox.delivery import Batch, Delivery
from newsletter.outbox.outcome import Outcome
from newsletter.outbox.retry import Decision
from newsletter.store.database import Database
from newsletter.store.syncing import IS_POSSIBLE, Syncing

T = TypeVar("T")


#: Commits that are under way at once.
PARALLEL = 2
#: A store in which another process is writing is asked again after so many seconds, so many times.
NEXT_TRY, TRIES = 0.002, 15_000


class BusyError(Exception):
    """Another is writing to the store just now; nothing was done."""


class Settled(NamedTuple):
    """A delivery that has an outcome, or needs none."""

    delivery_id: int
    attempts: int  #: made by now
    decision: Decision
    outcome: Outcome | None  #: None: nothing was attempted
    at: datetime  #: when the attempt began
    seconds: float  #: how long it took


class Backend(Protocol):
    """One connection to one kind of database; one thread uses it at a time."""

    broken: tuple[type[Exception], ...]  #: what its driver raises when the database is busy for too long, or has gone

    def claim(self, limit: int, now: datetime, until: datetime, within: Batch | None) -> list[Delivery]:
        """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`."""

    def commit(self, settled: Sequence[Settled], begun: Sequence[int], now: datetime) -> frozenset[int]:
        """Write outcomes and beginnings; returns those of `begun` that must not be sent after all."""

    def close(self) -> None:
        """Close the connection."""


class Ledger:
    """Backends, and how they are called; `open_ledger` makes one."""

    def __init__(
        self,
        backends: Sequence[Backend],
        threads: ThreadPoolExecutor | None = None,
        *,
        syncing: Callable[[], Syncing] | None = None,
    ) -> None:
        """One backend is called right in the loop; each of several is used by one of as many `threads` at a time.

        `syncing` opens, after the first commit, what makes commits durable where the backend does not.
        """
        self._idle, self._threads = list(backends), threads
        self._broken = backends[0].broken
        self._open_syncing = syncing
        self.syncing: Syncing | None = None
        self.parallel = PARALLEL if syncing else len(backends)  #: commits that can be under way at once

    async def claim(self, limit: int, *, now: datetime, until: datetime, within: Batch | None = None) -> list[Delivery]:
        """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`.

        Raises:
            StoreError: the store cannot be used now.
        """
        return await self._run(lambda backend: backend.claim(limit, now, until, within))

    async def commit(self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime) -> frozenset[int]:
        """Write all of this at once: what ended, and which letters are about to be handed over.

        Returns those of `begun` that must not be sent: the mailing was held, or the lease has ended meanwhile.

        Raises:
            StoreError: the store cannot be used now; nothing was written.
            OSError: the disk has failed; nobody knows what was written.
        """
        stopped = await self._run(lambda backend: backend.commit(settled, begun, now))
        if self._open_syncing is not None:
            if self.syncing is None:
                self.syncing = self._open_syncing()
            await self.syncing.sync()
        return stopped

    async def close(self) -> None:
        """Close the connections."""
        if self.syncing is not None:
            self.syncing.close()
        if self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown)
        for backend in self._idle:
            backend.close()

    async def _run(self, action: Callable[[Backend], T]) -> T:
        try:
            if self._threads is not None:
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._with_idle, action)
            for _ in range(TRIES):
                try:
                    return action(self._idle[0])
                except BusyError:
                    await asyncio.sleep(NEXT_TRY)
            return action(self._idle[0])
        except BusyError as error:
            raise StoreError(
                f"the store is in use by another process for {TRIES * NEXT_TRY:.0f} seconds now"
            ) from error
        except self._broken as error:
            raise StoreError(f"the store cannot be used now: {str(error).splitlines()[0]}") from error

    def _with_idle(self, action: Callable[[Backend], T]) -> T:
        # There are as many backends as threads, so one is idle; taking from a list and adding to it is atomic.
        backend = self._idle.pop()
        try:
            return action(backend)
        finally:
            self._idle.append(backend)


async def open_ledger(database: Database, worker: str) -> Ledger:
    """The ledger of one worker, which claims under its name."""
    # Each is loaded only where it is used: the driver of PostgreSQL is an extra.
    if database.url.get_backend_name() == "sqlite":
        from newsletter.store.ledger_sqlite import SqliteBackend

        path = str(database.url.database)
        backend = SqliteBackend(path, worker, waits_for_disk=not IS_POSSIBLE)
        return Ledger([backend], syncing=partial(Syncing, Path(f"{path}-wal")) if IS_POSSIBLE else None)
    from newsletter.store.ledger_postgres import PostgresBackend

    conninfo = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    backends = [PostgresBackend(conninfo, worker) for _ in range(PARALLEL)]
    return Ledger(backends, ThreadPoolExecutor(PARALLEL, "ledger"))
