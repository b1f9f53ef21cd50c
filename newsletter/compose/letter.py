"""Stage 3: mailing -> letter.

In: a composed `Mailing`, once; then one `Recipient` after another. Out: the bytes of a letter, ready for the wire:
CRLF, 7 bit, no line of the body over 76. All that is the same for everybody is encoded when the letter is compiled.
"""

import base64
import hashlib
import re
from collections.abc import Mapping

from newsletter.compose.headers import (
    date_field,
    list_id_field,
    mailbox_field,
    text_field,
    token_field,
    uri_field,
)
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.compose.wire import Compiled, quoted_printable

TEST_MARK = "[TEST] "


class Letter:
    """A mailing compiled for addressing."""

    def __init__(self, mailing: Mailing) -> None:
        """Compile.

        Raises:
            TemplateError: a placeholder of the mailing cannot be read.
            HeaderError: a name or subject of the mailing cannot stand in a header.
        """
        self.mailing = mailing
        self.domain = mailing.sender.address.rpartition("@")[2]  #: of Message-ID and List-Id
        self._subject = (
            Compiled(mailing.subject, html=False, wire=False, place="subject.txt")
            if PLACEHOLDER.search(mailing.subject)
            else None
        )
        self._text = Compiled(mailing.text, html=False, place="letter.txt")
        self._html = Compiled(mailing.html, html=True, place="letter.html")
        # "=_" cannot occur in quoted-printable or base64, so no body can hold a boundary (RFC 2045 §6.7 note).
        mark = hashlib.sha256(f"{mailing.slug}\n{mailing.subject}".encode()).hexdigest()[:24]
        self._alternative, self._mixed = f"=_alternative_{mark}", f"=_mixed_{mark}"
        self._fixed = self._fixed_fields()
        self._fixed_subject = "" if self._subject else text_field("Subject", mailing.subject)
        self._calendar = self._calendar_part()

    def address(self, recipient: Recipient) -> bytes:
        """The letter of one recipient.

        Raises:
            PlaceholderError: the recipient has no value for a placeholder.
            HeaderError: the name or address of the recipient cannot stand in a header.
        """
        context = _context(recipient)
        fields = [
            self._fixed,
            mailbox_field("To", recipient.name, recipient.address),
            self._subject_field(recipient, context),
            date_field(recipient.date),
            token_field("Message-ID", f"<{recipient.message_id}>"),
        ]
        if recipient.unsubscribe:
            fields.append(uri_field("List-Unsubscribe", recipient.unsubscribe))
        text = self._text.render(context, recipient=recipient.id)
        html = self._html.render(context, recipient=recipient.id)
        return "".join([*fields, *self._body(text, html)]).encode("ascii")

    def plain(self, recipient: Recipient) -> tuple[str, str, str]:
        """Subject, html and text of one recipient, not encoded: for the preview and as the oracle of tests."""
        context, mailing = _context(recipient), self.mailing
        texts = ((mailing.subject, False), (mailing.html, True), (mailing.text, False))
        subject, html, text = (
            Compiled(source, html=is_html, wire=False).render(context, recipient=recipient.id)
            for source, is_html in texts
        )
        return _marked(subject, recipient), html, text

    def _subject_field(self, recipient: Recipient, context: Mapping[str, object]) -> str:
        if self._subject is None and not recipient.test:
            return self._fixed_subject
        subject = self.mailing.subject
        if self._subject is not None:
            subject = self._subject.render(context, recipient=recipient.id)
        return text_field("Subject", _marked(subject, recipient))

    def _fixed_fields(self) -> str:
        mailing, domain = self.mailing, self.domain
        # Feedback-ID: campaign, list and type say nothing of the recipient; the last part is the stable sender id.
        sender_id = re.sub(r"[^a-z0-9]", "", domain.lower())[:15].ljust(5, "0")
        campaign = mailing.slug.replace("/", ".")
        return "".join(
            [
                mailbox_field("From", mailing.sender.name, mailing.sender.address),
                mailbox_field("Reply-To", "", mailing.contact),
                list_id_field(mailing.series_name, f"{mailing.series}.lists.{domain}"),
                uri_field("List-Owner", [f"mailto:{mailing.contact}"]),
                uri_field("List-Help", [f"mailto:{mailing.contact}?subject=help"]),
                token_field("List-Post", "NO"),
                token_field("Precedence", "bulk"),
                token_field("Auto-Submitted", "auto-generated"),
                # OOF and AutoReply only: "All" would also suppress the non-delivery reports that we need.
                token_field("X-Auto-Response-Suppress", "OOF, AutoReply"),
                token_field("Feedback-ID", f"{campaign}:{mailing.series}:{mailing.template}:{sender_id}"),
                token_field("Content-Language", mailing.language),
                token_field("MIME-Version", "1.0"),
                self._multipart(),
            ]
        )

    def _multipart(self) -> str:
        if self.mailing.calendar:
            return f'Content-Type: multipart/mixed;\r\n boundary="{self._mixed}"\r\n'
        return f'Content-Type: multipart/alternative;\r\n boundary="{self._alternative}"\r\n'

    def _body(self, text: str, html: str) -> list[str]:
        """Plain before html (RFC 2046 §5.1.4: the richest last), then the calendar where there is one."""
        start, end = "", ""
        if self.mailing.calendar:
            start = (
                f'\r\n--{self._mixed}\r\nContent-Type: multipart/alternative;\r\n boundary="{self._alternative}"\r\n'
            )
            end = self._attachment()
        language = f"Content-Language: {self.mailing.language}\r\n"
        return [
            start,
            f"\r\n--{self._alternative}\r\n{_text_part('text/plain')}{language}\r\n",
            text,
            f"\r\n--{self._alternative}\r\n{_text_part('text/html')}{language}\r\n",
            html,
            self._calendar,
            f"\r\n--{self._alternative}--\r\n",
            end,
        ]

    def _calendar_part(self) -> str:
        """Outlook looks for it in the first child of multipart/mixed only; Gmail needs the method parameter."""
        if not self.mailing.calendar:
            return ""
        return f"\r\n--{self._alternative}\r\n{_text_part('text/calendar', '; method=PUBLISH')}\r\n" + quoted_printable(
            self.mailing.calendar
        )

    def _attachment(self) -> str:
        encoded = base64.encodebytes(self.mailing.calendar.encode()).decode("ascii").replace("\n", "\r\n")
        return (
            f'\r\n--{self._mixed}\r\nContent-Type: application/ics; name="invite.ics"\r\n'
            'Content-Disposition: attachment; filename="invite.ics"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--{self._mixed}--\r\n"
        )


def _text_part(content_type: str, parameters: str = "") -> str:
    return f"Content-Type: {content_type}; charset=utf-8{parameters}\r\nContent-Transfer-Encoding: quoted-printable\r\n"


def _marked(subject: str, recipient: Recipient) -> str:
    return f"{TEST_MARK}{subject}" if recipient.test else subject


def _context(recipient: Recipient) -> Mapping[str, object]:
    person = {**recipient.attributes, "name": recipient.name, "address": recipient.address}
    return {
        "subscriber": person,
        "links": {"unsubscribe": recipient.unsubscribe[0] if recipient.unsubscribe else ""},
    }
