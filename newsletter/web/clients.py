"""The windows: a letter as mail programs that change it would show it; a best effort, not the programs themselves.

In: the html of a letter, a whole document. Out: the html that such a program makes of it, for a browser to show. Each
rule says whose finding it is: "caniemail css-float" is https://www.caniemail.com/features/css-float/, "email-bugs#21"
is https://github.com/hteumeuleu/email-bugs/issues/21.
"""

import re
from collections.abc import Callable
from typing import Final

from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsletter.web import css
from newsletter.web.colours import turned
from newsletter.web.css import Declaration

#: Bytes of html after which Gmail shows no more, with "[Message clipped]" in its place: email-bugs#41.
CLIP: Final = 102_000
#: Bytes of all <style> together; the one that goes over it and those after it are removed: email-bugs#90.
GMAIL_STYLES: Final = 16_384
CLIPPED: Final = '<div class="clipped" style="padding: 16px; color: #15c">… [Message clipped] View entire message</div>'

_DOCTYPE: Final = "<!doctype html>"
#: <!--[if mso]>…<![endif]--> holds what only Outlook's Word engine reads;
_FOR_WORD: Final = re.compile(r"<!--\[if\s+(?P<when>[^\]]*)\]>(?!<!--)(?P<inner>.*?)<!\[endif\]-->", re.S | re.I)
#: <!--[if !mso]><!-->…<!--<![endif]--> what all others read.
_FOR_OTHERS: Final = re.compile(
    r"<!--\[if\s+!\s*mso[^\]]*\]><!--(?:\s*--)?>(?P<inner>.*?)<!--\s*<!\[endif\]-->", re.S | re.I
)
_XML: Final = re.compile(r"<xml\b.*?</xml>", re.S | re.I)
_NO_STYLE_ATTRIBUTE: Final = re.compile(r"[=*$\\&@^{}\[\]?|<>]")
_PIXELS: Final = re.compile(r"(\d+(?:\.\d+)?)px")

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


def gmail(html: str) -> str:
    """Gmail for Gmail accounts: the styles in the head, if they are few and plain enough."""
    clipped = len(html.encode()) > CLIP
    root = _read(_FOR_WORD.sub("", _clip(html)))
    room = 0 if clipped else GMAIL_STYLES  # email-bugs#56: with the end of a letter, Gmail removes its styles
    for sheet in list(root.iter("style")):
        text = sheet.text or ""
        room -= len(text.encode())
        in_head = next(sheet.iterancestors("head"), None) is not None
        # caniemail html-style note 1: only in the head. email-bugs#21: an @ inside an @ costs the whole <style>.
        if room < 0 or not in_head or _is_nested(text):
            sheet.drop_tree()
        else:
            sheet.text = _gmail_sheet(text)
    _gmail_body(root)
    return _written(root)


def gmail_no_style(html: str) -> str:
    """Gmail's apps with an account elsewhere, and its mobile website, read no <style> (caniemail html-style note 2)."""
    root = _read(_FOR_WORD.sub("", _clip(html)))
    for sheet in list(root.iter("style")):
        sheet.drop_tree()
    _gmail_body(root)
    return _written(root)


def outlook_com(html: str, *, dark: bool = False) -> str:
    """Outlook.com: styles count, but one odd sign costs a whole style attribute.

    In the dark it sets `data-ogsc` and `data-ogsb` around the letter, and reads no prefers-color-scheme.
    """

    def change(element: HtmlElement, found: list[Declaration]) -> list[Declaration]:
        # email-bugs#19. The signs that stand in lengths, percentages and functions too are let through today.
        odd = any(
            _NO_STYLE_ATTRIBUTE.search(re.sub(r"\"[^\"]*\"|'[^']*'|url\([^)]*\)", "", value)) for _, value in found
        )
        return [] if odd else found

    root = _read(_FOR_WORD.sub("", in_scheme(html, dark=False)))
    _each_style(root, change)
    if dark:
        root.set("data-ogsc", "")
        root.set("data-ogsb", "")
    return _written(root)


def outlook_word(html: str) -> str:
    """Outlook for Windows, which lays letters out with Word: conditional comments count, much of CSS does not."""
    html = _FOR_WORD.sub(lambda found: found["inner"] if _is_word(found["when"]) else "", _FOR_OTHERS.sub("", html))
    root = _read(_XML.sub("", html))
    lost = _word_sheets(root)
    _each_style(root, lambda element, found: _word_style(element, found, lost))
    for image in root.iter("img"):
        image.attrib.pop("srcset", None)  # caniemail html-srcset
    for row in root.iter("tr"):
        _level_padding(row)
    return _written(root)


def forced_dark(html: str) -> str:
    """A dark mode that asks nobody, as in Gmail's app and Outlook for Windows: lightness is turned round.

    email-bugs#68; they read no prefers-color-scheme (caniemail css-at-media-prefers-color-scheme).
    """
    root = _read(_FOR_WORD.sub("", html))
    for sheet in root.iter("style"):
        kept = css.sheet(rule for rule in css.rules(sheet.text or "") if "prefers-color-scheme" not in rule.prelude)
        sheet.text = css.each_body(kept, lambda body: css.style(_dark(css.declarations(body))))
    _each_style(root, lambda element, found: _dark(found))
    for element in root.iter():
        if isinstance(element.tag, str):
            for name in ("bgcolor", "color", "text", "link"):
                if element.get(name):
                    element.set(name, turned(element.get(name, "")))
    ground = turned("#ffffff")
    _add_style(root, f"html, body {{ background-color: {ground}; color: #fff }} a {{ color: #8ab4f8 }}", first=True)
    _add_style(root, ":root { color-scheme: light only !important }")
    return _written(root)


def without_images(html: str) -> str:
    """A program that loads no images, as Outlook and many at work do until asked: what is left is their alt text."""
    root = _read(html)
    for image in root.iter("img"):
        image.attrib.pop("srcset", None)
        image.set("src", "data:,")
    for element in root.iter():
        if isinstance(element.tag, str):
            element.attrib.pop("background", None)
    for source in list(root.iter("source")):
        source.drop_tag()  # libxml2 takes what follows for its content
    for sheet in root.iter("style"):
        sheet.text = css.each_body(sheet.text or "", lambda body: css.style(_no_pictures(css.declarations(body))))
    _each_style(root, lambda element, found: _no_pictures(found))
    return _written(root)


def in_scheme(html: str, *, dark: bool) -> str:
    """What a program that reads prefers-color-scheme, as Apple Mail does, shows by day or by night.

    Whatever the system says that the browser runs on.
    """
    root = _read(html)
    for sheet in root.iter("style"):
        sheet.text = css.sheet(_decided(rule, dark=dark) for rule in css.rules(sheet.text or ""))
    _add_style(root, f":root {{ color-scheme: {'dark' if dark else 'light'} only !important }}")
    return _written(root)


def _read(html: str) -> HtmlElement:
    root: HtmlElement = lxml_html.document_fromstring(html or "<p></p>")
    return root


def _written(root: HtmlElement) -> str:
    written: str = lxml_html.tostring(root, encoding="unicode", method="html")
    return f"{_DOCTYPE}\n{written}"


def _each_style(root: HtmlElement, change: Callable[[HtmlElement, list[Declaration]], list[Declaration]]) -> None:
    """Change what style attributes declare; one that is left with nothing goes."""
    for element in root.iter():
        if isinstance(element.tag, str) and (before := element.get("style")) is not None:
            after = css.style(change(element, css.declarations(before)))
            if after:
                element.set("style", after)
            else:
                del element.attrib["style"]


def _add_style(root: HtmlElement, text: str, *, first: bool = False) -> None:
    for head in root.iter("head"):
        sheet = head.makeelement("style")
        sheet.text = text
        head.insert(0 if first else len(head), sheet)


def _clip(html: str) -> str:
    content = html.encode()
    if len(content) <= CLIP:
        return html
    kept = content[:CLIP].decode(errors="ignore")
    # What is open at the end is closed by whoever reads it; half a tag is not shown.
    return kept[: kept.rfind("<")] + CLIPPED


def _is_nested(text: str) -> bool:
    """Whether an at-rule stands in an at-rule."""
    return any(rule.keyword and "@" in (rule.body or "") for rule in css.rules(text))


def _gmail_sheet(text: str) -> str:
    """Without what Gmail passes over: caniemail css-at-media-prefers-color-scheme, css-at-font-face, css-at-supports,
    css-at-import, css-variables."""
    kept = [
        rule
        for rule in css.rules(text)
        if rule.keyword in ("", "@media") and "prefers-color-scheme" not in rule.prelude and "--" not in rule.prelude
    ]
    return css.each_body(css.sheet(kept), lambda body: css.style(_gmail_declarations(css.declarations(body))))


def _gmail_declarations(found: list[Declaration]) -> list[Declaration]:
    # caniemail css-variables: they cannot be declared; css-position: not at all.
    return [item for item in found if not item.name.startswith("--") and item.name != "position"]


def _gmail_body(root: HtmlElement) -> None:
    for element in list(root.iter("svg", "picture", "source")):  # caniemail html-svg, html-picture
        if element.tag == "svg":
            element.drop_tree()
        else:
            element.drop_tag()  # libxml2 takes what follows a <source> for its content
    _each_style(root, lambda element, found: _gmail_declarations(found))


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


def _dark(found: list[Declaration]) -> list[Declaration]:
    return [
        Declaration(name, turned(value)) if name != "font-family" else Declaration(name, value) for name, value in found
    ]


def _no_pictures(found: list[Declaration]) -> list[Declaration]:
    return [Declaration(name, re.sub(r"url\([^)]*\)", "none", value)) for name, value in found]


def _decided(rule: css.Rule, *, dark: bool) -> css.Rule:
    """A media query about the colour scheme as one that holds, or does not."""

    def answer(asked: re.Match[str]) -> str:
        return "(min-width: 0)" if (asked.group(1).lower() == "dark") is dark else "(max-width: 0)"

    prelude = rule.prelude
    if rule.keyword == "@media":
        prelude = re.sub(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", answer, prelude, flags=re.I)
    return css.Rule(prelude, rule.body)
