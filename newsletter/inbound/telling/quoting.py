"""Stage 6: what somebody wrote themselves, without what they quote, their greeting and their signature.

In: a message, or the text of one. Out: the text that is new. Pure. In doubt a line stays: what is left out can't be
read.
"""

import re
from typing import Final, NamedTuple

from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.phrases import pattern
from newsletter.inbound.telling.sender import without_markup, words

#: Lines of a text that are looked at, and characters of one of them.
LINES, WIDTH = 2000, 1000
#: Lines that an attribution may go over ("On Monday … <…> wrote:"), and lines of a header above a quoted letter.
_ATTRIBUTION, _HEADER = 3, 6

_BEGINS: Final = pattern("quoting", "begins")
_WROTE: Final = pattern("quoting", "wrote", before=r"\b(?:", after=r")\b.{0,60}:\s*$")
#: A day, a time or an address: what an attribution has and a sentence that ends with "as she wrote:" has not.
_WHEN: Final = re.compile(r"\d{1,2}[:.-]\d\d|\d{4}|@|^(?:on|op|am|le|el|il) ", re.I)
#: An attribution that begins here goes over no line before it.
_STARTS: Final = re.compile(r"(?:on|op|am|le|el|il)\b.{0,30}\d", re.I)
_FROM: Final = pattern("quoting", "from", before=r"^\W{0,3}(?:", after=r")\W{0,2}:(?!//)|^from [\"<]")
_FIELD: Final = pattern("quoting", "field", before=r"^\W{0,3}(?:", after=r")\W{0,2}:|^(?:to|date|subject|sent) \S")
#: "##- Please type your reply above this line -##", as help desks put it.
_MARKER: Final = re.compile(r"##-? ?.{5,100} ?-?##")
_QUOTED: Final = re.compile(r"(?:- )?(?:>|\||&gt;)")
_GREETING: Final = pattern("quoting", "greeting", before="^(?:", after=r")\b")
_GREETED: Final = pattern("quoting", "greeted", before="(?:", after=")")
_CLOSING: Final = pattern("quoting", "closing", before="^(?:", after=")")
_NOTICE: Final = pattern("quoting", "notice", before=r"^\W{0,3}(?:", after=r")")
_POSTSCRIPT: Final = pattern("quoting", "postscript", before=r"^(?:", after=r")[ :.-]")
#: A greeting or a closing with more words than these behind it is a sentence.
_NAMES: Final = 5
_PREFIX: Final = pattern(
    "quoting", "prefix", before=r"^(?:\s*(?:\[[^\]]{1,40}\]\s*)?(?:", after=r")\s?(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?:)+\s*"
)
_BLOCKQUOTE: Final = re.compile(r"<(/?)blockquote\b[^<>]{0,500}>", re.I)


class Written(NamedTuple):
    """What stands in a text."""

    own: str
    quotes: bool  #: whether somebody else's words stand there too


def written(message: Part) -> Written:
    """What the author of a message wrote, and whether it quotes; found once for a message."""
    if "written" not in message.memo:
        message.memo["written"] = _written(message)
    found: Written = message.memo["written"]
    return found


def own_words(text: str) -> str:
    """What was written above, below or between the quoted lines; without greeting, closing and signature."""
    return _own(text).own


def bare_subject(message: Part) -> str:
    """The subject on one line, without "Re:" and the like."""
    return _PREFIX.sub("", " ".join(message.decoded("subject").split()))


def is_answer(message: Part) -> bool:
    """Whether the subject says so, in any language of mail programs."""
    return bool(_PREFIX.match(message.decoded("subject")))


def _written(message: Part) -> Written:
    plain = any(part.media_type == "text/plain" and not part.parts and part.text().strip() for part in message.walk())
    if plain:
        return _own(words(message))
    marked_up = "\n".join(part.text() for part in message.walk() if part.media_type == "text/html" and not part.parts)
    kept = _without_quotes(marked_up)
    own, quotes = _own(without_markup(kept))
    return Written(own, quotes or len(kept) < len(marked_up))


def _without_quotes(marked_up: str) -> str:
    """Html without what stands in blockquotes; one that is never closed reaches to the end."""
    kept, depth, at = [], 0, 0
    for tag in _BLOCKQUOTE.finditer(marked_up):
        if depth == 0:
            kept.append(marked_up[at : tag.start()])
        depth = max(depth + (-1 if tag[1] else 1), 0)
        at = tag.end()
    return "\n".join([*kept, marked_up[at:] if depth == 0 else ""])


def _own(text: str) -> Written:
    lines = [line[:WIDTH].strip() for line in text.replace("\u00a0", " ").replace("\ufeff", "").splitlines()[:LINES]]
    kept: list[str] = []
    quotes = False
    number = 0
    while number < len(lines):
        line = lines[number]
        length = _quote_begins(lines, number) if line else 0
        if length:
            quotes = True
            number += length
            if any(kept) and not _goes_on_marked(lines, number):
                break  # what follows is the quoted letter
        else:
            if _QUOTED.match(line):
                quotes = True
            elif not _MARKER.fullmatch(line):
                kept.append(line)
            number += 1
    return Written(_without_frame(kept), quotes)


def _quote_begins(lines: list[str], number: int) -> int:
    """How many lines from here on say that a quoted letter follows; 0 if they don't."""
    line = lines[number]
    if _BEGINS.match(line):
        return 1
    if length := _attribution(lines, number):
        return length
    return _header(lines, number)


def _header(lines: list[str], number: int) -> int:
    """How many lines are the header of a quoted letter, with its author and one more field at least."""
    length = authors = fields = 0
    for line in lines[number : number + _HEADER]:
        if _FROM.match(line):
            authors += 1
        elif _FIELD.match(line):
            fields += 1
        else:
            break
        length += 1
    return length if authors and fields else 0


def _attribution(lines: list[str], number: int) -> int:
    """How many lines say who wrote what follows, and when ("On Monday … <…> wrote:"); 0 if none does."""
    joined = ""
    for length, line in enumerate(lines[number : number + _ATTRIBUTION], 1):
        if not line or len(joined) > 300 or (joined and _STARTS.match(line)):
            return 0
        joined = f"{joined} {line}".strip()
        if joined[-1] == ":" and _WROTE.search(joined):
            return length if _WHEN.search(joined) or _goes_on_marked(lines, number + length) else 0
    return 0


def _goes_on_marked(lines: list[str], number: int) -> bool:
    """Whether the next line that is not empty is marked as quoted; then answers may stand between such lines."""
    return any(_QUOTED.match(line) for line in filter(None, lines[number : number + 4]))


def _without_frame(lines: list[str]) -> str:
    start = 0
    while start < len(lines) and (not lines[start] or _greets(lines[start])):
        start += 1
    end = start
    while end < len(lines) and not _closes(lines[end]):
        end += 1
    after = end
    while after < len(lines) and not _POSTSCRIPT.match(lines[after]):
        after += 1
    return "\n".join([*lines[start:end], *lines[after:]]).strip()


def _greets(line: str) -> bool:
    found = _GREETING.match(line)
    if found is None or "?" in line:
        return False
    rest = line[found.end() :].strip(" ,.!:/-–")
    names = re.split(r"[\s/]+", rest) if rest else []
    if "," in rest or len(names) > _NAMES:
        return False
    return line.endswith(",") or all(name[:1].isupper() or bool(_GREETED.fullmatch(name)) for name in names)


def _closes(line: str) -> bool:
    found = _CLOSING.match(line)
    return bool((found and len(line[found.end() :].split()) <= _NAMES) or _NOTICE.match(line))
