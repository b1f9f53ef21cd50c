"""On SQLite, an outcome counts as written when it is on the disk, though something else is done while that writes."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.store.database import open_database
from newsletter.store.ledger import open_ledger
from newsletter.store.ledger_sqlite import SqliteLedger
from tests.contract.test_ledger import SENT as SAID
from tests.contract.test_ledger import claim, settled, states
from tests.contract.test_store import sending

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere SQLite syncs each commit itself")
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


async def test_a_disk_that_fails_is_an_error_of_the_store_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=1)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)

    def fail(_file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    error = "the store cannot be used now: Input/output error"
    with pytest.raises(StoreError, match=error):
        await ledger.commit([], [delivery.id], now=delivery.queued_at)
    # The system says it only once; the next sync would say that all is well.
    monkeypatch.setattr(os, "fdatasync", lambda _file: None)
    with pytest.raises(StoreError, match=error):
        await ledger.commit([], [delivery.id], now=delivery.queued_at, again=True)
    await ledger.close()
    await database.close()


async def test_a_store_without_a_log_syncs_each_commit_itself(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await sending(database, people=1)
    await database.close()
    with sqlite3.connect(tmp_path / "store.sqlite") as other:
        assert other.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    ledger = await open_ledger(database, "worker")
    [delivery] = await claim(ledger)
    await ledger.commit([], [delivery.id], now=delivery.queued_at)
    await ledger.close()
    assert not (tmp_path / "store.sqlite-wal").exists()


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
