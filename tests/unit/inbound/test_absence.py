"""Until when somebody is away, as automatic replies say it in four languages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.telling.absence import sent_on, until

SENT = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Ik ben afwezig t/m 3 december.", "2026-12-03"),
        ("van 20 november tot en met 11 december niet aanwezig", "2026-12-11"),
        ("Ik ben met vakantie van 20-11 t/m 4-12.", "2026-12-04"),
        ("Vanaf 1 december ben ik weer bereikbaar.", "2026-11-30"),
        ("Ik ben op maandag 7 december weer terug.", "2026-12-06"),
        ("en ben woensdag 2 december terug", "2026-12-01"),
        ("weer aanwezig vanaf 8 dec.", "2026-12-07"),
        ("tot en met 2 januari", "2027-01-02"),
        ("I am out of the office until Friday 4 December 2026 with", "2026-12-04"),
        ("from December 21 through January 3.", "2027-01-03"),
        ("from 3 to 15 December", "2026-12-15"),
        ("I'm on annual leave, back on 7 December.", "2026-12-06"),
        ("will return on Monday 30 November", "2026-11-29"),
        ("until March 1, 2027", "2027-03-01"),
        ("(returning 12/07/2026)", "2026-12-06"),  # of 12 July and 7 December, the one to come
        ("until 12/07/2026.", "2026-12-07"),
        ("until 2026-12-04", "2026-12-04"),
        ("bis einschließlich 11.12.2026 nicht im Büro", "2026-12-11"),
        ("vom 23.11. bis 04.12. im Urlaub", "2026-12-04"),
        ("ab Montag, den 7. Dezember, wieder für Sie da", "2026-12-06"),
        ("kehre am 01.12.2026 zurück", "2026-11-30"),
        ("jusqu'au 4 décembre inclus", "2026-12-04"),
        ("en congés du 20 novembre au 5 décembre", "2026-12-05"),
        ("de retour le 7 décembre", "2026-12-06"),
        ("tot 15.30 uur", ""),
        ("until further notice", ""),
        ("tot 31 februari", ""),
        ("back in 1998: until 3 December 1998", ""),
        ("", ""),
    ],
)
def test_the_last_day_of_an_absence(text: str, last: str) -> None:
    assert until(text, SENT) == last


def test_a_date_without_a_year_needs_the_day_of_sending() -> None:
    assert until("afwezig t/m 3 december", None) == ""
    assert until("afwezig t/m 3 december 2026", None) == "2026-12-03"


@pytest.mark.parametrize(
    ("field", "day"),
    [("Mon, 23 Nov 2026 10:04:17 +0100", SENT), ("", None), ("yesterday", None), ("Mon, 99 Nov 2026 10:04:17", None)],
)
def test_a_day_of_sending_is_read_or_it_is_not_known(field: str, day: date | None) -> None:
    assert sent_on(field) == day


@given(st.text(max_size=80))
def test_whatever_a_field_or_a_text_holds_is_read_without_fail(text: str) -> None:
    sent_on(text)
    until(f"until {text}", SENT)


@given(st.dates(min_value=SENT, max_value=date(2027, 11, 1)), st.sampled_from(["tot", "until", "bis zum", "jusqu'au"]))
def test_every_day_of_the_year_to_come_is_found(day: date, word: str) -> None:
    assert until(f"{word} {day.day}-{day.month}-{day.year}", SENT) == day.isoformat()
    assert until(f"{word} {day.day}-{day.month}", SENT) == day.isoformat()
