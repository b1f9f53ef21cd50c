"""How long composing a mailing and addressing its letters takes.

    python -m tests.bench.compose

Reports and fails nothing. CPU time of this process, the best of some rounds; every recipient is somebody else, as on
a list, and a letter is addressed the way the worker does it: tokens, recipient, letter.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.templates import Templates
from newsletter.demo.play import EVENT
from newsletter.events.document import read
from newsletter.outbox.envelope import envelope_sender, message_id, unsubscribe_uris

TEMPLATES = Path(__file__).parents[2] / "templates"
PEOPLE, ROUNDS = 6000, 5
NOW = datetime(2019, 5, 2, 7, 0, tzinfo=UTC)
SECRET = b"k" * 32
GIVEN = ["Anna", "Jan", "Fatma", "Pieter", "Karin", "Willem", "Sanne", "Mohammed", "Els", "Joost"]
FAMILY = ["Jansen", "de Vries", "van den Berg", "Bakker", "Visser", "Smit", "Mulder", "de Boer", "Dekker", "Vos"]
BEYOND_ASCII = ["Zoë D’Angelo-’t Hooft, jr.", "Renée Dûpont", "Łukasz Żak", "Ἀλέξανδρος Παπαδόπουλος", "山田 太郎"]


def names(*, beyond_ascii: int) -> list[str]:
    """A name for each of the people, all different; so many percent of them not ASCII."""
    chance = random.Random(1)

    def one(number: int) -> str:
        if chance.randrange(100) < beyond_ascii:
            return f"{chance.choice(BEYOND_ASCII)} {number}"
        return f"{chance.choice(GIVEN)} {chance.choice(FAMILY)} {number}"

    return [one(number) for number in range(PEOPLE)]


def tokens(number: int) -> tuple[str, str, tuple[str, ...]]:
    """What is signed for one delivery."""
    return (
        envelope_sender("bounces@nieuwsbrief.example.nl", "", SECRET, 1_000_000 + number),
        message_id(SECRET, 1_000_000 + number, "nieuwsbrief.example.nl"),
        unsubscribe_uris("https://nieuwsbrief.example.nl", "vragen@example.nl", SECRET, number, 12),
    )


def crowd(display_names: Sequence[str]) -> list[Recipient]:
    """Recipients as they come out of the store: every value is an object of its own."""
    return [recipient(number, name) for number, name in enumerate(display_names)]


def recipient(number: int, name: str) -> Recipient:
    _, its_id, ways_to_leave = tokens(number)
    return Recipient(
        id=f"#{number}",
        address=f"person-{number}@example.nl",
        name=name,
        attributes={"organisation": f"Gemeente Voorbeeld {number % 40}"},
        message_id=its_id,
        unsubscribe=ways_to_leave,
        date=datetime(2019, 5, 2, 7, 0, tzinfo=UTC),
    )


def address(letter: Letter, people: Sequence[Recipient]) -> None:
    for one in people:
        letter.address(one)


def microseconds(work: Callable[[], object]) -> float:
    """CPU time for one of the people, in the best round."""

    def once() -> float:
        begin = time.process_time()
        work()
        return time.process_time() - begin

    return min(once() for _ in range(ROUNDS)) / PEOPLE * 1e6


def long_letter() -> Mailing:
    """A letter of 20 KB of html and nothing else, with what organisers write: a default, a condition."""
    paragraph = "De deelnemers spraken over coöperaties – ‘de bewoner als eigenaar’ – en over de regio. " * 3
    items = "".join(f'<h2 style="color:#123456">Workshop {i}</h2>\n<p>{paragraph}</p>\n' for i in range(60))
    html = (
        "<!doctype html>\n<html lang=nl><body><p>Beste [[ subscriber.name | default('lezer', true) ]],</p>"
        "[% if subscriber.organisation %]<p>Van [[ subscriber.organisation ]].</p>[% endif %]"
        f'{items}<a href="[[ links.unsubscribe ]]">Afmelden</a></body></html>\n'
    )
    return replace(of_template(Templates([TEMPLATES]), "reminder"), template="20 KB of html", html=html, text="")


def of_template(templates: Templates, name: str) -> Mailing:
    event = read(EVENT.read_text(encoding="utf-8"), EVENT.name)
    return compose(event, Order(slug=f"{event.slug}/{name}", template=name, label=""), templates, now=NOW)


def main() -> None:
    templates = Templates([TEMPLATES])
    mailings = [*(of_template(templates, name) for name in templates.names()), long_letter()]
    of_a_list, of_the_world = names(beyond_ascii=10), names(beyond_ascii=100)
    for mailing in mailings:
        letter = Letter(mailing)
        line = f"{mailing.template:15} {len(letter.address(recipient(1, of_a_list[1]))):6} bytes"
        for title, display_names in (("a Dutch list", of_a_list), ("no name ASCII", of_the_world)):
            line += f"   {title}: {microseconds(partial(address, letter, crowd(display_names))):5.1f} us"
        print(line)
    begin = time.process_time()
    of_template(templates, "report")
    print(f"composing         {(time.process_time() - begin) * 1e3:5.0f} ms")
    print(f"tokens            {microseconds(lambda: [tokens(number) for number in range(PEOPLE)]):5.1f} us")
    print(f"tokens, recipient {microseconds(lambda: crowd(of_a_list)):5.1f} us")


if __name__ == "__main__":
    main()
