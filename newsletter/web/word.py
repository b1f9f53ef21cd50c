"""The windows: a letter as Outlook for Windows would show it, which lays letters out with Word; a best effort.

In: the html of a letter, a whole document. Out: the html that Word makes of it, for a browser to show. Each rule says
whose finding it is, as in `web.clients`.
"""

import re
from typing import Final

from lxml.html import HtmlElement

from newsletter.web import css
from newsletter.web.css import Declaration
from newsletter.web.markup import FOR_WORD, each_style, read, written

#: <!--[if !mso]><!-->…<!--<![endif]--> holds what all others read.
_FOR_OTHERS: Final = re.compile(
    r"<!--\[if\s+!\s*mso[^\]]*\]><!--(?:\s*--)?>(?P<inner>.*?)<!--\s*<!\[endif\]-->", re.S | re.I
)
_PIXELS: Final = re.compile(r"(\d+(?:\.\d+)?)px")
_XML: Final = re.compile(r"<xml\b.*?</xml>", re.S | re.I)
#: caniemail css-border-radius, css-box-shadow, css-opacity, css-position, css-max-height, css-min-height,
#: css-min-width, css-object-fit, css-filter, css-transform, css-text-shadow, css-overflow, css-display-flex,
#: css-display-grid, css-gap, css-background-size, css-background-position, css-background-repeat,
#: css-background-image, css-animation, css-transition: Outlook on Windows does not know them.
_WORD_LACKS: Final = re.compile(
    r"border(-(top|bottom)-(left|right))?-radius|box-shadow|opacity|position|top|right|bottom|left|z-index"
    r"|max-height|min-(height|width)|object-(fit|position)|filter|transform|text-shadow|overflow(-[xy])?|flex.*|grid.*"
    r"|(align|justify)-.*|gap|(row|column)-gap|background-(size|position|repeat|image|clip|origin)|animation.*"
    r"|transition.*|aspect-ratio|--.*"
)
#: caniemail css-width: not on these; of an image only the attribute counts.
_WORD_NO_WIDTH: Final = frozenset({"body", "span", "div", "p", "img", "a"})


def outlook_word(html: str) -> str:
    """Outlook for Windows, which lays letters out with Word: conditional comments count, much of CSS does not."""
    html = FOR_WORD.sub(lambda found: found["inner"] if _is_word(found["when"]) else "", _FOR_OTHERS.sub("", html))
    root = read(_XML.sub("", html))
    lost = _word_sheets(root)
    each_style(root, lambda element, found: _word_style(element, found, lost))
    for image in root.iter("img"):
        image.attrib.pop("srcset", None)  # caniemail html-srcset
    for row in root.iter("tr"):
        _level_padding(row)
    return written(root)


def _is_word(when: str) -> bool:
    """Whether the condition of a conditional comment holds in Outlook 2016 and later, which is `mso 16`."""
    words = when.lower().replace("(", " ").replace(")", " ").split()
    if not words or words[0].startswith("!") or "ie" in words:
        return False
    number = next((float(word) for word in words if re.fullmatch(r"\d+(\.\d+)?", word)), 16.0)
    compared = {"gt": number < 16, "gte": number <= 16, "lt": number > 16, "lte": number >= 16}
    return "mso" in words and compared.get(words[0], number == 16)


def _word_sheets(root: HtmlElement) -> frozenset[str]:
    """Leave in the styles what Word reads; return the fonts that it was to fetch, and does not (in lower case)."""
    lost: set[str] = set()
    for sheet in list(root.iter("style")):
        if next(sheet.iterancestors("head"), None) is None:  # caniemail html-style note 1
            sheet.drop_tree()
            continue
        found = css.rules(sheet.text or "")
        for rule in found:
            if rule.keyword == "@font-face":
                lost |= {
                    _first_font(item.value) for item in css.declarations(rule.body or "") if item.name == "font-family"
                }
        # caniemail css-at-media, css-at-supports, css-at-font-face: at-rules do not count.
        plain = css.sheet(rule for rule in found if not rule.keyword)
        sheet.text = css.each_body(plain, lambda body: css.style(_word_plain(css.declarations(body))))
    return frozenset(lost)


def _word_plain(found: list[Declaration]) -> list[Declaration]:
    """Without what Word knows nowhere."""
    return [kept for item in found if not _WORD_LACKS.fullmatch(item.name) and (kept := _word_value(item))]


def _word_value(item: Declaration) -> Declaration | None:
    name, value = item
    if name == "background" and re.search(r"url\(|gradient\(", value, re.I):  # caniemail css-background-image
        left = re.search(r"#[0-9a-f]{3,8}\b", re.sub(r"(?:url|[\w-]*gradient)\([^)]*\)", "", value), re.I)
        return Declaration("background-color", left.group()) if left else None
    # caniemail css-display note 5: only `none` counts. Columns of inline-block come under each other: email-bugs#148.
    if name == "display":
        return Declaration(name, "none") if value.startswith("none") else Declaration(name, "revert")
    if name.startswith("margin") and ("auto" in value or re.search(r"(?<![\w.])-\d", value)):
        return None  # caniemail css-margin notes 1 and 4
    if name.startswith("float"):
        return None  # caniemail css-float
    return item


def _word_style(element: HtmlElement, found: list[Declaration], lost: frozenset[str]) -> list[Declaration]:
    tag, kept = str(element.tag), []
    for item in _word_plain(found):
        name, value = item
        if name == "max-width" and tag != "table":  # caniemail css-max-width note 1
            continue
        if name.startswith("padding") and tag not in ("td", "th"):  # caniemail css-padding note 1
            continue
        if name == "width" and tag in _WORD_NO_WIDTH:  # caniemail css-width note 1
            continue
        if name == "display" and value == "none" and tag == "img":  # caniemail css-display note 5
            continue
        if name == "font-family" and _first_font(value) in lost and not any(i.name.startswith("mso-") for i in found):
            item = Declaration(name, '"Times New Roman", serif')  # caniemail css-at-font-face note 5
        kept.append(item)
    return kept


def _first_font(value: str) -> str:
    return value.partition(",")[0].strip(" \"'").lower()


def _level_padding(row: HtmlElement) -> None:
    """caniemail css-padding note 2: all cells of a row get the largest padding above and below."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    for number, side in ((0, "padding-top"), (2, "padding-bottom")):
        most = max((_padding(cell, number, side) for cell in cells), default=0.0)
        if most:
            for cell in cells:
                cell.set("style", f"{cell.get('style', '')}; {side}: {most:g}px".removeprefix("; "))


def _padding(cell: HtmlElement, number: int, side: str) -> float:
    """The padding of a cell on one side in px; `number` is its place in the shorthand (0 above, 2 below)."""
    found = 0.0
    for name, value in css.declarations(cell.get("style", "")):
        sizes = [float(size) for size in _PIXELS.findall(re.sub(r"(?<![\w.])0(?![\w.])", "0px", value))]
        if name == "padding" and sizes:
            found = sizes[number] if number < len(sizes) else sizes[0]
        elif name == side and sizes:
            found = sizes[0]
    return found
