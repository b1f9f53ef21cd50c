"""Whom an invitation asks its answer to, in the letters that leave."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from newsletter.inbound.telling.itip import answers
from newsletter.inbound.telling.message import parse
from newsletter.outbox.control import schedule
from newsletter.outbox.organizer import read_organizer
from newsletter.outbox.worker import Worker
from newsletter.settings import Mail
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, PLAN, event, fill

INVITATION, AGAIN = f"{EVENT_SLUG}/save-the-date", f"{EVENT_SLUG}/reminder"


async def organizers(world: World, mail: Mail) -> dict[str, list[str]]:
    """Send two invitations to everybody; the ORGANIZER in each, by who got it."""
    plan = tuple(replace(entry, template="announcement", invites=True) for entry in PLAN)
    await fill(world.database, people=2, happening=event(plan))
    at = world.clock() + timedelta(minutes=1)
    for slug in (INVITATION, AGAIN):
        await schedule(world.database, world.templates, slug, recipients=2, now=world.clock(), at=at)
    await world.fire_at_its_time(INVITATION)
    found: dict[str, list[str]] = {}
    async with world.server() as (server, sending):
        await Worker(replace(sending, mail=mail)).drain()
    for _, _, letter in server.letters:
        [answer] = answers(parse(letter))
        found.setdefault(answer.attendee, []).append(answer.organizer)
        replies = message_from_bytes(letter, policy=policy.SMTP)["Reply-To"]
        assert str(replies).rpartition("@")[2] == answer.organizer.rpartition("@")[2]
    return found


async def test_each_person_answers_to_an_address_of_their_own_which_stays_the_same(world: World) -> None:
    found = await organizers(world, Mail(reply_address="antwoord@post.example.nl"))
    assert {who: len(set(asked)) for who, asked in found.items()} == {
        "person-0@example.nl": 1,
        "person-1@example.nl": 1,
    }
    assert {read_organizer(asked, b"k" * 32) for asked in found.values()} == {1, 2}


@pytest.mark.parametrize("bounce_address", ["", "bounces@example.nl"])
async def test_without_a_mailbox_for_replies_they_answer_to_the_contact_mailbox(
    world: World, bounce_address: str
) -> None:
    found = await organizers(world, Mail(bounce_address=bounce_address))
    assert [asked for asked in found.values()] == [["vragen@example.nl"] * 2] * 2
