"""The windows: the html of a letter as a tree, its style attributes, and the comments that only Outlook reads.

In: html, a whole document. Out: its tree, and html again.
"""

import re
from collections.abc import Callable
from typing import Final

from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsletter.web import css
from newsletter.web.css import Declaration

_DOCTYPE: Final = "<!doctype html>"
#: <!--[if mso]>…<![endif]--> holds what only Outlook's Word engine reads.
FOR_WORD: Final = re.compile(r"<!--\[if\s+(?P<when>[^\]]*)\]>(?!<!--)(?P<inner>.*?)<!\[endif\]-->", re.S | re.I)


def read(html: str) -> HtmlElement:
    """The tree of a document; an empty one is a paragraph without words."""
    root: HtmlElement = lxml_html.document_fromstring(html or "<p></p>")
    return root


def written(root: HtmlElement) -> str:
    """The document of a tree."""
    document: str = lxml_html.tostring(root, encoding="unicode", method="html")
    return f"{_DOCTYPE}\n{document}"


def each_style(root: HtmlElement, change: Callable[[HtmlElement, list[Declaration]], list[Declaration]]) -> None:
    """Change what style attributes declare; one that is left with nothing goes."""
    for element in root.iter():
        if isinstance(element.tag, str) and (before := element.get("style")) is not None:
            after = css.style(change(element, css.declarations(before)))
            if after:
                element.set("style", after)
            else:
                del element.attrib["style"]
