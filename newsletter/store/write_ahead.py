"""Memory: what SQLite has written to its log becomes durable while something else is done.

In: a write-ahead log in which a transaction was just committed without waiting for the disk. Out: the word that it is
on the disk. A sync is a write and then a flush, one after the other; started apart, the first of them takes no time
from the event loop. SQLite syncs the log itself wherever that is more than a commit (its header, a checkpoint).
"""

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

from newsletter.errors import StoreError

#: Whether a log can be made durable from outside SQLite; else SQLite does it within each commit.
IS_KNOWN = sys.platform == "linux"
#: SYNC_FILE_RANGE_WRITE of sync_file_range(2): begin to write what is not written yet, and do not wait.
_WRITE = 2
#: Stores that this process has opened, by device and inode.
_OPEN: set[tuple[int, int]] = set()
#: Where the header of an SQLite file says whether it keeps a log, and what stands there where it does.
_VERSION_AT, _KEEPS_LOG = 18, 2


def refuse_foreign(store: Path) -> None:
    """Look at the log beside a store before SQLite does, which plays any log into the file that it finds.

    A store in use says that it keeps a log before it has one; a backup that was put in its place does not. It is looked
    at before this process has it open, and not again: to close a file gives up all locks on it that SQLite has
    (fcntl(2)), so `opened` must be told of a store that was not there yet.

    Raises:
        StoreError: it is the log of the store that was here before this one.
    """
    store = store.resolve()  # the log is beside the file itself, not beside a link to it
    log = store.with_name(f"{store.name}-wal")
    try:
        if _identity(store) in _OPEN or not log.stat().st_size:
            return
        with store.open("rb") as file:
            header = file.read(_VERSION_AT + 1)
            if not log.stat().st_size:  # looked at again: the header does not change while there is a log
                return
    except OSError:  # no store yet, or no log
        return
    if len(header) > _VERSION_AT and header[_VERSION_AT] < _KEEPS_LOG:
        raise StoreError(
            f"{log} was left by the store that was here before this backup, and would spoil it; remove it and "
            f"{store.name}-shm, then start again"
        )
    opened(store)


def opened(store: Path) -> None:
    """This process has this store open from now on."""
    _OPEN.add(_identity(store.resolve()))


def _identity(file: Path) -> tuple[int, int]:
    about = file.stat()
    return about.st_dev, about.st_ino


class WriteAhead:
    """The log of one store, for as long as somebody has the store open."""

    def __init__(self, store: str) -> None:
        """`store` is the path of the file that the log belongs to, links followed.

        Raises:
            OSError: it cannot be opened, or is not there; SQLite makes it at the first transaction.
        """
        self._file = os.open(f"{store}-wal", os.O_RDONLY)

    def start(self) -> None:
        """Begin to write; a system that cannot leaves all of it to `finish`."""
        if _sync_file_range is not None:
            _sync_file_range(self._file, 0, 0, _WRITE)

    def finish(self) -> None:
        """Wait until everything that was committed before is durable.

        Raises:
            OSError: it may not be.
        """
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close our view of it; SQLite has its own, and keeps no lock on the log that closing could release."""
        os.close(self._file)


def _found() -> Callable[[int, int, int, int], int] | None:
    function = getattr(ctypes.CDLL(None), "sync_file_range", None) if IS_KNOWN else None
    if function is not None:
        function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return function


_sync_file_range = _found()
