"""The fence: a store sends from one place until a person says otherwise."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.store import fence, journal
from newsletter.store.database import Database, open_database
from tests.world import NOW

HERE, THERE = "1/2/3", "4/5/6"
SENTENCE = "nothing is sent from it.* run `newsletter store confirm-host`"


async def test_the_first_place_that_sends_is_the_one_that_may(database: Database) -> None:
    assert await fence.is_confirmed(database)
    for _ in range(3):
        await fence.guard(database, now=NOW)
    assert await fence.is_confirmed(database)
    async with database.read() as tx:
        notes = [note["detail"] for note in await journal.read_notes(tx, fence.SUBJECT)]
    assert notes == [f"sends from {fence.place_name(database)}"]


async def test_another_place_is_refused_until_it_is_confirmed_and_then_the_first_one_is(database: Database) -> None:
    async with database.write() as tx:
        await fence.check(tx, HERE, name="laptop", now=NOW)
        with pytest.raises(StoreError, match=f"is a copy of one that sends from laptop, so {SENTENCE}"):
            await fence.check(tx, THERE, name="server", now=NOW)
        await fence.check(tx, HERE, name="laptop", now=NOW)
    assert not await fence.is_confirmed(database)
    with pytest.raises(StoreError, match=SENTENCE):
        await fence.guard(database, now=NOW)
    await fence.confirm(database, now=NOW)
    assert await fence.is_confirmed(database)
    await fence.guard(database, now=NOW)
    async with database.write() as tx:
        with pytest.raises(StoreError, match="is a copy"):
            await fence.check(tx, HERE, name="laptop", now=NOW)
        notes = [(note["action"], note["detail"]) for note in await journal.read_notes(tx, fence.SUBJECT)]
    name = fence.place_name(database)
    assert notes == [
        ("host", "sends from laptop"),
        ("host", f"confirmed by hand: sends from {name} instead of laptop"),
    ]


async def test_a_store_that_has_come_less_far_than_it_had_here_is_refused(database: Database) -> None:
    async with database.write() as tx:
        await fence.check(tx, HERE, name="laptop", now=NOW)  # writes the first line
        await fence.check(tx, HERE, name="laptop", now=NOW, seen=1)
        with pytest.raises(StoreError, match=f"is older than it was here, so {SENTENCE}"):
            await fence.check(tx, HERE, name="laptop", now=NOW, seen=2)


@pytest.mark.parametrize(
    ("known", "here", "same", "case"),
    [
        ("m/1/b", "m/1/b", True, "the same file"),
        ("m/1/b", "m/2/b", True, "a file system that numbers its files anew"),
        ("m/1/b", "m/1/c", False, "a new file that was given the number of the old one"),
        ("m/1/b", "n/1/b", False, "the disk in another machine"),
        ("/1/b", "m/1/b", True, "in a container before"),
        ("m/1/b", "/1/b", True, "in a container now"),
        ("/1/b", "/2/c", False, "a copy in a container"),
        ("m/1/", "m/1/b", True, "the system now tells when a file was born"),
        ("m/1/", "m/2/", False, "a copy, where it does not"),
        ("m/1/b", "m/2/", False, "a copy on a disk that does not tell"),
    ],
)
def test_two_places_are_one_as_far_as_both_can_be_told(known: str, here: str, same: bool, case: str) -> None:
    assert fence.is_same(known, here) is same, case
    assert fence.is_same(here, known) is same, case


async def note(database: Database) -> None:
    async with database.write() as tx:
        await journal.note(tx, "x", "y", "z", at=NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "werk"
    path.mkdir()
    return path


async def sends_from(folder: Path) -> bool:
    """Whether a store in this folder may send, after a start of the program."""
    database = await open_database("sqlite:///store.sqlite", folder)
    try:
        with suppress(StoreError):
            await fence.guard(database, now=NOW)
            await note(database)
            await fence.remember(database)
            return True
        return False
    finally:
        await database.close()


def copied_tree(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.with_name("kopie")))


def moved(folder: Path) -> Path:
    return folder.rename(folder.with_name("elders"))


def untouched(folder: Path) -> Path:
    return folder


def backed_up(folder: Path) -> None:
    shutil.copytree(folder, folder.with_name("backup"))


def unpacked_over(folder: Path) -> Path:
    """A backup that replaces the folder, as tar and rsync do: other files."""
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("backup"), folder)
    return folder


def written_over_the_file(folder: Path) -> Path:
    """cp backup/store.sqlite store.sqlite: the same file, with what was in it then."""
    (folder / "store.sqlite").write_bytes((folder.with_name("backup") / "store.sqlite").read_bytes())
    return folder


def written_over_everything(folder: Path) -> Path:
    """cp -r backup/. . : what stood beside the store comes back as well."""
    shutil.copytree(folder.with_name("backup"), folder, dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("happened", "may_send"),
    [
        (untouched, True),
        (moved, True),
        (copied_tree, False),
        (unpacked_over, False),
        (written_over_the_file, False),
        (written_over_everything, False),
    ],
)
async def test_a_restart_and_a_move_send_on_and_a_copy_or_a_backup_does_not(
    folder: Path, happened: Callable[[Path], Path], may_send: bool
) -> None:
    assert await sends_from(folder)
    backed_up(folder)
    assert await sends_from(folder)
    now_at = happened(folder)
    assert await sends_from(now_at) is may_send
    assert await sends_from(now_at) is may_send
    if not may_send:
        database = await open_database("sqlite:///store.sqlite", now_at)
        await fence.confirm(database, now=NOW)
        await database.close()
        assert await sends_from(now_at)


async def test_one_note_stands_beside_the_store_and_it_only_grows(folder: Path) -> None:
    database = await open_database("sqlite:///store.sqlite", folder)
    for lines in (1, 2):
        await note(database)
        await fence.remember(database)
        await fence.remember(database)
        assert notes_in(folder) == [f"store.sqlite.journal-{lines}"]
    async with database.write() as tx:
        await tx.execute(text("DELETE FROM journal WHERE id = 2"))
    await fence.remember(database)
    assert notes_in(folder) == ["store.sqlite.journal-2"]
    await database.close()


def notes_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if ".journal-" in path.name)


async def test_on_another_machine_it_is_another_place(tmp_path: Path, folder: Path) -> None:
    database = await open_database("sqlite:///store.sqlite", folder)
    machines = [machine(tmp_path, number, f"{number:032x}") for number in range(2)]
    places = [await fence.fingerprint(database, root) for root in machines]
    assert len(set(places)) == 2
    assert places[0] == await fence.fingerprint(database, machines[0])
    await database.close()


def machine(folder: Path, number: int, machine_id: str | None, marks: str = "") -> Path:
    """The files of a machine that the fence looks at."""
    root = folder / f"machine-{number}"
    (root / "etc").mkdir(parents=True)
    if machine_id is not None:
        (root / "etc/machine-id").write_text(f"{machine_id}\n")
    if marks:
        (root / marks).parent.mkdir(exist_ok=True)
        (root / marks).touch()
    return root


ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("machine_id", "mark", "is_known"),
    [
        (ID, "", True),
        (None, "", False),
        ("", "", False),
        ("uninitialized", "", False),
        (ID, ".dockerenv", False),
        (ID, "run/.containerenv", False),
    ],
)
def test_a_machine_is_known_by_its_id_where_that_lasts_and_the_id_is_never_shown(
    tmp_path: Path, machine_id: str | None, mark: str, is_known: bool
) -> None:
    found = fence.machine(machine(tmp_path, 0, machine_id, mark))
    assert bool(found) is is_known
    assert ID not in found
    assert found == fence.machine(tmp_path / "machine-0")


async def test_on_postgresql_many_machines_are_one_place_and_a_restored_dump_is_another(postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    here = await open_database(postgres)
    restored = await open_database(postgres.replace("/postgres?", "/restored?"))
    place = await fence.fingerprint(here)
    assert await fence.fingerprint(here, Path("/another/machine")) == place
    assert await fence.fingerprint(restored) != place
    assert (fence.place_name(here), fence.place_name(restored)) == ("postgres@localhost", "restored@localhost")
    await here.close()
    await restored.close()
