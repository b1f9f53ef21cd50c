"""The windows: noticing that something was saved.

In: folders and files, or any other fingerprint. Out: a stream of fingerprints, one each time it has changed.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path

#: Seconds between two looks; a look at all templates costs about a millisecond.
EVERY = 0.1

Stamp = tuple[str, int, int]


def stamps(paths: Iterable[Path]) -> tuple[Stamp, ...]:
    """Path, time of change (ns) and size (bytes) of every file in these folders, and of these files.

    What an editor keeps beside a file while it is open (`.letter.html.swp`, `letter.html~`) does not count.
    """
    return tuple(sorted(stamp for path in paths for file in _files(path) for stamp in _stamp(file)))


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, inner, names in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith(".") and not name.endswith("~"))


def _stamp(file: Path) -> Iterator[Stamp]:
    try:
        found = file.stat()
    except OSError:  # it went away between two looks; the next one tells
        return
    yield str(file), found.st_mtime_ns, found.st_size


async def changes(
    look: Callable[[], Awaitable[str]], seen: str, *, stopping: Callable[[], bool], every: float = EVERY
) -> AsyncGenerator[str]:
    """Yield the fingerprint each time that it is another than the one before; the first is compared with `seen`."""
    while not stopping():
        now = await look()
        if now != seen:
            seen = now
            yield now
        await asyncio.sleep(every)
