"""The wire in the hands of a test: a server that says bytes by a script, and somebody between client and server.

In: what a client sends, byte for byte, whatever it is. Out: the same, for a test to look at.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

#: What one connection does: wait until this has been heard, then say that. At its end the server hangs up.
Script = Sequence[tuple[bytes, bytes]]
#: The last step of a script that does not hang up.
SILENCE = (b"what nobody says", b"")


@dataclass
class Heard:
    """What clients sent, by connection."""

    port: int = 0
    connections: list[bytearray] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for(self, wanted: bytes) -> None:
        async with asyncio.timeout(20):
            while wanted not in self.everything():
                self.more.clear()
                await self.more.wait()

    def everything(self) -> bytes:
        return b"".join(self.connections)


@asynccontextmanager
async def scripted(*scripts: Script) -> AsyncIterator[Heard]:
    """A server that knows no SMTP but QUIT. Every connection has a script; the last one is for all that follow."""
    heard = Heard()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = bytearray()
        heard.connections.append(said)
        begin = 0
        for wanted, answer in scripts[min(len(heard.connections), len(scripts)) - 1]:
            while (found := said.find(wanted, begin)) < 0 and (data := await reader.read(65_536)):
                begin = max(begin, len(said) - len(wanted))
                said += data
                heard.more.set()
                if data.endswith(b"QUIT\r\n"):
                    writer.write(b"221 bye\r\n")
            if found < 0:
                return
            begin = found + len(wanted)
            writer.write(answer)

    async with _listening(serve) as heard.port:
        yield heard


@asynccontextmanager
async def wiretap(port: int, tamper: Callable[[bytes], bytes] = lambda data: data) -> AsyncIterator[Heard]:
    """Somebody between clients and the server at `port`, who hears the clients and may change what the server says."""
    heard = Heard()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = bytearray()
        heard.connections.append(said)
        answers, onward = await asyncio.open_connection("127.0.0.1", port)

        async def back() -> None:
            with suppress(ConnectionError):
                while data := await answers.read(65_536):
                    writer.write(tamper(data))
            writer.close()

        answering = asyncio.create_task(back())
        try:
            while data := await reader.read(65_536):
                said += data
                onward.write(data)
        finally:
            onward.close()
            await answering

    async with _listening(serve) as heard.port:
        yield heard


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


@asynccontextmanager
async def _listening(serve: Serve) -> AsyncIterator[int]:
    """The port of a server on loopback, which has done with all its connections when the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await asyncio.gather(*tasks)
        await listener.wait_closed()
