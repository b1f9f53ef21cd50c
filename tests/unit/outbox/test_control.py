"""What an organiser does with a mailing, and what they are told."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from newsletter.cli.explain import sentences
from newsletter.compose.headers import text_field
from newsletter.errors import CountError, HeaderError, NotFoundError, StateError, TemplateError
from newsletter.events.document import write
from newsletter.events.importer import import_event
from newsletter.outbox import control, trial
from newsletter.outbox.explain import explain
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.outcome import OutcomeKind
from newsletter.outbox.worker import Worker
from newsletter.schedule.state import MailingState
from newsletter.store import journal, mailings, subscribers
from newsletter.store.ledger import open_ledger
from newsletter.subscribers.subscriber import Subscriber
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, PLAN, event, fill

REMINDER = f"{EVENT_SLUG}/reminder"
FIRST = f"{EVENT_SLUG}/save-the-date"


async def test_scheduling_needs_the_exact_number_of_recipients(world: World) -> None:
    await fill(world.database, people=3)
    for stale in (0, 2, 4):
        with pytest.raises(CountError, match="goes to 3 recipients"):
            await control.schedule(world.database, world.templates, REMINDER, recipients=stale, now=NOW)
    assert (await world.row(REMINDER)).state is MailingState.DRAFT
    row = await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    assert (row.state, row.confirmed) == (MailingState.SCHEDULED, 3)


async def test_another_time_can_be_chosen_and_changed(world: World) -> None:
    await fill(world.database)
    for minutes in (2, 5):
        at = NOW + timedelta(minutes=minutes)
        row = await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW, at=at)
        assert (row.due_at, row.fixed) == (at, True)
        assert row.closes_at == at + timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "at", "why"),
    [
        (NOW, NOW - timedelta(minutes=1), "has passed"),
        (datetime.fromisoformat("2026-04-22T10:00+00:00"), None, "its time was 2026-04-21 09:00"),
        (NOW, datetime.fromisoformat("2026-04-23T11:00+00:00"), "the event has begun by then"),
    ],
)
async def test_a_time_that_makes_no_sense_is_refused_with_the_reason(
    world: World, now: datetime, at: datetime | None, why: str
) -> None:
    await fill(world.database)
    with pytest.raises(StateError, match=why):
        await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=now, at=at)
    assert (await world.row(REMINDER)).state is MailingState.DRAFT


async def test_a_mailing_of_an_event_without_a_date_waits_for_it(world: World) -> None:
    undated = replace(event(), start=None, end=None, season="najaar 2026", programme=())
    await fill(world.database, happening=undated)
    row = await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    assert (row.state, row.due_at) == (MailingState.SCHEDULED, None)


async def test_cancelling_and_scheduling_again(world: World) -> None:
    await fill(world.database)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    assert (await control.cancel(world.database, REMINDER, now=NOW)).state is MailingState.CANCELLED
    with pytest.raises(StateError, match="cancelled already"):
        await control.cancel(world.database, REMINDER, now=NOW)
    row = await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    assert (row.state, row.reason) == (MailingState.SCHEDULED, "")
    with pytest.raises(StateError, match="scheduled already"):
        await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    async with world.database.read() as tx:
        actions = [note["action"] for note in await journal.read_notes(tx, REMINDER)]
    assert actions == ["scheduled", "cancelled", "scheduled"]


async def test_a_mailing_that_is_cancelled_on_its_way_sends_nothing_more_and_keeps_what_was_sent(world: World) -> None:
    await on_its_way(world)
    async with world.server() as (server, sending):
        worker = Worker(replace(sending, connections=1), on_settled=lambda _: worker.stop())
        await worker.drain()
        left = len(server.letters)
        row = await control.cancel(world.database, REMINDER, now=world.clock())
        await Worker(sending).drain()
    assert (row.state, row.reason) == (MailingState.CANCELLED, "cancelled by hand")
    assert 0 < left < 3
    assert len(server.letters) == left
    assert await world.states(REMINDER) == {"sent": left, "withheld": 3 - left}
    assert await close_ended(world.database, now=world.clock()) == []


async def test_scheduling_again_what_was_cancelled_on_its_way_is_for_those_who_have_not_got_it(world: World) -> None:
    await fill(world.database, people=4)
    await control.schedule(world.database, world.templates, REMINDER, recipients=4, now=NOW)
    await world.fire_at_its_time(REMINDER)
    told: list[str] = []

    def answer(verb: str, letters: int) -> str | None:
        told.extend([verb] if verb == "RCPT" else [])
        return "550 5.1.1 no such user" if verb == "RCPT" and len(told) == 2 else None

    async with world.server(answer) as (server, sending):
        one_by_one = replace(sending, connections=1)
        worker = Worker(one_by_one, on_settled=lambda state: worker.stop() if state == "failed" else None)
        await worker.drain()
        await control.cancel(world.database, REMINDER, now=world.clock())
        states = await world.states(REMINDER)
        assert (states.pop("failed"), set(states)) == (1, {"sent", "withheld"})
        got = [recipient for _, recipient, _ in server.letters]
        count = await control.count_to_confirm(world.database, REMINDER, now=world.clock(), at=world.clock())
        assert count == states["withheld"]
        now = world.clock()
        await control.schedule(world.database, world.templates, REMINDER, recipients=count, now=now, at=now)
        [fired] = await look_at_clock(world.database, world.templates, now=now)
        assert fired.letters == count
        await Worker(sending).drain()
        got = [recipient for _, recipient, _ in server.letters]
    assert sorted(got) == sorted({*got})
    assert await world.states(REMINDER) == {"failed": 1, "sent": 3}


async def test_why_a_mailing_goes_to_nobody_is_true(world: World) -> None:
    await fill(world.database, people=0)
    for verb in (control.count_to_confirm(world.database, REMINDER, now=NOW), schedule_for_nobody(world)):
        with pytest.raises(CountError, match=f"{REMINDER} goes to nobody; import recipients into corporaties, gemeent"):
            await verb
    async with world.database.write() as tx:
        await subscribers.upsert_subscribers(tx, [Subscriber(address="a@example.nl")], now=NOW)
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.subscribe(tx, ids["gemeenten"], ["a@example.nl"], now=NOW)
    await control.schedule(world.database, world.templates, REMINDER, recipients=1, now=NOW)
    await world.fire_at_its_time(REMINDER)
    async with world.server() as (_, sending):
        await Worker(sending).drain()
    await control.cancel(world.database, REMINDER, now=world.clock())
    with pytest.raises(CountError, match="goes to nobody; everybody on corporaties, gemeenten has got it, was refused"):
        await schedule_for_nobody(world)


async def schedule_for_nobody(world: World) -> None:
    await control.schedule(world.database, world.templates, REMINDER, recipients=0, now=world.clock())


async def test_a_letter_that_is_put_off_after_its_mailing_was_cancelled_is_withheld_like_the_others(
    world: World,
) -> None:
    await on_its_way(world)
    async with world.server(lambda verb, _: "451 4.3.0 later" if verb == "RCPT" else None) as (_, sending):
        worker = Worker(replace(sending, connections=1), on_settled=lambda _: worker.stop())
        await worker.drain()
    async with world.database.write() as tx:  # as if it had been on the wire when the others were withdrawn
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.CANCELLED)
    assert (await world.states(REMINDER))["deferred"] > 0
    await close_ended(world.database, now=world.clock())
    assert await world.states(REMINDER) == {"withheld": 3}


async def on_its_way(world: World) -> None:
    """Three letters of the reminder, none of them sent."""
    await fill(world.database)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    await world.fire_at_its_time(REMINDER)


async def test_a_paused_mailing_goes_on_as_it_was_and_nobody_gets_it_twice(world: World) -> None:
    await on_its_way(world)
    async with world.server() as (server, sending):
        worker = Worker(replace(sending, connections=1), on_settled=lambda _: worker.stop())
        await worker.drain()
        before = len(server.letters)
        await control.hold(world.database, REMINDER, now=world.clock())
        await Worker(sending).drain()
        assert len(server.letters) == before < 3
        world.clock.now += timedelta(hours=1)
        row = await control.resume(world.database, REMINDER, now=world.clock())
        assert (row.state, row.reason) == (MailingState.SENDING, "")
        await Worker(sending).drain()
    assert sorted(recipient for _, recipient, _ in server.letters) == [f"person-{n}@example.nl" for n in range(3)]
    assert [ended.summary for ended in await close_ended(world.database, now=world.clock())] == ["3 sent"]
    assert await actions(world) == ["scheduled", "started", "held", "resumed", "sent"]


async def test_a_mailing_that_pauses_by_itself_says_why_and_does_so_once(world: World) -> None:
    await on_its_way(world)
    mailing_id = (await world.row(REMINDER)).id
    why = "20 recipients in a row were refused for good"
    assert await control.pause(world.database, mailing_id, why, now=world.clock())
    assert not await control.pause(world.database, mailing_id, "another reason", now=world.clock())
    row = await world.row(REMINDER)
    assert (row.state, row.reason) == (MailingState.HELD, f"paused by itself: {why}")
    assert (await control.resume(world.database, REMINDER, now=world.clock())).state is MailingState.SENDING
    assert await actions(world) == ["scheduled", "started", "paused", "resumed"]


async def test_a_mailing_that_was_held_before_it_started_is_not_resumed(world: World) -> None:
    await fill(world.database)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    await control.hold(world.database, REMINDER, now=NOW)
    with pytest.raises(StateError, match="was not merely paused: held by hand; look at the letter and schedule it"):
        await control.resume(world.database, REMINDER, now=NOW)


async def test_a_mailing_that_is_scheduled_for_the_rest_and_held_again_is_not_resumed(world: World) -> None:
    await on_its_way(world)
    await control.hold(world.database, REMINDER, now=world.clock())
    at = world.clock() + timedelta(hours=1)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock(), at=at)
    await control.hold(world.database, REMINDER, now=world.clock())
    with pytest.raises(StateError, match="not merely paused"):
        await control.resume(world.database, REMINDER, now=world.clock())


async def test_a_paused_mailing_whose_window_has_closed_is_not_resumed(world: World) -> None:
    await on_its_way(world)
    await control.hold(world.database, REMINDER, now=world.clock())
    closes_at = (await world.row(REMINDER)).closes_at
    assert closes_at is not None
    with pytest.raises(StateError, match="its window closed at 2026-04-22 09:00; schedule it again with --at"):
        await control.resume(world.database, REMINDER, now=closes_at)
    assert (await world.row(REMINDER)).state is MailingState.HELD
    moment_before = closes_at - timedelta(seconds=1)
    assert (await control.resume(world.database, REMINDER, now=moment_before)).state is MailingState.SENDING


@pytest.mark.parametrize("paused", [False, True])
async def test_a_mailing_whose_event_moves_while_it_is_sent_is_held_and_not_resumed(world: World, paused: bool) -> None:
    await on_its_way(world)
    if paused:
        await control.hold(world.database, REMINDER, now=world.clock())
    later = replace(event(), start=datetime(2026, 4, 24, 13), end=datetime(2026, 4, 24, 16), programme=())
    names = world.templates.names()
    await import_event(world.database, write(later), "x.md", templates=names, now=world.clock())
    row = await world.row(REMINDER)
    assert row.state is MailingState.HELD
    assert "was moved from 2026-04-23 13:00–16:00 Europe/Amsterdam to 2026-04-24 13:00–16:00" in row.reason
    with pytest.raises(StateError, match="not merely paused"):
        await control.resume(world.database, REMINDER, now=world.clock())


async def test_whoever_had_not_got_a_letter_when_the_event_moved_gets_the_new_one_from_a_worker_that_runs_on(
    world: World,
) -> None:
    await on_its_way(world)
    async with world.server(lambda verb, letters: "451 4.3.0 later" if verb == "RCPT" and letters else None) as (
        server,
        sending,
    ):
        worker = Worker(replace(sending, connections=1))
        await worker.drain()
        assert await world.states(REMINDER) == {"deferred": 2, "sent": 1}
        later = replace(event(), start=datetime(2026, 4, 24, 13), end=datetime(2026, 4, 24, 16), programme=())
        names = world.templates.names()
        await import_event(world.database, write(later), "x.md", templates=names, now=world.clock())
        await control.schedule(world.database, world.templates, REMINDER, recipients=2, now=world.clock())
        await world.fire_at_its_time(REMINDER)
        server.answer = lambda _verb, _letters: None
        await worker.drain()
    dates = [(b"23 april" in letter, b"24 april" in letter) for _, _, letter in server.letters]
    assert dates == [(True, False), (False, True), (False, True)]


async def test_a_letter_that_a_worker_made_before_the_mailing_was_started_anew_is_not_handed_over(world: World) -> None:
    await on_its_way(world)
    ledger = await open_ledger(world.database, "worker")
    claimed = await ledger.claim(2, now=world.clock(), until=world.clock() + timedelta(hours=2))
    await control.hold(world.database, REMINDER, now=world.clock())
    at = world.clock() + timedelta(minutes=1)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock(), at=at)
    await world.fire_at_its_time(REMINDER)
    ids = [delivery.id for delivery in claimed]
    assert await ledger.commit([], ids, now=world.clock()) == frozenset(ids)
    await ledger.close()
    assert await world.states(REMINDER) == {"queued": 3}


async def actions(world: World, slug: str = REMINDER) -> list[str]:
    async with world.database.read() as tx:
        return [note["action"] for note in await journal.read_notes(tx, slug)]


UNDO = timedelta(seconds=30)


async def test_what_is_cancelled_in_the_undo_window_opens_no_connection(world: World) -> None:
    await fill(world.database)
    now = world.clock()
    row = await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=now, at=now, undo=UNDO)
    assert row.due_at == now + UNDO
    async with world.server() as (server, sending):
        for seconds in (0, 10, 29):
            world.clock.now = now + timedelta(seconds=seconds)
            assert await look_at_clock(world.database, world.templates, now=world.clock()) == []
        await control.cancel(world.database, REMINDER, now=world.clock())
        world.clock.now = now + timedelta(hours=1)
        assert await look_at_clock(world.database, world.templates, now=world.clock()) == []
        await Worker(sending).drain()
        assert (server.connections, await world.states(REMINDER)) == (0, {})


async def test_what_is_not_cancelled_leaves_when_the_undo_window_ends(world: World) -> None:
    await fill(world.database)
    now = world.clock()
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=now, at=now, undo=UNDO)
    [fired] = await look_at_clock(world.database, world.templates, now=now + UNDO)
    assert (fired.slug, fired.letters) == (REMINDER, 3)


@pytest.mark.parametrize(
    ("now", "at", "due", "fixed", "case"),
    [
        ("2026-04-20T10:00Z", None, "2026-04-21T07:00Z", False, "the plan's time lies ahead"),
        ("2026-04-21T06:59:50Z", None, "2026-04-21T07:00:20Z", True, "it is so near that nobody could undo it"),
        ("2026-04-21T09:00Z", None, "2026-04-21T09:00:30Z", True, "it has come already, and the window is open"),
        ("2026-04-20T10:00Z", "2026-04-20T10:00:10Z", "2026-04-20T10:00:30Z", True, "a person chose almost now"),
        ("2026-04-20T10:00Z", "2026-04-20T10:05Z", "2026-04-20T10:05Z", True, "a person chose a later time"),
    ],
)
async def test_nothing_leaves_before_it_could_be_undone(
    world: World, now: str, at: str | None, due: str, fixed: bool, case: str
) -> None:
    await fill(world.database)
    moment, chosen = datetime.fromisoformat(now), datetime.fromisoformat(at) if at else None
    row = await control.schedule(
        world.database, world.templates, REMINDER, recipients=3, now=moment, at=chosen, undo=UNDO
    )
    assert (row.due_at, row.fixed) == (datetime.fromisoformat(due), fixed), case


async def test_a_mailing_that_could_only_be_undone_after_the_event_has_begun_is_refused(world: World) -> None:
    await fill(world.database)
    now = datetime.fromisoformat("2026-04-23T10:59:50Z")
    with pytest.raises(StateError, match="the event has begun by then"):
        await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=now, at=now, undo=UNDO)
    assert (await world.row(REMINDER)).state is MailingState.DRAFT


async def test_a_mailing_that_is_not_there_is_named_with_those_that_are(world: World) -> None:
    await fill(world.database)
    with pytest.raises(NotFoundError, match=REMINDER):
        await control.cancel(world.database, "niets", now=NOW)


async def test_a_test_letter_is_marked_and_touches_no_real_delivery(world: World) -> None:
    await fill(world.database)
    async with world.server() as (server, sending):
        outcome = await trial.send_test(sending, world.templates, FIRST, "tester@example.org")
        again = await trial.send_test(sending, world.templates, FIRST, "Person-1@example.nl")
    assert outcome.kind is again.kind is OutcomeKind.SENT
    [(sender, recipient, letter), (_, _, own)] = server.letters
    assert (sender, recipient) == ("kennisdagen@nieuwsbrief.example.nl", "tester@example.org")
    assert (
        text_field("Subject", "[TEST] Kennisdag ‘Wonen & zorg’: één dag – donderdag 23 april, Utrecht").encode()
        in letter
    )
    assert b"Persoon" not in letter
    assert b"Persoon 1" in own
    assert await world.states(FIRST) == {}
    assert (await world.row(FIRST)).state is MailingState.DRAFT
    async with world.database.read() as tx:
        notes = [(note["action"], note["detail"]) for note in await journal.read_notes(tx, FIRST)]
    assert notes == [("test", "sent 250"), ("test", "sent 250")]


@pytest.mark.parametrize("address", ["tester", "tester@", "a\nb@example.nl"])
async def test_a_test_to_no_address_is_refused(world: World, address: str) -> None:
    await fill(world.database)
    with pytest.raises(HeaderError):
        await trial.send_test(world.sending(1), world.templates, FIRST, address)


async def test_a_test_of_a_template_that_is_not_there_is_a_sentence(world: World) -> None:
    await fill(world.database, happening=event((replace(PLAN[1], template="nergens"),)))
    with pytest.raises(TemplateError, match="nergens"):
        await trial.send_test(world.sending(1), world.templates, REMINDER, "tester@example.org")


async def test_explain_tells_why_somebody_is_in(world: World) -> None:
    await fill(world.database)
    await control.schedule(world.database, world.templates, REMINDER, recipients=3, now=NOW)
    await world.fire_at_its_time(REMINDER)
    async with world.server() as (_, sending):
        await Worker(sending).drain()
    found = await explain(world.database, "PERSON-1@example.nl")
    assert (found.known, found.name, found.suppressed) == (True, "Persoon 1", "")
    assert [(row["list"], row["state"]) for row in found.subscriptions] == [("gemeenten", "active")]
    assert [(row["mailing"], row["state"]) for row in found.deliveries] == [(REMINDER, "sent")]
    verdicts = {item.mailing: item.verdict for item in found.upcoming}
    assert verdicts == {
        FIRST: "not now: the mailing is missed (nobody had confirmed it, and its window had passed; "
        "schedule it again with a new time, or cancel it)",
        f"{EVENT_SLUG}/report": "yes, through gemeenten, once somebody schedules it",
    }


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("none", "yes, through gemeenten"),
        ("suppressed", "no: the address is suppressed (complaint)"),
        ("unsubscribed", "no: unsubscribed from gemeenten"),
        ("other list", "no: not on corporaties or gemeenten"),
        ("undated", "yes, through gemeenten, once the event has a date"),
    ],
)
async def test_explain_names_each_reason_to_be_left_out(world: World, change: str, verdict: str) -> None:
    dated = event()
    undated = replace(dated, start=None, end=None, season="najaar 2026", programme=())
    await fill(world.database, people=1, happening=undated if change == "undated" else dated)
    await control.schedule(world.database, world.templates, REMINDER, recipients=1, now=NOW)
    async with world.database.write() as tx:
        if change == "suppressed":
            await subscribers.suppress(tx, "person-0@example.nl", "complaint", now=NOW)
        if change in ("unsubscribed", "other list"):
            await subscribers.unsubscribe(tx, "person-0@example.nl", "gemeenten", now=NOW)
        if change == "other list":
            ids = await subscribers.ensure_lists(tx, ["provincies"])
            await subscribers.upsert_subscribers(tx, [subscriber("b@example.nl")], now=NOW)
            await subscribers.subscribe(tx, ids["provincies"], ["b@example.nl"], now=NOW)
    address = "b@example.nl" if change == "other list" else "person-0@example.nl"
    found = await explain(world.database, address)
    assert {item.verdict for item in found.upcoming if item.mailing == REMINDER} == {verdict}


async def test_a_cancelled_mailing_is_not_next(world: World) -> None:
    await fill(world.database, people=1)
    await control.cancel(world.database, REMINDER, now=NOW)
    found = await explain(world.database, "person-0@example.nl")
    assert [item.mailing for item in found.upcoming] == [FIRST, f"{EVENT_SLUG}/report"]
    assert [(passed.mailing, passed.started_at, passed.why) for passed in found.passed_over] == [
        (REMINDER, None, "the mailing was cancelled (cancelled by hand)")
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("joined later", "joined gemeenten after it had started"),
        ("joined and left later", "was not among its recipients when it started, and has left gemeenten since"),
        ("left before", "had left gemeenten before it started"),
        ("on another list", "was not on its lists (corporaties, gemeenten)"),
        ("suppressed", "the address was suppressed (complaint)"),
        ("suppressed then", "the address was suppressed"),
    ],
)
async def test_explain_tells_why_a_mailing_that_has_gone_out_did_not_come(world: World, change: str, why: str) -> None:
    await fill(world.database, people=2)
    address, before, after = "b@example.nl", NOW, NOW + timedelta(days=90)
    list_slug = "provincies" if change == "on another list" else "gemeenten"

    async def join(at: datetime) -> None:
        async with world.database.write() as tx:
            ids = await subscribers.ensure_lists(tx, [list_slug])
            await subscribers.upsert_subscribers(tx, [subscriber(address)], now=at)
            await subscribers.subscribe(tx, ids[list_slug], [address], now=at)

    async def leave(at: datetime) -> None:
        async with world.database.write() as tx:
            await subscribers.unsubscribe(tx, address, list_slug, now=at)

    if "later" not in change:
        await join(before)
    if change == "left before":
        await leave(before)
    if "suppressed" in change:
        async with world.database.write() as tx:
            await subscribers.suppress(tx, address, "complaint", now=before)
    await control.schedule(world.database, world.templates, REMINDER, recipients=2, now=NOW)
    await world.fire_at_its_time(REMINDER)
    if "later" in change:
        await join(after)
    if change == "joined and left later":
        await leave(after)
    if change == "suppressed then":
        async with world.database.write() as tx:
            assert await subscribers.lift_suppression(tx, address)
    found = await explain(world.database, address)
    [passed] = found.passed_over
    assert (passed.mailing, passed.why, passed.timezone) == (REMINDER, why, "Europe/Amsterdam")
    assert passed.started_at == (await world.row(REMINDER)).due_at
    assert found.deliveries == []
    recipient = await explain(world.database, "person-0@example.nl")
    assert (recipient.passed_over, [row["mailing"] for row in recipient.deliveries]) == ([], [REMINDER])


async def test_every_time_of_an_explanation_is_told_on_the_clock_of_the_series(world: World) -> None:
    await fill(world.database, people=1)
    async with world.database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["losse-lijst"])
        await subscribers.subscribe(tx, ids["losse-lijst"], ["person-0@example.nl"], now=NOW)
    await control.schedule(world.database, world.templates, REMINDER, recipients=1, now=NOW)
    await world.fire_at_its_time(REMINDER)
    async with world.database.write() as tx:
        await subscribers.upsert_subscribers(tx, [subscriber("b@example.nl")], now=world.clock())
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        later = world.clock() + timedelta(minutes=1)
        await subscribers.subscribe(tx, ids["gemeenten"], ["b@example.nl"], now=later)
    told = sentences("x", await explain(world.database, "person-0@example.nl"))
    assert "  gemeenten: active since 2026-03-02 10:00" in told
    assert "  losse-lijst: active since 2026-03-02 09:00" in told, "a list without mailings has no series"
    assert f"  {REMINDER}: queued 2026-04-21 09:00" in told
    assert told[told.index("next:") + 2].startswith(f"  {EVENT_SLUG}/report, 2026-04-30 10:00: yes")
    passed = sentences("x", await explain(world.database, "b@example.nl"))
    assert passed[passed.index("did not get:") + 1] == (
        f"  {REMINDER}, 2026-04-21 09:00: joined gemeenten after it had started"
    )
    assert not any("UTC" in line for line in told + passed)


async def test_explain_of_an_unknown_address_says_so(world: World) -> None:
    await fill(world.database)
    found = await explain(world.database, "niemand@example.nl")
    assert not found.known
    assert (found.subscriptions, found.deliveries, found.passed_over, found.upcoming) == ([], [], [], [])


def subscriber(address: str) -> Subscriber:
    return Subscriber(address=address)
