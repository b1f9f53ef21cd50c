"""Stage 5: the server's side of a conversation.

In: bytes, as they come from the network. Out: replies (RFC 5321 §4.2), one after another, each to the command that
asked for it. Nobody but the session that owns the connection reads them.
"""

import asyncio
from collections import deque
from functools import lru_cache
from typing import NamedTuple

#: A line of a reply has at most 512 bytes (RFC 5321 §4.5.3.1.5); servers are not that strict, but a flood is no reply.
LONGEST = 65_536


class Reply(NamedTuple):
    code: int
    text: str  #: lines of a longer reply are divided by LF


class BrokenError(Exception):
    """The conversation cannot go on: the connection was lost, or what came is no reply."""


class Replies(asyncio.Protocol):
    """Takes over a connection; the replies to what `write` sends are read with `reply`, in the same order."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._tail = b""
        self._text: list[bytes] = []
        self._ready: deque[Reply] = deque()
        self._expected = 0
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0
        self._drained: asyncio.Future[None] | None = None
        self.broken = ""  #: why, if it is
        transport.set_protocol(self)

    def write(self, data: bytes, replies: int) -> None:
        """Send commands, or a letter; so many replies are expected to them."""
        if self.broken:
            raise BrokenError(self.broken)
        self._expected += replies
        self._transport.write(data)

    async def reply(self, seconds: float) -> Reply:
        """The next reply, in the order of what was written.

        Raises:
            BrokenError: the connection was lost, or nothing came within `seconds`.
        """
        if not self._ready:
            if self.broken:
                raise BrokenError(self.broken)
            self._waiter = self._loop.create_future()
            self._wait_until(self._loop.time() + seconds)
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._ready.popleft()

    def take_go_ahead(self) -> bool:
        """Take the replies to MAIL, RCPT and DATA if all three are here and say yes; else leave them where they are."""
        ready = self._ready
        if len(ready) < 3 or ready[0].code != 250 or ready[1].code != 250 or ready[2].code != 354:
            return False
        ready.popleft()
        ready.popleft()
        ready.popleft()
        return True

    async def drain(self, seconds: float) -> None:
        """Wait until all that was written has gone to the network; some of it must go every `seconds`.

        Raises:
            BrokenError: the connection was lost, or nothing was taken any more.
        """
        left = self._transport.get_write_buffer_size()
        self._transport.set_write_buffer_limits(high=0)
        while left and not self.broken:
            self._drained = self._loop.create_future()
            try:
                await asyncio.wait_for(self._drained, seconds)
            except TimeoutError:
                before, left = left, self._transport.get_write_buffer_size()
                if left >= before:
                    self.fail("the server took nothing of the letter any more")
            else:
                left = 0
            finally:
                self._drained = None
        self._transport.set_write_buffer_limits()
        if self.broken:
            raise BrokenError(self.broken)

    def fail(self, why: str) -> None:
        """End the conversation; whoever waits for a reply is told why."""
        if not self.broken:
            self.broken = why
            self._transport.abort()
        if self._waiter is not None and not self._waiter.done():
            # What was answered before the end still counts: it may say that a letter was taken.
            self._waiter.set_result(None) if self._ready else self._waiter.set_exception(BrokenError(why))
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(BrokenError(why))

    def release(self) -> None:
        """Forget the timer, when the connection is closed in order."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What the event loop calls.

    def data_received(self, data: bytes) -> None:
        lines = (self._tail + data if self._tail else data).split(b"\n")
        self._tail = lines.pop()
        for line in lines:
            if self._expected and not self._text and (reply := _of_one_line(line)) is not None:
                self._expected -= 1  # nearly every reply: one line, and somebody waits for it
                self._ready.append(reply)
            elif not self._take(line.rstrip(b"\r")):
                self.fail("the server sent something that is no reply")
                return
        if len(self._tail) + sum(map(len, self._text)) > LONGEST:
            self.fail("the server sent an endless reply")
        elif self._ready and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _take(self, line: bytes) -> bool:
        """One line of a reply; False if it is none. A last line has a space after the code, or nothing."""
        code, more = line[:3], line[3:4]
        if not code.isdigit() or len(code) != 3 or more not in (b"-", b" ", b""):
            return False
        self._text.append(line[4:])
        if more == b"-":
            return True
        text, self._text = b"\n".join(self._text).decode("utf-8", "replace"), []
        if not self._expected:
            # Nobody asked: the server ends the session (RFC 5321 §3.8), or what follows would answer the wrong command.
            self.fail(f"the server ended the session: {int(code)} {text}")
            return True
        self._expected -= 1
        self._ready.append(Reply(int(code), text))
        return True

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.release()
        self.fail(str(error) if error else "the server closed the connection")

    def _wait_until(self, deadline: float) -> None:
        # One timer outlives many replies: setting and cancelling one per letter would cost more than the letter.
        self._deadline = deadline
        if self._timer is not None and self._timer.when() > deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._check)
        else:
            self.fail("the server did not answer in time")


@lru_cache(maxsize=64)
def _of_one_line(line: bytes) -> Reply | None:
    """A reply that is all in one line; a server says most of them again and again."""
    code = line[:3]
    if line[3:4] != b" " or not code.isdigit():
        return None
    return Reply(int(code), line[4:].decode("utf-8", "replace").rstrip("\r"))
