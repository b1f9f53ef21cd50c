"""Stage 4: what follows an attempt.

In: outcome, number of attempts, now. Out: the state of the delivery and when it is tried again. Pure.

The first retry waits long enough for greylisting (RFC 6647 §4.3: minutes), later ones grow (RFC 5321 §4.5.4.1 asks for
30 minutes and more), and after five days it is given up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.outcome import Outcome, OutcomeKind

#: How long to wait after the first, second, … attempt; when it is used up, the delivery has failed.
WAITS = tuple(
    timedelta(minutes=minutes) for minutes in (10, 30, 60, 120, 240, 480, 960, 24 * 60, 24 * 60, 24 * 60, 24 * 60)
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    state: DeliveryState
    next_at: datetime | None = None  #: None: nothing more happens by itself
    reason: str = ""


def decide(outcome: Outcome, attempts: int, now: datetime, *, resend_in_doubt: bool = True) -> Decision:
    """What becomes of a delivery after its attempt number `attempts` (1 is the first)."""
    said = " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
    if outcome.kind is OutcomeKind.SENT:
        return Decision(state=DeliveryState.SENT)
    if outcome.kind is OutcomeKind.PERMANENT:
        return Decision(state=DeliveryState.FAILED, reason=said)
    if outcome.kind is OutcomeKind.IN_DOUBT and not resend_in_doubt:
        return Decision(state=DeliveryState.IN_DOUBT, reason=f"may have arrived: {said}")
    if attempts > len(WAITS):
        return Decision(state=DeliveryState.FAILED, reason=f"given up after {attempts} attempts: {said}")
    state = DeliveryState.IN_DOUBT if outcome.kind is OutcomeKind.IN_DOUBT else DeliveryState.DEFERRED
    return Decision(state=state, next_at=now + WAITS[attempts - 1], reason=said)
