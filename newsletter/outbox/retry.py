"""Stage 4: what follows an attempt.

In: outcome, number of attempts, now, until when the mailing may go out. Out: the state of the delivery, when it is
tried again, and whether the whole mailing must wait for a person. Pure: chance is an argument.

The first retry waits long enough for greylisting (RFC 6647 §4.3: minutes), later ones 30 minutes and more, and after
about five days it is given up (RFC 5321 §4.5.4.1). An announcement of what has begun is not sent at all.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.outcome import Outcome, OutcomeKind

#: The least and the most minutes to wait after the first, second, … attempt; chance says where between them, so that
#: letters that were refused together do not all come back together. When a row is used up, the delivery has failed.
Waits = tuple[tuple[int, int], ...]

HOUR = 60
USUAL: Waits = (
    *((5, 15), (30, 60), (60, 90), (2 * HOUR, 3 * HOUR), (4 * HOUR, 5 * HOUR), (6 * HOUR, 8 * HOUR)),
    *((10 * HOUR, 12 * HOUR), (20 * HOUR, 24 * HOUR), (20 * HOUR, 24 * HOUR), (20 * HOUR, 24 * HOUR)),
    (20 * HOUR, 24 * HOUR),
)
#: Exchange Online lets a mailbox submit over three connections at once and answers 432 to the others: "just retry", in
#: minutes that scatter (learn.microsoft.com: SMTP Authenticated Submission, concurrent connection throttling).
BUSY: Waits = ((1, 4), (2, 8), (5, 15), (10, 30), *USUAL[1:])
#: Nobody empties a mailbox within minutes.
FULL: Waits = (
    *((4 * HOUR, 6 * HOUR), (8 * HOUR, 12 * HOUR), (12 * HOUR, 18 * HOUR), (20 * HOUR, 24 * HOUR)),
    *((20 * HOUR, 24 * HOUR), (20 * HOUR, 24 * HOUR), (20 * HOUR, 24 * HOUR)),
)
#: A code that makes no sense, a refusal for good whose words say "not now", a letter that may have arrived: each of
#: these may be wrong about itself, or arrive twice, so it is tried a few times, not for five days.
FEW: Waits = USUAL[:4]

#: A provider that alone turns us away may have listed us, and lift that within the day. After this a person looks.
ONE_DOMAIN: Waits = ((30, 60), (2 * HOUR, 3 * HOUR), (6 * HOUR, 8 * HOUR))

#: After a fault of ours the delivery comes back as soon as its mailing goes on.
AT_ONCE = timedelta(minutes=1)

#: RFC 3463 §3.3: X.2.2 is a full mailbox; these are its words where no status is given.
FULL_STATUS = ("4.2.2", "5.2.2")
FULL_WORDS = re.compile(
    r"\b(?:mail ?box|in-?box|mail ?dir|mail ?folder)(?: (?:for|of) \S+)?(?: is)?(?: temporarily)? full\b"
    r"|\bfull (?:mail ?box|in-?box)\b|\bover ?(?:(?:disk|storage|the|allowed) ?){0,2}quota\b"
    r"|\bquota (?:usage )?(?:is )?(?:exceeded|full|violation)|\bexceed\w* (?:\w+ ){0,3}(?:quota|storage|disk space)\b"
    r"|\bout of storage\b",
    re.IGNORECASE,
)

#: What a person must look at, by the phase in which the mail server turned us away.
PAUSES = {
    "connect": "the mail server takes no connections from us",
    "ehlo": "the mail server does not accept the name we greet it with",
    "tls": "no secure connection to the mail server can be made",
    "auth": "the mail server refused the login",
    "mail": "the mail server refused the sender, or the size of the letter",
}
PAUSED = "the letter was refused for what it is or where it comes from, not for its recipient"


@dataclass(frozen=True, kw_only=True)
class Decision:
    state: DeliveryState
    next_at: datetime | None = None  #: None: nothing more happens by itself
    reason: str = ""
    pause: str = ""  #: why the whole mailing must be held for a person; empty: it goes on
    counts: bool = True  #: the attempt is one of those after which a delivery is given up


def decide(
    outcome: Outcome,
    attempts: int,
    now: datetime,
    *,
    resend_in_doubt: bool = True,
    at_one_domain: bool = False,
    until: datetime | None = None,
    chance: float = 0.5,
) -> Decision:
    """What becomes of a delivery after its attempt number `attempts` (1 is the first).

    `until` is the end of the mailing's window, or the begin of its event: nothing is tried after it. `chance`, in
    [0, 1), is a random number. With `counts` False the delivery keeps the number of attempts that it had before this
    one: what is our fault uses none of them up, however often the mailing is resumed too early. `at_one_domain` says of
    a fault of ours that only one recipient domain has met it: it is tried again a few times before it holds a mailing.
    """
    said = " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
    if outcome.kind is OutcomeKind.SENT:
        return Decision(state=DeliveryState.SENT)
    if outcome.kind is OutcomeKind.PERMANENT:
        return Decision(state=DeliveryState.FAILED, reason=said)
    if outcome.kind is OutcomeKind.OUR_FAULT and not (at_one_domain and attempts <= len(ONE_DOMAIN)):
        pause = f"{PAUSES.get(outcome.phase, PAUSED)}: {said}"
        if until is not None and now + AT_ONCE > until:
            return Decision(state=DeliveryState.FAILED, reason=_too_late(until, said), pause=pause)
        return Decision(state=DeliveryState.DEFERRED, next_at=now + AT_ONCE, reason=said, pause=pause, counts=False)
    in_doubt = outcome.kind is OutcomeKind.IN_DOUBT
    said = f"may have arrived: {said}" if in_doubt else said
    state = DeliveryState.IN_DOUBT if in_doubt else DeliveryState.DEFERRED
    if in_doubt and not resend_in_doubt:
        return Decision(state=state, reason=said)
    waits = waits_after(outcome)
    if attempts > len(waits):
        return Decision(state=DeliveryState.FAILED, reason=f"given up after {attempts} attempts: {said}")
    least, most = waits[attempts - 1]
    next_at = now + timedelta(minutes=least + (most - least) * chance)
    if until is None or next_at <= until:
        return Decision(state=state, next_at=next_at, reason=said)
    if in_doubt:  # Whether it arrived is for a person to find out, as where the window closes over a waiting letter.
        return Decision(state=state, reason=said)
    return Decision(state=DeliveryState.FAILED, reason=_too_late(until, said))


def waits_after(outcome: Outcome) -> Waits:
    """How long to wait after each attempt that came to this outcome."""
    if outcome.kind is OutcomeKind.IN_DOUBT:
        return FEW
    if outcome.kind is OutcomeKind.OUR_FAULT:
        return ONE_DOMAIN
    # 552 by itself is "exceeded storage allocation" (RFC 5321 §4.2.2).
    bare_552 = outcome.code == 552 and not outcome.enhanced
    if bare_552 or outcome.enhanced in FULL_STATUS or FULL_WORDS.search(outcome.text):
        return FULL
    if outcome.code == 432:
        return BUSY
    # Without a code there was no server that answered: it may be down for a day.
    return USUAL if outcome.code == 0 or 400 <= outcome.code < 500 else FEW


def _too_late(until: datetime, said: str) -> str:
    return f"not tried again, it would come after {until:%Y-%m-%d %H:%M %Z}, when this mailing ends: {said}"
