"""Stage 6: who wrote: a mail system, another machine, or perhaps a person.

In: a message. Out: what its header says of its origin, and its words without what it quotes or returns. Pure.
"""

import html
import re
from typing import Final

from newsletter.inbound.telling.message import TEXT, Part
from newsletter.inbound.telling.phrases import pattern

_DAEMON: Final = pattern("bounces", "daemon", before=r"\b(?:", after=r")\b")
_TAG: Final = re.compile(
    r"<(?:style|script|head)\b.*?(?:</(?:style|script|head)>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]{0,2000}>", re.I | re.S
)
_BREAK: Final = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|/blockquote)\b[^<>]{0,200}>", re.I)
_ANGLE: Final = re.compile(r"<([^<>]{0,400})>")


def author(message: Part) -> str:
    """The whole From, decoded."""
    return message.decoded("from") or message.decoded("sender")


def author_address(message: Part) -> str:
    found = _ANGLE.search(message.get("from"))
    return (found[1] if found else message.get("from")).strip().lower()


def is_daemon(message: Part) -> bool:
    """Whether a mail system wrote it, by its name."""
    return bool(_DAEMON.search(author(message)))


def has_null_sender(message: Part) -> bool:
    """RFC 5321 §4.5.5: notifications, and nothing else, come from nobody."""
    return any(path.strip().replace(" ", "") in ("<>", "<mailer-daemon>") for path in message.all("return-path"))


def words(message: Part) -> str:
    """What a person would read: the plain texts of a message, or its html without markup."""
    if "words" not in message.memo:
        message.memo["words"] = _words(message)
    found: str = message.memo["words"]
    return found


def _words(message: Part) -> str:
    plain, marked_up = [], []
    if message.media_type.startswith("multipart/") and not message.get("content-type"):
        # It may be no multipart at all: the delimiter can stand in a letter that is quoted as text.
        before = message.body.partition(b"\n--" + message.parameters.get("boundary", "").encode("utf-8", "replace"))[0]
        plain.append(Part(body=before).text() if len(before.strip()) > 80 else "")
    inside = returned(message)
    for part in message.walk():
        if part is inside:
            break  # the words of a letter that is returned are not those of who returns it
        if part.parts:
            continue
        if part.media_type == "text/plain" and "attachment" not in part.get("content-disposition").lower():
            plain.append(part.text())
        elif part.media_type == "text/html":
            marked_up.append(part.text())
    text = "\n".join(plain)
    return (text if text.strip() else "\n".join(map(without_markup, marked_up)))[:TEXT]


def without_markup(text: str) -> str:
    """The words of an html text, a line for each paragraph."""
    return html.unescape(_TAG.sub(" ", _BREAK.sub("\n", text[:TEXT])))


def returned(message: Part) -> Part | None:
    """The letter that a report returns, or its header."""
    return next(
        (part.parts[0] for part in message.walk() if part.parts and not part.media_type.startswith("multipart/")), None
    )
