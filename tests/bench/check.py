"""How long it takes to check a mailing and the letters of all its recipients.

    python -m tests.bench.check [--people 10000]

Reports and fails nothing. The announcement that comes with the product, and people with names of all kinds: checked as
`newsletter mailing check` does it, without the network and without SpamAssassin.
"""

import argparse
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from newsletter.compose.composer import Order, compose
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.templates import Templates
from newsletter.demo.play import EVENT
from newsletter.events.document import read
from newsletter.preflight.run import check, check_letters, worst_cases
from newsletter.preflight.size import sample_recipient
from tests.bench.compose import BEYOND_ASCII, FAMILY, GIVEN

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = datetime(2019, 5, 2, 7, 0, tzinfo=UTC)


def crowd(mailing: Mailing, people: int) -> list[Recipient]:
    """So many people, each with a name and an attribute of their own."""
    sample, names = sample_recipient(mailing), [*GIVEN, *BEYOND_ASCII]
    return [
        sample._replace(
            id=f"#{number}",
            address=f"persoon{number}@example.nl",
            name=f"{names[number % len(names)]} {FAMILY[number // 7 % len(FAMILY)]}",
            attributes={"organisation": f"Gemeente {number}", "functie": "" if number % 3 else "adviseur"},
        )
        for number in range(people)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000)
    options = parser.parse_args()
    event = read(EVENT.read_text(encoding="utf-8"), EVENT.name)
    order = Order(slug=f"{event.slug}/announcement", template="announcement", label="")
    mailing = compose(event, order, Templates([TEMPLATES]), now=NOW)
    personal = "[% if subscriber.functie %]U bent [[ subscriber.functie ]].[% endif %]</body>"
    mailing = replace(mailing, html=mailing.html.replace("</body>", personal))
    people = crowd(mailing, options.people)
    timed("check the mailing", 1, lambda: check(mailing, event=event))
    timed("check the letters", len(people), lambda: check_letters(mailing, people))
    timed("find the worst cases", len(people), lambda: worst_cases(mailing, people))


def timed(what: str, letters: int, action: object) -> None:
    assert callable(action)
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what}: {wall:.2f} s ({cpu:.2f} s of CPU) for {letters}")


if __name__ == "__main__":
    main()
