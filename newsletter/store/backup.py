"""Memory: a whole copy of an SQLite store in one file, made while everything goes on.

In: the URL of the store, and a file that is not there yet. Out: that file, whole or not at all, and how many rows of
each table are in it. All of it is from one moment; the store is only read, and may have the schema of another version.

The copy says that it sends from nowhere, so that wherever it is put, nothing leaves before a person has confirmed it.
"""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import URL

from newsletter.errors import StoreError
from newsletter.store import beat, fence, write_ahead
from newsletter.store.database import BUSY
from newsletter.store.tables import metadata

#: What a file is called beside its place until it is whole.
PART = ".part"


def back_up(url: URL, file: Path) -> dict[str, int]:
    """Copy the store to `file`, which holds people and is for its owner alone. Returns the rows of each table.

    Raises:
        StoreError: it is no SQLite file, or `file` is there or cannot be written; nothing is left of it then.
    """
    store = _store_of(url)
    _refuse_if_there(file)
    part = file.with_name(file.name + PART)
    with _told(file), _new(part):
        rows = _copy(store, part)
        _sync(part)
        _refuse_if_there(file)
        part.rename(file)
        with suppress(OSError):  # not every system can do that with a folder
            _sync(file.parent)
    return rows


def _store_of(url: URL) -> Path:
    if url.get_backend_name() != "sqlite":
        raise StoreError("this store is PostgreSQL; back it up with its own pg_dump, which copies it while all goes on")
    if not url.database or not Path(url.database).is_file():
        raise StoreError(f"there is no store at {url.database or 'this address'} yet, so nothing to back up")
    write_ahead.refuse_foreign(Path(url.database))
    return Path(url.database).resolve()


def _refuse_if_there(file: Path) -> None:
    if file.exists():
        raise StoreError(f"{file} is there already and was left as it is; choose another name for the backup")


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        cause = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        raise StoreError(f"the backup {file} was not made: {cause}") from error


@contextmanager
def _new(part: Path) -> Iterator[None]:
    """An empty file of our own for as long as the block runs; what is left of it at the end goes."""
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise StoreError(f"{part} is there: another backup is being made, or was broken off; then remove it") from error
    try:
        yield
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)


def _copy(store: Path, part: Path) -> dict[str, int]:
    with (
        closing(_connect(f"{store.as_uri()}?mode=rw")) as source,
        closing(_connect(part.resolve().as_uri())) as copy,
    ):
        source.execute("BEGIN")  # all is read from this moment, whatever is written meanwhile
        wanted = _rows(source)
        source.backup(copy)
        source.execute("COMMIT")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, and a header by which a log of others is told
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok" or _rows(copy) != wanted:
            what = "rows are missing" if found == "ok" else found
            raise StoreError(f"the copy was not whole: {what}; should it say so again, {store} itself is damaged")
        _put_behind_fence(copy)
    return wanted


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY / 1000)


def _rows(db: sqlite3.Connection) -> dict[str, int]:
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    counts = {one.name: str(select(func.count()).select_from(one)) for one in metadata.sorted_tables}
    return {name: db.execute(count).fetchone()[0] for name, count in counts.items() if name in there}


def _put_behind_fence(copy: sqlite3.Connection) -> None:
    """It sends from nowhere, and nothing runs on it; it may have been taken before the first letter was sent."""
    copy.execute("BEGIN")
    copy.execute("DELETE FROM meta WHERE key LIKE ?", (f"{beat.PREFIX}%",))
    copy.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (fence.PLACE, fence.NOWHERE))
    copy.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", (fence.NAME, socket.gethostname()))
    copy.execute("COMMIT")


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
