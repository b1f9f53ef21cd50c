"""Stage 4: the envelope of a delivery: its envelope sender and its Message-ID.

In: ids, and the key of the store. Out: addresses that say, to us alone, which delivery they belong to. Pure.
"""

from newsletter.errors import SettingsError
from newsletter.subscribers.links import make_token, read_token

VERP = "bounce"
MESSAGE = "message-id"
UNSUBSCRIBE = "unsubscribe"


def envelope_sender(bounce_address: str, sender: str, secret: bytes, delivery_id: int) -> str:
    """The address that bounces go to: `box+token@domain` where a bounce mailbox is set, else the From address."""
    if not bounce_address:
        return sender
    box, at, domain = bounce_address.rpartition("@")
    if not at or not box or not domain:
        raise SettingsError(f"NEWSLETTER_MAIL__BOUNCE_ADDRESS is “{bounce_address}”; write it as name@example.nl")
    return f"{box}+{make_token(secret, VERP, delivery_id)}@{domain}"


def read_envelope_sender(address: str, secret: bytes) -> int | None:
    """The delivery that a bounce to `address` is about; None if we did not make it (the letter case may be lost)."""
    token = address.rpartition("@")[0].rpartition("+")[2]
    ids = read_token(secret, VERP, token)
    return ids[0] if ids is not None and len(ids) == 1 else None


def message_id(secret: bytes, delivery_id: int, domain: str) -> str:
    """Derived from the delivery, so that every attempt carries the same (RFC 5322 §3.6.4); without angle brackets."""
    return f"{make_token(secret, MESSAGE, delivery_id)}@{domain}"


def unsubscribe_uris(public_url: str, contact: str, secret: bytes, subscriber_id: int, list_id: int) -> tuple[str, ...]:
    """Ways to leave, https first, then mailto (RFC 2369 §3.2); no address of the subscriber stands in them."""
    token = make_token(secret, UNSUBSCRIBE, subscriber_id, list_id)
    by_mail = f"mailto:{contact}?subject=unsubscribe%20{token}"
    return (f"{public_url}/u/{token}", by_mail) if public_url else (by_mail,)
