"""When: what happens to the mailings of an event when the event, or the plan of its series, changes.

In: the event before and after, its mailings, and now. Out: changes, each with a sentence for the log; the caller
stores them together with the event, in one transaction. Sending and sent mailings never change, nor does what a
person cancelled.

Four kinds of change, and when they happen:

- create: the plan has an entry without a mailing; it becomes a draft, however far its time lies in the past, so that
  importing or cloning an old event sends nothing.
- move: the times of a pending mailing follow the event, its zone and the plan. A missed one whose new time lies
  ahead becomes a draft; so does one that was dropped and whose entry is back in the plan.
- hold: a scheduled mailing waits for a person where it must not go out by itself: the event was cancelled, or takes
  place after all (what is scheduled then may be the notice of its cancellation); people have read another time;
  its new time has passed already, or its window never opens; its entry was taken out of the plan. Drafts wait for a
  person anyway, so they are not held; and whatever is held stays so until a person acts, also when the change is
  taken back. Where its times move, its reason is renewed, so that it names the newest.
- drop: the entry of a draft or a missed mailing was taken out of the plan; the mailing is cancelled. Every document
  of an event holds the plan of the whole series, so an old one takes entries out that others still want; nothing of
  this is for good: the entry brings its mailing back. What a person schedules after that stays scheduled.

A mailing whose time a person fixed keeps that time. It is held if it is no longer on the same side of the event's start
(a fixed reminder that the event has overtaken, a fixed report of an event that was put off), or if the event lost
its date. An event that loses its date takes the times of all others with it; they stay in their state and get new times
with the next date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from newsletter.events.event import Event, EventStatus
from newsletter.events.plan import DEFAULT_WINDOW, PlannedMailing
from newsletter.schedule.rules import Due, Times, closes_at, decide_due, starts_at, times_of
from newsletter.schedule.state import PENDING, MailingState, move

#: How the reason of a mailing begins whose entry was taken out of the plan; `PendingMailing.dropped` is told by it.
DROPPED: Final = "it was taken out of the plan of the series"
_LOOK = "look at the letter and schedule it again"


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
        if mailing.state in PENDING or _is_dropped(mailing)
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
        reason=f"planned by the series, {_when_due(times, event.series.zone)}",
    )


def _replan_one(
    before: Event | None,
    after: Event,
    mailing: PendingMailing,
    entry: PlannedMailing | None,
    known: str,
    now: datetime,
) -> Change | None:
    if entry is None and mailing.planned is not None:
        return _replan_without_entry(before, after, mailing, mailing.planned, known, now)
    old, new = _times(mailing), _new_times(after, mailing, entry)
    if entry is not None and mailing.dropped:
        back = f"it is back in the plan of the series, {_when_due(new, after.series.zone)}"
        if mailing.state is MailingState.HELD:
            return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, f"{back}; {_LOOK}")
        if mailing.state is MailingState.CANCELLED:
            return _change(mailing, ChangeKind.MOVE, MailingState.DRAFT, new, back)
    if mailing.state is MailingState.SCHEDULED and (
        hold := _reason_to_hold(before, after, mailing, old, new, known, now)
        or _not_what_was_confirmed(before, after, mailing, entry)
    ):
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, hold)
    return _follow(before, after, mailing, new, known, now)


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
    if hold := _reason_to_hold(before, after, mailing, old, new, known, now):
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, hold)
    return _follow(before, after, mailing, new, known, now)


def _follow(
    before: Event | None, after: Event, mailing: PendingMailing, new: Times, known: str, now: datetime
) -> Change | None:
    """The new times of a mailing, if they are others."""
    old = _times(mailing)
    if new == old:
        return None
    reason = _reason_to_move(before, after, old, new)
    if mailing.state is MailingState.HELD:
        off = "the event was cancelled, and " if after.status is EventStatus.CANCELLED else ""
        renewed = _reason_to_hold(before, after, mailing, old, new, known, now) or f"{off}{reason}; {_LOOK}"
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, renewed)
    lies_ahead = decide_due(new.due_at, new.closes_at, now) is Due.WAIT
    missed_no_more = mailing.state is MailingState.MISSED and lies_ahead
    state = MailingState.DRAFT if missed_no_more else mailing.state
    return _change(mailing, ChangeKind.MOVE, state, new, reason)


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


def _reason_to_hold(
    before: Event | None, after: Event, mailing: PendingMailing, old: Times, new: Times, known: str, now: datetime
) -> str:
    """Why a scheduled mailing must wait for a person, or nothing."""
    zone, fixed = after.series.zone, mailing.fixed or mailing.planned is None
    if before is None or before.status is not after.status:
        if after.status is EventStatus.CANCELLED:
            return f"the event was cancelled; {_LOOK} if it should be sent all the same"
        if before is not None:
            return f"the event takes place after all; {_LOOK}"
    if known and before is not None and _contradicts(before, after):
        return f"{_event_change(before, after)}, after “{known}” had been sent; {_LOOK}"
    if fixed and before is not None and new.due_at is not None and _overtaken(before, after, new.due_at):
        time = _wall(new.due_at, zone)
        return f"{_event_change(before, after)}, and its fixed time {time} no longer fits; choose another time"
    if new.due_at is not None and new.never_opens():
        because = f", because {_cause(before, after)}" if new != old else ""
        return f"its time {_wall(new.due_at, zone)} comes after the event has begun{because}; choose another time"
    if new.due_at is not None and new != old and decide_due(new.due_at, new.closes_at, now) is not Due.WAIT:
        passed = f"its time {_wall(new.due_at, zone)} has already passed"
        return f"{passed}, because {_cause(before, after)}; {_LOOK}"
    return ""


def _not_what_was_confirmed(
    before: Event | None, after: Event, mailing: PendingMailing, entry: PlannedMailing | None
) -> str:
    """Whether the plan now names another template or other lists than a person agreed to, in a sentence."""
    if mailing.planned is None or entry is None:
        return ""
    if mailing.planned.template != entry.template:
        template = f"its template is now “{entry.template}” instead of “{mailing.planned.template}”"
        return f"{template}; {_LOOK}"
    was = mailing.planned.lists or (before or after).series.lists
    becomes = entry.lists or after.series.lists
    if set(was) != set(becomes):
        lists = f"it now goes to {', '.join(becomes)} instead of {', '.join(was)}"
        return f"{lists}; look at the number of recipients and schedule it again"
    return ""


def _contradicts(before: Event, after: Event) -> bool:
    """Whether `after` has other times than people could read before; a first date, or a first end, is none."""
    if before.start is None:
        return False
    if (before.start, before.series.timezone) != (after.start, after.series.timezone):
        return True
    return before.end is not None and before.end != after.end


def _overtaken(before: Event, after: Event, fixed: datetime) -> bool:
    """Whether a fixed time is no longer on the same side of the event's start."""
    was, becomes = starts_at(before), starts_at(after)
    if was is None:
        return False
    return becomes is None or (fixed < was) != (fixed < becomes)


def _reason_to_move(before: Event | None, after: Event, old: Times, new: Times) -> str:
    zone, cause = after.series.zone, _cause(before, after)
    if new.due_at is None:
        return f"it has no time until the event has a date, because {cause}"
    what, becomes, was = "is now due", new.due_at, old.due_at
    if new.due_at == old.due_at and new.closes_at is not None:
        what, becomes, was = "now closes", new.closes_at, old.closes_at
    instead = f" instead of {_wall(was, zone)}" if was is not None else ""
    return f"it {what} {_wall(becomes, zone)}{instead}, because {cause}"


def _cause(before: Event | None, after: Event) -> str:
    if before is not None and _span(before) != _span(after):
        return _event_change(before, after)
    return "the plan of the series was changed"


def _event_change(before: Event, after: Event) -> str:
    if before.start is None:
        return f"the event now has a date, {_span(after)}"
    if after.start is None:
        return f"the event has lost its date, {_span(before)}"
    return f"the event was moved from {_span(before)} to {_span(after)}"


def _span(event: Event) -> str:
    """The times of an event as a person reads them: "2026-06-11 13:00–17:00 Europe/Amsterdam"."""
    if event.start is None:
        return "no date"
    end = ""
    if event.end is not None:
        same_day = event.end.date() == event.start.date()
        end = f"–{event.end:%H:%M}" if same_day else f" – {event.end:%Y-%m-%d %H:%M}"
    return f"{event.start:%Y-%m-%d %H:%M}{end} {event.series.timezone}"


def _when_due(times: Times, zone: ZoneInfo) -> str:
    return f"due {_wall(times.due_at, zone)}" if times.due_at else "waiting for a date"


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
