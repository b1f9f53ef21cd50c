"""Stage 6: a person's message as it can be sent on: every byte of it as it was, with fields of ours in front.

In: the bytes of a message as a mailbox or a file holds them. Out: the same message for the wire, or the reason why it
cannot go on as it is. Pure. Nothing but fields in front is added, so the DKIM signature of its author still verifies
(RFC 6376 §5.4.2: fields are signed from the bottom up).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from newsletter.compose.headers import token_field
from newsletter.inbound.telling.message import Part

#: RFC 5321 §4.5.3.1.6, without the CRLF.
LONGEST_LINE: Final = 998
_FIELD: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
#: As Gmail, OpenDMARC ("dmarc=pass (p=reject dis=none)") and Microsoft ("dmarc=pass action=none") write it.
_DMARC_PASS, _DKIM_PASS = re.compile(r"\bdmarc=pass\b"), re.compile(r"\bdkim=pass\b")
_POLICY_NONE: Final = re.compile(r"\bdmarc=pass\s*\([^()]{0,100}\bp=none\b")


def on_the_wire(raw: bytes) -> bytes:
    """The message with CRLF at every line end, as it travelled.

    A Maildir and most files keep "\\n" alone; where both kinds occur, nobody can tell what it was, and it stays.
    """
    if raw.startswith((b"From ", b">From ")):  # the separator line of mbox files
        raw = raw.partition(b"\n")[2]
    raw = raw.lstrip(b"\r\n")
    if b"\r" not in raw:
        raw = raw.replace(b"\n", b"\r\n")
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def hindrance(wire: bytes, *, takes_8bit: bool) -> str:
    """Why a message cannot be sent as it is, or nothing."""
    head = wire.partition(b"\r\n\r\n")[0]
    if not _FIELD.match(wire):
        return "it does not begin with a header field"
    if not has_crlf_only(wire):
        return "it has line ends that are not CRLF (RFC 5321 §2.3.8)"
    if b"\x00" in wire:
        return "it holds a NUL (RFC 5322 §2.1)"
    if longest_line(wire) > LONGEST_LINE:
        return f"it has a line of more than {LONGEST_LINE} characters (RFC 5321 §4.5.3.1.6)"
    if not head.isascii():
        return "its header is not ASCII, which needs SMTPUTF8 (RFC 6531)"
    if not takes_8bit and not wire.isascii():
        return "it is of 8 bits, which needs 8BITMIME (RFC 6152)"
    return ""


def leans_on_its_envelope(message: Part) -> bool:
    """Whether the next server would take it for forged, as our own found that only its envelope speaks for it.

    DMARC (RFC 9989) passes by SPF or by DKIM. SPF is about the server that sends, so it is lost when we do. What our
    server found is in the first Authentication-Results (RFC 8601 §5: later ones may be anybody's).
    """
    found = message.get("authentication-results").lower()
    return bool(_DMARC_PASS.search(found)) and not _DKIM_PASS.search(found) and not _POLICY_NONE.search(found)


def has_crlf_only(wire: bytes) -> bool:
    """Whether no CR and no LF stands alone."""
    return wire.count(b"\r") == wire.count(b"\n") == wire.count(b"\r\n")


def longest_line(wire: bytes) -> int:
    """Octets of the longest line, without its end."""
    return max(map(len, wire.replace(b"\r", b"\n").split(b"\n")))


def fields_of_ours(
    *, host: str, identity: str, at: datetime, mailing: str, subscriber_id: int | None, marks: Sequence[str]
) -> bytes:
    """What we put in front: our trace field (RFC 5321 §4.4), what the message is about, and where it has been.

    The same message has the same fields every time: when it is sent again, nobody can tell the copies apart.
    """
    fields = [f"Received: by {host} (newsletter) id {identity};\r\n {format_datetime(at)}\r\n"]
    if mailing:
        fields.append(token_field("X-Newsletter-Mailing", mailing))
    if subscriber_id is not None:
        fields.append(token_field("X-Newsletter-Subscriber", f"#{subscriber_id}"))
    fields += [token_field("X-Newsletter-Loop", mark) for mark in marks]
    return "".join(fields).encode("ascii")
