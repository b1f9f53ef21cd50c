"""Stage 2: the bytes of a recipients file, to text.

In: bytes as a spreadsheet, a mail program or a person saved them. Out: the text, the name of its encoding, and one
problem for each line of which a character is lost or garbled. Such a line is refused, never repaired: a name that
reads “ZoÃ«” in a letter is worse than a row that asks for attention.
"""

import codecs
import io
import re
from dataclasses import dataclass

from newsletter.errors import Problem

MAX_BYTES = 50 * 1024 * 1024

_SAVE_AS = "open it in the spreadsheet and save it as “CSV UTF-8”"
_TYPE_AGAIN = "type the line again, and save the file as “CSV UTF-8”"
_SIGNATURES = {
    b"PK\x03\x04": "this is a workbook (.xlsx, .ods) or a zip file, not a text file with columns",
    b"\xd0\xcf\x11\xe0": "this is an old Excel workbook (.xls), not a text file with columns",
    b"%PDF": "this is a PDF, not a text file with columns",
    codecs.BOM_UTF32_LE: "this file is in UTF-32, which is not read here",
    codecs.BOM_UTF32_BE: "this file is in UTF-32, which is not read here",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16-be"),
)

# The 64 continuation bytes of UTF-8, as Windows-1252 and as Latin-1 show them.
_TAIL = re.escape("".join(bytes([byte]).decode("cp1252", "ignore") + chr(byte) for byte in range(0x80, 0xC0)))
# UTF-8 that was once read as Windows-1252: “Ã«” for “ë”, “â€™” for “’”. After a capital it may be ordinary text in
# capitals and quotation marks.
_GARBLED = re.compile(f"(?<![A-ZÀ-Þ])[ÂÃÄÅÐÑ][{_TAIL}]|â(?:€|\u0080)[{_TAIL}]|ð(?:Ÿ|\u009f)[{_TAIL}]")
# The é, â, ä, ê, ë, ï of DOS (code page 850), read as Windows-1252: signs that never follow a letter.
_DOS = re.compile("[A-Za-z][‚ƒ„ˆ‰‹]")
_LONG_SEQUENCE = re.compile(b"[\xe0-\xf4][\x80-\xbf]{2}")


@dataclass(frozen=True, kw_only=True)
class Decoded:
    text: str
    encoding: str  #: name of the codec: utf-8, utf-8-sig, utf-16-le, utf-16-be, cp1252
    problems: tuple[Problem, ...] = ()  #: at most one for each line; line 0 where nothing can be read at all


def physical_lines(text: str) -> list[str]:
    """The lines with their ends, which are CR LF, LF or CR and nothing else: U+2028 stays inside its line."""
    return list(io.StringIO(text, newline=""))


def decode(data: bytes, file: str) -> Decoded:
    """Find the encoding and decode; never raises."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1024**2:.1f} MB, more than the {MAX_BYTES // 1024**2} MB that are read"
        return _refused(file, f"the file is {size}", "split it")
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return _refused(file, kind, _SAVE_AS)
    for mark, name, codec in _MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :], codec, name, file)
    if codec := _obvious_utf_16(data):
        return _checked(data, codec, codec, file)
    if data.count(0) * 100 > len(data):
        return _refused(file, "this is not a text file with columns", _SAVE_AS)
    codec = "utf-8" if _is_utf_8(data) else _of_the_accents(data)
    return _checked(data, codec, codec, file)


def _refused(file: str, what: str, fix: str) -> Decoded:
    return Decoded(text="", encoding="", problems=(Problem(file=file, line=0, what=what, fix=fix),))


def _obvious_utf_16(data: bytes) -> str:
    """Without a byte order mark it shows in the header: of its letters, every second byte is zero."""
    start = data[:64]
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) * 4 < len(start) or min(even, odd) * 10 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le" if odd else ""


def _of_the_accents(data: bytes) -> str:
    """Windows-1252, or UTF-8 with a few foreign lines pasted into it: what most of the accented lines are."""
    lines = [line.encode("latin-1") for line in physical_lines(data.decode("latin-1")) if not line.isascii()]
    return "utf-8" if sum(map(_is_utf_8, lines)) * 2 >= len(lines) else "cp1252"


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _checked(data: bytes, codec: str, name: str, file: str) -> Decoded:
    text = data.decode(codec, "replace")
    problems: list[Problem] = []
    if _is_suspect(text, data, codec):
        for number, line in enumerate(physical_lines(text), start=1):
            if what := _complaint(line, codec):
                problems.append(Problem(file=file, line=number, what=what, fix=_TYPE_AGAIN))
    return Decoded(text=text, encoding=name, problems=tuple(problems))


def _is_suspect(text: str, data: bytes, codec: str) -> bool:
    # Nearly every file has no bad line at all, and is spared the look at each.
    if "\0" in text or "\ufffd" in text or _GARBLED.search(text):
        return True
    return codec == "cp1252" and bool(_DOS.search(text) or _LONG_SEQUENCE.search(data))


def _complaint(line: str, codec: str) -> str:
    if "\0" in line:
        return "there is a zero byte on this line"
    if line.isascii():
        return ""
    if "\ufffd" in line:
        return "a character on this line cannot be read (it shows as �)"
    if _GARBLED.search(line) or (codec == "cp1252" and _hides_utf_8(line)):
        return "accented letters on this line are garbled, like “Ã«” for “ë”"
    if codec == "cp1252" and _DOS.search(line):
        return "accented letters on this line are in the encoding of DOS"
    return ""


def _hides_utf_8(line: str) -> bool:
    raw = line.encode("cp1252")
    return _is_utf_8(raw) and _LONG_SEQUENCE.search(raw) is not None
