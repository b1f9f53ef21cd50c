"""Stage 4: what this worker has claimed, each in its turn.

In: the ledger, and the pace that all workers share. Out: a few deliveries after another that may leave now. What must
wait longer than a second goes back to the store with its time, so that it keeps nobody else waiting.
"""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta

from newsletter.outbox.delivery import Batch, Delivery, DeliveryState
from newsletter.outbox.pacing import Pacing, Turn
from newsletter.outbox.register import Register
from newsletter.outbox.retry import Decision
from newsletter.store.ledger import Ledger, Settled

#: Deliveries that are claimed at once: about what leaves in so many seconds, between these bounds. The fewer lie here,
#: the sooner it counts when somebody leaves a list.
CLAIM_SECONDS, FEWEST, MOST = 0.5, 20, 1000
#: Where no letter may leave now, how long until the next look, in seconds.
PAUSE = 0.25


class Claims:
    def __init__(
        self,
        ledger: Ledger,
        register: Register,
        pacing: Pacing,
        *,
        relay: Callable[[], str],
        look_up: Callable[[Iterable[int]], Awaitable[None]],
        clock: Callable[[], datetime],
        lease: timedelta,
        within: Batch | None,
    ) -> None:
        """`relay` tells the mail server that the next letter goes through; `look_up` makes ready what is claimed."""
        self._ledger, self._register, self._pacing = ledger, register, pacing
        self._look_up = look_up
        self._relay, self._clock, self._lease, self._within = relay, clock, lease, within
        self._ready: list[Delivery] = []
        self._asking: list[Delivery] = []
        self._waiting: list[tuple[datetime, int, Delivery, Turn]] = []
        self._numbers = itertools.count()
        self._spared: dict[tuple[int, str], datetime] = {}  #: until when, by mailing and recipient domain
        self._slots: dict[int, Turn] = {}  #: of deliveries that were let go in their turn, by id
        self._loop = asyncio.get_running_loop()
        self._since, self._settled = self._loop.time(), 0

    async def next(self, limit: int) -> list[Delivery] | None:
        """Up to `limit` deliveries that may leave now, perhaps none; None when nothing is left.

        Raises:
            StoreError: the store cannot be used now.
        """
        self._let_go()
        if not self._ready and not self._asking and not await self._claim() and not self._waiting:
            return None
        if self._asking:
            asking, self._asking = self._asking, []
            await self._ask(asking)
        if not self._ready:
            # Letters that have a turn within the second are waited for; a stop is noticed between two looks.
            await asyncio.sleep(PAUSE if not self._waiting else min(PAUSE, self._seconds_to_turn()))
        batch, self._ready = self._ready[:limit], self._ready[limit:]
        return batch

    def again(self, delivery: Delivery) -> None:
        """This one must ask for its turn again: its domain was throttled meanwhile."""
        self._asking.append(delivery)

    def must_wait(self, delivery: Delivery) -> bool:
        """Whether its slot went by while it waited for a connection, or its domain is to be spared by now.

        It is asked once, right before the letter is handed over.
        """
        if not (self._slots or self._spared):
            return False
        turn = self._slots.pop(delivery.id, None)
        return (turn is not None and turn.is_over(self._clock())) or self.spared_until(delivery) is not None

    def spare(self, delivery: Delivery, until: datetime) -> None:
        """Letters of its mailing to its domain go back until then: that domain turns us away."""
        self._spared[delivery.mailing_id, domain_of(delivery)] = until

    def spared_until(self, delivery: Delivery) -> datetime | None:
        """Until when this one must not leave, if its domain is to be spared."""
        until = self._spared.get((delivery.mailing_id, domain_of(delivery))) if self._spared else None
        return until if until is not None and until > self._clock() else None

    def forget(self, mailing_id: int) -> None:
        """Nothing of this mailing leaves any more."""

        def others(some: Iterable[Delivery]) -> list[Delivery]:
            return [one for one in some if one.mailing_id != mailing_id]

        self._ready, self._asking = others(self._ready), others(self._asking)
        self._waiting = [entry for entry in self._waiting if entry[2].mailing_id != mailing_id]
        self._spared = {key: until for key, until in self._spared.items() if key[0] != mailing_id}
        heapq.heapify(self._waiting)

    def settled(self) -> None:
        """Count a letter that is done with; how many there are tells how many to claim."""
        self._settled += 1

    async def _claim(self) -> bool:
        """Claim some; False if there was nothing to claim, and nothing that only has to wait for its pace."""
        room = await self._pacing.room(self._relay(), self._appetite())
        if not room:
            return True
        now = self._clock()
        claimed = await self._ledger.claim(room, now=now, until=now + self._lease, within=self._within)
        if claimed:
            await self._look_up({delivery.mailing_id for delivery in claimed})
        self._asking += claimed
        return bool(claimed)

    async def _ask(self, claimed: Sequence[Delivery]) -> None:
        if self._spared:
            for delivery in claimed:
                if until := self.spared_until(delivery):
                    self._put_off(delivery, until)
            claimed = [one for one in claimed if not self.spared_until(one)]
        if self._pacing.is_free:
            self._ready += claimed
            return
        turns = await self._pacing.turns(self._relay(), [domain_of(one) for one in claimed])
        for delivery, turn in zip(claimed, turns, strict=True):
            if turn is None:
                self._ready.append(delivery)
            elif turn.is_slot:
                heapq.heappush(self._waiting, (turn.at, next(self._numbers), delivery, turn))
            else:
                self._put_off(delivery, turn.at)

    def _put_off(self, delivery: Delivery, at: datetime) -> None:
        state = DeliveryState.DEFERRED if delivery.attempts else DeliveryState.QUEUED
        decision = Decision(state=state, next_at=at)
        self._register.note(Settled(delivery.id, delivery.attempts, decision, None, self._clock(), 0))

    def _let_go(self) -> None:
        """Those whose turn has come may leave; who missed it asks again."""
        now = self._clock()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, delivery, turn = heapq.heappop(self._waiting)
            if turn.is_over(now):
                self._asking.append(delivery)
            else:
                self._slots[delivery.id] = turn
                self._ready.append(delivery)

    def _seconds_to_turn(self) -> float:
        return max((self._waiting[0][0] - self._clock()).total_seconds(), 0.0)

    def _appetite(self) -> int:
        now = self._loop.time()
        rate = self._settled / max(now - self._since, 0.001)
        self._since, self._settled = now, 0
        return int(min(max(rate * CLAIM_SECONDS, FEWEST), MOST))


def domain_of(delivery: Delivery) -> str:
    """The domain of the recipient, lower case."""
    return delivery.address.rpartition("@")[2].lower()
