"""The place that a finding means is marked, and nothing else of the letter changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.places import FOUND, find, mark, parts

HTML = """<!doctype html>
<html><head><title>Kennisdag</title></head><body>
<p style="color: red">Kennisdag in Utrecht</p>
<p>Kennisdag <a href="https://www.example.nl/x">meer</a></p>
<img src="https://www.example.nl/foto.jpg" alt="">
</body></html>"""


def unmarked(html: str) -> str:
    return re.sub(rf'</?mark[^>]*>| id="{FOUND}"', "", html)


@pytest.mark.parametrize(
    ("excerpt", "line", "marked"),
    [
        ("Utrecht", 0, '<mark id="newsletter-found"[^>]*>Utrecht</mark>'),
        ("Kennisdag", 4, '<p><mark id="newsletter-found"[^>]*>Kennisdag</mark> <a'),
        ("https://www.example.nl/x", 4, '<a id="newsletter-found" style="[^"]*" href="https://www.example.nl/x">'),
        ("foto.jpg", 5, '<img id="newsletter-found" style="[^"]*" src='),
        ("color: red", 3, '<p id="newsletter-found" style="[^"]*; color: red">'),
        ("", 3, '<p id="newsletter-found" style="[^"]*; color: red">'),
        ("Kennisdag   in\nUtrecht", 3, ">Kennisdag in Utrecht</mark>"),
        ("nergens", 5, '<img id="newsletter-found"'),
    ],
)
def test_a_place_is_marked(excerpt: str, line: int, marked: str) -> None:
    assert re.search(marked, mark(HTML, excerpt=excerpt, line=line))


@pytest.mark.parametrize(("excerpt", "line"), [("", 0), ("nergens", 0), ("Kennisdag</title>", 0)])
def test_what_is_nowhere_or_cannot_be_seen_is_not_marked(excerpt: str, line: int) -> None:
    assert mark(HTML, excerpt=excerpt, line=line) == HTML


@given(st.integers(0, 9), st.sampled_from(["Kennisdag", "example", "", "<p", "Utrecht</p>", "x", "nergens"]))
def test_a_mark_takes_nothing_away(line: int, excerpt: str) -> None:
    marked = mark(HTML, excerpt=excerpt, line=line)
    assert marked.count(FOUND) <= 1
    assert (
        re.sub(r'style="background[^"]*?(; )?(?=color: red|")', 'style="', unmarked(marked)).replace(' style=""', "")
        == HTML
    )


@pytest.mark.parametrize(
    ("excerpt", "line", "found"),
    [
        ("twee", 0, ("een\n", "twee", "\ndrie")),
        ("", 2, ("een\n", "twee", "\ndrie")),
        ("vier", 0, ("een\ntwee\ndrie", "", "")),
    ],
)
def test_a_text_is_parted_at_the_place(excerpt: str, line: int, found: tuple[str, str, str]) -> None:
    assert parts("een\ntwee\ndrie", excerpt=excerpt, line=line) == found


def test_of_two_places_the_one_on_the_line_is_meant() -> None:
    assert find("een\neen", excerpt="een", line=2) == 4
    assert find("een\neen", excerpt="een", line=9) == 0
