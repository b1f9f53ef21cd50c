"""The command line: days and moments, written as in event documents.

In: what was typed. Out: a day, or a moment in UTC; what cannot be read is one sentence.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from newsletter.errors import RuleError
from newsletter.events.dates import parse_date, parse_moment
from newsletter.events.notes import Mistake
from newsletter.schedule.rules import to_instant

T = TypeVar("T")


def read_day(text: str) -> date:
    """A day.

    Raises:
        RuleError: it cannot be read.
    """
    return _read(parse_date, text)


def read_moment(text: str, zone: str, now: datetime) -> datetime:
    """A wall-clock time of the series, or “now”.

    Raises:
        RuleError: it cannot be read.
    """
    if text == "now":
        return now
    with suppress(ValueError):  # programs write seconds
        return to_instant(datetime.strptime(text, "%Y-%m-%d %H:%M:%S"), ZoneInfo(zone))
    return to_instant(_read(parse_moment, text), ZoneInfo(zone))


def _read(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except Mistake as mistake:
        raise RuleError(f"{mistake.what}; {mistake.fix}") from None
