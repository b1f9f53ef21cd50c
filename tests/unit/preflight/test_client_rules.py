"""What mail programs need: each rule has a letter that breaks it. The numbers are those of our list of client rules."""

import pytest

from newsletter.compose.mailing import Mailing
from newsletter.preflight.run import check
from newsletter.preflight.support import GRACEFUL, published
from tests.unit.preflight.letters import BODY, EVENT, GOOD, found, spoiled

MSO_TABLE = '<!--[if mso]><table role="presentation" width="640"><tr><td><![endif]-->'
SHEET = '<table role="presentation" width="640" class="sheet paper" style="width:640px'
CELL = 'class="button" style="padding:2px; background-color:#1251b5"'
LABEL = "Meld u aan</a>"
PICTURE = '<img src="https://www.gemeente-utrecht.nl/knop.png" alt="Meld u aan" width="300" height="48"></a>'
DARK = "@media (prefers-color-scheme: dark) {"


def styled(css: str) -> Mailing:
    """With one more style element."""
    return spoiled("html", ("<style>:root", f"<style>{css}</style>\n<style>:root"))


def holding(html: str) -> Mailing:
    return spoiled("html", (BODY, f"{BODY}\n{html}"))


def inline(style: str) -> Mailing:
    return spoiled("html", ('<h2 class="ink" style="', f'<h2 class="ink" style="{style}; '))


#: Rule, check, level, and a mailing that breaks the rule.
RULES: tuple[tuple[str, str, str, Mailing], ...] = (
    (
        "H1 ghost table",
        "mso-ghost-table",
        "should",
        spoiled("html", (MSO_TABLE, ""), (f"{SHEET}", f'<div style="max-width:640px">x</div>{SHEET}')),
    ),
    (
        "H1 width attribute",
        "mso-width",
        "should",
        spoiled("html", (SHEET, SHEET.replace('width="640" class', "class"))),
    ),
    ("H1 PixelsPerInch", "mso-resolution", "should", spoiled("html", ("<o:PixelsPerInch>96</o:PixelsPerInch>", ""))),
    ("H1 line-height-rule", "mso-line-height", "should", spoiled("html", ("mso-line-height-rule: exactly;", ""))),
    (
        "H1 closed comments",
        "mso-comments",
        "must",
        spoiled("html", (MSO_TABLE, MSO_TABLE.replace("<![endif]-->", "-->"))),
    ),
    ("H1 comments not closed at all", "mso-comments", "must", holding("<!--[if mso]><td>")),
    ("H2 width of an image", "image-width", "should", spoiled("html", ('width="544" ', ""))),
    ("H2 width of an image in percent", "image-width", "should", spoiled("html", ('width="544"', 'width="100%"'))),
    (
        "H2 https",
        "image-address",
        "should",
        spoiled("html", ("https://www.gemeente-utrecht.nl/zaal", "http://www.gemeente-utrecht.nl/zaal")),
    ),
    (
        "H2 an address of its own",
        "image-address",
        "must",
        spoiled("html", ("https://www.gemeente-utrecht.nl/zaal", "//www.gemeente-utrecht.nl/zaal")),
    ),
    ("H2 type", "image-type", "should", spoiled("html", ("zaal.jpg", "zaal.svg"))),
    ("H2 height", "image-style", "should", spoiled("html", ("height:auto", "height:306px"))),
    ("H2 block", "image-style", "hint", spoiled("html", ("display:block; height", "height"))),
    ("H3 a padded cell", "button", "should", spoiled("html", (CELL, CELL.replace("padding:2px; ", "")))),
    ("H3 words, no image", "button", "should", spoiled("html", (LABEL, PICTURE))),
    ("H3 high enough", "target-size", "should", spoiled("html", ("padding:10px 22px", "padding:2px 22px"))),
    ("H4 nothing in <style> only", "style-only", "should", styled(".total { font-size: 40px; }")),
    ("H4 nothing hidden by <style> only", "style-hidden", "should", styled(".secret { display: none; }")),
    ("H4 images off", "image-only", "should", spoiled("html", (BODY[BODY.index("<p class") : BODY.index("<img")], ""))),
    ("H5 size of <style>", "size-style", "should", styled("@media x { " + ".a { color: #000000 } " * 700 + "}")),
    ("H5 no comment", "style-comment", "should", styled("/* phones */ @media print { .a { color: #000000 } }")),
    (
        "H5 blocks apart",
        "style-blocks",
        "should",
        styled(f"{DARK} .a {{ color: #fff !important }} }} [data-ogsc] .a {{ color: #fff !important }}"),
    ),
    (
        "H5 no nested at-rule",
        "style-nested",
        "should",
        styled("@supports (x:y) { @media print { .a { color: #000000 } } }"),
    ),
    ("H6 meta", "dark-mode", "should", spoiled("html", ('<meta name="color-scheme" content="light dark">', ""))),
    (
        "H6 meta of old",
        "dark-mode",
        "should",
        spoiled("html", ('<meta name="supported-color-schemes" content="light dark">', "")),
    ),
    ("H6 root", "dark-mode", "should", spoiled("html", (":root { color-scheme: light dark; }", ""))),
    ("H6 media query", "dark-mode", "should", spoiled("html", (DARK, "@media print {"))),
    ("H6 twins for Outlook", "dark-mode", "should", spoiled("html", ("[data-ogsc]", ".x"), ("[data-ogsb]", ".x"))),
    ("H6 important", "dark-mode", "should", spoiled("html", ("#8fb8ff !important; }\n}", "#8fb8ff; }\n}"))),
    ("H7 script", "forbidden", "must", holding("<script>1</script>")),
    ("H7 form", "forbidden", "must", holding("<form><input></form>")),
    ("H7 iframe", "forbidden", "must", holding('<iframe src="https://gemeente-utrecht.nl"></iframe>')),
    (
        "H7 external CSS",
        "forbidden",
        "must",
        spoiled("html", ("<title>", '<link rel="stylesheet" href="https://a.nl/b.css"><title>')),
    ),
    ("H7 base", "forbidden", "must", spoiled("html", ("<title>", '<base href="https://a.nl/"><title>'))),
    ("H7 handler", "forbidden", "must", spoiled("html", ("<h2 ", '<h2 onclick="x()" '))),
    (
        "H7 data URL",
        "forbidden",
        "must",
        spoiled("html", ("https://www.gemeente-utrecht.nl/zaal.jpg", "data:image/png;base64,AAAA")),
    ),
    ("H7 position", "forbidden", "must", inline("position:absolute")),
    ("H7 javascript", "link-scheme", "must", holding('<a href="javascript:x()">Agenda van de dag</a>')),
    (
        "H8 a font for Outlook",
        "web-font",
        "should",
        spoiled(
            "html",
            (
                "<style>:root",
                "<style>@font-face { font-family: x; src: url(https://a.nl/x.woff) }</style>\n<style>:root",
            ),
            ("font-family: Arial, sans-serif; mso", "mso"),
        ),
    ),
    (
        "H8 a general font",
        "web-font",
        "should",
        spoiled("html", ("font-family:Arial, sans-serif", "font-family:Frutiger")),
    ),
    (
        "H8 a block of its own",
        "style-blocks",
        "should",
        styled("@font-face { font-family: x } @media print { .a { color: #000000 } }"),
    ),
    ("H9 flex", "css-support", "should", inline("display:flex")),
    ("H9 grid", "css-support", "should", inline("display:grid")),
    (
        "H9 background image",
        "css-support",
        "should",
        inline("background-image:url(https://www.gemeente-utrecht.nl/x.png)"),
    ),
    ("H9 float", "css-support", "should", inline("float:left")),
    ("H9 a unit", "css-support", "should", inline("margin:2rem")),
    ("H9 a function", "css-support", "should", inline("width:calc(100% - 8px)")),
    ("H9 a pseudo-element", "css-support", "should", styled("*::before { content: 'x' }")),
    ("H9 a variable", "css-support", "should", inline("color:var(--ink)")),
)
CASES = tuple((name, level, mailing) for _, name, level, mailing in RULES)


@pytest.mark.parametrize(("rule", "name", "level", "mailing"), RULES, ids=[rule for rule, *_ in RULES])
def test_a_letter_that_breaks_a_client_rule_is_told_so(rule: str, name: str, level: str, mailing: Mailing) -> None:
    assert (level, name) in found(mailing)
    assert (level, name) not in found(GOOD)


@pytest.mark.parametrize(
    "mailing",
    [
        inline("border-radius:4px"),
        inline("overflow-wrap:break-word"),
        inline("float:none"),
        styled("@media (min-width: 600px) { .a { display: flex !important } }"),
        styled("#outlook a { padding: 0 }"),
    ],
)
def test_what_may_be_lacked_and_what_is_an_extra_is_left_alone(mailing: Mailing) -> None:
    assert found(mailing) == []


def test_every_exception_of_the_client_data_has_a_reason_and_exists() -> None:
    support = published()
    assert all(GRACEFUL.values())
    known = set(support.lacks)
    # Three are lacked in part only, or by nobody in the newest data; they may be lacked again.
    assert len(set(GRACEFUL) - known) <= 8


def test_a_finding_about_a_client_names_who_lacks_it_and_where_that_is_known_from() -> None:
    [finding] = [one for one in check(inline("display:grid"), event=EVENT) if one.check == "css-support"]
    assert "Outlook (Windows)" in finding.what
    assert finding.source.startswith("caniemail css-display-grid (20")


def test_a_conditional_comment_that_hides_nothing_is_closed_by_what_stands_after_it() -> None:
    assert found(holding("<!--[if !mso]><!--><!--<![endif]-->")) == []
