"""Stage 4: the worker: claim, look again, address, send, record.

In: deliveries of mailings that are being sent. Out: their outcomes, each committed before the same connection takes
the next letter, so that a crash leaves at most one letter per connection in doubt.
"""

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.compose.headers import ascii_address
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from newsletter.errors import HeaderError, SmtpError, StoreError, TemplateError
from newsletter.outbox.delivery import Delivery, DeliveryState, withheld
from newsletter.outbox.envelope import envelope_sender, message_id, unsubscribe_uris
from newsletter.outbox.outcome import Outcome, OutcomeKind, Session, Transport
from newsletter.outbox.retry import Decision, decide
from newsletter.settings import Mail
from newsletter.store import deliveries, mailings
from newsletter.store.database import Database

Clock = Callable[[], datetime]

#: Deliveries that one connection claims at a time.
BATCH = 20
#: Compiled letters that are kept; more mailings than this are rarely on their way at once.
KEPT = 8


@dataclass
class Tally:
    """What a round came to."""

    states: Counter[DeliveryState] = field(default_factory=Counter)
    trouble: str = ""  #: why a connection could not be opened, if so

    def total(self) -> int:
        return self.states.total()


@dataclass(frozen=True, kw_only=True)
class Sending:
    """Everything that a worker needs to send."""

    database: Database
    transport: Transport
    mail: Mail
    secret: bytes
    clock: Clock
    connections: int = 4
    lease: timedelta = timedelta(minutes=1)


class Worker:
    """Sends what may leave now, over a few connections at once."""

    def __init__(self, sending: Sending, *, name: str = "", on_settled: Callable[[DeliveryState], None] | None = None):
        self._sending = sending
        self._name = name or f"{socket.gethostname()}-{os.getpid()}-{id(self):x}"
        self._on_settled = on_settled
        self._letters: dict[int, Letter] = {}
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def stop(self) -> None:
        """Finish the letters that are on their way, give the others back, and end."""
        self._stopping = True

    def abort(self) -> None:
        """End at once; letters that are being handed over become in doubt."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()

    async def drain(self) -> Tally:
        """Send until nothing is left that may leave now, or until `stop`."""
        tally = Tally()
        await self._doubt([])
        names = [f"{self._name}-{number}" for number in range(self._sending.connections)]
        heartbeat = asyncio.create_task(self.keep_alive(names))
        self._tasks = [asyncio.create_task(self._connection(name, tally)) for name in names]
        try:
            # All connections end before anything is given back, also when one of them fails: a letter that another
            # is just handing over must not become free to be claimed.
            ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await heartbeat
            await self._doubt(names)
            async with self._sending.database.write() as tx:
                await deliveries.release(tx, names, now=self._sending.clock())
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

    async def _doubt(self, names: Sequence[str]) -> None:
        now = self._sending.clock()
        # It was we who ended, not the server that had no answer: there is nothing to wait for.
        again = now if self._sending.mail.resend_in_doubt else None
        async with self._sending.database.write() as tx:
            await deliveries.doubt(tx, names, now=now, next_at=again)

    async def _connection(self, name: str, tally: Tally) -> None:
        async with self._sending.transport.session() as session:
            while batch := await self._claim(name):
                for delivery in batch:
                    if self._stopping:
                        return
                    try:
                        state = await self._deliver(session, delivery)
                    except SmtpError as error:
                        tally.trouble = str(error)  # the other connections may still work
                        async with self._sending.database.write() as tx:
                            await deliveries.release_unsent(tx, delivery, now=self._sending.clock())
                        return
                    if state is None:
                        continue
                    tally.states[state] += 1
                    if self._on_settled:
                        self._on_settled(state)

    async def _claim(self, name: str) -> list[Delivery]:
        if self._stopping:
            return []
        now = self._sending.clock()
        async with self._sending.database.write() as tx:
            return await deliveries.claim(tx, name, BATCH, now=now, until=now + self._sending.lease)

    async def _deliver(self, session: Session, delivery: Delivery) -> DeliveryState | None:
        """One delivery from claim to outcome; None if it is no longer ours to send."""
        if why := withheld(delivery):
            return await self._withhold(delivery, why)
        began, at = time.monotonic(), self._sending.clock()
        letter = await self._letter(delivery.mailing_id)
        async with self._sending.database.write() as tx:
            if not await deliveries.begin(tx, delivery.claimed_by, delivery.id, now=at, until=at + self._sending.lease):
                return None
        try:
            content = letter.address(self._recipient(delivery, letter))
        except (TemplateError, HeaderError) as error:
            outcome = Outcome(kind=OutcomeKind.PERMANENT, phase="address", text=str(error))
        else:
            sender = envelope_sender(
                self._sending.mail.bounce_address, letter.mailing.sender.address, self._sending.secret, delivery.id
            )
            outcome = await session.send(sender, ascii_address(delivery.address), content)
        return await self._record(delivery, outcome, at, time.monotonic() - began)

    async def _record(self, delivery: Delivery, outcome: Outcome, at: datetime, seconds: float) -> DeliveryState:
        decision = decide(
            outcome, delivery.attempts + 1, self._sending.clock(), resend_in_doubt=self._sending.mail.resend_in_doubt
        )
        for patience in (1, 5, 15, None):
            try:
                async with self._sending.database.write() as tx:
                    await deliveries.record(tx, delivery, outcome, decision, at=at, seconds=seconds)
                break
            except StoreError:
                # What the server has taken must be written down before anything else: losing it would send it twice.
                if patience is None:
                    raise
                await asyncio.sleep(patience)
        return decision.state

    async def _withhold(self, delivery: Delivery, why: str) -> DeliveryState:
        decision = Decision(state=DeliveryState.WITHHELD, reason=why)
        async with self._sending.database.write() as tx:
            await deliveries.settle(tx, delivery, decision, at=self._sending.clock(), attempts_made=delivery.attempts)
        return decision.state

    async def _letter(self, mailing_id: int) -> Letter:
        if mailing_id not in self._letters:
            async with self._sending.database.read() as tx:
                content = await mailings.content_of(tx, mailing_id)
            if content is None:
                raise StoreError(f"mailing {mailing_id} is being sent but has no content; restore a backup")
            while len(self._letters) >= KEPT:
                del self._letters[next(iter(self._letters))]
            self._letters[mailing_id] = Letter(content)
        return self._letters[mailing_id]

    def _recipient(self, delivery: Delivery, letter: Letter) -> Recipient:
        mailing, secret = letter.mailing, self._sending.secret
        return Recipient(
            id=f"#{delivery.subscriber_id}",
            address=delivery.address,
            name=delivery.name,
            attributes=delivery.attributes,
            message_id=message_id(secret, delivery.id, letter.domain),
            unsubscribe=unsubscribe_uris(
                self._sending.mail.public_url, mailing.contact, secret, delivery.subscriber_id, delivery.list_id
            ),
            date=delivery.queued_at,
        )
