"""Preflight: a composed mailing, read once for all checks.

In: a mailing, its event where it is known, the theme. Out: `Reading`: the tree of its html, its texts with their
lines, its links, its style sheets. Placeholders are out of the way: each stands as one character pair that no letter
holds, so that quotation marks inside them cannot break an attribute.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from lxml import html as lxml_html

from newsletter.compose.mailing import Mailing
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.events.event import Event
from newsletter.preflight.css import Rule, rules, values

#: A value stands as U+E000 … U+E001, a condition as U+E002 … U+E001, with its number between.
_MARK: Final = re.compile("[\ue000\ue002]([0-9]+)\ue001\n*")
_CONDITION: Final = re.compile("\ue002[0-9]+\ue001")
_VALUE: Final = re.compile("\ue000[0-9]+\ue001")
#: What begins a text of its own. Links, emphasis, images and the like stand inside one.
_BLOCK_NAMES: Final = (
    "address article aside blockquote body caption center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 head header hr html li main nav ol p pre section table tbody td tfoot th thead title tr ul"
)
_BLOCKS: Final = frozenset(_BLOCK_NAMES.split())
_UNREAD: Final = frozenset(("head", "style", "script", "title", "template"))
#: Padding of the preheader: characters without width, and the spaces between them.
_NO_WIDTH: Final = re.compile("[\u034f\u00ad\u200b-\u200f\u2060\ufeff]")
HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """A text that stands by itself: a paragraph, a heading, a cell."""

    text: str  #: words with one space between them, a newline for a <br>; a value stands as "…"
    line: int
    element: Any
    is_hidden: bool = False  #: nobody sees it: the preheader
    is_aside: bool = False  #: screen readers pass it over, as it stands elsewhere too (aria-hidden)

    @property
    def tag(self) -> str:
        return str(self.element.tag)

    @property
    def is_prose(self) -> bool:
        """Sentences, not a label, a heading or a cell with a number."""
        return self.tag not in HEADINGS and not self.is_hidden and len(self.text.split()) >= 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Anchor:
    """A link of the html."""

    href: str  #: as written, placeholders and all
    text: str  #: its name: words, and the alt texts of its images
    line: int
    element: Any
    has_words: bool  #: not only an image


class Reading:
    """A mailing as the checks see it; everything is read when it is first asked for, and once."""

    def __init__(self, mailing: Mailing, *, event: Event | None = None, theme: Mapping[str, str] | None = None) -> None:
        self.mailing, self.event, self.theme = mailing, event, theme or {}
        self.language = mailing.language
        self._kept: list[str] = []

    def restore(self, text: str) -> str:
        """The text with its placeholders back in it."""
        return _MARK.sub(lambda mark: self._kept[int(mark[1])], text)

    @cached_property
    def subject(self) -> str:
        """Without conditions; a value stands as "…"."""
        return plain(self.mailing.subject)

    @cached_property
    def text(self) -> str:
        """The plain part, likewise; its lines are those of the part."""
        return plain(self.mailing.text)

    @cached_property
    def tree(self) -> Any:
        """The html as a tree; `sourceline` of an element is its line."""
        protected = PLACEHOLDER.sub(self._protect, self.mailing.html)
        return lxml_html.document_fromstring(protected or "<html></html>")

    def _protect(self, match: "re.Match[str]") -> str:
        self._kept.append(match[0])
        sign = "\ue002" if match[0].startswith("[%") else "\ue000"
        return f"{sign}{len(self._kept) - 1}\ue001" + "\n" * match[0].count("\n")

    @cached_property
    def elements(self) -> tuple[Any, ...]:
        """Every element, in the order of the document."""
        return tuple(element for element in self.tree.iter() if isinstance(element.tag, str))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All texts of the body, in order."""
        body = self.tree.find("body")
        return tuple(_blocks(self.tree if body is None else body))

    @property
    def prose(self) -> Iterator[Block]:
        """The texts that people write in sentences."""
        return (block for block in self.blocks if block.is_prose)

    @cached_property
    def preheader(self) -> Block | None:
        """The first text, if it is hidden."""
        first = next(iter(self.blocks), None)
        return first if first is not None and first.is_hidden else None

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        return tuple(
            Anchor(
                href=self.restore(element.get("href") or ""),
                text=name_of(element),
                line=element.sourceline or 0,
                element=element,
                has_words=bool(_tidy(element.text_content())),
            )
            for element in self.elements
            if element.tag == "a" and element.get("href") is not None
        )

    @cached_property
    def images(self) -> tuple[Any, ...]:
        return tuple(element for element in self.elements if element.tag == "img")

    @cached_property
    def sheets(self) -> tuple[tuple[str, int], ...]:
        """The text and the first line of every style element that is not in a conditional comment."""
        styles = (element for element in self.elements if element.tag == "style")
        return tuple((self.restore(element.text or ""), element.sourceline or 0) for element in styles)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all style elements, in order."""
        return tuple(
            rule for number, (css, line) in enumerate(self.sheets) for rule in rules(css, line=line, sheet=number)
        )

    @cached_property
    def comments(self) -> tuple[str, ...]:
        """Comments of the html, those of Outlook among them."""
        return tuple(re.findall(r"<!--.*?-->", self.mailing.html, re.S))

    def meta(self, name: str) -> str:
        """The content of a meta element."""
        found = (one for one in self.elements if one.tag == "meta" and (one.get("name") or "").lower() == name)
        return next((one.get("content") or "" for one in found), "")


def plain(text: str) -> str:
    """A text without conditions, in which every value stands as "…"; its lines stay."""

    def instead(match: "re.Match[str]") -> str:
        return ("" if match[0].startswith("[%") else "…") + "\n" * match[0].count("\n")

    return PLACEHOLDER.sub(instead, text)


def style_of(element: Any) -> Mapping[str, str]:
    """What the style attribute of an element says."""
    return values(element.get("style") or "")


def is_hidden(element: Any) -> bool:
    """Taken out of sight by its own style or attribute."""
    style = style_of(element)
    return (
        element.get("hidden") is not None
        or style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or "mso-hide" in style
    )


def around(element: Any) -> Iterator[Any]:
    """The element, and those that it stands in, from the inside out."""
    yield element
    yield from element.iterancestors()


def name_of(element: Any) -> str:
    """What a screen reader calls an element: its label, or its words and the alt texts of its images."""
    if element.get("aria-label"):
        return _shown(_one_line(element.get("aria-label")))
    parts: list[str] = []
    for node in element.iter():
        if node.tag == "img":
            parts.append(node.get("alt") or "")
        if isinstance(node.tag, str) and node.tag not in _UNREAD:
            parts.append(node.text or "")
        if node is not element:
            parts.append(node.tail or "")
    return _shown(_one_line(" ".join(parts)))


def own_words(element: Any) -> str:
    """The words of an element itself, without those of the elements in it."""
    return _shown(_one_line(" ".join([element.text or "", *(child.tail or "" for child in element)])))


def _blocks(root: Any) -> Iterator[Block]:
    """Walk the tree in order; what stands between two borders of blocks is one text."""
    words: list[str] = []
    owner = root

    def done() -> Iterator[Block]:
        text = _shown("".join(words))
        words.clear()
        if text:
            chain = list(around(owner))
            yield Block(
                text=text,
                line=owner.sourceline or 0,
                element=owner,
                is_hidden=any(is_hidden(one) for one in chain),
                is_aside=any(one.get("aria-hidden") == "true" for one in chain),
            )

    def walk(element: Any) -> Iterator[Block]:
        nonlocal owner
        is_read = isinstance(element.tag, str) and element.tag not in _UNREAD
        if is_read and element.tag == "br":
            words.append("\n")
        elif is_read:
            before, is_block = owner, element.tag in _BLOCKS
            if is_block:
                yield from done()
                owner = element
            words.append(_one_line(element.text))
            for child in element:
                yield from walk(child)
            if is_block:
                yield from done()
                owner = before
        if element is not root:
            words.append(_one_line(element.tail))

    yield from walk(root)
    yield from done()


def _shown(text: str) -> str:
    """Words as they are seen: one space between them, lines kept where a <br> was, values as "…"."""
    seen = _NO_WIDTH.sub("", _VALUE.sub("…", _CONDITION.sub("", text)))
    return "\n".join(filter(None, (_tidy(line) for line in seen.split("\n"))))


def _one_line(text: str | None) -> str:
    """A newline of the source is a space; only a <br> begins a line."""
    return (text or "").replace("\n", " ")


def _tidy(text: str) -> str:
    return " ".join(text.split())
