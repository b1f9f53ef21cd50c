"""Whom a letter asks to be answered to: the contact mailbox, or an address of its own for each delivery."""

from email import message_from_bytes

import dkim  # type: ignore[import-untyped]

from newsletter.compose.dkim import Signer
from newsletter.compose.dkim_keys import KeyType, new_key
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from tests.world import NOW, mailing_content

TOKEN = f"antwoord+{'0a' * 20}@nieuwsbrief.example.nl"


def recipient(reply_to: str = "") -> Recipient:
    return Recipient("#1", "anna@example.org", "Anna", {}, "1@example.nl", (), NOW, reply_to=reply_to)


def test_without_a_reply_mailbox_answers_go_to_the_contact_mailbox() -> None:
    message = message_from_bytes(Letter(mailing_content()).address(recipient()))
    assert message.get_all("Reply-To") == ["vragen@example.nl"]


def test_with_a_reply_mailbox_they_go_to_an_address_of_the_delivery_and_nothing_else_changes() -> None:
    letter = Letter(mailing_content())
    plain, own = (message_from_bytes(letter.address(recipient(asks))) for asks in ("", TOKEN))
    assert own.get_all("Reply-To") == [TOKEN]
    del plain["Reply-To"], own["Reply-To"]
    assert plain.as_bytes() == own.as_bytes()


def test_an_address_of_the_delivery_is_covered_by_the_signature() -> None:
    key = new_key("nieuwsbrief.example.nl", "k1", KeyType.RSA)
    signed = Signer([key]).sign(Letter(mailing_content()).address(recipient(TOKEN)))

    def verifies(letter: bytes) -> bool:
        found: bool = dkim.verify(letter, dnsfunc=lambda _name, timeout=5: key.record.value.encode())
        return found

    assert verifies(signed)
    assert not verifies(signed.replace(b"antwoord+", b"ander+"))
    assert not verifies(b"Reply-To: ander@example.org\r\n" + signed)
