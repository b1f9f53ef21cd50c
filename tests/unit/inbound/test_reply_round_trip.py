"""A letter goes out, somebody answers it, the contact mailbox gets that and answers; all parts are the real ones."""

from collections.abc import Sequence

import pytest

from newsletter.inbound.incoming import Incoming
from newsletter.inbound.intake import Intake
from newsletter.inbound.replying.forward import Forwarder
from newsletter.inbound.replying.threads import own_id
from newsletter.inbound.telling.message import Part, parse
from newsletter.outbox.control import schedule
from newsletter.outbox.worker import Worker
from newsletter.settings import Inbound, Mail
from newsletter.store import journal, replies
from tests.smtp_server import smtp_server
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, NOW, fill

REMINDER = f"{EVENT_SLUG}/reminder"
CONTACT = "vragen@example.nl"
MAIL = Mail(bounce_address="bounces@nieuwsbrief.example.nl", reply_address="antwoord@nieuwsbrief.example.nl")


def reply_to(letter: Part, author: str, id_: str, *, to: str = "", keeps_thread: bool = True) -> bytes:
    """As a mail program answers."""
    thread = f"In-Reply-To: <{own_id(letter)}>\r\nReferences: <{own_id(letter)}>\r\n" if keeps_thread else ""
    return (
        f"From: {author}\r\nTo: {to or letter.get('reply-to') or letter.get('from')}\r\nSubject: Re: vraag\r\n"
        f"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{id_}>\r\n{thread}\r\nIs er een parkeerplaats?\r\n"
    ).encode()


async def sent_letters(world: World) -> Sequence[bytes]:
    await fill(world.database, people=1)
    await schedule(world.database, world.templates, REMINDER, recipients=1, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    async with smtp_server() as server:
        await Worker(world.sending(server.port, mail=MAIL)).drain()
    return [letter for _, _, letter in server.letters]


@pytest.mark.parametrize("keeps_thread", [True, False], ids=["thread kept", "thread lost"])
async def test_a_question_finds_its_way_and_its_answer_closes_it(world: World, keeps_thread: bool) -> None:
    secret = world.sending(1).secret
    async with world.database.write() as tx:
        assert await journal.secret(tx, secret) == secret
    [letter] = await sent_letters(world)
    intake = Intake(world.database, secret=secret, settings=Inbound(), mail=MAIL, clock=world.clock)

    async def comes_in(raw: bytes, key: str, address: str) -> None:
        await intake.take(Incoming(source=address, key=key, raw=raw, received_at=NOW, address=address))

    # The address on the list, and the one that its owner writes from, are often not the same.
    asked = reply_to(parse(letter), "Anna <anna@werk.example.org>", "v1@example.org", keeps_thread=keeps_thread)
    await comes_in(asked, "1", MAIL.reply_address)
    async with smtp_server() as server:
        forwarder = Forwarder(
            world.database, world.sending(server.port).transport, MAIL, secret=secret, clock=world.clock
        )
        assert await forwarder.round() == 1
    [(_, recipient, sent_on)] = server.letters
    assert recipient == CONTACT
    assert sent_on.endswith(asked)
    assert parse(sent_on).get("x-newsletter-mailing") == REMINDER
    assert parse(sent_on).get("x-newsletter-subscriber") == "#1"
    async with world.database.read() as tx:
        [question] = await replies.listed(tx)
    assert (question["mailing"], question["author"]) == (REMINDER, "Anna <anna@werk.example.org>")

    # The contact mailbox is read too: what was sent on arrives there, and nothing comes of it.
    await comes_in(sent_on, "2", CONTACT)
    answer = reply_to(parse(sent_on), f"Team <{CONTACT}>", "a1@example.nl", to="Anna <anna@werk.example.org>")
    await comes_in(answer, "3", CONTACT)
    async with world.database.read() as tx:
        [question] = await replies.listed(tx, with_ended=True)
    assert question["state"] == "answered"


@pytest.mark.parametrize("about", [True, False], ids=["the letter", "something else"])
async def test_of_what_subscribers_write_to_the_contact_mailbox_only_what_is_about_a_letter_is_a_question(
    world: World, about: bool
) -> None:
    [letter] = await sent_letters(world)
    intake = Intake(world.database, secret=world.sending(1).secret, settings=Inbound(), mail=MAIL, clock=world.clock)
    subject = parse(letter).decoded("subject") if about else "De lunch van morgen"
    raw = (
        f"From: person-0@example.nl\r\nTo: {CONTACT}\r\nSubject: Antw: {subject}\r\nMessage-ID: <v1@example.nl>\r\n\r\n"
        "Hoe laat begint het?\r\n"
    ).encode()
    await intake.take(Incoming(source="imap", key="1", raw=raw, received_at=NOW, address=CONTACT))
    async with world.database.read() as tx:
        assert len(await replies.listed(tx)) == about
