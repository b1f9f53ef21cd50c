"""A template that cannot be read: the file, the line that somebody wrote, and a sentence."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.compose.composer import Order, compose
from newsletter.compose.templates import FILES, Templates
from newsletter.errors import TemplateError
from tests.unit.compose.sample import MASTERCLASS, TEMPLATES

NOW = datetime(2019, 5, 1, tzinfo=UTC)
PAGE = "<!doctype html><html lang='nl'><head><title>x</title></head><body>"


def complaint(folder: Path, letter: str, *, file: str = "letter.html", included: str = "") -> str:
    (folder / "proef").mkdir()
    for each in FILES:
        text = letter if each == file else "x"
        (folder / "proef" / each).write_text(PAGE + text if each == "letter.html" else text, encoding="utf-8")
    (folder / "proef" / "part.html").write_text(included, encoding="utf-8")
    with pytest.raises(TemplateError) as caught:
        compose(MASTERCLASS, Order(slug="x/a", template="proef", label=""), Templates([folder, TEMPLATES]), now=NOW)
    return str(caught.value)


@pytest.mark.parametrize(
    ("letter", "line", "tag"),
    [
        ("<p>\n{% if event.title %}\n<p>\n\n", 2, "if"),
        ("<p>\n{% if event.title %}\n<p>{% else %}\n\n", 2, "if"),
        ("{% for x in agenda %}\n{% if x %}\n\n{% endfor %}\n", 2, "if"),
        ("{% if event.title %}{% endif %}\n{% set x %}\n{% set y = 1 %}\n", 2, "set"),
        ("{# {% if x %} #}\n{% raw %}{% for %}{% endraw %}\n{%- for x in agenda -%}\n\n", 3, "for"),
    ],
)
def test_a_block_that_is_never_closed_is_told_with_the_line_on_which_it_begins(
    tmp_path: Path, letter: str, line: int, tag: str
) -> None:
    assert complaint(tmp_path, letter) == (
        f"templates/proef/letter.html:{line}: {{% {tag} … %}} is never closed; write {{% end{tag} %}} where it ends"
    )


@pytest.mark.parametrize(
    ("letter", "line", "tag"),
    [
        ("{{ 'a\\nb\\nc' }}\n[% if subscriber.name %]\n<p>\n", 2, "if"),
        ("{% for fact in event.facts %}\n<p>{{ fact.label }}\n{% endfor %}\n\n[% if {{ 1 }} %]\n", 5, "if"),
        ("{#\n[% if x %]\n#}\n[% for x in subscriber.rows %]\n[% if x %]\n[% endfor %]\n", 5, "if"),
    ],
)
def test_so_is_one_of_the_second_stage(tmp_path: Path, letter: str, line: int, tag: str) -> None:
    assert complaint(tmp_path, letter) == (
        f"templates/proef/letter.html:{line}: [% {tag} … %] is never closed; write [% end{tag} %] where it ends"
    )


@pytest.mark.parametrize(
    ("file", "letter", "expected"),
    [
        ("letter.txt", "{{ 'a\\nb' }}\n[[ subscriber.name | groot ]]\n", "letter.txt:2: No filter named 'groot'"),
        ("letter.txt", "{{ 'a\\nb' }}\n[% macro x() %][% endmacro %]\n", "letter.txt:2: [% %] cannot hold a Macro"),
        ("subject.txt", "\n[% if subscriber.name %]\n", "subject.txt:2: [% if … %] is never closed; "),
        ("letter.html", "a\n{{ '[% if x' }} %]\n", "letter.html: [% if … %] is never closed; "),
    ],
)
def test_other_slips_of_the_second_stage_have_their_line_where_it_is_known(
    tmp_path: Path, file: str, letter: str, expected: str
) -> None:
    assert complaint(tmp_path, letter, file=file).startswith(f"templates/proef/{expected}")


@pytest.mark.parametrize(
    ("included", "expected"),
    [
        ("x\n\n[% if subscriber.name %]\n", "part.html:3: [% if … %] is never closed; "),
        ("x\n\n{% if event.title %}\n", "part.html:3: {% if … %} is never closed; "),
    ],
)
def test_a_slip_in_a_file_that_is_included_is_told_of_that_file(tmp_path: Path, included: str, expected: str) -> None:
    letter = "<p>\n{% include 'proef/part.html' %}\n"
    assert complaint(tmp_path, letter, included=included).startswith(f"templates/proef/{expected}")
