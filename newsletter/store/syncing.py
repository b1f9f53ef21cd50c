"""Memory, the hot path: what was written reaches the disk while the loop goes on.

In: a file that something was written to. Out: the word that it is on disk.

Waiting for the disk is most of what a commit takes, and it needs nothing of this process. So it is left to a process of
its own, which does nothing else: a thread would have to win Python's lock twice for each sync, from a loop that has
other things to do. On the same machine (2 cores, server on the same), 6,400 letters a second left with it, 4,200 when
the loop waited itself, and 3,500 with a thread.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path

#: fdatasync leaves out only the time of the last change. A system without it waits in SQLite, as SQLite does.
IS_POSSIBLE = hasattr(os, "fdatasync")
#: Each byte that comes in asks for a sync, and goes back when it is done; those that came in together share one.
SYNCER = """
import os, sys
file = os.open(sys.argv[1], os.O_RDWR)
while asked := os.read(0, 64):
    os.fdatasync(file)
    os.write(0, asked)
"""


class Syncing:
    """One file, and the process that syncs it; that ends when this one does, however it does."""

    def __init__(self, path: Path) -> None:
        """Start the process; the file must be there."""
        self._loop = asyncio.get_running_loop()
        self._path = path
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            # Not in our group of processes: Ctrl-C is for us, and what we finish after it needs this one.
            command = [sys.executable, "-I", "-S", "-c", SYNCER, str(path)]
            self.process = subprocess.Popen(command, stdin=theirs.fileno(), start_new_session=True)  # noqa: S603
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_alive = True
        self._loop.add_reader(self._socket, self._told)

    def sync(self) -> "asyncio.Future[None]":
        """All that was written before this call is on disk when the future is done.

        It raises OSError when the disk has failed. Then nobody knows what is on it, and a second sync might not tell.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(done)
        try:
            if self._is_alive:
                self._socket.send(b".")
            else:
                self._sync_here()
        except OSError:  # it has ended, and its end has not been read yet
            self._sync_here()
        return done

    def close(self) -> None:
        """End the process."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self.process.wait()

    def _told(self) -> None:
        try:
            done = self._socket.recv(64)
        except BlockingIOError:
            return
        except OSError:
            done = b""
        if not done:
            self._is_alive = False
            self._loop.remove_reader(self._socket)
            self._sync_here()
            return
        for _ in done:
            _tell(self._waiting.popleft(), None)

    def _sync_here(self) -> None:
        """The process was ended by somebody, or the disk has failed: whoever waits is told which."""
        failure = None
        try:
            file = os.open(self._path, os.O_RDWR)
            try:
                os.fdatasync(file)
            finally:
                os.close(file)
        except OSError as error:
            failure = error
        while self._waiting:
            _tell(self._waiting.popleft(), failure)


def _tell(done: "asyncio.Future[None]", failure: OSError | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
