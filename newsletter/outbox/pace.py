"""Stage 4: how fast letters may leave, and what a throttled answer changes.

In: buckets and limits of a mail server and of recipient domains, who waits for a letter, now. Out: turns, and the
buckets that remember them. Moments are unix seconds. Pure.

A bucket holds one moment per limit: when that limit would have forgotten every letter (the generic cell rate algorithm
of ITU-T I.371). A letter moves it on by one interval, and may leave when it is not further ahead than a burst. So any
window holds at most what the limit allows, whoever asks in whatever order, and a process that starts again goes on
where the last one stopped.

Nobody reserves more than a second ahead: the slots of a mailing that is held or withdrawn would be lost for all
others. Who must wait longer gets a moment to ask again, in a second line of the same bucket, so that a long queue for
one domain does not ask all the time.
"""

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import NamedTuple

from newsletter.outbox.limits import Limit

#: Slots are given so many seconds ahead.
AHEAD = 1.0
#: A queue is spread over so many seconds; what is longer is laid over it. It bounds what a withdrawn mailing costs.
FAR = 600.0
#: When a free slot was left unused for so long, those who had been put off are not coming.
IDLE = 5.0

#: After a throttled answer nothing leaves for so many seconds: answers to what is on its way still count as the same.
QUIET = 10.0
#: So long one rate is tried before the next.
STEP = 30.0
#: A rate that nothing has been sent at for so long says nothing any more.
FORGET = 3600.0
#: Letters a second. No server is so busy that one letter a minute is too much.
SLOWEST = 1 / 60
#: Assumed where nothing had been taken yet.
UNKNOWN = 1.0

#: The limit that a throttled answer made, beside those of the settings, which are named by their seconds.
OWN = 0


@dataclass(frozen=True, slots=True)
class Backoff:
    """What a throttled answer left: a rate that is lower, for a while."""

    rate: float  #: letters a second that are tried now
    was: float  #: letters a second at which the server had enough
    throttled_at: float
    changed_at: float  #: when `rate` was set; later than `throttled_at` once it has grown


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is remembered of one mail server or recipient domain; an empty one is as good as none."""

    free_at: Mapping[int, float] = field(default_factory=dict)  #: by limit: when it has forgotten all letters
    queued: Mapping[int, float] = field(default_factory=dict)  #: the same, with all who were put off
    backoff: Backoff | None = None

    @property
    def ends_at(self) -> float:
        """From this moment on it says nothing any more."""
        forgotten = self.backoff.changed_at + FORGET if self.backoff else 0.0
        return max(forgotten, *self.free_at.values(), *self.queued.values(), 0.0)


class Turn(NamedTuple):
    """What a letter that is limited has to wait for."""

    at: float
    is_slot: bool  #: the letter leaves at `at`, not more than `limits.LATE` later; else it asks again then


class _Rule(NamedTuple):
    limit: int  #: its seconds, or OWN
    interval: float
    leeway: float  #: seconds that the moment may be ahead


def take_turns(
    buckets: Mapping[str, Bucket], limits: Mapping[str, Sequence[Limit]], letters: Sequence[tuple[str, ...]], now: float
) -> tuple[dict[str, Bucket], list[Turn | None]]:
    """Who may leave when.

    A letter is given as the keys of what limits it: its mail server, its domain, both, or neither. Its slot is the same
    moment in the buckets of both. Slots go to whoever could leave first, so that no domain keeps the others waiting;
    of those to a letter whose domain is limited too, because it has fewer slots to choose from.

    Returns the buckets as they are then, and a turn for each letter; None is for who has no limit.
    """
    rules = {key: _rules(limits[key], bucket, now) for key, bucket in buckets.items()}
    queued = {key: {} if _is_idle(bucket, rules[key], now) else bucket.queued for key, bucket in buckets.items()}
    free_at = {key: dict(bucket.free_at) for key, bucket in buckets.items()}
    turns: list[Turn | None] = [None] * len(letters)
    waiting: dict[tuple[str, ...], deque[int]] = {}
    for number, keys in enumerate(letters):
        if any(rules[key] for key in keys):
            waiting.setdefault(keys, deque()).append(number)

    def earliest(keys: tuple[str, ...]) -> float:
        return max(_earliest(free_at[key], rules[key], now) for key in keys)

    line = [(now, -len(keys), order, keys) for order, keys in enumerate(waiting)]
    heapq.heapify(line)
    while line:
        slot, share, order, keys = heapq.heappop(line)
        # Slots only become later, so one that was right when it went into the line is checked when it comes out.
        if (right := earliest(keys)) > slot:
            if right <= now + AHEAD:
                heapq.heappush(line, (right, share, order, keys))
            continue
        turns[waiting[keys].popleft()] = Turn(slot, is_slot=True)
        for key in keys:
            _occupy(free_at[key], rules[key], slot)
        if waiting[keys]:
            heapq.heappush(line, (slot, share, order, keys))
    for keys, numbers in waiting.items():
        if numbers:
            last = max(keys, key=lambda key: _earliest(free_at[key], rules[key], now))
            queued[last], moments = _put_off(free_at[last], queued[last], rules[last], len(numbers), now)
            for number, at in zip(numbers, moments, strict=True):
                turns[number] = Turn(at, is_slot=False)
    after = {key: Bucket(free_at[key], queued[key], bucket.backoff) for key, bucket in buckets.items()}
    return after, turns


def count_slots(bucket: Bucket, limits: Sequence[Limit], wanted: int, now: float) -> int:
    """How many of `wanted` letters would get a slot now; none is taken."""
    _, turns = take_turns({"": bucket}, {"": limits}, [("",)] * wanted, now)
    return sum(turn is None or turn.is_slot for turn in turns)


def slow_down(bucket: Bucket, limits: Sequence[Limit], now: float, seen: float) -> Bucket:
    """After a throttled answer: a moment of quiet, then half the rate.

    `seen` is how many letters a second had been taken lately; 0 if it is not known. Further throttled answers within
    the moment of quiet change nothing.

    A server that is still closed after it gets half of that again. What the sender returns to (`was`) is lowered only
    when the rate had grown in between: only then it was the rate that was too much.
    """
    backoff = current(bucket, now)
    if backoff and now < backoff.throttled_at + QUIET:
        return bucket
    rate = backoff.rate if backoff else _felt(limits, seen)
    still_closed = backoff is not None and backoff.changed_at <= backoff.throttled_at
    was = backoff.was if backoff and still_closed else rate
    lowered = Backoff(rate=max(rate / 2, SLOWEST), was=was, throttled_at=now, changed_at=now)
    quiet = max(bucket.free_at.get(OWN, 0.0), now + QUIET)
    return replace(bucket, free_at={**bucket.free_at, OWN: quiet}, backoff=lowered)


def speed_up(bucket: Bucket, limits: Sequence[Limit], now: float) -> Bucket:
    """After letters were taken: the next rate, if the present one was tried for long enough.

    It doubles up to half of what was too much, then grows slowly, most slowly around what was too much; beyond that the
    server has changed its mind. The back-off ends where it is no longer felt.
    """
    backoff = current(bucket, now)
    if backoff is None:
        return replace(bucket, backoff=None)
    if now < backoff.changed_at + STEP:
        return bucket
    rate, was = backoff.rate, backoff.was
    if rate < was / 2:
        rate = min(rate * 2, was / 2)
    elif rate < was * 0.9:
        rate += was * 0.05
    elif rate < was * 1.1:
        rate += was * 0.01
    else:
        rate *= 1.1
    if rate >= min(_peak(limits), 4 * was):
        return replace(bucket, backoff=None)
    return replace(bucket, backoff=replace(backoff, rate=rate, changed_at=now))


def current(bucket: Bucket, now: float) -> Backoff | None:
    """The back-off that holds now, if any."""
    return bucket.backoff if bucket.backoff and now < bucket.backoff.changed_at + FORGET else None


def _felt(limits: Sequence[Limit], seen: float) -> float:
    """Letters a second at which a server had enough that had not complained before."""
    fastest = min(seen or inf, _peak(limits))
    return fastest if fastest < inf else min((limit.count / limit.seconds for limit in limits), default=UNKNOWN)


def _peak(limits: Sequence[Limit]) -> float:
    """Letters a second where no burst is allowed; without such a limit there is no highest rate."""
    return min((1 / limit.interval for limit in limits if limit.burst == 1), default=inf)


def _rules(limits: Sequence[Limit], bucket: Bucket, now: float) -> tuple[_Rule, ...]:
    rules = [_Rule(limit.seconds, limit.interval, (limit.burst - 1) * limit.interval) for limit in limits]
    if backoff := current(bucket, now):
        rules.append(_Rule(OWN, 1 / backoff.rate, 0.0))
    return tuple(rules)


def _earliest(free_at: Mapping[int, float], rules: Sequence[_Rule], now: float) -> float:
    slot = now
    for limit, _, leeway in rules:
        slot = max(slot, free_at.get(limit, 0.0) - leeway)
    return slot


def _occupy(free_at: dict[int, float], rules: Sequence[_Rule], slot: float) -> None:
    for limit, interval, _ in rules:
        free_at[limit] = max(free_at.get(limit, 0.0), slot) + interval


def _is_idle(bucket: Bucket, rules: Sequence[_Rule], now: float) -> bool:
    longest = max((rule.interval for rule in rules), default=0.0)
    return _earliest(bucket.free_at, rules, 0.0) + longest + IDLE < now


def _put_off(
    free_at: Mapping[int, float], queued: Mapping[int, float], rules: Sequence[_Rule], count: int, now: float
) -> tuple[dict[int, float], list[float]]:
    """Moments to ask again, as far apart as slots are, behind all who were put off before."""
    behind = {limit: max(free_at.get(limit, 0.0), queued.get(limit, 0.0)) for limit in {*free_at, *queued}}
    far = now + max(FAR, 10 * max(rule.interval for rule in rules))
    moments = []
    for _ in range(count):
        slot = _earliest(behind, rules, now)
        if slot > far:
            behind = dict(free_at)
            slot = _earliest(behind, rules, now)
        _occupy(behind, rules, slot)
        moments.append(slot - AHEAD / 2)  # before the slot is free, so that none is missed
    return behind, moments
