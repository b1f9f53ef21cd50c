"""The windows: the place that a finding means, marked.

In: the html or text of a mailing as it was composed, and a line and an excerpt of it. Out: the same with a mark, to
which a browser scrolls.
"""

import re
from typing import Final

FOUND: Final = "newsletter-found"  #: id of the mark
_MARK: Final = "background: #ffe680; color: #1a1a1a; outline: 3px solid #d9480f; outline-offset: 2px"
_TAG: Final = re.compile(r"<!--.*?-->|<[^>]*>", re.S)
_HIDDEN: Final = re.compile(r"<(head|style|title)\b.*?</\1\s*>", re.S | re.I)


def mark(html: str, *, excerpt: str, line: int = 0) -> str:
    """The html with its place marked; as it is where there is no such place.

    Text gets a <mark>; where the place is in a tag (an address, an alt text), the element is marked.
    """
    at = find(html, excerpt=excerpt, line=line)
    if at < 0:
        return html
    if any(hidden.start() <= at < hidden.end() for hidden in _HIDDEN.finditer(html)):
        return html
    for tag in _TAG.finditer(html):
        if tag.start() <= at < tag.end():
            return _mark_tag(html, tag)
        if tag.start() > at:
            break
    ends = html.find("<", at)
    end = min(at + max(len(excerpt), 1), ends if ends >= 0 else len(html))
    return f'{html[:at]}<mark id="{FOUND}" style="{_MARK}">{html[at:end]}</mark>{html[end:]}'


def find(text: str, *, excerpt: str, line: int = 0) -> int:
    """Where the excerpt begins: on its line, else the first after it, else the first of all; -1 for nowhere.

    A place without an excerpt is the first word on its line.
    """
    begin = _begin(text, line)
    if not excerpt.strip():
        word = re.compile(r"\S").search(text, begin) if line else None
        return word.start() if word else -1
    wanted = r"\s+".join(re.escape(word) for word in excerpt.strip().rstrip("…").split())
    pattern = re.compile(wanted)
    found = pattern.search(text, begin) or pattern.search(text)
    if found:
        return found.start()
    return find(text, excerpt="", line=line)


def parts(text: str, *, excerpt: str, line: int = 0) -> tuple[str, str, str]:
    """The text before a place, at it, and after it; without such a place all of it is before."""
    at = find(text, excerpt=excerpt, line=line)
    if at < 0:
        return text, "", ""
    end = at + len(excerpt.strip()) if text.startswith(excerpt.strip(), at) and excerpt.strip() else text.find("\n", at)
    end = end if end > at else len(text)
    return text[:at], text[at:end], text[end:]


def _begin(text: str, line: int) -> int:
    """Where a line begins, counted from 1."""
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if not at:
            return 0
    return at


def _mark_tag(html: str, tag: re.Match[str]) -> str:
    opening = tag.group()
    if not re.match(r"<[a-z]", opening, re.I):
        return f'{html[: tag.end()]}<mark id="{FOUND}"></mark>{html[tag.end() :]}'
    name = re.match(r"<[^\s/>]+", opening)
    begin = tag.start() + len(name.group() if name else "")
    styled = re.sub(r"(\sstyle\s*=\s*[\"'])", rf"\g<1>{_MARK}; ", opening, count=1, flags=re.I)
    rest = styled[begin - tag.start() :] if styled != opening else f' style="{_MARK}"{opening[begin - tag.start() :]}'
    # Of two ids a browser takes the first.
    return f'{html[:begin]} id="{FOUND}"{rest}{html[tag.end() :]}'
