"""Stage 1: what was noticed while an event document was read.

In: mistakes and texts, from every module that reads a part of the document. Out: all problems at once, and the
passages of free text, whose wording can only be checked when the date of the event is known.
"""

import bisect
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate

from newsletter.errors import Problem


class Mistake(ValueError):  # noqa: N818 - what an organiser did, not a fault of the program
    """One value cannot be read; whoever knows its place turns this into a `Problem`."""

    def __init__(self, what: str, fix: str = "") -> None:
        self.what, self.fix = what, fix
        super().__init__(what)


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A piece of free text, as it was written."""

    text: str
    line: int  #: of the document, 1-based: where its first line stands
    is_spread: bool  #: each line of the text is a line of the document (not so inside quotation marks)

    def line_at(self, offset: int) -> int:
        """The line of the document on which the character at `offset` stands."""
        if not self.is_spread:
            return self.line
        ends = list(accumulate(len(line) + 1 for line in self.text.split("\n")))
        return self.line + bisect.bisect_right(ends, offset)


@dataclass(kw_only=True)
class Notes:
    file: str
    problems: set[Problem] = field(default_factory=set)
    passages: list[Passage] = field(default_factory=list)

    def problem(self, line: int, what: str, fix: str = "") -> None:
        self.problems.add(Problem(file=self.file, line=line, what=what, fix=fix))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What to do about a word that is not known: the nearest one that is, or else all of them."""
    words = list(known)
    near = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f"did you mean “{near[0]}”?" if near else f"choose from {', '.join(words)}"
