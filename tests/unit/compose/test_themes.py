"""Themes: which layer wins, and what is refused because it cannot be read."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.themes import (
    COLOURS,
    LEAST_CONTRAST,
    PAIRS,
    SCHEMES,
    contrast,
    problems,
    readable,
    resolve,
)
from newsletter.errors import TemplateError

FOLDER = Path(__file__).parents[3] / "templates"
SHIPPED = ("helder", "veen", "klei")
COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def shipped(path: str) -> str | None:
    file = FOLDER / path
    return file.read_text(encoding="utf-8") if file.is_file() else None


def files(**texts: str) -> Callable[[str], str | None]:
    """Theme files by name; "house" is theme.toml."""
    paths = {("theme.toml" if name == "house" else f"themes/{name}.toml"): text for name, text in texts.items()}
    return paths.get


def theme(name: str = "helder", **own: str) -> Mapping[str, str]:
    return resolve(shipped, {"base": name, **own})


# Which layer wins


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_theme_has_every_token_and_is_called_by_its_name(name: str) -> None:
    assert set(theme(name)) == set(theme())
    assert theme(name)["name"] == name
    assert all(isinstance(value, str) for value in theme(name).values())


def test_the_three_themes_differ_in_more_than_hue() -> None:
    tokens = [key for key in theme() if key.removeprefix("dark_") not in (*COLOURS, "name")]
    for one, other in (("helder", "veen"), ("helder", "klei"), ("veen", "klei")):
        assert sum(theme(one)[token] != theme(other)[token] for token in tokens) >= 8


def test_the_shipped_house_theme_is_helder() -> None:
    assert resolve(shipped, {}) == theme("helder")


def test_without_a_logo_its_tokens_are_empty() -> None:
    assert [theme()[key] for key in ("logo", "logo_alt", "logo_width", "logo_height")] == ["", "", "", ""]


@pytest.mark.parametrize(
    ("texts", "overrides", "accent"),
    [
        ({"helder": "accent='h'"}, {}, "h"),
        ({"helder": "accent='h'", "house": "accent='own'"}, {}, "own"),
        ({"helder": "accent='h'", "veen": "accent='v'", "house": "base='veen'"}, {}, "v"),
        ({"helder": "accent='h'", "veen": "accent='v'", "house": "base='veen'\naccent='own'"}, {}, "own"),
        ({"helder": "accent='h'", "veen": "accent='v'", "house": "accent='own'"}, {"base": "veen"}, "v"),
        ({"helder": "accent='h'", "house": "name='huis'\naccent='own'"}, {"base": "huis"}, "own"),
        ({"helder": "accent='h'", "house": "base='helder'\naccent='own'"}, {"base": "helder"}, "own"),
        ({"helder": "accent='h'", "house": "accent='own'"}, {"accent": "series"}, "series"),
        ({"helder": "accent='h'", "veen": "name='veen'"}, {"base": "veen"}, "h"),
        ({"house": "accent='old'"}, {}, "old"),
    ],
)
def test_the_later_layer_wins(texts: dict[str, str], overrides: dict[str, str], accent: str) -> None:
    assert resolve(files(**texts), overrides)["accent"] == accent


def test_of_the_house_the_logo_stays_when_a_series_takes_another_theme() -> None:
    texts = files(helder="accent='h'", veen="accent='v'", house="accent='own'\nlogo='https://example.nl/l.png'")
    found = resolve(texts, {"base": "veen"})
    assert (found["accent"], found["logo"]) == ("v", "https://example.nl/l.png")


@pytest.mark.parametrize(
    ("texts", "overrides", "sentence"),
    [
        ({}, {}, "themes/helder.toml is not there"),
        ({"helder": ""}, {"base": "zand"}, "there is no theme “zand”"),
        ({"helder": "", "house": "base='zand'"}, {}, "there is no theme “zand”"),
        ({"helder": ""}, {"base": "../../etc/passwd"}, "cannot be called “../../etc/passwd”"),
        ({"helder": "accent"}, {}, "templates/themes/helder.toml cannot be read"),
        ({"house": "accent"}, {}, "templates/theme.toml cannot be read"),
    ],
)
def test_a_theme_that_is_not_there_is_told(texts: dict[str, str], overrides: dict[str, str], sentence: str) -> None:
    with pytest.raises(TemplateError) as caught:
        resolve(files(**texts), overrides)
    assert sentence in str(caught.value)


# What can be read


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_every_ink_can_be_read_on_every_surface(name: str, scheme: str, text: str, ground: str) -> None:
    colours = theme(name)
    assert contrast(colours[scheme + text], colours[scheme + ground]) >= LEAST_CONTRAST


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_theme_has_no_problems_and_its_dark_is_not_black(name: str) -> None:
    assert problems(theme(name)) == []
    assert "#000000" not in theme(name).values()


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    # The values of the examples in WCAG 2.2, "contrast ratio", and of its technique G18.
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54), ("#ff0000", "#FFFFFF", 4)],
)
def test_contrast_is_what_wcag_says(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)


@given(COLOUR, COLOUR)
def test_contrast_is_the_same_both_ways_and_of_a_colour_with_itself_one(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert contrast(one, one) == 1
    assert 1 <= contrast(one, other) <= 21


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "", "#1251b5 ", "#1251b5;}"])
def test_what_is_no_colour_has_no_contrast_and_is_a_problem(colour: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        contrast(colour, "#ffffff")
    assert problems(theme(line=colour)) == [f"line is “{colour}”; write a colour as #rrggbb, such as #1251b5"]


def test_text_that_is_too_faint_is_told_with_a_colour_that_passes() -> None:
    would = "muted #686f7a would pass"  # the first on the way to black that passes on all three
    assert problems(theme(muted="#8a94a3")) == [
        f"muted #8a94a3 on paper #ffffff has a contrast of 3.06:1 in light mode and needs 4.5:1; {would}",
        f"muted #8a94a3 on ground #f2f4f7 has a contrast of 2.78:1 in light mode and needs 4.5:1; {would}",
        f"muted #8a94a3 on tint #eef3fa has a contrast of 2.75:1 in light mode and needs 4.5:1; {would}",
    ]


def test_the_dark_scheme_is_read_too() -> None:
    (sentence,) = problems(theme(dark_on_accent="#ffffff"))
    assert sentence.startswith("dark_on_accent #ffffff on dark_accent #8fb8ff has a contrast of 2.0")
    assert "in dark mode" in sentence


@given(COLOUR, st.sampled_from(["ink", "muted", "accent"]), st.sampled_from(list(SCHEMES)))
def test_the_colour_that_is_named_does_pass(colour: str, token: str, scheme: str) -> None:
    own = {scheme + token: colour}
    for sentence in problems(theme(**own)):
        name, _, better = sentence.removesuffix(" would pass").rpartition("; ")[2].partition(" ")
        ground = sentence.split(" on ")[1].split(" ")[0]
        changed = theme(**{**own, name: better})
        assert contrast(changed[name], changed[ground]) >= LEAST_CONTRAST


@given(COLOUR, COLOUR)
def test_on_one_ground_there_is_always_a_colour_that_can_be_read(text: str, ground: str) -> None:
    found = readable(text, [ground])
    assert contrast(found, ground) >= LEAST_CONTRAST
    assert contrast(text, ground) < LEAST_CONTRAST or found == text


def test_on_grounds_too_far_apart_there_is_none() -> None:
    assert readable("#777777", ["#000000", "#777777", "#ffffff"]) == ""


LOGO = {"logo": "https://example.nl/l.png", "logo_alt": "Voorbeeld", "logo_width": "160", "logo_height": "40"}


def test_a_whole_logo_is_no_problem() -> None:
    assert problems(theme(**LOGO)) == []


@pytest.mark.parametrize(
    ("token", "value", "sentence"),
    [
        ("logo", "http://example.nl/l.png", "begins with https://"),
        ("logo", 'https://example.nl/"><script>', "begins with https://"),
        ("logo", "javascript:alert(1)", "begins with https://"),
        ("logo", "https://", "begins with https://"),
        ("logo_alt", " ", "logo_alt is empty"),
        ("logo_width", "", "at most 320"),
        ("logo_width", "100%", "at most 320"),
        ("logo_width", "321", "at most 320"),
        ("logo_height", "0", "at most 40"),
        ("logo_height", "41", "at most 40"),
        ("logo_height", "٤٠", "at most 40"),
    ],
)
def test_a_logo_that_a_mail_cannot_show_is_a_problem(token: str, value: str, sentence: str) -> None:
    (found,) = problems(theme(**{**LOGO, token: value}))
    assert sentence in found
