"""The fixed words of a working folder: what they may leave to be filled in, and how a slip in them is told."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.compose.composer import Order, compose
from newsletter.compose.templates import Templates
from newsletter.errors import TemplateError
from tests.unit.compose.sample import MASTERCLASS, TEMPLATES

NOW = datetime(2019, 5, 1, tzinfo=UTC)


def with_words(folder: Path, words: str) -> Templates:
    """The shipped templates, and before them a file of words of one's own."""
    (folder / "words").mkdir()
    (folder / "words" / "nl.toml").write_text(words, encoding="utf-8")
    return Templates([folder, TEMPLATES])


def complaint(folder: Path, words: str) -> str:
    with pytest.raises(TemplateError) as caught:
        with_words(folder, words).words("nl")
    return str(caught.value)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (
            'absent = "Laat het weten vóór {dag}."',
            "“absent” holds {dag}, which nothing fills in; there is none, so take it out",
        ),
        ('reminder_lead = "Tot {dag}."', "“reminder_lead” holds {dag}, which nothing fills in; there is: {day}"),
        (
            'reminder_lead = "Op {day} of {dag}."',
            "“reminder_lead” holds {dag}, which nothing fills in; there is: {day}",
        ),
        ('until_day = "tot { day }"', "“until_day” holds { day }, which nothing fills in; there is: {day}"),
        ('until_day = "tot {Day}"', "“until_day” holds {Day}, which nothing fills in; there is: {day}"),
        ('until_day = "tot {day."', "“until_day” holds {day, which nothing fills in; there is: {day}"),
    ],
)
def test_a_place_that_nothing_fills_in_is_told_with_its_key_and_those_that_are_there(
    tmp_path: Path, word: str, expected: str
) -> None:
    sentence = complaint(tmp_path, f'# van ons\nregister = "Kom ook"\n{word}\n')
    assert sentence.startswith(f"words/nl.toml:3: {expected}")


def test_a_place_that_nothing_fills_in_stops_the_letter(tmp_path: Path) -> None:
    templates = with_words(tmp_path, 'absent = "Laat het weten vóór {dag}."\n')
    with pytest.raises(TemplateError, match=r"“absent” holds \{dag\}"):
        compose(MASTERCLASS, Order(slug="x/a", template="announcement", label=""), templates, now=NOW)


def test_places_may_be_left_out_and_words_of_templates_of_ones_own_may_have_any(tmp_path: Path) -> None:
    words = with_words(tmp_path, 'sent_by = "Van ons."\nuntil_day = "nog tot {day}"\nzaal = "in {room}"\n').words("nl")
    assert (words["sent_by"], words["until_day"], words["zaal"]) == ("Van ons.", "nog tot {day}", "in {room}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('and = "en"\nabsent = "Laat het weten.\n', "words/nl.toml:2: a closing quotation mark is missing"),
        ("and = 'en'\nabsent = 'Laat het weten.\nor = 'of'\n", "words/nl.toml:2: a closing quotation mark is missing"),
        ('absent = """Laat het weten.\n', "words/nl.toml: a closing quotation mark is missing at its end"),
        ("absent = 'Laat het weten.", "words/nl.toml: a closing quotation mark is missing at its end"),
        ('and = "en"\nabsent "Laat het weten."\n', "words/nl.toml:2 cannot be read: Expected '=' after a key"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, words: str, expected: str) -> None:
    assert complaint(tmp_path, words).startswith(expected)
