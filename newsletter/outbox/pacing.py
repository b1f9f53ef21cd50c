"""Stage 4: how fast this worker may send, as all workers together are allowed to.

In: limits of the settings, what servers answered. Out: how many letters to take, and the turn of each. What is limited
is reserved in the store, so that workers share it and a restart changes nothing; what is not limited costs nothing.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from newsletter.outbox import pace
from newsletter.outbox.limits import LATE, Limits, domain_key, read_domains, read_limits, relay_key
from newsletter.outbox.pace import Backoff
from newsletter.settings import Pace
from newsletter.store import pace as store
from newsletter.store.database import Database

Clock = Callable[[], datetime]

#: Seconds after which a back-off that another worker has written is known here.
LOOK = 1.0
#: The letters of so many seconds tell how fast they are taken.
SEEN = 10
#: Seconds between two cleanings.
CLEAN = 3600.0


class Turn(NamedTuple):
    """What a letter that is limited has to wait for."""

    at: datetime
    is_slot: bool  #: the letter leaves at `at`, at most a second from now; else it goes back until then, and asks again

    def is_over(self, now: datetime) -> bool:
        """Too late to leave in this slot: the letter needs another."""
        return (now - self.at).total_seconds() > LATE


class _Span(NamedTuple):
    """Some seconds, and how many letters were taken in them."""

    until: float
    seconds: float
    taken: Mapping[tuple[str, str], int]  # by mail server and recipient domain


def limits_of(settings: Pace) -> Limits:
    return Limits(
        relay=read_limits(settings.relay), domain=read_limits(settings.domain), domains=read_domains(settings.domains)
    )


class Pacing:
    """One for each worker; its connections share it."""

    def __init__(self, database: Database, limits: Limits, clock: Clock) -> None:
        self._database, self._limits, self._clock = database, limits, clock
        self._limited = bool(limits.relay or limits.domain or limits.domains)
        self._backoffs: Mapping[str, Backoff] = {}
        self._throttled: dict[str, float] = {}  # when, by key; until it is written
        self._looked_at = self._cleaned_at = 0.0
        self._written = 0
        self._spans: deque[_Span] = deque(maxlen=SEEN)
        self._taken: dict[tuple[str, str], int] = defaultdict(int)
        self._since = clock().timestamp()

    @property
    def is_free(self) -> bool:
        """Whether nothing is limited, as far as is known here: then every turn is now."""
        return not (self._limited or self._backoffs)

    async def room(self, relay: str, wanted: int) -> int:
        """How many of `wanted` letters could leave through this mail server within a second; none is reserved.

        With 0, ask again in a second.

        Raises:
            StoreError: the store cannot be used now.
        """
        now = await self._look()
        key = relay_key(relay)
        if not self._if_limited(key):
            return wanted
        async with self._database.read() as tx:
            bucket = await store.find(tx, key)
        return pace.count_slots(bucket, self._limits.of(key), wanted, now)

    async def turns(self, relay: str, domains: Sequence[str]) -> list[Turn | None]:
        """When letters to recipients at these domains may leave through this mail server, in the same order.

        None: at once. Slots are reserved; one that is not used is lost.

        Raises:
            StoreError: the store cannot be used now; nothing was reserved.
        """
        await self._look()
        if self.is_free:
            return [None] * len(domains)
        first = self._if_limited(relay_key(relay))
        keys = {domain: first + self._if_limited(domain_key(domain)) for domain in set(domains)}
        limits = {key: self._limits.of(key) for several in keys.values() for key in several}
        if not limits:
            return [None] * len(domains)
        async with self._database.write() as tx:
            buckets = await store.lock(tx, limits)
            now = self._clock().timestamp()  # others may have had the buckets for a while
            buckets, turns = pace.take_turns(buckets, limits, [keys[domain] for domain in domains], now)
            await store.keep(tx, buckets)
        return [turn and Turn(datetime.fromtimestamp(turn.at, UTC), turn.is_slot) for turn in turns]

    def is_quiet(self, relay: str, domain: str) -> bool:
        """Whether a throttled answer came in just now: a letter that already has its turn must ask again."""
        if not (self._throttled or self._backoffs):
            return False
        now = self._clock().timestamp()
        keys = (relay_key(relay), domain_key(domain))
        return any(key in self._throttled or self._is_known(key, now) for key in keys)

    def taken(self, relay: str, domain: str) -> None:
        """A letter was taken. This is called for every letter, so it only counts."""
        self._taken[relay, domain] += 1

    def throttled(self, scope: Literal["relay", "domain"], relay: str, domain: str) -> None:
        """An answer asked for fewer letters, to this mail server or to this recipient domain; `flush` follows."""
        key, now = relay_key(relay) if scope == "relay" else domain_key(domain), self._clock().timestamp()
        if not self._is_known(key, now):
            self._throttled.setdefault(key, now)

    async def flush(self) -> None:
        """Write what was noted; to be called every second or so, and right after a throttled answer.

        Raises:
            StoreError: the store cannot be used now; everything is still noted.
        """
        now = self._clock().timestamp()
        throttled = dict(self._throttled)
        steady = [key for key in self._backoffs if key not in throttled and self._may_grow(key, now)]
        if throttled or steady:
            async with self._database.write() as tx:
                buckets = await store.lock(tx, {*throttled, *steady})
                for key, at in throttled.items():
                    buckets[key] = pace.slow_down(buckets[key], self._limits.of(key), at, self._seen_rate(key, now))
                for key in steady:
                    buckets[key] = pace.speed_up(buckets[key], self._limits.of(key), now)
                await store.keep(tx, buckets)
            self._written += 1
            backoffs = {**self._backoffs, **{key: bucket.backoff for key, bucket in buckets.items()}}
            self._backoffs = {key: backoff for key, backoff in backoffs.items() if backoff}
            for key in throttled:
                self._throttled.pop(key, None)  # another flush may have run meanwhile
        self._turn_over(now)
        if now >= self._cleaned_at + CLEAN:
            self._cleaned_at = now
            async with self._database.write() as tx:
                await store.forget(tx, now)

    def _if_limited(self, key: str) -> tuple[str, ...]:
        return (key,) if self._limits.of(key) or key in self._backoffs else ()

    def _is_known(self, key: str, now: float) -> bool:
        """Whether a throttled answer is written already that is so young that others count as the same."""
        backoff = self._backoffs.get(key)
        return backoff is not None and now < backoff.throttled_at + pace.QUIET

    async def _look(self) -> float:
        """Learn what other workers have written, if it is time to. Returns now."""
        now = self._clock().timestamp()
        if now >= self._looked_at + LOOK:
            self._looked_at, written = now, self._written
            async with self._database.read() as tx:
                found = await store.backed_off(tx, now)
            if written == self._written:  # else what was read may be older than what is known
                self._backoffs = found
        return now

    def _may_grow(self, key: str, now: float) -> bool:
        return now >= self._backoffs[key].changed_at + pace.STEP and self._seen_rate(key, now) > 0

    def _seen_rate(self, key: str, now: float) -> float:
        """Letters a second that were taken lately, in the seconds in which there were any."""
        spans = [span for span in self._spans if span.until > now - SEEN]
        spans.append(_Span(now, now - self._since, self._taken))
        counts = [
            sum(count for of, count in span.taken.items() if key in (relay_key(of[0]), domain_key(of[1])))
            for span in spans
        ]
        seconds = sum(span.seconds for span, count in zip(spans, counts, strict=True) if count)
        return sum(counts) / max(seconds, 1.0)

    def _turn_over(self, now: float) -> None:
        if now >= self._since + 1:
            self._spans.append(_Span(now, now - self._since, self._taken))
            self._taken, self._since = defaultdict(int), now
