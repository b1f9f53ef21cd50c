"""Stage 3: files that go with a letter -> parts of it.

In: the attachments of a mailing. Out: MIME parts in wire form, made once per mailing; inline images are checked against
the html that shows them.
"""

import base64
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from newsletter.compose.headers import checked, in_ascii, parameter_field
from newsletter.compose.mailing import Attachment
from newsletter.errors import HeaderError, TemplateError

NAME_ROOM = 60  #: characters of a name on one line of a header field
EXTENSION_ROOM = 20
#: A media type without parameters (RFC 6838 §4.2), short enough for a line. Parts that hold parts may not be base64
#: (RFC 2045 §6.4), so they cannot be attached.
RESTRICTED = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*"
MEDIA_TYPE = re.compile(rf"(?!.{{75}}|(?i:multipart|message)/){RESTRICTED}/{RESTRICTED}")
CID = re.compile(r"[A-Za-z0-9!#$*+._~-]{1,64}(?:@[A-Za-z0-9.-]{1,64})?")
#: Where html can show an image: in a tag, and in a style sheet.
TAG = re.compile(r"<style\b.*?</style>|<[a-z](?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.IGNORECASE | re.DOTALL)
#: An attribute that begins with cid:, or url(cid:…), with whatever quotation marks.
SHOWN = re.compile(r"(?:[=(\"']|&quot;|&\#39;)\s*cid:([^\s\"'()<>&]*)", re.IGNORECASE)


def attached(file: Attachment) -> str:
    """The part of a file that stands beside the letter.

    Raises:
        HeaderError: its name or media type cannot stand in a header.
    """
    return _part(file, "attachment")


def shown_inline(image: Attachment) -> str:
    """The part of an image that the html shows.

    Raises:
        HeaderError: its name, media type or cid cannot stand in a header.
    """
    if not CID.fullmatch(checked("a cid", image.cid)):
        raise HeaderError(
            f"the cid of “{image.name}” is “{image.cid}”; write it in letters and digits, as logo@example.nl"
        )
    return f"Content-ID: <{image.cid}>\r\n" + _part(image, "inline")


def check_inline(html: str, images: Sequence[Attachment]) -> None:
    """See that every `cid:` of the html is there, and that every image is shown.

    Raises:
        TemplateError: names the one that is not.
    """
    there = [image.cid for image in images]
    asked = {unquote(cid) for tag in TAG.findall(html) for cid in SHOWN.findall(tag)}
    if twice := next((cid for cid in there if there.count(cid) > 1), ""):
        raise TemplateError(f"two images have the cid “{twice}”; give each a cid of its own")
    if missing := sorted(asked - set(there)):
        raise TemplateError(f"letter.html shows “cid:{missing[0]}”, and no image has that cid; attach it, or remove it")
    if unused := [cid for cid in there if cid not in asked]:
        raise TemplateError(
            f"the image with the cid “{unused[0]}” is not shown in letter.html; "
            f'show it with <img src="cid:{unused[0]}">, or attach it without a cid'
        )


def _part(file: Attachment, disposition: str) -> str:
    if not checked("the name of an attachment", file.name).strip() or "/" in file.name:
        raise HeaderError(f"an attachment is called “{file.name}”; write the name of the file, without folders")
    media_type = checked("the media type of an attachment", file.media_type)
    if not MEDIA_TYPE.fullmatch(media_type):
        raise HeaderError(f"“{file.name}” has the media type “{media_type}”; write one such as application/pdf")
    # A text that names no charset is ASCII (RFC 2046 §4.1.2).
    charset = ["charset=utf-8"] if media_type.lower().startswith("text/") and _is_utf8(file.content) else []
    # `name` is the fallback for readers that do not know RFC 2231. An ASCII `filename` beside the real one would hide
    # that from others: Python's parser, for one, takes the plain one of the two.
    name = f'name="{_plain_name(file.name)}"'
    encoded = base64.encodebytes(file.content).decode("ascii").replace("\n", "\r\n")
    return (
        parameter_field("Content-Type", media_type, [*charset, name])
        + parameter_field("Content-Disposition", disposition, _filename(file.name))
        + f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}"
    )


def _filename(name: str) -> list[str]:
    """The parameters that hold the name: plain where it can be, else as RFC 2231 §3 and §4 have it.

    Quotation marks and backslashes are percent-encoded, and what reads as an encoded-word: readers differ in how they
    undo them.
    """
    if name == _plain_name(name):
        return [f'filename="{name}"']
    chunks = ["utf-8''"]
    for char in name:
        encoded = quote(char, safe="")
        if len(chunks[-1]) + len(encoded) > NAME_ROOM:
            chunks.append("")
        chunks[-1] += encoded
    if len(chunks) == 1:
        return [f"filename*={chunks[0]}"]
    return [f"filename*{number}*={chunk}" for number, chunk in enumerate(chunks)]


def _plain_name(name: str) -> str:
    """The name in ASCII, short enough for a line, with its extension."""
    stem, dot, extension = " ".join(in_ascii(re.sub(r'["\\]|=\?', "_", name)).split()).rpartition(".")
    if not dot:
        stem, extension = extension, ""
    extension = dot + extension[:EXTENSION_ROOM]
    return (stem or "attachment")[: NAME_ROOM - len(extension)] + extension


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
