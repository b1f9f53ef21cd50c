"""Stage 6: the bytes of a message become parts that can be asked.

In: bytes of anybody's making. Out: a tree of parts: header fields, media type, text. Nothing in it can make this crash,
hang or grow: what is too long, too deep or too many is left out, and what cannot be decoded is replaced.

The parser of the standard library is built for messages that are kept; it costs ten times as much, and its time grows
with the square of how deeply a message is nested.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header
from typing import Final

#: Bytes of a message that are looked at; what tells messages apart stands in front of what they return.
LONGEST: Final = 1_000_000
#: Bytes of one header, and fields in it.
HEADER_BYTES, HEADER_FIELDS = 100_000, 500
#: Parts of a message, and how deeply they may be nested.
PARTS, DEPTH = 100, 20
#: Characters of one text that are looked at.
TEXT: Final = 100_000

_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:[ \t]?(.*)", re.S)
_PARAMETER = re.compile(r';\s*([\w*-]{1,40})\s*=\s*("(?:[^"\\]|\\.){0,400}"?|[^;\s"]{1,400})')
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,40}\?[bBqQ]\?[^?]{0,2000}\?=")
_CHARSET = re.compile(r"[\w.:+-]{1,40}")
_LOST_BOUNDARY: Final = re.compile(
    rb"^--([^\s\r\n-][^\r\n]{5,70}|-[^\r\n]{6,70})\r?\nContent-(?:Type|Transfer|Disp|Desc)", re.I | re.M
)
#: Written in ASCII bytes that mean something else.
_SHIFTED: Final = ("iso-2022", "hz", "utf-7", "utf7")
#: Python reads these too, some of them in quadratic time.
_NOT_FOR_MAIL: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
_SPACE_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")


@dataclass(slots=True)
class Part:
    """A message or one part of it; header names are lower case."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    parts: "list[Part]" = field(default_factory=list)  #: of a multipart; of a message/rfc822, the message
    media_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)  #: of Content-Type

    def get(self, name: str) -> str:
        """The first field of this name, unfolded; empty where there is none."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def decoded(self, name: str) -> str:
        """The first field of this name, its encoded words read (RFC 2047)."""
        return decode_words(self.get(name))

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in their order, without what is inside returned messages."""
        yield self
        if self.media_type != "message/rfc822":
            for part in self.parts:
                yield from part.walk()

    def text(self) -> str:
        """The text of a part without parts: decoded, with "\\n" as line end."""
        raw = _decode_transfer(self.body, self.get("content-transfer-encoding"))
        return _decode_charset(raw, self.parameters.get("charset", ""))[:TEXT].replace("\r\n", "\n").replace("\r", "\n")


def parse(raw: bytes) -> Part:
    """Read a message. Never fails: whatever it is becomes a part with some text."""
    raw = raw[:LONGEST].lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):  # the separator line of mbox files
        raw = raw.partition(b"\n")[2]
    return _parse(raw, DEPTH, [PARTS])


def parse_fields(raw: bytes) -> list[tuple[str, str]]:
    """The fields of one header block, also of what is not quite one."""
    fields: list[tuple[str, str]] = []
    for line in _decode_charset(raw[:HEADER_BYTES], "").splitlines():
        if line[:1] in (" ", "\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}")
        elif (match := _FIELD.fullmatch(line)) and len(fields) < HEADER_FIELDS:
            fields.append((match[1].lower(), match[2].strip()))
    return fields


def decode_words(value: str) -> str:
    """A header value with its encoded words read; what cannot be read stays as it is."""
    if "=?" not in value:
        return value
    joined = _SPACE_BETWEEN_WORDS.sub(r"\1\2", value)
    return _ENCODED_WORD.sub(lambda match: _decode_word(match[0]), joined)


def _decode_word(word: str) -> str:
    try:
        [(raw, charset)] = decode_header(word)
    except Exception:  # binascii, LookupError and others: it stays as it was written
        return word
    return _decode_charset(raw, charset or "") if isinstance(raw, bytes) else raw


def _parse(raw: bytes, depth: int, left: list[int]) -> Part:
    left[0] -= 1
    head, body = _split(raw)
    part = Part(fields=parse_fields(head), body=body)
    part.media_type, part.parameters = _content_type(part.get("content-type"))
    if not part.get("content-type") and (found := _LOST_BOUNDARY.search(body[:20_000])):
        # A gateway has lost the field; the delimiters still show what it was.
        part.media_type, part.parameters = "multipart/mixed", {"boundary": found[1].decode("latin-1")}
    if depth <= 0:
        return part
    if part.media_type.startswith("multipart/") and (boundary := part.parameters.get("boundary")):
        for piece in _pieces(body, boundary):
            if left[0] <= 0:
                break
            part.parts.append(_parse(piece, depth - 1, left))
    elif part.media_type in ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"):
        inner = body
        if part.get("content-transfer-encoding").lower() in ("base64", "quoted-printable"):
            inner = _decode_transfer(body, part.get("content-transfer-encoding"))
        if left[0] > 0:
            part.parts.append(_parse(inner.lstrip(b"\r\n"), depth - 1, left))
    return part


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Header and body. A part may begin with its empty line: then it has no header."""
    if raw.startswith((b"\n", b"\r\n")):
        return b"", raw.lstrip(b"\r\n")
    ends = [(at, len(mark)) for mark in (b"\n\n", b"\n\r\n", b"\r\r") if (at := raw.find(mark)) >= 0]
    if not ends:
        return raw, b""
    at, length = min(ends)
    return raw[:at], raw[at + length :]


def _content_type(value: str) -> tuple[str, dict[str, str]]:
    media_type = value.partition(";")[0].strip().lower() or "text/plain"
    found = _PARAMETER.findall(value[:2000])
    return media_type, {name.lower().rstrip("*"): text.strip('"').replace("\\", "") for name, text in found}


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """The parts between the delimiter lines (RFC 2046 §5.1.1); the last one may lack its end."""
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    pieces = (b"\n" + body).split(b"\n" + mark)[1 : PARTS + 2]
    found = []
    for piece in pieces:
        if piece.startswith(b"--"):
            break
        # What stands behind the delimiter on its own line is padding.
        found.append(piece.partition(b"\n")[2].removesuffix(b"\r"))
    return found


def _decode_transfer(raw: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding == "base64":
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        try:
            return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
        except binascii.Error:
            return raw
    return raw


def _decode_charset(raw: bytes, charset: str) -> str:
    declared = charset.strip().lower()
    if raw.isascii() and not declared.startswith(_SHIFTED):
        return raw.decode("ascii")
    for name in (declared, "utf-8", "cp1252"):
        if _CHARSET.fullmatch(name) and name.replace("-", "_") not in _NOT_FOR_MAIL:
            try:
                return raw.decode(name)
            except (LookupError, ValueError):
                continue
    return raw.decode("latin-1")
