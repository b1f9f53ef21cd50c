"""How fast letters leave: the real path (claim, address, send, commit) against a mail server that takes them.

    python -m tests.bench.send --port 2525 --letters 20000 --connections 10 --store sqlite:////tmp/x.sqlite --json

Reports and fails nothing. The store must be empty; without --store a new SQLite file is used and thrown away. `letters`
are made of a mailing of about 20 KB with a greeting and a link of its own for each recipient.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from newsletter.cli.console import leave_alone, quick_loop
from newsletter.compose.dkim import Signer
from newsletter.compose.dkim_keys import KeyType, new_key
from newsletter.demo.play import SimulatedClock
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.signatures import cores, processes_for
from newsletter.outbox.worker import Sending, Worker
from newsletter.settings import Mail, Security, Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.store import deliveries
from newsletter.store.database import Database, open_database
from tests.bench.crowd import LETTER_BYTES, NOW, big_mailing, fill

DOMAIN = "nieuwsbrief.example.nl"  #: of the From, by which the key is found


async def measure(options: argparse.Namespace, url: str) -> dict[str, object]:
    """One run; times in seconds, memory in MB."""
    database = await open_database(url)
    began = time.perf_counter()
    mailing_id = await fill(database, options.letters, big_mailing(options.letter_bytes))
    filled = time.perf_counter() - began
    worker, theirs = Worker(sending(options, database)), server_usage(url)
    leave_alone()  # as `newsletter run` does
    before, began = usage(), time.perf_counter()
    tally = await worker.drain()
    seconds, cpu = time.perf_counter() - began, usage() - before
    spent = server_usage(url)
    async with database.read() as tx:
        states = await deliveries.count_states(tx, mailing_id)
    await database.close()
    if states != {DeliveryState.SENT.value: options.letters}:
        raise SystemExit(f"not all were sent: {states} {tally.trouble}")
    figures: dict[str, object] = {
        "letters": tally.total(),
        "letter_bytes": options.letter_bytes,
        "connections": options.connections,
        "store": url.partition(":")[0],
        "dkim": options.dkim,
        "fill_seconds": round(filled, 3),
        "seconds": round(seconds, 3),
        "letters_per_second": round(tally.total() / seconds),
        "cpu_us_per_letter": round(cpu / tally.total() * 1e6),
        "peak_rss_mb": peak(),
    }
    if theirs is not None and spent is not None:
        figures["server_cpu_us_per_letter"] = round((spent - theirs) / tally.total() * 1e6)
    return figures


def sending(options: argparse.Namespace, database: Database) -> Sending:
    keys = [new_key(DOMAIN, kind, KeyType(kind)) for kind in options.dkim.split(",") if kind]
    server = Smtp(
        host="127.0.0.1", port=options.port, security=Security.NONE, letters_per_connection=options.per_connection
    )
    return Sending(
        database=database,
        transport=SmtpTransport(server),
        mail=Mail(public_url="https://nieuwsbrief.example.nl", bounce_address="bounces@example.nl"),
        secret=b"k" * 32,
        clock=SimulatedClock(NOW + timedelta(minutes=1)),
        connections=options.connections,
        signers={DOMAIN: Signer(keys)} if keys else {},
        signing_processes=processes_for(cores()),
    )


def usage() -> float:
    """Seconds of CPU of this process and those that it started."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def server_usage(url: str) -> float | None:
    """The same of the database's server, where there is one."""
    if not url.startswith("postgresql"):
        return None
    from tests.bench.postgres import postgres_cpu  # elsewhere its modules would count in our memory

    return postgres_cpu(url)


def peak() -> int:
    """The most memory that this process has had, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def report(measure: Callable[[str], Coroutine[Any, Any, dict[str, object]]], store: str, *, as_json: bool) -> None:
    """Measure on the loop that `newsletter run` uses, on a store or on a new SQLite file; print the figures."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=quick_loop) as runner:
        figures = runner.run(measure(store or f"sqlite:///{folder}/store.sqlite"))
    print(json.dumps(figures) if as_json else "  ".join(f"{name} {value}" for name, value in figures.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--letter-bytes", type=int, default=LETTER_BYTES)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--per-connection", type=int, default=1_000_000, help="renew a connection after so many")
    parser.add_argument("--store", default="", help="sqlite:///… or postgresql://…, empty")
    parser.add_argument("--dkim", default="", help="rsa, ed25519, or rsa,ed25519")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report(lambda url: measure(options, url), options.store, as_json=options.json)


if __name__ == "__main__":
    main()
