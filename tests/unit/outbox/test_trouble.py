"""What a worker does when mail servers ask for less, refuse us, or refuse everybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, update

from newsletter.outbox.control import resume
from newsletter.outbox.limits import Limit, Limits
from newsletter.outbox.retry import ONE_DOMAIN
from newsletter.outbox.worker import Worker
from newsletter.schedule.state import MailingState
from newsletter.settings import Pause
from newsletter.store import journal
from newsletter.store.tables import subscribers as subscriber_table
from tests.smtp_server import Answer, Server, smtp_server
from tests.unit.conftest import World
from tests.unit.outbox.test_sending import REMINDER, start


async def move_some(world: World, *, every: int) -> None:
    """Give every so manieth person an address at example.org."""
    at_org = func.replace(subscriber_table.c.address, "example.nl", "example.org")
    async with world.database.write() as tx:
        some = subscriber_table.c.id % every == 0
        await tx.execute(update(subscriber_table).where(some).values(address=at_org))


async def test_a_server_that_throttles_one_domain_delays_only_that_domain(world: World) -> None:
    await start(world, 40)
    await move_some(world, every=2)
    async with world.server(lambda verb, _: None) as (server, sending):
        paced = replace(sending, pace=Limits(domains={"example.org": (Limit(2, 60),)}))
        await Worker(paced).drain()
        others = [recipient for _, recipient, _ in server.letters if recipient.endswith("@example.nl")]
        spared = [recipient for _, recipient, _ in server.letters if recipient.endswith("@example.org")]
        assert len(others) == 20
        assert len(spared) <= 2
        assert await world.states(REMINDER) == {"sent": 20 + len(spared), "queued": 20 - len(spared)}
        for _ in range(25):
            world.clock.now += timedelta(minutes=1)
            await Worker(paced).drain()
    assert await world.states(REMINDER) == {"sent": 40}
    assert len({recipient for _, recipient, _ in server.letters}) == len(server.letters) == 40


async def test_a_throttled_answer_makes_the_domain_wait_and_costs_the_others_nothing(world: World) -> None:
    await start(world, 60)
    await move_some(world, every=3)
    throttled: list[str] = []

    async with smtp_server(extensions=("PIPELINING",)) as server:

        def answer(verb: str, _letters: int) -> str | None:
            last = next((line for line in reversed(server.commands) if line.startswith("RCPT")), "")
            if verb == "RCPT" and "example.org" in last:
                throttled.append(last)
                return "421 4.7.28 too many, slow down"
            return None

        server.answer = answer
        sending = replace(
            world.sending(server.port), throttle=lambda outcome: "domain" if outcome.code == 421 else None
        )
        await Worker(sending).drain()
    states = await world.states(REMINDER)
    assert states["sent"] == 40
    assert len(throttled) <= 2 * sending.connections
    assert states["deferred"] + states["queued"] == 20


@pytest.mark.parametrize(
    ("reply", "said"),
    [("550 5.7.26 unauthenticated", "5.7.26"), ("530 5.7.0 authentication required", "530")],
)
async def test_a_fault_of_ours_pauses_the_mailing_and_costs_no_recipient_an_attempt(
    world: World, reply: str, said: str
) -> None:
    await start(world, 50)
    async with world.server(lambda verb, _: reply if verb == "MAIL" else None) as (server, sending):
        await Worker(sending).drain()
    row = await world.row(REMINDER)
    assert row.state is MailingState.HELD
    assert said in row.reason
    states = await world.states(REMINDER)
    assert set(states) <= {"queued", "deferred"}
    assert sum(states.values()) == 50
    async with world.database.read() as tx:
        [journal_note] = [one for one in await journal.read_notes(tx, REMINDER) if one["action"] == "paused"]
    assert said in journal_note["detail"]
    # Every connection may have had a letter on its way when the first answer came.
    assert len([line for line in server.commands if line.startswith("MAIL")]) <= 2 * sending.connections


async def test_a_mailing_that_everybody_refuses_pauses_itself(world: World) -> None:
    await start(world, 200)
    refuse: Answer = lambda verb, _: "550 5.1.1 unknown" if verb == "RCPT" else None  # noqa: E731
    async with world.server(refuse) as (_, sending):
        await Worker(replace(sending, pause=Pause(consecutive=20))).drain()
    row = await world.row(REMINDER)
    assert row.state is MailingState.HELD
    assert "recipients in a row were refused for good" in row.reason
    states = await world.states(REMINDER)
    assert 20 <= states["failed"] <= 20 + 2 * sending.connections
    assert states["failed"] + states["queued"] == 200


async def test_a_server_that_turns_us_away_pauses_the_mailing(world: World) -> None:
    await start(world, 5)
    async with world.server(lambda verb, _: "554 5.7.1 blocked" if verb == "CONNECT" else None) as (_, sending):
        tally = await Worker(sending).drain()
    assert "554" in tally.trouble
    assert (await world.row(REMINDER)).state is MailingState.HELD
    assert await world.states(REMINDER) == {"queued": 5}


LISTED = "550 5.7.1 blocked using zen.example.com"


def turning_away(server: Server, *domains: str) -> Answer:
    """Refuse at RCPT whoever is at these domains."""

    def answer(verb: str, _letters: int) -> str | None:
        return LISTED if verb == "RCPT" and server.commands[-1].endswith(tuple(f"@{one}>" for one in domains)) else None

    return answer


def asked(server: Server, domain: str) -> int:
    return sum(line.startswith("RCPT") and line.endswith(f"@{domain}>") for line in server.commands)


async def test_a_provider_that_turns_us_away_delays_its_own_letters_and_no_others(world: World) -> None:
    await start(world, 60)
    await move_some(world, every=2)
    async with world.server() as (server, sending):
        server.answer = turning_away(server, "example.org")
        await Worker(sending).drain()
        assert (await world.row(REMINDER)).state is MailingState.SENDING
        states = await world.states(REMINDER)
        assert states["sent"] == 30
        assert states["deferred"] + states.get("queued", 0) == 30
        # Every connection may have had one on its way, and one ahead, when the first answer came.
        assert asked(server, "example.org") == states["deferred"] <= 2 * sending.connections
        assert (await Worker(sending).drain()).total() == 0
        async with world.database.read() as tx:
            [note] = [one for one in await journal.read_notes(tx, REMINDER) if one["action"] == "spared"]
        assert "example.org turns us away, its letters wait until" in note["detail"]
        assert LISTED in note["detail"]
        server.answer = lambda _verb, _letters: None
        world.clock.now += timedelta(hours=1)
        await Worker(sending).drain()
    assert await world.states(REMINDER) == {"sent": 60}
    assert len({recipient for _, recipient, _ in server.letters}) == len(server.letters) == 60


async def test_a_fault_of_ours_at_a_second_domain_pauses_the_mailing(world: World) -> None:
    await start(world, 60)
    await move_some(world, every=2)
    async with world.server() as (server, sending):
        server.answer = turning_away(server, "example.org", "example.nl")
        await Worker(sending).drain()
        row = await world.row(REMINDER)
        assert row.state is MailingState.HELD
        assert LISTED in row.reason
        assert len([line for line in server.commands if line.startswith("RCPT")]) <= 2 * sending.connections + 1
        server.answer = lambda _verb, _letters: None
        await resume(world.database, REMINDER, now=world.clock())
        world.clock.now += timedelta(minutes=1)
        await Worker(sending).drain()
    assert await world.states(REMINDER) == {"sent": 60}


async def test_a_domain_that_turns_us_away_pauses_a_mailing_that_goes_nowhere_else(world: World) -> None:
    await start(world, 30)
    async with world.server() as (server, sending):
        server.answer = turning_away(server, "example.nl")
        await Worker(sending).drain()
        row = await world.row(REMINDER)
        assert row.state is MailingState.HELD
        assert LISTED in row.reason
        server.answer = lambda _verb, _letters: None
        await resume(world.database, REMINDER, now=world.clock())
        await Worker(sending).drain()
    assert await world.states(REMINDER) == {"sent": 30}


async def test_a_domain_that_turns_us_away_all_day_pauses_the_mailing(world: World) -> None:
    await start(world, 6)
    await move_some(world, every=6)
    async with world.server() as (server, sending):
        server.answer = turning_away(server, "example.org")
        for _, most in ONE_DOMAIN:
            await Worker(sending).drain()
            assert (await world.row(REMINDER)).state is MailingState.SENDING
            world.clock.now += timedelta(minutes=most)
        await Worker(sending).drain()
    assert asked(server, "example.org") == len(ONE_DOMAIN) + 1
    assert (await world.row(REMINDER)).state is MailingState.HELD
    assert await world.states(REMINDER) == {"sent": 5, "deferred": 1}
