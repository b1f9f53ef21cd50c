"""Stage 6: which way a person's message goes on: decisions only.

In: a message, where it came in, and what became of sending it on. Out: why it stops here, or in what form and when it
is sent on next. Pure: chance and the time are arguments.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from newsletter.inbound.replying.threads import addresses
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.sender import returned
from newsletter.outbox.envelope import FORWARD, read_plus
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.outbox.retry import FULL_WORDS, HOUR, waits_after
from newsletter.subscribers.links import make_token

#: The field by which a store knows what it has sent on before, and the purpose of the token in it.
LOOP_FIELD, LOOP = "x-newsletter-loop", "loop"
#: RFC 5321 §6.3 has servers count Received fields, up to 100; few messages that do not go round come by ten.
MOST_HOPS = 25
#: The same for messages that programs like this one have sent on.
MOST_STORES = 5
#: So many messages about one letter are sent on in so much time; no person writes more, a machine that answers does.
MOST_AT_ONCE, AT_ONCE = 10, timedelta(hours=1)

#: Minutes until a fault of ours is tried again: a person has to mend it, and may do so at any moment.
OUR_FAULT = (30, HOUR)


class ForwardState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"  #: being handed over: its end has not been seen
    SENT = "sent"
    FAILED = "failed"  #: a person has to look


class Form(IntEnum):
    """How a message is sent on; each is taken where the one before is not."""

    UNCHANGED = 0
    WRAPPED = 1  #: inside a letter of ours
    SHORT = 2  #: its words in a letter of ours, without the message itself


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of a message that was to be sent on."""

    state: ForwardState
    next_at: datetime | None = None
    reason: str = ""
    alert: bool = False  #: a person should know
    counts: bool = True  #: the attempt is one of those after which it is given up


def loop_mark(secret: bytes) -> str:
    """The token by which this store knows what it has sent on."""
    return make_token(secret, LOOP)


def why_stopped(message: Part, envelope_to: Iterable[str], *, mark: str, secret: bytes) -> str:
    """Why this message must not be sent on, whoever wrote it; or nothing."""
    marks = message.all(LOOP_FIELD)
    if mark in marks:
        return "it was sent on from here before (X-Newsletter-Loop), so it goes round"
    if len(marks) >= MOST_STORES:
        return f"{len(marks)} programs like this one have sent it on (X-Newsletter-Loop), so it goes round"
    hops = len(message.all("received"))
    if hops > MOST_HOPS:
        return f"it came by {hops} mail servers (Received), so it goes round"
    if any(read_plus(address, secret, FORWARD) is not None for address in _reached(message, envelope_to)):
        return "it answers the envelope of a message that was sent on from here, as only machines do"
    return ""


def forward_named(message: Part, envelope_to: Iterable[str], secret: bytes) -> int | None:
    """Which message that we sent on this one is a report of, by the token in its envelope sender; or None."""
    letter = returned(message)
    back = [] if letter is None else [letter.get("return-path").strip("<> ")]
    found = (read_plus(address, secret, FORWARD) for address in [*_reached(message, envelope_to), *back])
    return next((forward_id for forward_id in found if forward_id is not None), None)


def _reached(message: Part, envelope_to: Iterable[str]) -> list[str]:
    return [*envelope_to, *addresses(message, "delivered-to", "x-original-to", "envelope-to", "to")]


def next_form(outcome: Outcome, form: Form) -> Form | None:
    """The form to try at once, where the mail server does not take this one for what it is; None: no other helps."""
    if outcome.kind not in (OutcomeKind.PERMANENT, OutcomeKind.OUR_FAULT):
        return None
    if is_too_large(outcome):
        return Form.SHORT if form is not Form.SHORT else None
    # RFC 3463 §3.7: X.6 is about the form of the content; who looked at the content has the letter, or its DATA.
    about_content = outcome.enhanced[2:4] == "6." or outcome.phase in ("data", "letter")
    return Form.WRAPPED if about_content and form is Form.UNCHANGED else None


def is_too_large(outcome: Outcome) -> bool:
    """RFC 3463 §3.4 and §3.3: X.3.4 and X.2.3; 552 alone is that too, unless it speaks of a full mailbox."""
    if outcome.enhanced[2:] in ("3.4", "2.3"):
        return True
    return outcome.code == 552 and not outcome.enhanced and not FULL_WORDS.search(outcome.text)


def step(outcome: Outcome, attempts: int, now: datetime, *, chance: float = 0.5) -> Step:
    """What follows attempt number `attempts` (1 is the first) to send a message on.

    What is our fault is tried for ever, and told: it is never dropped. What the contact mailbox refuses for good, or
    for days, has failed: its question stays open, and says so.
    """
    said = " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
    if outcome.kind is OutcomeKind.SENT:
        return Step(state=ForwardState.SENT)
    if outcome.kind is OutcomeKind.OUR_FAULT:
        next_at = _between(OUR_FAULT, now, chance)
        return Step(state=ForwardState.WAITING, next_at=next_at, reason=said, alert=True, counts=False)
    if outcome.kind is OutcomeKind.PERMANENT:
        return Step(state=ForwardState.FAILED, reason=said, alert=True)
    said = f"may have arrived: {said}" if outcome.kind is OutcomeKind.IN_DOUBT else said
    waits = waits_after(outcome)
    if attempts > len(waits):
        return Step(state=ForwardState.FAILED, reason=f"given up after {attempts} attempts: {said}", alert=True)
    return Step(state=ForwardState.WAITING, next_at=_between(waits[attempts - 1], now, chance), reason=said)


def _between(minutes: tuple[int, int], now: datetime, chance: float) -> datetime:
    least, most = minutes
    return now + timedelta(minutes=least + (most - least) * chance)
