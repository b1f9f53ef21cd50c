"""`newsletter worker`: several processes on one PostgreSQL that are started, killed and stopped."""

import asyncio
import json
import re
import signal
from collections import Counter
from uuid import uuid4

import psycopg
import pytest

from tests.contract.conftest import postgres
from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.test_run import FIRST, in_seconds, prepared
from tests.smtp_server import Server, smtp_server

__all__ = ["postgres"]
pytestmark = pytest.mark.xdist_group("fleet")

DELIVERIES = 10_000
#: Of each worker: so many letters can be on their way when it is killed.
CONNECTIONS = 4
STOPPED = "stopped; what was not sent yet"


class Forgetful(list[tuple[str, str, bytes]]):
    """Letters without their content, so that ten thousand of them do not fill the memory."""

    def append(self, letter: tuple[str, str, bytes]) -> None:
        super().append((*letter[:2], b""))


@pytest.fixture
def url(postgres: str) -> str:
    """A new database of a PostgreSQL server."""
    name = f"fleet_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture
def shared(folder: Folder, url: str) -> Folder:
    """A working folder whose store is on PostgreSQL."""
    folder.settings |= {"NEWSLETTER_STORE__URL": url, "NEWSLETTER_SMTP__CONNECTIONS": str(CONNECTIONS)}
    return folder


def ready(folder: Folder, server: Server, people: int) -> None:
    """People, an event, and settings for impatient tests; the lease outlasts what a busy machine makes one wait."""
    prepared(folder, server, people=people)
    folder.settings |= {"NEWSLETTER_SCHEDULE__UNDO_SECONDS": "0", "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "10"}


def recipients(server: Server) -> Counter[str]:
    return Counter(recipient for _, recipient, _ in server.letters)


async def wait_for_one(processes: list[asyncio.subprocess.Process], part: str) -> list[str]:
    """Read what they all say until one says `part`; returns what was said by all until then."""
    heard: list[str] = []

    async def listen(process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while raw := await process.stdout.readline():
            heard.append(raw.decode().rstrip("\n"))
            if part in heard[-1]:
                return
        raise AssertionError(f"it ended without saying {part!r}: {heard}")

    async with asyncio.timeout(300):
        tasks = [asyncio.create_task(listen(process)) for process in processes]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
    return heard


async def end(processes: list[asyncio.subprocess.Process]) -> None:
    """Each must end in order."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
        await wait_for_line(process, STOPPED)
        assert await process.wait() == 0


async def test_of_three_workers_one_is_killed_and_nobody_is_missed(shared: Folder, url: str) -> None:
    async with smtp_server() as server:
        server.letters = Forgetful()
        ready(shared, server, DELIVERIES)
        shared.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", str(DELIVERIES))
        workers = {name: await shared.start("worker", "--name", name) for name in ("een", "twee", "drie")}
        async with asyncio.timeout(300):
            await server.wait_for_letters(DELIVERIES // 3)
        with psycopg.connect(url) as connection:
            [(victim,)] = connection.execute("SELECT claimed_by FROM deliveries WHERE state = 'sending' LIMIT 1")
            killed = workers.pop(str(victim).partition("-")[0])
            killed.kill()
            await killed.wait()
            held = "SELECT count(*) FROM deliveries WHERE claimed_by = %s"
            [(in_hand,)] = connection.execute(held, (victim,))
        others = list(workers.values())
        await wait_for_one(others, f"{FIRST}: sent")
        await end(others)
        shown = json.loads((await asyncio.to_thread(shared.run, "mailing", "show", FIRST, "--json")).stdout)
        with psycopg.connect(url) as connection:
            left = connection.execute(
                "SELECT (SELECT count(*) FROM deliveries WHERE next_at IS NOT NULL OR claimed_by IS NOT NULL),"
                " (SELECT count(*) FROM newsletter_jobs.procrastinate_jobs)"
            ).fetchone()
    counts = recipients(server)
    assert in_hand > 0, "the one that was killed had nothing in hand"
    assert set(counts) == {f"persoon{number}@example.nl" for number in range(DELIVERIES)}
    assert counts.total() - DELIVERIES <= CONNECTIONS
    assert shown["deliveries"] == {"sent": DELIVERIES}
    assert left == (0, 0)


async def test_two_workers_on_one_tick_send_one_mailing(shared: Folder) -> None:
    people = 30
    async with smtp_server() as server:
        ready(shared, server, people)
        workers = [await shared.start("worker"), await shared.start("run")]
        for worker in workers:
            await wait_for_line(worker, "running")
        await asyncio.to_thread(
            shared.run, "mailing", "schedule", FIRST, "--at", in_seconds(10), "--recipients", str(people)
        )
        heard = await wait_for_one(workers, f"{FIRST}: sent ({people} sent)")
        await end(workers)
    assert len([line for line in heard if f"{FIRST}: started" in line]) <= 1
    assert recipients(server) == Counter({f"persoon{number}@example.nl": 1 for number in range(people)})


async def test_a_second_signal_ends_at_once_and_another_worker_sends_what_was_in_doubt(shared: Folder) -> None:
    # An answer that never ends keeps the sender waiting.
    async with smtp_server(lambda verb, _: "250-wait" if verb == "." else None) as server:
        ready(shared, server, 1)
        shared.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
        worker = await shared.start("worker")
        await server.wait_for_letters(1)
        worker.send_signal(signal.SIGINT)
        await wait_for_line(worker, "once more ends at once")
        await end([worker])
        shown = json.loads((await asyncio.to_thread(shared.run, "mailing", "show", FIRST, "--json")).stdout)
        assert shown["deliveries"] == {"in_doubt": 1}
        server.answer = lambda _verb, _letters: None
        other = await shared.start("worker")
        await wait_for_line(other, f"{FIRST}: sent (1 sent)")
        await end([other])
    identifiers = [
        re.search(rb"^Message-ID: .*$", letter, re.MULTILINE | re.IGNORECASE) for _, _, letter in server.letters
    ]
    assert len({found.group() for found in identifiers if found}) == 1
    assert len(identifiers) == 2


def test_on_sqlite_it_says_when_and_how_to_move(folder: Folder) -> None:
    said = folder.run("worker", code=1).stderr
    assert "this store is SQLite, from which one process sends, with `newsletter run`" in said
    assert "newsletter store copy --to postgresql://" in said
