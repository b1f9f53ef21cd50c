"""What bounces cost a subscriber: a table of cases, on a clock that is set by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.policy import (
    LIMIT,
    WARNING,
    Bounced,
    Decision,
    Weight,
    is_unlikely,
    is_worth_telling,
    score,
    weigh,
    weight_of,
)
from newsletter.inbound.telling.reasons import HARD, REASONS
from newsletter.inbound.telling.verdict import Failure

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHIPPED = {"hard": 1.0, "soft": 0.1, "forget": timedelta(days=30)}
#: As a widely used list manager has it: hard 1, soft a half, a week of silence forgets.
MAILMAN = {"hard": 1.0, "soft": 0.5, "forget": timedelta(days=7)}
H, S, P, US, D = Weight.HARD, Weight.SOFT, Weight.POLICY, Weight.OUR_FAULT, Weight.DELAYED


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def bounced(*items: tuple[float, Weight]) -> list[Bounced]:
    """Bounces by day since the start."""
    return [Bounced(at=at(day), weight=weight) for day, weight in items]


@pytest.mark.parametrize(
    ("reason", "status", "is_delay", "weight"),
    [
        ("userunknown", "5.1.1", False, H),
        ("userunknown", "5.7.1", False, H),  # the words decide: some say "access denied" of who is unknown
        ("hostunknown", "5.4.4", False, H),
        ("hasmoved", "5.1.6", False, H),
        ("notaccept", "5.1.10", False, H),
        ("userunknown", "4.1.1", True, D),
        ("networkerror", "4.4.1", True, D),
        ("mailboxfull", "5.2.2", False, S),
        ("expired", "4.4.7", False, S),
        ("undefined", "", False, S),
        ("suspend", "5.2.1", False, S),
        ("filtered", "5.0.0", False, S),
        ("filtered", "5.7.1", False, P),
        ("undefined", "4.7.0", False, P),
        ("policyviolation", "5.7.1", False, P),
        ("spamdetected", "5.7.1", False, P),
        ("mesgtoobig", "5.3.4", False, P),
        ("blocked", "5.1.1", False, US),
        ("authfailure", "5.7.26", False, US),
        ("ratelimited", "4.7.28", False, US),
    ],
)
def test_what_a_failure_weighs(reason: str, status: str, is_delay: bool, weight: Weight) -> None:
    assert weight_of(Failure(recipient="a@example.nl", reason=reason, status=status, is_delay=is_delay)) is weight


@pytest.mark.parametrize("reason", REASONS)
def test_only_what_says_that_an_address_is_no_more_is_hard(reason: str) -> None:
    assert (weight_of(Failure(recipient="a@example.nl", reason=reason)) is H) == (reason in HARD)


@pytest.mark.parametrize(
    ("items", "now", "rules", "total"),
    [
        ([], 0, SHIPPED, 0),
        ([(0, H)], 0, SHIPPED, 1),
        ([(0, S)], 0, SHIPPED, 0.1),
        ([(0, P), (1, US), (2, D)], 3, SHIPPED, 0),
        ([(0, S), (0.1, S), (0.2, S)], 1, SHIPPED, 0.1),  # once a day
        ([(0, S), (0.1, H)], 1, SHIPPED, 1),  # the heaviest of a day
        ([(0.1, H), (0, S)], 1, SHIPPED, 1),  # whatever their order
        ([(0, S), (1, S), (2, S)], 3, SHIPPED, 0.3),
        ([(0, S), (30, S)], 31, SHIPPED, 0.2),  # not longer than the silence that forgets
        ([(0, S), (30.1, S)], 31, SHIPPED, 0.1),  # longer
        ([(0, S), (10, P), (30.1, S)], 31, SHIPPED, 0.1),  # what does not count breaks no silence
        ([(0, H)], 30, SHIPPED, 1),
        ([(0, H)], 30.1, SHIPPED, 0),
        ([(0, S), (8, S), (16, S), (24, S)], 24, MAILMAN, 0.5),  # once in eight days never adds up
        ([(0, S), (7, S), (14, S), (21, S)], 21, MAILMAN, 2),
        ([(0, H), (1, S)], 1, MAILMAN, 1.5),
    ],
)
def test_worked_examples_of_a_score(
    items: list[tuple[float, Weight]], now: float, rules: dict[str, object], total: float
) -> None:
    assert score(bounced(*items), at(now), **rules) == pytest.approx(total)  # type: ignore[arg-type]


def run(days: int, weight: Weight, **rules: object) -> list[Decision]:
    """One bounce a day, each decided on when it comes."""
    earlier: list[Bounced] = []
    decisions = []
    for day in range(days):
        [new] = bounced((day, weight))
        decisions.append(weigh(earlier, new, new.at, **rules))  # type: ignore[arg-type]
        earlier.append(new)
    return decisions


def test_a_soft_bounce_a_day_warns_halfway_and_ends_the_mail_on_the_tenth_day() -> None:
    decisions = run(12, S, **SHIPPED)
    assert [day for day, one in enumerate(decisions, 1) if one.warn] == [5]
    assert [day for day, one in enumerate(decisions, 1) if one.suppress] == [10, 11, 12]


def test_a_hard_bounce_ends_the_mail_at_once_and_without_a_warning() -> None:
    assert run(1, H, **SHIPPED) == [Decision(score=1, suppress=True)]


def test_where_a_hard_bounce_weighs_half_the_first_warns_and_the_second_ends_it() -> None:
    assert run(2, H, hard=0.5, soft=0.1, forget=timedelta(days=30)) == [
        Decision(score=0.5, warn=True),
        Decision(score=1, suppress=True),
    ]


@pytest.mark.parametrize("weight", [P, US, D])
def test_what_is_about_us_never_costs_anybody_their_mail(weight: Weight) -> None:
    assert set(run(200, weight, **SHIPPED)) == {Decision(score=0)}


def test_ten_bounces_in_a_day_are_one() -> None:
    *earlier, new = bounced(*((hour / 24, S) for hour in range(10)))
    assert weigh(earlier, new, new.at, **SHIPPED) == Decision(score=0.1)  # type: ignore[arg-type]


@given(
    items=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(list(Weight))), max_size=40),
    soft=st.floats(0, 1),
    days=st.integers(1, 60),
)
def test_a_score_never_falls_by_one_more_bounce_nor_rises_by_what_is_about_us(
    items: list[tuple[int, Weight]], soft: float, days: int
) -> None:
    rules = {"hard": 1.0, "soft": soft, "forget": timedelta(days=days)}
    known = bounced(*items)
    now = at(400)
    total = score(known, now, **rules)  # type: ignore[arg-type]
    assert total >= 0
    assert score([*known, *bounced((400, S))], now, **rules) >= total  # type: ignore[arg-type]
    assert score([*known, *bounced((400, P), (400, US), (400, D))], now, **rules) == total  # type: ignore[arg-type]


def test_an_incident_is_told_at_every_power_of_ten() -> None:
    assert [count for count in range(1, 2001) if is_worth_telling(count)] == [1, 10, 100, 1000]


@pytest.mark.parametrize(
    ("unknown", "letters", "unlikely"),
    [(9, 9, False), (10, 33, True), (10, 34, False), (10, 10, True), (40, 300, False), (120, 300, True), (1, 1, False)],
)
def test_a_domain_that_calls_many_of_one_mailing_unknown_is_not_believed(
    unknown: int, letters: int, unlikely: bool
) -> None:
    assert is_unlikely(unknown, letters) is unlikely


def test_the_warning_comes_before_the_end() -> None:
    assert 0 < WARNING < LIMIT
