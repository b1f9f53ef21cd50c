"""One suite for every store: what people write is recorded, sent on once, and closed when somebody has answered."""

import asyncio
from datetime import datetime, timedelta

import pytest

from newsletter.errors import NewsletterError
from newsletter.inbound.handling import Handling, Match
from newsletter.inbound.incoming import Incoming
from newsletter.inbound.replying.forward import LEASE
from newsletter.inbound.replying.replies import receive
from newsletter.inbound.replying.threads import own_id
from newsletter.inbound.telling.classify import classify_part
from newsletter.inbound.telling.message import parse
from newsletter.outbox.envelope import FORWARD, read_plus
from newsletter.store import forwards, replies
from newsletter.store.database import Database
from tests.contract.test_store import REMINDER
from tests.house import ANSWERED, CONTACT, OPEN, SECRET, House, open_house, remind, written
from tests.world import NOW


@pytest.fixture
async def house(database: Database) -> House:
    return await open_house(database)


@pytest.fixture
async def reminded(house: House) -> House:
    """The same, where people got a mailing, and what comes in is about it."""
    return await remind(house)


async def test_what_a_person_writes_is_recorded_and_reaches_the_contact_mailbox_once(reminded: House) -> None:
    raw = written()
    message_id = await reminded.take(raw)
    async with reminded.sending_on() as (server, forwarder):
        assert await forwarder.round() == 1
        assert await forwarder.round() == 0
    [(sender, recipient, letter)] = server.letters
    assert recipient == CONTACT
    assert read_plus(sender, SECRET, FORWARD) is not None
    assert sender.endswith("@nieuwsbrief.example.nl")
    assert letter.endswith(raw)
    ours = parse(letter.removesuffix(raw) + b"\r\n")
    assert ours.get("x-newsletter-mailing") == REMINDER
    assert ours.get("x-newsletter-subscriber") == "#1"
    assert {name for name, _ in ours.fields} == {
        *("received", "x-newsletter-mailing", "x-newsletter-subscriber", "x-newsletter-loop")
    }
    assert await reminded.questions() == [OPEN]
    assert await reminded.states(message_id) == [("sent", 1, False)]


async def test_a_message_that_is_handled_again_is_one_question_and_one_forward(house: House) -> None:
    raw = written()
    part = parse(raw)
    message_id = await house.take(raw)
    incoming = Incoming(source="test", key="", raw=raw, received_at=NOW)
    again = Handling(
        row_id=message_id, incoming=incoming, part=part, verdict=classify_part(part), match=Match(), now=NOW
    )
    async with house.database.write() as tx:
        await receive(tx, again, contact=CONTACT)
    assert len(await house.questions()) == 1
    assert len(await house.states(message_id)) == 1


async def test_an_answer_that_came_in_first_closes_the_question_too(reminded: House) -> None:
    staff = written(CONTACT, to="anna@example.org", id_="a1@example.nl", answers="vraag-1@example.org")
    await reminded.take(staff, at=CONTACT)
    reminded.clock.now = NOW + timedelta(minutes=1)
    await reminded.take(written())
    assert await reminded.questions(with_ended=True) == [ANSWERED]


async def test_an_answer_further_down_the_thread_closes_the_question(reminded: House) -> None:
    await reminded.take(written())
    passed_on = written(CONTACT, to="collega@example.nl", id_="fw@example.nl", answers="vraag-1@example.org")
    await reminded.take(passed_on, at=CONTACT)
    answer = written(
        "collega@example.nl", to="anna@example.org, " + CONTACT, id_="a@example.nl", answers="fw@example.nl"
    )
    await reminded.take(answer, at=CONTACT, match=Match())
    assert await reminded.questions(with_ended=True) == [ANSWERED]


async def test_an_answer_to_the_letter_around_a_question_closes_it(reminded: House) -> None:
    await reminded.take(written(body="x" * 1200))
    async with reminded.sending_on() as (server, forwarder):
        assert await forwarder.round() == 1
    [(_, _, letter)] = server.letters
    around = own_id(parse(letter))
    assert around != "vraag-1@example.org"
    answer = written(CONTACT, to="anna@example.org", id_="a@example.nl", answers=around)
    await reminded.take(answer, at=CONTACT, match=Match())
    assert await reminded.questions(with_ended=True) == [ANSWERED]


async def test_what_was_refused_for_now_is_tried_again_at_its_time(house: House) -> None:
    message_id = await house.take(written())
    async with house.sending_on() as (server, forwarder):
        server.answer = lambda verb, _letters: "450 4.2.0 greylisted" if verb == "RCPT" else None
        assert await forwarder.round() == 0
        assert await house.states(message_id) == [("waiting", 1, False)]
        server.answer = lambda _verb, _letters: None
        assert await forwarder.round() == 0
        house.clock.now += timedelta(minutes=15)
        assert await forwarder.round() == 1
    assert await house.states(message_id) == [("sent", 2, False)]
    assert house.said == []


async def test_what_the_contact_mailbox_refuses_has_failed_and_can_be_tried_again(house: House) -> None:
    message_id = await house.take(written())
    async with house.sending_on(lambda verb, _: "550 5.1.1 no such user" if verb == "RCPT" else None) as (
        server,
        sends,
    ):
        assert await sends.round() == 0
        assert await house.states(message_id) == [("failed", 1, False)]
        assert len(house.said) == 1
        async with house.database.read() as tx:
            [row] = await replies.listed(tx)
        assert (row["state"], row["forwarding"]) == ("open", "failed 550 5.1.1 no such user")
        async with house.database.write() as tx:
            assert await forwards.try_again(tx, message_id, now=house.clock()) == 1
        server.answer = lambda _verb, _letters: None
        assert await sends.round() == 1


@pytest.mark.parametrize("body", ["kort", "x" * 1200], ids=["unchanged", "wrapped"])
async def test_a_forward_whose_process_died_is_sent_again_the_same_to_the_last_byte(house: House, body: str) -> None:
    message_id = await house.take(written(body=body))
    async with house.sending_on() as (server, forwarder):
        async with house.database.write() as tx:
            [due] = await forwards.due(tx, now=house.clock())
            assert await forwards.claim(tx, due, now=house.clock(), until=house.clock() + LEASE)
            assert await forwards.claim(tx, due, now=house.clock(), until=house.clock() + LEASE) is None
        assert await forwarder.round() == 0
        house.clock.now += LEASE
        assert await forwarder.round() == 1
        assert await house.states(message_id) == [("sent", 2, body != "kort")]
        house.clock.now += timedelta(hours=1)
        async with house.database.write() as tx:  # and once more, as if its first end had not been seen
            await forwards.came_back(tx, due, "", now=NOW)
            await forwards.try_again(tx, message_id, now=house.clock())
        assert await forwarder.round() == 1
    first, second = server.letters
    assert first == second


async def test_who_held_a_claim_that_has_ended_writes_nothing_any_more(house: House) -> None:
    message_id = await house.take(written())
    async with house.database.write() as tx:
        [due] = await forwards.due(tx, now=NOW)
        slow = await forwards.claim(tx, due, now=NOW, until=NOW + LEASE)
        quick = await forwards.claim(tx, due, now=NOW + LEASE, until=NOW + 2 * LEASE)
        assert slow is not None
        assert quick is not None
        failed = {"state": "failed", "reason": "", "attempts": 1, "wrapped": False, "next_at": None, "now": NOW}
        assert not await forwards.settle(tx, slow, **failed)  # type: ignore[arg-type]
    assert await house.states(message_id) == [("sending", 1, False)]


async def test_two_forwarders_send_each_message_once(house: House) -> None:
    for number in range(6):
        await house.take(written(id_=f"{number}@example.org"))
    async with house.sending_on() as (server, one):
        other = house.forwarder(server.port)
        assert sum(await asyncio.gather(one.round(), other.round())) == 6
    assert len({letter for _, _, letter in server.letters}) == len(server.letters) == 6


async def test_a_report_about_a_forward_makes_it_failed_and_leaves_its_question_open(house: House) -> None:
    message_id = await house.take(written())
    async with house.sending_on() as (server, forwarder):
        await forwarder.round()
    [(sender, _, _)] = server.letters
    report = (
        f"From: MAILER-DAEMON@example.nl\r\nTo: {sender}\r\nSubject: failed\r\nReturn-Path: <>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n--x\r\n\r\nno\r\n--x\r\n'
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.nl\r\n\r\n"
        f"Final-Recipient: rfc822; {CONTACT}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n--x--\r\n"
    )
    assert not await house.report(report.replace(sender, "iemand@example.nl").encode())
    assert await house.report(report.encode())
    [(state, _, _)] = await house.states(message_id)
    assert state == "failed"
    assert "came back: 5.1.1" in await house.reason(message_id)
    [told] = house.said
    assert "came back (userunknown)" in told
    assert await house.questions() == [OPEN]


async def test_who_asked_what_is_forgotten_a_while_after_the_answer_and_not_before(reminded: House) -> None:
    await reminded.take(written())
    await reminded.take(written("Bea <bea@example.org>", id_="vraag-2@example.org"))
    async with reminded.database.write() as tx:
        first, _ = await replies.listed(tx)
        assert await replies.end(tx, first["id"], replies.CLOSED, "by hand", now=NOW)
        assert await replies.forget(tx, NOW) == 0
        assert await replies.forget(tx, NOW + timedelta(seconds=1)) == 1
        assert await replies.forget(tx, NOW + timedelta(days=999)) == 0
        assert await replies.of_thread(tx, ["vraag-1@example.org"]) == []
    bea = ("Bea <bea@example.org>", "Re: Kennisdag", "open")
    assert await reminded.questions(with_ended=True) == [("", "", "closed"), bea]


async def test_closing_and_opening_again(house: House) -> None:
    await house.take(written())
    async with house.database.write() as tx:
        [row] = await replies.listed(tx)
        number = row["id"]
        assert not await replies.reopen(tx, number)
        assert await replies.end(tx, number, replies.CLOSED, "by hand", now=NOW)
        assert not await replies.end(tx, number, replies.CLOSED, "by hand", now=NOW)
        assert await replies.listed(tx) == []
        assert await replies.reopen(tx, number)
        found = await replies.get(tx, number)
        assert (found["state"], found["ended_at"], found["ended_by"]) == ("open", None, "")
        with pytest.raises(NewsletterError, match="no question “999”; there are: "):
            await replies.get(tx, 999)


async def test_the_listing_tells_what_is_needed_to_answer(reminded: House) -> None:
    await reminded.take(written())
    async with reminded.database.read() as tx:
        [row] = await replies.listed(tx)
        found = await replies.get(tx, row["id"])
    assert (row["mailing"], row["subscriber"], row["at"]) == (REMINDER, "Persoon 0", NOW)
    assert row["series"]["slug"] == "kennisdagen"
    assert found["raw"] == written()
    assert isinstance(row["at"], datetime)
