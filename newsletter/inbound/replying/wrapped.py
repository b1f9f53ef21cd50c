"""Stage 6: a person's message that cannot go on as it is, as an attachment of a letter of ours.

In: the message, and who gets it. Out: a letter whose From is ours, so that it needs nobody else's signature (RFC 7960
§4.1.3), that is answered to its author, and that stays in its thread. Pure.

    multipart/mixed
    ├── text/plain                 who wrote this, and their words, to be read at a glance
    └── message/rfc822             all of it; left out where it is too large for the mail server
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from newsletter.compose.headers import (
    ascii_address,
    date_field,
    mailbox_field,
    parameter_field,
    text_field,
    token_field,
)
from newsletter.compose.wire import quoted_printable
from newsletter.errors import HeaderError
from newsletter.inbound.replying.seven_bit import seven_bit
from newsletter.inbound.replying.threads import (
    addresses,
    author_of,
    clean,
    clean_lines,
    name_of,
    named_ids,
    references_to,
)
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.sender import words

_NAME: Final = 60
_TOKEN: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_TEXTS: Final = {
    "nl": (
        "{author} schreef dit als antwoord aan {via}. Uw antwoord op deze e-mail gaat naar de schrijver.",
        "De oorspronkelijke e-mail zit als bijlage bij dit bericht.",
        "De oorspronkelijke e-mail is {size} groot, te groot voor de mailserver; zij is bewaard als bericht {number} "
        "(newsletter inbound show {number}).",
        "(geen tekst)",
    ),
    "en": (
        "{author} wrote this in reply to {via}. Your answer to this e-mail goes to its author.",
        "The original e-mail is attached to this message.",
        "The original e-mail is {size}, too large for the mail server; it is kept as message {number} "
        "(newsletter inbound show {number}).",
        "(no text)",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """All that a letter around a message needs beside the message."""

    number: int  #: of the message, in the store
    contact: str  #: who gets it
    sender: str  #: our address
    via: str  #: the name of the series
    language: str
    message_id: str  #: without angle brackets
    at: datetime  #: the same every time
    fields: bytes  #: ours, as `unchanged.fields_of_ours` makes them


def wrap(raw: bytes, part: Part, wrapper: Wrapper, *, short: bool = False) -> bytes:
    """A letter of ours with this message in it; `short` leaves the message out and says where it is."""
    header = [
        mailbox_field("From", _shown_name(part, wrapper), wrapper.sender),
        mailbox_field("To", "", wrapper.contact),
        _reply_to(part),
        text_field("Subject", clean(part.decoded("subject")) or "…"),
        date_field(wrapper.at),
        token_field("Message-ID", f"<{wrapper.message_id}>"),
        *_thread(part),
        # Whoever is away may say so to the author, not to us.
        token_field("X-Auto-Response-Suppress", "OOF, AutoReply"),
        token_field("MIME-Version", "1.0"),
    ]
    # "=_" cannot occur in quoted-printable; in the message it might, so the boundary depends on all of it.
    mark = "=_" + hashlib.sha256(wrapper.message_id.encode() + raw).hexdigest()[:32]
    text = _text(raw, part, wrapper, short=short)
    parts = [
        parameter_field("Content-Type", "text/plain", ["charset=utf-8"])
        + "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quoted_printable(text)
    ]
    letter = "".join(header) + parameter_field("Content-Type", "multipart/mixed", [f'boundary="{mark}"'])
    if not short:
        name = (
            'attachment; filename="bericht.eml"' if wrapper.language == "nl" else 'attachment; filename="message.eml"'
        )
        field = f"Content-Type: message/rfc822\r\nContent-Disposition: {name}\r\n\r\n"
        parts.append(field + seven_bit(raw).decode("ascii"))
    body = "".join(f"\r\n--{mark}\r\n{one}" for one in parts) + f"\r\n--{mark}--\r\n"
    return wrapper.fields + (letter + body).encode("ascii")


def _shown_name(part: Part, wrapper: Wrapper) -> str:
    """ "Anna Voorbeeld via Kennisdagen": nobody is shown as the sender of what we send (RFC 7960 §4.1.3)."""
    name = name_of(part)[:_NAME].strip() or author_of(part).partition("@")[0][:_NAME] or "?"
    return f"{clean(name)} via {clean(wrapper.via)[:_NAME]}"


def _reply_to(part: Part) -> str:
    """The author, or whom they ask to answer to; nothing where that cannot be written in a header."""
    for address in (*addresses(part, "reply-to")[:1], author_of(part)):
        try:
            return mailbox_field("Reply-To", name_of(part)[:_NAME], ascii_address(address))
        except HeaderError:
            continue
    return ""


def _thread(part: Part) -> list[str]:
    """What Gmail and Apple (References) and Outlook (Thread-Index, Thread-Topic) tell threads by, as it was."""
    fields = []
    if answered := named_ids(part)[:1]:
        fields.append(_ids("In-Reply-To", answered))
    if known := references_to(part):
        fields.append(_ids("References", known))
    for name, field in (("thread-index", "Thread-Index"), ("thread-topic", "Thread-Topic")):
        value = part.get(name)
        if _TOKEN.fullmatch(value) and len(value) <= 900:
            fields.append(f"{field}: {value}\r\n")
    return fields


def _ids(name: str, ids: Sequence[str]) -> str:
    return f"{name}: " + "\r\n ".join(f"<{one}>" for one in ids) + "\r\n"


def _text(raw: bytes, part: Part, wrapper: Wrapper, *, short: bool) -> str:
    who, attached, too_large, empty = _TEXTS.get(wrapper.language, _TEXTS["en"])
    address, name = author_of(part), name_of(part)
    size = f"{len(raw) / 1e6:.1f} MB"
    if wrapper.language == "nl":
        size = size.replace(".", ",")
    author = f"{name} <{address}>" if name else address
    return "\n\n".join(
        [
            who.format(author=author or "?", via=clean(wrapper.via)),
            too_large.format(size=size, number=wrapper.number) if short else attached,
            "—" * 20,
            clean_lines(words(part)) or empty,
            "",
        ]
    )
