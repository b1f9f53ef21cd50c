"""How fast letters leave, and how much memory that takes: the real path (enqueue, claim, address, send, commit).

    python -m tests.bench.send --letters 1000 10000 --connections 4 [--json]

Reports and fails nothing. Each number of letters runs in a process of its own, so that its peak memory is its own; the
mail server is Postfix's smtp-sink where it is installed, else one of ours that throws letters away.
"""

import argparse
import asyncio
import json
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from newsletter.compose.templates import Templates
from newsletter.demo.play import SimulatedClock
from newsletter.outbox.control import schedule
from newsletter.outbox.fire import look_at_clock
from newsletter.outbox.worker import Sending, Worker
from newsletter.settings import Mail, Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.store.database import open_database
from tests.smtp_server import smtp_server
from tests.world import EVENT_SLUG, NOW, fill

REMINDER = f"{EVENT_SLUG}/reminder"
TEMPLATES = Path(__file__).parents[2] / "templates"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sink() -> Iterator[tuple[int, str]]:
    """A mail server that throws letters away, in a process of its own; its port and its name."""
    port, postfix = free_port(), shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
    command = [postfix, "-u", "root", f"127.0.0.1:{port}", "100"] if postfix else [sys.executable, "-m", __spec__.name]
    process = subprocess.Popen(command if postfix else [*command, "--sink", str(port)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port, "smtp-sink" if postfix else "our own sink"
    finally:
        process.terminate()
        process.wait()


async def own_sink(port: int) -> None:
    async with smtp_server(port=port) as server:
        while True:
            await server.changed.wait()
            server.changed.clear()
            server.letters.clear()


async def measure(letters: int, connections: int, port: int) -> dict[str, object]:
    """One run; times in seconds, memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(f"sqlite:///{folder}/store.sqlite")
        await fill(database, people=letters)
        clock = SimulatedClock(NOW)
        await schedule(
            database, Templates([TEMPLATES]), REMINDER, recipients=letters, now=NOW, at=NOW + timedelta(minutes=1)
        )
        clock.now += timedelta(minutes=1)
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        begin = time.perf_counter()
        await look_at_clock(database, Templates([TEMPLATES]), now=clock())
        fired = time.perf_counter()
        sending = Sending(
            database=database,
            transport=SmtpTransport(Smtp(host="127.0.0.1", port=port)),
            mail=Mail(public_url="https://nieuwsbrief.example.nl"),
            secret=b"k" * 32,
            clock=clock,
            connections=connections,
        )
        cpu = time.process_time()
        tally = await Worker(sending).drain()
        seconds = time.perf_counter() - fired
        cpu = time.process_time() - cpu
        await database.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "letters": tally.total(),
        "connections": connections,
        "compose_and_enqueue_seconds": round(fired - begin, 2),
        "seconds": round(seconds, 2),
        "letters_per_second": round(tally.total() / seconds),
        "cpu_us_per_letter": round(cpu / tally.total() * 1e6),
        "peak_rss_mb": round(peak_mb),
        "grown_while_sending_mb": round(peak_mb - before_mb),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--letters", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--sink", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sink:
        asyncio.run(own_sink(options.sink))
    elif options.port:
        print(json.dumps(asyncio.run(measure(options.letters[0], options.connections, options.port))))
    else:
        with sink() as (port, name):
            for letters in options.letters:
                command = [sys.executable, "-m", "tests.bench.send", "--port", str(port), "--letters", str(letters)]
                command += ["--connections", str(options.connections)]
                figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                figures["server"] = name
                print(json.dumps(figures) if options.json else "  ".join(f"{k} {v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
