"""An event survives being written and read: the law of the event document."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.events.dates import refuse_gap
from newsletter.events.document import read, write
from newsletter.events.event import (
    Attendance,
    Event,
    EventStatus,
    Image,
    Link,
    Mailbox,
    NextDate,
    Part,
    PartKind,
    Series,
    Speaker,
    Venue,
    Workshop,
)
from newsletter.events.notes import Mistake
from newsletter.events.plan import Anchor, Audience, PlannedMailing, Rule, Unit
from newsletter.events.read_theme import COLOURS
from newsletter.events.sections import tidy

#: What YAML, Markdown or our own form could take for something else.
TRICKY = [
    "no", "Yes", "null", "~", "1e3", "12:00", "0x1F", "2019-06-13", "1_000", "- dash", "# hash", "a # b", "a: b", "a:",
    "'quote", '"quote"', "it's", "---", "...", "[ naam ]]", "{a: b}", "!tag", "&anchor", "*alias", "%", "@", "`", "|",
    ">", "? x", ", x", " lead", "trail ", "\\", "\\n", "\\# Report", "# Report", "=", "<<", "\ufeffbom", "\uffff", "é🏘️",
]  # fmt: skip
TRICKY_MARKDOWN = [
    *(text for text in TRICKY if "]]" not in text), "[[ subscriber.naam ]]", "[#", "[% if subscriber.x %]\n[% endif %]",
    "a\nb", "a  \nb", "    code\ntext", "\tcode\n\ttext", "- a\n  - b\n\n- c", "---\n---", "```\n# Report\n```",
    "# Report\n\n# Verslag", "\\# aankondiging\nx", "a\n \nb", "a\u2028b", "a\n\u2029b", "x: 1\ny: 2",
    "a\n\n\n\nb", "…\n# x",
]  # fmt: skip


def is_fit(text: str) -> bool:
    return not any(mark in text for mark in ("{{", "{%", "[[", "[%", "[#", "]]", "%]"))


LINE = (
    st.sampled_from(TRICKY)
    | st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20).filter(is_fit)
).filter(str.strip)
MAYBE_LINE = st.just("") | LINE
MARKDOWN = (
    st.sampled_from(TRICKY_MARKDOWN)
    | st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=40).filter(is_fit)
    | st.just("")
).map(tidy)
SLUG = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
URL = st.from_regex(r"https://www\.example\.(nl|org)/[a-z0-9?&=#%:,.-]{0,12}", fullmatch=True)
MAYBE_URL = st.just("") | URL
ADDRESS = st.sampled_from(
    ["contact@krimpregios.example", "post@example.nl", "O'Neill+tag@example.org", "x_y@xn--exmple-cua.nl"]
)
PICTURE = URL | st.from_regex(r"[a-z0-9 é-]{1,6}(/[a-z0-9 .é-]{1,6}){0,2}\.jpg", fullmatch=True).filter(
    lambda path: not any(part in (".", "..") for part in path.split("/")) and path == path.strip()
)
TAKEAWAY = (
    (LINE.filter(lambda text: "]]" not in text) | st.sampled_from(TRICKY_MARKDOWN))
    .filter(lambda text: not any(mark in text for mark in "\n\t\u2028\u2029"))
    .map(str.strip)
    .filter(bool)
)
COLOUR = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
#: In the order in which they are read, which is that of the written form.
TOKENS: dict[str, st.SearchStrategy[str]] = {
    "base": SLUG,
    **{scheme + name: COLOUR for scheme in ("", "dark_") for name in COLOURS},
    "logo": PICTURE,
    "logo_alt": LINE,
    "logo_width": st.integers(0, 999).map(str),
    "logo_height": st.integers(0, 999).map(str),
}
THEME = st.fixed_dictionaries({}, optional=TOKENS).map(
    lambda chosen: {name: chosen[name] for name in TOKENS if name in chosen}
) | st.fixed_dictionaries({"base": SLUG})
DAY = st.dates(date(1950, 1, 1), date(2150, 12, 31))
ZONES = st.sampled_from(["Europe/Amsterdam", "America/New_York", "UTC"])

SPEAKER = st.builds(Speaker, name=LINE, role=MAYBE_LINE, organisation=MAYBE_LINE, photo=st.just("") | PICTURE)
SPEAKERS = st.lists(SPEAKER, max_size=2).map(tuple)
LISTS = st.lists(SLUG, min_size=1, max_size=3, unique=True).map(tuple)
RULE = st.builds(
    Rule,
    amount=st.integers(-400, 400),
    unit=st.sampled_from(Unit),
    anchor=st.sampled_from(Anchor),
    at=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)


@st.composite
def series(draw: st.DrawFn) -> Series:
    lists = draw(LISTS)
    planned = st.builds(
        PlannedMailing,
        name=SLUG,
        template=SLUG,
        when=RULE,
        lists=st.lists(st.sampled_from(lists), unique=True).map(tuple),
        window=st.integers(1, 10**7).map(lambda seconds: timedelta(seconds=seconds)),
        label=MAYBE_LINE,
        invites=st.booleans(),
        audience=st.sampled_from(Audience),
    )
    return Series(
        slug=draw(SLUG),
        name=draw(LINE),
        contact=draw(ADDRESS),
        sender=Mailbox(name=draw(LINE), address=draw(ADDRESS)),
        language=draw(st.sampled_from(["nl", "en"])),
        timezone=draw(ZONES),
        lists=lists,
        organisation=draw(MAYBE_LINE),
        about=draw(MARKDOWN),
        website=draw(MAYBE_URL),
        plan=tuple(draw(st.lists(planned, max_size=3, unique_by=lambda mailing: mailing.name))),
        theme=tuple(draw(THEME).items()),
    )


@st.composite
def programme(draw: st.DrawFn, start: datetime, minutes: int) -> tuple[Part, ...]:
    """Parts one after another, from `start`, in so many minutes; in any order of writing."""
    cuts = sorted(draw(st.lists(st.integers(0, minutes), max_size=6, unique=True)))
    parts = []
    for begin, end in zip(cuts[::2], cuts[1::2], strict=False):
        kind = draw(st.sampled_from(PartKind))
        at = start + timedelta(minutes=begin), start + timedelta(minutes=end)
        own = st.just((None, None)) | st.just(at)
        workshop = st.builds(
            lambda times, **rest: Workshop(start=times[0], end=times[1], **rest),
            own,
            title=LINE,
            room=MAYBE_LINE,
            abstract=MARKDOWN,
            speakers=SPEAKERS,
        )
        workshops = draw(st.lists(workshop, min_size=1, max_size=2)) if kind is PartKind.ROUND else []
        parts.append(
            Part(
                kind=kind,
                title=draw(LINE),
                start=at[0],
                end=at[1],
                room=draw(MAYBE_LINE),
                abstract=draw(MARKDOWN),
                speakers=draw(SPEAKERS),
                workshops=tuple(workshops),
            )
        )
    return tuple(draw(st.permutations(parts)))


def all_exist(zone: str, event_start: datetime, event_end: datetime | None, parts: tuple[Part, ...]) -> bool:
    moments = [
        event_start,
        *([event_end] if event_end else []),
        *(moment for part in parts for moment in (part.start, part.end)),
    ]
    try:
        return all(refuse_gap(moment, ZoneInfo(zone)) for moment in moments)
    except Mistake:
        return False


@st.composite
def events(draw: st.DrawFn) -> Event:
    of = draw(series())
    start, end, season, parts = None, None, "", tuple[Part, ...]()
    if draw(st.booleans()):
        start = datetime.combine(draw(DAY), time(draw(st.integers(0, 23)), draw(st.integers(0, 59))))
        minutes = draw(st.integers(1, 600) | st.integers(1, 5000))
        end = draw(st.sampled_from([None, start + timedelta(minutes=minutes)]))
        parts = draw(programme(start, minutes))
        if not all_exist(of.timezone, start, end, parts):
            start, end, season, parts = None, None, "najaar", ()
    else:
        season = draw(LINE.filter(lambda text: text != "2019-06-13"))
    venue = st.builds(Venue, name=MAYBE_LINE, address=MAYBE_LINE, city=MAYBE_LINE, url=MAYBE_URL, online=MAYBE_URL)
    next_date = st.builds(NextDate, title=LINE, day=DAY, place=MAYBE_LINE) | st.builds(
        NextDate, title=LINE, season=LINE.filter(lambda text: text != "2019-06-13"), place=MAYBE_LINE
    )
    image = st.builds(
        Image,
        url=PICTURE,
        alt=LINE,
        caption=MAYBE_LINE,
        large=st.just("") | PICTURE,
        inline=st.booleans(),
        width=st.integers(0, 4000),
        height=st.integers(0, 4000),
    )
    attendance = st.builds(Attendance, kind=LINE, count=st.integers(0, 9999))
    return Event(
        slug=draw(SLUG),
        series=of,
        title=draw(LINE),
        status=draw(st.sampled_from(EventStatus)),
        start=start,
        end=end,
        season=season,
        subtitle=draw(MAYBE_LINE),
        audience=draw(MAYBE_LINE),
        venue=draw(st.none() | venue.filter(lambda place: place != Venue())),
        registration=draw(MAYBE_URL),
        register_until=draw(st.none() | DAY),
        programme=parts,
        images=tuple(draw(st.lists(image, max_size=2))),
        attendance=tuple(draw(st.lists(attendance, max_size=3, unique_by=lambda each: each.kind))),
        next_dates=tuple(draw(st.lists(next_date, max_size=2))),
        links=tuple(draw(st.lists(st.builds(Link, title=LINE, url=URL, detail=MAYBE_LINE), max_size=2))),
        takeaways=tuple(draw(st.lists(TAKEAWAY, max_size=2))),
        announcement=draw(MARKDOWN),
        practical=draw(MARKDOWN),
        change=draw(MARKDOWN),
        cancellation=draw(MARKDOWN),
        notice=draw(MARKDOWN),
        report=draw(MARKDOWN),
    )


@settings(max_examples=150, deadline=None)
@given(events())
def test_every_event_survives_being_written_and_read(event: Event) -> None:
    document = write(event)
    assert read(document, "event.md") == event
    assert write(read(document, "event.md")) == document


def an_event(**changes: object) -> Event:
    of = Series(
        slug="reeks",
        name="Reeks",
        contact="contact@example.nl",
        sender=Mailbox(name="Reeks", address="post@example.nl"),
        language="nl",
        timezone="Europe/Amsterdam",
        lists=("gemeenten",),
    )
    fields: dict[str, object] = {"slug": "dag", "series": of, "title": "Dag", "season": "najaar 2019", **changes}
    return Event(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", TRICKY)
def test_no_title_is_taken_for_anything_but_its_text(text: str) -> None:
    assert read(write(an_event(title=text)), "event.md").title == text


@pytest.mark.parametrize("text", TRICKY_MARKDOWN)
def test_no_markdown_is_taken_for_anything_but_its_text(text: str) -> None:
    text = tidy(text)
    part = Part(
        kind=PartKind.PLENARY, title="x", start=datetime(2019, 6, 13, 12), end=datetime(2019, 6, 13, 13), abstract=text
    )
    event = an_event(announcement=text, report=text, start=datetime(2019, 6, 13, 12), season="", programme=(part,))
    assert read(write(event), "event.md") == event


def test_blank_lines_around_a_text_belong_to_the_form() -> None:
    event = read(write(an_event(announcement="\r\n\r\nKom.\r\n\r\n  Echt.\n\n", report=" \n")), "event.md")
    assert (event.announcement, event.report) == ("Kom.\n\n  Echt.", "")


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2019-06-13 12:00-13:00", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13)),
        ("2019-06-13 23:00 - 2019-06-14 01:00", datetime(2019, 6, 13, 23), datetime(2019, 6, 14, 1)),
    ],
)
def test_in_an_event_of_several_days_each_part_names_its_day(written: str, start: datetime, end: datetime) -> None:
    part = Part(kind=PartKind.PLENARY, title="x", start=start, end=end)
    event = an_event(start=datetime(2019, 6, 13, 12), end=datetime(2019, 6, 14, 17), season="", programme=(part,))
    assert f"at: {written}\n" in write(event)
    assert "end: vrijdag 14 juni 2019 17:00\n" in write(event)
    assert read(write(event), "event.md") == event


def test_other_yaml_tools_find_the_same_texts_in_the_front_matter() -> None:
    front = write(an_event(title="no", subtitle="12:00", audience="1e3")).split("---\n")[1]
    loaded = yaml.safe_load(front)
    assert (loaded["title"], loaded["subtitle"], loaded["audience"]) == ("no", "12:00", "1e3")
