"""Letters of more mailings at once than are kept ready."""

from collections import Counter
from datetime import datetime, timedelta
from email import message_from_bytes

import pytest

import newsletter.outbox.desk
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.outbox.control import schedule
from newsletter.outbox.delivery import Delivery
from newsletter.outbox.desk import Desk
from newsletter.outbox.outcome import Parcel
from newsletter.outbox.worker import Worker
from newsletter.store.ledger import open_ledger
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, fill

BOTH = {f"{EVENT_SLUG}/reminder": "kennisdag.reminder", f"{EVENT_SLUG}/report": "kennisdag.report"}


@pytest.fixture(autouse=True)
def one_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newsletter.outbox.desk, "KEPT", 1)


async def two_on_their_way(world: World, *, people: int) -> None:
    await fill(world.database, people=people)
    at = world.clock() + timedelta(minutes=1)
    for slug in BOTH:
        await schedule(world.database, world.templates, slug, recipients=people, now=world.clock(), at=at)
    await world.fire_at_its_time(next(iter(BOTH)))


async def claimed(world: World) -> dict[int, list[Delivery]]:
    """What is on its way, by mailing."""
    ledger = await open_ledger(world.database, "worker")
    found: dict[int, list[Delivery]] = {}
    for one in await ledger.claim(100, now=world.clock(), until=world.clock() + timedelta(minutes=1)):
        found.setdefault(one.mailing_id, []).append(one)
    await ledger.close()
    return found


def about(letter: bytes) -> str:
    return str(message_from_bytes(letter)["Feedback-ID"]).split(":")[0]


async def test_more_mailings_are_on_their_way_than_letters_are_kept_and_everybody_gets_theirs(world: World) -> None:
    await two_on_their_way(world, people=30)
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    assert Counter(about(letter) for _, _, letter in server.letters) == dict.fromkeys(BOTH.values(), 30)


async def test_a_delivery_that_waited_until_its_letter_was_forgotten_gets_it_all_the_same(world: World) -> None:
    await two_on_their_way(world, people=2)
    desk = Desk(world.sending(1))
    first, second = (await claimed(world)).values()
    for batch in (first, second):
        await desk.look_up({batch[0].mailing_id})
    packed = await desk.pack([first[0], second[0], first[1]])
    letters = [about(one.letter) for one in packed if isinstance(one, Parcel)]
    assert letters == ["kennisdag.reminder", "kennisdag.report", "kennisdag.reminder"]


async def test_until_when_a_letter_may_leave_is_known_also_when_its_letter_is_forgotten(world: World) -> None:
    await two_on_their_way(world, people=1)
    desk = Desk(world.sending(1))
    ids = list(await claimed(world))
    for mailing_id in ids:
        await desk.look_up({mailing_id})
    ends: list[datetime | None] = [(await world.row(slug)).closes_at for slug in BOTH]
    assert None not in ends
    assert [desk.until(mailing_id) for mailing_id in ids] == ends


async def test_letters_that_nobody_needs_are_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Counted(Letter):
        def __init__(self, mailing: Mailing, *, one_click: bool) -> None:
            made.append(mailing.slug)
            super().__init__(mailing, one_click=one_click)

    monkeypatch.setattr(newsletter.outbox.desk, "Letter", Counted)
    await two_on_their_way(world, people=1)
    desk = Desk(world.sending(1))
    one, other = await claimed(world)
    for wanted in ({one}, {one}, {other}, {one}):
        await desk.look_up(wanted)
    reminder, report = BOTH
    assert made == [reminder, report, reminder]
