"""Stage 2: a recipients file, to subscribers.

In: the bytes of recipients/<list>.csv, or of what an organiser uploads. Out: a row for each person and every problem,
each with its line. Nothing is stored here, nothing is guessed into the data, and a bad row stops no other row; whether
anything may be stored while there are problems is for `planning` to say (it may not).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from newsletter.errors import Problem
from newsletter.events.event import Mailbox
from newsletter.subscribers.address import Mistake, read_mailbox, shown
from newsletter.subscribers.columns import Column, Columns, understand
from newsletter.subscribers.decoding import decode, physical_lines
from newsletter.subscribers.subscriber import Subscriber, address_key
from newsletter.subscribers.table import DELIMITERS, Record, excel_hint, records

MAX_ROWS = 500_000
MAX_COLUMNS = 1_000
MAX_CELL = 10_000  #: characters
#: So many different values are looked up again; what repeats itself comes early.
MAX_SAME = 10_000

_NAMES = ("name", "first_name", "initials", "infix", "last_name")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
# A name with one of these cannot be written into a mail header (RFC 5322 §2.2); the marks that turn the writing
# direction would also turn what stands behind the name.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    line: int  #: 1-based, where the record starts
    subscriber: Subscriber


@dataclass(frozen=True, kw_only=True)
class RecipientsFile:
    """What a file says, read but not stored."""

    file: str
    encoding: str  #: name of the codec; "" where nothing can be read
    delimiter: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()  #: in the order of the file; one person may have several
    problems: tuple[Problem, ...] = ()  #: mistakes, by line: while there is one, nothing of the file may be stored
    notices: tuple[Problem, ...] = ()  #: worth knowing and no reason to stop: a person who stands in the file twice


def read(data: bytes, file: str, *, max_rows: int = MAX_ROWS) -> RecipientsFile:
    """Read a recipients file; `file` is its name in problems. Never raises: what is wrong is among the problems."""
    decoded = decode(data, file)
    if not decoded.encoding:
        return RecipientsFile(file=file, encoding="", problems=decoded.problems)
    lines = physical_lines(decoded.text)
    delimiter, header, columns = _header(lines, file)
    rows: list[Row] = []
    problems = [*decoded.problems, *columns.problems]
    if header is None:
        problems.append(Problem(file=file, line=0, what="the file is empty", fix="write a line for each person"))
    elif unusable := _unusable(header, columns, delimiter):
        problems.append(Problem(file=file, line=header.line, what=unusable.what, fix=unusable.fix))
    else:
        body = records(lines, delimiter, after=header.end, swallowed=_is_row(columns, delimiter))
        unreadable = frozenset(problem.line for problem in decoded.problems)
        rows, found = _rows(body, columns, header.line, unreadable, file, max_rows)
        problems += found
        if not rows and not problems:
            what, fix = "there are columns but no people", "write a line for each person"
            problems.append(Problem(file=file, line=0, what=what, fix=fix))
    return RecipientsFile(
        file=file,
        encoding=decoded.encoding,
        delimiter=delimiter,
        columns=columns.columns,
        rows=tuple(rows),
        problems=tuple(sorted(problems)),
        notices=tuple(_notices(rows, file)),
    )


def _header(lines: Sequence[str], file: str) -> tuple[str, Record | None, Columns]:
    """The delimiter under which the first record makes most sense, with that record and what its cells mean."""
    hint = excel_hint(lines)
    readings: list[tuple[str, Record | None, Columns]] = []
    for delimiter in (*hint, *DELIMITERS):
        candidates = records(lines, delimiter, after=1 if hint else 0)
        record = next((record for record in candidates if isinstance(record.cells, Mistake) or any(record.cells)), None)
        cells = [] if record is None or isinstance(record.cells, Mistake) else record.cells
        columns = understand([_clean(cell) for cell in cells[: MAX_COLUMNS + 1]], file, record.line if record else 0)
        readings.append((delimiter, record, columns))
    return max(readings, key=lambda reading: _sense(*reading))


def _sense(_: str, record: Record | None, columns: Columns) -> tuple[bool, int, int]:
    """How much is understood: the address first, then the most headers that are known, then the most headers.

    What cannot be read under a delimiter tells more than one single cell does, in which nothing was separated.
    """
    readable = record is not None and not isinstance(record.cells, Mistake)
    return columns.address is not None, columns.known(), 2 * len(columns.columns) if readable else 3


def _unusable(header: Record, columns: Columns, delimiter: str) -> Mistake | None:
    """What is wrong with the header, so that no row can be read."""
    if isinstance(header.cells, Mistake):
        return header.cells
    if len(columns.columns) > MAX_COLUMNS:
        return Mistake(what=f"there are more than {MAX_COLUMNS} columns", fix="remove those that nobody needs")
    if columns.address is not None:
        return None
    example = f"such as “e-mail{delimiter}naam”"
    if any("@" in cell for cell in header.cells):
        what, fix = "the first line is a person, not the names of the columns", f"put a line above it, {example}"
    else:
        names = ", ".join(shown(column.header) for column in columns.columns[:10])
        what, fix = f"no column holds the e-mail address (the columns are {names})", f"name the columns, {example}"
    return Mistake(what=what, fix=fix)


def _is_row(columns: Columns, delimiter: str) -> Callable[[str], bool]:
    place, fewest = columns.address or 0, min(2, len(columns.columns))

    def is_row(line: str) -> bool:
        record = next(records([line], delimiter), None)
        if record is None or isinstance(record.cells, Mistake) or not max(place + 1, fewest) <= len(record.cells):
            return False
        return isinstance(read_mailbox(record.cells[place]), Mailbox)

    return is_row


def _rows(
    body: Iterator[Record], columns: Columns, header: int, unreadable: frozenset[int], file: str, max_rows: int
) -> tuple[list[Row], list[Problem]]:
    """The people, and what is wrong with the rows that are none; of an unreadable line the problem is known already.

    One record after another, so that a large file is never in memory as cells as well as as people.
    """
    rows: list[Row] = []
    problems: list[Problem] = []
    nameless = {place: 0 for place, column in enumerate(columns.columns) if not column.key and not column.refused}
    same: dict[str, str] = {}
    for number, record in enumerate(islice(body, max_rows + 1)):
        if number == max_rows:
            what, fix = f"there are more than {max_rows} rows", "split the file"
            problems.append(Problem(file=file, line=record.line, what=what, fix=fix))
        for place, first in nameless.items():
            if not first and _has_value(record, place):
                nameless[place] = record.line
        if unreadable and not unreadable.isdisjoint(range(record.line, record.end + 1)):
            continue
        found = _subscriber(record, columns, same)
        if isinstance(found, Subscriber):
            rows.append(Row(line=record.line, subscriber=found))
        else:
            problems += [Problem(file=file, line=record.line, what=each.what, fix=each.fix) for each in found]
    return rows, [*problems, *_nameless(nameless, header, file)]


def _nameless(first: Mapping[int, int], header: int, file: str) -> Iterator[Problem]:
    """Columns whose values nobody could ask for, each with the line of its first value; an empty one is no harm."""
    for place, line in first.items():
        if line:
            what = f"column {place + 1} has values (the first on line {line}) but no name"
            yield Problem(file=file, line=header, what=what, fix="name it, or empty it")


def _has_value(record: Record, place: int) -> bool:
    cells = record.cells
    return not isinstance(cells, Mistake) and place < len(cells) and bool(_clean(cells[place]))


def _subscriber(record: Record, columns: Columns, same: dict[str, str]) -> Subscriber | Sequence[Mistake]:
    """The person of one record; or all that is wrong with it, which is nothing for an empty row.

    `same` holds the values of before: many work for few organisations, whose names are kept once.
    """
    if isinstance(record.cells, Mistake):
        return [record.cells]
    cells = [_clean(cell) for cell in record.cells]
    if not any(cells):
        return ()
    width = len(columns.columns)
    if any(cells[width:]):
        what = f"the row has {len(cells)} cells and there are {width} columns, probably by a delimiter inside a value"
        return [Mistake(what=what, fix="put that value in quotation marks")]
    # An empty cell is a value too: a template that asks for it writes nothing, and is not in error.
    padded = [*cells, *[""] * (width - len(cells))]
    values = {column.key: cell for column, cell in zip(columns.columns, padded, strict=False) if column.key}
    mailbox = read_mailbox(values.pop("address"))
    for key, value in values.items():
        values[key] = same.setdefault(value, value) if len(same) < MAX_SAME else same.get(value, value)
    mistakes = [mistake for key, value in values.items() for mistake in _mistakes(key, value)]
    if isinstance(mailbox, Mistake):
        return [mailbox, *mistakes]
    name = values.pop("name", "") or _composed(values)
    if not name:
        name = mailbox.name
        mistakes += _mistakes("name", name)
    return mistakes or Subscriber(address=mailbox.address, name=_single_spaced(name), attributes=values)


def _clean(cell: str) -> str:
    """Without white space around it, invisible characters, and the no-break spaces that spreadsheets leave behind."""
    if cell.isprintable():
        return cell.strip(" ")
    text = _SPACES.sub(" ", _INVISIBLE.sub("", cell))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n")


def _mistakes(key: str, value: str) -> Iterator[Mistake]:
    if len(value) > MAX_CELL:
        yield Mistake(what=f"the {key} has {len(value)} characters, more than {MAX_CELL}", fix="shorten it")
    if value.isprintable():
        return
    # An address or a remark may have lines; a name stands in a header.
    if _CONTROL.search(value if key in _NAMES else value.replace("\n", "").replace("\t", "")):
        yield Mistake(what=f"the {key} {shown(value)} has a line break or a control character in it", fix="remove it")


def _composed(values: Mapping[str, str]) -> str:
    """First name (or else initials), infix, last name, in the Dutch order: Jan van der Berg."""
    first = values.get("first_name") or values.get("initials", "")
    return " ".join(filter(None, (first, values.get("infix"), values.get("last_name"))))


def _single_spaced(name: str) -> str:
    return re.sub(" {2,}", " ", name) if "  " in name else name


def _notices(rows: Sequence[Row], file: str) -> Iterator[Problem]:
    """Who stands in the file more than once, and whether the rows contradict each other."""
    first: dict[str, Row] = {}
    for row in rows:
        known = first.setdefault(address_key(row.subscriber.address), row)
        if known is row:
            continue
        what = f"{row.subscriber.address} is the same person as on line {known.line}"
        fix = "one of the two rows can go"
        if contradictions := _differing(known.subscriber, row.subscriber):
            what += f", with another {' and '.join(contradictions)}"
            fix = f"line {known.line} is kept; remove the row that is wrong"
        yield Problem(file=file, line=row.line, what=what, fix=fix)


def _differing(one: Subscriber, other: Subscriber) -> list[str]:
    """The keys of which both have a value, and not the same."""
    pairs = {"name": (one.name, other.name)}
    pairs |= {key: (value, other.attributes.get(key, "")) for key, value in one.attributes.items()}
    return [key for key, (mine, theirs) in pairs.items() if mine and theirs and mine != theirs]
