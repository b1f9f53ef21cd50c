"""Stage 6: what somebody wrote themselves, without what they quote, their greeting and their signature.

In: the text of a message. Out: the text that is new. Pure. In doubt a line stays: what is left out can't be read.
"""

import re
from typing import Final

from newsletter.inbound.phrases import pattern

#: Lines under which the quoted letter begins, in the spelling of mail programs.
_QUOTE_BEGINS: Final = pattern("quoting", "begins")
_SPLIT_BEGIN: Final = re.compile(r"^(?:on|op|am|le) .{6,160}$", re.I)
_SPLIT_END: Final = re.compile(r"(?:wrote|schreef|schrieb|écrit)\b.{0,20}:\s*$", re.I)
_GREETING: Final = pattern("quoting", "greeting", before="^(?:", after=r")\b[^.?!\n]{0,60}[,.!]?$")
_CLOSING: Final = pattern("quoting", "closing", before="^(?:", after=")")


def own_words(text: str) -> str:
    """What was written above, below or between the quoted lines; without greeting, closing and signature."""
    kept: list[str] = []
    lines = text.replace("\u00a0", " ").splitlines()[:2000]
    skip_until = -1
    for number, line in enumerate(lines):
        bare = line.strip()
        if number < skip_until:
            continue
        if bare.startswith((">", "|", "&gt;")):
            continue
        following = " ".join(one.strip() for one in lines[number : number + 3])
        if _QUOTE_BEGINS.search(bare) or (_SPLIT_BEGIN.match(bare) and _SPLIT_END.search(following[:300])):
            if kept and any(kept):
                break  # what follows is the quoted letter
            skip_until = number + 1
            continue
        kept.append(bare)
    return _without_frame(kept)


def _without_frame(lines: list[str]) -> str:
    start = 0
    while start < len(lines) and (not lines[start] or _GREETING.match(lines[start])):
        start += 1
    end = start
    while end < len(lines) and not _CLOSING.match(lines[end]):
        end += 1
    return "\n".join(lines[start:end]).strip()
