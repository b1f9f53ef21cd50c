"""The windows: one letter as it is shown, addressed to one person.

In: a composed `Mailing`, and a recipient. Out: `Sample`: everything that somebody wants to look at before it goes out.
Pure.
"""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.web import people


@dataclass(frozen=True, kw_only=True)
class Part:
    """A node of the MIME tree (RFC 2045 §2.4)."""

    depth: int
    media_type: str
    detail: str  #: its file name, or its parameter of importance; often empty
    size: int  #: bytes, decoded; 0 of a multipart


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A mailing as one recipient gets it."""

    subject: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]  #: name and decoded value, in the order of the letter
    letter: bytes  #: the complete letter, as it goes over the wire
    calendar: str = ""  #: the calendar part, decoded; empty where there is none
    parts: tuple[Part, ...] = ()
    needs: tuple[str, ...] = ()  #: attributes that every recipient must have

    def header(self, name: str) -> str:
        """The decoded value of a header; empty where the letter has none."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")


def make_sample(mailing: Mailing, *, now: datetime, public_url: str = "", recipient: Recipient | None = None) -> Sample:
    """Address a mailing to a recipient; without one, to the first of the made-up people.

    Raises:
        TemplateError: a placeholder of the mailing cannot be read or filled.
        HeaderError: the subject cannot stand in a header.
    """
    letter = Letter(mailing)
    if recipient is None:
        recipient = people.ordinary(mailing, now=now, public_url=public_url)
    subject, html, text = letter.plain(recipient)
    content = letter.address(recipient)
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    return Sample(
        subject=subject,
        html=html,
        text=text,
        headers=tuple((name, " ".join(str(value).split())) for name, value in message.items()),
        letter=content,
        calendar=_calendar(message),
        parts=tuple(_tree(message)),
        needs=people.needed(mailing),
    )


def _calendar(message: EmailMessage) -> str:
    for part in message.walk():
        if part.get_content_type() in ("text/calendar", "application/ics"):
            content = part.get_content()
            return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    return ""


def _tree(message: EmailMessage, depth: int = 0) -> list[Part]:
    children = (
        [part for part in message.iter_parts() if isinstance(part, EmailMessage)] if message.is_multipart() else []
    )
    method = message["Content-Type"].params.get("method", "") if message["Content-Type"] else ""
    content = b"" if message.is_multipart() else message.get_payload(decode=True)
    part = Part(
        depth=depth,
        media_type=message.get_content_type(),
        detail=message.get_filename("") or (f"method={method}" if method else ""),
        size=len(content) if isinstance(content, bytes) else 0,
    )
    return [part, *(inner for child in children for inner in _tree(child, depth + 1))]
