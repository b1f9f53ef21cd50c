"""Somebody wants no more mail: what is stored, what is noted, and what whoever typed it is told."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.errors import NewsletterError, NotFoundError
from newsletter.store import events, journal, subscribers
from newsletter.subscribers import objection
from newsletter.subscribers.objection import Left, ListStanding, Standing
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState
from tests.unit.conftest import World
from tests.world import NOW, event, fill, series

KNOWN = "person-0@example.nl"
LATER, LAST = NOW + timedelta(hours=1), NOW + timedelta(hours=2)


async def notes(world: World, subject: str) -> list[tuple[str, str]]:
    async with world.database.read() as tx:
        return [(note["action"], note["detail"]) for note in await journal.read_notes(tx, subject)]


async def reason(world: World, address: str) -> str | None:
    async with world.database.read() as tx:
        return await subscribers.suppression_of(tx, address)


async def ids(world: World) -> tuple[int, int]:
    """The first person, and the list that they are on."""
    async with world.database.write() as tx:
        return (await subscribers.find_subscribers(tx, [KNOWN]))[KNOWN].id, (
            await subscribers.ensure_lists(tx, ["gemeenten"])
        )["gemeenten"]


@pytest.mark.parametrize(
    ("on", "left", "words"),
    [
        (("gemeenten",), (), "on gemeenten"),
        (("gemeenten", "regios"), ("corporaties",), "on gemeenten, regios"),
        ((), ("gemeenten",), "on no list any more"),
        ((), (), "on no list yet"),
    ],
)
def test_where_somebody_is_reads_as_words(on: tuple[str, ...], left: tuple[str, ...], words: str) -> None:
    assert Standing(address=KNOWN, id=1, on=on, left=left, suppressed=None).lists() == words


async def test_a_known_address_is_suppressed_and_noted_without_being_named(world: World) -> None:
    await fill(world.database, people=1)
    before = await objection.suppress(world.database, "PERSON-0@example.nl", "complaint", now=NOW)
    assert (before.address, before.on, before.suppressed) == (KNOWN, ("gemeenten",), None)
    assert await reason(world, KNOWN) == "complaint"
    assert await notes(world, f"subscriber:{before.id}") == [("suppressed", "complaint")]
    assert await notes(world, "suppressions") == []


async def test_an_unknown_address_is_suppressed_for_when_it_comes(world: World) -> None:
    before = await objection.suppress(world.database, "nieuw@example.nl", "letter", now=NOW)
    assert (before.id, before.lists()) == (None, "on no list yet")
    assert await reason(world, "nieuw@example.nl") == "letter"
    assert await notes(world, "suppressions") == [("suppressed", "letter")]


async def test_a_second_suppression_changes_and_notes_nothing(world: World) -> None:
    await objection.suppress(world.database, "nieuw@example.nl", "complaint", now=NOW)
    again = await objection.suppress(world.database, "Nieuw@example.nl", "other", now=NOW)
    assert again.suppressed == "complaint"
    assert await reason(world, "nieuw@example.nl") == "complaint"
    assert len(await notes(world, "suppressions")) == 1


async def test_a_suppression_is_lifted_once(world: World) -> None:
    await fill(world.database, people=1)
    await objection.suppress(world.database, KNOWN, "complaint", now=NOW)
    before = await objection.lift(world.database, "Person-0@example.nl", now=NOW)
    assert before.lists() == "on gemeenten"
    assert await reason(world, KNOWN) is None
    assert await notes(world, f"subscriber:{before.id}") == [
        ("suppressed", "complaint"),
        ("suppression lifted", "it was: complaint"),
    ]
    with pytest.raises(NewsletterError, match=f"{KNOWN} is not suppressed, so there is nothing to undo"):
        await objection.lift(world.database, KNOWN, now=NOW)


async def test_somebody_leaves_one_list(world: World) -> None:
    await fill(world.database, people=1)
    await objection.unsubscribe(world.database, "PERSON-0@example.nl", "gemeenten", now=NOW)
    async with world.database.read() as tx:
        assert await subscribers.find_states(tx, "gemeenten") == {KNOWN: SubscriptionState.UNSUBSCRIBED}
    assert await notes(world, "list:gemeenten") == [("unsubscribed", "one person, by hand")]


async def test_a_list_that_is_not_there_is_named_with_those_that_are(world: World) -> None:
    await fill(world.database, people=1)
    with pytest.raises(NotFoundError, match="there is no list “niets”; there are: corporaties, gemeenten"):
        await objection.unsubscribe(world.database, KNOWN, "niets", now=NOW)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("vreemd@example.nl", "vreemd@example.nl is not on gemeenten; it is on no list yet"),
        ("b@example.nl", "b@example.nl is not on gemeenten; it is on provincies"),
        (KNOWN, f"{KNOWN} is not on gemeenten; it left that list before"),
    ],
)
async def test_who_is_not_on_a_list_cannot_leave_it(world: World, address: str, sentence: str) -> None:
    await fill(world.database, people=1)
    async with world.database.write() as tx:
        made = await subscribers.ensure_lists(tx, ["provincies"])
        await subscribers.upsert_subscribers(tx, [Subscriber(address="b@example.nl")], now=NOW)
        await subscribers.subscribe(tx, made["provincies"], ["b@example.nl"], now=NOW)
        await subscribers.unsubscribe(tx, KNOWN, "gemeenten", now=NOW)
    with pytest.raises(NewsletterError, match=f"^{re.escape(sentence)}$"):
        await objection.unsubscribe(world.database, address, "gemeenten", now=NOW)
    assert await notes(world, "list:gemeenten") == []


async def test_the_ids_of_a_token_end_one_subscription_once(world: World) -> None:
    await fill(world.database, people=2)
    subscriber_id, list_id = await ids(world)
    assert await objection.unsubscribe_by_ids(world.database, subscriber_id, list_id, now=NOW) == "gemeenten"
    async with world.database.read() as tx:
        states = await subscribers.find_states(tx, "gemeenten")
    assert states[KNOWN] is SubscriptionState.UNSUBSCRIBED
    assert states["person-1@example.nl"] is SubscriptionState.ACTIVE
    with pytest.raises(NewsletterError, match="it left that list before"):
        await objection.unsubscribe_by_ids(world.database, subscriber_id, list_id, now=NOW)


async def test_the_token_of_a_test_letter_takes_nobody_off(world: World) -> None:
    await fill(world.database, people=1)
    with pytest.raises(NewsletterError, match="belongs to nobody"):
        await objection.unsubscribe_by_ids(world.database, 0, 0, now=NOW)
    async with world.database.read() as tx:
        assert set((await subscribers.find_states(tx, "gemeenten")).values()) == {SubscriptionState.ACTIVE}


PAGE = "on the unsubscribe page"


async def standing(world: World, found: tuple[int, int]) -> ListStanding:
    seen = await objection.standing_by_ids(world.database, *found)
    assert seen is not None
    return seen


async def on_lists(world: World) -> dict[str, tuple[int, int]]:
    """The first person is put on a second list as well; the ids of both subscriptions, by list."""
    async with world.database.write() as tx:
        made = await subscribers.ensure_lists(tx, ["gemeenten", "regios"])
        await subscribers.subscribe(tx, made["regios"], [KNOWN], now=NOW)
        person = (await subscribers.find_subscribers(tx, [KNOWN]))[KNOWN]
    return {slug: (person.id, list_id) for slug, list_id in made.items()}


async def test_who_leaves_one_list_stays_on_the_others_and_can_take_it_back(world: World) -> None:
    await fill(world.database, people=2)
    found = await on_lists(world)
    assert (await standing(world, found["gemeenten"])).can_rejoin is False
    left = await objection.leave(world.database, *found["gemeenten"], everywhere=False, how=PAGE, now=LATER)
    assert left == Left(list="gemeenten", lists=("gemeenten",))
    seen = await standing(world, found["gemeenten"])
    assert (seen.on, seen.left, seen.is_on, seen.can_rejoin) == (("regios",), ("gemeenten",), False, True)
    assert (seen.title, seen.series) == ("Kennisdagen ‘wonen’", "kennisdagen")
    assert (await standing(world, found["regios"])).title == "regios"
    again = await objection.leave(world.database, *found["gemeenten"], everywhere=False, how=PAGE, now=LAST)
    assert again == Left(list="gemeenten", lists=())
    assert await notes(world, f"subscriber:{found['gemeenten'][0]}") == [("left", f"gemeenten, {PAGE}")]
    assert await objection.rejoin(world.database, *found["gemeenten"], now=LAST)
    assert (await standing(world, found["gemeenten"])).is_on
    assert not await objection.rejoin(world.database, *found["gemeenten"], now=LAST)


@pytest.mark.parametrize(
    ("others", "ended"),
    [
        ((), ("corporaties", "gemeenten")),
        (("gemeenten",), ("gemeenten",)),  # nobody knows which of the two series is meant
        (("corporaties",), ("gemeenten",)),  # what else comes by that list was not complained of
        (("regios",), ("corporaties", "gemeenten")),
    ],
)
async def test_who_leaves_a_series_that_comes_by_two_lists_has_left_both(
    world: World, others: tuple[str, ...], ended: tuple[str, ...]
) -> None:
    await fill(world.database, people=1)
    async with world.database.write() as tx:
        made = await subscribers.ensure_lists(tx, ["gemeenten", "corporaties"])
        await subscribers.subscribe(tx, made["corporaties"], [KNOWN], now=NOW)
        person = (await subscribers.find_subscribers(tx, [KNOWN]))[KNOWN]
        if others:
            elsewhere = replace(series(), slug="lezingen", lists=others, plan=())
            await events.store_event(tx, replace(event(), slug="lezingen/eerste", series=elsewhere), None)
    link = (person.id, made["gemeenten"])
    left = await objection.leave(world.database, *link, everywhere=False, how=PAGE, now=LATER)
    assert tuple(sorted(left.lists)) == ended
    assert await objection.rejoin(world.database, *link, now=LAST)
    assert (await standing(world, link)).on == ("corporaties", "gemeenten")


async def test_who_leaves_everything_is_reached_by_no_list_that_comes_later(world: World) -> None:
    await fill(world.database, people=1)
    found = await on_lists(world)
    left = await objection.leave(world.database, *found["regios"], everywhere=True, how=PAGE, now=LATER)
    assert left == Left(list="regios", lists=("gemeenten", "regios"))
    assert await reason(world, KNOWN) == f"objection: left all lists, {PAGE}"
    again = await objection.leave(world.database, *found["regios"], everywhere=True, how=PAGE, now=LAST)
    assert again.lists == ()
    assert (await standing(world, found["gemeenten"])).can_rejoin
    assert await objection.rejoin(world.database, *found["regios"], now=LAST)
    seen = await standing(world, found["gemeenten"])
    assert (seen.on, seen.suppressed) == (("gemeenten", "regios"), None)


async def test_taking_back_restores_only_what_ended_with_it(world: World) -> None:
    await fill(world.database, people=1)
    found = await on_lists(world)
    await objection.unsubscribe(world.database, KNOWN, "gemeenten", now=NOW)
    assert not (await standing(world, found["gemeenten"])).can_rejoin
    assert not await objection.rejoin(world.database, *found["gemeenten"], now=LATER)
    await objection.leave(world.database, *found["regios"], everywhere=True, how=PAGE, now=LATER)
    assert await objection.rejoin(world.database, *found["regios"], now=LAST)
    assert (await standing(world, found["regios"])).left == ("gemeenten",)


@pytest.mark.parametrize("why", ["complaint: abuse", "bounce: userunknown", "asked for it by letter"])
async def test_a_suppression_of_ours_is_not_taken_back_by_a_link(world: World, why: str) -> None:
    await fill(world.database, people=1)
    found = await on_lists(world)
    await objection.leave(world.database, *found["regios"], everywhere=False, how=PAGE, now=LATER)
    await objection.suppress(world.database, KNOWN, why, now=LAST)
    assert not (await standing(world, found["regios"])).can_rejoin
    assert not await objection.rejoin(world.database, *found["regios"], now=LAST)
    assert await reason(world, KNOWN) == why


async def test_a_link_of_nobody_shows_and_changes_nothing(world: World) -> None:
    await fill(world.database, people=1)
    for nobody in ((0, 0), (1, 99), (99, 1)):
        assert await objection.standing_by_ids(world.database, *nobody) is None
        assert not await objection.rejoin(world.database, *nobody, now=NOW)
        with pytest.raises(NotFoundError):
            await objection.leave(world.database, *nobody, everywhere=True, how=PAGE, now=NOW)
    assert await reason(world, KNOWN) is None
