"""CSS as the checks read it, and the data about clients as it is reduced."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.preflight.contrast import as_hex
from newsletter.preflight.css import cascade, declarations, pixels, rules, sides, values
from newsletter.preflight.reduce_caniemail import DATA, reduce


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("color:#fff; margin : 0 auto", {"color": "#fff", "margin": "0 auto"}),
        ("background:url('a;b.png') #fff", {"background": "url('a;b.png') #fff"}),
        ('font-family:"Segoe UI; x", serif;;', {"font-family": '"Segoe UI; x", serif'}),
        ("color:red !important", {"color": "red"}),
        ("/* no */color:red", {"color": "red"}),
        ("color", {}),
        ("", {}),
    ],
)
def test_declarations_are_parted_where_they_end_and_nowhere_else(style: str, expected: dict[str, str]) -> None:
    assert dict(values(style)) == expected


def test_a_rule_knows_its_line_and_the_at_rules_around_it() -> None:
    css = "\n.a { color: red }\n@media print {\n  .b, .c { margin: 0 !important; }\n}\n@font-face { font-family: x }"
    found = rules(css, line=10)
    assert [(rule.selector, rule.line, rule.within) for rule in found] == [
        (".a", 11, ()),
        (".b, .c", 13, ("@media print",)),
        ("@font-face", 15, ()),
    ]
    assert found[1].declarations[0].important


@given(st.text(alphabet="{}();:@.a \n\"'/*", max_size=60))
def test_any_text_can_be_read_as_css(css: str) -> None:
    rules(css)
    declarations(css)


def test_an_important_rule_wins_from_a_later_one_that_is_not() -> None:
    tree = html.document_fromstring('<div><p class="a b">x</p></div>')
    some = rules(".a { color: red !important } .b { color: blue } p:hover { color: green } ::x-y( { color: pink }")
    [found] = cascade(tree, some, ("color",)).values()
    assert found["color"].value == "red"


@pytest.mark.parametrize(
    ("length", "expected"), [("12px", 12), ("0", 0), ("9pt", 12), ("2em", 32), ("50%", None), ("auto", None)]
)
def test_lengths_in_pixels(length: str, expected: float | None) -> None:
    assert pixels(length) == expected


def test_the_sides_of_a_padding() -> None:
    assert sides({"padding": "1px 2px 3px"}, "padding") == (1, 2, 3, 2)
    assert sides({"padding": "4px", "padding-top": "9px"}, "padding") == (9, 4, 4, 4)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("#FFF", "#ffffff"),
        ("#17202e", "#17202e"),
        ("rgb(1, 2, 255)", "#0102ff"),
        ("rgba(1,2,3,0.5)", ""),
        ("url(x.png) white", "#ffffff"),
        ("transparent", ""),
        ("inherit", ""),
    ],
)
def test_colours_as_hexadecimals(value: str, expected: str) -> None:
    assert as_hex(value) == expected


FEATURE = {
    "slug": "css-gap",
    "title": "gap, column-gap, row-gap",
    "category": "css",
    "stats": {
        "gmail": {"android": {"2019": "y", "2022": "n #1"}, "ios": {"2022": "y"}},
        "outlook": {"windows": {"2007": "n", "2019": "a #2"}},
        "sfr": {"ios": {"2019": "n"}},
    },
}


def test_the_published_data_is_reduced_to_the_newest_version_of_our_clients() -> None:
    whole = {"last_update_date": "2026-05-13 14:45:41 +0000", "data": [FEATURE, {**FEATURE, "category": "html"}]}
    found = reduce(whole, "MIT")
    assert found["features"] == [
        {
            "slug": "css-gap",
            "kind": "property",
            "names": ["gap", "column-gap", "row-gap"],
            "lacks": {"gmail.android": "n", "outlook.windows": "a"},
        }
    ]
    assert (found["date"], found["licence"]) == ("2026-05-13", "MIT")


def test_the_data_that_is_shipped_says_where_it_is_from_of_when_and_under_which_licence() -> None:
    data = json.loads(DATA.read_text(encoding="utf-8"))
    assert data["date"] >= "2026"
    assert data["licence"].startswith("MIT License")
    assert "caniemail.com" in data["source"]
    assert len(data["features"]) > 100
    assert DATA.stat().st_size < 100_000
