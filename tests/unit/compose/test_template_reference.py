"""docs/templates.md names what templates may use, all of it and nothing else."""

import re

import pytest

from newsletter.compose.context import build_context
from newsletter.compose.templates import Templates
from tests.unit.compose.sample import MASTERCLASS, TEMPLATES

PAGE = (TEMPLATES.parent / "docs" / "templates.md").read_text(encoding="utf-8")
SHIPPED = Templates([TEMPLATES])
CONTEXT = build_context(MASTERCLASS, label="x", words=SHIPPED.words("nl"), theme=SHIPPED.theme())


def documented(owner: str) -> list[str]:
    """The names of one section: the first code of each line of its list."""
    _, _, section = PAGE.partition(f"\n## `{owner}`")
    return re.findall(r"(?m)^- `(?:\w+\.)?(\w+)`", section.partition("\n## ")[0])


def test_the_page_has_a_section_for_each_name_that_a_template_knows() -> None:
    sections = re.findall(r"(?m)^## `(\w+)`", PAGE)
    assert [*sections, "language", "label"] == [
        "event",
        "series",
        "t",
        "theme",
        "subscriber",
        "links",
        "language",
        "label",
    ]
    assert set(CONTEXT) == {*sections, "language", "label"} - {"subscriber", "links"}


@pytest.mark.parametrize("owner", ["event", "series", "t", "theme"])
def test_every_name_of_the_context_is_documented_once_and_no_other(owner: str) -> None:
    known = CONTEXT[owner]
    assert isinstance(known, dict)
    names = documented(owner)
    assert sorted(names) == sorted(known)


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
