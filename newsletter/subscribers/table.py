"""Stage 2: the text of a recipients file, to records of cells.

In: physical lines. Out: the delimiter, and for each record the line on which it starts and its cells, or what is wrong
with it. The csv module reads, strictly (RFC 4180 §2); after a record that cannot be read, reading goes on at the next
line, so that a forgotten quotation mark costs one row and not the rest of the file.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.subscribers.address import Mistake
from newsletter.subscribers.decoding import physical_lines

DELIMITERS = ";,\t"

_EXCEL_HINT = re.compile(r'"?sep=([^\w\s"]|\t)"?[\r\n]*', re.IGNORECASE)
_UNCLOSED = Mistake(
    what="a quotation mark on this line is opened and never closed",
    fix="close it, or write a quotation mark within quotation marks twice",
)
_STRAY = Mistake(
    what="there is text after a closing quotation mark",
    fix="write a quotation mark within quotation marks twice, or remove it",
)
_HUGE = Mistake(what="a cell of this row is longer than any cell may be", fix="shorten it")


@dataclass(frozen=True, slots=True)
class Record:
    line: int  #: 1-based, where it starts
    end: int  #: 1-based, its last line; a line break within quotation marks makes it later than `line`
    cells: list[str] | Mistake


def excel_hint(lines: Sequence[str]) -> str:
    """The delimiter that Excel was told about in a first line of its own (sep=;), or ""."""
    hint = _EXCEL_HINT.fullmatch(lines[0]) if lines else None
    return hint[1] if hint else ""


def records(
    lines: Sequence[str],
    delimiter: str,
    *,
    after: int = 0,
    swallowed: Callable[[str], bool] = lambda line: False,
) -> Iterator[Record]:
    """Read the records that follow on the first `after` lines; blank lines are none.

    `swallowed` says of a line within a quoted cell whether it is plainly a row of its own: then the quotation mark
    before it was never meant to reach that far.
    """
    start = after
    while start < len(lines):
        reader = csv.reader(
            map(lines.__getitem__, range(start, len(lines))),
            delimiter=delimiter,
            strict=True,
            skipinitialspace=True,
        )
        base = start
        while start < len(lines):
            try:
                cells: list[str] | Mistake = next(reader)
            except csv.Error as error:
                cells = _mistake(error)
            end = base + reader.line_num
            if end > start + 1 and not isinstance(cells, Mistake) and any(map(swallowed, _further_lines(cells))):
                cells = _UNCLOSED
            if isinstance(cells, Mistake):
                yield Record(start + 1, start + 1, cells)
                start += 1
                break
            if cells:
                yield Record(start + 1, end, cells)
            start = end


def _further_lines(cells: Sequence[str]) -> Iterator[str]:
    for cell in cells:
        yield from physical_lines(cell)[1:]


def _mistake(error: csv.Error) -> Mistake:
    # csv has one class of error; only its words tell them apart.
    if "unexpected end of data" in str(error):
        return _UNCLOSED
    return _HUGE if "field limit" in str(error) else _STRAY
