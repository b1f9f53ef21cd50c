"""What `newsletter explain` tells of letters that came back, and of mailings for those who answered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.cli.explain import sentences
from newsletter.events.plan import Audience
from newsletter.inbound.incidents import mend
from newsletter.outbox.explain import Subscription, explain, verdict, why_not
from newsletter.settings import Inbound
from newsletter.store.mailings import MailingRow
from newsletter.subscribers.subscriber import SubscriptionState
from tests.post import BLOCKED, FULL, REMINDER, Post, bounce, sent
from tests.returns import AT
from tests.unit.conftest import World
from tests.world import NOW, fill

ADDRESS = "person-0@example.nl"


async def told(world: World) -> str:
    found = await explain(world.database, ADDRESS)
    return next(line for line in sentences(ADDRESS, found) if f"{REMINDER}: sent" in line)


async def test_a_letter_that_came_back_was_sent_and_says_so(world: World) -> None:
    await sent(world.database, 2)
    post = Post(world.database)
    assert "came back" not in await told(world)
    await post.take(bounce(action="delayed", status="4.4.1", said="connection timed out"), bounce(number=1, **FULL))
    assert await told(world) == (
        f"  {REMINDER}: sent 2026-03-02 10:00; was still being tried 2026-04-21 11:00 (networkerror, the server could "
        "not be reached, or mail goes round in circles), which does not count against them; "
        "came back 2026-04-21 11:00 (mailboxfull, the mailbox is full)"
    )


async def test_a_bounce_that_was_our_fault_says_that_it_does_not_count(world: World) -> None:
    await sent(world.database, 2)
    post = Post(world.database)
    await post.take(bounce(**BLOCKED))
    assert (await told(world)).endswith(
        "(blocked, our server or domain is on a block list), which does not count against them"
    )
    await mend(world.database, 1, settings=Inbound(), now=AT + timedelta(hours=1))
    assert (await told(world)).endswith("which does not count: incident #1 mended")


@pytest.mark.parametrize(
    ("audience", "answer", "next_", "before"),
    [
        (Audience.EVERYBODY, "declined", "yes, through gemeenten", "the address was suppressed"),
        (
            Audience.ACCEPTED,
            "accepted",
            "yes, through gemeenten",
            "it went to those who accepted, and their answer is accepted",
        ),
        (
            Audience.ACCEPTED,
            "",
            "no: it goes to those who accepted, and they have not answered",
            "it went to those who accepted, and they have not answered",
        ),
        (
            Audience.NOT_DECLINED,
            "declined",
            "no: it goes to those who have not declined, and their answer is declined",
            "it went to those who have not declined, and their answer is declined",
        ),
    ],
)
async def test_an_answer_to_the_invitation_decides_where_the_plan_asks_for_it(
    world: World, audience: Audience, answer: str, next_: str, before: str
) -> None:
    await fill(world.database, people=1)
    row = await world.row(REMINDER)
    row = replace(row, planned=replace(row.planned, audience=audience))
    states = {"gemeenten": Subscription(state=SubscriptionState.ACTIVE, since=NOW)}
    assert asked(row, states, answer).startswith(next_)
    gone = replace(row, started_at=NOW + timedelta(days=1))
    assert why_not(gone, ["gemeenten"], states, None, None, answer) == before


def asked(row: MailingRow, states: dict[str, Subscription], answer: str) -> str:
    return verdict(row, ["gemeenten"], states, None, None, answer)
