"""Stage 3: the keys that letters are signed with, and what the DNS says of them. The only import of cryptography.

In: a folder with `<domain>/<selector>.pem`. Out: a `Key` per file, and the TXT `Record` that belongs to it (RFC 6376
§3.6, RFC 8463 §4). Nothing here prints or logs a private key.
"""

import contextlib
import os
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from newsletter.errors import SettingsError

#: Bits of an RSA key that every verifier takes (RFC 8301 §3.2); a new one gets 2048.
RSA_BITS = range(1024, 4096 + 1)
NEW_RSA_BITS = 2048
#: A character-string of a TXT record holds no more (RFC 1035 §3.3).
STRING = 255
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")
SELECTOR = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")  # RFC 6376 §3.1
_SHA256 = Prehashed(hashes.SHA256())
_PKCS1 = padding.PKCS1v15()


class KeyType(StrEnum):
    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, kw_only=True)
class Record:
    """A TXT record, as it is to be published."""

    name: str  #: without the dot at its end
    value: str

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in pieces of at most 255 characters; who reads the record joins them (RFC 6376 §3.6.2.2)."""
        return tuple(self.value[at : at + STRING] for at in range(0, len(self.value), STRING))

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file (RFC 1035 §5.1)."""
        quoted = " ".join(f'"{string}"' for string in self.strings)
        return f"{self.name}. IN TXT ( {quoted} )"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A private key, for whom it signs and under which name."""

    domain: str  #: d=
    selector: str  #: s=
    private: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    @cached_property
    def type(self) -> KeyType:
        return KeyType.RSA if isinstance(self.private, RSAPrivateKey) else KeyType.ED25519

    @cached_property
    def algorithm(self) -> str:
        return f"{self.type}-sha256"

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest: with RSA as that digest (RFC 6376 §3.3.1), with ed25519 as 32 bytes (RFC 8463 §3)."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(digest)
        return self.private.sign(digest, _PKCS1, _SHA256)

    @property
    def signature_bytes(self) -> int:
        """How long each of its signatures is."""
        return 64 if isinstance(self.private, Ed25519PrivateKey) else self.private.key_size // 8

    @property
    def pem(self) -> bytes:
        """The private key, for its file and for a process that signs with it."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @cached_property
    def record(self) -> Record:
        public = self.private.public_key()
        if self.type is KeyType.RSA:
            raw = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        else:
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return Record(
            name=f"{self.selector}._domainkey.{self.domain}",
            value=f"v=DKIM1; k={self.type}; p={b64encode(raw).decode('ascii')}",
        )


def key_of(pem: bytes) -> Key:
    """The key that `Key.pem` wrote, without a name: for a process that only signs."""
    private = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(private, RSAPrivateKey | Ed25519PrivateKey), type(private)
    return Key(domain="", selector="", private=private)


def a_labels(domain: str) -> str:
    """The domain as the DNS has it: lower case, A-labels (RFC 5890).

    Raises:
        UnicodeError: it cannot be written so.
    """
    return domain.lower().encode("idna").decode("ascii")


def checked_domain(domain: str) -> str:
    """The domain as the DNS has it.

    Raises:
        SettingsError: it is not the name of a domain.
    """
    try:
        name = a_labels(domain)
    except UnicodeError:
        name = ""
    if not DOMAIN.fullmatch(name):
        raise SettingsError(f"“{domain}” is not a domain; write what stands behind the @ of the From, as example.nl")
    return name


def checked_selector(selector: str) -> str:
    """The selector.

    Raises:
        SettingsError: it cannot be part of a name in the DNS.
    """
    if not SELECTOR.fullmatch(selector):
        raise SettingsError(f"“{selector}” cannot be a selector; write it with a-z, 0-9 and hyphens, as rsa-202603")
    return selector


def new_key(domain: str, selector: str, type_: KeyType) -> Key:
    """A key that nobody had before."""
    private: RSAPrivateKey | Ed25519PrivateKey
    if type_ is KeyType.RSA:
        private = generate_private_key(public_exponent=65537, key_size=NEW_RSA_BITS)
    else:
        private = Ed25519PrivateKey.generate()
    return Key(domain=checked_domain(domain), selector=checked_selector(selector), private=private)


def write_key(folder: Path, key: Key) -> Path:
    """Write the key into its file, for nobody else to read; a file that is there is never overwritten.

    Raises:
        SettingsError: there is such a key already, or it cannot be written.
    """
    path = folder / key.domain / f"{key.selector}.pem"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            try:
                file.write(key.pem)
                file.flush()
            except OSError:
                with contextlib.suppress(OSError):
                    path.unlink()  # half a key would stop everything that reads the folder
                raise
    except FileExistsError:
        raise SettingsError(f"{path} is there already and is never overwritten; choose another --selector") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
    return path


def read_keys(folder: Path) -> Mapping[str, tuple[Key, ...]]:
    """All keys below a folder, by domain; none where there is no folder.

    Raises:
        SettingsError: a key cannot be used, others can read it, or it lies where it would sign nothing.
    """
    found: dict[str, tuple[Key, ...]] = {}
    try:
        if not folder.exists():
            return found
        for place in sorted(folder.iterdir()):
            if place.suffix == ".pem":
                raise SettingsError(f"{place} signs nothing there; move it to {folder}/<domain>/<selector>.pem")
            keys = _keys_of(place) if place.is_dir() and not place.name.startswith(".") else ()
            if keys:
                found[keys[0].domain] = (*found.get(keys[0].domain, ()), *keys)
    except OSError as error:
        raise SettingsError(f"{error.filename or folder} cannot be read: {error.strerror}") from error
    return found


def _keys_of(place: Path) -> tuple[Key, ...]:
    files = sorted(place.glob("*.pem"))
    return tuple(_read_key(file, checked_domain(place.name), checked_selector(file.stem)) for file in files)


def _read_key(path: Path, domain: str, selector: str) -> Key:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise SettingsError(f"{path} can be read by others than its owner; run: chmod 600 {path}")
        pem = file.read()
    # What the library says of a broken key is not passed on: it is no help, and nothing of the key may be printed.
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise SettingsError(f"{path} is locked with a password; save the key without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{path} holds no private key in PEM form; restore it, or make a new one") from None
    return Key(domain=domain, selector=selector, private=checked_private(private, path))


def checked_private(private: PrivateKeyTypes, path: Path) -> RSAPrivateKey | Ed25519PrivateKey:
    """The key, which was read from `path`.

    Raises:
        SettingsError: mail servers would not look at its signatures.
    """
    if isinstance(private, Ed25519PrivateKey):
        return private
    if not isinstance(private, RSAPrivateKey):
        raise SettingsError(f"{path} is neither an RSA nor an ed25519 key; DKIM knows no other")
    if private.key_size not in RSA_BITS:
        raise SettingsError(
            f"{path} is an RSA key of {private.key_size} bits; mail servers take "
            f"{RSA_BITS.start} to {RSA_BITS.stop - 1}, so make one of {NEW_RSA_BITS}"
        )
    return private
