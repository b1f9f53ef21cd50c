"""A mail server on loopback that does what a test tells it to: real sockets, real SMTP, no library of ours.

It speaks just enough SMTP (RFC 5321) and can refuse, hang up or stay silent at any command.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HANG_UP = "hang up"
Answer = Callable[[str, int], str | None]


@dataclass
class Server:
    """What the server heard: commands by connection, and the letters."""

    port: int = 0
    commands: list[str] = field(default_factory=list)
    letters: list[tuple[str, str, bytes]] = field(default_factory=list)
    refused: list[tuple[str, str, bytes]] = field(default_factory=list)  #: heard to the end, and not taken
    connections: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Answer = lambda _verb, _letters: None  #: may be changed while it serves
    going: asyncio.Event = field(default_factory=asyncio.Event)  #: while it is cleared, no letter gets an answer

    def __post_init__(self) -> None:
        self.going.set()

    async def wait_for_letters(self, count: int) -> None:
        while len(self.letters) < count:
            self.changed.clear()
            await self.changed.wait()


def _verb(line: str) -> str:
    return line.split(" ", 1)[0].upper()


async def _serve(
    server: Server,
    extensions: tuple[str, ...],
    tls: ssl.SSLContext | None,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    server.connections += 1
    sender: str | None = None
    recipient = ""

    async def say(text: str) -> None:
        writer.write(text.encode("utf-8", "surrogateescape") + b"\r\n")
        await writer.drain()

    greeting = server.answer("CONNECT", server.connections)
    if greeting == HANG_UP:
        return
    await say(greeting or "220 localhost ESMTP")
    while raw := await reader.readline():
        line = raw.decode().rstrip("\r\n")
        verb = _verb(line)
        server.commands.append(line)
        wanted = server.answer(verb, len(server.letters))
        if wanted == HANG_UP:
            return
        if verb == "MAIL":
            sender, recipient = None, ""  # a refused one leaves nothing behind
        elif verb == "RCPT":
            recipient = ""
        if wanted:
            await say(wanted)
            if wanted.startswith("421"):
                return
            continue
        if verb == "EHLO":
            await say("\r\n".join(["250-localhost", *(f"250-{one}" for one in extensions), "250 8BITMIME"]))
        elif verb == "STARTTLS" and tls is not None:
            await say("220 go ahead")
            await writer.start_tls(tls)
        elif verb == "AUTH":
            await say("235 2.7.0 welcome")
        elif verb == "MAIL":
            sender = line.partition("<")[2].partition(">")[0]
            await say("250 2.1.0 ok")
        elif (verb == "RCPT" and sender is None) or (verb == "DATA" and not recipient):
            await say("503 5.5.1 out of order")
        elif verb == "RCPT":
            recipient = line.partition("<")[2].partition(">")[0]
            await say("250 2.1.5 ok")
        elif verb == "DATA":
            await say("354 go on")
            content = await reader.readuntil(b"\r\n.\r\n")
            wanted = server.answer(".", len(server.letters))
            assert sender is not None
            letter = (sender, recipient, content[:-3].replace(b"\r\n..", b"\r\n."))
            (server.letters if not wanted or wanted.startswith("2") else server.refused).append(letter)
            server.changed.set()
            sender, recipient = None, ""
            await server.going.wait()
            if wanted == HANG_UP:
                return
            await say(wanted or "250 2.0.0 queued")
        elif verb == "QUIT":
            await say("221 bye")
            return
        else:
            await say("250 ok")


@asynccontextmanager
async def smtp_server(
    answer: Answer = lambda _verb, _letters: None,
    *,
    extensions: tuple[str, ...] = (),
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    port: int = 0,
) -> AsyncIterator[Server]:
    """Serve while the block runs. `answer(verb, letters so far)` gives a reply, HANG_UP, or None for the usual one."""
    server = Server(answer=answer)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _serve(server, extensions, tls, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client has gone
        finally:
            tasks.discard(task)
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", port, limit=2**24, ssl=tls if implicit_tls else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()
