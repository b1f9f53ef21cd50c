"""Stage 2: signed tokens for links and mail addresses of our own: confirm, unsubscribe, preferences, VERP.

In: a secret, a purpose, and the ids that the link stands for. Out: a token that says nothing to who reads it, cannot
be made without the secret, and serves no other purpose. No address is ever in it.

    token = base32( key id · ids as varints · HMAC-SHA256 truncated to 128 bits )

Lower-case base32 without padding (RFC 4648 §6): it survives where letter case is lost, and may stand in the local part
of a mail address. The key id is one byte derived from the secret, so that the right one of several secrets is found.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable

_MAC_BYTES = 16


def make_token(secret: bytes, purpose: str, *ids: int) -> str:
    """Sign the ids for one purpose ("unsubscribe").

    `secret` is 32 random bytes from the settings; ids are 0 or more, and ValueError is raised for others.
    """
    payload = _key_id(secret) + b"".join(map(_varint, ids))
    return _base32(payload + _mac(secret, purpose, payload))


def read_token(secret: bytes | Iterable[bytes], purpose: str, token: str) -> tuple[int, ...] | None:
    """The ids of a token that was made with this secret for this purpose, in either letter case; else None.

    After a rotation, give the secrets as a sequence: the current one first, then those whose links still hold.
    """
    raw = _bytes_of(token)
    if raw is None or len(raw) < 1 + _MAC_BYTES:
        return None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    for key in [secret] if isinstance(secret, bytes) else secret:
        if payload[:1] == _key_id(key) and hmac.compare_digest(mac, _mac(key, purpose, payload)):
            return _ids(payload[1:])
    return None


def _key_id(secret: bytes) -> bytes:
    return hmac.digest(secret, b"newsletter link key id", "sha256")[:1]


def _mac(secret: bytes, purpose: str, payload: bytes) -> bytes:
    # The purpose is hashed to a fixed length, so that no purpose and payload together spell another pair.
    purpose_bound = hmac.digest(secret, b"newsletter link purpose " + purpose.encode(), "sha256")
    return hmac.digest(purpose_bound, payload, "sha256")[:_MAC_BYTES]


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def _bytes_of(token: str) -> bytes | None:
    # Some letters beyond ASCII become ASCII in another case (the Kelvin sign), and the last character of base32 has
    # bits to spare: only the one spelling that we write is a token.
    if not token.isascii():
        return None
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    return raw if _base32(raw) == token.lower() else None


def _varint(number: int) -> bytes:
    if number < 0:
        raise ValueError(f"an id in a link is 0 or more, not {number}")
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _ids(payload: bytes) -> tuple[int, ...]:
    ids: list[int] = []
    number = shift = 0
    for byte in payload:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            ids.append(number)
            number = shift = 0
    return tuple(ids)
