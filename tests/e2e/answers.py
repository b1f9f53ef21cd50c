"""What people and their mail programs send back, made from the letter that they got.

In: a letter, as its mailbox keeps it. Out: who to write to, and the bytes of the message.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from icalendar import Calendar, vDatetime

from newsletter.compose.dkim import Signer
from newsletter.compose.dkim_keys import Key, KeyType, new_key

#: The mail server of who answers signs (RFC 6376); `key_in_dns` is what it publishes.
KEY: Key = new_key("example.org", "post", KeyType.RSA)


@dataclass(frozen=True)
class Answer:
    sender: str
    recipients: tuple[str, ...]
    message: bytes


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def key_in_dns(name: bytes, timeout: float = 0) -> bytes | None:
    """For dkimpy: the one record that there is."""
    return KEY.record.value.encode() if name.decode().rstrip(".") == KEY.record.name else None


def page_to_leave(letter: EmailMessage) -> str:
    """The https address of List-Unsubscribe (RFC 8058 §3.1)."""
    return next(uri for uri in _ways_to_leave(letter) if uri.startswith("https:"))


def leaving_by_mail(raw: bytes) -> Answer:
    """What a mail program sends at a click on “unsubscribe” (RFC 6068): the fields of the mailto, and no text."""
    letter = read(raw)
    uri = urlsplit(next(uri for uri in _ways_to_leave(letter) if uri.startswith("mailto:")))
    message = _from_recipient(letter, unquote(uri.path), parse_qs(uri.query)["subject"][0])
    message.set_content("")
    return _answer(message)


def reply(raw: bytes, text: str) -> Answer:
    """A person's reply, with the letter quoted below it as Outlook does, signed by the mail server that sent it."""
    letter = read(raw)
    message = _from_recipient(letter, _reply_address(letter), f"Re: {letter['Subject']}")
    _in_thread(message, letter)
    plain = letter.get_body(("plain",))
    assert plain is not None
    quoted = (
        f"Van: {letter['From']}\nVerzonden: {letter['Date']}\nOnderwerp: {letter['Subject']}\n\n{plain.get_content()}"
    )
    message.set_content(f"{text}\n\n________________________________\n{quoted}", cte="quoted-printable")
    return _answer(message)


def answer_to_all(raw: bytes, sender: str, text: str) -> Answer:
    """What somebody writes back to a message that was sent on to `sender`, with who it was sent to in Cc."""
    asked = read(raw)
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = asked["From"]
    message["Cc"] = asked["To"]
    message["Subject"] = asked["Subject"]
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain="example.nl")
    _in_thread(message, asked)
    message.set_content(text)
    recipients = (parseaddr(message[name])[1] for name in ("To", "Cc"))
    return Answer(sender, tuple(recipients), message.as_bytes())


def calendar_answer(raw: bytes, partstat: str) -> Answer:
    """What a calendar sends when its owner answers an invitation (RFC 5546 §3.2.3, RFC 6047 §2)."""
    letter = read(raw)
    [part] = [one for one in letter.walk() if one.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REQUEST"
    calendar = Calendar.from_ical(part.get_content())
    event: Any = calendar.walk("VEVENT")[0]
    calendar["METHOD"] = "REPLY"
    event["ATTENDEE"].params["PARTSTAT"] = partstat
    event["DTSTAMP"] = vDatetime(datetime.now(UTC))
    organizer = str(event["ORGANIZER"]).partition(":")[2]
    verb = {"ACCEPTED": "Geaccepteerd", "DECLINED": "Geweigerd", "TENTATIVE": "Voorlopig"}[partstat]
    message = _from_recipient(letter, organizer, f"{verb}: {letter['Subject']}")
    message.set_content("")
    message.add_alternative(
        calendar.to_ical(),
        maintype="text",
        subtype="calendar",
        params={"method": "REPLY", "charset": "UTF-8"},
        cte="base64",
    )
    return _answer(message)


def _ways_to_leave(letter: EmailMessage) -> list[str]:
    return re.findall(r"<([^<>]*)>", re.sub(r"\s", "", letter["List-Unsubscribe"]))


def _reply_address(letter: EmailMessage) -> str:
    return parseaddr(letter["Reply-To"])[1]


def _from_recipient(letter: EmailMessage, recipient: str, subject: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = letter["To"]
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=parseaddr(letter["To"])[1].partition("@")[2])
    return message


def _in_thread(message: EmailMessage, letter: EmailMessage) -> None:
    message["In-Reply-To"] = letter["Message-ID"]
    message["References"] = f"{letter['References'] or ''} {letter['Message-ID']}".strip()


def _answer(message: EmailMessage) -> Answer:
    raw = Signer([KEY]).sign(message.as_bytes())
    return Answer(parseaddr(message["From"])[1], (parseaddr(message["To"])[1],), raw)
