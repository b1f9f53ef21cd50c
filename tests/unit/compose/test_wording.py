"""Dates, times and lines of plain text."""

from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from newsletter.compose import wording

DAY = date(2019, 6, 13)
FIVE_ATOMS = "zie https://www.example.nl/een/heel/lang/adres en [[ subscriber.name | default('u') ]]"

atoms = st.one_of(
    st.text("abcé’–.", min_size=1, max_size=12),
    st.sampled_from(
        ["https://www.example.nl/" + "pad/" * 20, "[[ subscriber.name ]]", "[% if a b %]", "[[ a | default('x y') ]],"]
    ),
)


@pytest.mark.parametrize(
    ("write", "dutch", "english"),
    [
        (wording.date_long, "donderdag 13 juni 2019", "Thursday 13 June 2019"),
        (wording.date_short, "donderdag 13 juni", "Thursday 13 June"),
        (wording.day_month, "13 juni", "13 June"),
        (wording.weekday, "donderdag", "Thursday"),
        (wording.month, "juni", "June"),
    ],
)
def test_a_date_is_written_as_its_readers_write_it(write: Callable[[date, str], str], dutch: str, english: str) -> None:
    assert (write(DAY, "nl"), write(DAY, "en")) == (dutch, english)


def test_a_language_without_words_of_its_own_still_has_dates() -> None:
    assert wording.date_short(DAY, "fy") == "tongersdei 13 Juny"


@pytest.mark.parametrize(
    ("start", "end", "language", "expected"),
    [
        (time(9, 5), time(17), "nl", "09.05–17.00 uur"),
        (time(9, 5), time(17), "en", "09:05–17:00"),
        (time(20), None, "nl", "20.00 uur"),
        (time(20), None, "en", "20:00"),
    ],
)
def test_hours_are_written_with_a_point_in_dutch_and_a_colon_in_english(
    start: time, end: time | None, language: str, expected: str
) -> None:
    until = datetime.combine(DAY, end) if end else None
    assert wording.time_range(datetime.combine(DAY, start), until, language) == expected


@pytest.mark.parametrize(
    ("zone", "language", "city"),
    [("Europe/Amsterdam", "nl", "Amsterdam"), ("Europe/London", "nl", "Londen"), ("Europe/London", "en", "London")],
)
def test_a_time_zone_is_known_by_its_city(zone: str, language: str, city: str) -> None:
    assert wording.zone_city(zone, language) == city


@pytest.mark.parametrize(("items", "expected"), [(["A"], "A"), (["A", "B"], "A en B"), (["A", "B", "C"], "A, B en C")])
def test_a_series_is_joined_by_commas_and_a_last_word(items: list[str], expected: str) -> None:
    assert wording.series_of(items, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Een zin. Nog een zin.", "Een zin."),
        ("Om 12.00 uur begint het. Daarna eten.", "Om 12.00 uur begint het."),
        ("Een regel\nen nog een! Dan.", "Een regel en nog een!"),
        ("Waarom? ‘Daarom.’", "Waarom?"),
        ("Zonder punt", "Zonder punt"),
        ("In de zgn. krimp blijft dit heel. Klaar.", "In de zgn. krimp blijft dit heel."),
    ],
)
def test_the_first_sentence_ends_before_a_capital(text: str, expected: str) -> None:
    assert wording.first_sentence(text) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("kort", 10, "kort"),
        ("precies tien", 12, "precies tien"),
        ("een langere, zin", 14, "een langere…"),
        ("onverbreekbaar", 5, "onve…"),
    ],
)
def test_what_is_too_long_is_cut_between_words(text: str, limit: int, expected: str) -> None:
    assert wording.shorten(text, limit) == expected


@given(st.text("ab ,", max_size=80), st.integers(5, 40))
def test_what_is_shortened_keeps_to_its_limit(text: str, limit: int) -> None:
    assert len(wording.shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        ([], "Lees wat er komt en hoe u meedoet."),
        (["12.00 uur."], "12.00 uur. Lees wat er komt en hoe u meedoet."),
        (["Een zin die lang genoeg is om alleen te staan."], "Een zin die lang genoeg is om alleen te staan."),
    ],
)
def test_a_preview_is_filled_where_it_is_short(sentences: list[str], expected: str) -> None:
    assert wording.preview(sentences, "Lees wat er komt en hoe u meedoet.") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("donderdag 13 juni 2019", "donderdag 13~juni~2019"),
        ("12.00–17.00 uur", "12.00–17.00~uur"),
        ("3511 AA Utrecht", "3511~AA~Utrecht"),
        ("najaar 2019", "najaar~2019"),
        ("een woord apart", "een woord apart"),
    ],
)
def test_numbers_stay_with_their_words(text: str, expected: str) -> None:
    assert wording.firm(text) == expected.replace("~", wording.NO_BREAK_SPACE)


def test_markup_stays_markup_when_it_is_made_firm() -> None:
    assert isinstance(wording.firm(Markup("13 <b>juni</b>")), Markup)
    assert not isinstance(wording.firm("13 juni"), Markup)


def test_places_in_words_are_filled() -> None:
    assert wording.put("Tot {day}, {name}. {other}", day="maandag", name="Anna") == "Tot maandag, Anna. {other}"


@given(st.lists(atoms, max_size=30), st.integers(20, 72))
def test_filling_keeps_every_word_in_order_and_breaks_nothing_that_must_stay_whole(
    words: list[str], width: int
) -> None:
    filled = wording.fill(" ".join(words), width, "- ", "  ")
    assert filled.removeprefix("-").replace("\n", " ").split() == " ".join(words).split()
    for line in filled.split("\n"):
        alone = line.removeprefix("- ").removeprefix("  ")
        assert len(line) <= width or alone in words
    for word in words:
        assert any(word in line for line in filled.split("\n"))


def test_a_space_that_does_not_break_keeps_a_line_together_and_is_then_a_space() -> None:
    assert wording.fill("op donderdag 13\u00a0juni", 16) == "op donderdag\n13 juni"


def test_paragraphs_are_wrapped_one_by_one_and_indented() -> None:
    text = "een twee drie\nvier\n \nvijf " + FIVE_ATOMS
    assert wording.wrap(text, 14, indent=2) == (
        "  een twee\n  drie vier\n\n  vijf zie\n  https://www.example.nl/een/heel/lang/adres\n  en\n"
        "  [[ subscriber.name | default('u') ]]"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Verslag", "Verslag\n======="),
        ("", ""),
        ("é", "é\n="),
        ("a " * 40 + "b", f"{'a ' * 35}a\n{'a ' * 4}b\n{'=' * 71}"),
    ],
)
def test_a_heading_is_underlined_as_long_as_it_is(text: str, expected: str) -> None:
    assert wording.underline(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("12.00", "12.00   "), ("12.00–13.00", "12.00–13.00 ")])
def test_a_cell_is_padded_and_never_touches_the_next(text: str, expected: str) -> None:
    assert wording.cell(text, 8) == expected


def test_a_text_stands_beside_its_label() -> None:
    assert wording.beside("een twee drie vier", "12.00", 8, 18) == "12.00   een twee\n        drie vier"


def test_words_and_theme_are_flat_strings() -> None:
    assert wording.load_words('dear = "Beste"') == {"dear": "Beste"}
    assert wording.load_theme('width = 640\nink = "#17202e"') == {"width": "640", "ink": "#17202e"}


@pytest.mark.parametrize("load", [wording.load_words, wording.load_theme])
def test_what_is_not_toml_is_a_value_error(load: Callable[[str], dict[str, str]]) -> None:
    with pytest.raises(ValueError, match="line 1"):
        load("dit is geen toml")
