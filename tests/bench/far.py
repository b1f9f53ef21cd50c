"""How fast letters leave when the mail server is far off: what a round trip less for each letter is worth.

    python -m tests.bench.far [--connections 10] [--letters 500] [--delay 0.01] [--pairs 5] [--json]

Reports and fails nothing. Our sink, in a process of its own, delays every packet by `delay` seconds in each direction.
Beside us stands what one would write with aiosmtplib alone: sendmail() on as many connections, each kept open, with
nothing stored; and Postfix's smtp-source.
"""

import argparse
import asyncio
import json
import time
from statistics import median
from typing import NamedTuple

import aiosmtplib

from newsletter.compose.letter import Letter
from tests.bench.crowd import LETTER_BYTES, big_mailing, sample
from tests.bench.servers import measured, own_sink, source


async def plain(port: int, letters: int, connections: int) -> float:
    """Letters a second of sendmail() and nothing else."""
    letter = Letter(big_mailing(LETTER_BYTES)).address(sample())

    async def connection(count: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as client:
            for _ in range(count):
                await client.sendmail("kennisdagen@nieuwsbrief.example.nl", ["persoon@example.nl"], letter)

    share, rest = divmod(letters, connections)
    began = time.perf_counter()
    await asyncio.gather(*(connection(share + (number < rest)) for number in range(connections)))
    return letters / (time.perf_counter() - began)


class Round(NamedTuple):
    """Letters a second of each, one after another."""

    source: float | None
    ours: float
    plain: float


def measure(options: argparse.Namespace) -> dict[str, object]:
    """Medians of some rounds; a ratio is that of one round."""
    letters, connections = options.letters, options.connections
    rounds = []
    with own_sink(options.delay) as port:
        for _ in range(options.pairs):
            theirs = source(port, letters, connections=connections)
            given = ("--port", port, "--letters", letters, "--connections", connections)
            ours = measured("send", *given)["letters_per_second"]
            rounds.append(Round(theirs, ours, asyncio.run(plain(port, letters, connections))))
    pace = median(one.ours for one in rounds)
    sources = [(one.source, one.ours / one.source) for one in rounds if one.source]
    return {
        "connections": connections,
        "round_trip_ms": round(options.delay * 2000),
        "letters": letters,
        "pairs": options.pairs,
        "letters_per_second": round(pace, 1),
        "per_connection": round(pace / connections, 1),
        "sendmail_per_second": round(median(one.plain for one in rounds), 1),
        "of_sendmail": round(median(one.ours / one.plain for one in rounds), 2),
        "source_per_second": round(median(pace for pace, _ in sources), 1) if sources else None,
        "of_source": round(median(ratio for _, ratio in sources), 2) if sources else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--letters", type=int, default=500)
    parser.add_argument("--delay", type=float, default=0.01, help="seconds that a packet is under way, each way")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options)
    print(json.dumps(figures) if options.json else "  ".join(f"{name} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
