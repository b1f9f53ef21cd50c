"""What may not be in the words of an organiser."""

from datetime import date

import pytest

from newsletter.errors import Problem
from newsletter.events.notes import Notes, Passage
from newsletter.events.wording import note_wrong_weekdays, unseen_in, without_marks

EVENT_DAY = date(2025, 10, 14)  # a Tuesday


def wrong_weekdays(text: str, event_day: date | None = EVENT_DAY) -> list[Problem]:
    notes = Notes(file="x.md")
    note_wrong_weekdays(Passage(text=text, line=10, is_spread=True), event_day, notes)
    return sorted(notes.problems)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("Kom op maandag 14 oktober 2025 naar Utrecht.", "“dinsdag 14 oktober 2025”"),
        ("Monday 14 October 2025", "“Tuesday 14 October 2025”"),
        ("Monday, 14th of October 2025", "“Tuesday, 14th of October 2025”"),
        ("Maandag 14-10-2025", "“Dinsdag 14-10-2025”"),
        ("maandag 2025-10-14", "“dinsdag 2025-10-14”"),
        ("ma 14 okt 2025", "“di 14 okt 2025”"),
        ("maandag 14 oktober", "“dinsdag 14 oktober” if the date is right, or add the year"),
        ("maandag 14 oktober om 2000 uur", "“dinsdag 14 oktober”"),
        ("maandag 14\u00a0oktober", "“dinsdag 14 oktober”"),
    ],
)
def test_a_weekday_that_does_not_fit_the_date_is_a_problem(text: str, fix: str) -> None:
    (problem,) = wrong_weekdays(text)
    assert problem.line == 10
    assert "wrong weekday" in problem.what
    assert fix in problem.fix


@pytest.mark.parametrize(
    "text",
    [
        "dinsdag 14 oktober 2025",
        "dinsdag 14 oktober",
        "woensdag 14 oktober",  # of the next year
        "woensdag 14 oktober 2026",
        "Tuesday, 14 October 2025",
        "zaterdag 29 februari 2020",
        "maandag 14 uur",
        "op maandag zijn er 14 oktoberfeesten",
        "zondag 24 augustus 1572",  # before our calendar
    ],
)
def test_a_weekday_that_fits_the_date_is_fine(text: str) -> None:
    assert wrong_weekdays(text) == []


def test_without_a_date_of_the_event_a_date_without_year_cannot_be_wrong() -> None:
    assert wrong_weekdays("maandag 14 oktober", None) == []
    assert wrong_weekdays("maandag 14 oktober 2025", None) != []


@pytest.mark.parametrize("text", ["maandag 31 juni", "maandag 31 juni 2025", "zaterdag 29 februari"])
def test_a_day_that_does_not_exist_is_a_problem(text: str) -> None:
    (problem,) = wrong_weekdays(text)
    assert "does not exist" in problem.what


def test_a_leap_day_counts_in_the_year_that_has_it() -> None:
    assert wrong_weekdays("donderdag 29 februari", date(2023, 9, 1)) == []
    (problem,) = wrong_weekdays("vrijdag 29 februari", date(2023, 9, 1))
    assert "“donderdag 29 februari”" in problem.fix


def test_a_problem_in_a_text_of_several_lines_names_the_line() -> None:
    text = "Eerste regel.\n\nmaandag 14 oktober 2025\nen\nmaandag\n14 oktober 2025"
    assert [problem.line for problem in wrong_weekdays(text)] == [12, 14]


def test_a_text_in_quotation_marks_has_one_line_in_the_document() -> None:
    assert Passage(text="een\ntwee", line=7, is_spread=False).line_at(5) == 7


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9f", "\ud800", "\r"])
def test_a_character_that_nobody_can_see_is_wrong_everywhere(character: str) -> None:
    assert unseen_in(f"a{character}b", is_line=True) is not None
    assert unseen_in(f"a{character}b", is_line=False) is not None


@pytest.mark.parametrize("character", ["\n", "\t", "\u2028", "\u2029"])
def test_a_line_break_of_any_kind_is_wrong_on_one_line_only(character: str) -> None:
    assert unseen_in(f"a{character}b", is_line=True) is not None
    assert unseen_in(f"a{character}b", is_line=False) is None


def test_words_in_any_script_are_fine() -> None:
    assert unseen_in("Grüße, ‘façade’ 漢字 🏘️ [[ naam ]]", is_line=True) is None


def test_marks_and_unseen_characters_are_noted_with_their_lines_and_made_harmless() -> None:
    notes = Notes(file="x.md")
    assert without_marks("a\n{{ naam }}\n\x07b {% if %}", 5, notes, is_yaml=False) == "a\n(( naam }}\n\ufffdb (( if %}"
    assert [(problem.line, problem.what) for problem in sorted(notes.problems)] == [
        (6, "“{{” works in templates only"),
        (7, "there is a character that nobody can see (U+0007) in it"),
        (7, "“{%” works in templates only"),
    ]
