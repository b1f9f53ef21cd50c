"""Stage 3: letter -> signed letter (DKIM: RFC 6376, and RFC 8463 for ed25519).

In: the bytes of a letter as `Letter.address` gives them, and the keys of its From domain. Out: the same bytes with one
DKIM-Signature field per key in front.

c=relaxed/simple: relays refold header fields, so those are signed without regard to folding (§3.4.2). The body is
signed byte for byte (§3.4.3): it is 7 bit with lines of at most 76, so no relay has a reason to touch it, and hashing
it as it stands costs nothing beside SHA-256 itself.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from newsletter.compose.dkim_keys import Key, KeyType, a_labels, read_keys
from newsletter.errors import HeaderError

LINE = 76
FIELD_END = b"\r\n"
#: Fields of which nobody may add a second one: what a reader is shown, and what says how the letter is read (§8.15).
#: They stand in h= once more than in the letter, so that one that is added breaks the signature (§5.4.2).
SEALED = frozenset(
    [
        *(b"from", b"to", b"subject", b"date", b"message-id", b"reply-to"),
        *(b"mime-version", b"content-type", b"content-transfer-encoding"),
        *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"),
    ]
)
#: Fields of which a relay may add its own; those of ours are covered. All of List-* are too (§5.4.1, RFC 8058 §4).
COVERED = SEALED | {b"precedence", b"auto-submitted", b"feedback-id"}


class Signer:
    """Signs letters with the keys of one domain: one signature per key, RSA first."""

    def __init__(self, keys: Sequence[Key]) -> None:
        # RSA first, because readers that know no ed25519 may look at the first signature only.
        self.keys = tuple(sorted(keys, key=lambda key: (key.type is not KeyType.RSA, key.selector)))

    def sign(self, letter: bytes, *, at: datetime | None = None) -> bytes:
        """Return the letter with its signatures in front; `at` is told in t=, if it is given.

        Raises:
            HeaderError: it is no letter: it has no From, or no end of its header.
        """
        unsigned = self.digest(letter, at=at)
        return unsigned.signed(key.sign(digest) for key, digest in unsigned.digests)

    def digest(self, letter: bytes, *, at: datetime | None = None) -> "Unsigned":
        """All of the work but that of the private keys; raises as `sign` does."""
        end = letter.find(b"\r\n\r\n") + len(FIELD_END)
        names, covered = _header(letter[:end])
        if b"from" not in names:
            raise HeaderError(
                "a letter without From cannot be signed; it needs header fields, an empty line and a body"
            )
        stamp = b" t=%d;" % int(at.timestamp()) if at else b""
        hashes = b"%b bh=%b;" % (stamp, b64encode(_body_hash(letter, end + len(FIELD_END))))
        openings, digests = [], []
        for key in self.keys:
            opening = _opening(key.algorithm, key.domain, key.selector, names)
            # The signature covers its own field, with b= empty and without the CRLF after it (§3.7).
            digests.append((key, hashlib.sha256(b"%b%b%b b=" % (covered, opening.canonical, hashes)).digest()))
            openings.append(opening.wire + hashes)
        return Unsigned(letter, openings, digests)


class Unsigned(NamedTuple):
    """A letter whose signatures are still to be made."""

    letter: bytes
    openings: Sequence[bytes]  #: of its DKIM-Signature fields, up to their b=
    digests: Sequence[tuple[Key, bytes]]  #: what each key is to sign (SHA-256)

    def signed(self, signatures: Iterable[bytes]) -> bytes:
        """The letter with its signatures in front; they come in the order of `digests`."""
        parts: list[bytes] = []
        for opening, signature in zip(self.openings, signatures, strict=True):
            parts += [opening, b"\r\n b=", _folded(b64encode(signature)), FIELD_END]
        return b"".join([*parts, self.letter])


def load_keys(folder: Path) -> Mapping[str, Signer]:
    """The signers by From domain (lower case, A-labels), from `<folder>/<domain>/<selector>.pem`.

    A folder that is not there holds no keys, and nothing is signed.

    Raises:
        SettingsError: a key cannot be used, or others can read it.
    """
    return {domain: Signer(keys) for domain, keys in read_keys(folder).items()}


def signer_for(signers: Mapping[str, Signer], domain: str) -> Signer | None:
    """Who signs letters from this domain: its own signer, or that of the nearest domain above it.

    A signature of the domain above is aligned with the From where DMARC is relaxed, as it is unless somebody asked
    for strict (RFC 9989: adkim).
    """
    try:
        labels = a_labels(domain).split(".")
    except UnicodeError:
        return None
    names = (".".join(labels[level:]) for level in range(len(labels)))
    return next((signers[name] for name in names if name in signers), None)


class _Fields(NamedTuple):
    names: tuple[bytes, ...]  #: of the covered fields, bottom-up, as h= counts fields of the same name (§5.4.2)
    canonical: bytes  #: these fields in the relaxed form, in that order


def _header(header: bytes) -> _Fields:
    """The covered fields of a header.

    A letter's fields down to To are those of its mailing, the same for everybody: they are read once.
    """
    own = header.find(b"\r\nTo:") + len(FIELD_END)
    if own < len(FIELD_END):
        return _read(header)
    shared, personal = _read_shared(header[:own]), _read(header[own:])
    return _Fields(personal.names + shared.names, personal.canonical + shared.canonical)


def _read(fields: bytes) -> _Fields:
    names, canonical = [], []
    for line in reversed(_relaxed(fields).split(FIELD_END)):
        name, _, value = line.partition(b":")
        name = name.rstrip().lower()
        if name in COVERED or name.startswith(b"list-"):
            names.append(name)
            canonical.append(b"%b:%b\r\n" % (name, value.strip(b" \t")))
    return _Fields(tuple(names), b"".join(canonical))


_read_shared = lru_cache(maxsize=32)(_read)


def _relaxed(fields: bytes) -> bytes:
    """Unfolded, and each run of white space one space (§3.4.2); the rest is the caller's."""
    unfolded = fields.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    if b"  " in unfolded or b"\t" in unfolded:
        return re.sub(rb"[ \t]+", b" ", unfolded)
    return unfolded


def _body_hash(letter: bytes, start: int) -> bytes:
    if letter.endswith(FIELD_END) and not letter.endswith(FIELD_END * 2):
        return hashlib.sha256(memoryview(letter)[start:]).digest()
    # The simple form ends in one CRLF, however many there are (§3.4.3); letters of ours are that already.
    body = letter[start:]
    while body.endswith(FIELD_END):
        body = body[: -len(FIELD_END)]
    return hashlib.sha256(body + FIELD_END).digest()


class _Opening(NamedTuple):
    """A DKIM-Signature field up to and with h=: the same for all letters with the same fields."""

    wire: bytes
    canonical: bytes


@lru_cache(maxsize=64)
def _opening(algorithm: str, domain: str, selector: str, names: tuple[bytes, ...]) -> _Opening:
    once_more = (name for name in dict.fromkeys(names) if name in SEALED)
    *most, last = (name.decode("ascii") for name in (*names, *once_more))
    words = [" v=1;", f" a={algorithm};", " c=relaxed/simple;", f" d={domain};", f" s={selector};"]
    listed = [f"{name}:" for name in most] + [f"{last};"]
    wire = _joined(["DKIM-Signature:", *words, f" h={listed[0]}", *listed[1:]]).encode("ascii")
    name, _, value = _relaxed(wire).partition(b":")
    return _Opening(wire + FIELD_END, b"%b:%b" % (name.lower(), value.strip()))


def _joined(words: Iterable[str]) -> str:
    """The words, folded before one that would pass the limit; white space may stand there (§3.5)."""
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) > LINE:
            lines.append(" " + word.lstrip())
        else:
            lines[-1] += word
    return "\r\n".join(lines)


def _folded(signature: bytes) -> bytes:
    """A base64 value in lines that fit, also the first one, after ` b=`."""
    room = LINE - len(" b=")
    return b"\r\n ".join([signature[at : at + room] for at in range(0, len(signature), room)])
