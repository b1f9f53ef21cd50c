"""How long a file of recipients takes into a list: read, checked, compared with who is there, stored.

    python -m tests.bench.importing [--people 100000] [--store sqlite:////tmp/x.sqlite] [--json]

Reports and fails nothing. `again` is the same file once more, when it changes nothing.
"""

import argparse
import time

from newsletter.store.database import open_database
from newsletter.subscribers.importer import import_recipients
from tests.bench.crowd import NOW
from tests.bench.send import peak, report

COLUMNS = "e-mail;voornaam;achternaam;organisatie"


def file_of(people: int) -> bytes:
    """As a spreadsheet saves it: with the mark of UTF-8, semicolons and CRLF."""
    rows = (
        f"persoon{number}@example.nl;Zoë;van Voorbeeld {number};Gemeente Voorbeeld {number % 400}\r\n"
        for number in range(people)
    )
    return f"{COLUMNS}\r\n{''.join(rows)}".encode("utf-8-sig")


async def measure(options: argparse.Namespace, url: str) -> dict[str, object]:
    """One run; times in seconds, memory in MB."""
    people: int = options.people
    data = file_of(people)
    database = await open_database(url)
    seconds = []
    for new in (people, 0):
        began = time.perf_counter()
        plan = await import_recipients(database, data, "people.csv", "gemeenten", dry_run=False, now=NOW)
        seconds.append(time.perf_counter() - began)
        assert plan.may_apply(), plan.summary()
        assert len(plan.to_store) == new, plan.summary()
    await database.close()
    return {
        "people": people,
        "file_bytes": len(data),
        "store": url.partition(":")[0],
        "seconds": round(seconds[0], 3),
        "per_second": round(people / seconds[0]),
        "again_seconds": round(seconds[1], 3),
        "peak_rss_mb": peak(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--store", default="", help="sqlite:///… or postgresql://…, empty")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report(lambda url: measure(options, url), options.store, as_json=options.json)


if __name__ == "__main__":
    main()
