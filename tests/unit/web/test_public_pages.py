"""A page says what it should in both languages, and nothing that anybody else wrote becomes part of its code."""

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.public_pages import (
    FOLDER,
    LANGUAGES,
    WORDS,
    Sheet,
    State,
    policy,
    render,
    shipped_theme,
    stylesheet,
)

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}'


def sheet(state: State = State.ASK, language: str = "nl", **more: object) -> Sheet:
    return Sheet(state=state, language=language, theme=shipped_theme(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", State)
def test_every_state_has_a_page_in_both_languages(state: State, language: str) -> None:
    html, _ = render(sheet(state, language, names=("Kennisdagen",), contact="vragen@example.nl"))
    assert html.startswith("<!doctype html>")
    assert f'<html lang="{language}">' in html
    assert f"<h1>{WORDS[language][f'{state}_heading']}</h1>" in html
    assert "{" not in html.partition("</style>")[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_said_somewhere(language: str) -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in FOLDER.glob("*.html"))
    known = set(re.findall(r"\bt\.(\w+)", source)) | {
        f"{state}_{part}" for state in State for part in ("heading", "lead")
    }
    assert WORDS[language].keys() - known == {"language", "and"} - known
    assert set(re.findall(r"\bt\.(\w+)", source)) <= WORDS[language].keys()


@pytest.mark.parametrize(
    ("names", "told"),
    [(("A",), "A"), (("A", "B"), "A en B"), (("A", "B", "C"), "A, B en C"), (("Wonen & zorg",), "Wonen &amp; zorg")],
)
def test_all_series_of_a_list_are_named(names: tuple[str, ...], told: str) -> None:
    html, _ = render(sheet(names=names))
    assert f"U krijgt nu mails van <strong>{told}</strong>." in html
    assert f"<title>Wilt u zich afmelden? – {told}</title>" in html


@pytest.mark.parametrize("state", State)
def test_names_are_text_and_never_code(state: State) -> None:
    html, _ = render(sheet(state, names=(HOSTILE, HOSTILE), organisation=HOSTILE, contact=HOSTILE, also=True))
    assert "<script" not in html
    assert "49" not in html.partition("</style>")[2]


def test_the_policy_allows_exactly_the_style_sheet_of_the_page() -> None:
    html, said = render(sheet())
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in said
    assert said == policy(style)
    assert "unsafe" not in said
    assert " style=" not in html


@given(
    st.dictionaries(st.sampled_from(sorted(shipped_theme())), st.text("#abc123;:}{</style>\"'()\\,- \n", max_size=30))
)
def test_no_theme_breaks_out_of_the_style_sheet(own: dict[str, str]) -> None:
    usual, css = stylesheet(shipped_theme()), stylesheet({**shipped_theme(), **own})
    assert "<" not in css
    for sign in "{}":
        assert css.count(sign) == usual.count(sign)
    assert "url(" not in css
    assert "\\" not in css


def test_the_rule_at_the_top_is_as_wide_as_that_of_the_letters() -> None:
    assert "width: 100%; height: 4px; margin-left: 0;" in stylesheet(shipped_theme())
    assert "width: 4rem; height: 4px; margin-left: min(7.5%, 3rem);" in stylesheet(
        {**shipped_theme(), "rule_width": "short"}
    )
