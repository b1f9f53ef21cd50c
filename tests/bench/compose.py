"""How long composing a mailing and addressing its letters takes.

    python -m tests.bench.compose

Reports and fails nothing.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from newsletter.compose.templates import Templates
from newsletter.demo.play import EVENT
from newsletter.events.document import read

TEMPLATES = Path(__file__).parents[2] / "templates"
ROUNDS = 2000


def main() -> None:
    event, templates = read(EVENT.read_text(encoding="utf-8"), EVENT.name), Templates([TEMPLATES])
    now = datetime(2019, 5, 2, 7, 0, tzinfo=UTC)
    recipient = Recipient(
        id="#1",
        address="zoe@example.nl",
        name="Zoë D’Angelo-’t Hooft, jr.",
        attributes={"organisation": "Gemeente Voorbeeld"},
        message_id="x@example.nl",
        unsubscribe=("https://nieuwsbrief.example.nl/u/token", "mailto:contact@example.nl?subject=unsubscribe"),
        date=now,
    )
    for name in templates.names():
        order = Order(slug=f"{event.slug}/{name}", template=name, label="")
        compose(event, order, templates, now=now)
        begin = time.perf_counter()
        mailing = compose(event, order, templates, now=now)
        composed = time.perf_counter() - begin
        letter = Letter(mailing)
        begin = time.perf_counter()
        for _ in range(ROUNDS):
            wire = letter.address(recipient)
        each = (time.perf_counter() - begin) / ROUNDS
        print(f"{name}: composed in {composed * 1e3:.0f} ms, addressed in {each * 1e6:.0f} us, {len(wire)} bytes")


if __name__ == "__main__":
    main()
