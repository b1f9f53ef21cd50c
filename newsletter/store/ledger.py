"""Memory, the hot path: claims and outcomes of one worker.

In: what a worker wants to send, and what became of it. Out: deliveries that nobody else has; outcomes that are durable.

Everything that has gathered is written in one transaction: outcomes of letters, and which letters are handed over next.
SQL is written out, once per database, because at 10,000 letters a second the layers above cost more than the store.

SQLite is called right in the event loop: every connection waits for this commit anyhow, and a thread would spend four
times as long passing Python's lock to and fro as the statements take. It must never wait for a lock there, whose holder
may be a task of the same loop, so a busy store is asked again. Its log is synced by us (`store.write_ahead`): the
letters that follow are made while the disk writes. PostgreSQL is asked in the event loop too, without waiting there.

Also built and measured, on two cores that also run the mail server: the ledger of SQLite in a process of its own, its
file synced by a thread of the kernel or by a process while the loop goes on, letters made in a thread meanwhile, two
workers on one file; on PostgreSQL two commits under way at once, commits of half the connections each, claims that
change no index, the text of the next letters sent while the server writes. On both, the attempt that succeeded in the
row of its delivery. None gave more letters a second, and most took more of the CPU for a letter: to wake another core
costs as much as a tenth of a letter. On such a machine PostgreSQL is not held up by its disk: with commits that do not
wait for it (synchronous_commit=off) it would take a fifth more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from newsletter.outbox.delivery import Batch, Delivery
from newsletter.outbox.outcome import Outcome
from newsletter.outbox.retry import Decision
from newsletter.store.database import Database


class Settled(NamedTuple):
    """A delivery that has an outcome, or needs none."""

    delivery_id: int
    attempts: int  #: made by now
    decision: Decision
    outcome: Outcome | None  #: None: nothing was attempted
    at: datetime  #: when the attempt began
    seconds: float  #: how long it took


class Ledger(Protocol):
    """Of one worker; `open_ledger` gives that of the database."""

    async def claim(self, limit: int, *, now: datetime, until: datetime, within: Batch | None = None) -> list[Delivery]:
        """Take up to `limit` deliveries of mailings that are being sent; nobody else gets them before `until`.

        Raises:
            StoreError: the store cannot be used now.
        """

    async def commit(
        self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime, again: bool = False
    ) -> frozenset[int]:
        """Write all of this at once: what ended, and which letters are about to be handed over. One at a time.

        Returns those of `begun` that must not be sent: the mailing was held, or the lease has ended meanwhile.
        `again`: the same was asked for before and failed; where it was written all the same, it is not written twice,
        and what was begun then is begun, though its mailing may have been held in between.

        Raises:
            StoreError: the store cannot be used now; nothing was written, or all of it without our knowing.
        """

    async def close(self) -> None:
        """Close what was opened."""


async def open_ledger(database: Database, worker: str) -> Ledger:
    """The ledger of one worker, which claims under its name."""
    # Each is loaded only where it is used: the driver of PostgreSQL is an extra.
    if database.url.get_backend_name() == "sqlite":
        from newsletter.store.ledger_sqlite import SqliteLedger

        return SqliteLedger(str(database.url.database), worker)
    from newsletter.store.ledger_postgres import PostgresLedger

    return PostgresLedger(database.url.set(drivername="postgresql").render_as_string(hide_password=False), worker)
