"""Stage 4: DKIM signatures, made on the cores that sending leaves free.

In: digests of letters, and the keys that sign them. Out: the signatures, in the same order, whatever happens.

A signature with RSA 2048 costs twice as much as everything else of a letter. Threads are no help: at every signature
two of them wait for Python's lock. So a few processes sign (`compose.signing`), and are asked for several letters at
once. They start when a mailing turns out to be long; until then, where one of them ends, and with ed25519, which takes
a tenth of the time, letters are signed right here.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import accumulate

from newsletter.compose.dkim_keys import Key, KeyType
from newsletter.compose.signing import READY, REQUEST

#: So many signatures are made here before processes are started, which costs each as much as 250 of them.
LONG = 500
#: More of them than one worker can make letters for.
MOST = 3
#: So many seconds a process has to answer, and to end when it has nothing more to do.
PATIENCE = 5

Digest = tuple[Key, bytes]


def processes_for(cores: int) -> int:
    """How many processes sign beside a worker that has so many cores."""
    return min(cores - 1, MOST)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Signatures:
    """Makes signatures for one worker."""

    def __init__(self, keys: Collection[Key], processes: int, *, long: int = LONG) -> None:
        """`processes` may start, perhaps 0, after `long` signatures; they know all `keys` that can be asked for."""
        self._long, self._keys = long, [key for key in keys if key.type is KeyType.RSA]
        self._processes = processes if self._keys else 0
        self._helpers: list[_Helper] = []
        self._starting: asyncio.Task[None] | None = None
        self._made = 0

    @property
    def batches(self) -> int:
        """How many batches should be asked for at once, so that nobody waits for work."""
        return self._processes + 1

    async def of(self, digests: Sequence[Digest]) -> list[bytes]:
        """One signature for each, in the same order."""
        self._made += len(digests)
        if self._processes and self._starting is None and self._made > self._long:
            self._starting = asyncio.create_task(self._start())
        theirs = [(key, digest) for key, digest in digests if key.type is KeyType.RSA]
        ready = [helper for helper in self._helpers if not helper.has_ended]  # `close` is for the others too
        signed = await min(ready, key=lambda helper: helper.asked).sign(theirs) if ready else None
        if signed is None:
            return [key.sign(digest) for key, digest in digests]
        given = iter(signed)
        return [next(given) if key.type is KeyType.RSA else key.sign(digest) for key, digest in digests]

    async def close(self) -> None:
        """End the processes; a later `of` may start them again."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        helpers, self._helpers, self._starting, self._made = self._helpers, [], None, 0
        await asyncio.gather(*(helper.close() for helper in helpers))

    async def _start(self) -> None:
        for _ in range(self._processes):
            with suppress(OSError, EOFError):  # where no process can be started, all is signed here
                helper = await _Helper.start(self._keys)
                self._helpers.append(helper)


class _Helper:
    """One process. It answers in the order in which it is asked."""

    def __init__(self, process: Process, keys: Sequence[Key]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._requests, self._signatures = process, process.stdin, process.stdout
        self._numbers = {id(key): number for number, key in enumerate(keys)}
        self._turn = asyncio.Lock()
        self.has_ended = False
        self.asked = 0  #: digests that are not answered yet

    @classmethod
    async def start(cls, keys: Sequence[Key]) -> "_Helper":
        """A process that is ready to sign.

        Raises:
            OSError, EOFError: it could not be started, or ended at once.
        """
        # In a session of its own, for Ctrl-C is ours to answer: letters that are on their way want their signatures.
        command = (sys.executable, "-m", "newsletter.compose.signing")
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
        helper = cls(process, keys)
        try:
            helper._requests.write(json.dumps([key.pem.decode("ascii") for key in keys]).encode() + b"\n")
            await helper._signatures.readexactly(len(READY))
        except BaseException:
            await helper.close()
            raise
        return helper

    async def sign(self, digests: Sequence[Digest]) -> list[bytes] | None:
        """The signatures; None if the process has ended, or does not answer."""
        sizes = [key.signature_bytes for key, _ in digests]
        self.asked += len(digests)
        try:
            self._requests.write(b"".join(REQUEST.pack(self._numbers[id(key)], digest) for key, digest in digests))
            async with self._turn:
                if self.has_ended:  # who was before us gave up, and what comes now is theirs
                    return None
                async with asyncio.timeout(PATIENCE):
                    answer = await self._signatures.readexactly(sum(sizes))
        except (OSError, EOFError):  # TimeoutError is an OSError
            self.has_ended = True
            return None
        except BaseException:
            self.has_ended = True  # half an answer may be left in the pipe
            raise
        finally:
            self.asked -= len(digests)
        return [answer[end - size : end] for end, size in zip(accumulate(sizes), sizes, strict=True)]

    async def close(self) -> None:
        """End the process, in order if it can."""
        self.has_ended = True
        self._requests.close()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
