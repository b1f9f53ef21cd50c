"""Stage 6: the bytes of a message become parts that can be asked.

In: bytes of anybody's making. Out: a tree of parts: header fields, media type, text. Nothing in it can make this crash,
hang or grow: what is too long, too deep or too many is left out, and what cannot be decoded is replaced.

The parser of the standard library is built for messages that are kept; it costs ten times as much, and its time grows
with the square of how deeply a message is nested.
"""

import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

#: Bytes of a message that are looked at; what tells messages apart stands in front of what they return.
LONGEST: Final = 1_000_000
#: Bytes of one header, and fields in it.
HEADER_BYTES, HEADER_FIELDS = 100_000, 500
#: Parts of a message, and how deeply they may be nested.
PARTS, DEPTH = 100, 20
#: Characters of one text that are looked at, and of one field in which encoded words are read.
TEXT, VALUE = 100_000, 10_000

_FIELD = re.compile(r"([!-9;-~]{1,100})[ \t]*:[ \t]?(.*)", re.S)
_PARAMETER = re.compile(r';\s*([\w*-]{1,40})\s*=\s*("(?:[^"\\]|\\.){0,400}"?|[^;\s"]{1,400})')
_WORD: Final = r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]{0,2000})\?="
_ENCODED_WORD: Final = re.compile(_WORD)
_ENCODED_WORDS: Final = re.compile(rf"{_WORD}(?:\s{{0,200}}{_WORD})*")
_CHARSET = re.compile(r"[\w.:+-]{1,40}")
_LOST_BOUNDARY: Final = re.compile(
    rb"^--([^\s\r\n-][^\r\n]{5,70}|-[^\r\n]{6,70})\r?\nContent-(?:Type|Transfer|Disp|Desc)", re.I | re.M
)
#: Written in ASCII bytes that mean something else.
_SHIFTED: Final = ("iso-2022", "hz", "utf-7", "utf7", "utf-16", "utf16", "utf-32", "utf32")
#: What is declared, and what the programs that declare it write.
_WIDER: Final = {"iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8"}
#: Python reads these too, some of them in quadratic time.
_NOT_FOR_MAIL: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
#: What no store and no terminal takes.
_NO_TEXT: Final = re.compile("[\\x00\\ud800-\\udfff]")


@dataclass(slots=True)
class Part:
    """A message or one part of it; header names are lower case."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    parts: "list[Part]" = field(default_factory=list)  #: of a multipart; of a message/rfc822, the message
    media_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)  #: of Content-Type
    memo: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  #: what was found out once

    def get(self, name: str) -> str:
        """The first field of this name, unfolded; empty where there is none."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def decoded(self, name: str) -> str:
        """The first field of this name, its encoded words read (RFC 2047)."""
        key = f"decoded {name}"
        if key not in self.memo:
            self.memo[key] = decode_words(self.get(name))
        found: str = self.memo[key]
        return found

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in their order, without what is inside returned messages."""
        yield self
        if self.media_type != "message/rfc822":
            for part in self.parts:
                yield from part.walk()

    def text(self) -> str:
        """The text of a part without parts: decoded, with "\\n" as line end; no NUL or lone surrogate is in it."""
        if "text" not in self.memo:
            self.memo["text"] = self._text()
        found: str = self.memo["text"]
        return found

    def _text(self) -> str:
        # Of a large part only the head is decoded: no encoding makes more of a character than that.
        raw = _decode_transfer(self.body[: 12 * TEXT], self.get("content-transfer-encoding"))
        text = _decode_charset(raw[: 4 * TEXT], self.parameters.get("charset", ""), is_cut=len(raw) > 4 * TEXT)
        text = text.removeprefix("\ufeff")
        return text[:TEXT].replace("\r\n", "\n").replace("\r", "\n")


def parse(raw: bytes) -> Part:
    """Read a message. Never fails: whatever it is becomes a part with some text."""
    raw = raw[:LONGEST].lstrip(b"\r\n")
    if raw.startswith((b"From ", b">From ")):  # the separator line of mbox files
        raw = raw.partition(b"\n")[2]
    return _parse(raw, DEPTH, [PARTS])


def parse_fields(raw: bytes) -> list[tuple[str, str]]:
    """The fields of one header block, also of what is not quite one."""
    fields: list[tuple[str, list[str]]] = []
    for line in _decode_charset(raw[:HEADER_BYTES], "").splitlines():
        if line[:1] in (" ", "\t") and fields:
            fields[-1][1].append(line.strip())
        elif (match := _FIELD.fullmatch(line)) and len(fields) < HEADER_FIELDS:
            fields.append((match[1].lower(), [match[2].strip()]))
    return [(name, " ".join(lines)) for name, lines in fields]


def decode_words(value: str) -> str:
    """A header value with its encoded words read; what cannot be read stays as it is."""
    if "=?" not in value:
        return value
    return _ENCODED_WORDS.sub(lambda match: _decode_run(match[0]), value[:VALUE]) + value[VALUE:]


def _decode_run(run: str) -> str:
    """Encoded words that stand side by side: some programs cut in the middle of a character (against RFC 2047 §5)."""
    found: list[tuple[str, bytes]] = []
    for word in _ENCODED_WORD.finditer(run):
        charset = word[1].partition("*")[0].lower()  # RFC 2231 §5: the language stands behind a star
        raw = _decode_word(word)
        if found and found[-1][0] == charset:
            raw = found.pop()[1] + raw
        found.append((charset, raw))
    return "".join(_decode_charset(raw, charset) for charset, raw in found)


def _decode_word(word: re.Match[str]) -> bytes:
    text = word[3].encode("utf-8", "replace")
    if word[2] in "qQ":
        return binascii.a2b_qp(text.replace(b" ", b"_"), header=True)
    return _decode_transfer(text, "base64")


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
    pieces = (b"\n" + body).split(b"\n" + mark, PARTS + 2)[1 : PARTS + 2]
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


def _decode_charset(raw: bytes, charset: str, *, is_cut: bool = False) -> str:
    declared = charset.strip().lower()
    if raw.isascii() and not declared.startswith(_SHIFTED):
        return _NO_TEXT.sub("\ufffd", raw.decode("ascii"))
    for name in (_WIDER.get(declared, declared), "utf-8", "cp1252", "latin-1"):
        text = _decode(raw, name, is_cut)
        if text is not None:
            return _NO_TEXT.sub("\ufffd", text)
    return ""  # latin-1 has every byte: never reached


def _decode(raw: bytes, name: str, is_cut: bool) -> str | None:
    if not _CHARSET.fullmatch(name):
        return None
    try:
        if codecs.lookup(name).name.replace("-", "_") in _NOT_FOR_MAIL:
            return None
        return raw.decode(name)
    except UnicodeDecodeError as error:
        # Where the end was left out, its last character may be half of one.
        return _decode(raw[: error.start], name, False) if is_cut and error.start > len(raw) - 8 else None
    except (LookupError, ValueError):
        return None
