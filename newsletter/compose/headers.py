"""Stage 3: header fields in wire form.

In: names and values as people write them. Out: ASCII lines, folded, each ended by CRLF.
Our own, because `email.policy.SMTP` loses or adds a space in one of twenty Dutch subjects (Python 3.11) and encodes
long List-Unsubscribe addresses, after which Gmail ignores them.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime

from newsletter.errors import HeaderError

LINE = 76  #: RFC 2047 §2 allows 76 for lines with encoded-words; RFC 5322 §2.1.1 asks for 78
WORD = 75  #: an encoded-word, RFC 2047 §2

#: CR and LF end a field (RFC 5322 §2.2); other C0 and C1 controls, DEL and the Unicode line ends have no place in one.
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: What may stand unquoted in a display name (RFC 5322 §3.2.3), words divided by single spaces.
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
#: The characters that the Q encoding may leave as they are in a display name (RFC 2047 §5 (3)).
Q_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+|\"(?:[ !#-\[\]-~]|\\[ -~])*\"")


def checked(name: str, value: str) -> str:
    """Return the value.

    Raises:
        HeaderError: a control character or line end stands in it (RFC 5322 §2.2); it is refused, not cleaned.
    """
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
    return f"{name}: " + "\r\n ".join(_encoded_words(value, first=LINE - len(name) - 2)) + "\r\n"


def mailbox_field(name: str, display: str, address: str) -> str:
    """A field with one mailbox, such as From, To or Reply-To."""
    addr_spec = ascii_address(address)
    display = " ".join(checked(name, display).split())
    if not display:
        return f"{name}: {addr_spec}\r\n"
    phrase = display if ATOMS.fullmatch(display) else '"' + re.sub(r'(["\\])', r"\\\1", display) + '"'
    if not _is_plain(display) or len(name) + 2 + len(phrase) > LINE:
        words = _encoded_words(display, first=LINE - len(name) - 2)
        return f"{name}: " + "\r\n ".join(words) + f"\r\n <{addr_spec}>\r\n"
    separator = " " if len(name) + len(phrase) + len(addr_spec) + 5 <= LINE else "\r\n "
    return f"{name}: {phrase}{separator}<{addr_spec}>\r\n"


def uri_field(name: str, uris: Sequence[str]) -> str:
    """A List-* field (RFC 2369 §2): raw URIs in angle brackets, folded only between them, never encoded."""
    for uri in uris:
        checked(name, uri)
        if not uri.isascii() or re.search(r"[<> ,]", uri):
            raise HeaderError(f"{name} holds “{uri}”; write the address percent-encoded, without spaces or commas")
    return f"{name}: " + ",\r\n ".join(f"<{uri}>" for uri in uris) + "\r\n"


def token_field(name: str, value: str) -> str:
    """A structured field of ASCII tokens, such as Message-ID or Auto-Submitted; never encoded (RFC 2047 §5)."""
    if not checked(name, value).isascii():
        raise HeaderError(f"{name} holds “{value}”; only ASCII may stand there")
    return _folded(f"{name}: {value}")


def date_field(at: datetime) -> str:
    """Date, with a numeric zone (RFC 5322 §3.3)."""
    return f"Date: {format_datetime(at)}\r\n"


def list_id_field(name: str, list_id: str) -> str:
    """List-Id (RFC 2919): a name for people and an identifier that stays for the life of the list.

    An encoded-word in a List-* field is not decoded by most readers, so the name is written in ASCII.
    """
    plain = name.translate({0x2018: "'", 0x2019: "'", 0x201C: "'", 0x201D: "'", 0x2013: "-", 0x2014: "-"})
    plain = unicodedata.normalize("NFKD", checked("List-Id", plain)).encode("ascii", "ignore").decode()
    plain = " ".join(re.sub(r'["\\]', "", plain).split())
    return _folded(f'List-Id: "{plain}" <{list_id}>' if plain else f"List-Id: <{list_id}>")


def ascii_address(address: str) -> str:
    """The address with its domain as A-labels (RFC 5890); quoted and plain local parts keep their spelling.

    Raises:
        HeaderError: it is no address, or its local part needs SMTPUTF8 (RFC 6531).
    """
    local, at, domain = checked("an address", address).rpartition("@")
    if not at or not local or not domain:
        raise HeaderError(f"“{address}” is not an address; write it as name@example.nl")
    if not local.isascii():
        raise HeaderError(
            f"“{address}” has a letter outside ASCII before the @; mail servers need SMTPUTF8 for it, "
            "so ask for another address"
        )
    try:
        host = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise HeaderError(f"“{address}” has a domain that cannot be written in ASCII; correct it") from error
    if not DOT_ATOM.fullmatch(local) or not re.fullmatch(r"[A-Za-z0-9.-]+|\[[!-Z^-~]*\]", host):
        raise HeaderError(f"“{address}” is not an address; write it as name@example.nl")
    return f"{local}@{host}"


def _is_plain(value: str) -> bool:
    """Whether it can stand as it is: printable ASCII, no spaces at the ends, nothing that reads as encoded-word."""
    return value.isascii() and value == value.strip() and "=?" not in value


def _folded(field: str) -> str:
    """Fold at spaces where a line would pass the limit (RFC 5322 §2.2.3); the space stays, after the CRLF."""
    lines = [""]
    for word in re.split(r"(?<=\S)(?= )", field):
        if lines[-1] and len(lines[-1]) + len(word) > LINE:
            lines.append("")
        lines[-1] += word
    return "\r\n".join(lines) + "\r\n"


def _encoded_words(value: str, *, first: int) -> list[str]:
    """The value as encoded-words, whole characters in each; Q or B, whichever is shorter for all of it.

    `first` is the room on the first line. Words are divided by folding space, which readers drop (RFC 2047 §6.2).
    """
    q_length = sum(len(_q(char)) for char in value)
    b_length = len(value.encode()) * 4 / 3
    encoding, encode = ("q", _q_word) if q_length <= b_length else ("b", _b_word)
    overhead = len("=?utf-8?q??=")
    return [
        f"=?utf-8?{encoding}?{encode(chunk)}?="
        for chunk in _chunks(value, encoding, min(first, WORD) - overhead, min(LINE - 1, WORD) - overhead)
    ]


def _chunks(value: str, encoding: str, first: int, rest: int) -> Iterator[str]:
    chunk, used, room = "", 0, first
    for char in value:
        size = len(_q(char)) if encoding == "q" else len(char.encode())
        limit = room if encoding == "q" else room // 4 * 3
        if chunk and used + size > limit:
            yield chunk
            chunk, used, room = "", 0, rest
        chunk += char
        used += size
    yield chunk


def _q(char: str) -> str:
    if char in Q_SAFE:
        return char
    return "_" if char == " " else "".join(f"={byte:02X}" for byte in char.encode())


def _q_word(text: str) -> str:
    return "".join(_q(char) for char in text)


def _b_word(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
