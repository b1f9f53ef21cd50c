"""What a person decides about letters that ended badly, or without an answer."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes

import pytest

from newsletter.errors import CountError, StateError
from newsletter.events.document import write
from newsletter.events.event import Event
from newsletter.events.importer import import_event
from newsletter.outbox import control, remedy
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.remedy import Verdict
from newsletter.outbox.worker import Worker
from newsletter.schedule.state import MailingState
from newsletter.settings import Mail
from newsletter.store import journal, mailings, remedies, subscribers
from newsletter.store.documents import dump
from tests.smtp_server import HANG_UP, Answer
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, PLAN, event, fill

REMINDER, REPORT = f"{EVENT_SLUG}/reminder", f"{EVENT_SLUG}/report"
HELD_FOR_A_PERSON = Mail(resend_in_doubt=False)


async def send(world: World, answer: Answer, *, people: int = 3, slug: str = REMINDER) -> list[str]:
    """Send a mailing to its end over one connection; returns the Message-IDs of what the server heard."""
    await fill(world.database, people=people)
    await control.schedule(world.database, world.templates, slug, recipients=people, now=world.clock())
    await world.fire_at_its_time(slug)
    return await work(world, answer)


async def work(world: World, answer: Answer = lambda _verb, _letters: None) -> list[str]:
    async with world.server(answer) as (server, _):
        await Worker(world.sending(server.port, connections=1, mail=HELD_FOR_A_PERSON)).drain()
    await close_ended(world.database, now=world.clock())
    heard = sorted(server.letters + server.refused, key=lambda one: one[1])
    return [message_from_bytes(letter)["Message-ID"] for _, _, letter in heard]


async def in_doubt(world: World, slug: str = REMINDER) -> list[int]:
    async with world.database.read() as tx:
        return [one["subscriber_id"] for one in await remedies.letters_in_doubt(tx, (await world.row(slug)).id)]


async def notes(world: World, slug: str = REMINDER) -> list[tuple[str, str]]:
    async with world.database.read() as tx:
        return [(note["action"], note["detail"]) for note in await journal.read_notes(tx, slug)]


async def all_in_doubt(world: World, people: int) -> list[str]:
    """A mailing that was sent, of which every letter is in doubt."""
    heard = await send(world, lambda verb, _: HANG_UP if verb == "." else None, people=people)
    while len(await in_doubt(world)) < people:
        heard += await work(world, lambda verb, _: HANG_UP if verb == "." else None)
    assert (await world.row(REMINDER)).state is MailingState.SENT
    return heard


async def test_a_letter_in_doubt_that_arrived_counts_as_sent_and_is_not_sent_again(world: World) -> None:
    await all_in_doubt(world, 1)
    done = await remedy.resolve(world.database, world.templates, REMINDER, Verdict.SENT, now=world.clock())
    assert (done.letters, done.state) == (1, MailingState.SENT)
    assert await world.states(REMINDER) == {"sent": 1}
    assert await work(world) == []
    assert (await notes(world))[-1] == ("resolved", "1 letter in doubt counted as sent by hand")


async def test_a_letter_in_doubt_is_sent_again_with_the_same_message_id(world: World) -> None:
    heard = await all_in_doubt(world, 2)
    done = await remedy.resolve(world.database, world.templates, REMINDER, Verdict.AGAIN, now=world.clock())
    assert (done.letters, done.state) == (2, MailingState.SENDING)
    assert sorted(await work(world)) == sorted(heard)
    assert len(set(heard)) == 2
    assert await world.states(REMINDER) == {"sent": 2}
    assert (await world.row(REMINDER)).state is MailingState.SENT


async def test_one_letter_in_doubt_is_decided_on_by_itself(world: World) -> None:
    await all_in_doubt(world, 2)
    first, second = await in_doubt(world)
    for verdict, subscriber in ((Verdict.SENT, first), (Verdict.AGAIN, second)):
        done = await remedy.resolve(
            world.database, world.templates, REMINDER, verdict, now=world.clock(), subscriber=subscriber
        )
        assert done.letters == 1
    assert len(await work(world)) == 1
    with pytest.raises(StateError, match=f"the letter of subscriber #{first} is not in doubt"):
        await remedy.resolve(
            world.database, world.templates, REMINDER, Verdict.SENT, now=world.clock(), subscriber=first
        )
    with pytest.raises(StateError, match="no letter is in doubt"):
        await remedy.resolve(world.database, world.templates, REMINDER, Verdict.SENT, now=world.clock())


async def test_whoever_left_is_not_written_to_when_a_letter_in_doubt_is_sent_again(world: World) -> None:
    await all_in_doubt(world, 1)
    async with world.database.write() as tx:
        await subscribers.unsubscribe(tx, "person-0@example.nl", "gemeenten", now=world.clock())
    await remedy.resolve(world.database, world.templates, REMINDER, Verdict.AGAIN, now=world.clock())
    assert await work(world) == []
    assert await world.states(REMINDER) == {"withheld": 1}


def refuses_two(verb: str, letters: int) -> str | None:
    """A server that takes two letters, and knows nobody after that."""
    return "550 5.1.1 relay table is empty" if verb == "RCPT" and letters >= 2 else None


async def failed(world: World, slug: str = REMINDER) -> None:
    """Four letters: two sent, two refused for good."""
    await send(world, refuses_two, people=4, slug=slug)
    assert await world.states(slug) == {"failed": 2, "sent": 2}
    assert (await world.row(slug)).state is MailingState.SENT


async def again(
    world: World,
    recipients: int = 2,
    *,
    slug: str = REMINDER,
    until: datetime | None = None,
    as_sent: bool = False,
) -> remedy.Remedied:
    return await remedy.again(
        world.database,
        world.templates,
        slug,
        recipients=recipients,
        now=world.clock(),
        until=until,
        as_sent=as_sent,
    )


async def test_failed_letters_are_sent_again_once_the_fault_is_mended_and_the_others_are_not(world: World) -> None:
    await failed(world)
    done = await again(world)
    assert (done.letters, done.state, (await world.row(REMINDER)).ended_at) == (2, MailingState.SENDING, None)
    assert len(await work(world)) == 2
    assert await world.states(REMINDER) == {"sent": 4}
    row = await world.row(REMINDER)
    assert (row.state, row.ended_at) == (MailingState.SENT, world.clock())
    assert (await notes(world))[-2:] == [("again", "2 failed letters, by hand"), ("sent", "4 sent")]


@pytest.mark.parametrize("recipients", [0, 1, 3])
async def test_sending_failed_letters_again_needs_their_exact_number(world: World, recipients: int) -> None:
    await failed(world)
    with pytest.raises(CountError, match=f"2 failed letters would be sent again, not {recipients}; confirm 2"):
        await again(world, recipients)
    assert (await world.row(REMINDER)).state is MailingState.SENT
    assert await work(world) == []


async def test_where_nothing_failed_nothing_is_sent_again(world: World) -> None:
    await send(world, lambda _verb, _letters: None)
    with pytest.raises(CountError, match="no letter failed"):
        await again(world, 0)
    assert (await world.row(REMINDER)).state is MailingState.SENT


async def test_a_letter_that_is_sent_again_has_all_its_attempts_before_it(world: World) -> None:
    await failed(world)
    await again(world)
    await work(world, lambda verb, _: "451 4.3.0 later" if verb == "RCPT" else None)
    assert await world.states(REMINDER) == {"deferred": 2, "sent": 2}


async def test_failed_letters_of_a_paused_mailing_wait_until_it_goes_on(world: World) -> None:
    await fill(world.database, people=4)
    await control.schedule(world.database, world.templates, REMINDER, recipients=4, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    async with world.server(refuses_two) as (server, _):
        sending = world.sending(server.port, connections=1)
        worker = Worker(sending, on_settled=lambda state: worker.stop() if state == "failed" else None)
        await worker.drain()
    await control.hold(world.database, REMINDER, now=world.clock())
    count = (await world.states(REMINDER))["failed"]
    assert (await again(world, count)).state is MailingState.HELD
    assert await work(world) == []
    await control.resume(world.database, REMINDER, now=world.clock())
    assert len(await work(world)) == 2
    assert await world.states(REMINDER) == {"sent": 4}


async def test_one_that_was_cancelled_is_scheduled_for_the_others_before_failed_letters_are_sent_again(
    world: World,
) -> None:
    await fill(world.database, people=8)
    await control.schedule(world.database, world.templates, REMINDER, recipients=8, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    async with world.server(refuses_two) as (server, _):
        sending = world.sending(server.port, connections=1)
        worker = Worker(sending, on_settled=lambda state: worker.stop() if state == "failed" else None)
        await worker.drain()
    await control.cancel(world.database, REMINDER, now=world.clock())
    left = (await world.states(REMINDER))["withheld"]
    first = f"^{REMINDER} was cancelled with {left} letter.* newsletter mailing schedule {REMINDER} --at now$"
    with pytest.raises(StateError, match=first):
        await remedy.count_again(world.database, world.templates, REMINDER, now=world.clock())
    with pytest.raises(StateError, match=first):
        await again(world)
    now = world.clock()
    await control.schedule(world.database, world.templates, REMINDER, recipients=left, now=now, at=now)
    await look_at_clock(world.database, world.templates, now=now)
    await work(world)
    failed = (await world.states(REMINDER))["failed"]
    assert await remedy.count_again(world.database, world.templates, REMINDER, now=world.clock()) == failed
    await again(world, failed)
    await work(world)
    assert await world.states(REMINDER) == {"sent": 8}


CLOSES = datetime.fromisoformat("2026-04-22T07:00Z")  # a day after the reminder's time
STARTS = datetime.fromisoformat("2026-04-23T11:00Z")


@pytest.mark.parametrize(
    ("now", "until", "closes", "why"),
    [
        (CLOSES - timedelta(minutes=1), None, CLOSES, ""),
        (CLOSES, None, None, "its window closed at 2026-04-22 09:00; give it more time with --until"),
        (CLOSES, CLOSES + timedelta(hours=2), CLOSES + timedelta(hours=2), ""),
        (CLOSES, CLOSES, None, "its window closed at 2026-04-22 09:00"),
        (CLOSES, STARTS + timedelta(hours=5), STARTS, ""),
        (STARTS, STARTS + timedelta(hours=5), None, "is not sent any more: what it is about has begun"),
    ],
)
async def test_letters_leave_again_only_in_an_open_window_and_never_after_the_event_has_begun(
    world: World, now: datetime, until: datetime | None, closes: datetime | None, why: str
) -> None:
    await failed(world)
    world.clock.now = now
    if why:
        with pytest.raises(StateError, match=why):
            await again(world, until=until)
        assert (await world.row(REMINDER)).state is MailingState.SENT
    else:
        await again(world, until=until)
        assert (await world.row(REMINDER)).closes_at == closes
        assert len(await work(world)) == 2


async def test_a_report_may_leave_again_after_the_event(world: World) -> None:
    await failed(world, REPORT)
    world.clock.now += timedelta(days=3)
    await again(world, slug=REPORT, until=world.clock() + timedelta(days=1))
    assert len(await work(world)) == 2


async def change(world: World, changed: Event) -> None:
    names = world.templates.names()
    await import_event(world.database, write(changed), "x.md", templates=names, now=world.clock())


async def test_a_letter_that_would_read_differently_now_goes_out_again_only_if_a_person_says_so(world: World) -> None:
    await failed(world)
    later = replace(event(), start=datetime(2026, 4, 24, 13), end=datetime(2026, 4, 24, 16), programme=())
    await change(world, later)
    with pytest.raises(StateError, match="is not what it was: it would read differently now; add --as-sent if"):
        await again(world)
    assert (await world.row(REMINDER)).state is MailingState.SENT
    await again(world, as_sent=True)
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    assert Counter("24 april" in letter.decode() for _, _, letter in server.letters) == {False: 2}


async def test_a_letter_in_doubt_that_would_read_differently_may_still_count_as_sent(world: World) -> None:
    await all_in_doubt(world, 1)
    await change(world, replace(event(), title="Een andere dag"))
    with pytest.raises(StateError, match="it would read differently now"):
        await remedy.resolve(world.database, world.templates, REMINDER, Verdict.AGAIN, now=world.clock())
    await remedy.resolve(world.database, world.templates, REMINDER, Verdict.SENT, now=world.clock())
    assert await world.states(REMINDER) == {"sent": 1}


async def test_a_letter_whose_template_has_gone_is_not_sent_again_unseen(world: World) -> None:
    await failed(world)
    template = replace(PLAN[1], template="nergens")
    async with world.database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, row.state, planned=dump(template))
    with pytest.raises(StateError, match=r"it could not be composed any more: .*nergens"):
        await again(world)
