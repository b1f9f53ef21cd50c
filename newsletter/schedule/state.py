"""When: the states of a mailing, and which moves between them exist.

In: a state and the state that is wanted. Out: the new state, or a StateError that says what can be done instead.

    draft ── a person confirms ──> scheduled ── claimed ──> sending ── all deliveries ended ──> sent
    draft, scheduled ── the window passed ──> missed
    scheduled, sending ── something changed or went wrong ──> held
    held, missed ── a person ──> scheduled, draft
    cancelled ── its entry is back in the plan ──> draft

What is neither sent nor being sent can be cancelled, and a person can schedule it again.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from newsletter.errors import StateError


class MailingState(StrEnum):
    DRAFT = "draft"  #: it is planned and waits for an organiser to confirm it
    SCHEDULED = "scheduled"  #: it is confirmed and fires when it is due
    HELD = "held"  #: something changed or went wrong; it waits for a person, with a reason
    SENDING = "sending"  #: it was claimed; its letters are on their way
    SENT = "sent"  #: all its deliveries have ended; nothing changes it any more
    MISSED = "missed"  #: its window passed; it waits for a person, who gives it a new time or cancels it
    CANCELLED = "cancelled"  #: it is not sent, unless a person schedules it again, or the plan names it again


_DRAFT, _SCHEDULED, _HELD, _SENDING, _SENT, _MISSED, _CANCELLED = MailingState

#: From each state, the states that can follow. A held mailing does not become missed: its reason says more.
TRANSITIONS: Final[Mapping[MailingState, frozenset[MailingState]]] = MappingProxyType(
    {
        _DRAFT: frozenset({_SCHEDULED, _MISSED, _CANCELLED}),
        _SCHEDULED: frozenset({_DRAFT, _HELD, _SENDING, _MISSED, _CANCELLED}),
        _HELD: frozenset({_DRAFT, _SCHEDULED, _CANCELLED}),
        _SENDING: frozenset({_SENT, _HELD}),
        _SENT: frozenset(),
        _MISSED: frozenset({_DRAFT, _SCHEDULED, _CANCELLED}),
        _CANCELLED: frozenset({_DRAFT, _SCHEDULED}),
    }
)

#: Planned, not sent, not cancelled: what follows the event when it changes.
PENDING: Final = frozenset({_DRAFT, _SCHEDULED, _HELD, _MISSED})

_INSTEAD: Final[Mapping[MailingState, str]] = MappingProxyType(
    {
        _DRAFT: "schedule it first, or cancel it",
        _SCHEDULED: "wait until it is due, hold it, or cancel it",
        _HELD: "look at the reason, then schedule it again or cancel it",
        _SENDING: "wait until it is sent, or hold it",
        _SENT: "what has been sent stays as it is, so plan another mailing",
        _MISSED: "schedule it again with a new time, or cancel it",
        _CANCELLED: "schedule it again if it should be sent after all",
    }
)


def move(state: MailingState, to: MailingState, name: str = "") -> MailingState:
    """`to`, if a mailing can go there from `state`; StateError otherwise, with the mailing's name if it is given."""
    if to in TRANSITIONS[state]:
        return to
    mailing = f"mailing “{name}”" if name else "the mailing"
    what = f"is {state} already" if state is to else f"is {state} and cannot become {to}"
    raise StateError(f"{mailing} {what}; {_INSTEAD[state]}")
