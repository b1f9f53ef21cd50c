"""The encodings in which spreadsheets save, and what is refused so that no name is ever garbled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import Problem
from newsletter.subscribers import decoding
from newsletter.subscribers.decoding import MAX_BYTES, decode, physical_lines

TABLE = "e-mail;naam\r\nzoe@example.nl;Zoë D’Angelo-’t Hooft\r\nrene@example.nl;René Çelik\r\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (TABLE.encode("utf-8-sig"), "utf-8-sig"),
        (TABLE.encode("cp1252"), "cp1252"),
        (b"\xff\xfe" + TABLE.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), "utf-16-be"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_the_encoding_is_found_and_no_letter_changes(data: bytes, encoding: str) -> None:
    decoded = decode(data, "lijst.csv")
    assert (decoded.text, decoded.encoding, decoded.problems) == (TABLE, encoding, ())


def test_plain_ascii_is_utf_8() -> None:
    assert decode(b"e-mail\njan@example.nl\n", "lijst.csv").encoding == "utf-8"


def test_nothing_at_all_is_an_empty_text() -> None:
    assert decode(b"", "lijst.csv").text == ""


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (TABLE.encode("utf-32"), "UTF-32"),
        (b"\x89PNG" + b"\0\1\2\3" * 40, "not a text file"),
    ],
)
def test_what_is_no_text_is_refused_with_the_way_to_save_it(data: bytes, kind: str) -> None:
    decoded = decode(data, "lijst.xlsx")
    [problem] = decoded.problems
    assert (decoded.text, decoded.encoding, problem.line) == ("", "", 0)
    assert kind in problem.what
    assert "CSV UTF-8" in problem.fix


def test_a_file_over_the_limit_is_refused_with_a_sentence() -> None:
    [problem] = decode(b"x" * (MAX_BYTES + 1), "groot.csv").problems
    assert str(problem) == "groot.csv: the file is 50.0 MB, more than the 50 MB that are read; split it"


def test_a_file_of_exactly_the_limit_is_read() -> None:
    assert decode(b"x" * MAX_BYTES, "groot.csv").problems == ()


def _complaints(data: bytes) -> list[tuple[int, str]]:
    return [(problem.line, problem.what) for problem in decode(data, "lijst.csv").problems]


UNREADABLE = "a character on this line cannot be read (it shows as �)"
GARBLED = "accented letters on this line are garbled, like “Ã«” for “ë”"
DOS = "accented letters on this line are in the encoding of DOS"


@pytest.mark.parametrize(
    ("data", "complaints"),
    [
        # pasted from a Windows-1252 file into one of UTF-8
        ("naam\nZoë\nÇelik\n".encode() + "René\n".encode("cp1252"), [(4, UNREADABLE)]),
        # pasted from a file of UTF-8 into one of Windows-1252
        ("naam\nRené\nÇelik\nÄnne\n".encode("cp1252") + "Zoë\n".encode(), [(5, GARBLED)]),
        ("naam\nRené\nÇelik\nÄnne\n".encode("cp1252") + "大阪\n".encode(), [(5, GARBLED)]),
        # garbled before it came here, and then saved again
        ("naam\nZoÃ«\nJan\n".encode(), [(2, GARBLED)]),
        ("naam\nDâ€™Angelo\n".encode(), [(2, GARBLED)]),
        ("naam\nÃ‡elik\n".encode(), [(2, GARBLED)]),
        ("naam\nZo\u00c3\u0083\n".encode(), [(2, GARBLED)]),
        # lost before it came here
        ("naam\nZo\ufffd\n".encode(), [(2, UNREADABLE)]),
        # a byte that Windows-1252 does not have: ü of DOS
        (b"naam\nJ\x81rgen\n", [(2, UNREADABLE)]),
        (b"naam\nZo\x89\nRen\x82\n", [(2, DOS), (3, DOS)]),
        # zero bytes
        (b"naam\n" + b"x" * 200 + b"\nJa\0n\n", [(3, "there is a zero byte on this line")]),
        # half a character at the end
        (b"\xff\xfe" + "naam\nJan\n".encode("utf-16-le") + b"\x41", [(3, UNREADABLE)]),
        # half of a surrogate pair
        (b"\xff\xfe" + "naam\n".encode("utf-16-le") + b"\x00\xd8\x0a\x00", [(2, UNREADABLE)]),
    ],
)
def test_a_line_that_would_be_garbled_is_a_problem_of_that_line(data: bytes, complaints: list[tuple[int, str]]) -> None:
    assert _complaints(data) == complaints


@pytest.mark.parametrize(
    "name",
    ["JOSÉ’S", "ANDRÉ “ZÔ”", "Jan Jansen†", "5‰", "Renée «Zoë»", "Weiß’", "São João", "Łukasz", "ÅSE”", "à bientôt !"],
)
def test_ordinary_accents_and_quotation_marks_are_not_called_garbled(name: str) -> None:
    assert _complaints(f"naam\n{name}\n".encode()) == []


@pytest.mark.parametrize("name", ["JOSÉ’S", "Jan Jansen†", "Renée «Zoë»", "Weiß’", "São João", "Ýmir”"])
def test_they_are_not_called_garbled_in_windows_1252_either(name: str) -> None:
    assert _complaints(f"naam\nZoë\nRené\n{name}\n".encode("cp1252")) == []


def test_a_problem_of_the_encoding_names_the_place_and_the_fix() -> None:
    [problem] = decode("naam\nZoÃ«\n".encode(), "lijst.csv").problems
    assert problem == Problem(
        file="lijst.csv", line=2, what=GARBLED, fix="type the line again, and save the file as “CSV UTF-8”"
    )


def test_a_line_ends_at_cr_lf_or_both_and_nowhere_else() -> None:
    assert physical_lines("a\r\nb\rc\nd\u2028e\x0bf\x85g") == ["a\r\n", "b\r", "c\n", "d\u2028e\x0bf\x85g"]


@given(st.binary())
def test_any_bytes_give_text_or_a_problem(data: bytes) -> None:
    decoded = decode(data, "lijst.csv")
    assert decoded.encoding or decoded.problems
    lines = physical_lines(decoded.text)
    assert all(0 <= problem.line <= len(lines) for problem in decoded.problems)
    lost = {number for number, line in enumerate(lines, start=1) if "\ufffd" in line or "\0" in line}
    assert lost <= {problem.line for problem in decoded.problems}


def test_the_limit_is_fifty_megabytes() -> None:
    assert decoding.MAX_BYTES == 50 * 1024 * 1024
