"""The fourteen traps of premailer 3.10 and libxml2, each with its test, by number; and what else inlining promises."""

import re
import sys
from collections.abc import Iterator

import pytest

from newsletter.compose.inline import DOCTYPE, inline
from newsletter.errors import TemplateError


def document(body: str = "<p>x</p>", css: str = "", head: str = "") -> str:
    style = f"<style>{css}</style>" if css else ""
    return f'{DOCTYPE}\n<html lang="nl"><head><title>t</title>{style}{head}</head><body>{body}</body></html>'


def styles_of(html: str, tag: str) -> str:
    found = re.search(rf'<{tag}\b[^>]*style="([^"]*)"', html)
    return found.group(1) if found else ""


CLIENTS = (
    "@media (max-width:480px){.a{width:100% !important}}"
    "@media (prefers-color-scheme:dark){.a{color:#fff !important}}"
    "[data-ogsc] .a{color:#eee !important} u + .body .a{margin:0 !important}"
    "@font-face{font-family:x;src:url(https://example.nl/x.woff)} @supports (display:grid){.a{display:grid}}"
)
OTHERS_END = "<!--<![endif]-->"


# The traps


def test_trap_1_important_in_a_media_query_is_not_lost() -> None:
    html = inline(document(css=".a{color:#123456}", head=f'<style data-premailer="ignore">{CLIENTS}</style>'))
    assert ".a{width:100% !important}" in html
    assert html.count("!important") == CLIENTS.count("!important")


@pytest.mark.parametrize(
    ("css", "own", "inlined"),
    [
        (".a{margin:0;margin-top:8px}", "", "margin:0; margin-top:8px"),
        (".a{margin-top:8px}.b{margin:0}", "", "margin-top:8px; margin:0"),
        (".b{margin:0}.a{margin-top:8px}", "", "margin:0; margin-top:8px"),
        (".b{margin:8px}", "margin-top:1px", "margin:8px; margin-top:1px"),
        (".b{margin-top:8px}", "margin:0", "margin-top:8px; margin:0"),
    ],
)
def test_trap_2_the_later_of_a_shorthand_and_a_longhand_wins(css: str, own: str, inlined: str) -> None:
    assert styles_of(inline(document(f'<p class="a b" style="{own}">x</p>', css)), "p") == inlined


def test_trap_2_important_in_a_sheet_that_is_inlined_is_refused() -> None:
    with pytest.raises(TemplateError, match="!important"):
        inline(document('<p style="color:#111111">x</p>', "p{color:#123456 !important}"))


def test_trap_3_rules_for_some_programs_only_vanish_unless_they_are_kept_byte_for_byte() -> None:
    css = "[data-ogsc] .a{color:#eeeeee}u + .body .a{margin:0}"
    html = inline(document('<p class="a">x</p>', css, head=f'<style data-premailer="ignore">{CLIENTS}</style>'))
    assert f"<style>{CLIENTS}</style>" in html
    assert "#eeeeee" not in html
    with pytest.raises(TemplateError, match="style sheet"):
        inline(document(css="@supports (display:grid){.a{display:grid}}"))


@pytest.mark.parametrize("selector", ["p:hover", "p::before", "p:nth-child(1)", "p:not(.b)", ":is(p)"])
def test_trap_4_a_rule_for_a_state_is_not_inlined_and_stays_a_rule_that_wins(selector: str) -> None:
    html = inline(document('<p class="a">x</p>', f".a{{color:#111112}}{selector}{{color:#222223}}"))
    assert styles_of(html, "p") == "color:#111112"
    assert f"{selector} {{color:#222223 !important}}" in html


@pytest.mark.parametrize(
    ("css", "why"),
    [("P{color:#123456}", "upper-case"), ("p,TD.a{color:#123456}", "upper-case"), (r".sm\:p{margin:0}", "backslash")],
)
def test_trap_5_a_selector_that_silently_matches_nothing_is_refused(css: str, why: str) -> None:
    with pytest.raises(TemplateError, match=why):
        inline(document('<p class="a">x</p>', css))


@pytest.mark.parametrize(
    "css",
    [
        ".a{color:#123456}} .b{color:#654321}",
        ".a{color:#12345",
        ".a{background-color:rgb(0 0 0 / 50%)}",
    ],
)
def test_trap_6_what_cannot_be_read_is_an_error_and_not_a_silent_loss_of_all_later_rules(css: str) -> None:
    with pytest.raises(TemplateError, match="style sheet"):
        inline(document('<p class="a b">x</p>', css))


def test_trap_7_a_css_variable_is_an_error_because_clients_do_not_know_it() -> None:
    with pytest.raises(TemplateError, match=r"var\("):
        inline(document('<p class="a">x</p>', ".a{color:var(--ink)}"))


@pytest.mark.parametrize(
    "body",
    [
        '<a href="[[ links.unsubscribe ]]">weg</a>',
        '<a href="https://example.nl/?u=[[ a.b ]]&amp;c=1">x</a>',
        '<img src="[[ x ]]" alt="[[ y or \'z\' ]]">',
        "<p>[% if a > b and c < d %]x[% else %]y[% endif %]</p>",
        "<table><tr><td>x</td></tr>[% for r in rows %]<tr><td>[[ r ]]</td></tr>[% endfor %]</table>",
        "<p title=\"[[ a | default('x') ]]\">x</p>",
    ],
)
def test_trap_8_placeholders_pass_unchanged_in_text_in_addresses_and_between_rows(body: str) -> None:
    html = inline(document(body))
    for placeholder in re.findall(r"\[\[.*?\]\]|\[%.*?%\]", body):
        assert placeholder in html
    assert "%5B" not in html
    assert "%20" not in html


@pytest.mark.parametrize("leftover", ["{{ event.title }}", "{% if x %}", "%7B%7Bx%7D%7D", "%5B%5Bx"])
def test_trap_8_a_trace_of_an_earlier_stage_is_an_error(leftover: str) -> None:
    with pytest.raises(TemplateError, match="still holds"):
        inline(document(f"<p>{leftover}</p>"))


def test_trap_9_outlooks_conditional_comments_survive_and_what_is_in_them_is_not_inlined() -> None:
    ghost = '<!--[if mso]><table width="640"><tr><td class="a"><![endif]-->'
    body = f'{ghost}<!--[if !mso]><!--><p class="a">x</p>{OTHERS_END}'
    html = inline(document(body, ".a{color:#123456}"))
    assert ghost in html
    assert "<!--[if !mso]><!-->" in html
    assert OTHERS_END in html


def test_trap_10_width_height_and_align_are_left_to_the_author() -> None:
    css = "td{width:50%;text-align:center;height:10px} table{text-align:center} p{width:calc(100% - 8px)}"
    html = inline(document('<table width="300"><tr><td><p>x</p></td></tr></table>', css))
    assert '<table width="300"' in html
    assert "align=" not in html.replace("text-align", "")
    assert not re.search(r'height="|width="(?!300)', html)


def test_trap_11_links_within_the_letter_and_empty_ones_stay_what_they_are() -> None:
    html = inline(document('<a href="#top">x</a><a href="">y</a>'))
    assert '<a href="#top">x</a>' in html
    assert '<a href="">y</a>' in html


def test_trap_12_entities_become_their_characters_and_none_is_lost() -> None:
    html = inline(document(f"<p>{50 * '&#847;&zwnj;&nbsp;'}&shy;&lt;</p>"))
    assert html.count("\u034f\u200c\u00a0") == 50
    assert "\u00ad&lt;" in html


def test_trap_13_a_document_keeps_one_doctype_and_its_html() -> None:
    html = inline(document('<p>a<br>b</p><v:rect xmlns:v="urn:schemas-microsoft-com:vml"></v:rect>'))
    assert html.startswith("<!doctype html>\n<html")
    assert html.lower().count("<!doctype") == html.count("<body") == 1
    assert "a<br>b" in html
    assert "</v:rect>" in html


def test_trap_13_a_fragment_is_refused() -> None:
    with pytest.raises(TemplateError, match="must start with"):
        inline("<p>x</p>")


@pytest.fixture
def touched() -> Iterator[list[str]]:
    """Names of network and file events while the test runs; audit hooks cannot be taken away, only switched off."""
    seen: list[str] = []
    watching = [True]

    def hook(event: str, args: tuple[object, ...]) -> None:
        if watching[0] and (event.startswith(("socket.", "urllib.")) or (event == "open" and "secret" in str(args[0]))):
            seen.append(event)

    sys.addaudithook(hook)
    yield seen
    watching[0] = False


def test_trap_14_neither_network_nor_files_are_touched(touched: list[str]) -> None:
    for refused in (
        document(head='<link rel="stylesheet" href="http://127.0.0.1:9/x.css">'),
        document(head='<LINK href="secret.css" rel=stylesheet>'),
        document(css="@import url(http://127.0.0.1:9/y.css); p{color:#123456}"),
        document(css="@IMPORT 'secret.css';"),
        document(css="@\\69mport url(http://127.0.0.1:9/y.css);"),
    ):
        with pytest.raises(TemplateError):
            inline(refused)
    inline(document('<img src="http://127.0.0.1:9/x.png" alt="x">', "p{background:url(http://127.0.0.1:9/y.png)}"))
    assert touched == []


# What else is promised


def test_a_rule_is_inlined_by_specificity() -> None:
    html = inline(document('<p class="a">x</p>', "p{color:#111112}.a{color:#222223}body p.a{color:#333334}"))
    assert styles_of(html, "p") == "color:#333334"


def test_an_organisers_placeholder_that_was_escaped_with_its_text_is_whole_again() -> None:
    html = inline(document("<h1>Dag [[ subscriber.name or &#39;lezer&#39; ]] &amp; co</h1>"))
    assert "[[ subscriber.name or 'lezer' ]] &amp; co" in html


def test_values_in_upper_case_and_names_of_classes_are_not_taken_for_selectors() -> None:
    css = ".MsoNormal{color:#ABCDEF;font-family:Verdana, Arial, sans-serif} p .Lead{color:#123456}"
    assert "Verdana" in inline(document('<p class="MsoNormal">x</p>', css))
