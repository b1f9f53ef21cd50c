"""Blanks filled in without Jinja2 hold exactly what Jinja2 writes there; what Jinja2 must say is left to Jinja2."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup, escape

from newsletter.compose import blanks
from tests.unit.compose.cases import second_stage
from tests.unit.compose.sample import TEMPLATES, VARIANTS, letter

VALUES = {
    "subscriber": {"name": "Zoë", "functie": "", "it's": "x"},
    "links": {"unsubscribe": "https://example.nl/?a&b"},
}

PLACES = st.sampled_from(
    ["subscriber.name", "subscriber.functie", "subscriber['functie']", 'subscriber["it\'s"]', "links.unsubscribe"]
)
DEFAULTS = st.builds("{} | {}".format, PLACES, st.sampled_from(["default", "d()", "default('<é>')", "d('‘’', true)"]))
WRITTEN = st.recursive(
    PLACES | DEFAULTS | st.sampled_from(["'<lezer>'", "''"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["or", "and"]), inner),
    max_leaves=4,
)
CONDITIONS = st.recursive(
    WRITTEN | PLACES.map("{} is defined".format) | PLACES.map("{} is not defined".format),
    lambda inner: st.builds("({} or {})".format, inner, inner) | inner.map("(not {})".format),
    max_leaves=4,
)
SOURCES = st.recursive(
    st.sampled_from(["Beste ", "<p class='x'>\n", "é", "[#krimp]", "]]"]) | WRITTEN.map("[[ {} ]]".format),
    lambda inner: (
        st.lists(inner, max_size=4).map("".join)
        | st.builds("[% if {} %]{}[% else %]{}[% endif %]".format, CONDITIONS, inner, inner)
        | st.builds(
            "[% if {} %]{}[% elif {} %]{}[% elif {} %]{}[% endif %]".format,
            *(CONDITIONS, inner, CONDITIONS, inner, CONDITIONS, inner),
        )
    ),
    max_leaves=12,
)
PERSONS = st.fixed_dictionaries(
    {"name": st.text(max_size=9)}, optional={"functie": st.text(max_size=9), "it's": st.just("&")}
)


def filled(source: str, values: Mapping[str, Mapping[str, object]], *, html: bool = True) -> str | None:
    text = blanks.read(second_stage(html=html).parse(source))
    assert text is not None
    pieces = blanks.fill(text, values, lambda value: str(escape(value)) if html else value)
    return None if pieces is None else "".join(pieces)


@given(SOURCES, PERSONS, st.booleans())
@settings(max_examples=500)
def test_what_is_filled_in_is_what_jinja_writes(source: str, person: Mapping[str, str], html: bool) -> None:
    values = {"subscriber": person, "links": {"unsubscribe": "https://example.nl/?a&b"}}
    try:
        expected = second_stage(html=html).from_string(source).render(values)
    except UndefinedError:
        assert filled(source, values, html=html) is None
    else:
        assert filled(source, values, html=html) == expected


@pytest.mark.parametrize(
    "source",
    [
        "[[ subscriber ]]",
        "[[ nobody.name ]]",
        "[[ name ]]",
        "[[ 1 ]]",
        "[[ subscriber[0] ]]",
        "[[ subscriber.name.first ]]",
        "[[ subscriber.name | upper ]]",
        "[[ subscriber.name | upper | default('x') ]]",
        "[[ subscriber.x | default(subscriber.y) ]]",
        "[[ subscriber.x | default('x', true, 1) ]]",
        "[[ subscriber.x | default('x', boolean=true) ]]",
        "[[ subscriber.get('x') ]]",
        "[[ subscriber.name == 'x' ]]",
        "[[ subscriber.name is string ]]",
        "[[ subscriber.name if subscriber.x ]]",
        "[[ subscriber.name ~ 'x' ]]",
        "[% set subscriber = {} %][[ subscriber.name ]]",
        "[% for one in subscriber.name %]x[% endfor %]",
        "[% if subscriber.name %][% include 'x' %][% endif %]",
    ],
)
def test_what_asks_for_more_is_left_to_jinja(source: str) -> None:
    assert blanks.read(second_stage(html=True).parse(source)) is None


@pytest.mark.parametrize("method", ["items", "get", "pop", "__class__", "__init__"])
def test_what_a_dict_has_itself_is_left_to_jinja_and_its_sandbox(method: str) -> None:
    for source in (f"[[ subscriber.{method} ]]", f"[[ subscriber['{method}'] ]]", f"[[ subscriber.{method} | d('') ]]"):
        assert blanks.read(second_stage(html=True).parse(source)) is None


@pytest.mark.parametrize("value", [None, 7, True, ["x"], Markup("<b>")])
def test_a_value_that_is_no_string_is_left_to_jinja(value: object) -> None:
    assert filled("[[ subscriber.x ]]", {"subscriber": {"x": value}}) is None


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", sorted(path.parent.name for path in TEMPLATES.glob("*/letter.html")))
def test_the_shipped_letters_are_filled_in_without_jinja(name: str, variant: str) -> None:
    source = letter(VARIANTS[variant], name)
    for text in (source.subject, source.html, source.text):
        assert filled(text, VALUES) is not None
