"""Preflight: what mail programs need that browsers do not.

In: a composed mailing. Out: findings. Outlook for Windows lays a letter out with Word, Gmail drops style elements that
it does not like and for some accounts all of them, Outlook.com marks dark mode with attributes of its own.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from newsletter.preflight.css import pixels
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.images import is_small
from newsletter.preflight.reading import Reading, around, is_hidden, style_of
from newsletter.preflight.structure import is_button

#: Elements that mail programs remove, or that would do something behind the reader's back.
_FORBIDDEN_NAMES: Final = (
    "script form input select textarea button iframe frame object embed applet base link video audio canvas svg "
    "dialog marquee"
)
_FORBIDDEN: Final = frozenset(_FORBIDDEN_NAMES.split())
_OPENED: Final = re.compile(r"<!--\[if\s[^\]]*\]>|<!\[endif\]-->", re.I)
_MSO: Final = re.compile(r"<!--\[if [^\]]*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.S | re.I)
#: Rules that only exist for one client, and can stand nowhere but in a style element.
_HACK: Final = re.compile(r"data-ogs|#outlook|\.ExternalClass|u \+|x-apple|:root|::?-(?:webkit|moz)|@|\*", re.I)
_CSS_COMMENT: Final = re.compile(r"/\*")


def conditional_comments(reading: Reading) -> Iterator[Finding]:
    """A conditional comment that is not closed takes the rest of the letter with it in Outlook."""
    opened = None
    for match in _OPENED.finditer(reading.mailing.html):
        is_opening = match[0].lower().startswith("<!--[if") and not match[0].endswith("<!-->")
        if is_opening and opened is not None:
            break
        opened = match if is_opening else None
    if opened is not None:
        line = reading.mailing.html.count("\n", 0, opened.start()) + 1
        what, fix = "a conditional comment of Outlook is not closed", "write <![endif]--> after what it holds"
        yield _at(line, Level.MUST, "mso-comments", what, fix, short(opened[0]))


def ghost_tables(reading: Reading) -> Iterator[Finding]:
    """Outlook knows no max-width on a div: without a table around it the text runs over the whole window."""
    mso = "".join(_MSO.findall(reading.mailing.html))
    if "<table" in mso:
        return
    for element in reading.elements:
        if element.tag == "div" and "max-width" in style_of(element) and not is_hidden(element):
            what = "Outlook ignores the max-width of a div, and there is no table around it"
            fix = 'put <!--[if mso]><table role="presentation" width="640"><tr><td><![endif]--> before it'
            yield _about(element, Level.SHOULD, "mso-ghost-table", what, fix)
            return


def table_width(reading: Reading) -> Iterator[Finding]:
    """Outlook wants widths as attributes."""
    for element in reading.elements:
        style = style_of(element)
        narrow = element.tag in ("table", "td") and "width" in style and element.get("width") is None
        if narrow and element.tag == "table":
            what = "the table has its width in its style only; Outlook wants an attribute too"
            yield _about(element, Level.SHOULD, "mso-width", what, 'write width="100%" or a number of pixels')


def resolution(reading: Reading) -> Iterator[Finding]:
    """Outlook on a large screen blows up widths, but not images, unless it is told the resolution."""
    if reading.images and "PixelsPerInch" not in reading.mailing.html:
        what = "Outlook scales the letter by the settings of the screen"
        fix = "write <o:PixelsPerInch>96</o:PixelsPerInch> in the head, in a conditional comment"
        yield _at(1, Level.SHOULD, "mso-resolution", what, fix)


def line_height(reading: Reading) -> Iterator[Finding]:
    """Outlook makes lines as high as it thinks best unless it is told to obey."""
    uses = any("line-height" in style_of(element) for element in reading.elements)
    if uses and not re.search(r"mso-line-height-rule\s*:\s*exactly", reading.mailing.html):
        what, fix = "Outlook does not keep the line heights", "write mso-line-height-rule: exactly in its style element"
        yield _at(1, Level.SHOULD, "mso-line-height", what, fix)


def button_padding(reading: Reading) -> Iterator[Finding]:
    """Outlook ignores padding on a link; the cell around it has to be padded too, or a shape of VML drawn."""
    for anchor in reading.anchors:
        style = style_of(anchor.element)
        cell = next((one for one in anchor.element.iterancestors() if one.tag == "td"), None)
        cell_style = {} if cell is None else style_of(cell)
        padded = any(name.startswith(("padding", "mso-padding")) for name in cell_style)
        if is_button(anchor.element, style) and "v:roundrect" not in reading.mailing.html and not padded:
            what = "Outlook ignores the padding of a link, so the button has no body there"
            fix = "put it into a cell with padding, or with mso-padding-alt"
            yield _about(anchor.element, Level.SHOULD, "button", what, fix)
        elif anchor.element.find(".//img") is not None and not anchor.has_words and _looks_like_button(anchor.element):
            what, fix = "the button is an image, which is gone with images off", "write its words as text"
            yield _about(anchor.element, Level.SHOULD, "button", what, fix)


def _looks_like_button(element: Any) -> bool:
    image = element.find(".//img")
    height = pixels(image.get("height") or style_of(image).get("height", "")) or 0.0
    return 0 < height <= 80 and not is_small(image)


def without_style(reading: Reading) -> Iterator[Finding]:
    """Some accounts see no style element at all: what stands only there is lost."""
    for rule in reading.rules:
        if not rule.within and not _HACK.search(rule.selector) and rule.declarations:
            what = f"the rule for “{short(rule.selector)}” stands in a style element only, which Gmail often drops"
            fix = "let it be inlined; only media queries and rules for one client stay in a style element"
            yield _at(rule.line, Level.SHOULD, "style-only", what, fix, short(rule.selector))


def hidden_by_style(reading: Reading) -> Iterator[Finding]:
    """A text that is hidden only by a style element shows up where that is dropped."""
    for rule in reading.rules:
        hides = any(one.name == "display" and one.value == "none" for one in rule.declarations)
        if hides and not rule.within and not _HACK.search(rule.selector):
            what = f"“{short(rule.selector)}” is hidden by a style element only"
            yield _at(rule.line, Level.SHOULD, "style-hidden", what, "write display:none at the element", rule.selector)


def style_comments(reading: Reading) -> Iterator[Finding]:
    """Some clients drop the rule after a comment."""
    for css, line in reading.sheets:
        if comment := _CSS_COMMENT.search(css):
            what, fix = "there is a comment in a style element; some clients drop the rule after it", "take it out"
            place = line + css.count("\n", 0, comment.start())
            yield _at(place, Level.SHOULD, "style-comment", what, fix, source="caniemail css-comments")


def style_blocks(reading: Reading) -> Iterator[Finding]:
    """A client that stumbles over one rule drops the whole style element, so that each kind needs one of its own."""
    for number, (_, line) in enumerate(reading.sheets):
        kinds = {_kind(rule.selector, rule.within) for rule in reading.rules if rule.sheet == number}
        if len(kinds - {""}) > 1:
            what = f"rules for {' and '.join(sorted(kinds - {''}))} share a style element"
            yield _at(line, Level.SHOULD, "style-blocks", what, "give each a style element of its own")


def _kind(selector: str, within: tuple[str, ...]) -> str:
    if "[data-ogs" in selector:
        return "Outlook"
    if selector.startswith("@font-face"):
        return "web fonts"
    if any("prefers-color-scheme" in at for at in within):
        return "dark mode"
    return "small screens" if within else ""


def dark_mode(reading: Reading) -> Iterator[Finding]:
    """A letter that says nothing about dark mode gets colours that nobody chose."""
    root = [one for rule in reading.rules if ":root" in rule.selector for one in rule.declarations]
    missing = [
        f'<meta name="{name}">' for name in ("color-scheme", "supported-color-schemes") if not reading.meta(name)
    ]
    missing += [] if any(one.name == "color-scheme" for one in root) else [":root { color-scheme: light dark }"]
    dark = [rule for rule in reading.rules if rule.is_dark]
    outlook = [rule for rule in reading.rules if rule.is_for_outlook]
    missing += [] if dark else ["the rules in @media (prefers-color-scheme: dark)"]
    missing += [] if outlook else ["their twins for [data-ogsc]"]
    if missing:
        what = f"dark mode lacks {', '.join(missing)}"
        yield _at(1, Level.SHOULD, "dark-mode", what, "copy them from a template that comes with the product")
    for rule in (*dark, *outlook):
        if weak := next((one for one in rule.declarations if not one.important), None):
            what = f"“{weak.name}” is not !important there, so that the inlined style wins"
            yield _at(rule.line, Level.SHOULD, "dark-mode", what, "write !important", short(rule.selector))
            return


def forbidden(reading: Reading) -> Iterator[Finding]:
    """What mail programs remove, with all that is in it, or take for an attack."""
    for element in reading.elements:
        if element.tag in _FORBIDDEN:
            what = f"mail programs remove a {element.tag} element"
            yield _about(element, Level.MUST, "forbidden", what, "take it out; link to a page that has it")
        for name, value in element.attrib.items():
            if name.lower().startswith("on"):
                what = f"mail programs remove {name}, and some refuse the letter"
                yield _about(element, Level.MUST, "forbidden", what, "take it out")
            elif name in ("src", "background") and re.match(r"\s*(?:javascript|data|vbscript):", value, re.I):
                what, fix = f"the {name} is written out as data, which Gmail and Outlook do not show", "host the image"
                yield _about(element, Level.MUST, "forbidden", what, fix)
        if style_of(element).get("position", "static") not in ("static", "initial"):
            what = "mail programs remove “position”, and the rest of its style with it"
            yield _about(element, Level.MUST, "forbidden", what, "place it with a table", "caniemail css-position")


def web_fonts(reading: Reading) -> Iterator[Finding]:
    """Where Outlook does not know the first font of a stack, it takes Times New Roman unless it is told better."""
    fonts = [rule for rule in reading.rules if rule.selector.startswith("@font-face")]
    html = reading.mailing.html
    if fonts and "mso-generic-font-family" not in html and "mso-font-alt" not in html and not _mso_font(html):
        what = "Outlook shows Times New Roman in place of the web font"
        fix = "name a font for it in a conditional comment, or write mso-font-alt"
        yield _at(fonts[0].line, Level.SHOULD, "web-font", what, fix, source="caniemail css-at-font-face")
    for element in reading.elements:
        family = style_of(element).get("font-family", "")
        last = family.rpartition(",")[2].strip().strip("\"'").lower()
        if family and last not in ("serif", "sans-serif", "monospace", "inherit", "initial", "system-ui"):
            what = "the font has no general one to fall back on"
            yield _about(element, Level.SHOULD, "web-font", what, "end the list with sans-serif or serif")
            return


def _mso_font(html: str) -> bool:
    return any("font-family" in comment for comment in _MSO.findall(html))


def images_off(reading: Reading) -> Iterator[Finding]:
    """With images off the alt text stands in their place; without a style it is small and black on any ground."""
    for image in reading.images:
        alone = (image.get("alt") or "").strip() and not is_small(image)
        if alone and not any("color" in style_of(one) for one in around(image)):
            what, fix = "the alt text has no colour, so that it may vanish in dark mode", "give the image a color"
            yield _about(image, Level.HINT, "images-off", what, fix)


def _about(element: Any, level: Level, check: str, what: str, fix: str, source: str = "email practice") -> Finding:
    excerpt = short(re.sub("[\ue000-\ue002][0-9]*", "", element.text_content())) if element.tag == "a" else ""
    return _at(element.sourceline or 0, level, check, what, fix, excerpt, source)


def _at(
    line: int, level: Level, check: str, what: str, fix: str, excerpt: str = "", source: str = "email practice"
) -> Finding:
    return Finding(level=level, check=check, part="html", line=line, excerpt=excerpt, what=what, fix=fix, source=source)
