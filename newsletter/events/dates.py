"""Stage 1: dates and times as people write them, Dutch or English.

In: "donderdag 13 juni 2019 12:00", "Thursday 13 June 2019, 12.00", "13-06-2019", "13/6/2019 16u30", "2019-06-13 12:00".
Out: dates and wall-clock times without offset, and back again. A weekday may be left out; one that is written must fit
the date. In numbers the day comes first, as Dutch and British people write it, unless the year does.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date as format_with_babel
from babel.dates import get_day_names, get_month_names

from newsletter.events.notes import Mistake

_LANGUAGES = ("nl", "en")
_WIDTHS: tuple[Literal["wide", "abbreviated"], ...] = ("wide", "abbreviated")
_MONTHS: dict[str, int] = {
    name.lower(): number
    for language in _LANGUAGES
    for width in _WIDTHS
    for number, name in get_month_names(width, locale=language).items()
} | {"sept": 9}
_WEEKDAYS: dict[str, tuple[int, str]] = {
    name.lower(): (number, language)
    for language in _LANGUAGES
    for width in _WIDTHS
    for number, name in get_day_names(width, locale=language).items()
}
FIRST_YEAR, LAST_YEAR = 1900, 2199


def _any_of(names: dict[str, int] | dict[str, tuple[int, str]]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


WEEKDAY = rf"(?P<weekday>{_any_of(_WEEKDAYS)})\b\.?,?\s+(?:de\s+|the\s+)?"
#: A day without year, and the two numeric forms that have one.
DAY_AND_MONTH = rf"(?P<day>[0-9]{{1,2}})(?:e|st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_any_of(_MONTHS)})\b\.?"
NUMERIC = (
    r"(?P<iso>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?![0-9])|"
    r"(?P<numbers>[0-9]{1,2}-[0-9]{1,2}-[0-9]{4})(?![0-9])"
)
_SLASHED = r"(?P<slashed>[0-9]{1,2}/[0-9]{1,2}/[0-9]{4})(?![0-9])"
_DATE = rf"(?:{WEEKDAY})?(?:{NUMERIC}|{_SLASHED}|{DAY_AND_MONTH},?\s+(?P<year>[0-9]{{4}}))"
_HOURS = r"\s*(?:uur|u|h)"
_TIME = (
    rf"(?P<hour>[0-9]{{1,2}})(?:[:.](?P<minute>[0-9]{{2}})(?::00)?(?:{_HOURS}\b\.?)?|"
    rf"{_HOURS}(?:\s*(?P<past>[0-9]{{2}}))?(?![0-9a-z]))"
)
_ONLY_DATE = re.compile(_DATE, re.IGNORECASE)
_ONLY_TIME = re.compile(_TIME, re.IGNORECASE)
_AT = r"(?:T|,?\s+(?:om\s+|at\s+)?)"
_MOMENT = re.compile(rf"(?P<date>{_DATE}){_AT}{_TIME}", re.IGNORECASE)
_WITHOUT_YEAR = re.compile(
    rf"(?:{WEEKDAY})?(?:{DAY_AND_MONTH}|[0-9]{{1,2}}[-/][0-9]{{1,2}}(?:[-/][0-9]{{2}})?)(?:{_AT}{_TIME})?",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"(?P<first>(?:.*?\s|[^\s]*?T)?[0-9]{1,2}(?:[:.][0-9]{2}(?:\s*(?:uur|u|h)\b\.?)?|\s*(?:uur|u|h)(?:\s*[0-9]{2})?))"
    r"\s*(?:[-–—]|\btot\b|\bto\b|\buntil\b)\s*(?P<second>.+)",
    re.IGNORECASE | re.DOTALL,
)
# "-12:00" at most: in "12:00-17:00" the second half is an end, not an offset.
_OFFSET = re.compile(
    r"[0-9]{2}\s*(?P<zone>Z|UTC|GMT|CES?T|\+[0-9]{2}:?[0-9]{2}|-(?:0[0-9]|1[0-2]):?[0-9]{2})\s*$", re.IGNORECASE
)
_OFFSET_IN_SPAN = re.compile(r"[0-9]{2}\s*(?P<zone>Z|UTC|GMT|CES?T)\b|(?P<offset>\+[0-9]{2}:?[0-9]{2})", re.IGNORECASE)


def parse_date(text: str) -> date:
    """A day, with year. Raises `Mistake` when it is none, does not exist, or is not on the weekday that is written."""
    match = _ONLY_DATE.fullmatch(text.strip())
    if match is None:
        raise _not_a(text, "is not a date", "2027-01-28 or “donderdag 28 januari 2027”")
    day = named_day(match)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Mistake(f"the year {day.year} cannot be right", f"write one from {FIRST_YEAR} to {LAST_YEAR}")
    check_weekday(match, day)
    return day


def named_day(match: re.Match[str], year: int | None = None) -> date:
    """The day that a match of the patterns above names; `year` where it has none. Raises `Mistake` if there is none."""
    parts = match.groupdict()
    if parts["iso"]:
        numbers = [int(number) for number in parts["iso"].split("-")]
    elif day_first := parts["numbers"] or parts.get("slashed"):
        numbers = [int(number) for number in reversed(re.split("[-/]", day_first))]
    else:
        numbers = [year or int(parts["year"]), _MONTHS[parts["month"].lower()], int(parts["day"])]
    try:
        return date(*numbers)
    except ValueError:
        raise Mistake(f"“{spelled(match)}” is a day that does not exist", "look it up in a calendar") from None


def check_weekday(match: re.Match[str], day: date) -> None:
    """Raises `Mistake` when the weekday of a match, if it has one, is not that of `day`."""
    weekday = match["weekday"]
    if weekday and not is_on(weekday, day):
        raise Mistake(f"“{spelled(match)}” has the wrong weekday", f"write “{mended(match, day)}” if the date is right")


def spelled(match: re.Match[str]) -> str:
    return " ".join(match[0].split())


def mended(match: re.Match[str], day: date) -> str:
    """The date as it was written, on the weekday of `day`."""
    return right_weekday(match["weekday"], day) + spelled(match)[len(match["weekday"]) :]


def is_on(weekday: str, day: date) -> bool:
    return _WEEKDAYS[weekday.lower()][0] == day.weekday()


def right_weekday(instead_of: str, day: date) -> str:
    """The weekday of `day`, in the language, the width and the letter case of the one that was written."""
    language = _WEEKDAYS[instead_of.lower()][1]
    names = get_day_names("abbreviated" if len(instead_of) <= 3 else "wide", locale=language)
    name: str = names[day.weekday()]
    return name.capitalize() if instead_of[0].isupper() else name.lower()


def looks_like_date(text: str) -> bool:
    """It has the shape of a date, with a time or without, whether or not there is such a day."""
    return any(form.fullmatch(text.strip()) for form in (_ONLY_DATE, _MOMENT))


def parse_time(text: str) -> time:
    """A wall-clock time: "12:00", "12.00 uur". Raises `Mistake`."""
    _refuse_offset(text)
    match = _ONLY_TIME.fullmatch(text.strip())
    if match is None:
        raise Mistake(f"“{text.strip()}” is not a time", "write it as 17:00")
    return _time_of(match)


def parse_moment(text: str) -> datetime:
    """A day and a wall-clock time. Raises `Mistake`."""
    _refuse_offset(text)
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        example = "“2027-01-28 12:00” or “donderdag 28 januari 2027 12:00”"
        raise _not_a(text, "is not a date with a time", example)
    return datetime.combine(parse_date(match["date"]), _time_of(match))


def parse_moment_after(text: str, start: date | None) -> datetime:
    """A moment, or only a time, which is then on the day of `start`. Raises `Mistake`."""
    if start is not None and _ONLY_TIME.fullmatch(text.strip()):
        return datetime.combine(start, parse_time(text))
    return parse_moment(text)


def parse_span(text: str, day: date | None) -> tuple[datetime, datetime]:
    """From and till: "12:00-13:00", on `day`; or "2019-06-14 09:00-10:00"; or two whole moments.

    `day` is None where a time alone would not say on which day it is. Raises `Mistake`.
    """
    if found := _OFFSET_IN_SPAN.search(text):
        raise _offset(text, found["zone"] or found["offset"])
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise Mistake(f"“{text.strip()}” is not from a time till a time", "write it as 12:00-13:00")
    if day is None and _ONLY_TIME.fullmatch(match["first"].strip()):
        raise Mistake(
            f"“{text.strip()}” does not say on which day", "write the date too, as in “2027-01-28 09:00-10:00”"
        )
    start = parse_moment_after(match["first"], day)
    end = parse_moment_after(match["second"], start.date())
    if end <= start:
        raise Mistake(f"“{text.strip()}” does not end after it starts", "write the earlier time first")
    return start, end


def refuse_gap(moment: datetime, zone: ZoneInfo) -> datetime:
    """Raises `Mistake` for a wall-clock time that the clocks of the zone skip; one that they show twice is fine."""
    seen = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if seen != moment:
        raise Mistake(
            f"{moment:%Y-%m-%d %H:%M} does not exist in {zone.key}, where the clock is put forward at that time",
            f"write {moment + timedelta(hours=1):%H:%M} or another time",
        )
    return moment


def format_date(day: date, language: str) -> str:
    """ "donderdag 13 juni 2019" or "Thursday 13 June 2019"; `parse_date` reads it back."""
    return format_with_babel(day, "EEEE d MMMM y", locale=language)


def format_moment(moment: datetime, language: str) -> str:
    """ "donderdag 13 juni 2019 12:00"; `parse_moment` reads it back (whole minutes)."""
    return f"{format_date(moment.date(), language)} {moment:%H:%M}"


def format_moment_after(moment: datetime, start: datetime, language: str) -> str:
    """Only the time where the day is that of `start`; `parse_moment_after` reads it back."""
    return f"{moment:%H:%M}" if moment.date() == start.date() else format_moment(moment, language)


def format_span(start: datetime, end: datetime, day: date | None) -> str:
    """From and till, with as few dates as `parse_span` needs to read it back with the same `day`."""
    if start.date() != end.date():
        return f"{start:%Y-%m-%d %H:%M} - {end:%Y-%m-%d %H:%M}"
    times = f"{start:%H:%M}-{end:%H:%M}"
    return times if start.date() == day else f"{start:%Y-%m-%d} {times}"


def _not_a(text: str, what: str, example: str) -> Mistake:
    if _WITHOUT_YEAR.fullmatch(text.strip()):
        what = "has no year of four digits"
    return Mistake(f"“{text.strip()}” {what}", f"write it as {example}")


def _time_of(match: re.Match[str]) -> time:
    hour, minute = int(match["hour"]), int(match["minute"] or match["past"] or 0)
    if hour > 23 or minute > 59:
        raise Mistake(f"{hour:02}:{minute:02} is a time that does not exist", "write one from 00:00 to 23:59")
    return time(hour, minute)


def _refuse_offset(text: str) -> None:
    if found := _OFFSET.search(text):
        raise _offset(text, found["zone"])


def _offset(text: str, zone: str) -> Mistake:
    return Mistake(f"“{text.strip()}” names a time zone of its own", f"leave {zone} out; the series says the time zone")
