"""Stage 4, shell: one worker of a fleet: `newsletter worker`, and `newsletter run` on PostgreSQL.

In: the store, and batches of deliveries that the queue hands to one worker at a time. Out: letters that leave.

Every worker does everything: it sends the batches that it gets, and when it is its turn it fires what is due, cuts what
is due into batches, and closes what has ended. The deliveries say what is so, and claims on them who sends; the queue
only decides who looks where. So whatever ends at whatever moment, what is due is cut again, and nothing is sent twice.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from newsletter.compose.templates import Templates
from newsletter.errors import StoreError, told
from newsletter.outbox.batches import busy, cut
from newsletter.outbox.delivery import Batch, DeliveryState
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.jobs import open_jobs
from newsletter.outbox.worker import Sending, Tally, Worker
from newsletter.schedule.state import MailingState
from newsletter.store import fence, fleet, mailings

#: After trouble with the mail server or the queue, how long until the next try.
PATIENCE = timedelta(seconds=30)
#: How often what is due and in nobody's batch is looked for; with a shorter lease, once in a lease.
SWEEP = timedelta(seconds=10)


class Fleet:
    """One worker among others; it keeps running until `stop`."""

    def __init__(
        self,
        sending: Sending,
        templates: Templates,
        *,
        refresh: timedelta,
        say: Callable[[str], None],
        name: str = "",
        on_settled: Callable[[DeliveryState], None] | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._sending, self._templates, self._say = sending, templates, say
        self._refresh, self._patience = refresh, patience
        self._sweep_every = min(SWEEP, sending.lease)
        # Two workers with one name would give back each other's letters.
        self._name = f"{(name or socket.gethostname())[:60]}-{uuid4().hex[:8]}"
        self._worker = Worker(sending, name=self._name, on_settled=on_settled)
        self._stopped = asyncio.Event()
        self._hands: asyncio.Task[None] | None = None
        self._troubles: dict[str, str] = {}
        self._slugs: dict[int, str] = {}
        self._due: dict[str, datetime] = {}

    def is_stopping(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End in order: letters on their way are finished, the rest of the batch is handed to another worker."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._worker.stop()
            if self._hands is not None:
                self._hands.cancel()  # the job that has begun ends first

    def abort(self) -> None:
        """End at once; letters that are being handed over become in doubt."""
        self.stop()
        self._worker.abort()

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Run until `stop`; `on_ready` is told when nothing stands in the way.

        Raises:
            StoreError: the store is a copy that nobody confirmed, or clocks are too far apart to share work.
        """
        await fence.guard(self._sending.database, now=self._sending.clock())
        await self._compare_clocks()
        async with open_jobs(self._sending.database, self._send) as self._jobs:
            on_ready()
            self._hands = asyncio.create_task(self._work())
            try:
                while not self._stopped.is_set():
                    await self._look_around()
                    await self._wait(self._refresh)
            finally:
                self.stop()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._hands

    async def _work(self) -> None:
        """Do the jobs of the queue, also after it could not be used for a while."""
        while not self._stopped.is_set():
            try:
                trouble = await self._jobs.work(name=self._name, silence=self._sending.lease)
            except Exception as error:
                trouble = told(error)
            await self._wait_out("queue", trouble)

    async def _send(self, batch: Batch) -> None:
        """One job: send what is due of a batch. What could not be sent goes to whoever can."""
        tally, trouble = Tally(), ""
        try:
            tally = await self._worker.drain(within=batch)
        except Exception as error:  # the next batch may find it better; a service does not end for one
            trouble = told(error)
        if tally.total():
            slug = self._slugs.get(batch.mailing_id, f"mailing {batch.mailing_id}")
            counts = ", ".join(f"{count} {state}" for state, count in sorted(tally.states.items()))
            self._say(f"{slug}: a batch of {tally.total()} letters ({counts})")
        trouble = trouble or tally.trouble
        if trouble or self._stopped.is_set():
            with contextlib.suppress(StoreError):  # then the next sweep finds it
                await self._jobs.hand_out([batch])
        await self._wait_out("sending", trouble)

    async def _look_around(self) -> None:
        """Fire what is due, hand out what is due, close what has ended. Safe at any time, twice, and everywhere."""
        trouble = ""
        try:
            await self._tell_due()
            has_started = await self._fire()
            await self._sweep(timedelta() if has_started else self._sweep_every)
            for ended in await close_ended(self._sending.database, now=self._sending.clock()):
                self._say(f"{ended.slug}: sent ({ended.summary})")
        except _ClockError:
            raise
        except Exception as error:  # the next look may find it better
            trouble = told(error)
        await self._wait_out("looking", trouble)

    async def _tell_due(self) -> None:
        async with self._sending.database.read() as tx:
            rows = await mailings.mailings_in(tx, (MailingState.SCHEDULED, MailingState.SENDING))
        self._slugs = {row.id: row.slug for row in rows}
        due = {row.slug: row.due_at for row in rows if row.due_at and row.state is MailingState.SCHEDULED}
        zones = {row.slug: ZoneInfo(row.timezone) for row in rows}
        for slug, due_at in due.items():
            if self._due.get(slug) != due_at:
                self._say(f"{slug}: due {due_at.astimezone(zones[slug]):%Y-%m-%d %H:%M}")
        self._due = due

    async def _fire(self) -> bool:
        """Whether something started. Composing is work, so one worker does it; the claim of the row makes it once."""
        database, now = self._sending.database, self._sending.clock()
        async with fleet.turn_at_clock(database) as is_ours:
            fired = await look_at_clock(database, self._templates, now=now) if is_ours else []
        for one in fired:
            self._say(f"{one.slug}: {one.trouble or f'started, {one.letters} recipients'}")
        return any(not one.trouble for one in fired)

    async def _sweep(self, every: timedelta) -> None:
        """Hand out what is due and in no batch: what has just started, was deferred, or was left by who has died."""
        database, now = self._sending.database, self._sending.clock()
        async with database.write() as tx:
            if not await fleet.take_sweep(tx, every):
                return
        await self._compare_clocks()
        if buried := await self._jobs.bury(self._sending.lease):
            self._say(f"{buried} batches of a worker that has gone are handed out again")
        waiting, begun = await self._jobs.given()
        async with database.read() as tx:
            held = await fleet.held_cells(tx)
            due = await fleet.due_cells(tx, now=now)
        await self._jobs.hand_out(cut(due, [*waiting, *busy(begun, held)]))

    async def _compare_clocks(self) -> None:
        before = self._sending.clock()
        async with self._sending.database.read() as tx:
            theirs = await fleet.clock(tx)
        off = apart(before, theirs, self._sending.clock())
        if abs(off) > self._sending.lease / 4:
            seconds, where = abs(off).total_seconds(), "ahead of" if off > timedelta() else "behind"
            raise _ClockError(
                f"the clock of this machine is {seconds:.0f} s {where} the database's, "
                "so letters of other workers could be taken for lost and sent twice; synchronise the clocks of this "
                "machine and of the database (NTP), then start again"
            )

    async def _wait_out(self, where: str, trouble: str) -> None:
        """Say what is wrong there, once, and wait a while before the next try; go on where nothing is."""
        if trouble and trouble != self._troubles.get(where):
            self._say(f"{trouble}; trying again every {self._patience.total_seconds():.0f} seconds")
        self._troubles[where] = trouble
        if trouble:
            await self._wait(self._patience)

    async def _wait(self, span: timedelta) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), span.total_seconds())


def apart(before: datetime, theirs: datetime, after: datetime) -> timedelta:
    """How far our clock is at least ahead of theirs, which was read between our two moments; negative: behind it."""
    return max(before - theirs, timedelta()) + min(after - theirs, timedelta())


class _ClockError(StoreError):
    """Leases are compared with the clock of each machine."""
