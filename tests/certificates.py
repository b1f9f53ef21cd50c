"""Certificates for the TLS tests, made on the spot: right, for another name, expired, of an unknown authority."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
VALID = (NOW - DAY, NOW + DAY)
EXPIRED = (NOW - 9 * DAY, NOW - 2 * DAY)
NOT_YET = (NOW + 2 * DAY, NOW + 9 * DAY)


class Authority:
    """Who signs certificates; `file` is what a client has to trust."""

    def __init__(self, folder: Path, name: str = "newsletter test authority") -> None:
        folder.mkdir(exist_ok=True)
        self._folder, self._name, self._key = folder, _named(name), ec.generate_private_key(ec.SECP256R1())
        unsigned = _certificate(self._name, self._key, VALID, is_authority=True).issuer_name(self._name)
        self.file = folder / "authority.pem"
        self.file.write_bytes(unsigned.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(
        self, *names: str, common_name: str = "mail", valid: tuple[dt.datetime, dt.datetime] = VALID
    ) -> ssl.SSLContext:
        """A server context with a certificate for these names (host names or IP addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _certificate(_named(common_name), key, valid, *names).issuer_name(self._name)
        return _context(self._folder, unsigned.sign(self._key, hashes.SHA256()), key)


def make_certificate(folder: Path, *, host: str = "127.0.0.1", expired: bool = False) -> tuple[ssl.SSLContext, Path]:
    """A server context with a self-signed certificate for `host`, and the file of that certificate."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _named("newsletter test")
    unsigned = _certificate(name, key, EXPIRED if expired else VALID, host, is_authority=True).issuer_name(name)
    return _context(folder, unsigned.sign(key, hashes.SHA256()), key), folder / "certificate.pem"


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    valid: tuple[dt.datetime, dt.datetime],
    *names: str,
    is_authority: bool = False,
) -> x509.CertificateBuilder:
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not names:
        return certificate
    return certificate.add_extension(
        x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _context(folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return context
