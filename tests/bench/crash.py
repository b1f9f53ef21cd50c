"""Processes that send are killed, many times: is everybody reached, and who gets a letter twice?

    python -m tests.bench.crash [--kills 200] [--seed 1] [--json]

Some stores live through many kills and some through one; in some, what is in doubt is held for a person. Ends with code
1 if a promise of `tests.promises` was broken; the same seed gives the same moments, as far as the machine keeps pace.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash import PEOPLE, ordeal, said
from tests.promises import broken_promises

#: Kills that one store lives through; drawn anew for each store.
KILLS = (1, 1, 8)


async def measure(kills: int, seed: int) -> tuple[dict[str, object], list[str]]:
    """What came of so many kills, and what was broken."""
    chance, totals, broken, began = random.Random(seed), Counter[str](), list[str](), time.perf_counter()
    while totals["kills"] < kills:
        resend, wanted = chance.random() < 2 / 3, min(chance.choice(KILLS), kills - totals["kills"])
        with tempfile.TemporaryDirectory() as folder:
            account = await ordeal(Path(folder), random.Random(chance.random()), kills=wanted, resend=resend)
            found, words = broken_promises(account), said(Path(folder))
        totals["stores"] += 1
        totals["kills"] += len(account.kills)
        totals["recipients"] += len(account.recipients)
        totals["letters"] += len(account.taken)
        totals["open connections at the kills"] += sum(kill.connections for kill in account.kills)
        totals["letters twice"] += sum(len(letters) - 1 for letters in account.repeated().values())
        totals["held in doubt"] += sum(state == "in_doubt" for state in account.states.values())
        if found:
            what = f"store {totals['stores']} of seed {seed}, {len(account.kills)} kills, resend_in_doubt {resend}"
            broken += [f"{what}: {sentence}" for sentence in found] + [words]
    return {**totals, "broken promises": len(broken), "seconds": round(time.perf_counter() - began)}, broken


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures, broken = asyncio.run(measure(options.kills, options.seed))
    figures |= {"seed": options.seed, "recipients of a store": PEOPLE}
    print(json.dumps(figures) if options.json else "\n".join(f"{name:32}{value}" for name, value in figures.items()))
    for sentence in broken:
        print(sentence, file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
