"""An event document into the store, and what that does to mailings: moved, held, cancelled, kept."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from newsletter.errors import DocumentError
from newsletter.events.document import write
from newsletter.events.event import Event, EventStatus, Venue
from newsletter.events.importer import Imported, import_event
from newsletter.outbox.control import cancel, schedule
from newsletter.outbox.correct import correct
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.worker import Worker
from newsletter.schedule.state import MailingState
from newsletter.store import events, journal, mailings, subscribers
from newsletter.subscribers.subscriber import Subscriber
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, PLAN, event

FIRST, REMINDER, REPORT = (f"{EVENT_SLUG}/{entry.name}" for entry in PLAN)
WEEK = timedelta(weeks=1)


async def bring_in(world: World, one: Event) -> Imported:
    return await import_event(
        world.database, write(one), "kennisdag.md", templates=world.templates.names(), now=world.clock()
    )


def moved(by: timedelta, one: Event | None = None) -> Event:
    one = one or event()
    assert one.start is not None
    assert one.end is not None
    return replace(one, start=one.start + by, end=one.end + by, programme=())


async def states(world: World) -> dict[str, MailingState]:
    async with world.database.read() as tx:
        return {row.slug: row.state for row in await mailings.all_mailings(tx)}


async def test_a_first_import_plans_drafts_and_sends_nothing(world: World) -> None:
    imported = await bring_in(world, event())
    assert imported.is_new
    assert await states(world) == dict.fromkeys((FIRST, REMINDER, REPORT), MailingState.DRAFT)
    assert {slug: (await world.row(slug)).due_at for slug in (FIRST, REMINDER, REPORT)} == {
        FIRST: datetime.fromisoformat("2026-03-12T08:00+00:00"),  # 6 weeks before, in winter time
        REMINDER: datetime.fromisoformat("2026-04-21T07:00+00:00"),  # 2 working days before, in summer time
        REPORT: datetime.fromisoformat("2026-04-30T08:00+00:00"),
    }


async def test_importing_again_changes_nothing(world: World) -> None:
    await bring_in(world, event())
    again = await bring_in(world, event())
    assert (again.is_new, again.is_changed, again.changes) == (False, False, ())


async def test_last_years_document_gives_drafts_only(world: World) -> None:
    imported = await bring_in(world, moved(timedelta(days=-364)))
    past = f"{EVENT_SLUG}: the event lies in the past, on 2025-04-24; if it does not, correct its “start”"
    assert imported.changes[0] == past
    assert set((await states(world)).values()) == {MailingState.DRAFT}
    await look_at_clock(world.database, world.templates, now=world.clock())
    assert set((await states(world)).values()) == {MailingState.MISSED}


async def test_an_event_that_is_called_off_before_anything_was_sent_is_said_to_be(world: World) -> None:
    await bring_in(world, event())
    imported = await bring_in(world, replace(event(), status=EventStatus.CANCELLED))
    assert imported.changes == (f"{EVENT_SLUG}: the event is now cancelled",)


async def test_a_moved_event_moves_its_pending_mailings_and_says_so(world: World) -> None:
    await bring_in(world, event())
    await fill_people(world)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    before = (await world.row(REMINDER)).due_at
    assert before is not None
    imported = await bring_in(world, moved(2 * WEEK))
    row = await world.row(REMINDER)
    # 5 May 2026 is no lustrum, so two working days before 7 May is 5 May.
    assert (row.state, row.due_at) == (MailingState.SCHEDULED, before + 2 * WEEK)
    assert any("2026-05-05 09:00 instead of 2026-04-21 09:00" in sentence for sentence in imported.changes)
    async with world.database.read() as tx:
        assert "moved from 2026-04-23" in (await journal.read_notes(tx, REMINDER))[-1]["detail"]
        assert (await events.get_event(tx, EVENT_SLUG)).sequence == 1


async def test_once_people_know_the_old_date_later_mailings_wait_for_a_person(world: World) -> None:
    await bring_in(world, event())
    await fill_people(world)
    for slug in (FIRST, REMINDER):
        await schedule(world.database, world.templates, slug, recipients=3, now=NOW)
    await world.fire_at_its_time(FIRST)
    async with world.server() as (_, sending):
        await Worker(sending).drain()
        await close_ended(world.database, now=world.clock())
    sent = await world.row(FIRST)
    await bring_in(world, moved(WEEK))
    held = await world.row(REMINDER)
    assert held.state is MailingState.HELD
    assert "2026-04-23 13:00" in held.reason
    assert "2026-04-30 13:00" in held.reason
    assert (await world.row(FIRST)).due_at == sent.due_at
    again = await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    assert again.state is MailingState.SCHEDULED


async def test_a_cancelled_event_holds_what_was_scheduled(world: World) -> None:
    await bring_in(world, event())
    await fill_people(world)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    await bring_in(world, replace(event(), status=EventStatus.CANCELLED))
    assert (await world.row(REMINDER)).state is MailingState.HELD
    await world.fire_at_its_time(REMINDER)
    assert await world.states(REMINDER) == {}


async def test_an_event_that_loses_its_date_plans_nothing_until_it_has_one(world: World) -> None:
    await bring_in(world, event())
    await bring_in(world, replace(event(), start=None, end=None, programme=(), season="najaar 2026"))
    assert (await world.row(REMINDER)).due_at is None
    await bring_in(world, moved(WEEK))
    assert (await world.row(REMINDER)).due_at is not None


async def test_a_change_of_the_series_moves_the_mailings_of_its_other_events(world: World) -> None:
    await bring_in(world, event())
    other = moved(WEEK, replace(event(), slug="tweede"))
    plan = (PLAN[0], replace(PLAN[1], when=replace(PLAN[1].when, amount=-5)), PLAN[2])
    imported = await bring_in(world, replace(other, series=replace(other.series, plan=plan)))
    assert any(sentence.startswith(f"{REMINDER}: it is now due 2026-04-16 09:00") for sentence in imported.changes)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"template": "report"}, "its template is now “report” instead of “reminder”"),
        ({"lists": ("corporaties",)}, "it now goes to corporaties instead of gemeenten, corporaties"),
    ],
)
async def test_what_was_confirmed_is_not_sent_as_something_else(
    world: World, change: dict[str, object], why: str
) -> None:
    await bring_in(world, event())
    await fill_people(world)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    plan = (PLAN[0], replace(PLAN[1], **change), PLAN[2])  # type: ignore[arg-type]
    await bring_in(world, event(plan))
    row = await world.row(REMINDER)
    assert row.state is MailingState.HELD
    assert why in row.reason


async def test_an_entry_that_leaves_the_plan_cancels_its_mailing(world: World) -> None:
    await bring_in(world, event())
    await bring_in(world, event(PLAN[:2]))
    assert (await states(world))[REPORT] is MailingState.CANCELLED


async def test_an_older_export_takes_nothing_away_for_good(world: World) -> None:
    other = replace(event(PLAN[:2]), slug="tweede")
    await bring_in(world, event())
    await fill_people(world)
    await schedule(world.database, world.templates, REPORT, recipients=3, now=NOW)
    await bring_in(world, replace(other, series=event().series))
    imported = await bring_in(world, other)
    assert imported.changes[0] == "series kennisdagen: plan: report taken out (also for: kennisdag)"
    assert (await world.row(REPORT)).state is MailingState.HELD
    assert (await states(world))["tweede/report"] is MailingState.CANCELLED
    assert (await bring_in(world, other)).changes == ()
    imported = await bring_in(world, event())
    assert imported.changes[0] == "series kennisdagen: plan: report added (also for: tweede)"
    assert (await states(world))["tweede/report"] is MailingState.DRAFT
    assert (await world.row(REPORT)).state is MailingState.HELD


async def test_what_is_scheduled_after_it_left_the_plan_stays_scheduled(world: World) -> None:
    await bring_in(world, event())
    await fill_people(world)
    await bring_in(world, event(PLAN[:2]))
    await schedule(world.database, world.templates, REPORT, recipients=3, now=NOW)
    await bring_in(world, event(PLAN[:2]))
    assert (await world.row(REPORT)).state is MailingState.SCHEDULED


async def test_a_change_of_the_series_is_said_first_and_kept(world: World) -> None:
    await bring_in(world, replace(event(), slug="tweede"))
    await bring_in(world, event())
    series = replace(event().series, contact="nieuw@example.nl", lists=("gemeenten",), plan=())
    imported = await bring_in(world, replace(event(), series=series))
    sentence = (
        "series kennisdagen: contact vragen@example.nl -> nieuw@example.nl, "
        "lists gemeenten + corporaties -> gemeenten, "
        "plan: save-the-date taken out, reminder taken out, report taken out (also for: tweede)"
    )
    assert imported.changes[0] == sentence
    async with world.database.read() as tx:
        assert [note["detail"] for note in await journal.read_notes(tx, "series kennisdagen")] == [sentence]


async def test_a_list_that_nobody_is_on_is_said_when_it_is_named_first(world: World) -> None:
    await fill_people(world)
    one = replace(event(()), series=replace(event(()).series, lists=("gemeenten", "gemeentes", "pers")))
    assert (await bring_in(world, one)).changes == (
        "nobody is on list gemeentes yet; did you mean gemeenten?",
        "nobody is on list pers yet",
    )
    assert (await bring_in(world, one)).changes == ()


async def test_an_event_cannot_be_moved_to_another_series_unseen(world: World) -> None:
    await bring_in(world, event())
    with pytest.raises(DocumentError, match="or keep series “kennisdagen”"):
        await bring_in(world, replace(event(), series=replace(event().series, slug="lezingen")))
    async with world.database.read() as tx:
        assert (await events.get_event(tx, EVENT_SLUG)).series.slug == "kennisdagen"


async def test_another_time_zone_is_a_revision_of_every_event_of_the_series(world: World) -> None:
    await bring_in(world, replace(event(), slug="tweede"))
    await bring_in(world, event())
    await bring_in(world, replace(event(), series=replace(event().series, timezone="Europe/London")))
    async with world.database.read() as tx:
        assert [(await events.get_event(tx, slug)).sequence for slug in (EVENT_SLUG, "tweede")] == [1, 1]


async def test_the_sequence_rises_with_date_place_and_status_only(world: World) -> None:
    sequences = []
    for version in (
        event(),
        replace(event(), title="Anders"),
        replace(event(), venue=Venue(name="Elders")),
        moved(WEEK),
        replace(moved(WEEK), status=EventStatus.CANCELLED),
    ):
        sequences.append((await bring_in(world, version)).event.sequence)
    assert sequences == [0, 0, 1, 2, 3]


async def test_a_document_with_mistakes_stores_nothing(world: World) -> None:
    wrong = write(event()).replace("13:00", "99:00", 1).replace("title:", "titel:", 1)
    with pytest.raises(DocumentError) as caught:
        await import_event(world.database, wrong, "kennisdag.md", templates=world.templates.names(), now=NOW)
    assert len(caught.value.problems) >= 2
    assert all(problem.line > 0 for problem in caught.value.problems)
    assert await states(world) == {}


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("nergens", "choose from announcement, cancelled, "),
        ("savethedate", "did you mean “save-the-date”?"),
        ("anouncement", "did you mean “announcement”?"),
    ],
)
async def test_a_template_that_is_not_there_is_named_with_its_line(world: World, name: str, fix: str) -> None:
    text = write(event((replace(PLAN[0], template=name),)))
    with pytest.raises(DocumentError) as caught:
        await import_event(world.database, text, "kennisdag.md", templates=world.templates.names(), now=NOW)
    [problem] = caught.value.problems
    assert name in text.splitlines()[problem.line - 1]
    assert problem.what == f"there is no template “{name}”"
    assert problem.fix.startswith(fix)


@pytest.mark.parametrize(
    ("version", "told", "template"),
    [
        (moved(WEEK), "of another date or place", "changed"),
        (replace(event(), status=EventStatus.CANCELLED), "that it takes place", "cancelled"),
    ],
)
async def test_who_was_told_otherwise_is_to_be_written_to(
    world: World, version: Event, told: str, template: str
) -> None:
    await bring_in(world, event())
    await fill_people(world)
    assert not [sentence for sentence in (await bring_in(world, version)).changes if "were told" in sentence]
    await bring_in(world, event())
    await schedule(world.database, world.templates, FIRST, recipients=3, now=world.clock(), at=world.clock())
    await world.fire_at_its_time(FIRST)
    await deliver(world)
    assert (await bring_in(world, event())).changes == ()
    [said] = [sentence for sentence in (await bring_in(world, version)).changes if "were told" in sentence]
    assert said.startswith(f"{EVENT_SLUG}: people were told {told}; once nothing of {FIRST} is on its way any more, ")
    assert said.endswith(f"newsletter mailing correct {FIRST} --template {template}")


async def deliver(world: World) -> list[str]:
    """Send what is on its way; returns who got a letter."""
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    await close_ended(world.database, now=world.clock())
    return [recipient for _, recipient, _ in server.letters]


async def tell(world: World, slug: str, recipients: int) -> list[str]:
    """Send a mailing now; returns who got it."""
    now = world.clock()
    await schedule(world.database, world.templates, slug, recipients=recipients, now=now, at=now)
    await look_at_clock(world.database, world.templates, now=now)
    return await deliver(world)


async def leave(world: World, address: str) -> None:
    async with world.database.write() as tx:
        await subscribers.unsubscribe(tx, address, "gemeenten", now=NOW)


async def command_to_tell(world: World, version: Event) -> str:
    """The command of the import, as it is typed."""
    [said] = [sentence for sentence in (await bring_in(world, version)).changes if "were told" in sentence]
    return said.rpartition("write to them with: ")[2]


@pytest.mark.parametrize(
    ("version", "template"),
    [(moved(WEEK), "changed"), (replace(event(), status=EventStatus.CANCELLED), "cancelled")],
)
async def test_everybody_who_was_told_otherwise_is_reached_by_the_fewest_mailings(
    world: World, version: Event, template: str
) -> None:
    plan = (replace(PLAN[0], lists=("gemeenten",)), replace(PLAN[1], lists=("corporaties",)), PLAN[2])
    version = replace(version, series=event(plan).series)
    await bring_in(world, event(plan))
    await fill_people(world)
    async with world.database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["corporaties"])
        await subscribers.upsert_subscribers(tx, [Subscriber(address="other@example.nl")], now=NOW)
        await subscribers.subscribe(tx, ids["corporaties"], ["person-0@example.nl", "other@example.nl"], now=NOW)
    await tell(world, FIRST, 3)
    await tell(world, REMINDER, 2)
    correct_both = f"newsletter mailing correct {FIRST} {REMINDER} --template {template}"
    assert await command_to_tell(world, version) == correct_both

    one = await correct(world.database, world.templates, FIRST, template=template, now=world.clock())
    dropped = f"newsletter mailing cancel {one.row.slug} && "
    assert await command_to_tell(world, replace(version, title="Anders")) == f"{dropped}{correct_both}"
    await cancel(world.database, one.row.slug, now=world.clock())
    both = await correct(world.database, world.templates, FIRST, REMINDER, template=template, now=world.clock())
    said = await command_to_tell(world, replace(version, title="Nog anders"))
    assert said == f"newsletter mailing schedule {both.row.slug} --at now"
    addresses = {f"person-{number}@example.nl" for number in range(3)} | {"other@example.nl"}
    assert sorted(await tell(world, both.row.slug, 4)) == sorted(addresses)
    assert not [told for told in (await bring_in(world, version)).changes if "were told" in told]


async def test_a_mailing_whose_people_all_got_another_one_is_not_named_and_what_nobody_got_needs_nothing(
    world: World,
) -> None:
    await bring_in(world, event())
    await fill_people(world)
    now = world.clock()
    await schedule(world.database, world.templates, FIRST, recipients=3, now=now, at=now)
    await look_at_clock(world.database, world.templates, now=now)
    assert not [told for told in (await bring_in(world, moved(WEEK))).changes if "were told" in told]
    await bring_in(world, event())
    await tell(world, FIRST, 3)
    await leave(world, "person-0@example.nl")
    await tell(world, REMINDER, 2)
    assert await command_to_tell(world, moved(WEEK)) == f"newsletter mailing correct {FIRST} --template changed"


FAINT = (("base", "veen"), ("accent", "#d0d0ff"), ("dark_ink", "#111111"))


async def test_a_theme_that_cannot_be_read_is_refused_with_the_line_of_each_colour(world: World) -> None:
    text = write(replace(event(), series=replace(event().series, theme=FAINT)))
    with pytest.raises(DocumentError) as caught:
        await import_event(
            world.database,
            text,
            "kennisdag.md",
            templates=world.templates.names(),
            now=NOW,
            theme_problems=world.templates.theme_problems,
        )
    lines = text.splitlines()
    told = {(lines[problem.line - 1].strip().partition(":")[0], problem.what[:20]) for problem in caught.value.problems}
    assert ("accent", "theme: accent #d0d0f") in told
    assert ("dark_ink", "theme: dark_ink #111") in told
    assert all("would pass" in problem.fix for problem in caught.value.problems)
    assert await states(world) == {}


async def test_a_theme_that_does_not_exist_is_refused_with_its_line(world: World) -> None:
    text = write(replace(event(), series=replace(event().series, theme=(("base", "steen"),))))
    with pytest.raises(DocumentError, match="theme: there is no theme “steen”") as caught:
        await import_event(
            world.database,
            text,
            "kennisdag.md",
            templates=world.templates.names(),
            now=NOW,
            theme_problems=world.templates.theme_problems,
        )
    [problem] = caught.value.problems
    assert text.splitlines()[problem.line - 1].strip() == "theme: steen"


async def test_another_theme_is_told_as_a_change_of_the_series(world: World) -> None:
    await bring_in(world, event())
    imported = await bring_in(world, replace(event(), series=replace(event().series, theme=(("base", "klei"),))))
    assert "series kennisdagen: another theme" in imported.changes
    assert imported.event.sequence == 0


async def fill_people(world: World) -> None:
    """Three people on the list `gemeenten`."""
    crowd = [Subscriber(address=f"person-{number}@example.nl") for number in range(3)]
    async with world.database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.upsert_subscribers(tx, crowd, now=NOW)
        await subscribers.subscribe(tx, ids["gemeenten"], [one.address for one in crowd], now=NOW)
