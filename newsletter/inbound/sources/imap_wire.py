"""Stage 6: a conversation with an IMAP server, over a connection that is secured as wanted.

In: where it is, and how it is secured. Out: answers to commands. Nothing is kept beyond one answer, and an answer that
is longer than was asked for ends the conversation.

Our own, because none of the libraries does it: aioimaplib does no STARTTLS, can wait for ever where the server hangs up
at IDLE, and is for GPL programs only; imaplib, and what is built on it (imap-tools, IMAPClient), blocks, reads literals
of any size, and misses what the server tells in the same packet in which it begins to idle.
"""

import asyncio
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from newsletter.inbound.sources.imap_syntax import LITERAL, Response, number, read_response
from newsletter.settings import Security

#: Bytes of one line: the numbers of half a million messages; and of an answer beside the message that was asked for.
LINE, ANSWER = 4_000_000, 8_000_000
BLOCK = 65_536


class LostError(Exception):
    """The conversation cannot go on: the connection was lost, or what came is no IMAP."""


class RefusedError(Exception):
    """The server said NO or BAD to a command."""

    def __init__(self, response: Response) -> None:
        self.code = response.code  #: "" where it gave none
        super().__init__(f"{response.status} {self.code}".strip())


@dataclass
class Answer:
    """What the server said to a command that it did."""

    last: Response
    others: list[Response] = field(default_factory=list)

    def coded(self, code: str) -> bytes | None:
        """The argument of a response code, wherever it stands in the answer."""
        found = (one.argument for one in [*self.others, self.last] if one.code == code)
        return next(found, None)

    def named(self, name: bytes) -> list[Response]:
        """The responses that begin with a name: SEARCH, LIST, CAPABILITY."""
        return [one for one in self.others if one.values and one.values[0] == name]


class ImapWire:
    """One connection. Commands are not sent before the one before is answered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._tags = count(1)
        self._reader: asyncio.StreamReader
        self._transport: asyncio.Transport
        self._there = 0  #: messages in the folder, as far as the server has told
        self.arrived = 0  #: messages that it has told of in all; who has looked compares it with what it was then
        self.capabilities: frozenset[str] = frozenset()

    async def connect(self, host: str, port: int, security: Security, context: ssl.SSLContext | None) -> None:
        """Connect, secure and greet; no login travels before this has returned.

        Raises:
            OSError, TimeoutError: it cannot be reached, or its certificate is wrong.
            LostError: it does not speak IMAP, or no STARTTLS.
        """
        loop = asyncio.get_running_loop()
        implicit = context if security is Security.TLS else None
        async with asyncio.timeout(self._seconds):
            self._reader, protocol = _stream()
            transport, _ = await loop.create_connection(
                lambda: protocol, host, port, ssl=implicit, server_hostname=host if implicit else None
            )
            self._transport = transport
        _keep_alive(self._transport)
        greeting = await self._read(ANSWER)
        if greeting.status not in ("OK", "PREAUTH"):
            raise LostError("it speaks no IMAP")
        if security is Security.STARTTLS:
            if greeting.status == "PREAUTH":
                # Who is logged in already can't start TLS any more (RFC 9051 §11.1): somebody stands between us.
                raise LostError("it says that we are logged in already, without TLS")
            await self._start_tls(host, context)
        await self.ask_capabilities()

    async def _start_tls(self, host: str, context: ssl.SSLContext | None) -> None:
        await self.ask_capabilities()
        if "STARTTLS" not in self.capabilities:
            raise LostError("it offers no STARTTLS")
        try:
            await self.command(b"STARTTLS")
        except RefusedError as error:
            raise LostError(f"it refused STARTTLS ({error})") from None
        if context is None:
            raise LostError("there are no certificates to check it with")
        # A reader of its own: what somebody put behind the answer in clear is never read as if it came by TLS.
        self._reader, protocol = _stream()
        async with asyncio.timeout(self._seconds):
            secured = await asyncio.get_running_loop().start_tls(
                self._transport, protocol, context, server_hostname=host
            )
        if secured is None:
            raise LostError("the connection was lost while TLS began")
        self._transport = secured
        protocol.connection_made(secured)

    async def ask_capabilities(self) -> None:
        """Ask what it can do; what it said before TLS or before the login counts no more (RFC 9051 §6.2.1, §7.2.2)."""
        found = (await self.command(b"CAPABILITY")).named(b"CAPABILITY")
        words = [word for one in found for word in one.values[1:] if isinstance(word, bytes)]
        self.capabilities = frozenset(word.decode("ascii", "replace").upper() for word in words)

    async def command(self, *parts: bytes, largest: int = 0, answers: tuple[bytes, ...] = ()) -> Answer:
        """Send a command and read its answer. Each `+` of the server gets the next of `answers`, then empty lines.

        `largest`: bytes of a message that the answer may hold.

        Raises:
            RefusedError: the server said NO or BAD.
            LostError: the connection was lost, or nothing came for too long.
        """
        tag = b"n%d" % next(self._tags)
        self._write(b" ".join((tag, *parts)) + b"\r\n")
        others: list[Response] = []
        left, more = largest + ANSWER, iter(answers)
        while True:
            response = await self._read(left)
            left -= sum(map(len, response.pieces))
            if left < 0:
                raise LostError("it sent more than was asked for")
            if response.tag == b"+":
                self._write(next(more, b"") + b"\r\n")
            elif response.tag != tag:
                others.append(response)
            elif response.status == "OK":
                return Answer(response, others)
            else:
                raise RefusedError(response)

    async def idle(self, seconds: float, *, known: int) -> bool:
        """Wait until more messages have arrived than `known` (RFC 2177), at most so long; whether that is so."""
        tag = b"n%d" % next(self._tags)
        self._write(tag + b" IDLE\r\n")
        while (first := await self._read(ANSWER)).tag != b"+":
            if first.tag == tag:
                raise RefusedError(first)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.arrived <= known:
                    if (await self._read(ANSWER, waits=False)).tag == tag:
                        raise LostError("it stopped idling by itself")
        self._write(b"DONE\r\n")
        while (last := await self._read(ANSWER)).tag != tag:
            pass
        if last.status != "OK":
            raise RefusedError(last)
        return self.arrived > known

    async def say_goodbye(self) -> None:
        """Log out; what the server says to it changes nothing."""
        with suppress(LostError, RefusedError, TimeoutError):
            async with asyncio.timeout(min(self._seconds, 5)):
                await self.command(b"LOGOUT")

    def close(self) -> None:
        transport = getattr(self, "_transport", None)
        if transport is not None:
            transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport.is_closing():
            raise LostError("the connection was lost")
        self._transport.write(data)

    async def _read(self, left: int, *, waits: bool = True) -> Response:
        """One response; with `waits` something of it must come within each span of patience."""
        pieces = [await self._line(waits=waits)]
        while (size := _literal(pieces[-1])) is not None:
            left -= len(pieces[-1]) + size
            if left < 0:
                raise LostError("it sent more than was asked for")
            pieces += [await self._exactly(size), await self._line(waits=True)]
        response = read_response(pieces)
        if response.tag == b"*" and response.status == "BYE":
            # It may come before the answer to LOGOUT too, where it does no harm.
            raise LostError("it said goodbye")
        self._count(response)
        return response

    def _count(self, response: Response) -> None:
        """Some servers repeat how many messages there are; only more than before are news."""
        if len(response.values) == 2 and response.values[1] == b"EXISTS":
            there = number(response.values[0])
            self.arrived += max(there - self._there, 0)
            self._there = there
        elif len(response.values) == 2 and response.values[1] == b"EXPUNGE":
            self._there -= 1

    async def _line(self, *, waits: bool) -> bytes:
        try:
            async with asyncio.timeout(self._seconds if waits else None):
                return (await self._reader.readuntil(b"\n")).rstrip(b"\r\n")
        except asyncio.LimitOverrunError:
            raise LostError("it sent a line without end") from None
        except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
            raise _lost(error) from None

    async def _exactly(self, size: int) -> bytes:
        found = bytearray()
        try:
            while len(found) < size:
                async with asyncio.timeout(self._seconds):
                    found += await self._reader.readexactly(min(BLOCK, size - len(found)))
        except (asyncio.IncompleteReadError, OSError, TimeoutError) as error:
            raise _lost(error) from None
        return bytes(found)


def _stream() -> tuple[asyncio.StreamReader, asyncio.StreamReaderProtocol]:
    reader = asyncio.StreamReader(limit=LINE)
    return reader, asyncio.StreamReaderProtocol(reader)


def _literal(line: bytes) -> int | None:
    found = LITERAL.search(line)
    return int(found[1]) if found else None


def _lost(error: Exception) -> LostError:
    if isinstance(error, TimeoutError):
        return LostError("it did not answer in time")
    return LostError("the connection was lost")


#: Seconds of silence before the first question whether the other side is still there, between two, and how many.
ALIVE: Final = (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))


def _keep_alive(transport: asyncio.Transport) -> None:
    """A router that forgets a silent connection tells nobody; while idling, only this finds out."""
    connected = transport.get_extra_info("socket")
    with suppress(OSError, AttributeError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in ALIVE:
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
