"""Stage 3: what templates know of an event.

In: an event and the fixed words of its language. Out: plain dicts, lists, strings and numbers, ready to print:
dates are written, empty is "" or None, a template decides nothing but what to show.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

from newsletter.compose.markdown import SCHEMES, split_lead, to_html, to_text
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.compose.programme import Fields, one_line, part_fields, programme_days
from newsletter.compose.wording import (
    NO_BREAK_SPACE,
    date_long,
    date_short,
    day_month,
    day_month_brief,
    day_span,
    first_sentence,
    month,
    preview,
    put,
    series_of,
    time_range,
    weekday,
    weekday_brief,
    zone_city,
)
from newsletter.events.event import (
    Attendance,
    Event,
    EventStatus,
    Image,
    NextDate,
    Series,
    Venue,
)

Words: TypeAlias = Mapping[str, str]

#: A group smaller than this could be recognised by name, and is not named.
SMALLEST_GROUP: Final = 5
#: What ends within this after its start is one day, also when it ends after midnight.
_ONE_EVENING: Final = timedelta(hours=12)
_POSTAL_CODE: Final = re.compile(r"^\d{4} ?[A-Z]{2}\s+")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")


def build_context(event: Event, *, label: str, words: Words, theme: Mapping[str, str]) -> Fields:
    """Return what the first template stage knows: `event`, `series`, `t` (words), `theme`, `language`, `label`."""
    return {
        "event": _event(event, words),
        "series": _series(event.series),
        "t": dict(words),
        "theme": dict(theme),
        "language": event.series.language,
        "label": one_line(label),
    }


def _event(event: Event, words: Words) -> Fields:
    language = event.series.language
    return {
        "slug": event.slug,
        "title": one_line(event.title),
        "subtitle": one_line(event.subtitle),
        "audience": one_line(event.audience),
        "cancelled": event.status is EventStatus.CANCELLED,
        "has_date": event.has_date(),
        "date": _days(event, words, year=True),
        "day": _days(event, words),
        "day_month": _day_month(event, words),
        "times": _times(event, words),
        "tile": _tile(event.start, _last_day(event), one_line(event.season), language),
        "place": _place(event.venue, words),
        "venue": _venue(event.venue),
        "facts": _facts(event, words),
        "registration": _url(event.registration),
        "actions": _actions(event, words),
        "days": programme_days(event),
        "rounds": [part_fields(part, language) for part in event.programme if part.workshops or part.speakers],
        "images": [_image(image) for image in event.images if _url(image.url)],
        "attendance": _attendance(event.attendance, words),
        "next_dates": [_next_date(following, language) for following in event.next_dates],
        "links": [{"title": one_line(link.title), "url": _url(link.url)} for link in event.links if _url(link.url)],
        "announcement": _text(event.announcement),
        "report": _text(event.report),
        "preview": _previews(event, words),
        "welcome": _welcome(event, words),
    }


def _series(series: Series) -> Fields:
    return {
        "slug": series.slug,
        "name": one_line(series.name),
        "contact": series.contact,
        "sender": {"name": one_line(series.sender.name), "address": series.sender.address},
        "organisation": one_line(series.organisation) or one_line(series.sender.name),
        "website": _url(series.website),
        "about_html": to_html(series.about, top=3),
        "about_text": to_text(series.about),
    }


def _url(url: str) -> str:
    """The address, unless its scheme has no place in a mail ("javascript:", "data:")."""
    scheme = _SCHEME.match(url.strip())
    return url.strip() if scheme is None or scheme.group(1).lower() in SCHEMES else ""


def _is_one_day(start: datetime, end: datetime | None) -> bool:
    return end is None or end.date() == start.date() or end - start < _ONE_EVENING


def _last_day(event: Event) -> date | None:
    """The last day of an event of several days; None for every other."""
    start, end = event.start, event.end
    return None if start is None or end is None or _is_one_day(start, end) else end.date()


def _days(event: Event, words: Words, *, year: bool = False) -> str:
    """The day of an event with its weekday, or its first and last day; its season where no date is known."""
    if event.start is None or _last_day(event) is not None:
        return _day_month(event, words, year=year)
    return (date_long if year else date_short)(event.start, event.series.language)


def _day_month(event: Event, words: Words, *, year: bool = False) -> str:
    """13 juni, 13 en 14 juni, 30 maart t/m 2 april, or a season."""
    last, language = _last_day(event), event.series.language
    if event.start is None:
        return one_line(event.season)
    if last is None:
        return day_month(event.start, language)
    first = event.start.date()
    link = words["and" if (last - first).days == 1 else "up_to"]
    return day_span(first, last, link, language, year=year)


def _times(event: Event, words: Words) -> str:
    """From when till when, on one day; from a distance, by which clock."""
    start, end, series = event.start, event.end, event.series
    if start is None or not _is_one_day(start, end) or (start.time() == time() and end is None):
        return ""
    times = time_range(start, end, series.language)
    if event.venue is not None and event.venue.online:
        times += ", " + put(words["time_zone"], city=zone_city(series.timezone, series.language))
    return times


def _tile(day: date | None, last: date | None, season: str, language: str) -> Fields | None:
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


def _place(venue: Venue | None, words: Words) -> str:
    """A town, for the subject; "online" where there is none."""
    if venue is None:
        return ""
    town = _POSTAL_CODE.sub("", one_line(venue.city)) or one_line(venue.name)
    return town or (words["online"].lower() if venue.online else "")


def _venue(venue: Venue | None) -> Fields | None:
    if venue is None or not any((venue.name, venue.address, venue.city, venue.url, venue.online)):
        return None
    parts = (one_line(part) for part in (venue.name, venue.address, venue.city))
    return {
        "name": one_line(venue.name),
        "lines": [part for part in parts if part],
        "url": _url(venue.url),
        "online": _url(venue.online),
    }


def _facts(event: Event, words: Words) -> list[Fields]:
    """Where, when, for whom, until when to register: key, label and lines; what is not known is left out."""
    venue = event.venue or Venue()
    where = [one_line(part) for part in (venue.name, venue.address, venue.city) if part]
    if venue.online:
        where.append(words["or_online"] if where else words["online"])
    register = []
    if event.registration and event.register_until:
        register = [put(words["until_day"], day=date_long(event.register_until, event.series.language))]
    facts = (
        ("where", where),
        ("when", _when(event, words)),
        ("audience", [one_line(event.audience)] if event.audience else []),
        ("register", register),
    )
    return [{"key": key, "label": words[f"fact_{key}"], "lines": lines} for key, lines in facts if lines]


def _when(event: Event, words: Words) -> list[str]:
    start, end, language = event.start, event.end, event.series.language
    if start is None or end is None or _is_one_day(start, end):
        lines = (_days(event, words, year=True), *_times(event, words).split(", "))
        return [line for line in lines if line]
    return [
        f"{date_long(start, language)}, {time_range(start, None, language)}",
        f"{words['till']} {date_long(end, language)}, {time_range(end, None, language)}",
    ]


def _actions(event: Event, words: Words) -> Fields:
    """What the reader can do, the main thing first: one list per template."""
    if event.status is EventStatus.CANCELLED:
        return {"announcement": [], "reminder": []}
    venue = event.venue or Venue()
    register = {"words": words["register"], "url": _url(event.registration)}
    join = {"words": words["join"], "url": _url(venue.online)}
    route = {"words": words["route"], "url": _url(venue.url)}
    # Who still has to register gets the link to take part once that is done.
    announcement = [register, route] if event.registration else [join, route]
    return {
        "announcement": [action for action in announcement if action["url"]],
        "reminder": [action for action in (route, join) if action["url"]],
    }


def _image(image: Image) -> Fields:
    return {
        "url": _url(image.url),
        "alt": one_line(image.alt),
        "caption": one_line(image.caption),
        "large": _url(image.large),
        "width": image.width,
    }


def _attendance(groups: Sequence[Attendance], words: Words) -> Fields | None:
    """How many came, and from where; small groups are counted together, a small company not at all."""
    total = sum(group.count for group in groups)
    if total < SMALLEST_GROUP:
        return None
    named = [
        (put(words["from_kind"], kind=one_line(group.kind)), group.count)
        for group in groups
        if group.count >= SMALLEST_GROUP
    ]
    others = total - sum(count for _, count in named)
    shown = [*named, (words["others"], others)] if named and others else named
    phrases = [f"{count} {label}" for label, count in shown]
    return {
        "total": total,
        "groups": [{"label": label, "count": count} for label, count in shown],
        "sentence": series_of(phrases, words["and"]) if phrases else "",
    }


def _next_date(following: NextDate, language: str) -> Fields:
    return {
        "title": one_line(following.title),
        "date": date_long(following.day, language) if following.day else one_line(following.season),
        "place": one_line(following.place),
        "tile": _tile(following.day, None, one_line(following.season), language),
    }


def _text(markdown: str) -> Fields:
    """A text of the organisers in four forms; `titled` where its body opens with a heading of its own."""
    lead, body = split_lead(markdown)
    body_html = to_html(body)
    return {
        "lead_html": to_html(lead, paragraph="lead ink"),
        "lead_text": to_text(lead),
        "body_html": body_html,
        "body_text": to_text(body),
        "titled": body_html.startswith("<h2"),
    }


def _welcome(event: Event, words: Words) -> str:
    """The first sentences of a reminder."""
    if not event.has_date():
        return words["reminder_lead_open"]
    venue = event.venue or Venue()
    lead = "reminder_lead_online" if venue.online and not (venue.name or venue.city) else "reminder_lead"
    return put(words[lead], day=_days(event, words))


def _previews(event: Event, words: Words) -> Fields:
    """One preheader per template: a sentence that adds to the subject."""
    if event.status is EventStatus.CANCELLED:
        cancelled = preview([words["cancelled_text"]], "")
        return {"announcement": cancelled, "reminder": cancelled, "report": cancelled}
    where = one_line(event.venue.name) if event.venue else ""
    practical = ", ".join(part for part in (_times(event, words), where) if part)
    facts = [f"{practical}."] if practical else []
    until = []
    if event.registration and event.register_until:
        day = date_short(event.register_until, event.series.language)
        until = [put(words["preview_register"], day=day)]
    lead = to_text(split_lead(event.report)[0])
    if PLACEHOLDER.search(lead):
        lead = ""  # a preheader is the same for everybody
    return {
        "announcement": preview([*facts, *until], words["preview_announcement"]),
        "reminder": preview(facts, words["preview_reminder"]),
        "report": preview([first_sentence(lead)] if lead else [], words["preview_report"]),
    }
