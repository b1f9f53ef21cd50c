"""Stage 6: how long a question has waited, as an office counts.

In: days. Out: working days. Pure. The day of the question does not count: asked on Friday afternoon and answered on
Monday is one working day.
"""

from datetime import date, timedelta

from newsletter.schedule.working_days import NETHERLANDS, Calendar


def working_days(since: date, until: date, calendar: Calendar = NETHERLANDS) -> int:
    """The working days after `since`, up to and with `until`."""
    day, count = since + timedelta(days=1), 0
    while day <= until:
        count += calendar.is_working_day(day)
        day += timedelta(days=1)
    return count


def is_late(since: date, until: date, patience: int, calendar: Calendar = NETHERLANDS) -> bool:
    """Whether more working days have passed than an answer may take."""
    return working_days(since, until, calendar) > patience
