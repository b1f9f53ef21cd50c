"""Records: quotation marks, line breaks inside them, and the line on which each record starts."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.address import Mistake
from newsletter.subscribers.decoding import physical_lines
from newsletter.subscribers.table import excel_hint, records


def _records(text: str, delimiter: str = ";") -> list[tuple[int, int, list[str] | str]]:
    return [
        (record.line, record.end, record.cells.what if isinstance(record.cells, Mistake) else record.cells)
        for record in records(physical_lines(text), delimiter)
    ]


UNCLOSED = "a quotation mark on this line is opened and never closed"
STRAY = "there is text after a closing quotation mark"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a;b\nc;d\n", [(1, 1, ["a", "b"]), (2, 2, ["c", "d"])]),
        ("a;b\r\n\r\n\r\nc;d", [(1, 1, ["a", "b"]), (4, 4, ["c", "d"])]),
        ("a;b\rc;d\r", [(1, 1, ["a", "b"]), (2, 2, ["c", "d"])]),
        ('a;"b\nb\nb"\nc;d\n', [(1, 3, ["a", "b\nb\nb"]), (4, 4, ["c", "d"])]),
        ('a;"b\r\nb"\r\nc;d', [(1, 2, ["a", "b\r\nb"]), (3, 3, ["c", "d"])]),
        ('a; "b; ""c"""\n', [(1, 1, ["a", 'b; "c"'])]),
        ('a;b "c" d\n', [(1, 1, ["a", 'b "c" d'])]),
        ("a;;\n;;\n", [(1, 1, ["a", "", ""]), (2, 2, ["", "", ""])]),
        ("", []),
        # one bad row never stops the others
        ('a;"b"c\nd;e\n', [(1, 1, STRAY), (2, 2, ["d", "e"])]),
        ('a;b\nc;"d\ne;f\ng;h\n', [(1, 1, ["a", "b"]), (2, 2, UNCLOSED), (3, 3, ["e", "f"]), (4, 4, ["g", "h"])]),
        ('a;"b\nc;"d"\ne;f\n', [(1, 1, STRAY), (2, 2, ["c", "d"]), (3, 3, ["e", "f"])]),
        ('a;"b', [(1, 1, UNCLOSED)]),
    ],
)
def test_each_record_starts_at_its_line(text: str, found: list[tuple[int, int, list[str] | str]]) -> None:
    assert _records(text) == found


def test_a_line_that_is_plainly_a_row_was_not_meant_to_be_swallowed_by_a_quotation_mark() -> None:
    lines = physical_lines('a;"b\nROW;c\nd;e"\n"f\ng";h\n')
    found = list(records(lines, ";", swallowed=lambda line: line.startswith("ROW")))
    assert [
        (record.line, record.cells.what if isinstance(record.cells, Mistake) else record.cells) for record in found
    ] == [
        (1, UNCLOSED),
        (2, ["ROW", "c"]),
        (3, ["d", 'e"']),
        (4, ["f\ng", "h"]),
    ]


def test_a_cell_beyond_what_csv_can_hold_is_a_mistake_of_its_line() -> None:
    huge = "x" * (csv.field_size_limit() + 1)
    assert [record[2] for record in _records(f"a;b\n{huge};c\nd;e\n")] == [
        ["a", "b"],
        "a cell of this row is longer than any cell may be",
        ["d", "e"],
    ]


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [
        ("sep=;\r\n", ";"),
        ("SEP=,\n", ","),
        ("sep=\t\n", "\t"),
        ('"sep=|"\n', "|"),
        ("sep=a\n", ""),
        ("sep=\n", ""),
        ("e-mail;naam\n", ""),
    ],
)
def test_excel_is_told_the_delimiter_in_a_first_line(line: str, delimiter: str) -> None:
    assert excel_hint([line, "e-mail;naam\n"]) == delimiter


def test_no_lines_have_no_hint() -> None:
    assert excel_hint([]) == ""


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2)),
    st.sampled_from(";,\t"),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_what_the_csv_module_writes_is_read_back(table: list[list[str]], delimiter: str, end: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    found = list(records(physical_lines(written.getvalue()), delimiter))
    assert [record.cells for record in found] == table


@given(st.text(st.sampled_from('a;"\n\r ')))
def test_any_text_is_read_to_its_end_and_no_line_twice(text: str) -> None:
    lines = physical_lines(text)
    last = 0
    for record in records(lines, ";"):
        assert last < record.line <= record.end <= len(lines)
        last = record.end
