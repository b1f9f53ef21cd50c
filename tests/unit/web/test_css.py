"""CSS is read as far as things are taken out of it, and what is left stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.colours import turned
from newsletter.web.css import Declaration, Rule, declarations, each_body, rules, sheet, style


@pytest.mark.parametrize(
    ("css", "found"),
    [
        ("", []),
        ("p { color: red }", [Rule("p", " color: red ")]),
        ("a{}b{}", [Rule("a", ""), Rule("b", "")]),
        ("@import url(x); p {}", [Rule("@import url(x)", None), Rule("p", "")]),
        ("@media x { p { a: b } }", [Rule("@media x", " p { a: b } ")]),
        ("/* p { */ a {}", [Rule("a", "")]),
        ('p { content: "}" } a {}', [Rule("p", ' content: "}" '), Rule("a", "")]),
        ("p { a: b", [Rule("p", " a: b")]),
        ("@media x { p { a: b", [Rule("@media x", " p { a: b}")]),
        ("} p {}", [Rule("p", "")]),
    ],
)
def test_a_sheet_is_its_rules(css: str, found: list[Rule]) -> None:
    assert rules(css) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("color: red", [("color", "red")]),
        ("COLOR:Red;", [("color", "Red")]),
        ("a: url(x;y); b: ';'", [("a", "url(x;y)"), ("b", "';'")]),
        ("width: calc((1px + 2px) * 2); b: c", [("width", "calc((1px + 2px) * 2)"), ("b", "c")]),
        ("color: red !important", [("color", "red !important")]),
        ("nothing; : x; a: b", [("a", "b")]),
        ("a: b /* c: d; */; e: f", [("a", "b"), ("e", "f")]),
    ],
)
def test_a_style_is_its_declarations(text: str, found: list[tuple[str, str]]) -> None:
    assert declarations(text) == found


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    rules(text)
    declarations(text)
    turned(text)


_NAMES = st.from_regex(r"[a-z][a-z-]{0,10}", fullmatch=True)
_VALUES = st.from_regex(r"[a-z0-9#%.]{1,10}( [a-z0-9]{1,5})?", fullmatch=True)


@given(st.lists(st.builds(Declaration, _NAMES, _VALUES), max_size=5))
def test_what_is_written_is_read_back(found: list[Declaration]) -> None:
    assert declarations(style(found)) == found
    assert declarations(rules(sheet([Rule("p", style(found))]))[0].body or "") == found


def test_the_rules_inside_a_media_query_are_changed_too() -> None:
    assert each_body("p { a } @media x { q { b } } @y;", str.upper) == "p { A }\n@media x {q { B }}\n@y;"


@pytest.mark.parametrize(
    ("value", "is_turned_to"),
    [
        ("#ffffff", "#121212"),
        ("#000", "#ffffff"),
        ("white", "#121212"),
        ("1px solid black", "1px solid #ffffff"),
        ("rgb(255, 255, 255)", "#121212"),
        ("rgba(0, 0, 0, .5)", "rgba(255, 255, 255, .5)"),
        ("#ff0000", "#ff1212"),
        ("url(white.png)", "url(white.png)"),
        ("'black'", "'black'"),
        ("whitesmoke-ish", "whitesmoke-ish"),
        ("inherit", "inherit"),
        ("12px", "12px"),
    ],
)
def test_a_colour_is_turned_in_lightness_and_keeps_its_hue(value: str, is_turned_to: str) -> None:
    assert turned(value) == is_turned_to
