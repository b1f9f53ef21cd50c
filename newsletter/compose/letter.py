"""Stage 3: mailing -> letter.

In: a composed `Mailing`, once; then one `Recipient` after another. Out: the bytes of a letter, ready for the wire:
CRLF, 7 bit, no line of the body over 76, no line that begins with a dot. Beyond ASCII is nothing but the local part of
an address in To, where the recipient's is (RFC 6532). All that is the same for everybody is encoded
when the letter is compiled; addressing it joins that with what is the recipient's own.
"""

import re

from newsletter.compose.blanks import Values
from newsletter.compose.headers import (
    date_field,
    list_id_field,
    mailbox_field,
    recipient_field,
    text_field,
    token_field,
    uri_field,
)
from newsletter.compose.invitation import Invitation
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.compose.structure import structure
from newsletter.compose.wire import Compiled

TEST_MARK = "[TEST] "
ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


class Letter:
    """A mailing compiled for addressing."""

    def __init__(self, mailing: Mailing, *, one_click: bool = False) -> None:
        """Compile.

        Args:
            mailing: composed.
            one_click: readers may offer to unsubscribe with one click (RFC 8058). Only where a DKIM signature will
                cover both fields of it (§4), and only for recipients who have an https URI to post to (§3.1).

        Raises:
            TemplateError: a placeholder of the mailing cannot be read, or its inline images do not fit its html.
            HeaderError: a name or subject of the mailing cannot stand in a header.
        """
        self.mailing = mailing
        self.domain = mailing.sender.address.rpartition("@")[2]  #: of Message-ID and List-Id
        self._one_click = one_click
        self._subject = (
            Compiled(mailing.subject, html=False, wire=False, place="subject.txt")
            if PLACEHOLDER.search(mailing.subject)
            else None
        )
        self._text = Compiled(mailing.text, html=False, place="letter.txt")
        self._html = Compiled(mailing.html, html=True, place="letter.html")
        self._fixed = self._fixed_fields(mailbox_field("Reply-To", "", mailing.contact))
        self._fixed_but_reply_to = self._fixed_fields("")
        self._fixed_subject = "" if self._subject else text_field("Subject", mailing.subject)
        self._invitation = Invitation.read(mailing.calendar)
        self._structure = structure(mailing, personal_calendar=self._invitation is not None)

    @property
    def is_plain(self) -> bool:
        """Whether it holds values, defaults and conditions only: then it can be made for all whose values are alike."""
        texts = (self._text, self._html, self._subject)
        return all(text is None or text.is_plain for text in texts)

    @property
    def is_personal(self) -> bool:
        """Whether its calendar part is a personal invitation."""
        return self._invitation is not None

    def address(self, recipient: Recipient) -> bytes:
        """The letter of one recipient.

        Raises:
            PlaceholderError: the recipient has no value for a placeholder.
            HeaderError: the name or address of the recipient cannot stand in a header.
        """
        values, around = _values(recipient), self._structure
        asks = recipient.reply_to
        pieces = [
            self._fixed_but_reply_to if asks else self._fixed,
            recipient_field(recipient.name, recipient.address),
            mailbox_field("Reply-To", "", asks) if asks else "",
            self._subject_field(recipient, values),
            date_field(recipient.date),
            token_field("Message-ID", f"<{recipient.message_id}>"),
            self._unsubscribe_fields(recipient),
            around.before_text,
            *self._text.pieces(values, recipient=recipient.id),
            around.before_html,
            *self._html.pieces(values, recipient=recipient.id),
            around.after_html,
        ]
        if self._invitation is not None:
            calendar, file = self._invitation.wire(recipient.name, recipient.address, recipient.organizer)
            pieces += [calendar, around.before_file, file, around.after_file]
        return "".join(pieces).encode("ascii" if recipient.address.isascii() else "utf-8")

    def plain(self, recipient: Recipient) -> tuple[str, str, str]:
        """Subject, html and text of one recipient, not encoded: for the preview and as the oracle of tests."""
        values, mailing = _values(recipient), self.mailing
        texts = ((mailing.subject, False), (mailing.html, True), (mailing.text, False))
        subject, html, text = (
            Compiled(source, html=is_html, wire=False).render(values, recipient=recipient.id)
            for source, is_html in texts
        )
        return _marked(subject, recipient), html, text

    def calendar(self, recipient: Recipient) -> str:
        """The calendar of one recipient, not encoded, as it stands in their letter twice; "" where there is none.

        Raises:
            HeaderError: the name or address of the recipient cannot stand in it.
        """
        if self._invitation is None:
            return self.mailing.calendar
        return self._invitation.text(recipient.name, recipient.address, recipient.organizer)

    def _subject_field(self, recipient: Recipient, values: Values) -> str:
        if self._subject is None and not recipient.test:
            return self._fixed_subject
        subject = self.mailing.subject
        if self._subject is not None:
            subject = self._subject.render(values, recipient=recipient.id)
        return text_field("Subject", _marked(subject, recipient))

    def _unsubscribe_fields(self, recipient: Recipient) -> str:
        ways = recipient.unsubscribe
        if not ways:
            return ""
        one_click = self._one_click and any(uri.lower().startswith("https://") for uri in ways)
        return uri_field("List-Unsubscribe", ways) + (ONE_CLICK if one_click else "")

    def _fixed_fields(self, reply_to: str) -> str:
        mailing, domain = self.mailing, self.domain
        # Feedback-ID: campaign, list and type say nothing of the recipient; the last part is the stable sender id.
        sender_id = re.sub(r"[^a-z0-9]", "", domain.lower())[:15].ljust(5, "0")
        campaign = mailing.slug.replace("/", ".")
        return "".join(
            [
                mailbox_field("From", mailing.sender.name, mailing.sender.address),
                reply_to,
                list_id_field(mailing.series_name, mailing.list_id or f"{mailing.series}.lists.{domain}"),
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
            ]
        )


def _marked(subject: str, recipient: Recipient) -> str:
    return f"{TEST_MARK}{subject}" if recipient.test else subject


def _values(recipient: Recipient) -> Values:
    ways = recipient.unsubscribe
    person = {**recipient.attributes, "name": recipient.name, "address": recipient.address}
    return {"subscriber": person, "links": {"unsubscribe": ways[0] if ways else ""}}
