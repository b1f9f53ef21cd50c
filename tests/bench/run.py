"""All benchmarks, one after another, each measurement in a process of its own.

    python -m tests.bench.run [--quick] [--only sqlite,far] [--json]

Reports and fails nothing. What depends on the machine's mood stands beside something that is not ours: letters beside
those of Postfix's smtp-source to the same server, signatures beside those of OpenSSL. They take turns (source, ours,
source, ours …), and a ratio is the median of the ratios of the pairs. With --quick, small numbers: is all in order?
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from newsletter.compose.dkim_keys import KeyType
from tests.bench.dkim import openssl
from tests.bench.postgres import postgres
from tests.bench.servers import Taker, measured, source, taker

#: Seconds of each measurement of OpenSSL.
SIGNING = 2


@dataclass(frozen=True, kw_only=True)
class Sizes:
    letters: int
    pairs: int
    far: int  #: letters to the far relay
    people: int  #: enqueued
    imported: int
    many: int  #: of the largest mailing
    few: int  #: of the mailing whose memory stands beside it


FULL = Sizes(letters=20_000, pairs=5, far=1000, people=1_000_000, imported=100_000, many=1_000_000, few=10_000)
QUICK = Sizes(letters=300, pairs=2, far=40, people=2000, imported=1000, many=1000, few=300)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    ours: float
    unit: str
    beside: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)  #: name: theirs, ratio of ours
    more: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        beside = "".join(
            f"   {name} {'is not installed' if theirs is None else f'{theirs:,.0f}, ratio {ratio}'}"
            for name, (theirs, ratio) in self.beside.items()
        )
        more = ", ".join(f"{name} {value}" for name, value in self.more.items())
        return f"{self.what:34}{self.ours:>12,.10g} {self.unit}{beside}\n{'':36}{more}"


def sending(what: str, sizes: Sizes, sink: Taker, *, store: Callable[[], str] = str, dkim: str = "") -> Row:
    """Letters through ten connections; `store` gives a new database, or nothing for a new SQLite file."""
    pairs = []
    for _ in range(sizes.pairs):
        signed = openssl(KeyType(dkim), SIGNING) if dkim else None
        theirs = source(sink.port, sizes.letters)
        given = ("--port", sink.port, "--letters", sizes.letters, "--store", store(), "--dkim", dkim)
        pairs.append((signed, theirs, measured("send", *given)))
    beside = {"smtp-source": _beside([(theirs, ours) for _, theirs, ours in pairs])}
    if dkim:
        beside["openssl"] = _beside([(signed, ours) for signed, _, ours in pairs])
    kept = ("cpu_us_per_letter", "server_cpu_us_per_letter", "peak_rss_mb", "connections")
    more = {name: median([ours[name] for _, _, ours in pairs]) for name in kept if name in pairs[0][2]}
    pace = median([ours["letters_per_second"] for _, _, ours in pairs])
    return Row(what=what, ours=pace, unit="letters/s", beside=beside, more=more)


def _beside(pairs: list[tuple[float | None, dict[str, Any]]]) -> tuple[float | None, float | None]:
    """Their median, and the median of the ratios."""
    found = [(theirs, ours["letters_per_second"] / theirs) for theirs, ours in pairs if theirs]
    if not found:
        return None, None
    return round(median([theirs for theirs, _ in found]), 1), round(median([ratio for _, ratio in found]), 2)


def far(sizes: Sizes, connections: int) -> Row:
    letters = sizes.far * connections // 10
    found = measured("far", "--connections", connections, "--letters", letters, "--pairs", sizes.pairs)
    return Row(
        what=f"relay {found['round_trip_ms']} ms away, {connections} connections",
        ours=found["letters_per_second"],
        unit="letters/s",
        beside={
            "sendmail()": (found["sendmail_per_second"], found["of_sendmail"]),
            "smtp-source": (found["source_per_second"], found["of_source"]),
        },
        more={"per connection": found["per_connection"]},
    )


def once(what: str, module: str, *given: object) -> Row:
    """What is measured in seconds, once."""
    found = measured(module, *given)
    kept = ("per_second", "again_seconds", "peak_rss_mb")
    more: dict[str, object] = {name: found[name] for name in kept if name in found}
    return Row(what=what, ours=found["seconds"], unit="s", more=more)


def million(sizes: Sizes) -> Row:
    found = measured("million", "--letters", sizes.many, "--few", sizes.few)
    kept = ("seconds", "fill_seconds", "cpu_us_per_letter", "peak_rss_mb", "few", "few_peak_rss_mb")
    return Row(
        what=f"{sizes.many:,} letters",
        ours=found["letters_per_second"],
        unit="letters/s",
        beside={"smtp-source": (found["source_per_second"], found["of_source"])},
        more={name: found[name] for name in kept},
    )


def rows(sizes: Sizes, only: list[str]) -> Iterator[Row]:
    """One measurement after another."""

    def wanted(name: str) -> bool:
        return not only or name in only

    with ExitStack() as stack:
        sink = stack.enter_context(taker())
        print(f"letters of about 20 KB go to {sink.name}; load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        if wanted("sqlite"):
            yield sending("SQLite", sizes, sink)
        if wanted("postgresql"):
            with postgres() as new_database:
                yield sending("PostgreSQL", sizes, sink, store=new_database)
        if wanted("dkim"):
            yield sending("DKIM rsa2048", sizes, sink, dkim="rsa")
            yield sending("DKIM ed25519", sizes, sink, dkim="ed25519")
    if wanted("far"):
        yield far(sizes, 10)
        yield far(sizes, 1)
    if wanted("enqueue"):
        yield once(f"enqueue {sizes.people:,}", "enqueue", "--people", sizes.people)
        yield once(f"fire {sizes.people:,}", "enqueue", "--people", sizes.people, "--firing")
    if wanted("import"):
        yield once(f"import {sizes.imported:,}", "importing", "--people", sizes.imported)
    if wanted("million"):
        yield million(sizes)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small numbers, which say nothing about speed")
    parser.add_argument("--only", default="", help="some of sqlite,postgresql,dkim,far,enqueue,import,million")
    parser.add_argument("--json", action="store_true", help="one JSON object on each line")
    options = parser.parse_args()
    for row in rows(QUICK if options.quick else FULL, [name for name in options.only.split(",") if name]):
        print(json.dumps(asdict(row)) if options.json else row, flush=True)


if __name__ == "__main__":
    main()
