"""Working days: Dutch public holidays, weekends, and counting across them."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import RuleError
from newsletter.schedule.working_days import NETHERLANDS, Calendar, shift_working_days

#: The first look at a year computes its holidays, which may take longer than a busy machine's deadline.
UNHURRIED = settings(deadline=None)
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 12, 31))


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 1), "New Year's Day"),
        (date(2026, 4, 3), "Good Friday"),
        (date(2026, 4, 6), "Easter Monday"),
        (date(2026, 4, 27), "King's Day"),
        (date(2025, 4, 26), "King's Day a day early, because the 27th is a Sunday"),
        (date(2013, 4, 30), "Queen's Day, in its last year"),
        (date(2025, 5, 5), "Liberation Day in a lustrum year"),
        (date(2026, 5, 14), "Ascension Day"),
        (date(2016, 5, 5), "Ascension Day on 5 May, in a year that is no lustrum"),
        (date(2026, 5, 25), "Whit Monday"),
        (date(2026, 12, 25), "Christmas Day"),
        (date(2025, 12, 26), "Boxing Day"),
        (date(2026, 3, 28), "a Saturday"),
        (date(2026, 3, 29), "a Sunday"),
    ],
)
def test_these_are_no_working_days(day: date, name: str) -> None:
    assert not NETHERLANDS.is_working_day(day), name


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 5, 5), "Liberation Day between two lustrum years"),
        (date(2026, 5, 4), "Remembrance Day"),
        (date(2026, 5, 15), "the Friday after Ascension Day"),
        (date(2025, 4, 28), "the Monday after a King's Day that was moved"),
        (date(2026, 12, 24), "Christmas Eve"),
        (date(2026, 12, 28), "the Monday after a Boxing Day on Saturday: nothing is made up for"),
        (date(2026, 12, 31), "New Year's Eve"),
        (date(2014, 4, 30), "30 April, when it was Queen's Day no more"),
    ],
)
def test_these_are_working_days(day: date, name: str) -> None:
    assert NETHERLANDS.is_working_day(day), name


@pytest.mark.parametrize(
    ("day", "amount", "expected", "case"),
    [
        (date(2026, 3, 12), -2, date(2026, 3, 10), "within a week"),
        (date(2026, 3, 9), -1, date(2026, 3, 6), "over a weekend"),
        (date(2026, 3, 6), 1, date(2026, 3, 9), "forward over a weekend"),
        (date(2026, 3, 12), -5, date(2026, 3, 5), "five are a week"),
        (date(2026, 4, 7), -1, date(2026, 4, 2), "Easter: Monday and Good Friday do not count"),
        (date(2026, 4, 7), -2, date(2026, 4, 1), "Easter, two"),
        (date(2026, 4, 2), 1, date(2026, 4, 7), "forward over Easter"),
        (date(2026, 4, 28), -1, date(2026, 4, 24), "King's Day on a Monday"),
        (date(2025, 4, 28), -1, date(2025, 4, 25), "King's Day on the Saturday costs nothing"),
        (date(2025, 4, 24), 2, date(2025, 4, 28), "the 27th on a Sunday costs no Monday"),
        (date(2026, 5, 15), -1, date(2026, 5, 13), "Ascension Day"),
        (date(2026, 5, 13), 2, date(2026, 5, 18), "forward over Ascension Day and the weekend"),
        (date(2026, 5, 26), -1, date(2026, 5, 22), "Whit Monday"),
        (date(2025, 5, 6), -1, date(2025, 5, 2), "Liberation Day in a lustrum year"),
        (date(2026, 5, 6), -1, date(2026, 5, 5), "Liberation Day in another year"),
        (date(2025, 12, 29), -2, date(2025, 12, 23), "Christmas on Thursday and Friday"),
        (date(2026, 1, 2), -2, date(2025, 12, 30), "New Year's Day, into the old year"),
        (date(2025, 12, 24), 3, date(2025, 12, 31), "forward over Christmas"),
        (date(2025, 12, 24), 4, date(2026, 1, 2), "forward over Christmas and New Year"),
        (date(2026, 3, 14), -1, date(2026, 3, 13), "from a Saturday"),
        (date(2026, 3, 15), -2, date(2026, 3, 12), "from a Sunday"),
        (date(2026, 3, 14), 1, date(2026, 3, 16), "forward from a Saturday"),
        (date(2026, 4, 6), -1, date(2026, 4, 2), "from Easter Monday itself"),
        (date(2026, 4, 27), 1, date(2026, 4, 28), "forward from King's Day itself"),
        (date(2026, 3, 15), 0, date(2026, 3, 15), "none: the day itself, a Sunday"),
        (date(2026, 12, 25), 0, date(2026, 12, 25), "none: the day itself, a holiday"),
        (date(2026, 3, 12), 0, date(2026, 3, 12), "none: the day itself"),
        (date(2019, 4, 24), -3, date(2019, 4, 17), "Easter 2019"),
    ],
)
def test_working_days_are_counted_without_weekends_and_holidays(
    day: date, amount: int, expected: date, case: str
) -> None:
    assert shift_working_days(day, amount) == expected, case


def test_another_country_has_other_holidays() -> None:
    unity_day_eve = date(2025, 10, 2)
    assert shift_working_days(unity_day_eve, 1, Calendar("DE")) == date(2025, 10, 6)
    assert shift_working_days(unity_day_eve, 1) == date(2025, 10, 3)


def test_a_country_without_known_holidays_is_an_error_that_names_it() -> None:
    with pytest.raises(RuleError, match="country “XX”; give a code of two letters"):
        Calendar("XX").is_working_day(date(2026, 3, 2))


@UNHURRIED
@given(day=DAYS, amount=st.integers(-30, 30).filter(bool))
def test_so_many_working_days_lie_between_a_day_and_where_it_is_shifted_to(day: date, amount: int) -> None:
    shifted = shift_working_days(day, amount)
    step = timedelta(days=1 if amount > 0 else -1)
    passed = [day + step * n for n in range(1, abs((shifted - day).days) + 1)]
    assert passed[-1] == shifted
    assert NETHERLANDS.is_working_day(shifted)
    assert sum(map(NETHERLANDS.is_working_day, passed)) == abs(amount)


@UNHURRIED
@given(day=DAYS.filter(NETHERLANDS.is_working_day), amount=st.integers(-30, 30))
def test_from_a_working_day_counting_back_undoes_counting_forward(day: date, amount: int) -> None:
    assert shift_working_days(shift_working_days(day, amount), -amount) == day
