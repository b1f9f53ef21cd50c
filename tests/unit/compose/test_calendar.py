"""The calendar part, parsed back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from newsletter.compose.calendar import calendar_file
from newsletter.events.event import Event, EventStatus, Venue
from tests.world import NOW, event


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
