"""Days and moments of the command line: as event documents write them."""

from datetime import UTC, date, datetime

import pytest

from newsletter.cli.when import read_day, read_moment
from newsletter.errors import RuleError

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-12-01", "1-12-2026", "1/12/2026", "1 december 2026", "dinsdag 1 december 2026"])
def test_a_day_is_read_as_in_a_document(text: str) -> None:
    assert read_day(text) == date(2026, 12, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01 09:00",
        "2026-12-01T09:00",
        "2026-12-01 09:00:00",
        "1 december 2026 9:00",
        "1-12-2026 9u",
        "dinsdag 1 december 2026 om 9.00 uur",
    ],
)
def test_a_moment_is_read_as_in_a_document_on_the_clock_of_the_series(text: str) -> None:
    assert read_moment(text, "Europe/Amsterdam", NOW) == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_now_is_a_moment_and_so_is_one_with_seconds() -> None:
    assert read_moment("now", "Europe/Amsterdam", NOW) == NOW
    assert read_moment("2026-12-01 09:00:30", "UTC", NOW) == datetime(2026, 12, 1, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "morgen",
            "“morgen” is not a date with a time; write it as “2027-01-28 12:00” or “donderdag 28 januari 2027 12:00”",
        ),
        (
            "1 december 9:00",
            "“1 december 9:00” has no year of four digits; write it as “2027-01-28 12:00” or “donderdag ",
        ),
        (
            "maandag 1 december 2026 9:00",
            "“maandag 1 december 2026” has the wrong weekday; write “dinsdag 1 december 2026”",
        ),
    ],
)
def test_a_moment_that_cannot_be_read_says_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_moment(text, "Europe/Amsterdam", NOW)
    assert str(caught.value).startswith(sentence)


def test_a_day_that_cannot_be_read_says_what_to_write() -> None:
    with pytest.raises(
        RuleError, match="“morgen” is not a date; write it as 2027-01-28 or “donderdag 28 januari 2027”"
    ):
        read_day("morgen")
