"""Dates and times as people write them."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.events.dates import (
    format_date,
    format_moment,
    format_moment_after,
    format_span,
    looks_like_date,
    parse_date,
    parse_moment,
    parse_moment_after,
    parse_span,
    parse_time,
    refuse_gap,
)
from newsletter.events.notes import Mistake

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = date(2019, 6, 13)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
MOMENTS = st.builds(datetime.combine, DAYS, st.builds(time, st.integers(0, 23), st.integers(0, 59)))
LANGUAGES = st.sampled_from(["nl", "en"])


@pytest.mark.parametrize(
    "text",
    [
        "2019-06-13",
        "13-06-2019",
        "13-6-2019",
        "13/06/2019",
        "donderdag 13/6/2019",
        "13 juni 2019",
        "donderdag 13 juni 2019",
        "Donderdag 13 Juni 2019",
        "do 13 jun 2019",
        "do. 13 jun. 2019",
        "donderdag 2019-06-13",
        "Thursday 13 June 2019",
        "Thursday, 13 June 2019",
        "Thursday the 13th of June 2019",
        "donderdag 13\u00a0juni 2019",
    ],
)
def test_a_date_is_read_in_every_form_that_people_use(text: str) -> None:
    assert parse_date(text) == DAY
    assert looks_like_date(text)


@pytest.mark.parametrize("text", ["2019-06-13 12:00", "2019-06-13T12:00:00", "donderdag 13 juni 2019 12:00",
                                  "donderdag 13 juni 2019 om 12.00 uur", "Thursday 13 June 2019, 12:00",
                                  "13 June 2019 at 12:00", "13/6/2019 12u", "13-6-2019 om 12u00", "13 juni 2019 12 uur",
                                  "13 juni 2019, 12.00u.", "2019-06-13 12h00"])  # fmt: skip
def test_a_date_with_a_time_is_read_in_every_form_that_people_use(text: str) -> None:
    assert parse_moment(text) == datetime(2019, 6, 13, 12)
    assert looks_like_date(text)


@given(day=DAYS, language=LANGUAGES)
def test_every_date_survives_being_written_and_read(day: date, language: str) -> None:
    assert parse_date(format_date(day, language)) == day


@given(moment=MOMENTS, language=LANGUAGES)
def test_every_moment_survives_being_written_and_read(moment: datetime, language: str) -> None:
    assert parse_moment(format_moment(moment, language)) == moment


@given(moment=MOMENTS, start=MOMENTS, language=LANGUAGES)
def test_an_end_survives_being_written_and_read(moment: datetime, start: datetime, language: str) -> None:
    assert parse_moment_after(format_moment_after(moment, start, language), start.date()) == moment


@given(start=MOMENTS, end=MOMENTS, day=st.none() | DAYS)
def test_every_span_survives_being_written_and_read(start: datetime, end: datetime, day: date | None) -> None:
    start, end = sorted((start, end))
    if start < end:
        for known in (day, start.date()):
            assert parse_span(format_span(start, end, known), known) == (start, end)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("12:00-13:00", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13)),
        ("12:00–13:00", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13)),
        ("12.00 uur - 13.00 uur", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13)),
        ("12:00 tot 13:00", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13)),
        ("12u-13u30", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13, 30)),
        ("12 uur tot 13 uur", datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 13)),
        ("14/6/2019 9u-10u", datetime(2019, 6, 14, 9), datetime(2019, 6, 14, 10)),
        ("2019-06-14 09:00-10:00", datetime(2019, 6, 14, 9), datetime(2019, 6, 14, 10)),
        ("vrijdag 14 juni 2019 09:00-10:00", datetime(2019, 6, 14, 9), datetime(2019, 6, 14, 10)),
        ("2019-06-14 22:00 - 2019-06-15 01:00", datetime(2019, 6, 14, 22), datetime(2019, 6, 15, 1)),
        ("2019-06-14T22:00-23:00", datetime(2019, 6, 14, 22), datetime(2019, 6, 14, 23)),
    ],
)
def test_a_span_is_read_in_every_form_that_people_use(text: str, start: datetime, end: datetime) -> None:
    assert parse_span(text, DAY) == (start, end)


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("binnenkort", "is not a date", "2027-01-28 or “donderdag 28 januari 2027”"),
        ("13 juni", "“13 juni” has no year of four digits", "2027-01-28 or “donderdag 28 januari 2027”"),
        ("donderdag 13 juni", "has no year of four digits", "2027-01-28"),
        ("13-6", "has no year of four digits", "2027-01-28"),
        ("13/6/19", "has no year of four digits", "2027-01-28"),
        ("6/13/2019", "does not exist", "calendar"),
        ("vrijdag 13/6/2019", "wrong weekday", "“donderdag 13/6/2019”"),
        ("31 februari 2019", "does not exist", "calendar"),
        ("2019-13-01", "does not exist", "calendar"),
        ("13 juni 1019", "1019 cannot be right", "1900"),
        ("vrijdag 13 juni 2019", "wrong weekday", "“donderdag 13 juni 2019”"),
        ("vr 13 juni 2019", "wrong weekday", "“do 13 juni 2019”"),
        ("Friday 13 June 2019", "wrong weekday", "“Thursday 13 June 2019”"),
        ("Vrijdag 13 juni 2019", "wrong weekday", "“Donderdag 13 juni 2019”"),
    ],
)
def test_a_date_that_cannot_be_is_answered_with_the_fix(text: str, what: str, fix: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse_date(text)
    assert what in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "text", ["2019-06-13 12:00Z", "2019-06-13T12:00:00+02:00", "2019-06-13 12:00 +0200", "2019-06-13 12:00-05:00",
             "13 juni 2019 12:00 CEST", "2019-06-13 12:00 UTC"])  # fmt: skip
def test_a_time_with_an_offset_says_what_to_leave_out(text: str) -> None:
    with pytest.raises(Mistake, match="names a time zone of its own") as caught:
        parse_moment(text)
    zone = caught.value.fix.removeprefix("leave ").removesuffix(" out; the series says the time zone")
    assert text.endswith(zone)
    assert parse_moment(text.removesuffix(zone)) == datetime(2019, 6, 13, 12)


@pytest.mark.parametrize("text", ["12:00Z-13:00Z", "12:00+02:00-13:00+02:00", "12:00-13:00 CEST"])
def test_a_span_with_an_offset_says_that_the_series_knows_the_zone(text: str) -> None:
    with pytest.raises(Mistake, match="names a time zone of its own"):
        parse_span(text, DAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16:30", time(16, 30)),
        ("16.30 uur", time(16, 30)),
        ("16u30", time(16, 30)),
        ("16 u 30", time(16, 30)),
        ("16 uur 30", time(16, 30)),
        ("13u", time(13)),
        ("9 uur", time(9)),
    ],
)
def test_a_time_is_read_in_every_form_that_people_use(text: str, expected: time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["13 juni 12:00", "do 13 juni om 12u", "13-6 12:00"])
def test_a_moment_without_a_year_says_so(text: str) -> None:
    with pytest.raises(Mistake, match=f"“{text}” has no year of four digits") as caught:
        parse_moment(text)
    assert caught.value.fix == "write it as “2027-01-28 12:00” or “donderdag 28 januari 2027 12:00”"


@pytest.mark.parametrize("text", ["2019-06-13", "2019-06-13 12", "12:00", "2019-06-13 12:00-17:00"])
def test_a_moment_needs_a_date_and_a_time_and_no_more(text: str) -> None:
    with pytest.raises(Mistake, match="is not a date with a time"):
        parse_moment(text)


@pytest.mark.parametrize("text", ["24:00", "12:60", "24u", "12u60"])
def test_a_time_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Mistake, match="time that does not exist"):
        parse_time(text)


def test_a_word_is_not_a_time() -> None:
    with pytest.raises(Mistake, match="is not a time"):
        parse_time("noon")


@pytest.mark.parametrize(
    ("text", "day", "what"),
    [
        ("12:00", DAY, "is not from a time till a time"),
        ("lunch", DAY, "is not from a time till a time"),
        ("13:00-12:00", DAY, "does not end after it starts"),
        ("13:00-13:00", DAY, "does not end after it starts"),
        ("12:00-13:00", None, "does not say on which day"),
    ],
)
def test_a_span_that_cannot_be_is_refused(text: str, day: date | None, what: str) -> None:
    with pytest.raises(Mistake, match=re.escape(what)):
        parse_span(text, day)


@pytest.mark.parametrize("text", ["najaar 2019", "juni 2019", "week van 13 juni 2019", "2019", "2019-2020"])
def test_a_season_does_not_look_like_a_date(text: str) -> None:
    assert not looks_like_date(text)


def test_a_time_that_the_clock_skips_is_refused_with_one_that_exists() -> None:
    with pytest.raises(Mistake, match="put forward") as caught:
        refuse_gap(datetime(2026, 3, 29, 2, 30), AMSTERDAM)
    assert "03:30" in caught.value.fix


@pytest.mark.parametrize(
    "moment", [datetime(2026, 10, 25, 2, 30), datetime(2026, 3, 29, 3), datetime(2026, 3, 29, 1, 59)]
)
def test_a_time_that_the_clock_shows_once_or_twice_is_accepted(moment: datetime) -> None:
    assert refuse_gap(moment, AMSTERDAM) == moment
