"""A backup of an SQLite store: whole or not at all, and nothing is sent from it before a person has confirmed it."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from newsletter.errors import StoreError
from newsletter.store import beat, fence, subscribers
from newsletter.store.backup import back_up
from newsletter.store.database import Database, open_database
from newsletter.subscribers.subscriber import Subscriber
from tests.world import NOW, fill

PEOPLE = 50
LEFT_BEHIND = "store.sqlite-wal was left by the store that was here before this backup"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "werk"
    path.mkdir()
    return path


async def opened(folder: Path) -> Database:
    return await open_database("sqlite:///store.sqlite", folder)


async def filled(folder: Path) -> Path:
    """A store that nobody has open."""
    database = await opened(folder)
    await fill(database, people=PEOPLE)
    await database.close()
    return folder / "store.sqlite"


def backed_up(folder: Path, name: str = "backup.sqlite") -> dict[str, int]:
    return back_up(make_url(f"sqlite:///{folder}/store.sqlite"), folder / name)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def people_in(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("SELECT count(*) FROM subscribers").fetchone()[0])


async def test_it_has_what_is_only_in_the_log_and_nothing_of_what_another_is_just_writing(folder: Path) -> None:
    database = await opened(folder)
    await fill(database, people=PEOPLE)
    with closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM subscribers WHERE id = 1")
        rows = backed_up(folder)
        writer.execute("COMMIT")
    assert (rows["subscribers"], rows["mailings"], rows["deliveries"]) == (PEOPLE, 3, 0)
    assert people_in(folder / "backup.sqlite") == PEOPLE
    assert backed_up(folder, "next.sqlite")["subscribers"] == PEOPLE - 1
    shutil.copy(folder / "store.sqlite", folder / "only-the-file.sqlite")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):  # what a copy of the file alone is worth
        people_in(folder / "only-the-file.sqlite")
    await database.close()


async def test_it_is_one_file_that_only_its_owner_can_read(folder: Path) -> None:
    await filled(folder)
    before, mask = contents(folder), os.umask(0)
    try:
        backed_up(folder)
    finally:
        os.umask(mask)
    assert contents(folder).keys() - before.keys() == {"backup.sqlite"}
    assert (folder / "backup.sqlite").stat().st_mode & 0o777 == 0o600


def there_already(folder: Path) -> None:
    (folder / "backup.sqlite").write_text("of yesterday")


def another_is_being_made(folder: Path) -> None:
    (folder / "backup.sqlite.part").write_text("half")


def damaged(folder: Path) -> None:
    """One name differs between a table and its index."""
    store = folder / "store.sqlite"
    store.write_bytes(store.read_bytes().replace(b"person-7@example.nl", b"person-X@example.nl", 1))


def no_store_of_ours(folder: Path) -> None:
    (folder / "store.sqlite").unlink()
    with closing(sqlite3.connect(folder / "store.sqlite")) as db:
        db.execute("CREATE TABLE other (a)")


def not_there(folder: Path) -> None:
    (folder / "store.sqlite").unlink()


@pytest.mark.parametrize(
    ("happened", "why"),
    [
        (there_already, "backup.sqlite is there already and was left as it is; choose another name"),
        (another_is_being_made, r"backup.sqlite.part is there: another backup is being made, or was broken off"),
        (damaged, "the copy was not whole: .*; should it say so again, .*store.sqlite itself is damaged"),
        (no_store_of_ours, "backup.sqlite was not made: no such table: meta"),
        (not_there, "there is no store at .*store.sqlite yet"),
    ],
)
async def test_where_it_cannot_be_whole_nothing_is_left_or_lost(
    folder: Path, happened: Callable[[Path], None], why: str
) -> None:
    await filled(folder)
    happened(folder)
    before = contents(folder)
    with pytest.raises(StoreError, match=why):
        backed_up(folder)
    assert contents(folder) == before


async def test_a_folder_that_is_not_there_is_named_and_postgresql_has_a_program_of_its_own(folder: Path) -> None:
    await filled(folder)
    with pytest.raises(StoreError, match=r"nowhere/backup.sqlite was not made: No such file"):
        backed_up(folder, "nowhere/backup.sqlite")
    with pytest.raises(StoreError, match="pg_dump"):
        back_up(make_url("postgresql://user@localhost/name"), folder / "backup.sqlite")


def over_the_file(folder: Path) -> None:
    """cp backup.sqlite store.sqlite: the same file, whose journal has not come further since."""
    (folder / "store.sqlite").write_bytes((folder / "backup.sqlite").read_bytes())


def in_its_place(folder: Path) -> None:
    """mv backup.sqlite store.sqlite"""
    (folder / "backup.sqlite").replace(folder / "store.sqlite")


@pytest.mark.parametrize("restored", [over_the_file, in_its_place])
@pytest.mark.parametrize("had_sent", [True, False])
async def test_nothing_is_sent_from_what_was_restored_until_it_is_confirmed(
    folder: Path, had_sent: bool, restored: Callable[[Path], None]
) -> None:
    database = await opened(folder)
    await fill(database)
    for sends in (had_sent, True):
        if sends:
            await fence.guard(database, now=NOW)
        if not (folder / "backup.sqlite").exists():
            backed_up(folder)
    await database.close()
    restored(folder)

    database = await opened(folder)
    with pytest.raises(StoreError, match=r"nothing is sent from it.* run `newsletter store confirm-host`"):
        await fence.guard(database, now=NOW)
    assert not await fence.is_confirmed(database)
    await fence.confirm(database, now=NOW)
    await fence.guard(database, now=NOW)
    await database.close()


async def test_what_runs_now_does_not_run_on_the_backup(folder: Path) -> None:
    database = await opened(folder)
    async with database.write() as tx:
        await beat.beat(tx, "one", now=NOW, until=NOW.replace(year=NOW.year + 1))
    backed_up(folder, "other.sqlite")
    await database.close()
    copy = await open_database("sqlite:///other.sqlite", folder)
    async with copy.read() as tx:
        assert await beat.running_until(tx, now=NOW) is None
    await copy.close()


async def test_the_log_of_the_store_that_was_there_is_never_played_into_a_backup(folder: Path) -> None:
    await filled(folder)
    backed_up(folder)
    database = await opened(folder)
    async with database.write() as tx:
        later = Subscriber(address="later@example.nl", name="Later", attributes={})
        await subscribers.upsert_subscribers(tx, [later], now=NOW)
    log = (folder / "store.sqlite-wal").read_bytes()
    await database.close()
    (folder / "backup.sqlite").replace(folder / "store.sqlite")
    (folder / "store.sqlite-wal").write_bytes(log)

    before = (folder / "store.sqlite").read_bytes()
    (folder / "link.sqlite").symlink_to("store.sqlite")
    for name in ("store.sqlite", "link.sqlite"):
        with pytest.raises(StoreError, match=f"{LEFT_BEHIND}.*; remove it and store.sqlite-shm"):
            await open_database(f"sqlite:///{name}", folder)
    with pytest.raises(StoreError, match=LEFT_BEHIND):
        backed_up(folder, "next.sqlite")
    assert (folder / "store.sqlite").read_bytes() == before

    (folder / "store.sqlite-wal").unlink()
    await (await opened(folder)).close()
    assert people_in(folder / "store.sqlite") == PEOPLE


async def test_the_log_that_a_killed_process_left_is_its_own(folder: Path) -> None:
    database = await opened(folder)
    await fill(database, people=PEOPLE)
    killed = folder.with_name("killed")
    shutil.copytree(folder, killed)
    await database.close()
    assert (killed / "store.sqlite-wal").stat().st_size
    await (await opened(killed)).close()
    assert people_in(killed / "store.sqlite") == PEOPLE
