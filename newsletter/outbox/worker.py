"""Stage 4: the worker: it sends round after round (`outbox.round`), under a name of its own.

In: deliveries of mailings that are being sent. Out: what became of those that may leave now. Its claims are kept alive
while a round lasts, and none outlives it: what was not sent is given back, what nobody saw the end of is in doubt.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from newsletter.errors import StoreError
from newsletter.outbox.delivery import Batch, DeliveryState
from newsletter.outbox.desk import Desk
from newsletter.outbox.pacing import Pacing
from newsletter.outbox.round import Round, Tally
from newsletter.outbox.sending import Clock, Sending
from newsletter.store import deliveries
from newsletter.store.ledger import open_ledger

__all__ = ["Clock", "Sending", "Tally", "Worker"]


class Worker:
    """Sends what may leave now, over a few connections at once."""

    def __init__(self, sending: Sending, *, name: str = "", on_settled: Callable[[DeliveryState], None] | None = None):
        self._sending = sending
        self._name = name or f"{socket.gethostname()}-{os.getpid()}-{id(self):x}"
        self._on_settled = on_settled
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._desk = Desk(sending)
        self._pacing = Pacing(sending.database, sending.pace, sending.clock)

    def stop(self) -> None:
        """Finish the letters that are on their way, give the others back, and end."""
        self._stopping.set()

    def abort(self) -> None:
        """End at once; letters that are being handed over become in doubt."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()

    async def drain(self, within: Batch | None = None) -> Tally:
        """Send until nothing is left that may leave now (of this batch), or until `stop`."""
        sending, tally = self._sending, Tally()
        await self._doubt([])
        ledger = await open_ledger(sending.database, self._name)
        ours = (self._desk, ledger, self._pacing, self._name)
        round_ = Round(sending, *ours, within, tally, self._on_settled, self._stopping)
        beside = [asyncio.create_task(self.keep_alive([self._name])), asyncio.create_task(self._keep_pace())]
        feeding = asyncio.create_task(round_.feed.run())
        self._tasks = [asyncio.create_task(round_.connection()) for _ in range(sending.connections)]
        try:
            # All connections end before anything is given back, also when one of them fails: a letter that another
            # is just handing over must not become free to be claimed.
            ended = await asyncio.gather(*self._tasks, return_exceptions=True)
            feeding.cancel()
            ended += await asyncio.gather(feeding, round_.register.close(), return_exceptions=True)
            if not self._stopping.is_set() and not tally.trouble:
                await round_.look_back()
        finally:
            feeding.cancel()
            for task in beside:
                task.cancel()
            # Where we are cancelled ourselves, they were not waited for yet.
            ending = (*self._tasks, *beside, feeding, self._desk.close(), round_.register.close())
            await asyncio.gather(*ending, return_exceptions=True)
            try:
                await self._doubt([self._name])
                async with sending.database.write() as tx:
                    await deliveries.release(tx, [self._name], now=sending.clock())
            finally:
                await ledger.close()
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure
        return tally

    async def keep_alive(self, names: Sequence[str]) -> None:
        """Renew the leases of these claims, three times in a lease, until it is cancelled."""
        while True:
            await asyncio.sleep(self._sending.lease.total_seconds() / 3)
            with suppress(StoreError):  # the store may be busy; there are two more beats in a lease
                async with self._sending.database.write() as tx:
                    await deliveries.renew(tx, names, self._sending.clock() + self._sending.lease)

    async def _keep_pace(self) -> None:
        """Write once a second how fast letters are taken, until it is cancelled."""
        while True:
            await asyncio.sleep(1)
            with suppress(StoreError):
                await self._pacing.flush()

    async def _doubt(self, names: Sequence[str]) -> None:
        now = self._sending.clock()
        # It was we who ended, not the server that had no answer: there is nothing to wait for.
        again = now if self._sending.mail.resend_in_doubt else None
        async with self._sending.database.write() as tx:
            await deliveries.doubt(tx, names, now=now, next_at=again)
