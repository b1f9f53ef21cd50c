"""When: what happens to the mailings of an event when the event, or the plan of its series, changes.

In: the event before and after, its mailings, and now. Out: changes, each with a sentence for the log; the caller
stores them together with the event, in one transaction. Sending, sent and cancelled mailings never change.

Four kinds of change, and when they happen:

- create: the plan has an entry without a mailing; it becomes a draft, however far its time lies in the past, so that
  importing or cloning an old event sends nothing.
- move: the times of a pending mailing follow the event, its zone and the plan. A missed one whose new time lies
  ahead becomes a draft.
- hold: a scheduled mailing waits for a person where it must not go out by itself: the event was cancelled, or takes
  place after all (what is scheduled then may be the notice of its cancellation); people have read another time;
  its new time has passed already. Drafts wait for a person anyway, so they are not held; and whatever is held stays
  so until a person acts, also when the change is taken back.
- drop: the entry of a pending mailing was taken out of the plan; the mailing is cancelled.

A mailing whose time a person fixed keeps that time. It is held if it is no longer on the same side of the event's start
(a fixed reminder that the event has overtaken, a fixed report of an event that was put off), or if the event lost
its date. An event that loses its date takes the times of all others with it; they stay in their state and get new times
with the next date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.events.event import Event, EventStatus
from newsletter.events.plan import DEFAULT_WINDOW, PlannedMailing
from newsletter.schedule.rules import Due, Times, closes_at, decide_due, starts_at, times_of
from newsletter.schedule.state import PENDING, MailingState, move


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

    def is_known(self) -> bool:
        """Whether recipients have read, or are about to read, what it says about the event."""
        return self.partly_sent or self.state in (MailingState.SENDING, MailingState.SENT)


class ChangeKind(StrEnum):
    CREATE = "create"  #: a draft for a new entry of the plan
    MOVE = "move"  #: other times
    HOLD = "hold"  #: it waits for a person; its times may be other ones as well
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
        if mailing.state in PENDING
    ]
    created = [_create(after, entry) for entry in plan.values() if entry.name not in names]
    return (*(change for change in changes if change is not None), *created)


def _create(event: Event, entry: PlannedMailing) -> Change:
    times = times_of(event, entry)
    when = f"due {_wall(times.due_at, event.series.zone)}" if times.due_at else "waiting for a date"
    return Change(
        name=entry.name,
        kind=ChangeKind.CREATE,
        state=MailingState.DRAFT,
        due_at=times.due_at,
        closes_at=times.closes_at,
        reason=f"planned by the series, {when}",
    )


def _replan_one(
    before: Event | None,
    after: Event,
    mailing: PendingMailing,
    entry: PlannedMailing | None,
    known: str,
    now: datetime,
) -> Change | None:
    old = Times(due_at=mailing.due_at, closes_at=mailing.closes_at)
    if mailing.planned is not None and entry is None:
        reason = "it was taken out of the plan of the series; schedule it again if it should be sent after all"
        return _change(mailing, ChangeKind.DROP, MailingState.CANCELLED, old, reason)
    new = _new_times(after, mailing, entry)
    if mailing.state is MailingState.SCHEDULED and (
        hold := _reason_to_hold(before, after, old, new, mailing.fixed or mailing.planned is None, known, now)
        or _not_what_was_confirmed(before, after, mailing, entry)
    ):
        return _change(mailing, ChangeKind.HOLD, MailingState.HELD, new, hold)
    if new == old:
        return None
    lies_ahead = decide_due(new.due_at, new.closes_at, now) is Due.WAIT
    missed_no_more = mailing.state is MailingState.MISSED and lies_ahead
    state = MailingState.DRAFT if missed_no_more else mailing.state
    return _change(mailing, ChangeKind.MOVE, state, new, _reason_to_move(before, after, old, new))


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
    before: Event | None, after: Event, old: Times, new: Times, fixed: bool, known: str, now: datetime
) -> str:
    """Why a scheduled mailing must wait for a person, or nothing."""
    again = "look at the letter and schedule it again"
    if before is None or before.status is not after.status:
        if after.status is EventStatus.CANCELLED:
            return f"the event was cancelled; {again} if it should be sent all the same"
        if before is not None:
            return f"the event takes place after all; {again}"
    if known and before is not None and _contradicts(before, after):
        return f"{_event_change(before, after)}, after “{known}” had been sent; {again}"
    if fixed and before is not None and new.due_at is not None and _overtaken(before, after, new.due_at):
        time = _wall(new.due_at, after.series.zone)
        return f"{_event_change(before, after)}, and its fixed time {time} no longer fits; choose another time"
    if new != old and decide_due(new.due_at, new.closes_at, now) in (Due.FIRE, Due.MISSED):
        ahead = new.due_at is not None and now < new.due_at
        passed = "comes after the event has begun" if ahead else "has already passed"
        return f"its time {_wall(new.due_at, after.series.zone)} {passed}, because {_cause(before, after)}; {again}"
    return ""


def _not_what_was_confirmed(
    before: Event | None, after: Event, mailing: PendingMailing, entry: PlannedMailing | None
) -> str:
    """Whether the plan now names another template or other lists than a person agreed to, in a sentence."""
    if mailing.planned is None or entry is None:
        return ""
    if mailing.planned.template != entry.template:
        template = f"its template is now “{entry.template}” instead of “{mailing.planned.template}”"
        return f"{template}; look at the letter and schedule it again"
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
    zone = after.series.zone
    if new.due_at == old.due_at:
        closes = f"it now closes {_wall(new.closes_at, zone)} instead of {_wall(old.closes_at, zone)}"
        return f"{closes}, because {_cause(before, after)}"
    return (
        f"it is now due {_wall(new.due_at, zone)} instead of {_wall(old.due_at, zone)}, because {_cause(before, after)}"
    )


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


def _wall(moment: datetime | None, zone: ZoneInfo) -> str:
    return "at no time yet" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
