"""How many letters a second are signed with DKIM, beside what OpenSSL does with a bare key in the same run.

    python -m tests.bench.dkim [--json] [--seconds 2]

Reports and fails nothing. Every letter is another one of 20 KB; the threads are of this one process.
"""

import argparse
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle, islice

from newsletter.compose.dkim import Signer
from newsletter.compose.dkim_keys import Key, KeyType, new_key
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from tests.world import NOW, mailing_content

LETTERS, BYTES = 200, 18_500
CHUNK = 50  #: letters between two looks at the clock
OPENSSL = {KeyType.RSA: "rsa2048", KeyType.ED25519: "ed25519"}


@dataclass(frozen=True, kw_only=True)
class Weightless(Key):
    """A key that takes no time: what is left is our own work."""

    def sign(self, digest: bytes) -> bytes:
        return digest * (8 if self.type is KeyType.RSA else 2)


def letters() -> list[bytes]:
    """Letters of one mailing, each to somebody else."""
    plain = mailing_content()
    sentence = "De deelnemers spraken over de bewoner als eigenaar, en over de regio.\n"
    html = plain.html.replace("<p>", f"<p>{sentence * (BYTES // len(sentence))}")
    letter = Letter(replace(plain, html=html))
    return [letter.address(recipient(number)) for number in range(LETTERS)]


def recipient(number: int) -> Recipient:
    return Recipient(
        id=f"#{number}",
        address=f"person-{number}@example.nl",
        name=f"Renée van den Berg {number}",
        attributes={},
        message_id=f"token-{number}@nieuwsbrief.example.nl",
        unsubscribe=(
            f"https://nieuwsbrief.example.nl/u/token-{number}",
            "mailto:vragen@example.nl?subject=unsubscribe",
        ),
        date=NOW,
    )


def per_second(sign: Callable[[bytes], bytes], corpus: Sequence[bytes], seconds: float, *, threads: int = 1) -> float:
    """Letters a second, all threads together."""
    end = time.perf_counter() + seconds

    def work(first: int) -> int:
        done, following = 0, cycle([*corpus[first:], *corpus[:first]])
        while time.perf_counter() < end:
            for letter in islice(following, CHUNK):
                sign(letter)
            done += CHUNK
        return done

    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - begin)


def own_microseconds(key: Key, corpus: Sequence[bytes]) -> float:
    """CPU time of a letter apart from the private key; the best of some rounds."""
    signer = Signer([Weightless(domain=key.domain, selector=key.selector, private=key.private)])

    def once() -> float:
        begin = time.process_time()
        for letter in corpus:
            signer.sign(letter)
        return time.process_time() - begin

    return min(once() for _ in range(10)) / len(corpus) * 1e6


def openssl(type_: KeyType, seconds: float) -> float | None:
    """Signatures a second of `openssl speed`, on one core."""
    if (program := shutil.which("openssl")) is None:
        return None
    command = [program, "speed", "-seconds", str(max(1, round(seconds))), "-mr", OPENSSL[type_]]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    [row] = [line.split(":") for line in said.splitlines() if line.startswith(("+F2:", "+F6:"))]
    return float(row[-2])  # the last two are signatures and verifications a second


def measure(type_: KeyType, corpus: Sequence[bytes], seconds: float) -> dict[str, object]:
    key = new_key("nieuwsbrief.example.nl", f"{type_}-202603", type_)
    signer = Signer([key])
    bare = openssl(type_, seconds)
    one, two = (per_second(signer.sign, corpus, seconds, threads=threads) for threads in (1, 2))
    return {
        "key": OPENSSL[type_],
        "letter_bytes": len(corpus[0]),
        "letters_per_second": round(one),
        "letters_per_second_2_threads": round(two),
        "own_us_per_letter": round(own_microseconds(key, corpus), 1),
        "openssl_signatures_per_second": bare and round(bare),
        "of_openssl": bare and round(one / bare, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    corpus = letters()
    for type_ in KeyType:
        figures = measure(type_, corpus, options.seconds)
        print(json.dumps(figures) if options.json else "  ".join(f"{k} {v}" for k, v in figures.items()))


if __name__ == "__main__":
    main()
