"""Messages as they come back: reports, complaints and mails of people, made after their standards; all invented."""

from datetime import UTC, datetime

from newsletter.inbound.incoming import Incoming
from newsletter.outbox.envelope import envelope_sender, message_id, reply_to, unsubscribe_uris

SECRET = b"k" * 32
BOX, ANSWERS, CONTACT = "bounces@nieuwsbrief.example.nl", "antwoord@nieuwsbrief.example.nl", "vragen@example.nl"
SENDER = "kennisdagen@nieuwsbrief.example.nl"
AT = datetime(2026, 4, 21, 9, 0, tzinfo=UTC)


def bounce_to(delivery_id: int, secret: bytes = SECRET) -> str:
    """The envelope sender of a letter."""
    return envelope_sender(BOX, SENDER, secret, delivery_id)


def id_of(delivery_id: int, secret: bytes = SECRET) -> str:
    """The Message-ID of a letter."""
    return message_id(secret, delivery_id, "nieuwsbrief.example.nl")


def answer_to(delivery_id: int, secret: bytes = SECRET) -> str:
    return reply_to(ANSWERS, CONTACT, secret, delivery_id)


def link_of(subscriber_id: int, list_id: int, secret: bytes = SECRET) -> str:
    """The token of an unsubscribe link."""
    [uri] = unsubscribe_uris("", CONTACT, secret, subscriber_id, list_id)
    return uri.rpartition("%20")[2]


def letter_head(*, to: str, returned: str = "", link: str = "", path: str = "") -> str:
    """The header of a letter of ours, as reports return it."""
    lines = [f"From: Kennisdagen <{SENDER}>", f"To: {to}", "Subject: Kennisdag"]
    lines += [f"Return-Path: <{path}>"] if path else []
    lines += [f"Message-ID: <{returned}>"] if returned else []
    lines += [f"List-Unsubscribe: <mailto:{CONTACT}?subject=unsubscribe%20{link}>"] if link else []
    return "\r\n".join([*lines, "Feedback-ID: kennisdag.reminder:kennisdagen:reminder:nieuwsbriefexam"])


def dsn(
    *,
    to: str,
    recipient: str,
    said: str = "550 5.1.1 <x>: Recipient address rejected: User unknown",
    status: str = "5.1.1",
    action: str = "failed",
    original: str = "",
    returned: str = "",
    path: str = "",
    number: int = 0,
) -> bytes:
    """A delivery status notification (RFC 3464) as Postfix writes it; `returned` is the Message-ID of the letter."""
    first = f"Original-Recipient: rfc822;{original}\r\n" if original else ""
    named = f"{first}Final-Recipient: rfc822; {recipient}\r\n" if recipient else ""
    words = f"<{recipient}>: host mx.example.org said: {said}" if recipient else "Your message was not delivered."
    return (
        "Return-Path: <>\r\n"
        f"Date: Tue, 21 Apr 2026 11:00:{number % 60:02} +0200\r\n"
        "From: MAILER-DAEMON@mx.example.org (Mail Delivery System)\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nTo: {to}\r\n"
        f"Message-ID: <report-{number}@mx.example.org>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="grens"\r\n\r\n'
        f"--grens\r\nContent-Type: text/plain\r\n\r\n{words}\r\n\r\n"
        "--grens\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"{named}Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {said}\r\n\r\n"
        "--grens\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"{letter_head(to=recipient, returned=returned, path=path)}\r\n\r\n--grens--\r\n"
    ).encode()


def arf(*, recipient: str = "", returned: str = "", link: str = "", path: str = "", kind: str = "abuse") -> bytes:
    """A complaint (RFC 5965); without a recipient as the programme of Microsoft sends it, with one as Yahoo's."""
    named = f"Original-Rcpt-To: {recipient}\r\n" if recipient else ""
    return (
        "From: feedback@provider.example.com\r\nTo: fbl@example.nl\r\n"
        "Subject: complaint about message from 192.0.2.1\r\nDate: Tue, 21 Apr 2026 11:00:00 +0200\r\n"
        f"Message-ID: <{returned[:9]}{link[-9:]}{kind}@provider.example.com>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="grens"\r\n\r\n'
        "--grens\r\nContent-Type: text/plain\r\n\r\nThis is a complaint.\r\n\r\n"
        f"--grens\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: {kind}\r\nVersion: 1\r\n{named}"
        "User-Agent: Provider/1\r\n\r\n--grens\r\nContent-Type: message/rfc822\r\n\r\n"
        f"{letter_head(to='redacted', returned=returned, link=link, path=path)}\r\n\r\n\r\n--grens--\r\n"
    ).encode()


def mail(
    text: str,
    *,
    author: str = "person-0@example.nl",
    to: str = CONTACT,
    subject: str = "Re: Kennisdag",
    answers: str = "",
    number: int = 0,
    more: str = "",
) -> bytes:
    """What a program of a person writes; `answers` is the Message-ID that it answers, `more` further fields."""
    thread = f"In-Reply-To: <{answers}>\r\nReferences: <{answers}>\r\n" if answers else ""
    return (
        f"From: Persoon <{author}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Tue, 21 Apr 2026 11:00:00 +0200\r\n"
        f"Message-ID: <mail-{number}@mail.example.nl>\r\n{thread}{more}MIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n"
    ).encode()


def incoming(
    raw: bytes, key: str = "1", *, to: tuple[str, ...] = (), at: datetime = AT, source: str = "map"
) -> Incoming:
    return Incoming(source=source, key=key, raw=raw, received_at=at, envelope_to=to, address=BOX)
