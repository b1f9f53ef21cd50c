"""A recipients file into the store: all of it, or nothing."""

import tracemalloc

import pytest
from sqlalchemy.exc import IntegrityError

from newsletter.store import subscribers
from newsletter.subscribers.importer import PART, import_recipients
from newsletter.subscribers.planning import ImportPlan, RowOutcome
from tests.unit.conftest import World
from tests.world import NOW

FILE = "e-mail;naam;organisatie\nAnna@example.nl;Anna Bos;Gemeente A\nbart@example.nl;Bart ’t Hart;\n"


async def bring_in(world: World, text: str, *, dry_run: bool = False, list_slug: str = "gemeenten") -> ImportPlan:
    return await import_recipients(world.database, text.encode("cp1252"), "x.csv", list_slug, dry_run=dry_run, now=NOW)


async def members(world: World, list_slug: str = "gemeenten") -> dict[str, str]:
    async with world.database.read() as tx:
        return {row["address"]: row["name"] for row in await subscribers.list_members(tx, list_slug)}


async def test_people_are_stored_with_their_columns(world: World) -> None:
    plan = await bring_in(world, FILE)
    assert plan.counts()[RowOutcome.NEW] == 2
    assert await members(world) == {"Anna@example.nl": "Anna Bos", "bart@example.nl": "Bart ’t Hart"}
    async with world.database.read() as tx:
        anna = (await subscribers.find_subscribers(tx, ["anna@example.nl"]))["anna@example.nl"]
    assert anna.attributes == {"organisation": "Gemeente A"}


async def test_an_empty_cell_gives_nothing_where_a_template_asks_for_it(world: World) -> None:
    await bring_in(world, "e-mail\nbart@example.nl\n")
    await bring_in(world, FILE)
    async with world.database.read() as tx:
        bart = (await subscribers.find_subscribers(tx, ["bart@example.nl"]))["bart@example.nl"]
    assert bart.attributes == {"organisation": ""}
    await bring_in(world, "e-mail;organisatie\nbart@example.nl;Gemeente B\n")
    await bring_in(world, FILE)
    async with world.database.read() as tx:
        bart = (await subscribers.find_subscribers(tx, ["bart@example.nl"]))["bart@example.nl"]
    assert bart.attributes == {"organisation": "Gemeente B"}


async def test_a_dry_run_stores_nothing(world: World) -> None:
    plan = await bring_in(world, FILE, dry_run=True)
    assert plan.counts()[RowOutcome.NEW] == 2
    async with world.database.read() as tx:
        assert await subscribers.list_counts(tx) == []


async def test_one_bad_row_of_a_thousand_is_explained_and_nothing_is_stored(world: World) -> None:
    rows = [f"person{number}@example.nl;Persoon {number};X" for number in range(1000)]
    rows[498] = "person498example.nl;Persoon 498;X"
    plan = await bring_in(world, "e-mail;naam;organisatie\n" + "\n".join(rows))
    assert not plan.may_apply()
    assert (plan.counts()[RowOutcome.NEW], plan.counts()[RowOutcome.PROBLEM]) == (999, 1)
    assert [problem.line for problem in plan.problems] == [500]
    async with world.database.read() as tx:
        assert await subscribers.list_counts(tx) == []


@pytest.mark.parametrize("address", ["anna@example.nl", "ANNA@EXAMPLE.NL"])
async def test_the_same_person_in_another_letter_case_is_updated(world: World, address: str) -> None:
    await bring_in(world, FILE)
    plan = await bring_in(world, f"e-mail;naam\n{address};Anna de Bos\n")
    assert plan.counts()[RowOutcome.UPDATED] == 1
    assert (await members(world))["Anna@example.nl"] == "Anna de Bos"
    async with world.database.read() as tx:
        anna = (await subscribers.find_subscribers(tx, ["anna@example.nl"]))["anna@example.nl"]
    assert anna.attributes == {"organisation": "Gemeente A"}


async def test_the_suppressed_stay_suppressed_and_who_left_stays_out(world: World) -> None:
    await bring_in(world, FILE)
    async with world.database.write() as tx:
        await subscribers.suppress(tx, "anna@example.nl", "complaint", now=NOW)
        await subscribers.unsubscribe(tx, "bart@example.nl", "gemeenten", now=NOW)
    plan = await bring_in(world, FILE)
    assert plan.counts()[RowOutcome.SUPPRESSED] == plan.counts()[RowOutcome.UNSUBSCRIBED] == 1
    async with world.database.read() as tx:
        [counts] = await subscribers.list_counts(tx)
    assert (counts["active"], counts["suppressed"], counts["unsubscribed"]) == (0, 1, 1)


async def test_one_person_can_be_on_two_lists(world: World) -> None:
    await bring_in(world, FILE)
    plan = await bring_in(world, FILE, list_slug="corporaties")
    assert plan.counts()[RowOutcome.NEW] == 2
    async with world.database.read() as tx:
        found = await subscribers.find_subscribers(tx, ["anna@example.nl", "bart@example.nl"])
        on = await subscribers.subscriptions_of(tx, found["anna@example.nl"].id)
    assert [row["list"] for row in on] == ["corporaties", "gemeenten"]


def crowd(people: int, *, first: int = 0) -> str:
    rows = (
        f"person{number}@example.nl;Persoon {number};Gemeente {number % 40}" for number in range(first, first + people)
    )
    return "\n".join(["e-mail;naam;organisatie", *rows])


async def test_parts_of_a_large_file_are_compared_and_stored_as_one(world: World) -> None:
    await bring_in(world, crowd(2 * PART))
    plan = await bring_in(world, crowd(2 * PART + 1, first=PART - 1))
    assert plan.counts()[RowOutcome.UNCHANGED] == PART + 1
    assert plan.counts()[RowOutcome.NEW] == PART
    assert plan.absent == PART - 1
    assert [row.line for row in plan.rows] == list(range(2, 2 * PART + 3))
    assert len(await members(world)) == 3 * PART


async def test_a_store_that_fails_at_a_later_part_keeps_nothing_of_the_first(world: World) -> None:
    async with world.database.write() as tx:
        await tx.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON subscribers WHEN NEW.address = 'person400@example.nl'"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    assert PART < 400
    with pytest.raises(IntegrityError, match="the disk is full"):
        await bring_in(world, crowd(500))
    async with world.database.read() as tx:
        assert await subscribers.find_subscribers(tx, ["person1@example.nl"]) == {}
        assert await subscribers.list_counts(tx) == []


async def test_an_import_needs_memory_for_its_file_and_not_also_for_all_that_the_store_knows(world: World) -> None:
    text = crowd(3000)
    await bring_in(world, text)
    tracemalloc.start()
    try:
        await bring_in(world, text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / 3000 < 1_400  # bytes for each row
