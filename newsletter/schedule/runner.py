"""When, shell: `newsletter run`. The only import of apscheduler.

In: the store. Out: mailings that fire, letters that leave. The store is the truth: the jobs are derived from it at the
start and again every few seconds, so an edit made by another process counts without a restart.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from newsletter.compose.templates import Templates
from newsletter.errors import told
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.worker import Sending, Worker
from newsletter.schedule.state import MailingState
from newsletter.store import deliveries, mailings

REFRESH = "refresh"
#: After trouble with the mail server, how long until the next try.
PATIENCE = timedelta(seconds=30)


class Runner:
    """Keeps running until `stop`: one job per scheduled mailing, one worker for the letters."""

    def __init__(
        self,
        sending: Sending,
        templates: Templates,
        *,
        refresh: timedelta,
        say: Callable[[str], None],
        on_settled: Callable[[DeliveryState], None] | None = None,
        on_start: Callable[[int], None] | None = None,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._sending, self._templates, self._say = sending, templates, say
        self._refresh, self._patience = refresh, patience
        self._on_start = on_start
        self._worker = Worker(sending, on_settled=on_settled)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._due: dict[str, datetime] = {}
        self._wake, self._stopped, self._ticking = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        self._trouble = ""

    def is_stopping(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End in order: letters on their way are finished, the others wait for the next start."""
        self._stopped.set()
        self._wake.set()
        self._worker.stop()

    def abort(self) -> None:
        """End at once; letters that are being handed over become in doubt."""
        self.stop()
        self._worker.abort()

    async def run(self) -> None:
        """Run until `stop`."""
        interval = IntervalTrigger(seconds=self._refresh.total_seconds(), timezone=UTC)
        self._scheduler.add_job(
            self._tick, interval, id=REFRESH, coalesce=True, max_instances=1, misfire_grace_time=None
        )
        self._scheduler.start()
        try:
            await self._tick()
            while not self._stopped.is_set():
                try:
                    await self._send()
                except Exception as error:
                    await self._wait_out(told(error))
        finally:
            self._scheduler.pause()
            async with self._ticking:  # a tick that has begun ends before the store is closed
                self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        """Fire what is due, then derive the jobs anew. Safe to run at any time, twice, and in two processes."""
        async with self._ticking:
            if self._stopped.is_set():
                return
            try:
                for fired in await look_at_clock(self._sending.database, self._templates, now=self._sending.clock()):
                    self._say(f"{fired.slug}: {fired.trouble or f'started, {fired.letters} recipients'}")
                await self._derive_jobs()
            except Exception as error:  # the next tick may find it better; a service does not end for one
                self._say(told(error))
        self._wake.set()

    async def _derive_jobs(self) -> None:
        async with self._sending.database.read() as tx:
            rows = await mailings.mailings_in(tx, (MailingState.SCHEDULED,))
        wanted = {row.slug: row.due_at for row in rows if row.due_at is not None}
        for slug in self._due.keys() - wanted.keys():
            if self._scheduler.get_job(slug):
                self._scheduler.remove_job(slug)
                self._say(f"{slug}: no longer due")
        zones = {row.slug: ZoneInfo(row.timezone) for row in rows}
        for slug, due_at in wanted.items():
            if self._due.get(slug) != due_at:
                self._say(f"{slug}: due {due_at.astimezone(zones[slug]):%Y-%m-%d %H:%M}")
                trigger = DateTrigger(run_date=due_at)
                self._scheduler.add_job(self._tick, trigger, id=slug, replace_existing=True, misfire_grace_time=None)
        self._due = wanted

    async def _send(self) -> None:
        """Wait for work, and do it."""
        await self._wake.wait()
        self._wake.clear()
        if self._stopped.is_set():
            return
        async with self._sending.database.read() as tx:
            waiting = await deliveries.count_waiting(tx, now=self._sending.clock())
        if waiting:
            if self._on_start:
                self._on_start(waiting)
            tally = await self._worker.drain()
            if tally.trouble:
                await self._wait_out(tally.trouble)
            else:
                self._trouble = ""
        for ended in await close_ended(self._sending.database, now=self._sending.clock()):
            self._say(f"{ended.slug}: sent ({ended.summary})")

    async def _wait_out(self, trouble: str) -> None:
        """Say what is wrong, once, and wait a while before the next try."""
        if trouble != self._trouble:
            self._say(f"{trouble}; trying again every {self._patience.total_seconds():.0f} seconds")
        self._trouble = trouble
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), self._patience.total_seconds())
