"""Stage 4: the envelope of a delivery: its envelope sender and its Message-ID.

In: ids, and the key of the store. Out: addresses that say, to us alone, which delivery they belong to. Pure.
"""

import re
from typing import Final

from newsletter.errors import SettingsError
from newsletter.subscribers.links import make_token, read_token

VERP = "bounce"
MESSAGE = "message-id"
UNSUBSCRIBE = "unsubscribe"
REPLY = "reply"
FORWARD = "forward"
#: What stands behind a plus in a local part, to its end or to what a gateway has put behind it (BATV, SRS, VERP).
_PLUS: Final = re.compile(r"\+([0-9a-f]{32,80})(?=[=/]|$)", re.I)


def envelope_sender(bounce_address: str, sender: str, secret: bytes, delivery_id: int) -> str:
    """The address that bounces go to: `box+token@domain` where a bounce mailbox is set, else the From address."""
    if not bounce_address:
        return sender
    return _plus(bounce_address, "BOUNCE_ADDRESS", make_token(secret, VERP, delivery_id))


def reply_to(reply_address: str, contact: str, secret: bytes, delivery_id: int) -> str:
    """The address that replies go to: `box+token@domain` where a reply mailbox is set, else the contact mailbox."""
    if not reply_address:
        return contact
    return _plus(reply_address, "REPLY_ADDRESS", make_token(secret, REPLY, delivery_id))


def read_plus(address: str, secret: bytes, purpose: str) -> int | None:
    """The id in the token of `box+token@domain`, if we made it for this purpose.

    The letter case may be lost on the way, and gateways put tags of their own around a local part: BATV
    (`prvs=tag=box+token`), SRS (`SRS0=hash=time=domain=box+token`), mailing lists (`list+box+token=domain`).
    """
    for found in _PLUS.finditer(address.rpartition("@")[0]):
        ids = read_token(secret, purpose, found[1])
        if ids is not None and len(ids) == 1:
            return ids[0]
    return None


def read_envelope_sender(address: str, secret: bytes) -> int | None:
    """The delivery that a bounce to `address` is about; None if we did not make it."""
    return read_plus(address, secret, VERP)


def message_id(secret: bytes, delivery_id: int, domain: str) -> str:
    """Derived from the delivery, so that every attempt carries the same (RFC 5322 §3.6.4); without angle brackets."""
    return f"{make_token(secret, MESSAGE, delivery_id)}@{domain}"


def unsubscribe_uris(public_url: str, contact: str, secret: bytes, subscriber_id: int, list_id: int) -> tuple[str, ...]:
    """Ways to leave, https first, then mailto (RFC 2369 §3.2); no address of the subscriber stands in them."""
    token = make_token(secret, UNSUBSCRIBE, subscriber_id, list_id)
    by_mail = f"mailto:{contact}?subject=unsubscribe%20{token}"
    return (f"{public_url}/u/{token}", by_mail) if public_url else (by_mail,)


def _plus(address: str, setting: str, token: str) -> str:
    box, at, domain = address.rpartition("@")
    if not at or not box or not domain:
        raise SettingsError(f"NEWSLETTER_MAIL__{setting} is “{address}”; write it as name@example.nl")
    return f"{box}+{token}@{domain}"
