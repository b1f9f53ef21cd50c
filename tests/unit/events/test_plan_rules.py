"""The written forms of the rules and windows of a plan."""

import re
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import RuleError
from newsletter.events.plan import (
    Anchor,
    Audience,
    Rule,
    Unit,
    format_rule,
    format_window,
    includes,
    parse_audience,
    parse_rule,
    parse_window,
    who,
)


@pytest.mark.parametrize(
    ("text", "amount", "unit", "anchor", "at"),
    [
        ("6 weeks before start at 09:00", -6, Unit.WEEKS, Anchor.START, time(9)),
        ("1 week before the start at 9:00", -1, Unit.WEEKS, Anchor.START, time(9)),
        ("2 working days before start at 09:00", -2, Unit.WORKING_DAYS, Anchor.START, time(9)),
        ("1 workday after end at 09:00", 1, Unit.WORKING_DAYS, Anchor.END, time(9)),
        ("1 day after end at 10:30", 1, Unit.DAYS, Anchor.END, time(10, 30)),
        ("on the day of start at 08:00", 0, Unit.DAYS, Anchor.START, time(8)),
        ("on the day of the end at 20:00", 0, Unit.DAYS, Anchor.END, time(20)),
        ("on the day itself at 08:00", 0, Unit.DAYS, Anchor.START, time(8)),
        ("2 werkdagen voor begin om 09:00", -2, Unit.WORKING_DAYS, Anchor.START, time(9)),
        ("1 werkdag vóór het begin om 9.00 uur", -1, Unit.WORKING_DAYS, Anchor.START, time(9)),
        ("1 dag na einde om 10:30", 1, Unit.DAYS, Anchor.END, time(10, 30)),
        ("3 dagen na het einde om 10:30", 3, Unit.DAYS, Anchor.END, time(10, 30)),
        ("2 weken voor de start om 10:30", -2, Unit.WEEKS, Anchor.START, time(10, 30)),
        ("op de dag zelf om 08:00", 0, Unit.DAYS, Anchor.START, time(8)),
        ("op de dag van het einde om 18:00", 0, Unit.DAYS, Anchor.END, time(18)),
        ("  6  Weeks   BEFORE start at 09:00 ", -6, Unit.WEEKS, Anchor.START, time(9)),
    ],
)
def test_a_rule_is_read_in_english_and_in_dutch(text: str, amount: int, unit: Unit, anchor: Anchor, at: time) -> None:
    assert parse_rule(text) == Rule(amount=amount, unit=unit, anchor=anchor, at=at)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(amount=-6, unit=Unit.WEEKS, anchor=Anchor.START, at=time(9)), "6 weeks before start at 09:00"),
        (Rule(amount=-1, unit=Unit.WEEKS, anchor=Anchor.START, at=time(9)), "1 week before start at 09:00"),
        (
            Rule(amount=-2, unit=Unit.WORKING_DAYS, anchor=Anchor.START, at=time(9)),
            "2 working days before start at 09:00",
        ),
        (Rule(amount=1, unit=Unit.DAYS, anchor=Anchor.END, at=time(10, 30)), "1 day after end at 10:30"),
        (Rule(amount=0, unit=Unit.DAYS, anchor=Anchor.START, at=time(8)), "on the day of start at 08:00"),
        (Rule(amount=0, unit=Unit.WORKING_DAYS, anchor=Anchor.END, at=time(8)), "0 working days after end at 08:00"),
    ],
)
def test_a_rule_is_written_in_english(rule: Rule, text: str) -> None:
    assert format_rule(rule) == text


@given(
    amount=st.integers(-9999, 9999),
    unit=st.sampled_from(Unit),
    anchor=st.sampled_from(Anchor),
    at=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
)
def test_every_rule_survives_being_written_and_read(amount: int, unit: Unit, anchor: Anchor, at: time) -> None:
    rule = Rule(amount=amount, unit=unit, anchor=anchor, at=at)
    assert parse_rule(format_rule(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "six weeks before start at 09:00",
        "6 weeks before start",
        "6 months before start at 09:00",
        "-6 weeks before start at 09:00",
        "6 weeks before lunch at 09:00",
        "before start at 09:00",
        "12345 days before start at 09:00",
        "2019-06-01 09:00",
    ],
)
def test_a_rule_that_cannot_be_read_is_answered_with_examples(text: str) -> None:
    with pytest.raises(RuleError, match=r"write for example “6 weeks before start at 09:00”, “2 werkdagen voor begin"):
        parse_rule(text)


@pytest.mark.parametrize("at", ["24:00", "09:60", "99:99"])
def test_a_rule_at_a_time_that_does_not_exist_is_refused(at: str) -> None:
    with pytest.raises(RuleError, match="time that does not exist"):
        parse_rule(f"1 day before start at {at}")


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("1 week", timedelta(weeks=1)),
        ("2 weken", timedelta(weeks=2)),
        ("2 days", timedelta(days=2)),
        ("1 dag", timedelta(days=1)),
        ("3 dagen", timedelta(days=3)),
        ("6 hours", timedelta(hours=6)),
        ("6 uur", timedelta(hours=6)),
        ("36 uren", timedelta(hours=36)),
        ("90 minutes", timedelta(minutes=90)),
        ("1 minuut", timedelta(minutes=1)),
        ("90 Minuten", timedelta(minutes=90)),
        ("45 seconden", timedelta(seconds=45)),
    ],
)
def test_a_window_is_read_in_english_and_in_dutch(text: str, window: timedelta) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (timedelta(days=14), "2 weeks"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=61), "61 seconds"),
    ],
)
def test_a_window_is_written_in_its_largest_whole_unit(window: timedelta, text: str) -> None:
    assert format_window(window) == text


@given(st.integers(1, 520 * 7 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds)))
def test_every_window_survives_being_written_and_read(window: timedelta) -> None:
    assert parse_window(format_window(window)) == window


@pytest.mark.parametrize("text", ["", "2", "days", "2 months", "two days", "1.5 days", "-1 days", "2 days 3 hours"])
def test_a_window_that_cannot_be_read_is_answered_with_examples(text: str) -> None:
    with pytest.raises(RuleError, match="write for example “2 days”, “6 hours”"):
        parse_window(text)


@pytest.mark.parametrize("text", ["0 days", "521 weeks", "99999999999 weeks"])
def test_a_window_of_no_length_or_of_ages_is_refused(text: str) -> None:
    with pytest.raises(RuleError, match="too short or too long"):
        parse_window(text)


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("accepted", Audience.ACCEPTED),
        ("Aangenomen", Audience.ACCEPTED),
        ("geaccepteerd", Audience.ACCEPTED),
        ("tentative", Audience.TENTATIVE),
        ("misschien", Audience.TENTATIVE),
        ("onder  voorbehoud", Audience.TENTATIVE),
        ("accepted or tentative", Audience.COMING),
        ("aangenomen of voorlopig", Audience.COMING),
        ("voorlopig of aangenomen", Audience.COMING),
        ("declined", Audience.DECLINED),
        ("afgewezen", Audience.DECLINED),
        ("unanswered", Audience.UNANSWERED),
        ("niet beantwoord", Audience.UNANSWERED),
        ("geen antwoord", Audience.UNANSWERED),
        (" not  declined ", Audience.NOT_DECLINED),
        ("NIET AFGEWEZEN", Audience.NOT_DECLINED),
        ("iedereen", Audience.EVERYBODY),
    ],
)
def test_an_audience_is_read_in_english_and_in_dutch(text: str, audience: Audience) -> None:
    assert parse_audience(text) is audience


@pytest.mark.parametrize(
    ("audience", "answers"),
    [
        (Audience.EVERYBODY, "accepted tentative delegated declined -"),
        (Audience.ACCEPTED, "accepted"),
        (Audience.TENTATIVE, "tentative"),
        (Audience.COMING, "accepted tentative"),
        (Audience.DECLINED, "declined"),
        (Audience.UNANSWERED, "-"),
        (Audience.NOT_DECLINED, "accepted tentative delegated -"),
    ],
)
def test_an_audience_includes_some_answers_and_not_others(audience: Audience, answers: str) -> None:
    given = {"accepted", "tentative", "delegated", "declined", ""}
    expected = {answer.strip("-") for answer in answers.split()}
    assert {answer for answer in given if includes(audience, answer)} == expected


@pytest.mark.parametrize("audience", [one for one in Audience if one])
def test_an_audience_is_written_in_english_and_read_back(audience: Audience) -> None:
    assert parse_audience(str(audience)) is audience
    assert who(audience).startswith("those who ")


@pytest.mark.parametrize(
    "text", ["", "accepted, declined", "not accepted", "gemeenten", "accepted or declined", "nobody"]
)
def test_an_audience_that_nobody_knows_is_refused_with_all_that_there_are(text: str) -> None:
    with pytest.raises(RuleError, match="does not say who gets it; choose from “accepted”"):
        parse_audience(text)


def test_the_manual_names_every_audience_and_only_words_that_are_read() -> None:
    manual = (Path(__file__).parents[3] / "docs/attendance.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in manual.splitlines() if line.startswith("| `")]
    for english, dutch in rows[1:]:
        [audience] = {parse_audience(word) for word in re.findall(r"`([^`]+)`", english + dutch)}
        assert f"`{audience}`" == english.strip()
    assert len(rows) == len(Audience)
