"""What the ledger of SQLite says is durable, is on the disk."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from newsletter.store.ledger import open_ledger
from newsletter.store.syncing import IS_POSSIBLE, Syncing
from tests.mail_system import wait_until
from tests.unit.conftest import World
from tests.unit.outbox.test_sending import start

pytestmark = pytest.mark.skipif(not IS_POSSIBLE, reason="this system has no fdatasync, so SQLite syncs by itself")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"written")
    return path


def stop(syncing: Syncing) -> None:
    """Hold its process; it is stopped when this returns."""
    syncing.process.send_signal(signal.SIGSTOP)
    os.waitpid(syncing.process.pid, os.WUNTRACED)


async def test_a_commit_has_not_ended_before_the_disk_has_it(world: World) -> None:
    await start(world, 2)
    ledger = await open_ledger(world.database, "worker")
    now = world.clock()
    first, second = (one.id for one in await ledger.claim(2, now=now, until=now + timedelta(minutes=1)))
    assert await ledger.commit([], [first], now=now) == frozenset()
    assert ledger.syncing is not None
    stop(ledger.syncing)
    committing = asyncio.create_task(ledger.commit([], [second], now=now))
    _, waiting = await asyncio.wait({committing}, timeout=0.3)
    assert waiting
    ledger.syncing.process.send_signal(signal.SIGCONT)
    assert await committing == frozenset()
    await ledger.close()


async def test_many_that_ask_are_all_told(file: Path) -> None:
    with closing(Syncing(file)) as syncing:
        await asyncio.gather(*(syncing.sync() for _ in range(200)))


async def test_without_its_process_the_disk_is_waited_for_here(file: Path) -> None:
    with closing(Syncing(file)) as syncing:
        stop(syncing)
        asked = [syncing.sync() for _ in range(3)]
        syncing.process.kill()
        await asyncio.gather(*asked)
        await syncing.sync()


async def test_a_disk_that_fails_is_told_to_all_who_wait(file: Path) -> None:
    with closing(Syncing(file)) as syncing:
        stop(syncing)
        asked = [syncing.sync() for _ in range(3)]
        file.unlink()  # noqa: ASYNC240
        syncing.process.kill()
        told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in told] == [FileNotFoundError] * 3


async def test_its_process_ends_with_ours_even_when_that_is_killed(file: Path) -> None:
    program = f"""
import asyncio, pathlib, sys
from newsletter.store.syncing import Syncing
async def main():
    syncing = Syncing(pathlib.Path({str(file)!r}))
    await syncing.sync()
    print(syncing.process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    ours = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert ours.stdout is not None
    with ours.stdout:
        theirs = psutil.Process(int(ours.stdout.readline()))
        ours.kill()
        ours.wait()
    # Where nobody collects orphans, it stays as a zombie.
    wait_until(lambda: not theirs.is_running() or theirs.status() == psutil.STATUS_ZOMBIE, "it goes on")
