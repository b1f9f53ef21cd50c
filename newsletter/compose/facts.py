"""Stage 3: what templates know of the facts of an event: when, where, for whom, and what one can do.

In: an event and the fixed words of its language. Out: strings, lists and dicts, ready to print; see `compose.context`.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

from newsletter.compose.markdown import SCHEMES
from newsletter.compose.programme import Fields, one_line
from newsletter.compose.wording import (
    NO_BREAK_SPACE,
    date_long,
    date_short,
    day_month,
    day_month_brief,
    day_span,
    month,
    put,
    time_range,
    weekday,
    weekday_brief,
    zone_city,
)
from newsletter.events.event import Event, EventStatus, Venue

Words: TypeAlias = Mapping[str, str]

#: What ends within this after its start is one day, also when it ends after midnight.
_ONE_EVENING: Final = timedelta(hours=12)
_POSTAL_CODE: Final = re.compile(r"^\d{4} ?[A-Z]{2}\s+")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
#: What a letter can show: fetched when it is read, or carried along (RFC 2392).
_PICTURE: Final = re.compile(r"(?:https?|cid):\S+", re.IGNORECASE)


def link(url: str) -> str:
    """The address, unless its scheme has no place in a mail ("javascript:", "data:")."""
    scheme = _SCHEME.match(url.strip())
    return url.strip() if scheme is None or scheme.group(1).lower() in SCHEMES else ""


def picture(url: str) -> str:
    """The address of an image; "" for a path beside the document, which no reader has."""
    return url.strip() if _PICTURE.fullmatch(url.strip()) else ""


def days_of(event: Event, words: Words, *, year: bool = False) -> str:
    """The day of an event with its weekday, or its first and last day; its season where no date is known."""
    if event.start is None or last_day(event) is not None:
        return day_month_of(event, words, year=year)
    return (date_long if year else date_short)(event.start, event.series.language)


def day_month_of(event: Event, words: Words, *, year: bool = False) -> str:
    """13 juni, 13 en 14 juni, 30 maart t/m 2 april, or a season."""
    last, language = last_day(event), event.series.language
    if event.start is None:
        return one_line(event.season)
    if last is None:
        return day_month(event.start, language)
    first = event.start.date()
    between = words["and" if (last - first).days == 1 else "up_to"]
    return day_span(first, last, between, language, year=year)


def last_day(event: Event) -> date | None:
    """The last day of an event of several days; None for every other."""
    start, end = event.start, event.end
    return None if start is None or end is None or _is_one_day(start, end) else end.date()


def times_of(event: Event, words: Words) -> str:
    """From when till when, on one day; from a distance, by which clock."""
    start, end, series = event.start, event.end, event.series
    if start is None or not _is_one_day(start, end) or (start.time() == time() and end is None):
        return ""
    times = time_range(start, end, series.language)
    if event.venue is not None and event.venue.online:
        times += ", " + put(words["time_zone"], city=zone_city(series.timezone, series.language))
    return times


def when(event: Event, words: Words) -> list[str]:
    start, end, language = event.start, event.end, event.series.language
    if start is None or end is None or _is_one_day(start, end):
        lines = (days_of(event, words, year=True), *times_of(event, words).split(", "))
        return [line for line in lines if line]
    return [
        f"{date_long(start, language)}, {time_range(start, None, language)}",
        f"{words['till']} {date_long(end, language)}, {time_range(end, None, language)}",
    ]


def where(event: Event, words: Words) -> list[str]:
    venue = event.venue or Venue()
    lines = [one_line(part) for part in (venue.name, venue.address, venue.city) if part]
    if venue.online:
        lines.append(words["or_online"] if lines else words["online"])
    return lines


def facts(event: Event, words: Words) -> list[Fields]:
    """Where, when, for whom, until when to register: key, label and lines; what is not known is left out."""
    register = []
    if event.registration and event.register_until:
        register = [put(words["until_day"], day=date_long(event.register_until, event.series.language))]
    lines_of = (
        ("where", where(event, words)),
        ("when", when(event, words)),
        ("audience", [one_line(event.audience)] if event.audience else []),
        ("register", register),
    )
    return [{"key": key, "label": words[f"fact_{key}"], "lines": lines} for key, lines in lines_of if lines]


def changes(before: Event | None, after: Event, words: Words) -> list[Fields]:
    """When and where, as people were told and as it is now: what differs of them, by label."""
    if before is None:
        return []
    compared = (
        (words["fact_when"], when(before, words), when(after, words)),
        (words["fact_where"], where(before, words), where(after, words)),
    )
    return [{"label": label, "was": was, "now": now} for label, was, now in compared if was != now]


def place(venue: Venue | None, words: Words) -> str:
    """A town, for the subject; "online" where there is none."""
    if venue is None:
        return ""
    town = _POSTAL_CODE.sub("", one_line(venue.city)) or one_line(venue.name)
    return town or (words["online"].lower() if venue.online else "")


def venue_fields(venue: Venue | None) -> Fields | None:
    if venue is None or not any((venue.name, venue.address, venue.city, venue.url, venue.online)):
        return None
    parts = (one_line(part) for part in (venue.name, venue.address, venue.city))
    return {
        "name": one_line(venue.name),
        "lines": [part for part in parts if part],
        "url": link(venue.url),
        "online": link(venue.online),
    }


def buttons(event: Event, words: Words, calendar_url: str) -> dict[str, Fields | None]:
    """What the reader can do, by what it is: words and url, or None where that is not possible."""
    venue = event.venue or Venue()
    urls = {
        "register": link(event.registration),
        "join": link(venue.online),
        "route": link(venue.url),
        "calendar": calendar_url,
    }
    takes_place = event.status is not EventStatus.CANCELLED
    return {
        key: {"words": words["add_to_calendar" if key == "calendar" else key], "url": url}
        if url and takes_place
        else None
        for key, url in urls.items()
    }


def actions(event: Event, possible: Mapping[str, Fields | None]) -> Fields:
    """The buttons of each template, the main thing first."""
    # Who still has to register gets the link to take part once that is done.
    wanted: Mapping[str, tuple[str, ...]] = {
        "save-the-date": ("calendar", "register"),
        "announcement": ("register" if event.registration else "join", "route", "calendar"),
        "practical": ("route", "join", "calendar"),
        "reminder": ("route", "join"),
        "changed": ("calendar", "route"),
        "cancelled": (),
        "report": (),
        "next": (),
        "digest": (),
        "notice": (),
    }
    return {name: [action for key in keys if (action := possible[key])] for name, keys in wanted.items()}


def tile(day: date | None, last: date | None, season: str, language: str) -> Fields | None:
    """A leaf of a calendar: something small, something large, something small."""
    if day is not None and last is not None:
        return _tile_of_days(day, last, language)
    if day is not None:
        return {"top": weekday(day, language), "big": str(day.day), "bottom": month(day, language)}
    name, _, year = season.rpartition(" ")
    if re.fullmatch(r"\d{4}", year):
        return {"top": name, "big": year, "bottom": ""}
    return {"top": season, "big": "", "bottom": ""} if season else None


def _tile_of_days(first: date, last: date, language: str) -> Fields:
    """10–11 above its month; 30 mrt – 2 apr, which breaks after the dash."""
    weekdays = ""
    if last.toordinal() - first.toordinal() < 7:  # over a week, two weekdays say nothing
        weekdays = f"{weekday_brief(first, language)}–{weekday_brief(last, language)}"
    if (first.year, first.month) == (last.year, last.month):
        return {"top": weekdays, "big": f"{first.day}–{last.day}", "bottom": month(last, language)}
    days = f"{day_month_brief(first, language)}{NO_BREAK_SPACE}– {day_month_brief(last, language)}"
    return {"top": weekdays, "big": days, "bottom": ""}


def _is_one_day(start: datetime, end: datetime | None) -> bool:
    return end is None or end.date() == start.date() or end - start < _ONE_EVENING
