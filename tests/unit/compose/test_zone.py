"""A VTIMEZONE gives the offset that the zone has, before and after every change of the clock, in another reader."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]

from newsletter.compose.zone import vtimezone

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def lines_of(zone: str, first: datetime, last: datetime) -> list[str]:
    text = vtimezone(ZoneInfo(zone), first, last)
    assert text.endswith("\r\nEND:VTIMEZONE\r\n")
    return text.split("\r\n")


@pytest.mark.parametrize("year", [2018, 2019, 2026, 2037])
@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/Amsterdam", 1),
        *(("America/New_York", 7), ("America/Curacao", 91), ("Asia/Kolkata", 91), ("Etc/UTC", 91), ("UTC", 91)),
        ("Europe/Dublin", 7),  # calls winter time the exception
        ("Africa/Casablanca", 7),  # stops summer time for Ramadan, so by no yearly rule
        ("Australia/Lord_Howe", 7),  # half an hour
        ("America/Sao_Paulo", 7),  # had summer time until 2019
        ("Asia/Pyongyang", 7),  # changed once, in May 2018
    ],
)
def test_another_reader_finds_the_same_offset_all_through_the_year(zone: str, hours: int, year: int) -> None:
    day = datetime(year, 3, 29)
    text = f"BEGIN:VCALENDAR\r\n{vtimezone(ZoneInfo(zone), day, day)}END:VCALENDAR\r\n"
    found, known = tzical(io.StringIO(text)).get(zone), ZoneInfo(zone)
    wall = datetime(year, 1, 1, 0, 30)
    while wall.year == year:
        instant = wall.replace(tzinfo=known)
        # Clocks never show what they jump over; dateutil and zoneinfo read that differently, and both may.
        if instant.astimezone(UTC).astimezone(known).replace(tzinfo=None) == wall:
            assert wall.replace(tzinfo=found).utcoffset() == instant.utcoffset(), wall
        wall += timedelta(hours=hours)


def test_a_change_is_told_in_the_time_that_clocks_showed_before_it_and_by_its_yearly_rule() -> None:
    assert lines_of("Europe/Amsterdam", datetime(2026, 3, 28, 20), datetime(2026, 3, 29, 12)) == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Amsterdam",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZNAME:CEST",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZNAME:CET",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "END:VTIMEZONE",
        "",
    ]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", ["BYMONTH=3;BYDAY=2SU", "BYMONTH=11;BYDAY=1SU"]),
        ("Europe/Amsterdam", ["BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"]),
        ("Asia/Tokyo", []),
        ("Africa/Casablanca", []),
    ],
)
def test_only_what_comes_back_every_year_has_a_rule(zone: str, expected: list[str]) -> None:
    rules = [line for line in lines_of(zone, datetime(2026, 6, 1), datetime(2026, 6, 1)) if line.startswith("RRULE")]
    assert rules == [f"RRULE:FREQ=YEARLY;{rule}" for rule in expected]


def test_a_zone_without_changes_has_one_observance() -> None:
    lines = lines_of("Asia/Kolkata", datetime(2026, 6, 1), datetime(2026, 6, 1))
    assert [line for line in lines if line.startswith("BEGIN")] == ["BEGIN:VTIMEZONE", "BEGIN:STANDARD"]
    assert "TZOFFSETFROM:+0530" in lines
    assert "TZOFFSETTO:+0530" in lines


def test_an_offset_that_is_no_whole_minute_has_its_seconds() -> None:
    lines = lines_of(
        "Europe/Amsterdam", datetime(1936, 6, 1), datetime(1936, 6, 1)
    )  # Amsterdam time: 19:32 and 1:19:32
    assert "TZOFFSETTO:+011932" in lines


def test_it_is_small_enough_to_go_with_every_letter() -> None:
    assert len(vtimezone(AMSTERDAM, datetime(2026, 3, 28), datetime(2026, 3, 29))) < 400
