"""The windows: a letter as mail programs that change it would show it; a best effort, not the programs themselves.

In: the html of a letter, a whole document. Out: the html that such a program makes of it, for a browser to show. Each
rule says whose finding it is: "caniemail css-float" is https://www.caniemail.com/features/css-float/, "email-bugs#21"
is https://github.com/hteumeuleu/email-bugs/issues/21. Outlook for Windows has a module of its own: `web.word`.
"""

import re
from typing import Final

from lxml.html import HtmlElement

from newsletter.web import css
from newsletter.web.colours import turned
from newsletter.web.css import Declaration
from newsletter.web.markup import FOR_WORD, each_style, read, written

#: Bytes of html after which Gmail shows no more, with "[Message clipped]" in its place: email-bugs#41.
CLIP: Final = 102_000
#: Bytes of all <style> together; the one that goes over it and those after it are removed: email-bugs#90.
GMAIL_STYLES: Final = 16_384
CLIPPED: Final = '<div class="clipped" style="padding: 16px; color: #15c">… [Message clipped] View entire message</div>'

_NO_STYLE_ATTRIBUTE: Final = re.compile(r"[=*$\\&@^{}\[\]?|<>]")


def gmail(html: str) -> str:
    """Gmail for Gmail accounts: the styles in the head, if they are few and plain enough."""
    clipped = len(html.encode()) > CLIP
    root = read(FOR_WORD.sub("", _clip(html)))
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
    return written(root)


def gmail_no_style(html: str) -> str:
    """Gmail's apps with an account elsewhere, and its mobile website, read no <style> (caniemail html-style note 2)."""
    root = read(FOR_WORD.sub("", _clip(html)))
    for sheet in list(root.iter("style")):
        sheet.drop_tree()
    _gmail_body(root)
    return written(root)


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

    root = read(FOR_WORD.sub("", in_scheme(html, dark=False)))
    each_style(root, change)
    if dark:
        root.set("data-ogsc", "")
        root.set("data-ogsb", "")
    return written(root)


def forced_dark(html: str) -> str:
    """A dark mode that asks nobody, as in Gmail's app and Outlook for Windows: lightness is turned round.

    email-bugs#68; they read no prefers-color-scheme (caniemail css-at-media-prefers-color-scheme).
    """
    root = read(FOR_WORD.sub("", html))
    for sheet in root.iter("style"):
        kept = css.sheet(rule for rule in css.rules(sheet.text or "") if "prefers-color-scheme" not in rule.prelude)
        sheet.text = css.each_body(kept, lambda body: css.style(_dark(css.declarations(body))))
    each_style(root, lambda element, found: _dark(found))
    for element in root.iter():
        if isinstance(element.tag, str):
            for name in ("bgcolor", "color", "text", "link"):
                if element.get(name):
                    element.set(name, turned(element.get(name, "")))
    ground = turned("#ffffff")
    _add_style(root, f"html, body {{ background-color: {ground}; color: #fff }} a {{ color: #8ab4f8 }}", first=True)
    _add_style(root, ":root { color-scheme: light only !important }")
    return written(root)


def without_images(html: str) -> str:
    """A program that loads no images, as Outlook and many at work do until asked: what is left is their alt text."""
    root = read(html)
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
    each_style(root, lambda element, found: _no_pictures(found))
    return written(root)


def in_scheme(html: str, *, dark: bool) -> str:
    """What a program that reads prefers-color-scheme, as Apple Mail does, shows by day or by night.

    Whatever the system says that the browser runs on.
    """
    root = read(html)
    for sheet in root.iter("style"):
        sheet.text = css.sheet(_decided(rule, dark=dark) for rule in css.rules(sheet.text or ""))
    _add_style(root, f":root {{ color-scheme: {'dark' if dark else 'light'} only !important }}")
    return written(root)


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
    each_style(root, lambda element, found: _gmail_declarations(found))


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
