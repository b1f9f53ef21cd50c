"""When: what happens to the mailings of an event when the event, or the plan of its series, changes.

In: the event before and after, its mailings, and now. Out: changes, each with a sentence for the log; the caller
stores them together with the event, in one transaction. Sent mailings never change, nor does what a person cancelled.

Four kinds of change, and when they happen:

- create: the plan has an entry without a mailing; it becomes a draft, however far its time lies in the past, so that
  importing or cloning an old event sends nothing.
- move: the times of a pending mailing follow the event, its zone and the plan. A missed one whose new time lies
  ahead becomes a draft; so does one that was dropped and whose entry is back in the plan.
- hold: a scheduled mailing waits for a person where it must not go out by itself: the event was cancelled, or takes
  place after all (what is scheduled then may be the notice of its cancellation); people have read another time;
  its new time has passed already, or its window never opens; its entry was taken out of the plan. Drafts wait for a
  person anyway, so they are not held; and whatever is held stays so until a person acts, also when the change is
  taken back. Where its times move, its reason is renewed, so that it names the newest. A mailing that is on its way,
  or was paused there, is held when the event is cancelled, takes place after all, or gets other times: the letter that
  the others would get says what is no longer so. Nothing else stops it.
- drop: the entry of a draft or a missed mailing was taken out of the plan; the mailing is cancelled. Every document
  of an event holds the plan of the whole series, so an old one takes entries out that others still want; nothing of
  this is for good: the entry brings its mailing back. What a person schedules after that stays scheduled.

A mailing whose time a person fixed keeps that time. It is held if it is no longer on the same side of the event's start
(a fixed reminder that the event has overtaken, a fixed report of an event that was put off, or whose first date comes
after it), or if the event lost its date. An event that loses its date takes the times of all others with it; they stay
in their state and get new times with the next date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from newsletter.events.event import Event, EventStatus
from newsletter.events.plan import DEFAULT_WINDOW, PlannedMailing
from newsletter.schedule.reasons import (
    LOOK,
    not_what_was_confirmed,
    reason_to_hold,
    reason_to_move,
    reason_to_stop,
    when_due,
)
from newsletter.schedule.rules import Due, Times, closes_at, decide_due, starts_at, times_of
from newsletter.schedule.state import PENDING, MailingState, move

#: How the reason of a mailing begins whose entry was taken out of the plan; `PendingMailing.dropped` is told by it.
DROPPED: Final = "it was taken out of the plan of the series"


@dataclass(frozen=True, kw_only=True)
class PendingMailing:
    """A mailing of an event, as far as its schedule goes; moments in UTC."""

    name: str
    state: MailingState
    due_at: datetime | None = None
    closes_at: datetime | None = None
    fixed: bool = False  #: a person chose `due_at`; the rule of the plan no longer does
    planned: PlannedMailing | None = None  #: the entry of the plan that it was made from; None: made by hand
    partly_sent: bool = False  #: at least one letter has left, whatever the state is now
    dropped: bool = False  #: it is cancelled or held for the reason `DROPPED`, not by a person
    paused: bool = False  #: it is held, but was only stopped on its way: it may go on as it was (`state.is_paused`)

    def is_known(self) -> bool:
        """Whether recipients have read, or are about to read, what it says about the event."""
        return self.partly_sent or self.state in (MailingState.SENDING, MailingState.SENT)


class ChangeKind(StrEnum):
    CREATE = "create"  #: a draft for a new entry of the plan
    MOVE = "move"  #: other times, and a draft again where it was missed or dropped
    HOLD = "hold"  #: it waits for a person, or waits for another reason now; its times may be other ones as well
    DROP = "drop"  #: its entry is no longer in the plan


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a mailing becomes; moments in UTC."""

    name: str
    kind: ChangeKind
    state: MailingState
    due_at: datetime | None
    closes_at: datetime | None
    reason: str  #: one sentence for the log, and the reason that a held mailing shows


def replan(before: Event | None, after: Event, mailings: Sequence[PendingMailing], now: datetime) -> tuple[Change, ...]:
    """What becomes of the mailings of an event that was `before` (None: it is new) and is `after`.

    Only real changes, in the order of `mailings`, then of the plan. Once they are applied, the same call gives none.
    """
    plan = {entry.name: entry for entry in after.series.plan}
    known = next((mailing.name for mailing in mailings if mailing.is_known()), "")
    names = {mailing.name for mailing in mailings}
    changes = [
        _replan_one(before, after, mailing, plan.get(mailing.name), known, now)
        for mailing in mailings
        if mailing.state in (*PENDING, MailingState.SENDING) or _is_dropped(mailing)
    ]
    created = [_create(after, entry) for entry in plan.values() if entry.name not in names]
    return (*(change for change in changes if change is not None), *created)


def _create(event: Event, entry: PlannedMailing) -> Change:
    times = times_of(event, entry)
    return Change(
        name=entry.name,
        kind=ChangeKind.CREATE,
        state=MailingState.DRAFT,
        due_at=times.due_at,
        closes_at=times.closes_at,
        reason=f"planned by the series, {when_due(times, event.series.zone)}",
    )


def _replan_one(
    before: Event | None,
    after: Event,
    mailing: PendingMailing,
    entry: PlannedMailing | None,
    known: str,
    now: datetime,
) -> Change | None:
    new = _new_times(after, mailing, entry or mailing.planned)
    if mailing.state is MailingState.SENDING or mailing.paused:
        if stop := reason_to_stop(before, after):
            return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, stop)
        if mailing.state is MailingState.SENDING:
            return None
    if entry is None and mailing.planned is not None:
        return _replan_without_entry(before, after, mailing, mailing.planned, known, now)
    if entry is not None and mailing.dropped:
        back = f"it is back in the plan of the series, {when_due(new, after.series.zone)}"
        if mailing.state is MailingState.HELD:
            return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, f"{back}; {LOOK}")
        if mailing.state is MailingState.CANCELLED:
            return _change(mailing, ChangeKind.MOVE, MailingState.DRAFT, new, back)
    if mailing.state is MailingState.SCHEDULED and (
        hold := _reason_to_hold(before, after, mailing, entry, new, known, now)
        or not_what_was_confirmed(before, after, mailing.planned, entry)
    ):
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, hold)
    return _follow(before, after, mailing, entry, new, known, now)


def _replan_without_entry(
    before: Event | None, after: Event, mailing: PendingMailing, planned: PlannedMailing, known: str, now: datetime
) -> Change | None:
    """A mailing that the plan no longer names; what a person decided about it later is left as it is."""
    old, new = _times(mailing), _new_times(after, mailing, planned)
    taken_out = f"{DROPPED}; schedule it again if it should be sent after all"
    if mailing.state in (MailingState.DRAFT, MailingState.MISSED):
        return _change(mailing, ChangeKind.DROP, MailingState.CANCELLED, old, taken_out)
    if mailing.state is MailingState.HELD and new != old:
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, taken_out)
    if mailing.state is not MailingState.SCHEDULED:
        return None
    if before is not None and any(entry.name == mailing.name for entry in before.series.plan):
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, taken_out)
    if hold := _reason_to_hold(before, after, mailing, planned, new, known, now):
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, hold)
    return _follow(before, after, mailing, planned, new, known, now)


def _follow(
    before: Event | None,
    after: Event,
    mailing: PendingMailing,
    entry: PlannedMailing | None,
    new: Times,
    known: str,
    now: datetime,
) -> Change | None:
    """The new times of a mailing, if they are others."""
    old = _times(mailing)
    if new == old:
        return None
    reason = reason_to_move(before, after, old, new)
    if mailing.state is MailingState.HELD:
        off = "the event was cancelled, and " if after.status is EventStatus.CANCELLED else ""
        renewed = _reason_to_hold(before, after, mailing, entry, new, known, now) or f"{off}{reason}; {LOOK}"
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, renewed)
    lies_ahead = decide_due(new.due_at, new.closes_at, now) is Due.WAIT
    missed_no_more = mailing.state is MailingState.MISSED and lies_ahead
    state = MailingState.DRAFT if missed_no_more else mailing.state
    return _change(mailing, ChangeKind.MOVE, state, new, reason)


def _reason_to_hold(
    before: Event | None,
    after: Event,
    mailing: PendingMailing,
    entry: PlannedMailing | None,
    new: Times,
    known: str,
    now: datetime,
) -> str:
    planned = None if mailing.planned is None else entry or mailing.planned
    fixed = mailing.fixed or mailing.planned is None
    old = _times(mailing)
    return reason_to_hold(before, after, planned, fixed=fixed, old=old, new=new, known=known, now=now)


def _is_dropped(mailing: PendingMailing) -> bool:
    return mailing.dropped and mailing.state is MailingState.CANCELLED


def _times(mailing: PendingMailing) -> Times:
    return Times(due_at=mailing.due_at, closes_at=mailing.closes_at)


def _change(mailing: PendingMailing, kind: ChangeKind, state: MailingState, times: Times, reason: str) -> Change:
    return Change(
        name=mailing.name,
        kind=kind,
        state=state if state is mailing.state else move(mailing.state, state, mailing.name),
        due_at=times.due_at,
        closes_at=times.closes_at,
        reason=reason,
    )


def _new_times(event: Event, mailing: PendingMailing, entry: PlannedMailing | None) -> Times:
    due, closes = mailing.due_at, mailing.closes_at
    if entry is not None and mailing.planned is not None:
        return times_of(event, entry, fixed=due if mailing.fixed else None)
    if due is None:
        return Times()
    # Made by hand: its own window is all that is known of it, and it can only get shorter.
    return Times(due_at=due, closes_at=closes_at(due, (closes or due + DEFAULT_WINDOW) - due, None, starts_at(event)))
