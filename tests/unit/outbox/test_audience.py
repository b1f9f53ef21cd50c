"""A mailing to those who gave an answer: when it is confirmed, when it fires, and in a rehearsal."""

from datetime import date, time

import pytest

from newsletter.errors import CountError
from newsletter.events.document import write
from newsletter.events.importer import import_event
from newsletter.events.plan import Anchor, Audience, PlannedMailing, Rule, Unit
from newsletter.inbound.answering import Answered
from newsletter.outbox.control import schedule
from newsletter.outbox.proof import nobody_yet, outgrown
from newsletter.schedule.rehearsal import rehearse
from newsletter.schedule.state import MailingState
from newsletter.store import attendance, subscribers
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, PLAN, event, fill

PRACTICAL = f"{EVENT_SLUG}/practical"


def entry(to: Audience = Audience.ACCEPTED) -> PlannedMailing:
    when = Rule(amount=-3, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))
    return PlannedMailing(name="practical", template="practical", when=when, audience=to)


async def prepare(world: World, to: Audience = Audience.ACCEPTED, *, people: int = 40) -> None:
    await fill(world.database, people=people, happening=event((*PLAN, entry(to))))


async def answer(world: World, word: str, *numbers: int) -> None:
    async with world.database.write() as tx:
        found = await attendance.event_of_uid(tx, f"{EVENT_SLUG}@nieuwsbrief.example.nl")
        assert found is not None
        people = await subscribers.find_subscribers(tx, [f"person-{number}@example.nl" for number in numbers])
        for person in people.values():
            given = Answered(answer=word, sequence=0, at=NOW)
            await attendance.store_answer(tx, found[0], person.id, given, message_id=None)


async def confirm(world: World, recipients: int) -> None:
    await schedule(world.database, world.templates, PRACTICAL, recipients=recipients, now=world.clock())


async def test_it_may_be_confirmed_before_anybody_has_answered_and_goes_to_all_who_have_when_it_is_due(
    world: World,
) -> None:
    await prepare(world)
    with pytest.raises(CountError, match="goes to 0 recipients, not 40"):
        await confirm(world, 40)
    await confirm(world, 0)
    await answer(world, "accepted", *range(30))
    await answer(world, "declined", 30, 31)
    await world.fire_at_its_time(PRACTICAL)
    assert (await world.row(PRACTICAL)).state is MailingState.SENDING
    assert await world.states(PRACTICAL) == {"queued": 30}


async def test_while_nobody_has_accepted_it_is_held_and_says_so(world: World) -> None:
    await prepare(world)
    await confirm(world, 0)
    await answer(world, "declined", 0)
    await world.fire_at_its_time(PRACTICAL)
    row = await world.row(PRACTICAL)
    assert row.state is MailingState.HELD
    assert row.reason == (
        "it goes to those who accepted, and that is nobody yet; schedule it again once there is somebody, or cancel it"
    )
    await answer(world, "accepted", 1)
    await confirm(world, 1)
    assert (await world.row(PRACTICAL)).state is MailingState.SCHEDULED


async def test_a_list_that_nobody_is_on_is_refused_all_the_same(world: World) -> None:
    await prepare(world, Audience.EVERYBODY, people=0)
    with pytest.raises(CountError, match="goes to nobody"):
        await confirm(world, 0)


@pytest.mark.parametrize(
    ("to", "waits"),
    [
        (Audience.EVERYBODY, True),
        (Audience.UNANSWERED, True),
        (Audience.NOT_DECLINED, True),
        (Audience.ACCEPTED, False),
        (Audience.COMING, False),
        (Audience.DECLINED, False),
    ],
)
def test_only_an_audience_that_grows_by_answers_may_grow_without_a_person(to: Audience, waits: bool) -> None:
    assert bool(outgrown(10, 200, to)) is waits
    assert outgrown(10, 5, to) == ""
    assert bool(nobody_yet(0, to)) is (to is not Audience.EVERYBODY)
    assert nobody_yet(1, to) == ""


async def test_another_audience_in_the_plan_holds_what_was_confirmed(world: World) -> None:
    await prepare(world)
    await confirm(world, 0)
    changed = event((*PLAN, entry(Audience.NOT_DECLINED)))
    await import_event(world.database, write(changed), "x.md", templates=world.templates.names(), now=world.clock())
    row = await world.row(PRACTICAL)
    assert row.state is MailingState.HELD
    assert row.planned.audience is Audience.NOT_DECLINED
    assert row.reason.startswith("it now goes to those who have not declined instead of those who accepted; look at")


async def test_a_rehearsal_counts_who_has_answered_and_says_that_others_may(world: World) -> None:
    await prepare(world)
    await answer(world, "accepted", 1, 2)
    await confirm(world, 2)
    lines = await rehearse(world.database, world.templates, begin=date(2026, 4, 20), end=date(2026, 4, 20))
    assert [(line.mailing, line.recipients, line.remark) for line in lines] == [
        (PRACTICAL, 2, "goes out; to those who accepted by then")
    ]
