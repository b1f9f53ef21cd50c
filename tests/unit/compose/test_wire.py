"""The wire form holds exactly what a plain rendering holds."""

import quopri
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import escape

from newsletter.compose.wire import AS_IT_IS, Compiled, quoted_printable
from newsletter.errors import PlaceholderError, TemplateError

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
PIECES = st.lists(
    st.sampled_from(
        [
            "Beste [[ subscriber.name ]],\n",
            "[% if subscriber.flag %]ja – [[ subscriber.name ]][% else %]née[% endif %]",
            "[% for line in subscriber.lines %]- [[ line ]]\n[% endfor %]",
            '<p style="color:#123456">‘coöperatie’ = 100 %</p>',
            ".\n..\n.x\n",
            "From hier\n",
            "x" * 200,
            "é" * 90,
            "spatie aan het eind \n",
            "\t[[ subscriber.name ]] \n",
            "=3D =\n",
            "\r\n",
        ]
    ),
    max_size=15,
).map("".join)


def unfolded(encoded: str) -> str:
    return quopri.decodestring(encoded.encode("ascii")).decode().replace("\r\n", "\n")


def normal(text: str) -> str:
    return re.sub(r"\r\n|\r", "\n", text)


def assert_wire(encoded: str) -> None:
    assert encoded.isascii()
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", encoded)
    for line in encoded.split("\r\n"):
        assert len(line) <= 76
        assert not line.startswith((".", "From "))
        assert not line.endswith((" ", "\t"))


@given(ANY)
@settings(max_examples=300)
def test_a_fragment_decodes_to_itself_and_ends_at_column_zero(text: str) -> None:
    encoded = quoted_printable(text)
    assert_wire(encoded)
    assert unfolded(encoded) == normal(text)
    assert encoded == "" or encoded.endswith("\r\n")


@given(st.from_regex(AS_IT_IS, fullmatch=True))
@example("x" * 75)
@example("a.From b")
def test_what_is_written_as_it_is_is_its_own_encoding_and_needs_no_escape(value: str) -> None:
    assert quoted_printable(value) == f"{value}=\r\n"
    assert escape(value) == value


@pytest.mark.parametrize(
    "value", ["", ".", ".x", "From x", "x ", "x" * 76, "a=b", "a&b", "<", "'", '"', "é", "a\nb", "\t"]
)
def test_what_may_not_stand_as_it_is_is_encoded(value: str) -> None:
    assert AS_IT_IS.fullmatch(value) is None
    wire = Compiled("[[ subscriber.x ]]", html=True).render({"subscriber": {"x": value}}, recipient="#1")
    assert_wire(wire)
    assert unfolded(wire) == str(escape(value))


@given(PIECES, ANY, st.booleans(), st.lists(ANY, max_size=3), st.booleans())
@settings(max_examples=300)
def test_the_wire_form_decodes_to_the_plain_rendering(
    source: str, name: str, flag: bool, lines: list[str], html: bool
) -> None:
    values = {"subscriber": {"name": name, "flag": flag, "lines": lines}}
    wire = Compiled(source, html=html).render(values, recipient="#1")
    plain = Compiled(source, html=html, wire=False).render(values, recipient="#1")
    assert_wire(wire)
    assert unfolded(wire) == normal(plain)


def test_html_values_are_escaped_and_text_values_are_literal() -> None:
    name = "<script>alert('x')</script> {{7*7}} [[ 7*7 ]] %s"
    assert shown("[[ subscriber.name ]]", name, html=True) == str(escape(name))
    assert shown("[[ subscriber.name ]]", name, html=False) == name


def shown(source: str, name: str, *, html: bool) -> str:
    return Compiled(source, html=html, wire=False).render({"subscriber": {"name": name}}, recipient="#1")


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("[[ subscriber.organisation ]]", "subscriber.organisation"),
        ("[% if subscriber.organisation %]x[% endif %]", "subscriber.organisation"),
        ("[[ subscriber.name ]][[ subscriber['organisation'] ]]", "subscriber.organisation"),
        ("[[ subscriber.organisation or 'x' ]]", "subscriber.organisation"),
        ("[[ subscriber.organisation | upper ]]", "subscriber.organisation"),
        ("[[ nobody ]]", "nobody"),
        ("[[ nobody.name ]]", "nobody"),
    ],
)
def test_a_missing_value_names_the_recipient_and_the_key(source: str, key: str) -> None:
    with pytest.raises(PlaceholderError) as caught:
        Compiled(source, html=False).render({"subscriber": {"name": "x"}}, recipient="#12")
    assert (caught.value.recipient, caught.value.key) == ("#12", key)
    assert "#12" in str(caught.value)
    assert key in str(caught.value)


def test_a_default_stands_in_for_a_missing_value() -> None:
    source = "[[ subscriber.organisation | default('–') ]]"
    assert Compiled(source, html=False, wire=False).render({"subscriber": {}}, recipient="#1") == "–"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("a\n[[ name", "letter: unexpected end of template"),
        ("[% if x %]", "letter: [% if … %] is never closed"),
        ("[% set x %]a[% endset %]", "AssignBlock"),
        ("[% filter upper %]a[% endfilter %]", "FilterBlock"),
        ("[% macro m() %]a[% endmacro %]", "Macro"),
    ],
)
def test_placeholders_that_cannot_be_read_name_the_place_but_no_line_of_what_was_composed(
    source: str, why: str
) -> None:
    with pytest.raises(TemplateError, match=re.escape(why)):
        Compiled(source, html=False)


@pytest.mark.parametrize(
    "attack",
    [
        "[[ subscriber.__class__ ]]",
        "[[ subscriber.name.__class__ ]]",
        "[[ ''.__class__.__mro__ ]]",
        "[[ '%s'.__class__.__base__.__subclasses__() ]]",
        "[[ ('{0.__class__}' | attr('format'))(1) ]]",
        "[[ '{0.__class__}'.format(1) ]]",
        "[[ cycler.__init__.__globals__ ]]",
        "[% for x in range(10**9) %]x[% endfor %]",
    ],
)
def test_what_an_organiser_writes_cannot_leave_the_sandbox(attack: str) -> None:
    with pytest.raises(TemplateError):
        Compiled(attack, html=False).render({"subscriber": {"name": "x"}}, recipient="#1")


@pytest.mark.parametrize("typed", ["Zie [#krimp]", "[#]", "#]", "[# bijna #]", "[#[[ subscriber.name ]]#]"])
@pytest.mark.parametrize("html", [True, False])
def test_a_bracket_with_a_hash_is_what_somebody_typed(typed: str, html: bool) -> None:
    expected = typed.replace("[[ subscriber.name ]]", "Anna")
    assert shown(typed, "Anna", html=html) == expected
    wire = Compiled(typed, html=html).render({"subscriber": {"name": "Anna"}}, recipient="#1")
    assert unfolded(wire) == expected
