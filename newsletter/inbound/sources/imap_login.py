"""Stage 6: from the settings of a mailbox to a server that has let us in.

In: host, port, security, and a password or an OAuth 2 token. Out: a conversation after the login, or a sentence that
says what to mend. A password or token travels over TLS, or on loopback, or not at all (RFC 8314 §3).
"""

import base64
import ssl
from typing import Final

from newsletter.errors import InboundError
from newsletter.inbound.sources.imap_syntax import is_quotable, quoted
from newsletter.inbound.sources.imap_wire import ImapWire, LostError, RefusedError
from newsletter.inbound.sources.tokens import Tokens
from newsletter.settings import Imap, Security
from newsletter.smtp.client import is_loopback

#: Codes of RFC 5530 §3 that mean: not now.
TEMPORARY: Final = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN"})
#: RFC 7628 §3.2.3: how a client says that it has read why OAUTHBEARER failed. XOAUTH2 wants an empty line.
READ_IT: Final = b"AQ=="


def security_of(settings: Imap, group: str) -> Security:
    """How the connection is secured; `auto` means none on loopback only.

    Raises:
        InboundError: a password would travel in clear.
    """
    security = settings.security
    if security is Security.AUTO:
        secured = Security.STARTTLS if settings.port == 143 else Security.TLS
        security = Security.NONE if is_loopback(settings.host) else secured
    if security is Security.NONE and not is_loopback(settings.host):
        raise InboundError(
            f"a password would travel to {settings.host} in clear; set NEWSLETTER_{group}__SECURITY to tls or starttls"
        )
    return security


async def log_in(settings: Imap, group: str, tokens: Tokens | None) -> ImapWire:
    """Connect, secure the connection, and log in.

    Raises:
        InboundError: the server cannot be reached, is not who it should be, or does not let us in.
    """
    where, security = f"{settings.host}:{settings.port}", security_of(settings, group)
    context = None if security is Security.NONE else _tls_context(settings)
    wire = ImapWire(settings.timeout)
    try:
        await wire.connect(settings.host, settings.port, security, context)
        await _authenticate(wire, settings, group, tokens)
        await wire.ask_capabilities()
    except RefusedError as error:
        wire.close()
        said = f" ({error.code})" if error.code else ""
        raise InboundError(_refused(where, group, error, said, uses_tokens=tokens is not None)) from None
    except TimeoutError:
        wire.close()
        raise InboundError(f"{where} cannot be reached: it did not answer in time") from None
    except (LostError, OSError) as error:
        wire.close()
        raise InboundError(f"{where} cannot be used with security {security}: {_said(error)}") from error
    except BaseException:  # we are ending, or there is no token; the connection must not outlive us
        wire.close()
        raise
    return wire


def _refused(where: str, group: str, error: RefusedError, said: str, *, uses_tokens: bool) -> str:
    if error.code in TEMPORARY:
        return f"{where} lets nobody in now{said}"
    names = "_CLIENT_ID, _SCOPE and _REFRESH_TOKEN" if uses_tokens else "_PASSWORD"
    return f"{where} refused the login{said}; check NEWSLETTER_{group}__USERNAME and {names}"


async def _authenticate(wire: ImapWire, settings: Imap, group: str, tokens: Tokens | None) -> None:
    if tokens is None:
        await _log_in_with_password(wire, settings, group)
        return
    try:
        await _bear(wire, settings, await tokens.get())
    except RefusedError as error:
        if error.code in TEMPORARY:
            raise
        tokens.forget()  # it may have been revoked before its time; a fresh one decides
        await _bear(wire, settings, await tokens.get())


async def _log_in_with_password(wire: ImapWire, settings: Imap, group: str) -> None:
    username, password = settings.username, settings.password.get_secret_value()
    if "AUTH=PLAIN" in wire.capabilities:
        await _present(wire, b"PLAIN", f"\0{username}\0{password}".encode(), b"")
    elif "LOGINDISABLED" in wire.capabilities:
        raise InboundError(
            f"{settings.host} takes no passwords; set the OAuth 2 settings NEWSLETTER_{group}__TOKEN_URL …"
        )
    elif is_quotable(username) and is_quotable(password):
        await wire.command(b"LOGIN", quoted(username), quoted(password))
    else:
        name, word = username.encode(), password.encode()
        await wire.command(b"LOGIN", b"{%d}" % len(name), answers=(name + b" {%d}" % len(word), word))


async def _bear(wire: ImapWire, settings: Imap, token: str) -> None:
    """Log in with a token: as Google and Microsoft have made it up, else as RFC 7628 has it."""
    if "AUTH=XOAUTH2" in wire.capabilities or "AUTH=OAUTHBEARER" not in wire.capabilities:
        text = f"user={settings.username}\1auth=Bearer {token}\1\1"
        await _present(wire, b"XOAUTH2", text.encode(), b"")
        return
    name = settings.username.replace("=", "=3D").replace(",", "=2C")
    text = f"n,a={name},\1host={settings.host}\1port={settings.port}\1auth=Bearer {token}\1\1"
    await _present(wire, b"OAUTHBEARER", text.encode(), READ_IT)


async def _present(wire: ImapWire, mechanism: bytes, response: bytes, on_challenge: bytes) -> None:
    """AUTHENTICATE with a response that needs no challenge; with SASL-IR it goes with the command (RFC 4959)."""
    coded = base64.b64encode(response)
    if "SASL-IR" in wire.capabilities:
        await wire.command(b"AUTHENTICATE", mechanism, coded, answers=(on_challenge,))
    else:
        await wire.command(b"AUTHENTICATE", mechanism, answers=(coded, on_challenge))


def _tls_context(settings: Imap) -> ssl.SSLContext:
    """Name and chain are verified, TLS 1.2 at least (RFC 8314 §4.1 and §4.4)."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise InboundError(f"the certificates of {settings.ca_file} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(error) or type(error).__name__
