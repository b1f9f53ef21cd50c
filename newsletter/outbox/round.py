"""Stage 4: one round of a worker: letters over a few connections at once, until nothing is left that may leave now.

In: claimed deliveries. Out: their outcomes. A connection ends its next letter only when the outcome of the one before
is durable, together with the note that the next one is on its way: a crash at any moment leaves at most one letter per
connection in doubt, and the store knows which.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from newsletter.errors import SmtpError
from newsletter.outbox.alarm import Counts, alarming, stops_all
from newsletter.outbox.claims import Claims, domain_of
from newsletter.outbox.control import pause
from newsletter.outbox.delivery import Batch, Delivery, DeliveryState, withheld
from newsletter.outbox.desk import Desk
from newsletter.outbox.feed import Feed
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel, Session
from newsletter.outbox.pacing import Pacing
from newsletter.outbox.register import Register
from newsletter.outbox.retry import PAUSED, Decision, decide
from newsletter.outbox.sending import Sending
from newsletter.store import deliveries, journal, mailings
from newsletter.store.ledger import Ledger, Settled

#: Letters that are made in one go, at most, and how many of them per connection lie ready.
GO, AHEAD = 16, 2
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


class Round:
    """What the connections of one `Worker.drain` share."""

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
        self.feed: Feed[Load] = Feed(
            self._make, ahead=max(AHEAD * sending.connections, GO * desk.batches), at_once=desk.batches
        )
        self.register = Register(ledger, sending.clock, meanwhile=self.feed.refill)
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
        self._told: set[tuple[int, str]] = set()
        self._loop = asyncio.get_running_loop()

    async def connection(self) -> None:
        """Send letters over one connection until nothing is left."""
        async with self._sending.transport.session() as session:
            while (first := await self._first()) is not None:
                self.register.join()
                try:
                    if not await self._send_from(session, *first):
                        return
                finally:
                    self.register.leave()

    async def _send_from(self, session: Session, load: Load, at: datetime) -> bool:
        """Send this letter now, and what is ready while it is on the wire; False where nothing can be sent at all."""
        while True:
            following, began = self._following(), self._loop.time()
            try:
                outcome = await session.send(load.parcel, following.parcel if following else None)
            except SmtpError as error:
                await self._give_up(error, load, following)
                return False
            decision = self._decide(load.delivery, load.domain, outcome)
            attempts = load.delivery.attempts + decision.counts
            settled = Settled(load.delivery.id, attempts, decision, outcome, at, self._loop.time() - began)
            time = await self.register.enter(settled, following.delivery.id if following else None)
            self._count(decision.state)
            if outcome.kind is OutcomeKind.TEMPORARY:
                await self._pacing.flush()
            if decision.pause:
                await self._pause(load.delivery.mailing_id, decision.pause)
            elif outcome.kind is OutcomeKind.OUR_FAULT:
                await self._tell_spared(load, decision)
            if following is None:
                return True
            if time is None:
                session.abandon()
                await self._hold(following.delivery.mailing_id)
                return True
            load, at = following, time

    async def _first(self) -> tuple[Load, datetime] | None:
        """The next letter for a connection that has none on its way, and now, when it may be sent."""
        while not self._stopping.is_set() and (load := await self.feed.take()) is not None:
            if self._stopping.is_set():
                return None
            if self._must_wait(load):
                continue
            if (time := await self.register.enter(None, load.delivery.id)) is not None:
                return load, time
            await self._hold(load.delivery.mailing_id)
        return None

    def _following(self) -> Load | None:
        while not self._stopping.is_set() and (load := self.feed.take_now()) is not None:
            if not self._must_wait(load):
                return load
        return None

    def _must_wait(self, load: Load) -> bool:
        """Whether this letter has to ask for its turn again: it missed it, or its domain is to be spared just now."""
        late = self._claims.must_wait(load.delivery)
        if not late and not self._pacing.is_quiet(self._sending.transport.relay, load.domain):
            return False
        self._claims.again(load.delivery)
        return True

    def _decide(self, delivery: Delivery, domain: str, outcome: Outcome) -> Decision:
        """What becomes of a delivery, and of its mailing when too many recipients are refused."""
        sending, counts = self._sending, self._counts.get(delivery.mailing_id)
        if counts is None:
            counts = self._counts[delivery.mailing_id] = Counts()
        if outcome.kind is OutcomeKind.SENT:
            counts.add_sent()
            self._pacing.taken(sending.transport.relay, domain)
            return SENT
        if scope := sending.throttle(outcome):
            self._pacing.throttled(scope, sending.transport.relay, domain)
        if outcome.kind is OutcomeKind.OUR_FAULT:
            counts.faults[domain] = f"{outcome.code} {outcome.enhanced} {outcome.text}"
        until = self._desk.until(delivery.mailing_id)
        decision = decide(
            outcome,
            delivery.attempts + 1,
            sending.clock(),
            resend_in_doubt=sending.mail.resend_in_doubt,
            at_one_domain=not stops_all(outcome.phase, counts.faults),
            until=until,
            chance=sending.chance(),
        )
        if outcome.kind is OutcomeKind.OUR_FAULT and not decision.pause:
            self._claims.spare(delivery, decision.next_at or until or sending.clock())
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
        if faults := self._faults(mailing_id):
            # A person mends it now; when the mailing goes on, nobody is to wait for what was put off before.
            async with self._sending.database.write() as tx:
                await deliveries.hasten(tx, mailing_id, faults, now=self._sending.clock())

    async def look_back(self) -> None:
        """Hold the mailings of which nothing is left but letters to a domain that turns us away, and nobody got one.

        While others get theirs, such a domain may wait; where there is nobody else, nobody would notice.
        """
        for mailing_id in self._counts:
            if not (faults := self._faults(mailing_id)):
                continue
            async with self._sending.database.read() as tx:
                if await deliveries.goes_elsewhere(tx, mailing_id, faults):
                    continue
            await self._pause(mailing_id, f"{PAUSED}: {next(iter(faults.values()))}")

    def _faults(self, mailing_id: int) -> Mapping[str, str]:
        return self._counts[mailing_id].faults if mailing_id in self._counts else {}

    async def _tell_spared(self, load: Load, decision: Decision) -> None:
        """Note, once, that one domain turns us away and its letters are put off."""
        key = (load.delivery.mailing_id, load.domain)
        if key in self._told:
            return
        self._told.add(key)
        now = self._sending.clock()
        until = f"until {decision.next_at:%Y-%m-%d %H:%M %Z}" if decision.next_at else "until the mailing ends"
        async with self._sending.database.write() as tx:
            slug = await mailings.slug_of(tx, load.delivery.mailing_id)
            detail = f"{load.domain} turns us away, its letters wait {until}: {decision.reason}"
            await journal.note(tx, slug, "spared", detail, at=now)

    async def _hold(self, mailing_id: int) -> None:
        """Nothing more of this mailing leaves; what we hold of it goes back to the store."""
        self._claims.forget(mailing_id)
        self.feed.remove(lambda load: load.delivery.mailing_id == mailing_id)
        async with self._sending.database.write() as tx:
            await deliveries.release(tx, [self._name], now=self._sending.clock(), mailing_id=mailing_id)

    async def _make(self, limit: int) -> list[Load] | None:
        """The next few letters, at most so many; None when nothing is left."""
        batch = None if self._stopping.is_set() else await self._claims.next(min(limit, GO))
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
        decision = self._decide(delivery, domain_of(delivery), outcome)
        settled = Settled(delivery.id, delivery.attempts + 1, decision, outcome, self._sending.clock(), 0)
        self.register.note(settled)
        self._count(decision.state)
        return True
