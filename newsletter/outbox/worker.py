"""Stage 4: the worker: claim, look again, address, send, record.

In: deliveries of mailings that are being sent. Out: their outcomes. A connection hands over its next letter only when
the outcome of the one before is durable, together with the note that the next one is on its way: a crash at any moment
leaves at most one letter per connection in doubt, and the store knows which.
"""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from newsletter.errors import SmtpError, StoreError
from newsletter.outbox.alarm import Counts, alarming
from newsletter.outbox.claims import Claims, domain_of
from newsletter.outbox.control import pause
from newsletter.outbox.delivery import Batch, Delivery, DeliveryState, withheld
from newsletter.outbox.desk import Desk
from newsletter.outbox.feed import Feed
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel, Session
from newsletter.outbox.pacing import Pacing
from newsletter.outbox.register import Register
from newsletter.outbox.retry import Decision, decide
from newsletter.outbox.sending import Clock, Sending
from newsletter.store import deliveries
from newsletter.store.ledger import Ledger, Settled, open_ledger

__all__ = ["Clock", "Sending", "Tally", "Worker"]

#: Letters that are made in one go, and how many of them per connection lie ready.
GO, AHEAD = 8, 3
SENT = Decision(state=DeliveryState.SENT)


@dataclass
class Tally:
    """What a round came to."""

    states: Counter[DeliveryState] = field(default_factory=Counter)
    trouble: str = ""  #: why a connection could not be opened, if so

    def total(self) -> int:
        return self.states.total()


class Load(NamedTuple):
    """A claimed delivery, ready to be handed over."""

    delivery: Delivery
    parcel: Parcel
    domain: str  #: of the recipient


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
        round_ = _Round(sending, *ours, within, tally, self._on_settled, self._stopping)
        beside = [asyncio.create_task(self.keep_alive([self._name])), asyncio.create_task(self._keep_pace())]
        feeding = asyncio.create_task(round_.feed.run())
        self._tasks = [asyncio.create_task(round_.connection()) for _ in range(sending.connections)]
        try:
            # All connections end before anything is given back, also when one of them fails: a letter that another
            # is just handing over must not become free to be claimed.
            ended = await asyncio.gather(*self._tasks, return_exceptions=True)
            feeding.cancel()
            ended += await asyncio.gather(feeding, round_.register.close(), return_exceptions=True)
        finally:
            feeding.cancel()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._doubt([self._name])
            async with sending.database.write() as tx:
                await deliveries.release(tx, [self._name], now=sending.clock())
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


class _Round:
    """One `drain`: what its connections share."""

    def __init__(
        self,
        sending: Sending,
        desk: Desk,
        ledger: Ledger,
        pacing: Pacing,
        name: str,
        within: Batch | None,
        tally: Tally,
        on_settled: Callable[[DeliveryState], None] | None,
        stopping: asyncio.Event,
    ) -> None:
        self._sending, self._desk, self._pacing, self._name = sending, desk, pacing, name
        self._tally, self._on_settled, self._stopping = tally, on_settled, stopping
        self.register = Register(ledger, sending.clock)
        self.feed: Feed[Load] = Feed(self._make, ahead=AHEAD * sending.connections)
        self._claims = Claims(
            ledger,
            self.register,
            pacing,
            relay=lambda: sending.transport.relay,
            look_up=desk.look_up,
            clock=sending.clock,
            lease=sending.lease,
            within=within,
        )
        self._counts: dict[int, Counts] = {}
        self._loop = asyncio.get_running_loop()

    async def connection(self) -> None:
        """Send letters over one connection until nothing is left."""
        async with self._sending.transport.session() as session:
            load = await self._first()
            if load is not None:
                self.register.connections += 1
                try:
                    await self._send_from(session, load)
                finally:
                    self.register.connections -= 1

    async def _send_from(self, session: Session, first: Load) -> None:
        load: Load | None = first
        while load is not None:
            following = self._following()
            at, began = self._sending.clock(), self._loop.time()
            try:
                outcome = await session.send(load.parcel, following.parcel if following else None)
            except SmtpError as error:
                await self._give_up(error, load, following)
                return
            decision = self._decide(load.delivery, outcome)
            attempts = load.delivery.attempts + decision.counts
            settled = Settled(load.delivery.id, attempts, decision, outcome, at, self._loop.time() - began)
            may_go = await self.register.enter(settled, following.delivery.id if following else None)
            self._count(decision.state)
            if outcome.kind is OutcomeKind.TEMPORARY:
                await self._pacing.flush()
            if decision.pause:
                await self._pause(load.delivery.mailing_id, decision.pause)
            if following is not None and not may_go:
                session.abandon()
                await self._hold(following.delivery.mailing_id)
                following = None
            load = following or await self._first()

    async def _first(self) -> Load | None:
        """The next letter for a connection that has none on its way."""
        while not self._stopping.is_set() and (load := await self.feed.take()) is not None:
            if self._stopping.is_set():
                return None
            if self._must_wait(load):
                continue
            if await self.register.enter(None, load.delivery.id):
                return load
            await self._hold(load.delivery.mailing_id)
        return None

    def _following(self) -> Load | None:
        while not self._stopping.is_set() and (load := self.feed.take_now()) is not None:
            if not self._must_wait(load):
                return load
        return None

    def _must_wait(self, load: Load) -> bool:
        """Whether this letter has to ask for its turn again: it missed it, or its domain is to be spared just now."""
        missed = self._claims.has_missed_its_turn(load.delivery)
        if not missed and not self._pacing.is_quiet(self._sending.transport.relay, load.domain):
            return False
        self._claims.again(load.delivery)
        return True

    def _decide(self, delivery: Delivery, outcome: Outcome) -> Decision:
        """What becomes of a delivery, and of its mailing when too many recipients are refused."""
        sending, counts = self._sending, self._counts.setdefault(delivery.mailing_id, Counts())
        if outcome.kind is OutcomeKind.SENT:
            counts.add_sent()
            self._pacing.taken(sending.transport.relay, domain_of(delivery))
            return SENT
        if scope := sending.throttle(outcome):
            self._pacing.throttled(scope, sending.transport.relay, domain_of(delivery))
        decision = decide(
            outcome,
            delivery.attempts + 1,
            sending.clock(),
            resend_in_doubt=sending.mail.resend_in_doubt,
            until=self._desk.until(delivery.mailing_id),
            chance=sending.chance(),
        )
        if outcome.kind is not OutcomeKind.PERMANENT or outcome.phase == "address":
            return decision
        counts.add_refused(decision.reason)
        limits = sending.pause
        why = alarming(counts, consecutive=limits.consecutive, ratio=limits.ratio, least=limits.least)
        return Decision(state=decision.state, reason=decision.reason, pause=why) if why else decision

    def _count(self, state: DeliveryState) -> None:
        self._tally.states[state] += 1
        self._claims.settled()
        if self._on_settled:
            self._on_settled(state)

    async def _give_up(self, error: SmtpError, *loads: Load | None) -> None:
        """No letter can be sent at all over this connection; the other connections may still work."""
        self._tally.trouble = str(error)
        now = self._sending.clock()
        async with self._sending.database.write() as tx:
            for load in loads:
                if load is not None:
                    await deliveries.release_unsent(tx, load.delivery, now=now)
        if error.is_our_fault and loads[0] is not None:
            await self._pause(loads[0].delivery.mailing_id, str(error))

    async def _pause(self, mailing_id: int, why: str) -> None:
        await pause(self._sending.database, mailing_id, why, now=self._sending.clock())
        await self._hold(mailing_id)

    async def _hold(self, mailing_id: int) -> None:
        """Nothing more of this mailing leaves; what we hold of it goes back to the store."""
        self._claims.forget(mailing_id)
        self.feed.remove(lambda load: load.delivery.mailing_id == mailing_id)
        async with self._sending.database.write() as tx:
            await deliveries.release(tx, [self._name], now=self._sending.clock(), mailing_id=mailing_id)

    async def _make(self) -> list[Load] | None:
        """The next few letters; None when nothing is left."""
        batch = None if self._stopping.is_set() else await self._claims.next(GO)
        if batch is None:
            return None
        willing = [one for one in batch if not self._withhold(one)]
        packed = await self._desk.pack(willing)
        return [
            Load(delivery, parcel, domain_of(delivery))
            for delivery, parcel in zip(willing, packed, strict=True)
            if not self._fail(delivery, parcel) and isinstance(parcel, Parcel)
        ]

    def _withhold(self, delivery: Delivery) -> bool:
        """Whether this person left, or was suppressed, after the audience was fixed."""
        if not (why := withheld(delivery)):
            return False
        decision = Decision(state=DeliveryState.WITHHELD, reason=why)
        self.register.note(Settled(delivery.id, delivery.attempts, decision, None, self._sending.clock(), 0))
        self._count(decision.state)
        return True

    def _fail(self, delivery: Delivery, outcome: Parcel | Outcome) -> bool:
        """Whether the letter could not be made for this person; that is its outcome then."""
        if isinstance(outcome, Parcel):
            return False
        decision = self._decide(delivery, outcome)
        settled = Settled(delivery.id, delivery.attempts + 1, decision, outcome, self._sending.clock(), 0)
        self.register.note(settled)
        self._count(decision.state)
        return True
