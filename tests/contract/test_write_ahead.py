"""On SQLite, an outcome counts as written when it is on the disk, though something else is done while that writes."""

import asyncio
import errno
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.store.database import open_database
from newsletter.store.ledger import open_ledger
from newsletter.store.ledger_sqlite import SqliteLedger
from tests.contract.test_ledger import SENT as SAID
from tests.contract.test_ledger import claim, settled, states
from tests.contract.test_store import sending

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere SQLite syncs each commit itself")
#: Another process that looks into a store, and leaves it.
LEAVE = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM meta').fetchall(); c.close()"
#: What PRAGMA synchronous says.
FULL = 2
SENT = "SELECT count(*) FROM deliveries WHERE state = 'sent'"


async def test_a_commit_ends_after_the_sync_of_a_log_that_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=2)
    ledger = await open_ledger(database, "worker")
    first, second = await claim(ledger)
    seen: list[tuple[str, int]] = []
    fdatasync = os.fdatasync

    def sync(file: int) -> None:
        with sqlite3.connect(tmp_path / "store.sqlite") as other:
            seen.append((Path(f"/proc/self/fd/{file}").readlink().name, other.execute(SENT).fetchone()[0]))
        fdatasync(file)

    monkeypatch.setattr(os, "fdatasync", sync)
    for delivery in (first, second):
        await ledger.commit([], [delivery.id], now=delivery.queued_at)
        await ledger.commit([settled(delivery)], [], now=delivery.queued_at)
    await ledger.close()
    await database.close()
    assert seen == [("store.sqlite-wal", sent) for sent in (0, 1, 1, 2)]


def fails_once(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """The next call of a function of `os` about the log fails, and it says so only once, as Linux does."""
    function, left = getattr(os, name), [OSError(number, os.strerror(number))]

    def once(*arguments: object) -> object:
        if left and (name != "open" or str(arguments[0]).endswith("-wal")):
            raise left.pop()
        return function(*arguments)

    monkeypatch.setattr(os, name, once)


@pytest.mark.parametrize("is_next_round", [False, True])
async def test_after_a_disk_failed_nothing_counts_before_it_is_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_next_round: bool
) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=1)
    await database.close()
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    fails_once(monkeypatch, "fdatasync", errno.EIO)
    with pytest.raises(StoreError, match="the disk of the store failed: Input/output error"):
        await ledger.commit([], [delivery.id], now=delivery.queued_at)
    reader = sqlite3.connect(tmp_path / "store.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT state FROM deliveries").fetchone() == ("sending",)  # it is seen by others
    if is_next_round:
        await ledger.close()
        ledger = await open_ledger(database, "worker")
    with pytest.raises(StoreError, match="in use by another process"):
        await ledger.commit([], [delivery.id], now=delivery.queued_at, again=True)
    reader.execute("COMMIT")
    assert await ledger.commit([], [delivery.id], now=delivery.queued_at, again=True) == frozenset()
    shutil.copy(tmp_path / "store.sqlite", tmp_path / "without its log.sqlite")
    with sqlite3.connect(tmp_path / "without its log.sqlite") as other:
        assert other.execute("SELECT state FROM deliveries").fetchone() == ("sending",)
    await ledger.close()
    reader.close()


async def test_a_log_that_cannot_be_opened_now_is_opened_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    mailing_id = await sending(database, people=1)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    fails_once(monkeypatch, "open", errno.EMFILE)
    with pytest.raises(StoreError, match="the log of the store cannot be opened: Too many open files"):
        await ledger.commit([], [delivery.id], now=delivery.queued_at)
    assert await ledger.commit([], [delivery.id], now=delivery.queued_at, again=True) == frozenset()
    assert await states(database, mailing_id) == {"sending": 1}
    await ledger.close()
    await database.close()


async def test_the_log_of_a_store_behind_a_link_is_that_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "store.sqlite").symlink_to(tmp_path / "data" / "real.sqlite")
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=1)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    synced: list[Path] = []
    monkeypatch.setattr(os, "fdatasync", lambda file: synced.append(Path(f"/proc/self/fd/{file}").readlink()))
    await ledger.commit([], [delivery.id], now=delivery.queued_at)
    assert synced == [tmp_path / "data" / "real.sqlite-wal"]
    await ledger.close()
    await database.close()


async def test_a_store_that_is_open_here_keeps_its_locks_when_it_is_opened_once_more(tmp_path: Path) -> None:
    """Whoever else leaves it last would take away the log that is in use here (fcntl(2))."""
    first = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(first, people=1)
    async with first.read() as tx:
        await tx.execute(text("SELECT 1 FROM deliveries"))
        second = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", LEAVE, str(tmp_path / "store.sqlite"))
        assert await other.wait() == 0
        assert (tmp_path / "store.sqlite-wal").exists()
    await second.close()
    await first.close()


async def test_a_store_without_a_log_syncs_each_commit_itself(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=1)
    await database.close()
    with sqlite3.connect(tmp_path / "store.sqlite") as other:
        assert other.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    await ledger.commit([], [delivery.id], now=delivery.queued_at)
    assert isinstance(ledger, SqliteLedger)
    assert ledger._db.execute("PRAGMA synchronous").fetchone() == (FULL,)
    await ledger.close()
    assert not (tmp_path / "store.sqlite-wal").exists()


async def test_on_a_system_whose_disk_we_do_not_know_sqlite_syncs_each_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.store.ledger_sqlite.IS_KNOWN", False)
    monkeypatch.delattr(os, "fdatasync")
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=1)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    await ledger.commit([], [delivery.id], now=delivery.queued_at)
    assert isinstance(ledger, SqliteLedger)
    assert ledger._db.execute("PRAGMA synchronous").fetchone() == (FULL,)
    await ledger.close()
    await database.close()


async def test_a_commit_that_fails_leaves_nothing_behind_and_can_be_asked_again(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    mailing_id = await sending(database, people=1)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    await ledger.commit([], [delivery.id], now=delivery.queued_at)
    full = settled(delivery)._replace(outcome=SAID._replace(text="x" * 400_000))
    with sqlite3.connect(tmp_path / "store.sqlite") as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
    assert isinstance(ledger, SqliteLedger)
    ledger._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="full"):
        await ledger.commit([full], [], now=delivery.queued_at)
    ledger._db.execute("PRAGMA max_page_count=1000000")
    await ledger.commit([full], [], now=delivery.queued_at, again=True)
    await ledger.close()
    assert await states(database, mailing_id) == {"sent": 1}
    await database.close()
