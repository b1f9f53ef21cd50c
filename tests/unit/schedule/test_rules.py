"""Rules: wall-clock times across DST changes, and the moment at which a mailing is due."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import RuleError
from newsletter.events.plan import Anchor, Rule, Unit
from newsletter.schedule.rules import due_at, to_instant
from newsletter.schedule.working_days import Calendar

#: The first look at a year computes its holidays, which may take longer than a busy machine's deadline.
UNHURRIED = settings(deadline=None)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = st.sampled_from(
    [ZoneInfo(key) for key in ("Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "UTC")]
)
WALLS = st.datetimes(min_value=datetime(2015, 1, 1), max_value=datetime(2035, 12, 31))
RULES = st.builds(
    Rule,
    amount=st.integers(-60, 60),
    unit=st.sampled_from(Unit),
    anchor=st.sampled_from(Anchor),
    at=st.times().map(lambda at: at.replace(fold=0)),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rule(amount: int, unit: Unit, hour: int = 9, minute: int = 0, anchor: Anchor = Anchor.START) -> Rule:
    return Rule(amount=amount, unit=unit, anchor=anchor, at=time(hour, minute))


@pytest.mark.parametrize(
    ("zone", "wall", "instant", "case"),
    [
        ("Europe/Amsterdam", "2026-01-15T09:00", "2026-01-15T08:00Z", "winter"),
        ("Europe/Amsterdam", "2026-07-15T09:00", "2026-07-15T07:00Z", "summer"),
        ("Europe/Amsterdam", "2026-03-29T01:59", "2026-03-29T00:59Z", "the last minute before the gap"),
        ("Europe/Amsterdam", "2026-03-29T02:00", "2026-03-29T01:00Z", "the first minute of the gap is 03:00"),
        ("Europe/Amsterdam", "2026-03-29T02:30", "2026-03-29T01:30Z", "in the gap: 03:30"),
        ("Europe/Amsterdam", "2026-03-29T02:59", "2026-03-29T01:59Z", "the last minute of the gap is 03:59"),
        ("Europe/Amsterdam", "2026-03-29T03:00", "2026-03-29T01:00Z", "after the gap"),
        ("Europe/Amsterdam", "2026-10-25T01:59", "2026-10-24T23:59Z", "before the fold"),
        ("Europe/Amsterdam", "2026-10-25T02:00", "2026-10-25T00:00Z", "twice: the first"),
        ("Europe/Amsterdam", "2026-10-25T02:30", "2026-10-25T00:30Z", "twice: the first"),
        ("Europe/Amsterdam", "2026-10-25T02:59", "2026-10-25T00:59Z", "twice: the first"),
        ("Europe/Amsterdam", "2026-10-25T03:00", "2026-10-25T02:00Z", "after the fold, two hours later"),
        ("Europe/Amsterdam", "2019-03-31T02:30", "2019-03-31T01:30Z", "in the gap of 2019"),
        ("Europe/Amsterdam", "2019-10-27T02:30", "2019-10-27T00:30Z", "in the fold of 2019"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30Z", "in the gap: 03:30 EDT"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z", "twice: EDT"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45Z", "a gap of 30 minutes: 02:45"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z", "a fold of 30 minutes: the first"),
        ("Europe/Dublin", "2026-03-29T01:30", "2026-03-29T01:30Z", "summer time is standard there: 02:30"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T19:00Z", "a day that did not exist: the next one"),
        ("UTC", "2026-03-29T02:30", "2026-03-29T02:30Z", "no DST"),
    ],
)
def test_a_wall_clock_time_is_exactly_one_moment(zone: str, wall: str, instant: str, case: str) -> None:
    moment = to_instant(at(wall), ZoneInfo(zone))
    assert moment == at(instant), case
    assert moment.tzinfo is UTC


def test_a_time_in_the_gap_shows_on_the_clock_as_later_by_the_gap() -> None:
    shown = to_instant(at("2026-03-29T02:30"), AMSTERDAM).astimezone(AMSTERDAM)
    assert shown.isoformat() == "2026-03-29T03:30:00+02:00"


def test_the_second_of_two_equal_wall_clock_times_cannot_be_asked_for() -> None:
    second = at("2026-10-25T02:30").replace(fold=1)
    assert to_instant(second, AMSTERDAM) == at("2026-10-25T00:30Z")


def test_a_time_with_an_offset_is_no_wall_clock_time() -> None:
    with pytest.raises(ValueError, match="has an offset already"):
        to_instant(at("2026-03-29T02:30Z"), AMSTERDAM)


@pytest.mark.parametrize(
    ("when", "start", "expected", "case"),
    [
        (rule(-3, Unit.WEEKS), "2026-06-11T13:00", "2026-05-21T07:00Z", "three weeks before"),
        (rule(-1, Unit.DAYS), "2026-03-29T13:00", "2026-03-28T08:00Z", "the day before the clocks go forward"),
        (rule(-1, Unit.DAYS), "2026-03-30T13:00", "2026-03-29T07:00Z", "the day on which they have gone forward"),
        (rule(-1, Unit.DAYS, 13), "2026-03-29T13:00", "2026-03-28T12:00Z", "23 hours before, the same clock"),
        (rule(-1, Unit.DAYS, 13), "2026-10-25T13:00", "2026-10-24T11:00Z", "25 hours before, the same clock"),
        (rule(-1, Unit.DAYS, 2, 30), "2026-03-30T13:00", "2026-03-29T01:30Z", "in the gap"),
        (rule(0, Unit.DAYS, 2, 30), "2026-03-29T13:00", "2026-03-29T01:30Z", "in the gap, on the day"),
        (rule(-1, Unit.DAYS, 2, 30), "2026-10-26T13:00", "2026-10-25T00:30Z", "in the fold"),
        (rule(1, Unit.DAYS, 2, 30), "2026-10-24T13:00", "2026-10-25T00:30Z", "in the fold, after"),
        (rule(-2, Unit.WEEKS), "2026-04-09T13:00", "2026-03-26T08:00Z", "weeks across the gap"),
        (rule(-2, Unit.WEEKS), "2026-11-05T13:00", "2026-10-22T07:00Z", "weeks across the fold"),
        (rule(1, Unit.WEEKS), "2026-10-22T13:00", "2026-10-29T08:00Z", "a week after, across the fold"),
        (rule(0, Unit.DAYS, 8), "2026-06-11T13:00", "2026-06-11T06:00Z", "the day itself"),
        (rule(0, Unit.DAYS, 23, 59), "2026-06-11T13:00", "2026-06-11T21:59Z", "the day itself, after the start"),
        (rule(-4, Unit.DAYS), "2026-06-11T13:00", "2026-06-07T07:00Z", "days land on a Sunday: stays"),
        (rule(-1, Unit.WEEKS), "2026-05-21T13:00", "2026-05-14T07:00Z", "weeks land on Ascension Day: stays"),
        (rule(-2, Unit.WORKING_DAYS), "2026-04-07T13:00", "2026-04-01T07:00Z", "over Easter"),
        (rule(-2, Unit.WORKING_DAYS), "2026-03-31T13:00", "2026-03-27T08:00Z", "over a weekend and the gap"),
        (rule(0, Unit.WORKING_DAYS), "2026-06-14T13:00", "2026-06-14T07:00Z", "no working days: the Sunday itself"),
        (rule(-1, Unit.WORKING_DAYS), "2026-06-13T13:00", "2026-06-12T07:00Z", "of an event on a Saturday"),
        (rule(-1, Unit.DAYS), "2026-03-01T00:30", "2026-02-28T08:00Z", "over the end of a month"),
        (rule(-1, Unit.DAYS), "2019-10-28T13:00", "2019-10-27T08:00Z", "in 2019"),
    ],
)
def test_a_mailing_is_due_so_many_calendar_days_from_the_event(
    when: Rule, start: str, expected: str, case: str
) -> None:
    due = due_at(when, at(start), None, AMSTERDAM)
    assert due == at(expected), case
    assert due is not None
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("anchor", "end", "expected", "case"),
    [
        (Anchor.START, "2026-06-13T12:00", "2026-06-12T07:00Z", "from the first day"),
        (Anchor.END, "2026-06-13T12:00", "2026-06-14T07:00Z", "from the last day"),
        (Anchor.END, "2026-06-11T17:00", "2026-06-12T07:00Z", "an event of one day"),
        (Anchor.END, "2026-06-12T01:00", "2026-06-13T07:00Z", "an evening that ends after midnight"),
        (Anchor.END, None, "2026-06-12T07:00Z", "no known end: the day of the start"),
    ],
)
def test_a_rule_counts_from_the_date_of_its_anchor(anchor: Anchor, end: str | None, expected: str, case: str) -> None:
    last = at(end) if end else None
    assert due_at(rule(1, Unit.DAYS, anchor=anchor), at("2026-06-11T13:00"), last, AMSTERDAM) == at(expected), case


@UNHURRIED
@given(when=RULES, end=st.none() | WALLS)
def test_an_event_without_a_date_has_no_due_mailings(when: Rule, end: datetime | None) -> None:
    assert due_at(when, None, end, AMSTERDAM) is None


def test_working_days_of_another_country_can_be_asked_for() -> None:
    german = Calendar("DE")
    start = at("2026-05-02T10:00")  # the first of May is a holiday there, King's Day is not
    assert due_at(rule(-4, Unit.WORKING_DAYS), start, None, AMSTERDAM, german) == at("2026-04-27T07:00Z")
    assert due_at(rule(-4, Unit.WORKING_DAYS), start, None, AMSTERDAM) == at("2026-04-28T07:00Z")


@pytest.mark.parametrize(
    ("when", "start"),
    [
        (rule(-4_000_000, Unit.DAYS), "2026-06-11T13:00"),
        (rule(9_999_999_999, Unit.WEEKS), "2026-06-11T13:00"),
        (rule(10, Unit.WORKING_DAYS), "9999-12-31T13:00"),
        (rule(0, Unit.DAYS, 0), "0001-01-01T13:00"),
    ],
)
def test_a_rule_that_leaves_the_calendar_is_an_error_that_names_it(when: Rule, start: str) -> None:
    with pytest.raises(RuleError, match=f"{when.amount} {when.unit} from .* use a smaller number"):
        due_at(when, at(start), None, AMSTERDAM)


def gap(wall: datetime, zone: ZoneInfo) -> timedelta:
    """The length of the gap that a wall-clock time lies in, zero in none (PEP 495: offsets before and after)."""
    before, after = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert before is not None
    assert after is not None
    return max(after - before, timedelta(0))


@UNHURRIED
@given(wall=WALLS, zone=ZONES)
def test_the_clock_shows_the_asked_time_or_later_by_the_gap_where_that_does_not_exist(
    wall: datetime, zone: ZoneInfo
) -> None:
    shown = to_instant(wall, zone).astimezone(zone).replace(tzinfo=None)
    assert shown == wall + gap(wall, zone)


@UNHURRIED
@given(hours=st.integers(0, 47), minute=st.integers(0, 59))
def test_the_clock_changes_of_amsterdam_obey_the_same_law(hours: int, minute: int) -> None:
    for saturday in (at("2026-03-28T00:00"), at("2026-10-24T00:00"), at("2019-03-30T00:00")):
        wall = saturday + timedelta(hours=hours, minutes=minute)
        shown = to_instant(wall, AMSTERDAM).astimezone(AMSTERDAM)
        assert shown.replace(tzinfo=None) == wall + gap(wall, AMSTERDAM)
        assert shown.fold == 0


@UNHURRIED
@given(when=RULES, start=WALLS, length=st.timedeltas(timedelta(0), timedelta(days=5)), zone=ZONES)
def test_the_local_time_of_a_due_mailing_is_that_of_its_rule_unless_in_a_gap(
    when: Rule, start: datetime, length: timedelta, zone: ZoneInfo
) -> None:
    due = due_at(when, start, start + length, zone)
    assert due is not None
    shown = due.astimezone(zone).replace(tzinfo=None)
    asked = datetime.combine(shown.date(), when.at)
    assert shown == asked + gap(asked, zone)


@UNHURRIED
@given(amount=st.integers(-60, 60), start=WALLS, zone=ZONES)
def test_weeks_keep_the_weekday(amount: int, start: datetime, zone: ZoneInfo) -> None:
    due = due_at(rule(amount, Unit.WEEKS, 12), start, None, zone)
    assert due is not None
    assert (due.astimezone(zone).date() - start.date()).days == 7 * amount
