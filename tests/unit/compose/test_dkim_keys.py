"""Keys in a folder, and the records that belong to them."""

import io
import os
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.dkim_keys import (
    KeyType,
    Record,
    checked_domain,
    checked_private,
    checked_selector,
    new_key,
    read_keys,
    write_key,
)
from newsletter.errors import SettingsError


def pem_of(private: PrivateKeyTypes, *, password: bytes = b"") -> bytes:
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


def put(folder: Path, name: str, content: bytes, mode: int = 0o600) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize("type_", KeyType)
def test_a_key_that_was_written_is_read_again(type_: KeyType, tmp_path: Path) -> None:
    made = new_key("Example.NL", "s1", type_)
    path = write_key(tmp_path / "dkim", made)
    assert path == tmp_path / "dkim/example.nl/s1.pem"
    [(domain, (read,))] = read_keys(tmp_path / "dkim").items()
    assert (domain, read.domain, read.selector, read.type) == ("example.nl", "example.nl", "s1", type_)
    assert read.record == made.record
    assert read.sign(b"d" * 32) == made.sign(b"d" * 32)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_only_its_owner_can_read_a_new_key_whatever_the_umask(tmp_path: Path) -> None:
    with umask(0):
        path = write_key(tmp_path / "dkim", new_key("example.nl", "s1", KeyType.ED25519))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = write_key(tmp_path, new_key("example.nl", "s1", KeyType.ED25519))
    before = path.read_bytes()
    with pytest.raises(SettingsError, match=r"s1\.pem is there already and is never overwritten"):
        write_key(tmp_path, new_key("example.nl", "s1", KeyType.RSA))
    assert path.read_bytes() == before


def test_a_key_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    put(tmp_path, "dkim", b"a file, where a folder is needed")
    with pytest.raises(SettingsError, match=r"s1\.pem cannot be written: "):
        write_key(tmp_path / "dkim", new_key("example.nl", "s1", KeyType.ED25519))


def test_all_keys_of_a_domain_are_found_and_other_files_left_alone(tmp_path: Path) -> None:
    for domain, selector in (("example.nl", "b"), ("example.nl", "a"), ("example.org", "a.2026")):
        write_key(tmp_path, new_key(domain, selector, KeyType.ED25519))
    for name in ("README.txt", "example.com/notes.txt", "example.nl/a.pem.bak", ".git/config.pem"):
        put(tmp_path, name, b"nothing", 0o644)
    found = read_keys(tmp_path)
    assert {domain: [key.selector for key in keys] for domain, keys in found.items()} == {
        "example.nl": ["a", "b"],
        "example.org": ["a.2026"],
    }


def test_a_folder_in_any_spelling_of_a_domain_is_that_domain(tmp_path: Path) -> None:
    pem = pem_of(ed25519.Ed25519PrivateKey.generate())
    for name in ("MÜNCHEN.example/a.pem", "xn--mnchen-3ya.example/b.pem"):
        put(tmp_path, name, pem)
    [(domain, keys)] = read_keys(tmp_path).items()
    assert domain == "xn--mnchen-3ya.example"
    assert {key.selector for key in keys} == {"a", "b"}
    assert {key.domain for key in keys} == {domain}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666, 0o644])
def test_a_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    file = put(tmp_path, "example.nl/s.pem", pem_of(ed25519.Ed25519PrivateKey.generate()), mode)
    with pytest.raises(SettingsError) as caught:
        read_keys(tmp_path)
    assert str(caught.value) == f"{file} can be read by others than its owner; run: chmod 600 {file}"
    file.chmod(0o400)
    assert read_keys(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: b"", "holds no private key in PEM form"),
        (lambda: b"\xff\x00geheim", "holds no private key in PEM form"),
        (lambda: pem_of(ed25519.Ed25519PrivateKey.generate())[:-40], "holds no private key in PEM form"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nZ2VoZWlt\n-----END PRIVATE KEY-----\n", "holds no private key in PEM"),
        (lambda: pem_of(ed25519.Ed25519PrivateKey.generate(), password=b"geheim"), "is locked with a password"),
        (lambda: pem_of(ec.generate_private_key(ec.SECP256R1())), "is neither an RSA nor an ed25519 key"),
    ],
    ids=["empty", "no text", "half", "no key", "locked", "ecdsa"],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named_and_nothing_of_it_told(
    content: object, sentence: str, tmp_path: Path
) -> None:
    assert callable(content)
    pem: bytes = content()
    put(tmp_path, "example.nl/s.pem", pem)
    with pytest.raises(SettingsError, match=sentence) as caught:
        read_keys(tmp_path)
    told = "".join(part for error in (caught.value, caught.value.__cause__) for part in (str(error), repr(error)))
    assert str(tmp_path / "example.nl/s.pem") in told
    assert "geheim" not in told
    assert not any(line in told for line in pem.decode("latin-1").splitlines() if len(line) > 8)


def rsa_of_mersenne_primes(first: int, second: int) -> rsa.RSAPrivateKey:
    """A key of about that many bits together; to find primes of that size for each test would take seconds."""
    p, q, e = 2**first - 1, 2**second - 1, 65537
    d = rsa.rsa_recover_private_exponent(e, p, q)
    parts = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    numbers = rsa.RSAPrivateNumbers(p, q, d, *parts, rsa.RSAPublicNumbers(e, p * q))
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


@pytest.mark.parametrize(("primes", "bits"), [((521, 127), 648), ((4253, 127), 4380)])
def test_rsa_keys_that_verifiers_may_refuse_are_refused_here(primes: tuple[int, int], bits: int) -> None:
    private = rsa_of_mersenne_primes(*primes)
    with pytest.raises(SettingsError, match=f"^s.pem is an RSA key of {bits} bits; mail servers take 1024 to 4096"):
        checked_private(private, Path("s.pem"))


@pytest.mark.parametrize("bits", [1024, 2048])
def test_rsa_keys_that_every_verifier_takes_are_read(bits: int, tmp_path: Path) -> None:
    put(tmp_path, "example.nl/s.pem", pem_of(rsa.generate_private_key(65537, bits)))
    [(key,)] = read_keys(tmp_path).values()
    assert key.type is KeyType.RSA


def test_a_small_rsa_key_in_a_file_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "example.nl/s.pem", pem_of(rsa_of_mersenne_primes(521, 127)))
    with pytest.raises(SettingsError, match="is an RSA key of 648 bits"):
        read_keys(tmp_path)


def test_a_key_that_lies_where_it_would_sign_nothing_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "example.nl.pem", pem_of(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(SettingsError, match=r"signs nothing there; move it to .*/<domain>/<selector>\.pem"):
        read_keys(tmp_path)


@pytest.mark.parametrize("name", ["geen domein/s.pem", "nl/s.pem", "example.nl/geen selector.pem", "example.nl/-s.pem"])
def test_a_key_with_a_name_that_the_dns_cannot_have_is_refused(name: str, tmp_path: Path) -> None:
    put(tmp_path, name, pem_of(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(SettingsError, match=r"is not a domain|cannot be a selector"):
        read_keys(tmp_path)


def test_a_folder_that_is_a_file_is_explained_and_one_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "dkim") == {}
    put(tmp_path, "dkim", b"x")
    with pytest.raises(SettingsError, match="dkim cannot be read: "):
        read_keys(tmp_path / "dkim")


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("example.nl", "example.nl"),
        ("Nieuwsbrief.Example.NL", "nieuwsbrief.example.nl"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        *((wrong, None) for wrong in ("", "nl", "a@example.nl", "example.nl.", "../example.nl", "a b.nl", "-a.nl")),
        *((wrong, None) for wrong in (f"{'a' * 64}.nl", "a..nl", "a/b.nl", "[127.0.0.1]", "example.nl;", "a_b.nl")),
    ],
)
def test_a_domain_is_one_that_the_dns_can_have(domain: str, name: str | None) -> None:
    if name:
        assert checked_domain(domain) == name
    else:
        with pytest.raises(SettingsError, match="is not a domain"):
            checked_domain(domain)


@pytest.mark.parametrize(
    ("selector", "is_good"),
    [
        *((good, True) for good in ("s", "rsa-202603", "2026.nieuws", "a" * 63)),
        *((wrong, False) for wrong in ("", "S", "a b", "a/b", "..", "a.", "-a", "a-", "a_b", "é", "a;", "a" * 64)),
    ],
)
def test_a_selector_is_one_that_the_dns_can_have(selector: str, is_good: bool) -> None:
    if is_good:
        assert checked_selector(selector) == selector
    else:
        with pytest.raises(SettingsError, match="cannot be a selector"):
            checked_selector(selector)


@pytest.mark.parametrize("type_", KeyType)
def test_nothing_that_is_printed_of_a_key_is_private(type_: KeyType) -> None:
    key = new_key("example.nl", "s", type_)
    assert repr(key) == str(key) == "Key(domain='example.nl', selector='s')"
    secret = "".join(pem_of(key.private).decode().splitlines()[1:-1])
    assert not any(secret[at : at + 12] in str(asdict(key.record)) for at in range(24, len(secret) - 12))


def zone_says(record: Record) -> list[bytes]:
    """The strings of the record, as a reader of zone files has it."""
    file = io.StringIO(f"$TTL 3600\n{record.zone_line}\n")
    zone = dns.zone.from_file(file, origin=".", check_origin=False, relativize=False)
    [(name, _, data)] = zone.iterate_rdatas(dns.rdatatype.TXT)
    assert name.to_text(omit_final_dot=True) == record.name
    assert isinstance(data, TXT)
    return list(data.strings)


@pytest.mark.parametrize("type_", KeyType)
def test_the_record_of_a_key_holds_its_public_half(type_: KeyType) -> None:
    key = new_key("nieuws.example.nl", "s1", type_)
    assert key.record.name == "s1._domainkey.nieuws.example.nl"
    begin, _, public = key.record.value.partition("p=")
    assert begin == f"v=DKIM1; k={type_}; "
    raw = b64decode(public, validate=True)
    if type_ is KeyType.ED25519:
        # RFC 8463 §4: the 32 bytes themselves, not the structure that PEM has.
        assert ed25519.Ed25519PublicKey.from_public_bytes(raw) == key.private.public_key()
    else:
        assert serialization.load_der_public_key(raw) == key.private.public_key()
    assert zone_says(key.record) == [string.encode() for string in key.record.strings]


@given(st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=;", min_size=1, max_size=1200))
def test_a_long_record_is_split_as_zone_files_want_and_reads_as_it_was(value: str) -> None:
    record = Record(name="s._domainkey.example.nl", value=value)
    assert all(0 < len(string) <= 255 for string in record.strings)
    assert "".join(record.strings) == value
    assert b"".join(zone_says(record)).decode() == value
