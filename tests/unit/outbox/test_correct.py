"""A correction: from a mailing that went wrong to a letter for exactly those whom it reached."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.compose.templates import Templates
from newsletter.errors import CountError, StateError, TemplateError
from newsletter.events.document import write
from newsletter.events.event import Event, EventStatus
from newsletter.events.importer import import_event
from newsletter.outbox import control
from newsletter.outbox.correct import Correction, correct
from newsletter.outbox.explain import explain
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.worker import Worker
from newsletter.schedule.state import MailingState
from newsletter.settings import Mail
from newsletter.store import journal, mailings, subscribers
from newsletter.store.tables import mailings as mailing_table
from newsletter.subscribers.subscriber import Subscriber
from tests.smtp_server import HANG_UP
from tests.unit.conftest import TEMPLATES, World
from tests.world import EVENT_SLUG, NOW, PLAN, event, fill

REMINDER = f"{EVENT_SLUG}/reminder"
FIRST = f"{EVENT_SLUG}/save-the-date"
CORRECTION = f"{REMINDER}-correction"


async def send_wrong(world: World) -> None:
    """Six letters: one in doubt, one refused, four sent; then one leaves, one is suppressed, and one is new."""
    await fill(world.database, people=6)
    await control.schedule(world.database, world.templates, REMINDER, recipients=6, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    recipients: list[str] = []

    def answer(verb: str, _letters: int) -> str | None:
        if verb == "MAIL":
            recipients.append(verb)
        if verb == "." and len(recipients) == 1:
            return HANG_UP
        return "550 5.1.1 no such user" if verb == "RCPT" and len(recipients) == 2 else None

    async with world.server(answer) as (server, _):
        for _ in range(2):
            await Worker(world.sending(server.port, connections=1, mail=Mail(resend_in_doubt=False))).drain()
    assert await world.states(REMINDER) == {"in_doubt": 1, "failed": 1, "sent": 4}
    await close_ended(world.database, now=world.clock())
    async with world.database.write() as tx:
        await subscribers.unsubscribe(tx, "person-4@example.nl", "gemeenten", now=world.clock())
        await subscribers.suppress(tx, "person-5@example.nl", "complaint", now=world.clock())
        await subscribers.upsert_subscribers(tx, [Subscriber(address="new@example.nl")], now=world.clock())
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.subscribe(tx, ids["gemeenten"], ["new@example.nl"], now=world.clock())


async def make(world: World, slug: str = REMINDER, **changes: str) -> Correction:
    return await correct(
        world.database, world.templates, slug, now=world.clock(), **{"label": "Correctie", "template": "", **changes}
    )


async def schedule(world: World, slug: str = CORRECTION, recipients: int = 3, *, hours: int = 0) -> None:
    now = world.clock()
    await control.schedule(
        world.database, world.templates, slug, recipients=recipients, now=now, at=now + timedelta(hours=hours)
    )


async def test_a_correction_reaches_those_who_got_the_wrong_letter_or_may_have_and_nobody_else(world: World) -> None:
    await send_wrong(world)
    made = await make(world)
    assert (made.row.slug, made.row.state, made.row.due_at) == (CORRECTION, MailingState.DRAFT, None)
    assert (made.recipients, made.unreachable) == (3, 2)
    await schedule(world)
    await look_at_clock(world.database, world.templates, now=world.clock())
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    reached = {"person-0@example.nl", "person-2@example.nl", "person-3@example.nl"}
    assert {recipient for _, recipient, _ in server.letters} == reached
    assert len(server.letters) == 3
    subject = str(make_header(decode_header(message_from_bytes(server.letters[0][2])["Subject"])))
    assert subject.startswith("Correctie: ")
    assert [ended.slug for ended in await close_ended(world.database, now=world.clock())] == [CORRECTION]


async def test_the_usual_confirmation_applies(world: World) -> None:
    await send_wrong(world)
    await make(world)
    with pytest.raises(StateError, match="has no time in the plan; choose one with --at, such as --at now"):
        await control.schedule(world.database, world.templates, CORRECTION, recipients=3, now=world.clock())
    for stale in (2, 4):
        with pytest.raises(CountError, match="goes to 3 recipients"):
            await schedule(world, recipients=stale)
    await schedule(world)
    assert (await world.row(CORRECTION)).confirmed == 3


async def test_who_leaves_after_the_correction_started_does_not_get_it(world: World) -> None:
    await send_wrong(world)
    await make(world)
    await schedule(world)
    await look_at_clock(world.database, world.templates, now=world.clock())
    async with world.database.write() as tx:
        await subscribers.unsubscribe(tx, "person-0@example.nl", "gemeenten", now=world.clock())
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    assert len(server.letters) == 2
    assert await world.states(CORRECTION) == {"sent": 2, "withheld": 1}


async def test_explain_tells_who_gets_a_correction_and_who_does_not(world: World) -> None:
    await send_wrong(world)
    await make(world)
    expected = {
        "person-0@example.nl": "yes, through gemeenten, once somebody schedules it; it corrects {}, which reached them",
        "person-1@example.nl": "no: it corrects {}, which they did not get",
        "person-4@example.nl": "no: unsubscribed from gemeenten; it corrects {}, which reached them",
        "person-5@example.nl": "no: the address is suppressed (complaint)",
        "new@example.nl": "no: it corrects {}, which they did not get",
    }
    for address, verdict in expected.items():
        found = await explain(world.database, address)
        [item] = [item for item in found.upcoming if item.mailing == CORRECTION]
        assert item.verdict == verdict.format(REMINDER), address
    await schedule(world)
    await look_at_clock(world.database, world.templates, now=world.clock())
    for address, why in {
        "person-1@example.nl": "it corrects {}, which they did not get",
        "person-4@example.nl": "had left gemeenten before it started; it corrects {}, which reached them",
    }.items():
        found = await explain(world.database, address)
        [passed] = [passed for passed in found.passed_over if passed.mailing == CORRECTION]
        assert passed.why == why.format(REMINDER), address


async def test_what_is_still_on_its_way_or_reached_nobody_is_not_corrected(world: World) -> None:
    await fill(world.database)
    with pytest.raises(StateError, match="nobody has got"):
        await make(world)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    with pytest.raises(StateError, match="is still being sent; hold or cancel it first"):
        await make(world)
    with pytest.raises(TemplateError, match=r"there is no template “nergens”; choose one of: announcement, .*report"):
        await make(world, template="nergens")


async def test_a_mailing_that_was_cancelled_on_its_way_can_be_corrected(world: World) -> None:
    await fill(world.database)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    async with world.server() as (_, sending):
        worker = Worker(replace(sending, connections=1), on_settled=lambda _: worker.stop())
        await worker.drain()
    await control.cancel(world.database, REMINDER, now=world.clock())
    sent = (await world.states(REMINDER))["sent"]
    assert 0 < sent < 3
    assert (await make(world)).recipients == sent


@pytest.mark.parametrize("is_scheduled", [False, True])
async def test_one_correction_with_a_template_waits_for_the_same_people_at_a_time(
    world: World, is_scheduled: bool
) -> None:
    await send_wrong(world)
    await make(world, template="changed")
    if is_scheduled:
        await schedule(world, hours=2)
    waits = f"{CORRECTION} waits already, with the same template, for 3 of the 5 whom {REMINDER} reached; schedule it, "
    with pytest.raises(StateError, match=f"^{waits}or, to write to all of them at once, cancel it first$"):
        await make(world, template="changed")
    await control.cancel(world.database, CORRECTION, now=world.clock())
    assert (await make(world, template="changed")).row.slug == f"{CORRECTION}-2"


async def test_a_correction_of_a_correction_does_not_write_to_the_same_people_twice(world: World) -> None:
    await send_wrong(world)
    await make(world, template="changed")
    await schedule(world)
    await send_due(world)
    made = await make(world, template="cancelled")
    with pytest.raises(
        StateError, match=f"^{made.row.slug} waits already, .* for 3 of the 3 whom {CORRECTION} reached"
    ):
        await make(world, CORRECTION, template="cancelled")
    await make(world, CORRECTION, template="notice")


async def test_several_mailings_are_corrected_at_once_and_everybody_is_written_to_once(world: World) -> None:
    await send_wrong(world)
    await schedule(world, FIRST, 5)
    await send_due(world)
    made = await correct(world.database, world.templates, REMINDER, FIRST, template="changed", now=world.clock())
    assert (made.row.slug, made.corrects, made.recipients, made.unreachable) == (
        *(CORRECTION, (REMINDER, FIRST)),
        *(5, 2),  # the reminder had reached one who left and one who is suppressed
    )
    verdicts = [item for item in (await explain(world.database, "new@example.nl")).upcoming if "corr" in item.mailing]
    assert [item.verdict for item in verdicts] == [
        f"yes, through gemeenten, once somebody schedules it; it corrects {REMINDER} and {FIRST}, which reached them"
    ]
    await schedule(world, recipients=5)
    letters = await send_due(world)
    assert sorted(letters) == sorted({*letters})
    assert set(letters) == {f"person-{number}@example.nl" for number in range(4)} | {"new@example.nl"}


async def send_due(world: World) -> list[str]:
    """Send what is due; returns who got a letter."""
    await look_at_clock(world.database, world.templates, now=world.clock())
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    await close_ended(world.database, now=world.clock())
    return [recipient for _, recipient, _ in server.letters]


async def test_only_mailings_that_one_letter_can_correct_are_corrected_together(world: World) -> None:
    await send_wrong(world)
    await fill(world.database, happening=replace(event(), slug="andere"))
    with pytest.raises(TemplateError, match="have different templates; choose one with --template, such as one of: an"):
        await correct(world.database, world.templates, REMINDER, FIRST, now=world.clock())
    with pytest.raises(StateError, match="are about different events; correct those of one event at a time"):
        await correct(world.database, world.templates, REMINDER, "andere/reminder", now=world.clock())


@pytest.mark.parametrize(
    ("template", "language", "label"),
    [("changed", "nl", "Gewijzigd"), ("changed", "en", "Changed"), ("plain", "nl", "plain")],
)
async def test_a_correction_is_called_what_its_template_is_called(
    world: World, tmp_path: Path, template: str, language: str, label: str
) -> None:
    await send_wrong(world)
    await change(world, replace(event(), series=replace(event().series, language=language)))
    shutil.copytree(TEMPLATES / "report", tmp_path / "plain")
    (tmp_path / "plain/template.toml").unlink()
    templates = Templates([tmp_path, TEMPLATES])
    made = await correct(world.database, templates, REMINDER, template=template, now=world.clock())
    assert made.row.planned.label == label


async def test_a_correction_is_written_down_at_both_ends(world: World) -> None:
    await send_wrong(world)
    await make(world)
    async with world.database.read() as tx:
        wrong, right = await journal.read_notes(tx, REMINDER), await journal.read_notes(tx, CORRECTION)
        corrects_id = await tx.scalar(select(mailing_table.c.corrects_id).where(mailing_table.c.slug == CORRECTION))
    assert (wrong[-1]["action"], wrong[-1]["detail"]) == ("corrected", f"by {CORRECTION}")
    assert [(note["action"], note["detail"]) for note in right] == [
        ("created", f"corrects {REMINDER}, for 3 recipients")
    ]
    assert corrects_id == (await world.row(REMINDER)).id


async def change(world: World, changed: Event) -> None:
    names = world.templates.names()
    await import_event(world.database, write(changed), "x.md", templates=names, now=world.clock())


LATER = replace(event(), start=datetime(2026, 4, 24, 13), end=datetime(2026, 4, 24, 16), programme=())


@pytest.mark.parametrize("state", [MailingState.DRAFT, MailingState.SCHEDULED, MailingState.CANCELLED])
@pytest.mark.parametrize(
    "changed",
    [event(), replace(event(), title="Een andere titel"), event(PLAN[:1])],
    ids=["nothing", "title", "the plan got shorter"],
)
async def test_a_correction_is_in_no_plan_and_no_import_drops_or_changes_it(
    world: World, state: MailingState, changed: Event
) -> None:
    await send_wrong(world)
    await make(world)
    if state is MailingState.SCHEDULED:
        await schedule(world, hours=2)
    if state is MailingState.CANCELLED:
        await control.cancel(world.database, CORRECTION, now=world.clock())
    before = await world.row(CORRECTION)
    await change(world, changed)
    assert await world.row(CORRECTION) == before
    async with world.database.read() as tx:
        assert await mailings.lists_of(tx, before.id) == ["corporaties", "gemeenten"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (LATER, "after “reminder” had been sent"),
        (replace(event(), status=EventStatus.CANCELLED), "the event was cancelled"),
    ],
)
async def test_a_scheduled_correction_waits_for_a_person_when_the_event_changes_once_more(
    world: World, changed: Event, why: str
) -> None:
    await send_wrong(world)
    await make(world)
    await schedule(world, hours=2)
    due_at = (await world.row(CORRECTION)).due_at
    await change(world, changed)
    row = await world.row(CORRECTION)
    assert (row.state, row.due_at) == (MailingState.HELD, due_at)
    assert why in row.reason
    await control.schedule(world.database, world.templates, CORRECTION, recipients=3, now=world.clock())
    assert (await world.row(CORRECTION)).due_at == due_at


async def test_an_entry_of_the_plan_with_the_name_of_a_correction_leaves_it_alone(world: World) -> None:
    await send_wrong(world)
    made = await make(world)
    await change(world, event((*PLAN, replace(PLAN[2], name="reminder-correction", lists=("gemeenten",)))))
    row = await world.row(CORRECTION)
    assert (row.planned, row.due_at) == (made.row.planned, None)
    async with world.database.read() as tx:
        assert await mailings.lists_of(tx, row.id) == ["corporaties", "gemeenten"]


@pytest.mark.parametrize(
    ("days", "closes"),
    [
        (0, "2026-04-22T07:00Z"),  # a day later
        (1.5, "2026-04-23T11:00Z"),  # at the start of the event
        (5, "2026-04-27T07:00Z"),  # after the event, for a day
    ],
)
async def test_a_correction_may_go_out_before_and_after_the_event(world: World, days: float, closes: str) -> None:
    await send_wrong(world)
    await make(world)
    world.clock.now += timedelta(days=days)
    await schedule(world)
    assert (await world.row(CORRECTION)).closes_at == datetime.fromisoformat(closes)


async def test_a_correction_when_all_have_left_says_so(world: World) -> None:
    await send_wrong(world)
    await make(world)
    async with world.database.write() as tx:
        for number in range(4):
            await subscribers.unsubscribe(tx, f"person-{number}@example.nl", "gemeenten", now=NOW)
    with pytest.raises(CountError, match="goes to nobody; those whom the wrong letter reached have all left"):
        await schedule(world, recipients=0)
