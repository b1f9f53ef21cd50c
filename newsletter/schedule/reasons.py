"""When: why a mailing moves or must wait for a person after its event, or its plan, has changed: the sentences.

In: the event before and after, and the times of a mailing. Out: one sentence, or nothing where there is no reason.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from newsletter.events.event import Event, EventStatus
from newsletter.events.plan import Anchor, PlannedMailing, Rule, who
from newsletter.schedule.rules import Due, Times, decide_due, starts_at

LOOK: Final = "look at the letter and schedule it again"


def reason_to_hold(
    before: Event | None,
    after: Event,
    planned: PlannedMailing | None,
    *,
    fixed: bool,
    old: Times,
    new: Times,
    known: str,
    now: datetime,
) -> str:
    """Why a scheduled mailing must wait for a person, or nothing.

    `planned` is its entry of the plan (None: made by hand), `fixed` whether a person chose its time, `known` the name
    of a mailing that people have read already.
    """
    zone = after.series.zone
    if before is None or before.status is not after.status:
        if after.status is EventStatus.CANCELLED:
            return f"the event was cancelled; {LOOK} if it should be sent all the same"
        if before is not None:
            return f"the event takes place after all; {LOOK}"
    if known and before is not None and contradicts(before, after):
        return f"{_event_change(before, after)}, after “{known}” had been sent; {LOOK}"
    if fixed and before is not None and new.due_at is not None and _overtaken(before, after, planned, new.due_at):
        time = _wall(new.due_at, zone)
        return f"{_event_change(before, after)}, and its fixed time {time} no longer fits; choose another time"
    if new.due_at is not None and new.never_opens():
        because = f", because {_cause(before, after)}" if new != old else ""
        return f"its time {_wall(new.due_at, zone)} comes after the event has begun{because}; choose another time"
    if new.due_at is not None and new != old and decide_due(new.due_at, new.closes_at, now) is not Due.WAIT:
        passed = f"its time {_wall(new.due_at, zone)} has already passed"
        return f"{passed}, because {_cause(before, after)}; {LOOK}"
    return ""


def reason_to_stop(before: Event | None, after: Event) -> str:
    """Why a mailing that is on its way must not go on as it is, or nothing: its letter says what is no longer so."""
    if before is None:
        return ""
    others = "look at the letter and schedule it again for those who have not got it, or cancel it"
    if before.status is not after.status:
        what = "was cancelled" if after.status is EventStatus.CANCELLED else "takes place after all"
        return f"the event {what} while it was being sent; {others}"
    if contradicts(before, after):
        return f"{_event_change(before, after)} while it was being sent; {others}"
    return ""


def not_what_was_confirmed(
    before: Event | None, after: Event, planned: PlannedMailing | None, entry: PlannedMailing | None
) -> str:
    """Whether the plan now names another template, or other people, than somebody agreed to, in a sentence."""
    if planned is None or entry is None:
        return ""
    if planned.template != entry.template:
        template = f"its template is now “{entry.template}” instead of “{planned.template}”"
        return f"{template}; {LOOK}"
    was = planned.lists or (before or after).series.lists
    becomes = entry.lists or after.series.lists
    if set(was) != set(becomes):
        lists = f"it now goes to {', '.join(becomes)} instead of {', '.join(was)}"
        return f"{lists}; look at the number of recipients and schedule it again"
    if planned.audience != entry.audience:
        people = f"it now goes to {who(entry.audience)} instead of {who(planned.audience)}"
        return f"{people}; look at the number of recipients and schedule it again"
    return ""


def contradicts(before: Event, after: Event) -> bool:
    """Whether `after` has other times than people could read before; a first date, or a first end, is none."""
    if before.start is None:
        return False
    if (before.start, before.series.timezone) != (after.start, after.series.timezone):
        return True
    return before.end is not None and before.end != after.end


def _overtaken(before: Event, after: Event, planned: PlannedMailing | None, fixed: datetime) -> bool:
    """Whether a fixed time is not on the same side of the event's start any more, or on the wrong side of its first."""
    was, becomes = starts_at(before), starts_at(after)
    if was is None:
        tells_afterwards = planned is not None and _is_after(planned.when)
        return tells_afterwards and becomes is not None and fixed < becomes
    return becomes is None or (fixed < was) != (fixed < becomes)


def _is_after(rule: Rule) -> bool:
    """Whether a rule says that a mailing is about an event that has taken place."""
    return rule.amount > 0 or (rule.anchor is Anchor.END and rule.amount == 0)


def reason_to_move(before: Event | None, after: Event, old: Times, new: Times) -> str:
    """Why a mailing has other times now."""
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


def when_due(times: Times, zone: ZoneInfo) -> str:
    """When a mailing goes out, in words."""
    return f"due {_wall(times.due_at, zone)}" if times.due_at else "waiting for a date"


def _wall(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
