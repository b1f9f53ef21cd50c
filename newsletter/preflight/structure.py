"""Preflight: how a letter is built, for who does not see it.

In: a composed mailing. Out: findings about its language, title, headings, tables, and the size of what is to be read
and touched. The rules are those of WCAG 2.2 AA; colours are in `preflight.contrast`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from newsletter.preflight.css import pixels, sides
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.reading import HEADINGS, Reading, around, is_hidden, style_of

#: What a finger needs (WCAG 2.5.8), and what a button of ours is at least.
TARGET, BUTTON = 24.0, 44.0
SMALLEST_TEXT = 13.0  #: CSS pixels
#: Of the font size, for texts of several lines.
LINE_HEIGHT = 1.4
_LONG: Final = 100
_TAG: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.I)


def language(reading: Reading) -> Iterator[Finding]:
    """A screen reader has to guess how to pronounce the letter."""
    given = (reading.tree.get("lang") or "").strip()
    wanted = reading.language
    if not given:
        what = "the html does not say in which language it is"
        yield _whole(reading.tree, Level.MUST, "html-lang", what, f'write <html lang="{wanted}">', "WCAG 3.1.1")
    elif given.lower().partition("-")[0] != wanted.lower().partition("-")[0]:
        what = f"the html says that it is in “{given}”, and the mailing is in “{wanted}”"
        yield _whole(reading.tree, Level.SHOULD, "html-lang", what, f'write <html lang="{wanted}">', "WCAG 3.1.1")


def part_language(reading: Reading) -> Iterator[Finding]:
    """A language that does not exist, on a part of the letter."""
    for element in reading.elements:
        given = element.get("lang")
        if given is not None and element is not reading.tree and not _TAG.fullmatch(given):
            what, fix = f"“{given}” is no language", "write a code such as nl, en or fy"
            yield _whole(element, Level.SHOULD, "part-lang", what, fix, "WCAG 3.1.2")


def title(reading: Reading) -> Iterator[Finding]:
    """The title names the letter in a browser tab and to a screen reader; it is the subject."""
    found = reading.tree.find(".//title")
    text = " ".join(reading.restore(found.text or "").split()) if found is not None else ""
    if not text:
        what, fix = "the html has no title", "write <title>{{ subject }}</title>"
        yield _whole(reading.tree, Level.SHOULD, "title", what, fix, "WCAG 2.4.2")
    elif text != " ".join(reading.mailing.subject.split()):
        what, fix = f"the title “{short(text)}” is not the subject", "write <title>{{ subject }}</title>"
        yield _whole(found, Level.SHOULD, "title", what, fix, "WCAG 2.4.2")


def one_h1(reading: Reading) -> Iterator[Finding]:
    """One heading says what the letter is about."""
    found = [element for element in reading.elements if element.tag == "h1"]
    if not found:
        what, fix = "there is no heading of level 1", "make the title of the letter an h1"
        yield _whole(reading.tree, Level.SHOULD, "heading-h1", what, fix, "WCAG 1.3.1")
    for extra in found[1:]:
        what, fix = "there is a second heading of level 1", "make it an h2"
        yield _whole(extra, Level.SHOULD, "heading-h1", what, fix, "WCAG 1.3.1")


def heading_order(reading: Reading) -> Iterator[Finding]:
    """A level is skipped, so that who listens thinks to have missed something; or a heading is empty."""
    before = 0
    for element in reading.elements:
        if element.tag not in HEADINGS:
            continue
        level = int(element.tag[1])
        if before and level > before + 1:
            what = f"a heading of level {level} follows one of level {before}"
            fix = f"make it an h{before + 1}"
            yield _whole(element, Level.SHOULD, "heading-order", what, fix, "WCAG 1.3.1")
        if not element.text_content().strip():
            what = "the heading is empty"
            yield _whole(element, Level.SHOULD, "heading-order", what, "take it out", "WCAG 2.4.6")
        before = level


def table_role(reading: Reading) -> Iterator[Finding]:
    """A table that only places things is read out as a table unless it says that it is none."""
    for element in reading.elements:
        is_layout = element.tag == "table" and not any(True for _ in element.iter("th", "caption"))
        if is_layout and (element.get("role") or "").lower() not in ("presentation", "none"):
            what = "a table that places things does not say so, and is read out cell by cell"
            yield _whole(element, Level.SHOULD, "table-role", what, 'write role="presentation"', "WCAG 1.3.1")


def table_scope(reading: Reading) -> Iterator[Finding]:
    """A heading of a column or row that does not say which of the two it is."""
    for element in reading.elements:
        if element.tag == "th" and (element.get("scope") or "") not in ("col", "row", "colgroup", "rowgroup"):
            what, fix = "a heading of a table does not say what it is of", 'write scope="col" or scope="row"'
            yield _whole(element, Level.SHOULD, "table-scope", what, fix, "WCAG 1.3.1")


def target_size(reading: Reading) -> Iterator[Finding]:
    """A button too small for a finger; a link amid words may be as small as its line."""
    for anchor in reading.anchors:
        style = style_of(anchor.element)
        if not is_button(anchor.element, style):
            continue
        height = _line_height(anchor.element) + sum(sides(style, "padding")[::2])
        cell = next((one for one in anchor.element.iterancestors() if one.tag in ("td", "div")), None)
        if cell is not None and cell.tag == "td":
            height += sum(sides(style_of(cell), "padding")[::2]) + 2 * _border(style_of(cell))
        if height < BUTTON:
            what = f"the button is {height:.0f} pixels high; a finger needs {BUTTON:.0f}"
            fix = "give its link more padding above and below"
            level = Level.MUST if height < TARGET else Level.SHOULD
            yield _whole(anchor.element, level, "target-size", what, fix, "WCAG 2.5.8")


def is_button(element: Any, style: Mapping[str, str]) -> bool:
    """A link with a body: padding, or a coloured cell that holds nothing else."""
    if any(sides(style, "padding")):
        return True
    parent = element.getparent()
    coloured = parent is not None and parent.tag == "td" and "background-color" in style_of(parent)
    return coloured and "inline-block" in style.get("display", "")


def text_size(reading: Reading) -> Iterator[Finding]:
    """Text that is too small, or whose lines are too close, to be read with ease."""
    for block in reading.blocks:
        if block.is_hidden or not any(sign.isalnum() for sign in block.text):
            continue
        size = font_size(block.element)
        if 0 < size < SMALLEST_TEXT:
            what = f"the text is {size:.0f} pixels high"
            fix = f"make it {SMALLEST_TEXT + 1:.0f} or more"
            yield _whole(block.element, Level.SHOULD, "text-size", what, fix, "WCAG 1.4.4")
        elif len(block.text) > _LONG:
            height = _line_height(block.element)
            if height < size * LINE_HEIGHT:
                what = f"the lines are {height:.0f} pixels apart, for letters of {size:.0f}"
                fix = f"write line-height:{size * 1.5:.0f}px"
                yield _whole(block.element, Level.SHOULD, "text-size", what, fix, "WCAG 1.4.12")


def zoom(reading: Reading) -> Iterator[Finding]:
    """A letter that cannot be enlarged."""
    content = reading.meta("viewport").replace(" ", "").lower()
    if "user-scalable=no" in content or "user-scalable=0" in content or re.search(r"maximum-scale=1(?:\D|$)", content):
        what, fix = "the viewport forbids to enlarge the letter", "leave out user-scalable and maximum-scale"
        yield _whole(reading.tree, Level.MUST, "zoom", what, fix, "WCAG 1.4.4")


def font_size(element: Any) -> float:
    """In pixels, from the element and what it stands in."""
    for one in around(element):
        given = style_of(one).get("font-size", "")
        if given.endswith("%") or given.endswith("em"):
            number = pixels(given.rstrip("%rem")) or 100.0
            parent = one.getparent()
            return font_size(parent) * (number / 100 if given.endswith("%") else number) if parent is not None else 16
        found = pixels(given) if given else None
        if found is not None:
            return found
    return 16.0


def _line_height(element: Any) -> float:
    size = font_size(element)
    for one in around(element):
        given = style_of(one).get("line-height", "")
        if re.fullmatch(r"[0-9.]+", given):
            return float(given) * size
        if given.endswith("%"):
            return float(given[:-1]) / 100 * size
        if (found := pixels(given, font=size)) is not None:
            return found
    return size * 1.2


def _border(style: Mapping[str, str]) -> float:
    width = style.get("border-width") or style.get("border", "").partition(" ")[0]
    return pixels(width.split()[0]) or 0.0 if width else 0.0


def _whole(element: Any, level: Level, check: str, what: str, fix: str, source: str) -> Finding:
    text = "" if element.tag in ("html", "table") or is_hidden(element) else short(element.text_content())
    return Finding(
        level=level,
        check=check,
        part="html",
        line=element.sourceline or 0,
        excerpt=re.sub("[\ue000-\ue002][0-9]*", "", text),
        what=what,
        fix=fix,
        source=source,
    )
