"""Stage 6: what an IMAP server says, as values (RFC 9051 §4).

In: a response, its lines and literals. Out: numbers, texts and lists; and names as they travel. Pure.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final, TypeAlias

#: An atom or a string; NIL is None; what stands in parentheses is a list.
Value: TypeAlias = "bytes | list[Value] | None"

#: A response as it came: text, literal, text, literal, …, text; each text but the last ends with its {size}.
Pieces = Sequence[bytes]

_TOKEN = re.compile(rb'\(|\)|"(?:[^"\\]|\\.)*"|(?:[^\s()"\[]|\[[^\]\r\n]*\])+|\[')
LITERAL = re.compile(rb"~?\{(\d{1,19})\+?\}$")
_ESCAPED = re.compile(rb"\\(.)", re.S)
_CODE = re.compile(rb"\[([A-Za-z0-9-]+)(?: ([^\]]*))?\]")
_DATE = re.compile(rb"\s?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Response:
    """One response: `status` is OK, NO, BAD, BYE, PREAUTH of a state, else empty."""

    tag: bytes  #: of our command; * where it answers none, + where the server waits for more
    pieces: Pieces
    status: str = ""
    code: str = ""  #: of the brackets behind a status, in capitals: UIDVALIDITY, AUTHENTICATIONFAILED …
    argument: bytes = b""  #: what stands behind the code in its brackets
    values: list[Value] = field(default_factory=list)  #: of what is no status


def read_response(pieces: Pieces) -> Response:
    """Tell what a response is; never fails: what cannot be read has no values."""
    tag, _, rest = pieces[0].partition(b" ")
    word, _, text = rest.partition(b" ")
    status = word.decode("ascii", "replace").upper()
    if tag == b"+":
        return Response(tag, (rest,))
    if status in ("OK", "NO", "BAD", "BYE", "PREAUTH"):
        found = _CODE.match(text)
        code = found[1].decode().upper() if found else ""
        return Response(tag, pieces, status, code, (found[2] or b"") if found else b"")
    return Response(tag, pieces, values=read_values([rest, *pieces[1:]]))


def read_values(pieces: Pieces) -> list[Value]:
    """The values of a response, literals and lists included."""
    outer: list[Value] = []
    open_lists = [outer]
    for number, text in enumerate(pieces):
        if number % 2:
            open_lists[-1].append(bytes(text))
            continue
        line = LITERAL.sub(b"", text) if number + 1 < len(pieces) else text
        for token in _TOKEN.findall(line):
            _add(open_lists, token)
    return outer


def _add(open_lists: list[list[Value]], token: bytes) -> None:
    if token == b"(":
        inner: list[Value] = []
        open_lists[-1].append(inner)
        open_lists.append(inner)
    elif token == b")":
        if len(open_lists) > 1:
            open_lists.pop()
    elif token.startswith(b'"'):
        open_lists[-1].append(_ESCAPED.sub(rb"\1", token[1:-1]))
    else:
        open_lists[-1].append(None if token.upper() == b"NIL" else token)


def fetched(response: Response) -> dict[str, Value] | None:
    """What a FETCH response tells, by name in capitals (`BODY[]` whatever its range); None where it is none."""
    values = response.values
    if len(values) < 3 or not isinstance(values[1], bytes) or values[1].upper() != b"FETCH":
        return None
    items = values[2]
    if not isinstance(items, list):
        return None
    found: dict[str, Value] = {}
    for name, value in zip(items[::2], items[1::2], strict=False):
        if isinstance(name, bytes):
            found[name.partition(b"<")[0].decode("ascii", "replace").upper()] = value
    return found


def number(value: Value) -> int:
    """A number; 0 where it is none."""
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) < 20 else 0


def internal_date(value: Value) -> datetime | None:
    """INTERNALDATE, aware; None where it cannot be read."""
    found = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if not found or (month := found[2].decode().title()) not in MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
    try:
        return datetime(year, MONTHS.index(month) + 1, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        return None


def search_date(at: datetime) -> str:
    """A day for SEARCH, which knows no hour and no zone."""
    return f"{at.day}-{MONTHS[at.month - 1]}-{at.year}"


def is_quotable(text: str) -> bool:
    """Whether a text can travel as a quoted string (RFC 3501 §9: no line ends, 7 bits)."""
    return text.isascii() and text.isprintable()


def quoted(text: str) -> bytes:
    """A quoted string of a text that is quotable."""
    return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode("ascii") + b'"'


def encode_folder(name: str) -> str:
    """The name of a folder as it travels: modified UTF-7 (RFC 3501 §5.1.3)."""
    parts = re.split(r"([^\x20-\x7e]+)", name)
    return "".join(_shifted(part) if at % 2 else part.replace("&", "&-") for at, part in enumerate(parts))


def _shifted(text: str) -> str:
    coded = base64.b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
    return f"&{coded}-"


def decode_folder(name: str) -> str:
    """The name of a folder as people read it; what cannot be decoded stays as it is."""
    return re.sub(r"&([^-]*)-", lambda match: _unshifted(match[1]) if match[1] else "&", name)


def _unshifted(coded: str) -> str:
    raw = coded.replace(",", "/")
    try:
        return base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode("utf-16-be")
    except ValueError:
        return f"&{coded}-"
