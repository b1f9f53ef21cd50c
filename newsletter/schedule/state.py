"""When: the states of a mailing, and which moves between them exist.

In: a state and the state that is wanted. Out: the new state, or a StateError that says what can be done instead.

    draft ── a person confirms ──> scheduled ── claimed ──> sending ── all deliveries ended ──> sent
    draft, scheduled ── the window passed ──> missed
    scheduled, sending ── something changed or went wrong ──> held
    held, missed ── a person ──> scheduled, draft
    held ── it was only paused on its way; a person resumes it ──> sending
    sent ── a person sends letters again that failed or are in doubt ──> sending
    cancelled ── its entry is back in the plan ──> draft
    cancelled ── nobody is left for it; a person sends letters again that failed or are in doubt ──> sending

What was not sent can be cancelled, also on its way, and a person can schedule it again: for those who have not got it.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from newsletter.errors import StateError


class MailingState(StrEnum):
    DRAFT = "draft"  #: it is planned and waits for an organiser to confirm it
    SCHEDULED = "scheduled"  #: it is confirmed and fires when it is due
    HELD = "held"  #: something changed or went wrong; it waits for a person, with a reason
    SENDING = "sending"  #: it was claimed; its letters are on their way
    SENT = "sent"  #: all its deliveries have ended; only a person can send some of its letters again
    MISSED = "missed"  #: its window passed; it waits for a person, who gives it a new time or cancels it
    CANCELLED = "cancelled"  #: it is not sent, unless a person schedules it again, or the plan names it again


_DRAFT, _SCHEDULED, _HELD, _SENDING, _SENT, _MISSED, _CANCELLED = MailingState

#: From each state, the states that can follow. A held mailing does not become missed: its reason says more.
TRANSITIONS: Final[Mapping[MailingState, frozenset[MailingState]]] = MappingProxyType(
    {
        _DRAFT: frozenset({_SCHEDULED, _MISSED, _CANCELLED}),
        _SCHEDULED: frozenset({_DRAFT, _HELD, _SENDING, _MISSED, _CANCELLED}),
        _HELD: frozenset({_DRAFT, _SCHEDULED, _SENDING, _CANCELLED}),
        _SENDING: frozenset({_SENT, _HELD, _CANCELLED}),
        _SENT: frozenset({_SENDING}),
        _MISSED: frozenset({_DRAFT, _SCHEDULED, _CANCELLED}),
        _CANCELLED: frozenset({_DRAFT, _SCHEDULED, _SENDING}),
    }
)

#: How the reason of a mailing begins that was stopped on its way, by a person or by itself; `is_paused` is told by it.
PAUSED_BY_HAND: Final = "paused by hand"
PAUSED_BY_ITSELF: Final = "paused by itself"

#: Planned, not sent, not cancelled: what follows the event when it changes.
PENDING: Final = frozenset({_DRAFT, _SCHEDULED, _HELD, _MISSED})

_INSTEAD: Final[Mapping[MailingState, str]] = MappingProxyType(
    {
        _DRAFT: "schedule it first, or cancel it",
        _SCHEDULED: "wait until it is due, hold it, or cancel it",
        _HELD: "look at the reason, then schedule it again or cancel it",
        _SENDING: "wait until it is sent, hold it, or cancel it",
        _SENT: "what has been sent stays as it is, so plan another mailing",
        _MISSED: "schedule it again with a new time, or cancel it",
        _CANCELLED: "schedule it again if it should be sent after all",
    }
)


def move(state: MailingState, to: MailingState, name: str = "") -> MailingState:
    """`to`, if a mailing can go there from `state`; StateError otherwise, with the mailing's name if it is given."""
    if to in TRANSITIONS[state]:
        return to
    raise _refusal(state, f"is {state} already" if state is to else f"is {state} and cannot become {to}", name)


def only_from(state: MailingState, allowed: Collection[MailingState], done: str, name: str = "") -> None:
    """Raise StateError unless a mailing in `state` can do what `done` says ("be resumed")."""
    if state not in allowed:
        raise _refusal(state, f"is {state} and cannot {done}", name)


def _refusal(state: MailingState, what: str, name: str) -> StateError:
    mailing = f"mailing “{name}”" if name else "the mailing"
    return StateError(f"{mailing} {what}; {_INSTEAD[state]}")


def is_paused(state: MailingState, reason: str) -> bool:
    """Whether a mailing was stopped on its way and nothing else has happened since: then it can go on as it was.

    Whatever else holds it (its window passed, its event moved) gives it another reason: a person must look again.
    """
    return state is MailingState.HELD and reason.startswith((PAUSED_BY_HAND, PAUSED_BY_ITSELF))
