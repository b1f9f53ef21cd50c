"""Stage 1: the front matter of an event document as a whole.

In: the tree of the front matter and the texts. Out: `Event`, or None where a mistake makes that impossible.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from newsletter.events.dates import (
    looks_like_date,
    parse_date,
    parse_moment,
    parse_moment_after,
    refuse_gap,
)
from newsletter.events.event import Attendance, Event, EventStatus, Image, Link, NextDate, Series, Venue
from newsletter.events.fields import Record, line, listed, markdown, parsed, record
from newsletter.events.notes import Notes
from newsletter.events.read_programme import Hours, programme_of_undated, read_programme
from newsletter.events.read_series import read_series, zone_of
from newsletter.events.sections import Sections, tidy
from newsletter.events.values import https_url, picture, slug, status, whole_number, yes_or_no
from newsletter.events.wording import unseen_in
from newsletter.events.yaml_lines import Fields, Node


def read_event(
    keys: Record, notes: Notes, sections: Sections, known: Mapping[str, Series]
) -> tuple[Event | None, date | None]:
    """The event, and the day on which it starts, which is known even where the event cannot be made."""
    name = keys.required("event", parsed(slug), "bewoners-in-beweging")
    title = keys.required("title", line, "Bewoners in beweging")
    subtitle = keys.optional("subtitle", line, "")
    audience = keys.optional("audience", line, "")
    state = keys.optional("status", parsed(status), EventStatus.PLANNED)
    series = keys.required("series", lambda node, notes: read_series(node, notes, known), "kennisdagen-wonen")
    hours, season = _when(keys, notes, series.zone if series else zone_of(keys.node("series")))
    registration = keys.optional("registration", parsed(https_url), "")
    register_until = keys.optional("register_until", parsed(parse_date), None)
    venue = keys.optional("venue", record(_venue), None)
    is_undated = bool(season) and hours.start is None
    programme = keys.optional(
        "programme",
        programme_of_undated if is_undated else lambda node, notes: read_programme(node, notes, hours),
        (),
    )
    images = keys.optional("images", listed(record(_image)), ())
    attendance = keys.optional("attendance", _attendance, ())
    next_dates = keys.optional("next", listed(record(_next_date)), ())
    links = keys.optional("links", listed(record(_link)), ())
    takeaways = keys.optional("takeaways", listed(_takeaway), ())
    texts = {name: tidy(passage.text) for name, passage in sections.texts.items()}
    day = hours.start.date() if hours.start else None
    if name is None or title is None or series is None:
        return None, day
    event = Event(
        slug=name,
        series=series,
        title=title,
        status=state,
        start=hours.start,
        end=hours.end,
        season=season,
        subtitle=subtitle,
        audience=audience,
        venue=venue,
        registration=registration,
        register_until=register_until,
        programme=programme,
        images=images,
        attendance=attendance,
        next_dates=next_dates,
        links=links,
        takeaways=takeaways,
        announcement=texts["announcement"],
        practical=texts["practical"],
        change=texts["change"],
        cancellation=texts["cancellation"],
        notice=texts["notice"],
        report=texts["report"],
    )
    return event, day


def _when(keys: Record, notes: Notes, zone: ZoneInfo | None) -> tuple[Hours, str]:
    def in_zone(moment: datetime) -> datetime:
        return moment if zone is None else refuse_gap(moment, zone)

    start_node, end_node, season_node = keys.node("start"), keys.node("end"), keys.node("date")
    start = keys.optional("start", parsed(lambda text: in_zone(parse_moment(text))), None)
    first_day = start.date() if start else date(2000, 1, 3)
    end = keys.optional("end", parsed(lambda text: in_zone(parse_moment_after(text, first_day))), None)
    season = keys.optional("date", line, "")
    if start_node is None and season_node is None:
        notes.problem(
            keys.line, "the event says nowhere when it is", "write “start: 2027-01-28 12:00” or “date: najaar 2027”"
        )
    if start_node is not None and season_node is not None:
        notes.problem(season_node.line, "there is both a “start” and a “date”", "keep “start”, and take “date” out")
    elif season and season_node is not None and looks_like_date(season):
        notes.problem(
            season_node.line, "“date” is for an event whose day is not known", f"write “start: {season} 12:00”"
        )
    if end_node is not None and start_node is None:
        notes.problem(end_node.line, "there is an “end”, but no “start”", "write “start: 2027-01-28 12:00” above it")
    if start is not None and end is not None and end_node is not None and end <= start:
        notes.problem(end_node.line, "the event does not end after it starts", "correct “start” or “end”")
        end = None
    return Hours(start=start, end=end, zone=zone), season


def _venue(keys: Record, notes: Notes) -> Venue | None:
    name, address, city = (keys.optional(key, line, "") for key in ("name", "address", "city"))
    url, online = (keys.optional(key, parsed(https_url), "") for key in ("url", "online"))
    venue = Venue(name=name, address=address, city=city, url=url, online=online)
    if venue == Venue():
        notes.problem(keys.line, "the venue is empty", "write its name and city, or the online link")
    return venue


def _image(keys: Record, notes: Notes) -> Image | None:
    url = keys.required("url", parsed(picture), "https://www.example.nl/zaal.jpg")
    alt = keys.required("alt", line, "Deelnemers in gesprek aan een lange tafel")
    caption = keys.optional("caption", line, "")
    large = keys.optional("large", parsed(picture), "")
    width = keys.optional("width", parsed(whole_number), 640)
    height = keys.optional("height", parsed(whole_number), 0)
    inline = keys.optional("inline", parsed(yes_or_no), False)
    if url is None or alt is None:
        return None
    return Image(url=url, alt=alt, caption=caption, large=large, width=width, height=height, inline=inline)


def _attendance(node: Node, notes: Notes) -> tuple[Attendance, ...] | None:
    """The keys are the organisers' own: a kind of organisation each."""
    if not isinstance(node, Fields):
        notes.problem(node.line, "“attendance” must have keys of its own", "write each as “gemeenten: 12”")
        return None
    counted: dict[str, Attendance] = {}
    for key, value in node.entries:
        kind, count = line(key, notes), parsed(whole_number)(value, notes)
        if kind is None:
            continue
        if not kind.strip():
            notes.problem(key.line, "there is a number without a kind of organisation", "write it as “gemeenten: 12”")
        elif kind in counted:
            notes.problem(key.line, f"the key “{kind}” stands here a second time", "keep one of the two")
        elif count is not None:
            counted[kind] = Attendance(kind=kind, count=count)
    return tuple(counted.values())


def _next_date(keys: Record, notes: Notes) -> NextDate | None:
    title = keys.required("title", line, "Masterclass 2")
    when = keys.required("date", _day_or_season, "najaar 2027")
    place = keys.optional("place", line, "")
    if title is None or when is None:
        return None
    day, season = when
    return NextDate(title=title, day=day, season=season, place=place)


def _day_or_season(node: Node, notes: Notes) -> tuple[date | None, str] | None:
    words = line(node, notes)
    if words is None:
        return None
    if not looks_like_date(words):
        return None, words
    notes.passages.pop()  # `parse_date` looks at its weekday
    day = parsed(parse_date)(node, notes)
    return None if day is None else (day, "")


def _link(keys: Record, notes: Notes) -> Link | None:
    title = keys.required("title", line, "Presentaties")
    url = keys.required("url", parsed(https_url), "https://www.example.nl/presentaties")
    detail = keys.optional("detail", line, "")
    return None if title is None or url is None else Link(title=title, url=url, detail=detail)


def _takeaway(node: Node, notes: Notes) -> str | None:
    """One line of Markdown; unlike a title, it may hold what differs per recipient."""
    text = (markdown(node, notes) or "").strip()
    if mistake := unseen_in(text, is_line=True):
        notes.problem(node.line, f"takeaways: {mistake.what}", mistake.fix)
    return text or None
