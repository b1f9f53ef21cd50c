"""Stage 5: letters to a mail server. The only import of aiosmtplib.

In: envelope and bytes of a letter. Out: an `Outcome` that knows whether the final dot had been sent: before it nothing
was delivered and a retry is safe; after it, without a reply, the letter is in doubt (RFC 1047, RFC 5321 §6.1).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

import aiosmtplib

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.settings import Security, Smtp
from newsletter.smtp.response import shown, to_outcome

#: What aiosmtplib and the network raise when a connection breaks.
BROKEN = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError, asyncio.IncompleteReadError)


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

    @asynccontextmanager
    async def session(self) -> AsyncIterator["SmtpSession"]:
        session = SmtpSession(self.settings)
        try:
            yield session
        finally:
            await session.close()


class SmtpSession:
    """One connection, opened with the first letter, kept open, and renewed when it broke or has done its share."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None
        self._letters = 0

    async def send(self, sender: str, recipient: str, letter: bytes) -> Outcome:
        outcome = await self._once(sender, recipient, letter)
        if outcome.phase == "mail" and self._letters > 1 and outcome.code in (0, 421):
            # The server had enough of this connection, not of this recipient: a new one, and the same letter.
            outcome = await self._once(sender, recipient, letter)
        return outcome

    async def _once(self, sender: str, recipient: str, letter: bytes) -> Outcome:
        if self._client is None or not self._client.is_connected:
            # EHLO says a name that is ours, never that of this machine (RFC 5321 §4.1.1.1).
            self._client = await self._connect(self._settings.hostname or sender.rpartition("@")[2])
            self._letters = 0
        outcome = await self._attempt(self._client, sender, recipient, letter)
        self._letters += 1
        if self._letters >= self._settings.letters_per_connection or not _is_usable(outcome):
            await self.close()  # RFC 5321 §3.8: after 421 the server closes; after a broken one we do
        return outcome

    async def close(self) -> None:
        """QUIT, as RFC 5321 §4.1.1.10 asks; a connection that is gone already is closed all the same."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiosmtplib.SMTPException, *BROKEN):
                if client.is_connected:
                    await client.quit(timeout=5)
            client.close()

    async def _attempt(self, client: aiosmtplib.SMTP, sender: str, recipient: str, letter: bytes) -> Outcome:
        phase = "mail"
        try:
            await client.mail(sender)
            phase = "rcpt"
            await client.rcpt(recipient)
            phase = "data"
            ready = await client.execute_command(b"DATA")
            if ready.code != aiosmtplib.SMTPStatus.start_input:
                return await self._refused(client, phase, ready.code, ready.message)
            phase = "letter"
            return await self._hand_over(client, letter)
        except aiosmtplib.SMTPResponseException as refusal:
            return await self._refused(client, phase, refusal.code, refusal.message)
        except BROKEN as error:
            kind = OutcomeKind.IN_DOUBT if phase == "letter" else OutcomeKind.TEMPORARY
            return Outcome(kind=kind, phase=phase, text=_said(error))

    async def _hand_over(self, client: aiosmtplib.SMTP, letter: bytes) -> Outcome:
        protocol = client.protocol
        if protocol is None:
            return Outcome(kind=OutcomeKind.TEMPORARY, phase="data", text="the connection was lost before the letter")
        # Dots at line starts are doubled (RFC 5321 §4.5.2); the letter itself already ends in CRLF.
        stuffed = letter.replace(b"\r\n.", b"\r\n..")
        protocol.write(stuffed + b".\r\n")
        answer = await protocol.read_response(timeout=self._settings.data_timeout)
        return to_outcome("letter", answer.code, answer.message)

    async def _refused(self, client: aiosmtplib.SMTP, phase: str, code: int, text: str) -> Outcome:
        outcome = to_outcome(phase, code, text)
        if 400 <= code < 600 and code != 421:
            with suppress(aiosmtplib.SMTPException, *BROKEN):
                await client.rset(timeout=self._settings.command_timeout)
        return outcome

    async def _connect(self, hostname: str) -> aiosmtplib.SMTP:
        settings, security = self._settings, security_of(self._settings)
        where = f"{settings.host}:{settings.port}"
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=hostname,
            timeout=settings.connect_timeout,
            use_tls=security is Security.TLS,
            start_tls=security is Security.STARTTLS,
            tls_context=None if security is Security.NONE else tls_context(settings),
        )
        try:
            await client.connect()
            if security is Security.NONE:
                await client.ehlo()
            if settings.username:
                await client.login(settings.username, settings.password.get_secret_value())
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            raise SmtpError(
                f"{where} refused the login ({error.code}); check NEWSLETTER_SMTP__USERNAME and _PASSWORD"
            ) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise SmtpError(f"{where} cannot be used with security {security}: {_said(error)}") from error
        client.timeout = settings.command_timeout
        return client


def _is_usable(outcome: Outcome) -> bool:
    """Whether the connection is in order after this outcome: it was answered, as the protocol wants it."""
    lost_step = outcome.phase == "data" and outcome.code < 400
    return 200 <= outcome.code < 600 and outcome.code != 421 and not lost_step


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
