"""Stage 6: a message of anybody's making as lines that every mail server takes.

In: the bytes of a message. Out: the same message in 7 bits, with lines of at most 998 and CRLF line ends: a message
that is inside another may not be encoded itself, only its parts may (RFC 2046 §5.2.1). Parts that travel already stay
as they are, byte for byte. Pure, and never fails.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from typing import Final

from newsletter.inbound.replying.unchanged import LONGEST_LINE, has_crlf_only, longest_line
from newsletter.inbound.telling.message import DEPTH, PARTS, Part, parse

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_BLANK: Final = re.compile(rb"(?:\A|\r\n)\r\n")
_FIELD_START: Final = re.compile(rb"\r\n(?![ \t])")
_BETWEEN: Final = re.compile(rb"[^\s\"<>();,=]+")
_ENCODING: Final = re.compile(rb"content-transfer-encoding[ \t]*:", re.I)
#: So many bytes at a time make an encoded-word that fits a line (RFC 2047 §2).
_WORD: Final = 42


def seven_bit(raw: bytes) -> bytes:
    """The message for a server that takes nothing but 7 bits."""
    lines = raw if has_crlf_only(raw) else _LINE_END.sub(b"\r\n", raw)
    lines = lines.replace(b"\x00", b"")
    return _message(lines, DEPTH, [PARTS]) if not _fits(lines) else lines


def _fits(lines: bytes) -> bool:
    return lines.isascii() and longest_line(lines) <= LONGEST_LINE


def _message(lines: bytes, depth: int, left: list[int]) -> bytes:
    """A message or part; `lines` end in CRLF, perhaps but for the last."""
    left[0] -= 1
    if _fits(lines):
        return lines
    head, body = _split(lines)
    part = parse(head + b"\r\n\r\n")
    if depth <= 0 or left[0] <= 0:
        return _leaf(head, body, part)
    boundary = part.parameters.get("boundary", "").encode("utf-8", "surrogateescape")
    if part.media_type.startswith("multipart/") and boundary:
        inner = b"".join(_pieces(body, boundary, depth, left))
        return _head(head, b"7bit") + inner
    encoding = part.get("content-transfer-encoding").strip().lower()
    if part.media_type == "message/rfc822" and encoding not in ("base64", "quoted-printable"):
        return _head(head, b"7bit") + _message(body, depth - 1, left)
    return _leaf(head, body, part)


def _split(lines: bytes) -> tuple[bytes, bytes]:
    found = _BLANK.search(lines)
    return (lines[: found.start()], lines[found.end() :]) if found else (lines.rstrip(b"\r\n"), b"")


def _pieces(body: bytes, boundary: bytes, depth: int, left: list[int]) -> Iterator[bytes]:
    """What stands before, between and after the delimiter lines (RFC 2046 §5.1.1), each part made to fit."""
    delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    at, inside = 0, False
    for found in delimiter.finditer(body):
        piece = body[at : found.start()]
        yield _message(piece, depth - 1, left) if inside else _plain(piece)
        yield found[0] if found[0].isascii() else _plain(found[0])
        at, inside = found.end(), found[1] is None
        if inside and body.startswith(b"\r\n", at):
            yield b"\r\n"
            at += 2
    yield _message(body[at:], depth - 1, left) if inside else _plain(body[at:])


def _leaf(head: bytes, body: bytes, part: Part) -> bytes:
    """A part without parts, encoded where it must be."""
    encoding = part.get("content-transfer-encoding").strip().lower()
    if _fits(body):
        return _head(head, b"") + body
    if part.media_type.startswith(("multipart/", "message/")):
        return _head(head, b"7bit") + _plain(body)
    if encoding == "base64":
        content = _decoded(body)
    elif encoding == "quoted-printable":
        content = quopri.decodestring(body)
    else:
        content = body
    ends = body.endswith(b"\r\n")
    if part.media_type.startswith("text/"):
        encoded = b"\r\n".join(quopri.encodestring(line).replace(b"\n", b"\r\n") for line in content.split(b"\r\n"))
        return _head(head, b"quoted-printable") + encoded
    return _head(head, b"base64") + base64.encodebytes(content).replace(b"\n", b"\r\n")[: None if ends else -2]


def _decoded(body: bytes) -> bytes:
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    try:
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        return body


def _head(head: bytes, encoding: bytes) -> bytes:
    """The header with its empty line; `encoding` is how the body is encoded now, if that has changed."""
    fields = _FIELD_START.split(head) if head else []
    if encoding:
        fields = [one for one in fields if not _ENCODING.match(one)]
        fields.append(b"Content-Transfer-Encoding: " + encoding)
    return b"\r\n".join(map(_field, fields)) + b"\r\n\r\n" if fields else b"\r\n"


def _field(field: bytes) -> bytes:
    if not field.isascii():
        field = _BETWEEN.sub(lambda found: found[0] if found[0].isascii() else _words(found[0]), field)
    return b"\r\n".join(_short(line) for line in field.split(b"\r\n"))


def _words(raw: bytes) -> bytes:
    """Bytes that no header may hold, as encoded-words; whole characters in each, where they are UTF-8."""
    try:
        text, charset = raw.decode(), b"utf-8"
    except UnicodeDecodeError:
        text, charset = raw.decode("latin-1"), b"iso-8859-1"
    codec = charset.decode()
    chunks = [text[at : at + _WORD // 4].encode(codec) for at in range(0, len(text), _WORD // 4)]
    return b" ".join(b"=?%b?b?%b?=" % (charset, base64.b64encode(chunk)) for chunk in chunks)


def _short(line: bytes) -> bytes:
    """A line of a header, folded where it is too long: at spaces if there are any."""
    parts: list[bytes] = []
    while len(line) > LONGEST_LINE:
        at = line.rfind(b" ", 1, LONGEST_LINE - 1)
        at = at if at > 0 else LONGEST_LINE - 1
        parts.append(line[:at])
        line = line[at:] if line[at : at + 1] == b" " else b" " + line[at:]
    return b"\r\n".join([*parts, line])


def _plain(lines: bytes) -> bytes:
    """What no reader shows, before and after the parts: bytes that cannot travel become question marks."""
    if _fits(lines):
        return lines
    return b"\r\n".join(
        re.sub(rb"[^\x00-\x7f]", b"?", line[at : at + LONGEST_LINE])
        for line in lines.split(b"\r\n")
        for at in range(0, max(len(line), 1), LONGEST_LINE)
    )
