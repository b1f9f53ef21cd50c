"""The windows: what is different from the letter that was sent last.

In: two contents, as composed. Out: the blocks that differ, each with the words that differ in it; what is the same is
left out. Looks are left out too: a block is its text, and where it leads.
"""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from lxml import html as lxml_html
from lxml.html import HtmlElement

#: What stands in a line with its neighbours, rather than in a block of its own.
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark", "q"}
    | {"s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var"}
)
_WORD: Final = re.compile(r"\s+|\w+|[^\w\s]")
_PADDING: Final = str.maketrans("", "", "\u034f\u200c\u200b\ufeff")


class Piece(NamedTuple):
    text: str
    is_changed: bool


class Block(NamedTuple):
    """One paragraph, cell, heading, picture or link."""

    kind: str  #: tag: "h2", "p", "img", "a"; empty in the text part
    text: str


@dataclass(frozen=True)
class Change:
    """A block that is not what it was; `was` is empty for a new one, `now` for one that has gone."""

    kind: str
    was: tuple[Piece, ...]
    now: tuple[Piece, ...]


def text_changes(was: str, now: str) -> list[Change]:
    """The paragraphs of the text part that differ."""
    return _changes(_paragraphs(was), _paragraphs(now))


def html_changes(was: str, now: str) -> list[Change]:
    """The blocks of the html that differ: their text, pictures with their alt text, links with their address."""
    return _changes(blocks(was), blocks(now))


def line_changes(was: str, now: str) -> list[Change]:
    """One line, such as a subject, if it differs."""
    return _changes([Block("", was)] if was else [], [Block("", now)] if now else [])


def blocks(html: str) -> list[Block]:
    """The html as the blocks that a reader sees, in their order."""
    if not html.strip():
        return []
    root = lxml_html.document_fromstring(html)
    found: list[Block] = []
    for body in root.iter("body"):
        _collect(body, found)
    return found


def _collect(element: HtmlElement, found: list[Block]) -> None:
    """Add the blocks of an element: runs of text and inline elements between its inner blocks."""
    run: list[str] = [element.text or ""]
    after: list[Block] = []

    def close() -> None:
        text = _tidy("".join(run))
        if text:
            found.append(Block(str(element.tag), text))
        found.extend(after)
        run.clear()
        after.clear()

    for child in element:
        if not isinstance(child.tag, str):  # a comment
            run.append(child.tail or "")
            continue
        if _is_inline(child):
            run.append(child.text_content())
            after.extend(_leads(child))
        elif child.tag == "img":
            after.append(_picture(child))
        elif child.tag not in ("style", "script"):
            close()
            found.extend([Block("a", child.get("href", ""))] if child.tag == "a" and child.get("href") else [])
            _collect(child, found)
        run.append(child.tail or "")
    close()


def _is_inline(element: HtmlElement) -> bool:
    return element.tag in _INLINE and all(
        not isinstance(inner.tag, str) or inner.tag in _INLINE or inner.tag == "img" for inner in element.iter()
    )


def _leads(element: HtmlElement) -> list[Block]:
    """The links and pictures of an inline element."""
    links = [Block("a", link.get("href", "")) for link in element.iter("a") if link.get("href")]
    return [*links, *(_picture(image) for image in element.iter("img"))]


def _picture(image: HtmlElement) -> Block:
    return Block("img", f"{image.get('alt', '')} {image.get('src', '')}".strip())


def _tidy(text: str) -> str:
    return " ".join(text.translate(_PADDING).split())


def _paragraphs(text: str) -> list[Block]:
    return [Block("", part.strip("\n")) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _changes(was: Sequence[Block], now: Sequence[Block]) -> list[Change]:
    found: list[Change] = []
    for operation, i1, i2, j1, j2 in _opcodes(was, now):
        if operation == "equal":
            continue
        olds, news = was[i1:i2], now[j1:j2]
        # What took the place of something is shown beside it, one by one.
        for number in range(max(len(olds), len(news))):
            old = olds[number] if number < len(olds) else None
            new = news[number] if number < len(news) else None
            found.append(_change(old, new))
    return found


def _change(old: Block | None, new: Block | None) -> Change:
    if old is None or new is None:
        kind = (old or new or Block("", "")).kind
        return Change(kind, _whole(old), _whole(new))
    was, now = _WORD.findall(old.text), _WORD.findall(new.text)
    before: list[Piece] = []
    after: list[Piece] = []
    for operation, i1, i2, j1, j2 in _opcodes(was, now):
        before += [Piece("".join(was[i1:i2]), operation != "equal")] if i2 > i1 else []
        after += [Piece("".join(now[j1:j2]), operation != "equal")] if j2 > j1 else []
    return Change(new.kind, tuple(before), tuple(after))


def _whole(block: Block | None) -> tuple[Piece, ...]:
    return () if block is None else (Piece(block.text, True),)


def _opcodes(was: Sequence[Hashable], now: Sequence[Hashable]) -> list[tuple[str, int, int, int, int]]:
    return list(SequenceMatcher(None, was, now, autojunk=False).get_opcodes())
