"""A mailing to very many: what it takes, and whether memory grows with their number.

    python -m tests.bench.million [--letters 1000000] [--few 10000] [--json]

Reports and fails nothing. `letters` deliveries are enqueued and sent, and as many as `few` before that, each in a
process of its own; the peak of the first stands beside that of the second.
"""

import argparse
import json

from tests.bench.servers import measured, source, taker

#: smtp-source sends no more than this beside us: its pace does not change.
BESIDE = 100_000


def measure(letters: int, few: int) -> dict[str, object]:
    """Times in seconds, memory in MB."""
    with taker() as sink:
        small = measured("send", "--port", sink.port, "--letters", few)
        theirs = source(sink.port, min(letters, BESIDE))
        large = measured("send", "--port", sink.port, "--letters", letters)
    pace = large["letters_per_second"]
    return {
        "letters": letters,
        "sink": sink.name,
        "fill_seconds": large["fill_seconds"],
        "seconds": large["seconds"],
        "letters_per_second": pace,
        "cpu_us_per_letter": large["cpu_us_per_letter"],
        "source_per_second": theirs and round(theirs),
        "of_source": theirs and round(pace / theirs, 2),
        "few": few,
        "few_letters_per_second": small["letters_per_second"],
        "few_peak_rss_mb": small["peak_rss_mb"],
        "peak_rss_mb": large["peak_rss_mb"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--letters", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.letters, options.few)
    print(json.dumps(figures) if options.json else "  ".join(f"{name} {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
