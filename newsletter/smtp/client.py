"""Stage 5: the way to a mail server: connection, TLS and login. The only import of aiosmtplib.

In: the settings of the server. Out: sessions that letters are sent on, over a connection that is secured as wanted, or
none at all: no login and no MAIL travels before that.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import cast

import aiosmtplib

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import OutcomeKind
from newsletter.settings import Security, Smtp
from newsletter.smtp.replies import BrokenError, Replies
from newsletter.smtp.response import shown, to_outcome
from newsletter.smtp.session import Opened, SmtpSession

#: So many seconds a server has to say goodbye; what it says changes nothing.
QUIT_TIMEOUT = 5


def security_of(settings: Smtp) -> Security:
    """How the connection is secured; `auto` means none on loopback only.

    Raises:
        SmtpError: a password would travel in clear.
    """
    security = settings.security
    if security is Security.AUTO:
        secured = Security.TLS if settings.port == 465 else Security.STARTTLS
        security = Security.NONE if is_loopback(settings.host) else secured
    if security is Security.NONE and settings.username and not is_loopback(settings.host):
        raise SmtpError(
            f"a password would travel to {settings.host} in clear; set NEWSLETTER_SMTP__SECURITY to tls or starttls"
        )
    return security


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SmtpTransport:
    """Hands letters to one mail server."""

    def __init__(self, settings: Smtp) -> None:
        self.settings = settings
        self.relay = f"{settings.host}:{settings.port}"
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        session = SmtpSession(self.settings, self._connect)
        try:
            yield session
        except BaseException:
            session.hang_up()
            raise
        await session.close()

    async def _connect(self, hostname: str) -> Opened:
        settings, security = self.settings, security_of(self.settings)
        if security is not Security.NONE and self._tls is None:
            self._tls = tls_context(settings)
        where = f"{settings.host}:{settings.port}"
        try:
            client = aiosmtplib.SMTP(
                hostname=settings.host,
                sock=await _reach(settings),
                local_hostname=hostname,
                timeout=settings.greeting_timeout,
                use_tls=security is Security.TLS,
                start_tls=security is Security.STARTTLS,
                tls_context=self._tls,
            )
        except (OSError, TimeoutError) as error:
            raise SmtpError(f"{where} cannot be reached: {_said(error)}") from error
        try:
            await client.connect()
            # After STARTTLS the server is asked again: what it said before TLS counts for nothing (RFC 3207 §4.2).
            await _greet(client)
            if settings.username:
                await _log_in(client, settings)
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            refused = f"{where} refused the login ({error.code}); check NEWSLETTER_SMTP__USERNAME and _PASSWORD"
            raise SmtpError(refused, is_our_fault=error.code >= 500) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            refused = f"{where} cannot be used with security {security}: {_said(error)}"
            raise SmtpError(refused, is_our_fault=_is_our_fault(error)) from error
        except BaseException:  # we are ending; the connection must not outlive us
            client.close()
            raise
        return _opened(client)


async def _reach(settings: Smtp) -> socket.socket:
    """A connected socket: the addresses of the host are tried one after another."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(settings.connect_timeout):
        found = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        for number, (family, kind, protocol, _, address) in enumerate(found, 1):
            connecting = socket.socket(family, kind, protocol)
            connecting.setblocking(False)
            try:
                await loop.sock_connect(connecting, address)
            except BaseException as error:
                connecting.close()
                if number == len(found) or not isinstance(error, OSError):
                    raise
            else:
                return connecting
    raise OSError("its name has no address")


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError as error:
        if error.code not in (500, 502, 504):
            raise
        await client.helo()  # a server that knows no extensions (RFC 5321 §3.2)


async def _log_in(client: aiosmtplib.SMTP, settings: Smtp) -> None:
    try:
        await client.login(settings.username, settings.password.get_secret_value())
    except aiosmtplib.SMTPResponseException as error:
        # What a server says to a login may repeat it, and what is no reply is quoted whole: only the code is kept.
        raise aiosmtplib.SMTPAuthenticationError(error.code, "") from None


def _is_our_fault(error: Exception) -> bool:
    """Whether the server turned us away for what we are: 554 or 521 as its greeting, 530 and the like later."""
    code = getattr(error, "code", 0)
    phase = "connect" if isinstance(error, aiosmtplib.SMTPConnectResponseError) else "ehlo"
    return to_outcome(phase, code, str(getattr(error, "message", ""))).kind is OutcomeKind.OUR_FAULT if code else False


def _opened(client: aiosmtplib.SMTP) -> Opened:
    """From here on the conversation is ours; what aiosmtplib knows of the server is kept."""
    if client.transport is None:
        raise SmtpError("the connection was lost right after the login")
    replies = Replies(cast("asyncio.Transport", client.transport))

    async def quit_() -> None:
        try:
            with suppress(BrokenError):
                replies.write(b"QUIT\r\n", 1)
                await replies.reply(QUIT_TIMEOUT)
        finally:
            close()

    def close() -> None:
        replies.release()
        client.close()

    def abort() -> None:
        replies.fail("the connection was given up")
        close()

    offered = {name.lower(): value for name, value in client.esmtp_extensions.items()}
    size = offered.get("size", "")
    return Opened(
        replies=replies,
        is_pipelined="pipelining" in offered,
        has_size="size" in offered,
        size_limit=int(size) if size.isdigit() else 0,
        has_dsn="dsn" in offered,
        has_8bit="8bitmime" in offered,
        has_utf8="smtputf8" in offered,
        quit=quit_,
        abort=abort,
    )


def tls_context(settings: Smtp) -> ssl.SSLContext:
    """Name and chain are verified, TLS 1.2 at least (RFC 8314 §4.1 and §4.4)."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise SmtpError(f"the certificates of {settings.ca_file} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _said(error: BaseException) -> str:
    return shown(str(error)) or type(error).__name__
