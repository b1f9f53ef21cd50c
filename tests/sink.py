"""A mail server that takes everything and keeps nothing, quickly: for benchmarks, and for processes that are killed.

    python -m tests.sink [--port 2525] [--delay 0.01]

In: SMTP as our own client and Postfix's smtp-source speak it, pipelined or not (RFC 2920). Out: each letter at the
moment that its final dot is there, before it is answered; and which connections were left without QUIT.

With a `delay`, in seconds, every packet is so much under way, in both directions: a server that is far off.
"""

import argparse
import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast

GREETING = b"220 localhost ESMTP\r\n"
EXTENSIONS = b"250-localhost\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


class Letter(NamedTuple):
    """What was said up to a final dot."""

    recipient: str
    content: bytes  #: as it travelled: without the final dot, dots at line starts still doubled
    connection: int  #: number of the connection, from 0


#: Gets a letter before it is answered; False: it is not answered at all.
OnLetter = Callable[[Letter], bool]


class Sink:
    """A server on loopback, while the block runs: `async with Sink() as server`."""

    def __init__(self, on_letter: OnLetter = lambda _letter: True, *, port: int = 0, delay: float = 0) -> None:
        self.on_letter, self.port, self.delay = on_letter, port, delay
        self.connections: list[Connection] = []  #: all that there ever were
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Sink":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", self.port, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            connection.hang_up()
        await self.all_gone()
        await self._server.wait_closed()

    async def all_gone(self) -> None:
        """Wait until every connection has ended; what was under way on it has been read then."""
        while not all(one.has_ended() for one in self.connections):
            self._changed.clear()
            await self._changed.wait()

    def _connect(self) -> "Connection":
        self.connections.append(Connection(self, len(self.connections)))
        return self.connections[-1]

    def notice(self) -> None:
        """A connection has ended, or has read what was under way on it."""
        self._changed.set()


class Connection(asyncio.Protocol):
    def __init__(self, sink: Sink, number: int) -> None:
        self._sink, self._number = sink, number
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._wire = bytearray()
        self._searched = 0  #: so much of the wire holds no final dot
        self._in_letter = False
        self._recipient = ""
        # Timers of the same moment may go off in any order; what they take is in the order that it came in.
        self._coming: deque[bytes] = deque()
        self._going: deque[bytes] = deque()
        self._is_open, self.said_quit = True, False

    def has_ended(self) -> bool:
        return not self._is_open and not self._coming

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._say(GREETING)

    def data_received(self, data: bytes) -> None:
        self._coming.append(data)
        self._after_delay(self._hear)

    def connection_lost(self, _error: Exception | None) -> None:
        self._is_open, self._transport = False, None
        self._sink.notice()

    # The conversation.

    def _after_delay(self, action: Callable[[], None]) -> None:
        if self._sink.delay:
            self._loop.call_later(self._sink.delay, action)
        else:
            action()

    def _say(self, reply: bytes) -> None:
        self._going.append(reply)
        self._after_delay(self._write)

    def _write(self) -> None:
        reply = self._going.popleft()
        if self._transport is not None:
            self._transport.write(reply)
            if self.said_quit and not self._going:
                self._transport.close()

    def _hear(self) -> None:
        self._wire += self._coming.popleft()
        replies = b""
        while (reply := self._step()) is not None:
            replies += reply
        if replies:
            self._say(replies)
        self._sink.notice()

    def _step(self) -> bytes | None:
        """The answer to the next command or letter; None when the rest of it is still to come."""
        return self._letter() if self._in_letter else self._command()

    def _command(self) -> bytes | None:
        line, end, _ = self._wire.partition(b"\r\n")
        if not end:
            return None
        del self._wire[: len(line) + 2]
        verb = bytes(line[:4]).upper()
        if verb == b"EHLO":
            return EXTENSIONS
        if verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode("ascii")
        if verb == b"DATA":
            # The line end of DATA is also the one that a final dot needs before it.
            self._wire[:0] = b"\r\n"
            self._in_letter, self._searched = True, 0
            return b"354 go on\r\n"
        if verb == b"QUIT":
            self.said_quit = True
            return b"221 bye\r\n"
        return b"250 2.0.0 ok\r\n"

    def _letter(self) -> bytes | None:
        end = self._wire.find(b"\r\n.\r\n", self._searched)
        if end < 0:
            self._searched = max(0, len(self._wire) - 4)
            return None
        content = bytes(self._wire[2 : end + 2])
        del self._wire[: end + 5]
        self._in_letter = False
        is_answered = self._sink.on_letter(Letter(self._recipient, content, self._number))
        return b"250 2.0.0 queued\r\n" if is_answered else b""


async def serve(port: int, delay: float) -> None:
    async with Sink(port=port, delay=delay):
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--delay", type=float, default=0, help="seconds that a packet is under way, each way")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.delay))


if __name__ == "__main__":
    main()
