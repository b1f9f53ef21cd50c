"""When: the moment at which a mailing is due, and until when it may still go out by itself.

In: a rule of the plan, the event's wall-clock times and the zone of the series. Out: moments in UTC.
Nothing here reads a clock: `now` is an argument.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.errors import RuleError
from newsletter.events.event import Event
from newsletter.events.plan import Anchor, PlannedMailing, Rule, Unit
from newsletter.schedule.working_days import NETHERLANDS, Calendar, shift_working_days


class Due(StrEnum):
    """What is to be done with a mailing now."""

    UNDATED = "undated"  #: it has no time, or no end of its window: nothing is done
    WAIT = "wait"  #: it is not due yet
    FIRE = "fire"  #: it is due, and its window is open
    MISSED = "missed"  #: its window has closed: a person decides


@dataclass(frozen=True, kw_only=True)
class Times:
    """When a mailing is due and when its window closes, both in UTC; None while the event has no date."""

    due_at: datetime | None = None
    closes_at: datetime | None = None

    def never_opens(self) -> bool:
        """Whether the window closes before it opens, so that no moment is left at which it goes out by itself."""
        return self.due_at is not None and self.closes_at is not None and self.closes_at <= self.due_at


def to_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which clocks in `zone` show `wall` (without offset; ValueError otherwise).

    Where the clock jumps forward over `wall`, it is moved forward by the length of the jump: 02:30 on 2026-03-29 in
    Amsterdam becomes 03:30 CEST, 01:30 UTC. Where the clock shows `wall` twice, the first time is meant: 02:30 on
    2026-10-25 is 00:30 UTC. So every wall time is exactly one moment: nobody expects a letter twice, or never,
    because the clock changes.

    `fold=0` of PEP 495 means both at once: it reads the wall time with the offset from before the change.
    """
    if wall.tzinfo is not None:
        raise ValueError(f"{wall.isoformat()} has an offset already; give the wall-clock time without one")
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def due_at(
    rule: Rule,
    start: datetime | None,
    end: datetime | None,
    zone: ZoneInfo,
    calendar: Calendar = NETHERLANDS,
) -> datetime | None:
    """When a mailing by `rule` is due, in UTC, for an event from `start` to `end` (wall clock in `zone`).

    None while the event has no start. The anchor END counts from the date on which the event ends; an event without
    a known end ends on the day that it starts. Days and weeks are days of the calendar, not spans of 24 hours, and
    may land on a weekend or a holiday: that is what was asked. RuleError if the day lies outside the years 1–9999.
    """
    if start is None:
        return None
    anchor = start if rule.anchor is Anchor.START or end is None else end
    try:
        return to_instant(datetime.combine(_shift(anchor.date(), rule, calendar), rule.at), zone)
    except OverflowError as error:
        raise RuleError(
            f"{rule.amount} {rule.unit} from {anchor.date()} is not a date any more; use a smaller number"
        ) from error


def _shift(day: date, rule: Rule, calendar: Calendar) -> date:
    if rule.unit is Unit.WORKING_DAYS:
        return shift_working_days(day, rule.amount, calendar)
    return day + (timedelta(weeks=rule.amount) if rule.unit is Unit.WEEKS else timedelta(days=rule.amount))


def closes_at(due: datetime, window: timedelta, rule: Rule | None, start: datetime | None) -> datetime:
    """When the window of a mailing that is due at `due` closes; all moments in UTC, `start` is the event's.

    A mailing that is planned before the start is never sent once the event has begun: its window closes at the start
    at the latest. It is planned before the start if it is due before it, or if its rule says so (None: no rule, a
    person chose the time). The second matters where a person chose a time after the start for a reminder: its
    window then closes before it opens, and the reminder of something that has begun is not sent.
    """
    last = due + window
    if start is None:
        return last
    rule_says_before = rule is not None and rule.anchor is Anchor.START and rule.amount < 0
    return min(last, start) if rule_says_before or due < start else last


def decide_due(due_at: datetime | None, closes_at: datetime | None, now: datetime) -> Due:
    """What is to be done at `now`: the window is half-open, from `due_at` (fires) to `closes_at` (missed).

    So a window of length zero never opens: such a mailing is missed as soon as it is due, and only a person sends
    it. All moments are aware (TypeError otherwise).
    """
    if due_at is None or closes_at is None:
        return Due.UNDATED
    if now >= closes_at:
        return Due.MISSED
    return Due.FIRE if now >= due_at else Due.WAIT


def starts_at(event: Event) -> datetime | None:
    """The moment, in UTC, at which an event begins; None while it has no date."""
    return None if event.start is None else to_instant(event.start, event.series.zone)


def times_of(event: Event, planned: PlannedMailing, fixed: datetime | None = None) -> Times:
    """When a planned mailing of an event is due and closes: by its rule, or at the time `fixed` by a person (UTC)."""
    due = fixed or due_at(planned.when, event.start, event.end, event.series.zone)
    if due is None:
        return Times()
    return Times(due_at=due, closes_at=closes_at(due, planned.window, planned.when, starts_at(event)))
