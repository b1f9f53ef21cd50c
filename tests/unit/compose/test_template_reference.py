"""docs/templates.md names what templates may use, all of it and nothing else.

Its list of fixed words is made from words/en.toml; `python -m tests.unit.compose.test_template_reference` writes it.
"""

import re
from dataclasses import replace

import pytest

from newsletter.compose.around import Around
from newsletter.compose.context import build_context
from newsletter.compose.templates import Templates
from tests.unit.compose.sample import MASTERCLASS, SEASON, TEMPLATES

FILE = TEMPLATES.parent / "docs" / "templates.md"
PAGE = FILE.read_text(encoding="utf-8")
SHIPPED = Templates([TEMPLATES])
AROUND = Around(before=SEASON, agenda=(MASTERCLASS, SEASON), public_url="https://post.example.nl")
EVENT = replace(MASTERCLASS, takeaways=("Begin klein.",))
CONTEXT = build_context(EVENT, label="x", words=SHIPPED.words("nl"), theme=SHIPPED.theme(), around=AROUND)
WORDS = re.compile(r"(?:^- `t\.\w+` – .*\n)+", re.MULTILINE)


def with_words(page: str) -> str:
    """The page with the fixed words as they are now."""
    listed = "".join(f"- `t.{name}` – {words}\n" for name, words in SHIPPED.words("en").items())
    return WORDS.sub(lambda _found: listed, page, count=1)


def documented(owner: str) -> list[str]:
    """The names of one section: the first code of each line of its list."""
    _, _, section = PAGE.partition(f"\n## `{owner}`")
    return re.findall(r"(?m)^- `(?:\w+\.)?(\w+)`", section.partition("\n## ")[0])


def test_the_page_has_a_section_for_each_name_that_a_template_knows() -> None:
    sections = re.findall(r"(?m)^## `(\w+)`", PAGE)
    assert [*sections, "language", "label"] == [
        "event",
        "series",
        "agenda",
        "dates",
        "t",
        "theme",
        "subscriber",
        "links",
        "language",
        "label",
    ]
    assert set(CONTEXT) == {*sections, "language", "label"} - {"subscriber", "links"}


@pytest.mark.parametrize("owner", ["event", "series", "theme"])
def test_every_name_of_the_context_is_documented_once_and_no_other(owner: str) -> None:
    known = CONTEXT[owner]
    assert isinstance(known, dict)
    names = documented(owner)
    assert sorted(names) == sorted(known)


@pytest.mark.parametrize("owner", ["agenda", "dates"])
def test_every_name_of_an_entry_is_documented_once_and_no_other(owner: str) -> None:
    entries = CONTEXT[owner]
    assert isinstance(entries, list)
    assert entries
    for entry in entries:
        assert sorted(documented(owner)) == sorted(entry)


def test_every_fixed_word_is_documented_as_it_is() -> None:
    """Where this fails, run this module: it writes the list."""
    assert with_words(PAGE) == PAGE
    assert documented("t") == list(SHIPPED.words("en"))


def test_what_is_known_of_a_recipient_is_documented() -> None:
    assert documented("subscriber") == ["name", "address", "column"]
    assert documented("links") == ["unsubscribe"]
    assert set(re.findall(r"`language`|`label`|`subject`", PAGE)) == {"`language`", "`label`", "`subject`"}


def test_every_field_inside_event_is_named_in_its_line() -> None:
    """Of what holds more than one value, its keys stand in the same line."""
    event = CONTEXT["event"]
    assert isinstance(event, dict)
    for name, value in event.items():
        inner = value[0] if isinstance(value, list) and value else value
        (line,) = re.findall(rf"(?m)^- `event\.{name}`.*$", PAGE)
        for key in inner if isinstance(inner, dict) else ():
            assert f"`{key}`" in line, (name, key)


if __name__ == "__main__":
    FILE.write_text(with_words(PAGE), encoding="utf-8")
