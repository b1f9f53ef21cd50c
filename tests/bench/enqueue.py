"""How long a mailing takes from "its time has come" to deliveries that wait to be sent.

    python -m tests.bench.enqueue [--people 1000000] [--firing] [--store sqlite:////tmp/x.sqlite] [--json]

Reports and fails nothing. Without --firing, only the transaction that makes a delivery of everybody; with it, all that
`newsletter run` does at that moment: compose, count, try the letter on everybody, claim, enqueue.
"""

import argparse
import time

from newsletter.app import shipped
from newsletter.compose.templates import Templates
from newsletter.outbox.fire import Fired, look_at_clock
from newsletter.store import audience
from newsletter.store.database import Database, open_database
from tests.bench.crowd import NOW, SLUG, fill_people, make_due
from tests.bench.send import peak, report


async def measure(options: argparse.Namespace, url: str) -> dict[str, object]:
    """One run; times in seconds, memory in MB."""
    people: int = options.people
    database = await open_database(url)
    await fill_people(database, people)
    seconds = await (firing if options.firing else enqueuing)(database, people)
    await database.close()
    return {
        "what": "firing" if options.firing else "enqueue",
        "people": people,
        "store": url.partition(":")[0],
        "seconds": round(seconds, 3),
        "per_second": round(people / seconds),
        "peak_rss_mb": peak(),
    }


async def enqueuing(database: Database, people: int) -> float:
    row = await make_due(database, people)
    began = time.perf_counter()
    async with database.write() as tx:
        added = await audience.enqueue(tx, row.id, now=NOW)
    seconds = time.perf_counter() - began
    assert added == people, added
    return seconds


async def firing(database: Database, people: int) -> float:
    await make_due(database, people)
    templates = Templates([shipped("templates")])
    began = time.perf_counter()
    fired = await look_at_clock(database, templates, now=NOW)
    seconds = time.perf_counter() - began
    assert fired == [Fired(slug=SLUG, letters=people)], fired
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--firing", action="store_true")
    parser.add_argument("--store", default="", help="sqlite:///… or postgresql://…, empty")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report(lambda url: measure(options, url), options.store, as_json=options.json)


if __name__ == "__main__":
    main()
