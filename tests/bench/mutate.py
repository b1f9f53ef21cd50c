"""What harm a message can do: messages of the corpus, damaged in every way that a seed brings up, are told apart.

    python -m tests.bench.mutate --messages 100000 --seed 1 [--start 0] [--json]

Fails when one of them raises anything, takes more than a second of the processor, or more than 100 MB of memory.
Message number N of a seed and a corpus is always the same; `--only N` tries it alone.
"""

import argparse
import json
import random
import resource
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from newsletter.inbound.reference import reference
from newsletter.inbound.telling.classify import classify_part
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.unsubscribe import wish_in
from tests.bench.damage import BOMBS, DAMAGES
from tests.corpus.read import cases

SECONDS: Final = 1.0
MEGABYTES: Final = 100
#: One message in so many is built to be as bad as can be; the others are real ones with damage.
BOMB_EVERY: Final = 50


@dataclass
class Seen:
    """What was seen of all messages."""

    messages: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_name: str = ""
    largest_mb: float = 0.0
    largest_name: str = ""
    crashes: list[str] = field(default_factory=list)

    @property
    def is_fine(self) -> bool:
        return not self.crashes and self.slowest <= SECONDS and self.largest_mb <= MEGABYTES


def mutated(seed: int, number: int, corpus: Sequence[bytes]) -> tuple[str, bytes]:
    """Message `number` of a seed, with the names of what was done to it."""
    chance = random.Random(f"{seed} {number}")
    if number % BOMB_EVERY == BOMB_EVERY - 1:
        bomb = BOMBS[number // BOMB_EVERY % len(BOMBS)]
        return bomb.__name__, bomb(chance, chance.choice(corpus))
    raw, names = chance.choice(corpus), []
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        damage = chance.choice(DAMAGES)
        names.append(damage.__name__)
        raw = damage(chance, raw)
    return "+".join(names), raw


def look(raw: bytes) -> None:
    """All that is done with a message before it is matched; what is found must be writable."""
    message = parse(raw)
    verdict, about = classify_part(message), reference(message)
    told = (verdict, about, wish_in(message), message.decoded("subject"))
    encoded = repr(told).encode("utf-8")
    assert "\\x00" not in repr(verdict), "a NUL that no store takes"
    assert encoded


def try_all(numbers: Iterator[int] | range, seed: int) -> Seen:
    """Tell them apart one after another; the highest memory ever used rises only by the message that needs it."""
    corpus = [case.raw for case in cases()]
    seen = Seen()
    for number in numbers:
        done, raw = mutated(seed, number, corpus)
        name = f"{number} ({done}, {len(raw):,} bytes)"
        before, began = _peak(), time.process_time()
        try:
            look(raw)
        except Exception:  # whatever it is: nothing may get out
            seen.crashes.append(f"{name}\n{traceback.format_exc(limit=-6)}")
        took, grown = time.process_time() - began, _peak() - before
        seen.messages += 1
        seen.seconds += took
        if took > seen.slowest:
            seen.slowest, seen.slowest_name = took, name
        if grown > seen.largest_mb:
            seen.largest_mb, seen.largest_name = grown, name
    return seen


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="N")
    parser.add_argument("--start", type=int, default=0, metavar="N", help="the first one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    numbers = range(options.start, options.start + options.messages)
    if options.only is not None:
        numbers = range(options.only, options.only + 1)
    seen = try_all(numbers, options.seed)
    if options.json:
        sys.stdout.write(json.dumps(seen.__dict__) + "\n")
    else:
        sys.stdout.write(
            f"{seen.messages:,} messages, {seen.seconds:,.0f} s of the processor, {len(seen.crashes)} crashes\n"
            f"slowest: {seen.slowest:.3f} s, number {seen.slowest_name or '-'}\n"
            f"largest: {seen.largest_mb:.1f} MB more than any before, number {seen.largest_name or '-'}\n"
        )
        sys.stdout.writelines(f"\n{crash}" for crash in seen.crashes[:10])
    if not seen.is_fine:
        sys.exit(1)


if __name__ == "__main__":
    main()
