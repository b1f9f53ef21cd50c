"""Stage 3: what templates know of an event.

In: an event, what is around it, and the fixed words of its language. Out: plain dicts, lists, strings and numbers,
ready to print: dates are written, empty is "" or None, a template decides nothing but what to show.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from newsletter.compose import agenda, facts
from newsletter.compose.around import Around
from newsletter.compose.facts import Words, link, picture
from newsletter.compose.markdown import split_lead, to_html, to_line, to_line_html, to_text
from newsletter.compose.previews import previews, welcome
from newsletter.compose.programme import Fields, one_line, part_fields, programme_days
from newsletter.compose.wording import put, series_of
from newsletter.events.event import Attendance, Event, EventStatus, Image, Link, Series

#: A group smaller than this could be recognised by name, and is not named.
SMALLEST_GROUP: Final = 5
_NOTHING_AROUND: Final = Around()


def build_context(
    event: Event, *, label: str, words: Words, theme: Mapping[str, str], around: Around = _NOTHING_AROUND
) -> Fields:
    """Return what the first template stage knows.

    That is `event`, `series`, `agenda`, `dates`, `t` (words), `theme`, `language` and `label`.
    """
    return {
        "event": _event(event, around, words),
        "series": _series(event.series),
        "agenda": agenda.agenda(around.agenda, event, words),
        "dates": agenda.dates(around.agenda, event, words),
        "t": dict(words),
        "theme": dict(theme),
        "language": event.series.language,
        "label": one_line(label),
    }


def _event(event: Event, around: Around, words: Words) -> Fields:
    language = event.series.language
    calendar_url = _calendar_url(event, around)
    buttons = facts.buttons(event, words, calendar_url)
    first_day = event.start.date() if event.start else None
    return {
        "slug": event.slug,
        "title": one_line(event.title),
        "subtitle": one_line(event.subtitle),
        "audience": one_line(event.audience),
        "cancelled": event.status is EventStatus.CANCELLED,
        "has_date": event.has_date(),
        "date": facts.days_of(event, words, year=True),
        "day": facts.days_of(event, words),
        "day_month": facts.day_month_of(event, words),
        "times": facts.times_of(event, words),
        "tile": facts.tile(first_day, facts.last_day(event), one_line(event.season), language),
        "place": facts.place(event.venue, words),
        "venue": facts.venue_fields(event.venue),
        "facts": facts.facts(event, words),
        "changes": facts.changes(around.before, event, words),
        "registration": link(event.registration),
        "calendar_url": calendar_url,
        "buttons": buttons,
        "actions": facts.actions(event, buttons),
        "days": programme_days(event),
        "rounds": [part_fields(part, language) for part in event.programme if part.workshops or part.speakers],
        "images": [_image(image) for image in event.images if picture(image.url)],
        "attendance": _attendance(event.attendance, words),
        "next_dates": agenda.next_dates(event),
        "links": [_link(each) for each in event.links if link(each.url)],
        "takeaways": [{"html": to_line_html(each), "text": to_line(each)} for each in event.takeaways],
        "announcement": _text(event.announcement),
        "practical": _text(event.practical),
        "change": _text(event.change),
        "cancellation": _text(event.cancellation),
        "notice": _text(event.notice),
        "report": _text(event.report),
        "preview": previews(event, around, words),
        "welcome": welcome(event, words),
    }


def _series(series: Series) -> Fields:
    return {
        "slug": series.slug,
        "name": one_line(series.name),
        "contact": series.contact,
        "sender": {"name": one_line(series.sender.name), "address": series.sender.address},
        "organisation": one_line(series.organisation) or one_line(series.sender.name),
        "website": link(series.website),
        "about_html": to_html(series.about, top=3),
        "about_text": to_text(series.about),
    }


def _calendar_url(event: Event, around: Around) -> str:
    """Where the event is hosted as a calendar file."""
    if not around.public_url or not event.has_date():
        return ""
    return f"{around.public_url.rstrip('/')}/e/{event.series.slug}/{event.slug}.ics"


def _image(image: Image) -> Fields:
    return {
        "url": picture(image.url),
        "alt": one_line(image.alt),
        "caption": one_line(image.caption),
        "large": picture(image.large),
        "width": image.width,
        "height": image.height,
    }


def _link(each: Link) -> Fields:
    return {"title": one_line(each.title), "url": link(each.url), "detail": one_line(each.detail)}


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
