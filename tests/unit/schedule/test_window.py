"""Windows: how late a mailing may still go out by itself."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.events.plan import Anchor, Rule, Unit
from newsletter.schedule.rules import Due, closes_at, decide_due

#: A busy machine is no failure.
UNHURRIED = settings(deadline=None)
START = datetime(2026, 6, 11, 11, 0, tzinfo=UTC)
DUE = datetime(2026, 6, 10, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BEFORE = Rule(amount=-1, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))
ON_THE_DAY = Rule(amount=0, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))
AFTER = Rule(amount=1, unit=Unit.DAYS, anchor=Anchor.END, at=time(9))
BEFORE_END = Rule(amount=-1, unit=Unit.DAYS, anchor=Anchor.END, at=time(9))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("due", "window", "rule", "start", "expected", "case"),
    [
        (DUE, DAY, BEFORE, START, DUE + DAY, "the window ends before the event begins"),
        (DUE, 3 * DAY, BEFORE, START, START, "the window would end after the event has begun"),
        (DUE, START - DUE, BEFORE, START, START, "the window ends as the event begins"),
        (START - HOUR, DAY, ON_THE_DAY, START, START, "due on the day, before the start"),
        (START, DAY, ON_THE_DAY, START, START + DAY, "due on the day, at the start: not before it"),
        (START + HOUR, DAY, ON_THE_DAY, START, START + HOUR + DAY, "due on the day, after the start"),
        (START + 2 * DAY, DAY, AFTER, START, START + 3 * DAY, "a report"),
        (START + DAY, DAY, BEFORE_END, START, START + 2 * DAY, "before the last day of an event of several days"),
        (START - HOUR, DAY, BEFORE_END, START, START, "before the end, and before the start too"),
        (START - HOUR, DAY, AFTER, START, START, "a report that a person fixed before the start"),
        (START + HOUR, DAY, BEFORE, START, START, "a reminder that a person fixed after the start"),
        (START + HOUR, DAY, None, START, START + HOUR + DAY, "by hand, after the start"),
        (START - HOUR, DAY, None, START, START, "by hand, before the start"),
        (DUE, 3 * DAY, BEFORE, None, DUE + 3 * DAY, "an event without a date"),
        (DUE, 0 * DAY, BEFORE, START, DUE, "no window at all"),
    ],
)
def test_a_mailing_that_is_planned_before_the_start_closes_at_the_start(
    due: datetime, window: timedelta, rule: Rule | None, start: datetime | None, expected: datetime, case: str
) -> None:
    assert closes_at(due, window, rule, start) == expected, case


@pytest.mark.parametrize(
    ("due", "closes", "now", "expected", "case"),
    [
        (None, None, DUE, Due.UNDATED, "no date"),
        (DUE, None, DUE, Due.UNDATED, "a time, but no window: nothing goes out for ever"),
        (DUE, DUE + DAY, DUE - timedelta(microseconds=1), Due.WAIT, "just before"),
        (DUE, DUE + DAY, DUE, Due.FIRE, "exactly when due"),
        (DUE, DUE + DAY, DUE + DAY - timedelta(microseconds=1), Due.FIRE, "just before it closes"),
        (DUE, DUE + DAY, DUE + DAY, Due.MISSED, "exactly when it closes"),
        (DUE, DUE + DAY, DUE + 400 * DAY, Due.MISSED, "a year later"),
        (DUE, DUE, DUE - HOUR, Due.WAIT, "an empty window, before"),
        (DUE, DUE, DUE, Due.MISSED, "an empty window never opens"),
        (DUE, DUE - HOUR, DUE - HOUR, Due.MISSED, "a window that closes before it opens never opens"),
    ],
)
def test_a_mailing_fires_from_when_it_is_due_until_its_window_closes(
    due: datetime | None, closes: datetime | None, now: datetime, expected: Due, case: str
) -> None:
    assert decide_due(due, closes, now) is expected, case


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (0 * HOUR, Due.MISSED),
        (4 * HOUR, Due.MISSED),
        (5 * HOUR, Due.MISSED),
        (5 * HOUR + timedelta(seconds=1), Due.FIRE),
        (6 * HOUR, Due.FIRE),
        (DAY, Due.FIRE),
    ],
)
def test_after_five_hours_down_a_mailing_is_sent_or_missed_exactly_as_its_window_says(
    window: timedelta, expected: Due
) -> None:
    assert decide_due(DUE, closes_at(DUE, window, BEFORE, START), DUE + 5 * HOUR) is expected


@pytest.mark.parametrize(("until_start", "expected"), [(4 * HOUR, Due.MISSED), (6 * HOUR, Due.FIRE)])
def test_after_five_hours_down_a_reminder_of_something_that_has_begun_is_missed(
    until_start: timedelta, expected: Due
) -> None:
    assert decide_due(DUE, closes_at(DUE, DAY, ON_THE_DAY, DUE + until_start), DUE + 5 * HOUR) is expected


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(TypeError):
        decide_due(DUE, DUE + DAY, DUE.replace(tzinfo=None))


@UNHURRIED
@given(
    due=MOMENTS,
    now=MOMENTS,
    start=MOMENTS,
    window=st.timedeltas(timedelta(0), timedelta(days=30)),
    rule=st.sampled_from([BEFORE, ON_THE_DAY, AFTER, BEFORE_END, None]),
)
def test_what_fires_is_due_in_its_window_and_not_before_an_event_that_has_begun(
    due: datetime, now: datetime, start: datetime, window: timedelta, rule: Rule | None
) -> None:
    if decide_due(due, closes_at(due, window, rule, start), now) is Due.FIRE:
        assert due <= now < due + window
        assert now < start or (due >= start and rule is not BEFORE)
