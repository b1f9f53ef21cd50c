"""Memory: the fence: a store sends from one place; a copy or a restored backup sends nothing until a person says so.

In: an opened store. Out: nothing where it is what it was, else a StoreError that says what to do. A second sender of
the same mailings, or one that has forgotten what it sent, writes to everybody twice.

What tells the place:

- SQLite: the machine, and when the file was born, or its inode where that is not to be had. A restart changes neither,
  nor does moving the folder on one file system; a copy, and a backup that is unpacked, is a file that was born later.
  No device number: it may change when the machine starts. In a container the machine says nothing, because the next
  one has another, and the store on its volume is the same.
- SQLite again: how far its journal has come, in the name of an empty file beside it. A backup that is written over the
  file leaves it the same file, but has come less far.
- SQLite once more: a backup of ours says that it sends from nowhere, also where nothing had been sent when it was made,
  or nothing since that the journal tells.
- PostgreSQL: the cluster and the database, because many machines may send from one. A dump that is restored is another
  database; a copy of the whole cluster's files is not told apart.
"""

import ctypes
import hashlib
import hmac
import os
import socket
import struct
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import StoreError
from newsletter.store import journal
from newsletter.store.database import Database
from newsletter.store.tables import journal as journal_table
from newsletter.store.tables import meta
from newsletter.store.upsert import upsert

#: Rows of `meta`: what tells the place that sends, and its name for people.
PLACE, NAME = "sends_from", "sends_from_name"
#: The fingerprint of no place at all: of a backup that `store.backup` made.
NOWHERE = "backup/none/"
#: The subject of the journal's lines about the store itself.
SUBJECT = "store"
#: machine-id(5) asks never to show the id itself, and to derive one's own from it with a key.
APPLICATION = b"newsletter: the host that sends from a store"
MARK = ".journal-"
#: statx(2): a path is relative to the working directory; the time of birth is wanted, and was filled in.
AT_FDCWD, STATX_BTIME = -100, 0x800


async def guard(database: Database, *, now: datetime) -> None:
    """Whatever sends calls this first; the first time, it says that this is the place.

    Raises:
        StoreError: the store is a copy, or was restored.
    """
    here = await fingerprint(database)
    async with database.write() as tx:
        await check(tx, here, name=place_name(database), seen=_seen(database), now=now)
    await remember(database)


async def fingerprint(database: Database, root: Path = Path("/")) -> str:
    """What tells the place of a store, "machine/number/birth"; `root` is where the machine's files are."""
    file = _file(database)
    if database.url.get_backend_name() == "sqlite":
        return f"{machine(root)}/{file.stat().st_ino if file else 'memory'}/{_birth(file) if file else ''}"
    try:
        async with database.read() as tx:
            cluster = await tx.scalar(text("SELECT system_identifier FROM pg_control_system()"))
    except DBAPIError:  # some providers do not show it
        cluster = ""
    async with database.read() as tx:
        number = await tx.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    return f"{cluster}/{number}/"


def is_same(known: str, here: str) -> bool:
    """Whether two fingerprints are of one place, as far as both say; a birth says more than an inode."""
    machine_then, number_then, birth_then = known.split("/")
    machine_now, number_now, birth_now = here.split("/")
    if machine_then and machine_now and machine_then != machine_now:
        return False
    return birth_then == birth_now if birth_then and birth_now else number_then == number_now


def machine(root: Path = Path("/")) -> str:
    """An id of this machine that can't be turned back into its machine-id(5); empty where it has none that lasts."""
    if any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return ""
    for name in ("etc/machine-id", "var/lib/dbus/machine-id"):
        try:
            found = (root / name).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if len(found) == 32:
            return hmac.new(found.encode(), APPLICATION, hashlib.sha256).hexdigest()[:32]
    return ""


def place_name(database: Database) -> str:
    """The place for people: the machine's name, or the database's where many machines send."""
    if database.url.get_backend_name() == "sqlite":
        return socket.gethostname()
    return f"{database.url.database}@{database.url.host or 'localhost'}"


async def check(tx: AsyncConnection, here: str, *, name: str, now: datetime, seen: int = 0) -> None:
    """Raise StoreError unless the store sends from the place `here`; the first place is written down.

    `seen` is how far the journal has come, by what stands beside the store.
    """
    known = await _known(tx)
    if not known:
        await _write(tx, here, name)
        await journal.note(tx, SUBJECT, "host", f"sends from {name}", at=now)
        return
    same = is_same(known[PLACE], here)
    if same and await _lines(tx) >= seen:
        return
    what = "is older than it was here" if same else f"is a copy of one that sends from {known[NAME]}"
    raise StoreError(
        f"this store {what}, so nothing is sent from it: the same letters could go out twice; make sure that nothing "
        "else sends from it, then run `newsletter store confirm-host`"
    )


async def is_confirmed(database: Database) -> bool:
    """Whether this is the place that the store sends from, or it has sent from nowhere yet."""
    here = await fingerprint(database)
    async with database.read() as tx:
        known = await _known(tx)
        return not known or (is_same(known[PLACE], here) and await _lines(tx) >= _seen(database))


async def confirm(database: Database, *, now: datetime) -> None:
    """From now on the store sends from here; a person has made sure that it sends from nowhere else."""
    here, name = await fingerprint(database), place_name(database)
    async with database.write() as tx:
        before = (await _known(tx)).get(NAME, "nowhere")
        await _write(tx, here, name)
        await journal.note(tx, SUBJECT, "host", f"confirmed by hand: sends from {name} instead of {before}", at=now)
    for mark in _marks(database):
        mark.unlink(missing_ok=True)
    await remember(database)


async def remember(database: Database) -> None:
    """Note beside an SQLite file how far its journal has come; the note never goes back by itself.

    It is the name of an empty file, so that a whole folder copied over this one leaves the newer note where it is.
    """
    file = _file(database)
    if file is None:
        return
    async with database.read() as tx:
        lines = await _lines(tx)
    if lines <= _seen(database):
        return
    with suppress(OSError):  # it is a second lock on the door; sending does not wait for it
        file.with_name(f"{file.name}{MARK}{lines}").touch()
        for mark in _marks(database):
            if (_number(mark) or 0) < lines:
                mark.unlink(missing_ok=True)


def _file(database: Database) -> Path | None:
    """The file of an SQLite store; None where there is none."""
    url = database.url
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _birth(file: Path) -> str:
    """When a file was made; empty where the system does not tell. Nobody can set it, so no copy has that of another.

    On macOS one can, and copying does, so the inode is part of it there. For Linux, os.stat leaves it out: statx(2).
    """
    found = file.stat()
    if born := getattr(found, "st_birthtime", None):
        return f"{born}-{found.st_ino}"
    try:
        statx = ctypes.CDLL(None).statx
    except (OSError, AttributeError, TypeError):
        return ""
    answer = ctypes.create_string_buffer(256)
    failed = statx(AT_FDCWD, os.fsencode(file), 0, STATX_BTIME, answer)
    if failed or not struct.unpack_from("=I", answer, 0)[0] & STATX_BTIME:
        return ""
    seconds, nanoseconds = struct.unpack_from("=qI", answer, 80)
    return f"{seconds}.{nanoseconds:09}"


def _marks(database: Database) -> list[Path]:
    file = _file(database)
    if file is None:
        return []
    start = f"{file.name}{MARK}"
    return [found for found in file.parent.iterdir() if found.name.startswith(start) and _number(found) is not None]


def _number(mark: Path) -> int | None:
    digits = mark.name.rpartition(MARK)[2]
    return int(digits) if digits.isdecimal() else None


def _seen(database: Database) -> int:
    return max((_number(mark) or 0 for mark in _marks(database)), default=0)


async def _lines(tx: AsyncConnection) -> int:
    return await tx.scalar(select(func.max(journal_table.c.id))) or 0


async def _known(tx: AsyncConnection) -> dict[str, str]:
    found = await tx.execute(select(meta.c.key, meta.c.value).where(meta.c.key.in_([PLACE, NAME])))
    return {key: value for key, value in found}


async def _write(tx: AsyncConnection, here: str, name: str) -> None:
    for key, value in ((PLACE, here), (NAME, name)):
        row = upsert(tx, meta).values(key=key, value=value)
        await tx.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))
