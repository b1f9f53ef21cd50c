"""Stage 3: a composed mailing: what all recipients get, frozen, and what is known of one recipient."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import Base64Bytes

from newsletter.events.event import Mailbox


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a letter; with a `cid`, an image that stands in its html as `cid:<cid>` (RFC 2392)."""

    name: str  #: of the file, without folders, in any script
    media_type: str  #: "application/pdf"
    content: Base64Bytes  #: bytes; the annotation is how a stored document holds them
    cid: str = ""  #: "plattegrond@nieuwsbrief.example.nl", without angle brackets; no other letter should use it


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """The content of one mailing, composed once. Subject, html and text still hold `[[ … ]]`."""

    slug: str  #: "masterclass-bewoners-in-beweging/reminder"
    series: str  #: slug
    series_name: str
    template: str
    language: str
    sender: Mailbox  #: From
    contact: str  #: Reply-To
    subject: str
    html: str  #: inlined, a full document
    text: str
    calendar: str = ""  #: text/calendar; "" is none. An invitation is personal: its ATTENDEE still holds `[[ … ]]`
    attachments: tuple[Attachment, ...] = ()
    list_id: str = ""  #: RFC 2919; "" is "<series>.lists.<domain of the sender>"


class Recipient(NamedTuple):
    """One person on one delivery, as the letter is addressed to them."""

    id: str  #: opaque; stands in errors and logs instead of the address
    address: str
    name: str
    attributes: Mapping[str, str]
    message_id: str  #: without angle brackets; the same on every attempt
    unsubscribe: tuple[str, ...]  #: URIs, https first, then mailto (RFC 2369 §3.2)
    date: datetime  #: aware; when the delivery was handed to the outbox (RFC 5322 §3.6.1)
    test: bool = False  #: a test send: marked in its subject
    reply_to: str = ""  #: an address of their own for what they answer; "" is the contact mailbox
    organizer: str = ""  #: the same for their calendar, in every letter to them; "" is the contact mailbox
