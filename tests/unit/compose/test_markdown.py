"""What organisers write, as html and as plain text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html as parser

from newsletter.compose.markdown import split_lead, to_html, to_text
from newsletter.compose.placeholders import PLACEHOLDER

ATTRIBUTE = r'[^ =]+=".*?"'
#: Text that is likely to be Markdown, html or a placeholder.
pieces = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "# ",
            "### ",
            "- ",
            "1. ",
            "> ",
            "**",
            "_",
            "`",
            "\n",
            "\n\n",
            "    ",
            "---",
            "<script>alert(1)</script>",
            "<b onclick=x>",
            "</p>",
            "&lt;",
            "&amp;",
            "[tekst](https://www.example.nl/a)",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt&colon;alert(1))",
            "![foto](https://www.example.nl/f.jpg)",
            "![x](data:text/html,x)",
            "<https://www.example.nl>",
            "[[ subscriber.name | default('a > b') ]]",
            "[% if subscriber.name %]",
            "[% endif %]",
            "[x]([[ links.unsubscribe ]])",
            "woord ",
        ]
    ),
)
documents = st.lists(pieces, max_size=25).map("".join)
TAGS = {
    "p",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "a",
    "strong",
    "em",
    "code",
    "pre",
    "hr",
    "br",
}


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Een *en* **twee**", '<p class="text ink">Een <em>en</em> <strong>twee</strong></p>'),
        ("a\\\nb", '<p class="text ink">a<br>\nb</p>'),
        ("<b>x</b> & y", '<p class="text ink">&lt;b&gt;x&lt;/b&gt; &amp; y</p>'),
        ("[x](ftp://a.nl) [y](/z) [z](javascript:a)", '<p class="text ink">x y [z](javascript:a)</p>'),
        ("[x](https://a.nl)", '<p class="text ink"><a href="https://a.nl" class="link">x</a></p>'),
        ("[x](mailto:a@example.nl)", '<p class="text ink"><a href="mailto:a@example.nl" class="link">x</a></p>'),
        ("![foto](https://a.nl/f.png)", '<p class="text ink"><a href="https://a.nl/f.png" class="link">foto</a></p>'),
        ("![](https://a.nl/f)", '<p class="text ink"><a href="https://a.nl/f" class="link">https://a.nl/f</a></p>'),
        ("![foto](/f.png)", '<p class="text ink">foto</p>'),
        ("[![f](https://a.nl/f)](https://b.nl)", '<p class="text ink"><a href="https://b.nl" class="link">f</a></p>'),
        ("| a |\n|---|\n| b |", '<p class="text ink">| a |\n|---|\n| b |</p>'),
        ("https://a.nl", '<p class="text ink">https://a.nl</p>'),
        ('‘Zo’ -- "x" ...', '<p class="text ink">‘Zo’ -- "x" ...</p>'),
        (
            "3. a\n4. b",
            '<ol class="list ink" start="3">\n<li class="item ink">a</li>\n<li class="item ink">b</li>\n</ol>',
        ),
        ("---", '<hr class="rule line">'),
        ("```\na <b>\n```", '<pre><code class="code ink tint">a &lt;b&gt;\n</code></pre>'),
        ("    a", '<pre class="code ink tint"><code>a\n</code></pre>'),
        (
            "> Zin.\n>\n> — Naam",
            '<blockquote class="quote accent-line">\n<p class="quote-text ink">Zin.</p>\n'
            '<p class="quote-name muted">— Naam</p>\n</blockquote>',
        ),
        ("", ""),
    ],
)
def test_markdown_becomes_clean_html(markdown: str, expected: str) -> None:
    assert _sorted(str(to_html(markdown))) == _sorted(expected)


def _sorted(html: str) -> str:
    """The order of attributes says nothing."""

    def ordered(tag: re.Match[str]) -> str:
        return f"<{tag[1]} {sorted(re.findall(ATTRIBUTE, tag[2]))}>"

    return re.sub(r"<(\w+) ([^>]+)>", ordered, html)


@pytest.mark.parametrize(
    ("markdown", "top", "levels"),
    [
        ("# a\n\n## b\n\n# c", 2, ["h2", "h3", "h2"]),
        ("## a\n\n### b\n\n## c", 2, ["h2", "h3", "h2"]),
        ("### a\n\n##### b", 2, ["h2", "h3"]),
        ("## a\n\n# b", 2, ["h2", "h2"]),
        ("# a\n\n## b\n\n### c", 5, ["h5", "h6", "h6"]),
    ],
)
def test_headings_start_below_the_title_and_skip_no_level(markdown: str, top: int, levels: list[str]) -> None:
    assert re.findall(r"<(h\d)", to_html(markdown, top=top)) == levels


def test_a_later_heading_has_white_space_above_it() -> None:
    assert re.findall(r'class="([a-z-]*heading)', to_html("## a\n\n### b\n\n## c")) == [
        "heading",
        "subheading",
        "next-heading",
    ]


@pytest.mark.parametrize(
    "placeholder",
    [
        "[[ subscriber.name ]]",
        "[[ subscriber.name | default('*a* <b> & \"c\"') ]]",
        "[% if subscriber.name == '_x_' %]",
        "[[ 'a\nb' ]]",
    ],
)
@pytest.mark.parametrize(
    "around", ["a {} b", "**{}**", "x{}y", "[tekst]({})", "[x](https://a.nl/?n={})", "`{}`", "- {}", "> {}", "# {}"]
)
def test_a_placeholder_passes_byte_for_byte(around: str, placeholder: str) -> None:
    markdown = around.replace("{}", placeholder)
    assert PLACEHOLDER.findall(to_html(markdown)) == [placeholder]
    assert placeholder in to_text(markdown)


def test_a_placeholder_can_be_where_a_link_leads() -> None:
    assert '<a href="[[ links.unsubscribe ]]" class="link">af</a>' in to_html("[af]([[ links.unsubscribe ]])")
    assert to_text("[af]([[ links.unsubscribe ]])") == "af:\n[[ links.unsubscribe ]]"


def test_a_condition_on_a_line_of_its_own_leaves_no_empty_paragraph() -> None:
    markdown = "[% if subscriber.name %]\n\nVoor u.\n\n[% endif %]\n\nVoor allen."
    html = to_html(markdown)
    assert html.count("<p") == 2
    assert html.index("[% if") < html.index("Voor u.") < html.index("[% endif %]") < html.index("Voor allen.")
    assert to_text(markdown) == "[% if subscriber.name %]Voor u.\n\n[% endif %]Voor allen."


@given(documents)
@example("[x](javascript:alert(1))")
@example('<img src=x onerror="alert(1)">')
def test_no_text_makes_html_that_acts_or_holds_a_tag_of_its_own(markdown: str) -> None:
    html = PLACEHOLDER.sub("", str(to_html(markdown)))
    for element in parser.fragment_fromstring(html, create_parent="div").iterdescendants():
        assert element.tag in TAGS
        assert set(element.attrib) <= {"class", "href", "start"}
        assert re.match(r"(https?:|mailto:|$)", element.get("href", "").lower())


@given(documents)
def test_every_placeholder_of_a_text_is_still_there(markdown: str) -> None:
    # Where Markdown itself drops what stands around (a refused destination), what is left is whole.
    known = set(PLACEHOLDER.findall(markdown))
    assert set(PLACEHOLDER.findall(to_html(markdown))) <= known
    assert not re.search(r"ph[0-9a-f]{12}x\d{4}z", to_html(markdown) + to_text(markdown))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Een *en* **twee** `drie`", "Een en twee drie"),
        ("# Kop\n\nTekst", "Kop\n---\n\nTekst"),
        ("Kop\n===\n\nTekst", "Kop\n---\n\nTekst"),
        ("a  \nb", "a\nb"),
        ("a\nb", "a b"),
        ("- a\n- b\n  - c", "- a\n- b\n  - c"),
        ("- a\n\n- b", "- a\n\n- b"),
        ("9. a\n10. b\n\n    c", "9. a\n\n10. b\n\n    c"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("> - a", "> - a"),
        ("---", "-" * 24),
        ("```\na *b*\n\nc\n```", "    a *b*\n\n    c"),
        ("<b>x</b> &amp; y", "<b>x</b> & y"),
        ("[tekst](https://a.nl)", "tekst:\nhttps://a.nl"),
        ("[Lees:](https://a.nl)", "Lees:\nhttps://a.nl"),
        ("Zie [de site](https://a.nl).", "Zie de site.\n\nde site:\nhttps://a.nl"),
        ("[x](https://a.nl) en [x](https://b.nl)", "x en x\n\nx:\nhttps://a.nl\n\nx:\nhttps://b.nl"),
        ("[x](https://a.nl) en [x](https://a.nl)", "x en x\n\nx:\nhttps://a.nl"),
        ("Zie <https://a.nl>.", "Zie https://a.nl."),
        ("[https://a.nl](https://a.nl)", "https://a.nl"),
        ("[](https://a.nl)", "https://a.nl"),
        ("Mail [ons](mailto:a%40b@example.nl?subject=x)", "Mail ons (a@b@example.nl)"),
        ("<a@example.nl>", "a@example.nl"),
        ("- [a](https://a.nl)\n- b", "- a:\n  https://a.nl\n- b"),
        ("- zie [a](https://a.nl)\n- b", "- zie a\n  a:\n  https://a.nl\n- b"),
        ("![foto](https://a.nl/f)", "foto:\nhttps://a.nl/f"),
        ("13\u00a0juni", "13 juni"),
        ("", ""),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, expected: str) -> None:
    assert to_text(markdown) == expected


words = st.text("abcdefgé’", min_size=1, max_size=14)
blocks = st.tuples(
    st.sampled_from(["", "# ", "- ", "3. ", "> ", "> - ", "- > "]),
    st.lists(words, min_size=1, max_size=40).map(" ".join),
).map("".join)
texts = st.lists(blocks, min_size=1, max_size=6).map("\n\n".join)


@given(texts, st.integers(40, 72))
def test_lines_of_plain_text_keep_to_their_width(markdown: str, width: int) -> None:
    body = re.sub(r"(?m)^# ", "", markdown)
    assert max(map(len, to_text(body, width).split("\n"))) <= width


@given(texts)
def test_plain_text_loses_no_word(markdown: str) -> None:
    assert re.findall(r"[a-gé’]+", to_text(markdown)) == re.findall(r"[a-gé’]+", markdown)


@pytest.mark.parametrize(
    ("markdown", "lead", "rest"),
    [
        ("Een.\nTwee.\n\nDrie.\n\nVier.", "Een.\nTwee.", "Drie.\n\nVier."),
        ("Een.\r\n\r\nTwee.", "Een.", "Twee."),
        ("Een.", "Een.", ""),
        ("Een.\n# Kop", "Een.", "# Kop"),
        ("# Kop\n\nEen.", "", "# Kop\n\nEen."),
        ("- a\n\nEen.", "", "- a\n\nEen."),
        ("[% if a %]\n\nEen.\n\n[% endif %]", "", "[% if a %]\n\nEen.\n\n[% endif %]"),
        ("Dag [[ a ]].\n\n[[ b ]]", "Dag [[ a ]].", "[[ b ]]"),
        ("Een [x][1].\n\n[1]: https://a.nl", "Een [x][1].\n\n[1]: https://a.nl", ""),
        (
            "Een [x][1].\n\nTwee [x][1].\n\n[1]: https://a.nl",
            "Een [x][1].\n\n[1]: https://a.nl",
            "Twee [x][1].\n\n[1]: https://a.nl\n\n[1]: https://a.nl",
        ),
        ("", "", ""),
        ("\n\n", "", ""),
    ],
)
def test_the_first_paragraph_is_the_lead(markdown: str, lead: str, rest: str) -> None:
    assert split_lead(markdown) == (lead, rest)


@given(texts)
def test_lead_and_rest_together_say_what_the_text_said(markdown: str) -> None:
    lead, rest = split_lead(markdown)
    assert "\n\n".join(part for part in (to_text(lead), to_text(rest)) if part) == to_text(markdown)
