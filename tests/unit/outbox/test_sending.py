"""From a scheduled mailing to letters at a mail server: fire, claim, look again, send, record."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from premailer import Premailer
from sqlalchemy import select, update

import newsletter.compose.inline
from newsletter.compose.templates import Templates
from newsletter.errors import CountError, StoreError, TemplateError
from newsletter.events.event import STARTER_MARK
from newsletter.outbox.control import hold, schedule
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.outcome import Session, Transport
from newsletter.outbox.proof import outgrown
from newsletter.outbox.worker import Worker
from newsletter.schedule.state import MailingState
from newsletter.settings import Mail
from newsletter.store import deliveries, journal, mailings, subscribers
from newsletter.store.ledger import open_ledger
from newsletter.store.tables import deliveries as delivery_table
from newsletter.store.tables import mailings as mailing_table
from newsletter.store.tables import subscribers as subscriber_table
from newsletter.subscribers.subscriber import Subscriber
from tests.smtp_server import HANG_UP, smtp_server
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, event, fill

REMINDER = f"{EVENT_SLUG}/reminder"
FIRST = f"{EVENT_SLUG}/save-the-date"


async def start(world: World, people: int, slug: str = REMINDER) -> None:
    await fill(world.database, people=people)
    await schedule(world.database, world.templates, slug, recipients=people, now=world.clock())
    await world.fire_at_its_time(slug)


async def test_a_mailing_goes_to_everybody_once_with_replies_to_the_contact_mailbox(world: World) -> None:
    await start(world, 25)
    async with world.server() as (server, sending):
        tally = await Worker(sending).drain()
        [ended] = await close_ended(world.database, now=world.clock())
    assert (ended.slug, ended.summary) == (REMINDER, "25 sent")
    assert tally.states == {DeliveryState.SENT: 25}
    assert Counter(recipient for _, recipient, _ in server.letters) == Counter(
        f"person-{number}@example.nl" for number in range(25)
    )
    assert len({sender for sender, _, _ in server.letters}) == 25
    messages = [message_from_bytes(letter) for _, _, letter in server.letters]
    assert {message["Reply-To"] for message in messages} == {"vragen@example.nl"}
    assert len({message["Message-ID"] for message in messages}) == 25
    assert (await world.row(REMINDER)).state is MailingState.SENT


@pytest.fixture
def inliner_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that premailer runs."""
    calls: list[str] = []

    class Counted(Premailer):  # type: ignore[misc]
        def transform(self, **options: object) -> object:
            calls.append("transform")
            return super().transform(**options)

    monkeypatch.setattr(newsletter.compose.inline, "Premailer", Counted)
    return calls


async def test_a_mailing_to_ten_thousand_is_inlined_once_to_be_checked_and_once_to_be_composed(
    world: World, inliner_calls: list[str]
) -> None:
    await start(world, 10_000)
    assert await world.states(REMINDER) == {"queued": 10_000}
    assert inliner_calls == ["transform", "transform"]


async def test_sending_its_letters_calls_the_inliner_no_more(world: World, inliner_calls: list[str]) -> None:
    await start(world, 200)
    inliner_calls.clear()
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    assert len(server.letters) == 200
    assert inliner_calls == []


async def test_firing_twice_or_in_two_processes_sends_one_mailing(world: World) -> None:
    await fill(world.database, people=4)
    await schedule(world.database, world.templates, REMINDER, recipients=4, now=world.clock())
    due_at = (await world.row(REMINDER)).due_at
    assert due_at is not None
    fired = await asyncio.gather(*(look_at_clock(world.database, world.templates, now=due_at) for _ in range(3)))
    assert [one.letters for many in fired for one in many if one.slug == REMINDER] == [4]
    assert await world.states(REMINDER) == {"queued": 4}


async def test_nothing_fires_before_its_time_or_without_a_confirmation(world: World) -> None:
    await fill(world.database)
    due_at = (await world.row(FIRST)).due_at
    assert due_at is not None
    assert await look_at_clock(world.database, world.templates, now=due_at) == []
    await schedule(world.database, world.templates, FIRST, recipients=3, now=world.clock())
    assert await look_at_clock(world.database, world.templates, now=due_at - timedelta(seconds=1)) == []
    [fired] = await look_at_clock(world.database, world.templates, now=due_at)
    assert fired.letters == 3


async def test_what_is_past_its_window_is_missed_and_waits_for_a_person(world: World) -> None:
    await fill(world.database)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    row = await world.row(REMINDER)
    assert row.closes_at is not None
    missed = await look_at_clock(world.database, world.templates, now=row.closes_at)
    assert {one.slug: one.letters for one in missed} == {REMINDER: 0, FIRST: 0}
    assert (await world.row(REMINDER)).state is MailingState.MISSED
    assert (await world.row(FIRST)).state is MailingState.MISSED
    assert "nobody had confirmed it" in (await world.row(FIRST)).reason
    assert await look_at_clock(world.database, world.templates, now=row.closes_at) == []
    assert await world.states(REMINDER) == {}


async def test_a_mailing_that_cannot_be_composed_is_held_with_the_reason(world: World, tmp_path: Path) -> None:
    await fill(world.database)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    due_at = (await world.row(REMINDER)).due_at
    assert due_at is not None
    await look_at_clock(world.database, Templates([tmp_path]), now=due_at)
    row = await world.row(REMINDER)
    assert row.state is MailingState.HELD
    assert "it could not be composed: there is no words/nl.toml" in row.reason
    assert await world.states(REMINDER) == {}


async def test_who_leaves_or_is_suppressed_after_the_start_gets_nothing(world: World) -> None:
    await start(world, 5)
    async with world.database.write() as tx:
        await subscribers.suppress(tx, "person-1@example.nl", "complaint", now=NOW)
        await subscribers.unsubscribe(tx, "person-3@example.nl", "gemeenten", now=NOW)
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    assert sorted(recipient for _, recipient, _ in server.letters) == [
        "person-0@example.nl",
        "person-2@example.nl",
        "person-4@example.nl",
    ]
    assert await world.states(REMINDER) == {"sent": 3, "withheld": 2}


async def test_one_recipient_who_cannot_be_addressed_does_not_stop_the_others(world: World) -> None:
    await fill(world.database, people=3)
    async with world.database.write() as tx:
        broken = update(subscriber_table).where(subscriber_table.c.address == "person-1@example.nl")
        await tx.execute(broken.values(name="Jan\nBcc: x@example.nl"))
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    assert len(server.letters) == 2
    assert await world.states(REMINDER) == {"sent": 2, "failed": 1}
    async with world.database.read() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        [reason] = [one["text"] for one in await deliveries.attempts_of(tx, row.id) if one["kind"] == "permanent"]
    assert "control character" in reason


@pytest.mark.parametrize(
    ("extensions", "states"),
    [
        (("PIPELINING", "SMTPUTF8"), {"sent": 3}),
        (("PIPELINING",), {"sent": 2, "failed": 1}),
        ((), {"sent": 2, "failed": 1}),
    ],
)
async def test_an_address_beyond_ascii_gets_its_letter_where_the_server_takes_it(
    world: World, extensions: tuple[str, ...], states: dict[str, int]
) -> None:
    await fill(world.database, people=3)
    async with world.database.write() as tx:
        person = update(subscriber_table).where(subscriber_table.c.address == "person-1@example.nl")
        await tx.execute(person.values(address="jörg@example.nl", address_key="jörg@example.nl"))
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    async with world.server(extensions=extensions) as (server, sending):
        await Worker(sending).drain()
    assert await world.states(REMINDER) == states
    assert any(recipient == "jörg@example.nl" for _, recipient, _ in server.letters) is ("failed" not in states)
    assert (await world.row(REMINDER)).state is MailingState.SENDING  # one address does not hold it


async def test_a_temporary_refusal_is_tried_again_at_its_time_with_the_same_message_id(world: World) -> None:
    await start(world, 1)
    replies = ["450 4.2.0 greylisted", None]
    async with world.server(lambda verb, _: replies.pop(0) if verb == "." and replies else None) as (server, sending):
        await Worker(sending).drain()
        assert await world.states(REMINDER) == {"deferred": 1}
        assert await close_ended(world.database, now=world.clock()) == []
        assert (await Worker(sending).drain()).total() == 0
        world.clock.now += timedelta(minutes=10)
        await Worker(sending).drain()
    # The same triplet and the same bytes, Message-ID and Date included, as greylisting expects (RFC 6647 §5).
    assert server.refused == server.letters
    assert len(server.letters) == 1
    assert await world.states(REMINDER) == {"sent": 1}
    async with world.database.read() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        kept = [(one["kind"], one["code"], one["enhanced"]) for one in await deliveries.attempts_of(tx, row.id)]
    assert kept == [("temporary", 450, "4.2.0"), ("sent", 250, "2.0.0")]


async def test_a_letter_in_doubt_is_sent_again_with_the_same_bytes(world: World) -> None:
    await start(world, 1)
    async with smtp_server(lambda verb, _: HANG_UP if verb == "." else None) as first:
        await Worker(world.sending(first.port)).drain()
    assert await world.states(REMINDER) == {"in_doubt": 1}
    world.clock.now += timedelta(minutes=10)
    async with smtp_server() as second:
        await Worker(world.sending(second.port)).drain()
    assert second.letters == first.refused
    assert await world.states(REMINDER) == {"sent": 1}


async def test_a_letter_in_doubt_waits_for_a_person_where_the_setting_says_so(world: World) -> None:
    await start(world, 1)
    async with smtp_server(lambda verb, _: HANG_UP if verb == "." else None) as server:
        sending = world.sending(server.port, mail=Mail(resend_in_doubt=False))
        await Worker(sending).drain()
        world.clock.now += timedelta(days=9)
        assert (await Worker(sending).drain()).total() == 0
    assert await world.states(REMINDER) == {"in_doubt": 1}
    [ended] = await close_ended(world.database, now=world.clock())
    assert ended.summary == "1 in_doubt"


async def test_a_server_that_is_away_costs_no_recipient_an_attempt(world: World) -> None:
    await start(world, 3)
    async with smtp_server() as server:
        port = server.port
    tally = await Worker(world.sending(port)).drain()
    assert "cannot be reached" in tally.trouble
    assert await world.states(REMINDER) == {"queued": 3}
    async with smtp_server() as server:
        await Worker(world.sending(server.port)).drain()
    assert await world.states(REMINDER) == {"sent": 3}


async def test_one_connection_that_is_refused_does_not_stop_the_others(world: World) -> None:
    await start(world, 30)
    async with world.server(lambda verb, number: "421 4.7.0 enough" if verb == "CONNECT" and number == 2 else None) as (
        server,
        sending,
    ):
        first = await Worker(sending).drain()
        second = await Worker(sending).drain()
    assert first.states[DeliveryState.SENT] + second.states[DeliveryState.SENT] == 30
    assert len({recipient for _, recipient, _ in server.letters}) == len(server.letters) == 30


async def test_stopping_finishes_the_letter_on_its_way_and_gives_the_others_back(world: World) -> None:
    await start(world, 40)
    async with world.server() as (server, sending):
        worker = Worker(sending, on_settled=lambda _state: worker.stop() if len(server.letters) >= 5 else None)
        stopped = await worker.drain()
        assert 5 <= stopped.total() < 40
        states = await world.states(REMINDER)
        assert states == {"sent": stopped.total(), "queued": 40 - stopped.total()}
        await Worker(sending).drain()
    assert Counter(Counter(recipient for _, recipient, _ in server.letters).values()) == {1: 40}


async def test_a_mailing_to_nobody_ends_at_once(world: World) -> None:
    await fill(world.database, people=1)
    await schedule(world.database, world.templates, REMINDER, recipients=1, now=world.clock())
    async with world.database.write() as tx:
        await subscribers.suppress(tx, "person-0@example.nl", "complaint", now=NOW)
    await world.fire_at_its_time(REMINDER)
    [ended] = await close_ended(world.database, now=world.clock())
    assert (ended.slug, ended.summary) == (REMINDER, "no recipients")
    async with world.database.read() as tx:
        notes = [(one["action"], one["detail"]) for one in await journal.read_notes(tx, REMINDER)]
    assert notes[-2:] == [("started", "0 recipients"), ("sent", "no recipients")]


async def test_an_answer_that_is_not_utf8_is_kept_and_stops_nothing(world: World) -> None:
    await start(world, 3)
    answer = "250 2.0.0 accept\udce9\x00 " + "x" * 900
    async with world.server(lambda verb, _: answer if verb == "." else None) as (server, sending):
        await Worker(sending).drain()
        await Worker(sending).drain()
    assert len(server.letters) == 3
    async with world.database.read() as tx:
        kept = await deliveries.attempts_of(tx, (await mailings.get_mailing(tx, REMINDER)).id)
    assert {len(one["text"]) for one in kept} == {500}
    assert all(one["text"].startswith("accept\ufffd xxx") for one in kept)


async def test_what_was_not_sent_when_the_window_closes_waits_for_a_person(world: World) -> None:
    await start(world, 20)
    async with world.server() as (server, sending):
        worker = Worker(sending, on_settled=lambda _state: worker.stop())
        early = (await worker.drain()).total()
        closes_at = (await world.row(REMINDER)).closes_at
        assert closes_at is not None
        world.clock.now = closes_at
        assert (await Worker(sending).drain()).total() == 0
        happened = await look_at_clock(world.database, world.templates, now=closes_at)
        [held] = [one.trouble for one in happened if one.slug == REMINDER]
        assert f"with {20 - early} letters still to be sent" in held
        later = closes_at + timedelta(minutes=5)
        with pytest.raises(CountError, match=f"goes to {20 - early} recipients"):
            await schedule(world.database, world.templates, REMINDER, recipients=20, now=closes_at, at=later)
    assert len(server.letters) == early
    assert (await world.row(REMINDER)).state is MailingState.HELD


async def test_what_was_refused_for_now_is_given_up_when_the_window_closes(world: World) -> None:
    await start(world, 2)
    async with world.server(lambda verb, _: "450 4.2.0 later" if verb == "RCPT" else None) as (_, sending):
        await Worker(sending).drain()
    closes_at = (await world.row(REMINDER)).closes_at
    assert closes_at is not None
    await look_at_clock(world.database, world.templates, now=closes_at)
    assert await world.states(REMINDER) == {"failed": 2}
    assert [one.summary for one in await close_ended(world.database, now=closes_at)] == ["2 failed"]


async def test_a_clock_that_jumps_past_the_leases_sends_nobody_twice(world: World) -> None:
    await start(world, 60)
    jumped: list[bool] = []

    def jump(_state: DeliveryState) -> None:
        if not jumped:
            jumped.append(True)
            world.clock.now += timedelta(minutes=3)

    async with world.server() as (server, sending):
        await Worker(replace(sending, connections=3), on_settled=jump).drain()
        world.clock.now += timedelta(minutes=10)
        await Worker(sending).drain()
    assert await world.states(REMINDER) == {"sent": 60}
    # At most the letters that were just being handed over when the clock jumped are in doubt, one a connection.
    assert len(server.letters) - 60 <= 3


async def test_a_lease_is_renewed_while_a_letter_takes_its_time(world: World) -> None:
    await start(world, 1)
    short = replace(world.sending(1), lease=timedelta(seconds=0.3), clock=lambda: datetime.now(UTC))
    async with world.database.write() as tx:
        await tx.execute(update(mailing_table).values(closes_at=datetime.now(UTC) + timedelta(days=1)))
    now = datetime.now(UTC)
    ledger = await open_ledger(world.database, "worker-0")
    [claimed] = await ledger.claim(1, now=now, until=now + short.lease)
    await ledger.close()
    first_until = await next_at(world, claimed.id)
    heartbeat = asyncio.create_task(Worker(short).keep_alive(["worker-0"]))
    async with asyncio.timeout(60):
        while await next_at(world, claimed.id) <= first_until + short.lease:  # noqa: ASYNC110 - it happens in the store
            await asyncio.sleep(0)
    heartbeat.cancel()


@pytest.mark.parametrize(("resend", "states"), [(True, {"sent": 2}), (False, {"in_doubt": 1, "sent": 1})])
async def test_a_letter_that_a_killed_process_was_handing_over_is_in_doubt(
    world: World, resend: bool, states: dict[str, int]
) -> None:
    await start(world, 2)
    now = world.clock()
    ledger = await open_ledger(world.database, "killed")
    claimed = await ledger.claim(10, now=now, until=now + timedelta(minutes=1))
    assert await ledger.commit([], [claimed[0].id], now=now) == frozenset()
    await ledger.close()
    world.clock.now += timedelta(minutes=2)
    async with world.server() as (server, _):
        sending = world.sending(server.port, mail=Mail(resend_in_doubt=resend))
        await Worker(sending).drain()
        assert await world.states(REMINDER) == states
        world.clock.now += timedelta(minutes=10)
        assert (await Worker(sending).drain()).total() == 0
    async with world.database.read() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        kinds = [one["kind"] for one in await deliveries.attempts_of(tx, row.id)]
    assert kinds.count("in_doubt") == 1


async def test_a_mailing_that_is_held_on_its_way_stops_and_can_go_on(world: World) -> None:
    await start(world, 200)
    holding: list[asyncio.Task[None]] = []

    async with world.server() as (server, sending):

        async def hold_it() -> None:
            await hold(world.database, REMINDER, now=world.clock())
            server.going.set()

        def after_the_first(_state: DeliveryState) -> None:
            if not holding:
                server.going.clear()  # so that not all 200 are sent before the hold is written
                holding.append(asyncio.create_task(hold_it()))

        await Worker(sending, on_settled=after_the_first).drain()
        await asyncio.gather(*holding)
        early = len(server.letters)
        assert early < 200
        assert await world.states(REMINDER) == {"sent": early, "queued": 200 - early}
        at = world.clock() + timedelta(minutes=1)
        await schedule(world.database, world.templates, REMINDER, recipients=200 - early, now=world.clock(), at=at)
        world.clock.now = at
        await look_at_clock(world.database, world.templates, now=at)
        await Worker(sending).drain()
    assert Counter(Counter(recipient for _, recipient, _ in server.letters).values()) == {1: 200}


async def test_an_audience_that_outgrew_what_was_confirmed_waits_for_a_person(world: World) -> None:
    await fill(world.database, people=3)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    crowd = [Subscriber(address=f"later-{number}@example.nl") for number in range(11)]
    async with world.database.write() as tx:
        await subscribers.upsert_subscribers(tx, crowd, now=NOW)
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.subscribe(tx, ids["gemeenten"], [one.address for one in crowd], now=NOW)
    await world.fire_at_its_time(REMINDER)
    row = await world.row(REMINDER)
    assert row.state is MailingState.HELD
    assert "confirmed for 3 recipients and would now go to 14" in row.reason


async def test_a_value_that_some_lack_is_found_before_anything_is_sent(world: World) -> None:
    asking = replace(event(), announcement="Dag [[ subscriber.functie ]].\n\nTot dan.")
    await fill(world.database, people=3, happening=asking)
    with pytest.raises(TemplateError, match=r"3 of 3 recipients cannot be addressed: .* subscriber\.functie"):
        await schedule(world.database, world.templates, FIRST, recipients=3, now=world.clock())


@pytest.mark.parametrize("report", ["", f"{STARTER_MARK}: schrijf hier"])
async def test_a_report_that_nobody_has_written_is_held(world: World, report: str) -> None:
    await fill(world.database, people=3, happening=replace(event(), report=report))
    slug = f"{EVENT_SLUG}/report"
    await schedule(world.database, world.templates, slug, recipients=3, now=world.clock())
    await world.fire_at_its_time(slug)
    assert (await world.row(slug)).state is MailingState.HELD


@pytest.mark.parametrize(
    ("confirmed", "recipients", "waits"),
    [
        (None, 1000, False),
        (3, 2, False),
        (3, 13, False),
        (3, 14, True),
        (1000, 1100, False),
        (1000, 1101, True),
    ],
)
def test_an_audience_may_grow_a_little_after_it_was_confirmed(
    confirmed: int | None, recipients: int, waits: bool
) -> None:
    assert bool(outgrown(confirmed, recipients)) is waits


async def test_two_mailings_on_their_way_at_once_keep_their_own_letters(world: World) -> None:
    await fill(world.database, people=10)
    at = world.clock() + timedelta(minutes=1)
    for slug in (REMINDER, f"{EVENT_SLUG}/report"):
        await schedule(world.database, world.templates, slug, recipients=10, now=world.clock(), at=at)
    await world.fire_at_its_time(REMINDER)
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    subjects = Counter(str(message_from_bytes(letter)["Feedback-ID"]).split(":")[0] for _, _, letter in server.letters)
    assert subjects == {"kennisdag.reminder": 10, "kennisdag.report": 10}


class Failing:
    """A way out of which every second session breaks in a way that nobody foresaw."""

    def __init__(self, inner: Transport) -> None:
        self.inner, self.sessions = inner, 0

    @property
    def relay(self) -> str:
        return self.inner.relay

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        self.sessions += 1
        if self.sessions % 2:
            raise RuntimeError("unforeseen")
        async with self.inner.session() as session:
            yield session


async def test_an_unforeseen_failure_of_one_connection_lets_the_others_finish_first(world: World) -> None:
    await start(world, 30)
    async with world.server() as (server, sending):
        with pytest.raises(RuntimeError, match="unforeseen"):
            await Worker(replace(sending, transport=Failing(sending.transport))).drain()
        assert await world.states(REMINDER) == {"sent": 30}
    assert len(server.letters) == 30


async def next_at(world: World, delivery_id: int) -> datetime:
    """The end of a lease."""
    async with world.database.read() as tx:
        found = await tx.scalar(select(delivery_table.c.next_at).where(delivery_table.c.id == delivery_id))
    assert isinstance(found, datetime)
    return found


async def test_a_round_whose_store_fails_at_its_end_leaves_nothing_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start(world, 3)

    async def fail(*_arguments: object, **_more: object) -> None:
        raise StoreError("the store cannot be used now")

    monkeypatch.setattr("newsletter.store.deliveries.release", fail)
    async with world.server() as (_, sending):
        worker, counts = Worker(sending), []
        for _ in range(3):
            with pytest.raises(StoreError):
                await worker.drain()
            await asyncio.sleep(0)
            counts.append(psutil.Process().num_fds())
    assert counts == counts[:1] * 3
