"""Stage 6: until when somebody is away, as an automatic reply says it.

In: its words, and the day it was sent. Out: the last day of the absence, as far as it is told. Pure.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from newsletter.inbound.telling.phrases import expressions, pattern

#: Characters in which a date is looked for, and days after the message that a date without a year may lie.
LOOKED_AT, AHEAD = 3000, 400
#: A date that lies this many days before the message belongs to the year after.
_BEHIND: Final = 14

_MONTHS: Final = [re.compile(one, re.I) for one in expressions("automatic", "months")]
_MONTH: Final = "|".join(expressions("automatic", "months"))
_BETWEEN: Final = rf"(?:(?:{'|'.join(expressions('automatic', 'between'))})[\s,]{{1,3}}){{0,3}}"
_DAY: Final = r"(?<!\d)(\d{1,2})(?:\s?(?:st|nd|rd|th|er|e|de|ste)\b|\.)?"
_DATE: Final = (
    rf"(?:(?P<iso>\d{{4}}-\d\d-\d\d)|(?P<d>{_DAY}\s{{1,2}}(?:of )?(?P<m>{_MONTH})\b\.?(?:,?\s(?P<y>(?:19|20)\d\d)\b)?)"
    rf"|(?P<us>(?P<um>{_MONTH})\b\.?\s{_DAY}(?:,?\s(?P<uy>(?:19|20)\d\d)\b)?)"
    r"|(?P<n>(?<!\d)(?P<a>\d{1,2})(?P<mark>[-./])\s?(?P<b>\d{1,2})(?:[-./]\s?(?P<ny>(?:20)?\d\d)(?!\d))?))"
)
_UNTIL: Final = pattern("automatic", "until", before=r"\b(?:", after=rf")\s{{1,3}}{_BETWEEN}{_DATE}")
_BACK: Final = pattern("automatic", "back", before=r"\b(?:", after=rf"):?\s{{1,3}}{_BETWEEN}{_DATE}")
_AGAIN: Final = re.compile(
    rf"\b(?:{'|'.join(expressions('automatic', 'from'))})\s{{1,3}}{_BETWEEN}{_DATE}"
    rf"[^.!?\n]{{0,30}}?\b(?:{'|'.join(expressions('automatic', 'again'))})",
    re.I,
)
_SPACE: Final = re.compile(r"[ \t\n\u00a0]+")


def sent_on(field: str) -> date | None:
    """The day of a Date field; None where it cannot be read."""
    try:
        return parsedate_to_datetime(field[:100]).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def until(text: str, sent: date | None) -> str:
    """The last day of an absence, "2026-12-03"; empty where none is told.

    A date without a year needs the day of sending.
    """
    text = _SPACE.sub(" ", text[:LOOKED_AT]).replace("’", "'")
    for found, days in _told(text):
        last = _day(found, sent)
        if last is not None and (sent is None or 0 <= (last - sent).days + _BEHIND <= AHEAD + _BEHIND):
            return (last - timedelta(days=days)).isoformat()
    return ""


def _told(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Dates in the order in which they are trusted, with how many days before them the absence ends."""
    for found in _AGAIN.finditer(text):
        yield found, 1
    for found in _UNTIL.finditer(text):
        yield found, 0
    for found in _BACK.finditer(text):
        yield found, 1


def _day(found: re.Match[str], sent: date | None) -> date | None:
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        if found["n"]:
            return _of_numbers(found, sent)
        month, year = (found["m"], found["y"]) if found["d"] else (found["um"], found["uy"])
        day = re.search(r"\d{1,2}", found["d"] or found["us"])
        number = next(at for at, one in enumerate(_MONTHS, 1) if one.fullmatch(month))
        return _in_year(number, int(day[0]) if day else 0, int(year) if year else 0, sent)
    except (ValueError, StopIteration):
        return None


def _of_numbers(found: re.Match[str], sent: date | None) -> date | None:
    """The day stands first in Europe, the month in America: where both can be, the one that is near counts."""
    first, second = int(found["a"]), int(found["b"])
    year = int(found["ny"]) % 100 + 2000 if found["ny"] else 0
    if found["mark"] == "." and not found["ny"] and second > 12:
        return None  # a time
    days = []
    for day, month in ((first, second), (second, first)):
        if 1 <= month <= 12 and 1 <= day <= 31 and (told := _in_year(month, day, year, sent)):
            days.append(told)
    if len(days) == 2 and found["mark"] == "/" and sent is not None:
        ahead = [one for one in days if one >= sent]
        return ahead[0] if len(ahead) == 1 else days[0]
    return days[0] if days else None


def _in_year(month: int, day: int, year: int, sent: date | None) -> date | None:
    if year:
        return date(year, month, day)
    if sent is None:
        return None
    told = date(sent.year, month, day)
    return told if (sent - told).days <= _BEHIND else date(sent.year + 1, month, day)
