"""A second inliner, written by others in another language, agrees with ours on every style of every element."""

import re

import css_inline
import pytest

from newsletter.compose.inline import inline
from tests.look.browser import Browser
from tests.look.letters import PLAIN_SPECIMENS, SHIPPED, Specimen, before_inlining, received
from tests.look.seen import WIDTHS, open_letter

#: The properties that the style sheet sets, of which shorthands are read by what they stand for.
PROPERTIES = sorted(
    set(re.findall(r"[{;]\s*([a-z-]+):", (SHIPPED / "styles/letter.css").read_text(encoding="utf-8")))
    - {"mso-hide", "mso-padding-alt", "-ms-text-size-adjust"}
)


KEPT = re.compile(r'<style data-premailer="ignore">.*?</style>', re.DOTALL)


def by_the_other(html: str) -> str:
    """The letter, inlined by css-inline, to which the style sheets that are never inlined are not shown."""
    kept = KEPT.findall(html)
    inlined = css_inline.CSSInliner(load_remote_stylesheets=False).inline(KEPT.sub("<!--kept-->", html))
    assert inlined.count("<!--kept-->") == len(kept)
    for sheet in kept:
        inlined = inlined.replace("<!--kept-->", sheet, 1)
    return inlined


def styles(browser: Browser, html: str, *, width: int, dark: bool) -> list[tuple[str, dict[str, str]]]:
    """Every element with its computed styles."""
    open_letter(browser, html)
    browser.look(width=width, dark=dark)
    found = browser.run("letter.styles", PROPERTIES)
    return [(name, dict(zip(PROPERTIES, values, strict=True))) for name, values in found]


@pytest.mark.parametrize("specimen", PLAIN_SPECIMENS, ids=str)
def test_two_inliners_agree_on_the_style_of_every_element(browser: Browser, specimen: Specimen) -> None:
    ours, other = received(specimen).html, by_the_other(before_inlining(specimen))
    assert "style=" in other
    for width, dark in zip(WIDTHS, (True, False), strict=True):
        here, there = (styles(browser, html, width=width, dark=dark) for html in (ours, other))
        assert [name for name, _ in here] == [name for name, _ in there]
        assert [(one, two) for one, two in zip(here, there, strict=True) if one != two] == []


def test_a_rule_that_one_of_them_loses_is_seen(browser: Browser) -> None:
    page = '<!doctype html><html lang="nl"><head><title>x</title>{}</head><body><p class="a">x</p></body></html>'
    whole = page.format("<style>.a{margin:0 8px;color:#123456}</style>")
    found, same, lost = (
        styles(browser, html, width=320, dark=False)[1][1]
        for html in (by_the_other(whole), inline(whole), inline(page.format("")))
    )
    assert found == same != lost
    assert found["margin"] == "0px 8px"


def test_the_properties_that_are_compared_are_those_of_the_style_sheet() -> None:
    assert {"color", "background-color", "font-size", "line-height", "padding-top", "max-width"} <= set(PROPERTIES)
