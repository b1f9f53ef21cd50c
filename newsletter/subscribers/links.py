"""Stage 2: signed tokens for links and mail addresses of our own: confirm, unsubscribe, preferences, VERP.

In: a secret, a purpose, and the ids that the link stands for. Out: a token that says nothing to who reads it, cannot
be made without the secret, and serves no other purpose. No address is ever in it.

    token = hexadecimal( key id · ids as varints · keyed BLAKE2b of 112 bits )

Hexadecimal survives where letter case is lost, and may stand in the local part of a mail address. Three tokens are made
for each letter; this pair of hash and spelling takes a third of the time of HMAC-SHA256 in base32 (RFC 7693 §2.9). The
key id is one byte derived from the secret, so that the right one of several secrets is found.
"""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

_MAC_BYTES = 14
_BYTES = [bytes([byte]) for byte in range(256)]


def make_token(secret: bytes, purpose: str, *ids: int) -> str:
    """Sign the ids for one purpose ("unsubscribe").

    `secret` is 32 random bytes from the settings; ids are 0 or more, and ValueError is raised for others.
    """
    payload, mac = _signer(secret, purpose)
    for number in ids:
        payload += _varint(number)
    mac = mac.copy()
    mac.update(payload)
    return (payload + mac.digest()).hex()


def read_token(secret: bytes | Iterable[bytes], purpose: str, token: str) -> tuple[int, ...] | None:
    """The ids of a token that was made with this secret for this purpose, in either letter case; else None.

    After a rotation, give the secrets as a sequence: the current one first, then those whose links still hold.
    """
    raw = _bytes_of(token)
    if raw is None or len(raw) < 1 + _MAC_BYTES:
        return None
    payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    for key in [secret] if isinstance(secret, bytes) else secret:
        key_id, expected = _signer(key, purpose)
        expected = expected.copy()
        expected.update(payload)
        if payload[:1] == key_id and hmac.compare_digest(mac, expected.digest()):
            return _ids(payload[1:])
    return None


def claimed_ids(token: str) -> tuple[int, ...]:
    """The ids that a token names, whoever made it: to show, never to act upon; nothing where it is no token."""
    raw = _bytes_of(token)
    return _ids(raw[1:-_MAC_BYTES]) if raw is not None and len(raw) > _MAC_BYTES else ()


@lru_cache(maxsize=64)
def _signer(secret: bytes, purpose: str) -> "tuple[bytes, hashlib.blake2b]":
    """The id of the key, and the hash of one purpose, to be copied: taking the key in is half of the work.

    The key of a purpose has a fixed length, so that no purpose and payload together spell another pair.
    """
    key_id = hmac.digest(secret, b"newsletter link key id", "sha256")[:1]
    key = hmac.digest(secret, b"newsletter link purpose " + purpose.encode(), "sha256")
    return key_id, hashlib.blake2b(digest_size=_MAC_BYTES, key=key)


def _bytes_of(token: str) -> bytes | None:
    # Only the one spelling that we write is a token; Python also reads hexadecimal with spaces in it.
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        return None
    return raw if raw.hex() == token.lower() else None


def _varint(number: int) -> bytes:
    if number < 0:
        raise ValueError(f"an id in a link is 0 or more, not {number}")
    groups = b""
    while number > 0x7F:
        groups += _BYTES[number & 0x7F | 0x80]
        number >>= 7
    return groups + _BYTES[number]


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
