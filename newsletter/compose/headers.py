"""Stage 3: header fields in wire form.

In: names and values as people write them. Out: ASCII lines, folded, each ended by CRLF; a recipient's address alone
may be beyond ASCII (RFC 6532).
Our own, because `email.policy.SMTP` loses or adds a space in one of twenty Dutch subjects (Python 3.11) and encodes
long List-Unsubscribe addresses, after which Gmail ignores them.
Some of these are written once per letter, so what nearly every recipient has, a plain name and a plain address, is
recognised by one expression; the full rules follow it.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from newsletter.errors import HeaderError

LINE = 76  #: RFC 2047 §2 allows 76 for lines with encoded-words; RFC 5322 §2.1.1 asks for 78
WORD = 75  #: an encoded-word, RFC 2047 §2

#: CR and LF end a field (RFC 5322 §2.2); other C0 and C1 controls, DEL and the Unicode line ends have no place in one.
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: What may stand unquoted in a display name (RFC 5322 §3.2.3), words divided by single spaces.
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
#: The characters that the Q encoding may leave as they are in a display name (RFC 2047 §5 (3)); a space becomes _.
Q_SAFE_OR_SPACE = b" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/"
#: How each byte stands in the Q encoding.
Q_BYTES = ["_" if byte == 0x20 else chr(byte) if byte in Q_SAFE_OR_SPACE else f"={byte:02X}" for byte in range(256)]
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
#: The same for a local part beyond ASCII (RFC 6532 §3.2 adds all of UTF-8 to atext).
BEYOND_ASCII = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]|[^\x00-\x7f])+")
DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|\"(?:[ !#-\[\]-~]|\\[ -~])*\"")


def checked(name: str, value: str) -> str:
    """Return the value.

    Raises:
        HeaderError: a control character or line end stands in it (RFC 5322 §2.2); it is refused, not cleaned.
    """
    if value.isascii() and value.isprintable():
        return value
    if found := FORBIDDEN.search(value):
        raise HeaderError(
            f"{name} holds the control character U+{ord(found.group()):04X} at position {found.start() + 1}; "
            "write it on one line, without control characters"
        )
    return value


def text_field(name: str, value: str) -> str:
    """A field of free text, such as Subject."""
    checked(name, value)
    if _is_plain(value) and all(len(word) < LINE - len(name) for word in value.split(" ")):
        return _folded(f"{name}: {value}")
    return f"{name}: {_encoded_words(value, first=LINE - len(name) - 2)}\r\n"


def recipient_field(display: str, address: str) -> str:
    """To; ASCII where the local part of the address is."""
    return _mailbox_field("To", display, recipient_address(address))


def mailbox_field(name: str, display: str, address: str) -> str:
    """A field with one mailbox of ours, such as From or Reply-To."""
    return _mailbox_field(name, display, ascii_address(address))


def _mailbox_field(name: str, display: str, addr_spec: str) -> str:
    display = " ".join(checked(name, display).split())
    if not display:
        return f"{name}: {addr_spec}\r\n"
    phrase = _phrase(display) if _is_plain(display) else ""
    if not phrase or len(name) + 2 + len(phrase) > LINE:
        words = _encoded_words(display, first=LINE - len(name) - 2)
        return f"{name}: {words}\r\n <{addr_spec}>\r\n"
    separator = " " if len(name) + len(phrase) + len(addr_spec) + 5 <= LINE else "\r\n "
    return f"{name}: {phrase}{separator}<{addr_spec}>\r\n"


def _phrase(display: str) -> str:
    """A display name of plain words, quoted where it must be (RFC 5322 §3.2.5)."""
    if ATOMS.fullmatch(display):
        return display
    return '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'


def uri_field(name: str, uris: Sequence[str]) -> str:
    """A List-* field (RFC 2369 §2): raw URIs in angle brackets, folded only between them, never encoded."""
    for uri in uris:
        if not _is_uri(uri):
            checked(name, uri)
            raise HeaderError(f"{name} holds “{uri}”; write the address percent-encoded, without spaces or commas")
    return f"{name}: <" + ">,\r\n <".join(uris) + ">\r\n"


def token_field(name: str, value: str) -> str:
    """A structured field of ASCII tokens, such as Message-ID or Auto-Submitted; never encoded (RFC 2047 §5)."""
    if not checked(name, value).isascii():
        raise HeaderError(f"{name} holds “{value}”; only ASCII may stand there")
    return _folded(f"{name}: {value}")


def parameter_field(name: str, value: str, parameters: Sequence[str]) -> str:
    """A field of MIME with its parameters ('charset=utf-8'), folded between them; all must be ASCII and fit a line."""
    line = "; ".join([f"{name}: {value}", *parameters])
    if len(line) <= LINE:
        return f"{line}\r\n"
    break_first = "\r\n" if len(name) + len(value) + 3 > LINE else ""
    return ";\r\n ".join([f"{name}:{break_first} {value}", *parameters]) + "\r\n"


def date_field(at: datetime) -> str:
    """Date, with a numeric zone (RFC 5322 §3.3)."""
    return _date_field(at, at.utcoffset())


@lru_cache(maxsize=64)
def _date_field(at: datetime, offset: timedelta | None) -> str:
    """All letters of a mailing have one date. Equal instants may be in two zones, so their offset is looked at too."""
    return f"Date: {format_datetime(at)}\r\n"


def list_id_field(name: str, list_id: str) -> str:
    """List-Id (RFC 2919): a name for people and an identifier that stays for the life of the list.

    An encoded-word in a List-* field is not decoded by most readers, so the name is written in ASCII.
    """
    plain = " ".join(re.sub(r'["\\]', "", in_ascii(checked("List-Id", name))).split())
    return _folded(f'List-Id: "{plain}" <{list_id}>' if plain else f"List-Id: <{list_id}>")


def in_ascii(text: str) -> str:
    """The text in plain letters, for readers that decode nothing; what has no such letter is left out."""
    plain = text.translate({0x2018: "'", 0x2019: "'", 0x201C: "'", 0x201D: "'", 0x2013: "-", 0x2014: "-"})
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()


def ascii_address(address: str) -> str:
    """The address with its domain as A-labels (RFC 5890); quoted and plain local parts keep their spelling.

    Raises:
        HeaderError: it is no address, or its local part needs SMTPUTF8 (RFC 6531).
    """
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    found = recipient_address(address)
    if not found.isascii():
        raise HeaderError(
            f"“{address}” has a letter outside ASCII before the @; many mail servers cannot answer to it, "
            "so use another address"
        )
    return found


@lru_cache(maxsize=64)
def recipient_address(address: str) -> str:
    """The same for a recipient, whose local part may be beyond ASCII, for servers with SMTPUTF8 (RFC 6531 §3.3).

    Raises:
        HeaderError: it is no address.
    """
    if PLAIN_ADDRESS.fullmatch(address):
        return address
    local, at, domain = checked("an address", address).rpartition("@")
    if not at or not local or not domain:
        raise HeaderError(f"“{address}” is not an address; write it as name@example.nl")
    try:
        host = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise HeaderError(f"“{address}” has a domain that cannot be written in ASCII; correct it") from error
    is_local = DOT_ATOM if local.isascii() else BEYOND_ASCII
    if not is_local.fullmatch(local) or not re.fullmatch(r"[A-Za-z0-9.-]+|\[[!-Z^-~]*\]", host):
        raise HeaderError(f"“{address}” is not an address; write it as name@example.nl")
    return f"{local}@{host}"


def _is_uri(value: str) -> bool:
    """Printable ASCII without space, comma and angle brackets, which divide URIs in a List-* field (RFC 2369 §2)."""
    divides = " " in value or "," in value or "<" in value or ">" in value
    return not divides and value.isascii() and value.isprintable()


def _is_plain(value: str) -> bool:
    """Whether it can stand as it is: printable ASCII, no spaces at the ends, nothing that reads as encoded-word."""
    return value.isascii() and value == value.strip() and "=?" not in value


def _folded(field: str) -> str:
    """Fold at spaces where a line would pass the limit (RFC 5322 §2.2.3); the space stays, after the CRLF."""
    if len(field) <= LINE:
        return f"{field}\r\n"
    lines = [""]
    for word in re.split(r"(?<=\S)(?= )", field):
        if lines[-1] and len(lines[-1]) + len(word) > LINE:
            lines.append("")
        lines[-1] += word
    return "\r\n".join(lines) + "\r\n"


def _encoded_words(value: str, *, first: int) -> str:
    """The value as encoded-words, whole characters in each; Q or B, whichever is shorter for all of it.

    `first` is the room on the first line. Words are divided by folding space, which readers drop (RFC 2047 §6.2).
    """
    raw = value.encode()
    overhead = len("=?utf-8?q??=")
    if len(raw) <= WORD and len(word := _word(raw, "q")) <= min(len(raw) * 4 / 3, min(first, WORD) - overhead):
        return f"=?utf-8?q?{word}?="  # most names
    encoding = "q" if _q_length(raw) <= len(raw) * 4 / 3 else "b"
    chunks = _chunks(value, encoding, min(first, WORD) - overhead, min(LINE - 1, WORD) - overhead)
    return "\r\n ".join([f"=?utf-8?{encoding}?{_word(chunk, encoding)}?=" for chunk in chunks])


def _chunks(value: str, encoding: str, first: int, rest: int) -> Iterator[bytes]:
    chunk, used = b"", 0
    size, room = (_q_length, first) if encoding == "q" else (len, first // 4 * 3)
    if size(value.encode()) <= room:
        yield value.encode()
        return
    for char in value:
        raw = char.encode()
        if chunk and used + size(raw) > room:
            yield chunk
            chunk, used, room = b"", 0, rest if encoding == "q" else rest // 4 * 3
        chunk += raw
        used += size(raw)
    yield chunk


def _word(raw: bytes, encoding: str) -> str:
    return "".join(map(Q_BYTES.__getitem__, raw)) if encoding == "q" else base64.b64encode(raw).decode("ascii")


def _q_length(raw: bytes) -> int:
    return len(raw) + 2 * len(raw.translate(None, Q_SAFE_OR_SPACE))
