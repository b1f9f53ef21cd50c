"""Both languages say the same, and the reader's is found."""

import re
from datetime import datetime

import pytest

from newsletter.web.words import DUTCH, ENGLISH, moment, words_for


def test_both_languages_have_the_same_words_with_the_same_places_to_fill() -> None:
    assert DUTCH.keys() == ENGLISH.keys()
    for key, text in DUTCH.items():
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", ENGLISH[key]), key


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "nl"),
        ("nl", "nl"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("EN-us", "en"),
        ("nl-BE,en;q=0.8", "nl"),
        ("en;q=0.5, nl;q=0.7", "nl"),
        ("fr, de;q=0.9, en;q=0.1", "en"),
        ("fr, de", "nl"),
        ("en;q=0", "nl"),
        ("en;q=what", "nl"),
        ("en;level=1", "en"),
        ("nl;q=0.8,en;q=0.8", "nl"),
        ("*", "nl"),
    ],
)
def test_the_language_is_the_one_that_the_reader_prefers(accepted: str, language: str) -> None:
    assert words_for(accepted)["language"] == language


def test_a_moment_is_written_as_people_write_it() -> None:
    at = datetime(2019, 6, 13, 12)
    assert moment(at, "nl") == "donderdag 13 juni 2019, 12.00 uur"
    assert moment(at, "en") == "Thursday 13 June 2019, 12:00"
