"""Stage 1: an event as a document.

In: `Event`. Out: Markdown with front matter that `document.read` reads back without loss, in the order in which an
organiser thinks: what, when, where, the programme, what is left of it, and last the series.
"""

import re
from collections.abc import Iterable
from datetime import date

import yaml

from newsletter.events.dates import format_date, format_moment, format_moment_after, format_span
from newsletter.events.event import (
    Event,
    EventStatus,
    Image,
    Link,
    Mailbox,
    NextDate,
    Part,
    Series,
    Speaker,
    Venue,
    Workshop,
)
from newsletter.events.plan import DEFAULT_WINDOW, PlannedMailing, format_rule, format_window
from newsletter.events.read_programme import Hours
from newsletter.events.sections import HEADINGS, join, tidy

Pairs = Iterable[tuple[str, "yaml.Node | None"]]
_STRING = "tag:yaml.org,2002:str"
_RESOLVER = yaml.resolver.Resolver()


class _Dumper(yaml.SafeDumper):
    """Sets the entries of a list off from its key, as people do by hand."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def write_event(event: Event) -> str:
    front = yaml.serialize(_event(event), Dumper=_Dumper, allow_unicode=True, width=1_000_000)
    return join(front, {name: tidy(getattr(event, name)) for name in HEADINGS}, event.series.language)


def _event(event: Event) -> yaml.Node:
    language = event.series.language
    day = Hours(start=event.start, end=event.end, zone=None).only_day()
    return _fields(
        [
            ("event", _text(event.slug)),
            ("title", _text(event.title)),
            ("subtitle", _text(event.subtitle)),
            ("audience", _text(event.audience)),
            ("status", _text(event.status) if event.status is not EventStatus.PLANNED else None),
            *_when(event, language),
            ("registration", _text(event.registration)),
            ("register_until", _own(format_date(event.register_until, language)) if event.register_until else None),
            ("venue", _venue(event.venue)),
            ("programme", _list(_part(part, day) for part in event.programme)),
            ("images", _list(_image(image) for image in event.images)),
            (
                "attendance",
                _fields([(each.kind, _number(each.count)) for each in event.attendance]) if event.attendance else None,
            ),
            ("next", _list(_next_date(next_date, language) for next_date in event.next_dates)),
            ("links", _list(_link(link) for link in event.links)),
            ("takeaways", _list(_markdown(takeaway) for takeaway in event.takeaways)),
            ("series", _series(event.series)),
        ]
    )


def _when(event: Event, language: str) -> Pairs:
    if event.start is None:
        return [("date", _text(event.season))]
    end = _own(format_moment_after(event.end, event.start, language)) if event.end else None
    return [("start", _own(format_moment(event.start, language))), ("end", end)]


def _venue(venue: Venue | None) -> yaml.Node | None:
    if venue is None:
        return None
    return _fields((key, _text(getattr(venue, key))) for key in ("name", "address", "city", "url", "online"))


def _part(part: Part, day: date | None) -> yaml.Node:
    return _fields(
        [
            (part.kind, _text(part.title)),
            ("at", _own(format_span(part.start, part.end, day))),
            ("room", _text(part.room)),
            ("abstract", _markdown(part.abstract)),
            ("speakers", _list(_speaker(speaker) for speaker in part.speakers)),
            ("workshops", _list(_workshop(workshop, day) for workshop in part.workshops)),
        ]
    )


def _workshop(workshop: Workshop, day: date | None) -> yaml.Node:
    return _fields(
        [
            ("title", _text(workshop.title)),
            ("at", _own(format_span(workshop.start, workshop.end, day)) if workshop.start and workshop.end else None),
            ("room", _text(workshop.room)),
            ("abstract", _markdown(workshop.abstract)),
            ("speakers", _list(_speaker(speaker) for speaker in workshop.speakers)),
        ]
    )


def _speaker(speaker: Speaker) -> yaml.Node:
    return _fields((key, _text(getattr(speaker, key))) for key in ("name", "role", "organisation", "photo"))


def _image(image: Image) -> yaml.Node:
    return _fields(
        [
            *((key, _text(getattr(image, key))) for key in ("url", "alt", "caption", "large")),
            ("width", _number(image.width) if image.width != 640 else None),
            ("height", _number(image.height) if image.height else None),
            ("inline", _own("yes") if image.inline else None),
        ]
    )


def _link(link: Link) -> yaml.Node:
    return _fields((key, _text(getattr(link, key))) for key in ("title", "url", "detail"))


def _next_date(next_date: NextDate, language: str) -> yaml.Node:
    when = _own(format_date(next_date.day, language)) if next_date.day else _text(next_date.season)
    return _fields([("title", _text(next_date.title)), ("date", when), ("place", _text(next_date.place))])


def _series(series: Series) -> yaml.Node:
    return _fields(
        [
            ("slug", _text(series.slug)),
            ("name", _text(series.name)),
            ("contact", _text(series.contact)),
            ("from", _mailbox(series.sender)),
            ("language", _text(series.language)),
            ("timezone", _text(series.timezone)),
            ("lists", _slugs(series.lists)),
            ("organisation", _text(series.organisation)),
            ("about", _markdown(series.about)),
            ("website", _text(series.website)),
            ("theme", _theme(series.theme)),
            ("plan", _list(_planned_mailing(planned) for planned in series.plan)),
        ]
    )


def _theme(theme: tuple[tuple[str, str], ...]) -> yaml.Node | None:
    """Only its name where nothing else is chosen."""
    if tuple(key for key, _ in theme) == ("base",):
        return _text(theme[0][1])
    return _fields((key, _text(value)) for key, value in theme) if theme else None


def _mailbox(mailbox: Mailbox) -> yaml.Node:
    return _fields([("name", _text(mailbox.name)), ("address", _text(mailbox.address))])


def _planned_mailing(planned: PlannedMailing) -> yaml.Node:
    return _fields(
        [
            ("mailing", _text(planned.name)),
            ("label", _text(planned.label)),
            ("template", _text(planned.template)),
            ("when", _own(format_rule(planned.when))),
            ("lists", _slugs(planned.lists)),
            ("to", _text(planned.audience)),
            ("window", _own(format_window(planned.window)) if planned.window != DEFAULT_WINDOW else None),
            ("invite", _own("yes") if planned.invites else None),
        ]
    )


def _text(value: str) -> yaml.Node | None:
    """One line; in quotation marks where YAML 1.1 would take it for something else, for the sake of other tools."""
    return yaml.ScalarNode(_STRING, str(value)) if value else None


def _markdown(value: str) -> yaml.Node | None:
    """Lines of the document where that is possible; else in quotation marks, with everything odd escaped."""
    value = tidy(value)
    style = '"' if re.search("[\u2028\u2029]", value) else "|" if "\n" in value else None
    return yaml.ScalarNode(_STRING, value, style=style) if value else None


def _own(value: str) -> yaml.Node:
    """A form of our own, such as a time: `document.read` guesses no types, so it needs no quotation marks."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    return yaml.ScalarNode(tag, value)


def _number(value: int) -> yaml.Node:
    return _own(str(value))


def _slugs(values: tuple[str, ...]) -> yaml.Node | None:
    return (
        yaml.SequenceNode("tag:yaml.org,2002:seq", [_text(value) for value in values], flow_style=True)
        if values
        else None
    )


def _list(nodes: Iterable[yaml.Node | None]) -> yaml.Node | None:
    entries = list(nodes)
    return yaml.SequenceNode("tag:yaml.org,2002:seq", entries, flow_style=False) if entries else None


def _fields(pairs: Pairs) -> yaml.Node:
    """A mapping of what has a value."""
    entries = [(yaml.ScalarNode(_STRING, key), node) for key, node in pairs if node is not None]
    return yaml.MappingNode("tag:yaml.org,2002:map", entries, flow_style=False)
