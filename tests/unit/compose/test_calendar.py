"""The calendar part, parsed back, and what calendars make of one that follows another."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from newsletter.compose.calendar import Method, calendar_file
from newsletter.events.event import Event, EventStatus, Venue
from newsletter.events.revision import next_sequence
from tests.unit.compose.calendars import Told, by_ical, by_icalendar, kept, lines_of, told, unfolded
from tests.world import NOW, event

#: What organisers can write: line ends too, no other control characters.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), min_size=1, max_size=120)
CANCELLED = replace(event(), status=EventStatus.CANCELLED)
METHODS: tuple[Method, ...] = ("PUBLISH", "REQUEST", "CANCEL")


def parsed(one: Event) -> Calendar:
    found = Calendar.from_ical(calendar_file(one, stamp=NOW, domain="example.nl"))
    assert isinstance(found, Calendar)
    return found


def entry(one: Event):  # type: ignore[no-untyped-def]
    [found] = parsed(one).walk("VEVENT")
    return found


def test_it_publishes_one_event_and_asks_for_no_answer() -> None:
    calendar = parsed(event())
    assert calendar["METHOD"] == "PUBLISH"
    found = entry(event())
    assert found["UID"] == "kennisdag@example.nl"
    assert found["SUMMARY"] == "Kennisdag ‘Wonen & zorg’: één dag"
    assert found["LOCATION"] == "Stadskantoor, Voorbeeldstraat 1, Utrecht"
    assert found["ORGANIZER"] == "mailto:vragen@example.nl"
    assert "ATTENDEE" not in found
    assert found["DTSTAMP"].dt == NOW


def test_times_are_local_with_a_zone_that_the_file_defines() -> None:
    text = calendar_file(event(), stamp=NOW, domain="example.nl")
    assert "DTSTART;TZID=Europe/Amsterdam:20260423T130000" in text
    assert "BEGIN:VTIMEZONE" in text
    assert entry(event())["DTEND"].dt.astimezone(UTC) == datetime(2026, 4, 23, 14, 0, tzinfo=UTC)


def test_an_event_across_the_clock_change_keeps_its_wall_clock_times() -> None:
    across = replace(event(), start=datetime(2026, 3, 28, 20), end=datetime(2026, 3, 29, 12), programme=())
    found = entry(across)
    assert found["DTEND"].dt - found["DTSTART"].dt == timedelta(hours=16)
    assert found["DTEND"].dt.astimezone(UTC) == datetime(2026, 3, 29, 10, tzinfo=UTC)
    assert found["DTSTART"].dt.astimezone(UTC) == datetime(2026, 3, 28, 19, tzinfo=UTC)


def test_a_revision_keeps_the_uid_and_raises_the_sequence() -> None:
    first, second = entry(event()), entry(replace(event(), sequence=3))
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 3)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ({"status": EventStatus.CANCELLED}, "STATUS", "CANCELLED"),
        ({"venue": None}, "LOCATION", None),
        ({"venue": Venue(online="https://example.nl/live")}, "LOCATION", "https://example.nl/live"),
        ({"end": None}, "DTEND", None),
        ({"programme": (), "subtitle": ""}, "DESCRIPTION", None),
        ({"registration": "https://example.nl/aanmelden"}, "URL", "https://example.nl/aanmelden"),
        ({"registration": "https://example.nl/aanmelden", "status": EventStatus.CANCELLED}, "URL", None),
    ],
)
def test_what_is_not_known_is_left_out(change: dict[str, object], key: str, value: str | None) -> None:
    assert entry(replace(event(), **change)).get(key) == value  # type: ignore[arg-type]


def test_the_programme_of_several_days_names_the_day_of_each_part() -> None:
    one = event()
    assert entry(one)["DESCRIPTION"].startswith("13:00–13:30  Welkom\n")
    assert one.end is not None
    two_days = replace(one, end=one.end + timedelta(days=1))
    assert entry(two_days)["DESCRIPTION"].splitlines() == [
        "2026-04-23 13:00–13:30  Welkom",
        "2026-04-23 13:30–15:00  Ronde 1",
    ]


def test_lines_end_in_crlf_and_are_folded_at_75_octets() -> None:
    text = calendar_file(replace(event(), title="é" * 200), stamp=NOW, domain="example.nl")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    assert entry(replace(event(), title="é" * 200))["SUMMARY"] == "é" * 200


def test_signs_with_a_meaning_come_back_as_text() -> None:
    title = 'a; b, c \\ d\ne: "f"'
    assert entry(replace(event(), title=title))["SUMMARY"] == title


def test_an_event_without_a_date_has_no_calendar() -> None:
    with pytest.raises(ValueError, match="no date"):
        calendar_file(replace(event(), start=None, end=None, programme=()), stamp=NOW, domain="example.nl")


def test_nobody_is_invited_to_a_cancelled_event() -> None:
    with pytest.raises(ValueError, match="cancelled"):
        calendar_file(CANCELLED, stamp=NOW, domain="example.nl", method="REQUEST")


def test_the_uid_is_that_of_the_event_or_else_made_of_its_slug() -> None:
    assert entry(event())["UID"] == "kennisdag@example.nl"
    moved_house = replace(event(), uid="kennisdag@vroeger.example.nl")
    assert entry(moved_house)["UID"] == "kennisdag@vroeger.example.nl"


#: RFC 5546 §3.2.1, §3.2.2, §3.2.5: how often each property stands in the VEVENT of a method.
ALWAYS = ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "ORGANIZER", "STATUS")


@pytest.mark.parametrize(
    ("happening", "method", "invites", "attendees", "status"),
    [
        (event(), "PUBLISH", False, 0, "CONFIRMED"),
        (event(), "PUBLISH", True, 0, "CONFIRMED"),
        (event(), "REQUEST", True, 1, "CONFIRMED"),
        (event(), "REQUEST", False, 1, "CONFIRMED"),
        (CANCELLED, "PUBLISH", False, 0, "CANCELLED"),  # a file at an address, which nobody is sent anew
        (CANCELLED, "CANCEL", False, 0, "CANCELLED"),
        (CANCELLED, "CANCEL", True, 1, "CANCELLED"),
        (event(), "CANCEL", False, 0, "CANCELLED"),
    ],
)
def test_each_method_has_the_properties_that_it_must_have_and_no_other(
    happening: Event, method: Method, invites: bool, attendees: int, status: str
) -> None:
    text = calendar_file(happening, stamp=NOW, domain="example.nl", method=method, invites=invites)
    lines = unfolded(text)
    names = [line.partition(":")[0].partition(";")[0] for line in lines[lines.index("BEGIN:VEVENT") :]]
    assert [names.count(name) for name in ALWAYS] == [1] * len(ALWAYS)
    assert [line for line in lines if line.startswith("METHOD")] == [f"METHOD:{method}"]
    assert names.count("ATTENDEE") == attendees
    # RFC 5546 §3.2.1: no answer to an answer, and no alarm that somebody else sets.
    assert not {"REQUEST-STATUS", "RRULE", "RECURRENCE-ID", "X-WR-CALNAME"} & set(names)
    assert "BEGIN:VALARM" not in text
    assert told(text).status == status
    assert told(text).method == method


def test_the_name_of_a_series_may_hold_any_sign() -> None:
    name = 'Kennisdagen "wonen; zorg, en ^meer": één'
    one = replace(event(), series=replace(event().series, name=name, contact="vragen@münchen.example"))
    found = told(calendar_file(one, stamp=NOW, domain="example.nl"))
    assert found.organizer == (name, "mailto:vragen@xn--mnchen-3ya.example")


@given(TEXTS, TEXTS, st.text('abc \u00e9\u4e16\n,;:\\"', min_size=70, max_size=160))
@settings(max_examples=100)
def test_whatever_is_written_comes_back_from_both_libraries(title: str, name: str, street: str) -> None:
    one = replace(event(), title=title, venue=Venue(name=name, address=street))
    text = calendar_file(one, stamp=NOW, domain="example.nl")
    lines_of(text)
    found = told(text)
    assert found.title == title
    assert found.place == f"{name}, {street}"
    assert found.organizer == ("Kennisdagen ‘wonen’", "mailto:vragen@example.nl")


@pytest.mark.parametrize(
    ("start", "end", "utc"),
    [
        ((2026, 1, 15, 13), (2026, 1, 15, 16), (12, 15)),
        ((2026, 7, 15, 13), (2026, 7, 15, 16), (11, 14)),
        ((2026, 3, 28, 20), (2026, 3, 29, 12), (19, 10)),  # over the night that the clock goes forward
        ((2026, 10, 24, 20), (2026, 10, 25, 12), (18, 11)),  # and back
        ((2026, 3, 29, 1), (2026, 3, 29, 3), (0, 1)),
    ],
)
def test_both_libraries_find_the_moments_that_are_meant_on_either_side_of_a_clock_change(
    start: tuple[int, ...], end: tuple[int, ...], utc: tuple[int, int]
) -> None:
    one = replace(event(), start=datetime(*start), end=datetime(*end), programme=())  # type: ignore[arg-type]
    for method in METHODS:
        found = told(calendar_file(one, stamp=NOW, domain="example.nl", method=method))
        assert (found.start.hour, found.end.hour) == utc
        assert (found.start.date(), found.end.date()) == (datetime(*start).date(), datetime(*end).date())  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_another_zone_is_told_as_well(zone: str) -> None:
    one = replace(event(), series=replace(event().series, timezone=zone))
    text = calendar_file(one, stamp=NOW, domain="example.nl")
    assert one.start is not None
    assert told(text).start == one.start.replace(tzinfo=one.series.zone).astimezone(UTC)
    assert text.count("BEGIN:VTIMEZONE") == (zone != "UTC")


def test_the_zone_is_told_before_it_is_used_and_once() -> None:
    text = calendar_file(event(), stamp=NOW, domain="example.nl")
    assert text.index("END:VTIMEZONE") < text.index("BEGIN:VEVENT")
    assert text.count("TZID:Europe/Amsterdam") == 1
    assert len(text) < 1500


@pytest.mark.parametrize("invites", [True, False])
@pytest.mark.parametrize("library", [by_icalendar, by_ical])
def test_a_calendar_ends_with_the_newest_whatever_the_order_in_which_letters_arrive(
    library: Callable[[str], Told], invites: bool
) -> None:
    first = event()
    assert first.start is not None
    assert first.end is not None
    retitled = replace(first, title="Kennisdag, met een nieuwe titel")
    moved = replace(
        retitled, start=first.start + timedelta(days=7), end=first.end + timedelta(days=7), venue=Venue(name="De Zaal")
    )
    off = replace(moved, status=EventStatus.CANCELLED)
    files: list[Told] = []
    before: Event | None = None
    for week, one in enumerate((first, retitled, moved, off)):
        now_told = replace(one, sequence=next_sequence(before, one))
        method: Method = "CANCEL" if one is off else "REQUEST" if invites else "PUBLISH"
        stamp = NOW + timedelta(weeks=week)
        text = calendar_file(now_told, stamp=stamp, domain="example.nl", method=method, invites=invites)
        files.append(library(text))
        before = now_told
    assert len({file.uid for file in files}) == 1
    assert [file.sequence for file in files] == [0, 0, 1, 2]
    for upto in range(1, len(files) + 1):
        for arrived in permutations(files[:upto]):
            assert kept(arrived) == files[upto - 1]
            strict = kept(arrived, only_higher=True)
            assert (strict.start, strict.place, strict.status) == (
                files[upto - 1].start,
                files[upto - 1].place,
                files[upto - 1].status,
            )
    assert files[-1].status == "CANCELLED"


def test_a_cancellation_is_newer_than_what_was_sent_even_if_nobody_counted_it() -> None:
    sent, cancelled = (
        told(calendar_file(replace(event(), sequence=2), stamp=NOW, domain="example.nl", method=method))
        for method in METHODS[1:]
    )
    assert (sent.sequence, cancelled.sequence) == (2, 3)
    counted = replace(CANCELLED, sequence=3)
    assert told(calendar_file(counted, stamp=NOW, domain="example.nl", method="CANCEL")).sequence == 3


def test_a_file_to_subscribe_to_is_published_and_says_in_the_end_that_it_is_off() -> None:
    before, after = (
        told(calendar_file(one, stamp=NOW, domain="example.nl")) for one in (event(), replace(CANCELLED, sequence=1))
    )
    assert (before.method, after.method) == ("PUBLISH", "PUBLISH")
    assert kept([after, before]) == after
    assert after.status == "CANCELLED"
