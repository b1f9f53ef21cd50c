"""One letter in the browser, in all the ways in which it is looked at; each page is loaded as seldom as can be.

In: the html of a letter. Out: `Seen`: what axe-core finds in each view, and how each view is laid out.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.look.browser import Browser
from tests.needs import axe_core

WIDTHS = (320, 640)
#: WCAG 2.2, levels A and AA; every version has tags of its own.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
STYLE = re.compile(r"<style\b.*?</style>", re.I | re.S)
PAGE = Path(__file__).with_name("page.js")


@dataclass(frozen=True)
class Finding:
    """What axe-core has against a view."""

    view: str  #: "320 dark"
    rule: str  #: of axe: "color-contrast"
    place: str  #: the start of the element
    why: str


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a view is laid out; `wide`, `spilled` and `cut` name elements that are not right."""

    view: str
    scrolled: float  #: CSS pixels by which it is wider than the window
    wide: list[str]  #: reach out of the window
    spilled: list[str]  #: have text or boxes in them that reach out of them
    cut: list[str]  #: hide a part of their text
    buttons: list[tuple[str, float]]  #: text, and height in CSS pixels
    text: str  #: what is to be read

    @property
    def wrong(self) -> list[str]:
        sideways = [f"{self.scrolled} px to scroll sideways"] if self.scrolled > 0 else []
        return [f"{self.view}: {one}" for one in (*sideways, *self.wide, *self.spilled, *self.cut)]


@dataclass
class Seen:
    """A letter, looked at in every way; `bare` is without its style sheets and with images off."""

    findings: list[Finding] = field(default_factory=list)
    bare_findings: list[Finding] = field(default_factory=list)
    layouts: list[Layout] = field(default_factory=list)
    bare_layouts: list[Layout] = field(default_factory=list)
    large_layouts: list[Layout] = field(default_factory=list)  #: text twice as large, or spaced as readers may space it
    asked: list[str] = field(default_factory=list)  #: addresses that it asked for when it was opened


def look_at(browser: Browser, html: str) -> Seen:
    """All views of a letter."""
    seen = Seen()
    open_letter(browser, html)
    seen.asked = list(browser.asked)
    for width in WIDTHS:
        for dark in (False, True):
            browser.look(width=width, dark=dark)
            seen.findings += audit(browser, _view(width, dark=dark))
        seen.layouts.append(layout(browser, _view(width)))
    browser.look(width=WIDTHS[-1])
    browser.run("letter.darkenAsOutlook")
    seen.findings += audit(browser, "darkened by Outlook", only=("color-contrast",))
    for change, view in (("enlarge", "large"), ("space", "spaced")):
        open_letter(browser, html)
        browser.run(f"letter.{change}")
        for width in WIDTHS:
            browser.look(width=width)
            seen.large_layouts.append(layout(browser, f"{width} {view}"))
    open_letter(browser, STYLE.sub("", html), pictures=False)
    for width, dark in zip(WIDTHS, (False, True), strict=True):
        browser.look(width=width, dark=dark)
        view = f"{_view(width, dark=dark)}, bare"
        seen.bare_findings += audit(browser, view)
        seen.bare_layouts.append(layout(browser, view))
    return seen


def open_letter(browser: Browser, html: str, *, pictures: bool = True) -> None:
    """Show it at the width for which it is made, by day, and bring along what it is asked with."""
    browser.look(width=WIDTHS[-1])
    browser.show(html, pictures=pictures)
    browser.load_script(_source(PAGE))


def audit(browser: Browser, view: str, *, only: tuple[str, ...] = ()) -> list[Finding]:
    """What axe-core finds in the page as it is now; by all rules of `TAGS`, or by `only` these."""
    if not browser.run("() => 'axe' in window"):
        browser.load_script(_source(axe_core()))
    return [Finding(view, *found) for found in browser.run("letter.audit", TAGS, only)]


def layout(browser: Browser, view: str) -> Layout:
    """How the page is laid out now."""
    found = browser.run("letter.layout")
    found["buttons"] = [(text, height) for text, height in found["buttons"]]
    return Layout(view=view, **found)


@cache
def _source(script: Path) -> str:
    return script.read_text(encoding="utf-8")


def _view(width: int, *, dark: bool = False) -> str:
    return f"{width} {'dark' if dark else 'light'}"
