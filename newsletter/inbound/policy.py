"""Stage 6: what a bounce costs its subscriber, and what is about us and costs nobody anything.

In: a failure; the bounces of one subscriber so far; the settings. Out: a weight, a score, and what to do. Pure.

    hard       the address does not exist: `hard_score` (1: suppressed at once)
    soft       a full mailbox, a broken server: `soft_score`, at most once a day, gone after `forget_days` of silence
    policy     the letter or our kind of mail is refused there: never counts against a person, is told as an incident
    our_fault  we are refused, whatever we send (block lists, SPF, DKIM): the same
    delayed    still being tried: nothing
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from newsletter.inbound.telling.verdict import Failure

#: A subscriber whose score is this or more gets no mail any more.
LIMIT: Final = 1.0
#: From here on a person is told that an address is on its way out, while there is time to ask for another.
WARNING: Final = 0.5
#: Sums of tenths are not exact.
_TOLERANCE: Final = 1e-9


class Weight(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    POLICY = "policy"
    OUR_FAULT = "our_fault"
    DELAYED = "delayed"


#: What scores; the others are nothing that a person could do something about.
SCORING: Final = frozenset({Weight.HARD, Weight.SOFT})
#: Bounces that are about us; people must not lose their mail by them.
ABOUT_US: Final = frozenset({Weight.POLICY, Weight.OUR_FAULT})

_OUR_FAULT: Final = frozenset(
    [
        *("blocked", "badreputation", "requireptr", "authfailure", "norelaying", "securityerror"),
        *("failedstarttls", "rejected", "ratelimited", "syntaxerror"),
    ]
)
_POLICY: Final = frozenset(["policyviolation", "spamdetected", "virusdetected", "contenterror", "mesgtoobig"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounced:
    """One bounce of one subscriber, as the store keeps it."""

    at: datetime
    weight: Weight


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What to do about a subscriber after one more bounce."""

    score: float  #: with this bounce, 0 or more
    suppress: bool = False
    warn: bool = False  #: it has just become half of what suppresses


def weight_of(failure: Failure) -> Weight:
    """The weight of what a report says of one recipient."""
    if failure.is_delay:
        return Weight.DELAYED
    if failure.hard:
        return Weight.HARD
    if failure.reason in _OUR_FAULT:
        return Weight.OUR_FAULT
    # RFC 3463 §3.8: 4.7.x and 5.7.x are about security and policy, whatever the words.
    if failure.reason in _POLICY or failure.status[1:3] == ".7":
        return Weight.POLICY
    return Weight.SOFT


def score(bounces: Iterable[Bounced], now: datetime, *, hard: float, soft: float, forget: timedelta) -> float:
    """What the bounces of a subscriber weigh now.

    The heaviest of each day counts (UTC). A silence longer than `forget`, between two of them or until now, clears what
    was before it. That the mail server takes another letter clears nothing: it took those too that came back.
    """
    total = 0.0
    last: datetime | None = None
    today: tuple[date, float] | None = None
    weights = {Weight.HARD: hard, Weight.SOFT: soft}
    for one in sorted((one for one in bounces if one.weight in SCORING), key=lambda one: one.at):
        if last is not None and one.at - last > forget:
            total, today = 0.0, None
        day, weight = one.at.date(), weights[one.weight]
        before = today[1] if today is not None and today[0] == day else 0.0
        total += max(weight - before, 0.0)
        last, today = one.at, (day, max(weight, before))
    return 0.0 if last is None or now - last > forget else total


def weigh(
    earlier: Sequence[Bounced], new: Bounced, now: datetime, *, hard: float, soft: float, forget: timedelta
) -> Decision:
    """Decide about one more bounce of a subscriber.

    `hard` and `soft` are the weights of the settings, 0 to 1; `forget` is the silence after which they are gone.
    """
    before = score(earlier, now, hard=hard, soft=soft, forget=forget)
    after = score([*earlier, new], now, hard=hard, soft=soft, forget=forget)
    if new.weight not in SCORING:
        return Decision(score=before)
    suppress = after >= LIMIT - _TOLERANCE
    crossed = before < WARNING - _TOLERANCE <= after
    return Decision(score=round(after, 6), suppress=suppress, warn=crossed and not suppress)


def is_worth_telling(count: int) -> bool:
    """Whether the bounce that makes an incident this large is told: the first, the tenth, the hundredth …"""
    while count >= 10 and count % 10 == 0:
        count //= 10
    return count == 1


#: So many addresses of one domain that do not exist, at once, is rather a server that lies to us …
MANY: Final = 10
#: … when they are at least this part of what one mailing sent there.
PART: Final = 0.3


def is_unlikely(unknown: int, letters: int) -> bool:
    """Whether a domain that calls `unknown` of `letters` recipients of one mailing unknown means us, not them.

    Some servers answer everybody "user unknown" whose address they block; and a server that was set up wrongly does it
    for an hour.
    """
    return unknown >= MANY and unknown >= PART * letters
