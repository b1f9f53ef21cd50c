"""How many messages of the corpus are told apart in a second, on one core, and which take longest.

    python -m tests.bench.classify [--rounds 5] [--json]

Fails below the line: 500 messages a second, which is 2 ms each. Seconds are of the processor, so that a busy machine
does not count.
"""

import argparse
import json
import sys
import time
from typing import Final

from newsletter.inbound.telling.classify import classify
from tests.corpus.read import cases

LINE: Final = 500  #: messages a second a core


def measure(rounds: int) -> dict[str, object]:
    """Reading from the disk is not measured; parsing and every rule is."""
    corpus = cases()
    for case in corpus:
        classify(case.raw)  # patterns and charsets are loaded once
    seconds = dict.fromkeys((case.name for case in corpus), float("inf"))
    total = 0.0
    for _ in range(rounds):
        for case in corpus:
            began = time.process_time()
            classify(case.raw)
            took = time.process_time() - began
            total += took
            seconds[case.name] = min(seconds[case.name], took)
    slowest = sorted(seconds, key=lambda name: -seconds[name])[:5]
    return {
        "messages": len(corpus),
        "bytes": sum(len(case.raw) for case in corpus),
        "per_second": round(rounds * len(corpus) / total),
        "line": LINE,
        "slowest_ms": {name: round(1000 * seconds[name], 2) for name in slowest},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.rounds)
    if options.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(f"{name}: {value}\n" for name, value in found.items())
    if int(str(found["per_second"])) < LINE:
        sys.exit(f"below the line of {LINE} messages a second")


if __name__ == "__main__":
    main()
