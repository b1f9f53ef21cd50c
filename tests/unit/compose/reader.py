"""A reader of letters that shares no code with the product, nor with Python's email package: the RFCs, by hand."""

import base64
import binascii
import quopri
import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

ENCODED_WORD = re.compile(r"=\?utf-8\?([bq])\?([^? ]*)\?=")
PARAMETER = re.compile(r';\s*([a-z0-9*-]+)=("[^"\\]*"|[^\s;"]+)')


@dataclass(frozen=True, kw_only=True)
class Part:
    """A letter, or a part of one."""

    fields: dict[str, str]  #: unfolded, names in lower case
    content: bytes = b""  #: decoded; of a part without parts
    parts: tuple["Part", ...] = ()

    @property
    def media_type(self) -> str:
        return self.fields["content-type"].partition(";")[0]

    @property
    def filename(self) -> str:
        """RFC 2231 §3 and §4: in one piece or several, percent-encoded or not."""
        found = parameters(self.fields["content-disposition"])
        if "filename" in found:
            return found["filename"]
        value = "".join(found[key] for key in sorted(found, key=lambda key: int("0" + re.sub(r"\D", "", key))))
        charset, language, encoded = value.split("'", 2)
        assert (charset, language) == ("utf-8", "")
        return unquote_to_bytes(encoded).decode()

    def tree(self) -> object:
        return (self.media_type, [part.tree() for part in self.parts]) if self.parts else self.media_type

    def all(self) -> list["Part"]:
        return [self, *(one for part in self.parts for one in part.all())]

    def text(self, media_type: str) -> str:
        """The text of the one part of this media type, its line ends as \\n."""
        [part] = [part for part in self.all() if part.media_type == media_type]
        return part.content.decode().replace("\r\n", "\n")


def read(wire: bytes) -> Part:
    """A letter; RFC 2046 §5.1.1 for what divides its parts."""
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = head.decode("ascii").replace("\r\n ", " ").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert len(fields) == len(lines), "a field stands there twice"
    if fields["content-type"].startswith("multipart/"):
        boundary = parameters(fields["content-type"])["boundary"].encode()
        before, *parts, after = (b"\r\n" + body).split(b"\r\n--" + boundary)
        assert (before, after) == (b"", b"--\r\n"), "nothing stands around the parts"
        return Part(fields=fields, parts=tuple(read(part.removeprefix(b"\r\n")) for part in parts))
    encoding = fields["content-transfer-encoding"]
    assert encoding in ("quoted-printable", "base64")
    return Part(fields=fields, content=quopri.decodestring(body) if encoding[0] == "q" else base64.b64decode(body))


def parameters(value: str) -> dict[str, str]:
    """The parameters of a MIME field."""
    return {name: found.strip('"') for name, found in PARAMETER.findall(value)}


def decoded(value: str) -> str:
    """RFC 2047 §6.2: drop white space between encoded-words, decode each word by itself."""

    def word(match: re.Match[str]) -> str:
        if match.group(1) == "b":
            return base64.b64decode(match.group(2), validate=True).decode()
        return binascii.a2b_qp(match.group(2), header=True).decode()

    return ENCODED_WORD.sub(word, re.sub(r"(\?=)[ \t]+(?==\?)", r"\1", value))


def mailbox(value: str) -> tuple[str, str]:
    """Display name and address of an unfolded field with one mailbox (RFC 5322 §3.4)."""
    phrase, bracket, rest = value.rpartition("<")
    if not bracket:
        return "", value
    phrase = phrase.strip()
    if phrase.startswith('"'):
        phrase = re.sub(r"\\(.)", r"\1", phrase[1:-1])
    return decoded(phrase) if phrase.startswith("=?") else phrase, rest.removesuffix(">")
