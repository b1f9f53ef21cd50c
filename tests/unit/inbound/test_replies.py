"""What people write finds its way to the contact mailbox; loops end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import NewsletterError
from newsletter.inbound.handling import Match
from newsletter.inbound.replying.forward import Forwarder
from newsletter.inbound.telling.message import parse
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.settings import Mail
from newsletter.store import journal, replies
from newsletter.store.database import open_database
from newsletter.subscribers.links import make_token
from tests.house import ANNA, ANSWERED, CONTACT, MAIL, OPEN, OURS, SECRET, House, open_house, remind, written
from tests.smtp_server import HANG_UP, smtp_server
from tests.world import NOW


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    yield await open_house(database)
    await database.close()


@pytest.fixture
async def reminded(house: House) -> House:
    """The same, where people got a mailing, and what comes in is about it."""
    return await remind(house)


async def test_what_may_be_a_machine_is_sent_on_and_is_no_question(house: House) -> None:
    raw = written("Lijst <lijst@example.org>", fields="List-Id: <lijst.example.org>\r\n")
    message_id = await house.take(raw)
    assert await house.questions() == []
    assert await house.states(message_id) == [("waiting", 0, False)]


@pytest.mark.parametrize("at", [CONTACT, CONTACT.upper()])
async def test_nothing_is_sent_on_to_the_mailbox_that_it_came_in_at(reminded: House, at: str) -> None:
    message_id = await reminded.take(written(to=CONTACT), at=at)
    assert await reminded.questions() == [OPEN]
    assert await reminded.states(message_id) == []


async def test_other_mail_of_the_contact_mailbox_is_no_business_of_ours(house: House) -> None:
    await house.take(written("Bakker <bakker@example.org>", to=CONTACT, subject="Factuur"), at=CONTACT)
    assert await house.questions() == []


ANSWERS = pytest.mark.parametrize(
    "staff", [f"Team <{CONTACT}>", "Karin <karin@example.nl>", "Karin <karin@bureau.example.com>"]
)


@ANSWERS
@pytest.mark.parametrize("at", [CONTACT, OURS])
async def test_an_answer_in_the_thread_closes_the_question(reminded: House, staff: str, at: str) -> None:
    await reminded.take(written())
    answer = written(
        staff, to="Anna <ANNA@example.org>", id_="antwoord-1@example.nl", answers="vraag-1@example.org", body="Ja."
    )
    await reminded.take(answer, at=at, match=Match())
    assert await reminded.questions() == []
    assert await reminded.questions(with_ended=True) == [ANSWERED]


@pytest.mark.parametrize(
    ("author", "to"),
    [
        (CONTACT, "collega@example.nl"),  # passed on to a colleague
        ("collega@example.nl", CONTACT),  # who asks something back
        ("Anna <anna@example.org>", CONTACT),  # who adds something
    ],
)
async def test_what_is_said_in_the_thread_without_an_answer_closes_nothing(
    reminded: House, author: str, to: str
) -> None:
    await reminded.take(written())
    await reminded.take(written(author, to=to, id_="x@example.nl", answers="vraag-1@example.org"), at=CONTACT)
    assert await reminded.questions(with_ended=True) == [OPEN]


async def test_a_further_question_after_the_answer_is_open_again(reminded: House) -> None:
    await reminded.take(written())
    await reminded.take(
        written(CONTACT, to="anna@example.org", id_="a@example.nl", answers="vraag-1@example.org"), at=CONTACT
    )
    follow_up = written(id_="vraag-2@example.org", answers="a@example.nl", subject="Re: Re: Kennisdag")
    message_id = await reminded.take(follow_up)
    assert await reminded.questions() == [(ANNA[0], "Re: Re: Kennisdag", "open")]
    assert await reminded.states(message_id) == [("waiting", 0, False)]
    last = written(CONTACT, to="anna@example.org", id_="b@example.nl", answers="vraag-2@example.org")
    await reminded.take(last, at=CONTACT)
    assert await reminded.questions() == []


async def test_a_second_message_of_the_same_person_in_an_open_thread_is_sent_on_and_is_no_second_question(
    reminded: House,
) -> None:
    await reminded.take(written())
    message_id = await reminded.take(written(id_="vraag-2@example.org", answers="vraag-1@example.org"))
    assert await reminded.questions() == [OPEN]
    assert await reminded.states(message_id) == [("waiting", 0, False)]
    await reminded.take(
        written(CONTACT, to="anna@example.org", id_="a@example.nl", answers="vraag-2@example.org"), at=CONTACT
    )
    assert await reminded.questions(with_ended=True) == [ANSWERED]


async def test_what_is_our_fault_waits_for_ever_and_is_told_once(house: House) -> None:
    message_id = await house.take(written())
    async with house.sending_on(lambda verb, _: "530 5.7.0 log in first" if verb == "MAIL" else None) as (
        server,
        sends,
    ):
        for _ in range(30):
            assert await sends.round() == 0
            house.clock.now += timedelta(days=1)
        assert await house.states(message_id) == [("waiting", 0, False)]
        [told] = house.said
        assert "530" in told
        assert "@" not in told
        server.answer = lambda _verb, _letters: None
        assert await sends.round() == 1


async def test_while_no_mail_server_can_be_used_everything_waits_and_nothing_counts(house: House) -> None:
    ids = [await house.take(written(id_=f"{number}@example.org")) for number in range(3)]
    forwarder = house.forwarder(1)  # nobody listens there
    for _ in range(2):
        assert await forwarder.round() == 0
        house.clock.now += timedelta(hours=1)
    assert [await house.states(one) for one in ids] == [[("waiting", 0, False)]] * 3
    assert len(house.said) == 1
    async with smtp_server() as server:
        assert await house.forwarder(server.port).round() == 3


async def test_what_is_refused_for_its_content_goes_in_a_letter_of_ours_at_once(house: House) -> None:
    message_id = await house.take(written())
    refused = iter(["550 5.7.26 DMARC policy of example.org", None])
    async with house.sending_on(lambda verb, _: next(refused) if verb == "." else None) as (server, forwarder):
        assert await forwarder.round() == 1
    [(_, _, letter)] = server.letters
    assert "antwoord@nieuwsbrief.example.nl" in parse(letter).get("from")
    assert await house.states(message_id) == [("sent", 1, True)]


async def test_what_is_too_large_goes_as_its_words_alone(house: House) -> None:
    raw = written(body="Is er een parkeerplaats?\r\n" + "x" * 70 + "\r\n" * 3)
    message_id = await house.take(raw)

    async with house.sending_on() as (server, forwarder):
        tried = iter(["552 5.3.4 too large", None])
        server.answer = lambda verb, _letters: next(tried) if verb == "." else None
        assert await forwarder.round() == 1
    [(_, _, letter)] = server.letters
    part = parse(letter)
    assert [one.media_type for one in part.walk()] == ["multipart/mixed", "text/plain"]
    text = part.parts[0].text()
    assert "Is er een parkeerplaats?" in text
    assert f"newsletter inbound show {message_id}" in text


async def test_it_is_written_down_before_a_byte_travels(house: House) -> None:
    message_id = await house.take(written())
    seen: list[list[tuple[str, int, bool]]] = []

    class Watching:
        relay = "test"

        @asynccontextmanager
        async def session(self) -> AsyncIterator["Watching"]:
            yield self

        async def send(self, parcel: Parcel, following: Parcel | None = None) -> Outcome:
            seen.append(await house.states(message_id))
            return Outcome(OutcomeKind.SENT, "letter", 250)

        def abandon(self) -> None: ...

    forwarder = Forwarder(house.database, Watching(), MAIL, secret=SECRET, clock=house.clock)
    assert await forwarder.round() == 1
    assert seen == [[("sending", 0, False)]]


async def test_who_ends_while_the_mail_server_has_it_leaves_it_to_be_sent_again(house: House) -> None:
    message_id = await house.take(written())
    async with house.sending_on() as (server, forwarder):
        entered = asyncio.Event()

        def silent(verb: str, _letters: int) -> str | None:
            if verb == ".":
                entered.set()
                return HANG_UP
            return None

        server.answer = silent
        assert await forwarder.round() == 0
        assert entered.is_set()
        assert await house.states(message_id) == [("waiting", 1, False)]
        assert "may have arrived" in await house.reason(message_id)
        server.answer = lambda _verb, _letters: None
        house.clock.now += timedelta(minutes=15)
        assert await forwarder.round() == 1
    assert [letter for _, _, letter in server.letters] == [letter for _, _, letter in server.letters[:1]] * len(
        server.letters
    )


async def test_run_sends_on_what_comes_when_it_is_woken(house: House) -> None:
    async with house.sending_on() as (server, forwarder):
        running = asyncio.create_task(forwarder.run())
        await house.take(written())
        forwarder.wake()
        async with asyncio.timeout(20):
            await server.wait_for_letters(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()


async def test_a_round_forgets_what_is_old(house: House) -> None:
    await house.take(written())
    async with house.database.write() as tx:
        [row] = await replies.listed(tx)
        await replies.end(tx, row["id"], replies.CLOSED, "by hand", now=NOW)
    async with house.sending_on() as (_, forwarder):
        await forwarder.round()
        assert (await house.questions(with_ended=True))[0][0] == ANNA[0]
        house.clock.now = NOW + timedelta(days=31)
        await forwarder.round()
    assert await house.questions(with_ended=True) == [("", "", "closed")]


# Loops


async def test_what_was_sent_on_from_here_before_is_not_sent_on_again(house: House) -> None:
    await house.take(written())
    async with house.sending_on() as (server, forwarder):
        await forwarder.round()
        [(_, _, letter)] = server.letters
        with pytest.raises(NewsletterError, match="goes round"):
            await house.take(letter)
        assert await forwarder.round() == 0


async def test_our_own_forward_that_arrives_at_a_mailbox_that_is_read_is_nothing_new(reminded: House) -> None:
    for number, body in enumerate(("kort", "x" * 1200)):
        await reminded.take(written(id_=f"{number}@example.org", body=body))
    async with reminded.sending_on() as (server, forwarder):
        await forwarder.round()
    for _, _, letter in server.letters:
        await reminded.take(letter, at=CONTACT)
    assert len(await reminded.questions()) == 2


@pytest.mark.parametrize(("hops", "stops"), [(25, False), (26, True)])
async def test_what_has_come_by_too_many_servers_is_not_sent_on(house: House, hops: int, stops: bool) -> None:
    raw = written(fields="Received: by mx.example.org; Mon, 2 Mar 2026 09:00:00 +0000\r\n" * hops)
    if not stops:
        await house.take(raw)
        return
    with pytest.raises(NewsletterError, match="26 mail servers"):
        await house.take(raw)


async def test_a_machine_at_the_contact_mailbox_that_answers_the_envelope_gets_nothing_back(house: House) -> None:
    """A vacation responder, whether or not it says that it is one (RFC 3834 §4 has it answer the envelope sender)."""
    await house.take(written())
    async with house.sending_on() as (server, forwarder):
        await forwarder.round()
        [(sender, _, _)] = server.letters
        for fields in ("", "Auto-Submitted: auto-replied\r\n"):
            away = written(CONTACT, to=sender, subject="Afwezig", id_="away@example.nl", fields=fields)
            with pytest.raises(NewsletterError, match="only machines"):
                await house.take(away)
        assert await forwarder.round() == 0


async def refused(taking: Coroutine[Any, Any, int]) -> list[str]:
    """Why a message was set aside; nothing where it was not."""
    try:
        await taking
    except NewsletterError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("body", ["kort", "x" * 1200], ids=["unchanged", "wrapped"])
async def test_two_installations_that_write_to_each_other_exchange_one_message_each(
    house: House, body: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("other")
    other_store = await open_database(f"sqlite:///{folder}/store.sqlite")
    other = House(other_store, secret=b"o" * 32)
    async with other_store.write() as tx:
        await journal.secret(tx, other.secret)
    theirs = "antwoord@elders.example.com"
    their_mail = Mail(bounce_address="bounces@elders.example.com", reply_address=theirs)
    try:
        async with smtp_server() as ours_out, smtp_server() as theirs_out:
            we, they = house.forwarder(ours_out.port), other.forwarder(theirs_out.port, mail=their_mail)
            await house.take(written(body=body), contact=theirs)
            stopped: list[str] = []
            for _ in range(5):
                seen_by_us, seen_by_them = len(theirs_out.letters), len(ours_out.letters)
                await we.round()
                for _, _, letter in ours_out.letters[seen_by_them:]:
                    stopped += await refused(other.take(letter, at=theirs, contact=OURS))
                await they.round()
                for _, _, letter in theirs_out.letters[seen_by_us:]:
                    stopped += await refused(house.take(letter, at=OURS, contact=theirs))
        assert [len(ours_out.letters), len(theirs_out.letters)] == ([1, 1] if body == "kort" else [1, 0])
        assert len(stopped) == 1
    finally:
        await other_store.close()


async def test_a_loop_mark_of_another_store_stops_nothing(house: House) -> None:
    mark = make_token(b"other" * 8, "loop")
    message_id = await house.take(written(fields=f"X-Newsletter-Loop: {mark}\r\n"))
    assert await house.states(message_id) == [("waiting", 0, False)]


async def test_a_desk_that_acknowledges_whatever_it_gets_gets_nothing_back(reminded: House) -> None:
    """It answers to all addresses of the question, with nothing that says that it is a machine."""
    await reminded.take(written())
    async with reminded.sending_on() as (server, forwarder):
        assert await forwarder.round() == 1
        await reminded.take(written(CONTACT, id_="ontvangen@example.nl", answers="vraag-1@example.org"))
        with pytest.raises(NewsletterError, match="written at the contact mailbox"):
            await reminded.take(written(CONTACT, id_="melding@example.nl", subject="Melding 12"))
        assert await forwarder.round() == 0
        assert len(server.letters) == 1
    assert await reminded.questions() == [OPEN]


async def test_a_machine_that_answers_without_end_is_stopped_and_a_person_sees_it(reminded: House) -> None:
    for number in range(10):
        await reminded.take(written(id_=f"{number}@example.org"))
        reminded.clock.now += timedelta(minutes=1)
    with pytest.raises(NewsletterError, match="10 messages about the same letter"):
        await reminded.take(written(id_="once-more@example.org"))
    reminded.clock.now += timedelta(hours=1)
    await reminded.take(written(id_="later@example.org"))


async def test_what_is_told_aloud_holds_no_address(house: House) -> None:
    await house.take(written())
    refuses = "550 5.1.1 <vragen@example.nl>: no such user; sender anna@example.org"
    async with house.sending_on(lambda verb, _: refuses if verb == "RCPT" else None) as (_, forwarder):
        await forwarder.round()
    [said] = house.said
    assert "550 5.1.1 <…>: no such user; sender …" in said
