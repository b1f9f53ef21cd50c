"""Stage 4: the address that a personal invitation asks its answer to: ORGANIZER, one for each person.

In: the mailbox for replies, the key of the store, and who is invited. Out: an address that says, to us alone, who that
is. Pure.

Calendars answer to the ORGANIZER (RFC 5546 §3.2.3), and take an update or a cancellation only from the one who invited
them. So the token in it is of the person, and not of the letter: it is the same in every letter that they get.
"""

from collections.abc import Iterable

from newsletter.errors import SettingsError
from newsletter.outbox.envelope import read_plus
from newsletter.subscribers.links import make_token

ORGANIZER = "organizer"


def organizer(reply_address: str, secret: bytes, subscriber_id: int) -> str:
    """`box+token@domain`; "" where no mailbox for replies is set: the contact mailbox of the series invites then.

    Raises:
        SettingsError: the mailbox is no address.
    """
    if not reply_address:
        return ""
    box, at, domain = reply_address.rpartition("@")
    if not at or not box or not domain:
        raise SettingsError(f"NEWSLETTER_MAIL__REPLY_ADDRESS is “{reply_address}”; write it as name@example.nl")
    return f"{box}+{make_token(secret, ORGANIZER, subscriber_id)}@{domain}"


def read_organizer(addresses: Iterable[str], secret: bytes) -> int | None:
    """The subscriber that one of these addresses stands for; None if we made none of them (letter case may be lost)."""
    found = (read_plus(address, secret, ORGANIZER) for address in addresses)
    return next((subscriber_id for subscriber_id in found if subscriber_id is not None), None)
