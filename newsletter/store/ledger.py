"""Memory, the hot path: claims and outcomes of one worker.

In: what a worker wants to send, and what became of it. Out: deliveries that nobody else has; outcomes that are durable.

Everything that has gathered is written in one transaction: outcomes of letters, and which letters are handed over next.
SQL is written out here, once per database, because at 7,000 letters a second the layers above cost more than the store.

SQLite is called right in the event loop: every connection waits for this commit anyhow, and a thread would spend four
times as long passing Python's lock to and fro as the statements take. It must never wait for a lock there, whose holder
may be a task of the same loop, so a busy store is asked again. PostgreSQL, where statements wait for a server, has a
thread of its own.

A process that syncs the file while the loop goes on, and two commits under way at once, were both built and measured on
two cores that also run the mail server: as many letters a second, each for a tenth to a third more CPU.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from newsletter.errors import StoreError
from newsletter.outbox.delivery import Batch, Delivery
from newsletter.outbox.outcome import Outcome
from newsletter.outbox.retry import Decision
from newsletter.store.database import Database

T = TypeVar("T")


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
    """One kind of database; it is used by one thread."""

    broken: tuple[type[Exception], ...]  #: what its driver raises when the database is busy for too long, or has gone

    def claim(self, limit: int, now: datetime, until: datetime, within: Batch | None) -> list[Delivery]:
        """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`."""

    def commit(self, settled: Sequence[Settled], begun: Sequence[int], now: datetime) -> frozenset[int]:
        """Write outcomes and beginnings; returns those of `begun` that must not be sent after all."""

    def close(self) -> None:
        """Close the connection."""


class Ledger:
    """A backend, and how it is called; `open_ledger` makes one."""

    def __init__(self, backend: Backend, thread: ThreadPoolExecutor | None) -> None:
        self._backend, self._thread = backend, thread

    async def claim(self, limit: int, *, now: datetime, until: datetime, within: Batch | None = None) -> list[Delivery]:
        """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`.

        Raises:
            StoreError: the store cannot be used now.
        """
        return await self._run(lambda: self._backend.claim(limit, now, until, within))

    async def commit(self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime) -> frozenset[int]:
        """Write all of this at once: what ended, and which letters are about to be handed over.

        Returns those of `begun` that must not be sent: the mailing was held, or the lease has ended meanwhile.

        Raises:
            StoreError: the store cannot be used now; nothing was written.
        """
        return await self._run(lambda: self._backend.commit(settled, begun, now))

    async def close(self) -> None:
        """Close the connection."""
        await self._run(self._backend.close)
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    async def _run(self, action: Callable[[], T]) -> T:
        try:
            if self._thread is not None:
                return await asyncio.get_running_loop().run_in_executor(self._thread, action)
            for _ in range(TRIES):
                try:
                    return action()
                except BusyError:
                    await asyncio.sleep(NEXT_TRY)
            return action()
        except BusyError as error:
            raise StoreError(
                f"the store is in use by another process for {TRIES * NEXT_TRY:.0f} seconds now"
            ) from error
        except self._backend.broken as error:
            raise StoreError(f"the store cannot be used now: {str(error).splitlines()[0]}") from error


async def open_ledger(database: Database, worker: str) -> Ledger:
    """The ledger of one worker, which claims under its name."""
    # Each is loaded only where it is used: the driver of PostgreSQL is an extra.
    if database.url.get_backend_name() == "sqlite":
        from newsletter.store.ledger_sqlite import SqliteBackend

        return Ledger(SqliteBackend(str(database.url.database), worker), None)
    from newsletter.store.ledger_postgres import PostgresBackend

    conninfo = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Ledger(PostgresBackend(conninfo, worker), ThreadPoolExecutor(1, "ledger"))
