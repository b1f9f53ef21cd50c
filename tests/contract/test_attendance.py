"""Attendance: an answer to an invitation is kept when it is theirs and the newest; and mailings go by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.calendar import Method, calendar_file
from newsletter.events.plan import Anchor, Audience, PlannedMailing, Rule, Unit
from newsletter.inbound import attendance as inbound
from newsletter.inbound.answering import Answered
from newsletter.inbound.handling import Handling, Match
from newsletter.inbound.incoming import Incoming
from newsletter.inbound.telling.classify import classify_part
from newsletter.inbound.telling.message import parse
from newsletter.outbox.organizer import organizer
from newsletter.schedule.state import MailingState
from newsletter.store import attendance, audience, corrections, events, journal, mailings, subscribers
from newsletter.store.database import Database
from newsletter.store.documents import dump
from newsletter.store.mailings import MailingRow
from newsletter.store.tables import deliveries, messages
from newsletter.store.tables import mailings as mailing_table
from newsletter.subscribers.subscriber import Subscriber, address_key
from tests.world import EVENT_SLUG, NOW, PLAN, event, fill, mailing_content

UID = f"{EVENT_SLUG}@nieuwsbrief.example.nl"
INVITATION = f"{EVENT_SLUG}/save-the-date"
PRACTICAL = f"{EVENT_SLUG}/practical"
SECRET = b"k" * 32


def planned(to: Audience) -> PlannedMailing:
    when = Rule(amount=-3, unit=Unit.DAYS, anchor=Anchor.START, at=NOW.time())
    return PlannedMailing(name="practical", template="practical", when=when, audience=to)


async def invite(tx: AsyncConnection, *, sequence: int = 0, name: str = INVITATION, method: Method = "REQUEST") -> int:
    """Everybody on the lists has got a letter with a calendar; returns the id of its mailing."""
    happening = replace(event(), uid=UID, sequence=sequence)
    calendar = calendar_file(happening, stamp=NOW, domain="example.nl", method=method)
    row = await mailings.get_mailing(tx, name)
    plan = dump(replace(row.planned, invites=method == "REQUEST"))
    values = {"content": dump(replace(mailing_content(), calendar=calendar)), "started_at": NOW, "planned": plan}
    state = MailingState.SENDING.value
    await tx.execute(update(mailing_table).where(mailing_table.c.id == row.id).values(state=state, **values))
    await audience.enqueue(tx, row.id, now=NOW)
    sent = update(deliveries).where(deliveries.c.mailing_id == row.id)
    await tx.execute(sent.values(state="sent", next_at=None))
    return row.id


async def prepare(
    database: Database, *, to: Audience = Audience.EVERYBODY, people: int = 4, invited: bool = True
) -> int:
    """An event with an invitation that has been sent, and a mailing by answers; returns the id of the invitation."""
    await fill(database, people=people, happening=event((*PLAN, planned(to))))
    async with database.write() as tx:
        await journal.secret(tx, SECRET)
        return await invite(tx) if invited else 0


def reply(
    attendee: str,
    partstat: str = "ACCEPTED",
    *,
    author: str = "",
    uid: str = UID,
    minutes: int = 0,
    sequence: int = 0,
    to: str = "vragen@example.nl",
    more: str = "",
) -> bytes:
    stamp = NOW + timedelta(minutes=minutes)
    return (
        f"From: Iemand <{author or attendee}>\r\nTo: {to}\r\nSubject: Geaccepteerd: Kennisdag\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n"
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nSEQUENCE:{sequence}\r\nDTSTAMP:{stamp:%Y%m%dT%H%M%SZ}\r\nORGANIZER:mailto:{to}\r\n"
        f"ATTENDEE;PARTSTAT={partstat}:mailto:{attendee}\r\n{more}END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


async def receive(tx: AsyncConnection, raw: bytes, match: Match | None = None, *, envelope_to: str = "") -> str:
    """Handle a message as it came in an hour after everything in these tests."""
    arrived = NOW + timedelta(hours=1)
    number = len(list(await tx.scalars(select(messages.c.id)))) + 1
    row = {
        **{"source": "test", "key": str(number), "message_id": "", "received_at": arrived, "state": "new"},
        **{"reason": "", "kind": "calendar", "verdict": {}, "matched": "", "proven": False},
    }
    row_id = await tx.scalar(insert(messages).values(row).returning(messages.c.id))
    part = parse(raw)
    recipients = (envelope_to,) if envelope_to else ()
    incoming = Incoming(source="test", key=str(number), raw=raw, received_at=arrived, envelope_to=recipients)
    handling = Handling(
        row_id=row_id or 0,
        incoming=incoming,
        part=part,
        verdict=classify_part(part),
        match=match or Match(),
        now=arrived,
    )
    return await inbound.receive(tx, handling)


async def kept(tx: AsyncConnection) -> dict[str, str]:
    return {row["address"]: row["answer"] for row in await attendance.answers(tx, EVENT_SLUG)}


async def ids(tx: AsyncConnection, *addresses: str) -> list[int]:
    found = await subscribers.find_subscribers(tx, list(addresses))
    return [found[address].id for address in addresses]


async def noted(tx: AsyncConnection) -> list[str]:
    notes = await journal.read_notes(tx, EVENT_SLUG)
    return [note["detail"] for note in notes if note["action"] == "answer"]


async def test_answers_of_the_invited_are_kept_and_counted(database: Database) -> None:
    await prepare(database)
    async with database.write() as tx:
        words = [
            await receive(tx, reply("person-0@example.nl")),
            await receive(tx, reply("Person-1@EXAMPLE.nl", "DECLINED")),
            await receive(tx, reply("person-2@example.nl", "TENTATIVE")),
        ]
        assert words == ["accepted", "declined", "tentative"]
        assert await kept(tx) == {
            "person-0@example.nl": "accepted",
            "person-1@example.nl": "declined",
            "person-2@example.nl": "tentative",
        }
        assert await attendance.count_invited(tx, EVENT_SLUG) == 4
        [first, *_] = await attendance.answers(tx, EVENT_SLUG)
        assert (first["name"], first["sequence"], first["answered_at"]) == ("Persoon 0", 0, NOW)
        notes = await noted(tx)
    assert len(notes) == 3
    assert "@" not in "".join(notes)


async def test_the_newest_answer_stays_in_whatever_order_they_come(database: Database) -> None:
    await prepare(database)
    jan = "person-0@example.nl"
    async with database.write() as tx:
        words = [
            await receive(tx, reply(jan, "ACCEPTED", minutes=5)),
            await receive(tx, reply(jan, "DECLINED", minutes=9)),
            await receive(tx, reply(jan, "ACCEPTED", minutes=5)),
            await receive(tx, reply(jan, "TENTATIVE", minutes=8)),
        ]
        assert words == ["accepted", "declined", "older", "older"]
        assert await kept(tx) == {jan: "declined"}
        [person] = await ids(tx, jan)
        said = await attendance.answers_of(tx, person)
        assert said == {EVENT_SLUG: Answered(answer="declined", sequence=0, at=NOW + timedelta(minutes=9))}
        [before, after] = await noted(tx)
    assert (before, after) == (
        f"subscriber #{person}: accepted",
        f"subscriber #{person}: declined, not accepted any more",
    )


async def test_an_answer_to_a_date_that_was_changed_since_counts_for_nothing(database: Database) -> None:
    await prepare(database)
    jan, els = "person-0@example.nl", "person-1@example.nl"
    async with database.write() as tx:
        assert await receive(tx, reply(jan)) == "accepted"
        await invite(tx, sequence=1, name=f"{EVENT_SLUG}/reminder", method="PUBLISH")
        assert await receive(tx, reply(els, minutes=5)) == "older"
        assert await receive(tx, reply(els, minutes=5, sequence=1)) == "accepted"
        assert await receive(tx, reply(jan, "DECLINED", minutes=6)) == "older"
        assert await kept(tx) == {jan: "accepted", els: "accepted"}


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (reply("person-0@example.nl", uid="other@example.nl"), "unknown"),
        (reply("person-0@example.nl", uid=""), "unknown"),
        (reply("person-0@example.nl", author="els@example.org"), "unproven"),
        (reply("els@example.org"), "unproven"),
        (reply("els@example.org", author="person-0@example.nl"), "unproven"),
        (reply("person-0@example.nl", "NEEDS-ACTION"), "ignored"),
        (reply("person-0@example.nl", more="RECURRENCE-ID:20260423T110000Z\r\n"), "ignored"),
        (
            reply("person-0@example.nl", to=organizer("a@example.nl", b"x" * 32, 1), author="els@example.org"),
            "unproven",
        ),
    ],
)
async def test_what_is_forged_or_about_something_else_changes_nothing(
    database: Database, raw: bytes, word: str
) -> None:
    await prepare(database)
    async with database.write() as tx:
        assert await receive(tx, raw) == word
        assert await kept(tx) == {}


async def test_who_was_invited_twice_counts_once(database: Database) -> None:
    await prepare(database, people=3)
    async with database.write() as tx:
        await add(tx, ["later"])
        await invite(tx, name=f"{EVENT_SLUG}/reminder")
        await invite(tx, name=f"{EVENT_SLUG}/report", method="PUBLISH")
        assert await attendance.count_invited(tx, EVENT_SLUG) == 4
        assert await attendance.count_invited(tx, "nergens") == 0
        [person] = await ids(tx, "later@example.nl")
        found = await attendance.event_of_uid(tx, UID)
        assert found is not None
        assert len(await attendance.calendars_sent(tx, found[0], person)) == 2


async def test_who_was_not_invited_cannot_answer_without_a_token(database: Database) -> None:
    await prepare(database, invited=False)
    async with database.write() as tx:
        await invite(tx, method="PUBLISH")
        assert await receive(tx, reply("person-0@example.nl")) == "unproven"
        assert await kept(tx) == {}


async def test_a_token_of_the_letter_proves_whose_answer_it_is(database: Database) -> None:
    mailing_id = await prepare(database)
    jan, secretary = "person-0@example.nl", "secretariaat@example.org"
    async with database.write() as tx:
        [person] = await ids(tx, jan)
        proven = Match(how="reply", proven=True, mailing_id=mailing_id, subscriber_id=person)
        assert await receive(tx, reply(jan, author=secretary), proven) == "accepted"
        assert await receive(tx, reply(jan, "DECLINED", author=secretary), replace(proven, proven=False)) == "unproven"
        # The letter was passed on, and somebody else answered it.
        assert await receive(tx, reply(secretary, "DECLINED"), proven) == "stranger"
        # Unless they were invited themselves.
        assert await receive(tx, reply("person-1@example.nl", "DECLINED"), proven) == "declined"
        assert await kept(tx) == {jan: "accepted", "person-1@example.nl": "declined"}


@pytest.mark.parametrize("place", ["to", "envelope"])
async def test_the_address_of_the_organizer_proves_it_too(database: Database, place: str) -> None:
    await prepare(database)
    jan, secretary = "person-0@example.nl", "secretariaat@example.org"
    async with database.write() as tx:
        [person] = await ids(tx, jan)
        address = organizer("antwoord@example.nl", SECRET, person)
        if place == "to":
            word = await receive(tx, reply(jan, author=secretary, to=address.upper()))
        else:
            word = await receive(tx, reply(jan, author=secretary), envelope_to=address)
        assert word == "accepted"
        assert await receive(tx, reply(secretary, to=address)) == "stranger"
        assert await kept(tx) == {jan: "accepted"}


async def test_a_token_of_another_event_proves_nothing(database: Database) -> None:
    await prepare(database, invited=False)
    other = replace(event(), slug="andere-dag", uid="andere-dag@nieuwsbrief.example.nl")
    async with database.write() as tx:
        mailing_id = await invite(tx)
        await events.store_event(tx, other, NOW)
        [person] = await ids(tx, "person-0@example.nl")
        match = Match(how="reply", proven=True, mailing_id=mailing_id, subscriber_id=person)
        raw = reply("person-0@example.nl", uid="andere-dag@nieuwsbrief.example.nl", author="els@example.org")
        assert await receive(tx, raw, match) == "unproven"
        assert list(await attendance.answers(tx, "andere-dag")) == []


async def test_an_address_with_a_tag_answers_for_itself(database: Database) -> None:
    await prepare(database, people=1)
    async with database.write() as tx:
        lists = await subscribers.ensure_lists(tx, ["gemeenten"])
        tagged = ["Zoe_%+nieuws@example.nl", "els@münchen.example"]
        people = [Subscriber(address=address, name="Zoë") for address in tagged]
        await subscribers.upsert_subscribers(tx, people, now=NOW)
        keys = [address_key(address) for address in tagged]
        await subscribers.subscribe(tx, lists["gemeenten"], keys, now=NOW)
        await invite(tx, name=f"{EVENT_SLUG}/reminder")
        assert await receive(tx, reply("els@xn--mnchen-3ya.example")) == "accepted"
        assert await receive(tx, reply("zoex%@example.nl")) == "unproven"
        assert await receive(tx, reply("zoe_%@example.nl", "DECLINED")) == "declined"
        assert await kept(tx) == {tagged[0]: "declined", "els@münchen.example": "accepted"}
        assert await attendance.people_of(tx, ["@", "", "els"]) == {}
        assert await attendance.people_of(tx, []) == {}


async def test_delegated_several_events_and_remarks(database: Database) -> None:
    await prepare(database)
    jan = "person-0@example.nl"
    delegate = 'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:person-0@example.nl":mailto:els@example.org\r\n'
    second = f"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:other@example.nl\r\nATTENDEE;PARTSTAT=DECLINED:mailto:{jan}\r\n"
    async with database.write() as tx:
        assert await receive(tx, reply(jan, "DELEGATED", more=delegate)) == "delegated"
        assert await receive(tx, reply("person-1@example.nl", more=second)) == "accepted"
        assert await kept(tx) == {jan: "delegated", "person-1@example.nl": "accepted"}
    remarked = parse(reply(jan, more="COMMENT:Mag mijn hond mee?\r\n"))
    assert inbound.wants_a_person("accepted", remarked)
    assert not inbound.wants_a_person("unknown", remarked)
    asking = "Mag ik iemand meenemen?"
    for subject, text, asks in [("Geaccepteerd: Dag", asking, True), ("Geaccepteerd: En nu?", asking, False)]:
        body = f"--g\r\n\r\n{text}\r\n--g\r\nContent-Type: text/calendar\r\n\r\nMETHOD:REPLY\r\n--g--\r\n"
        raw = f"Subject: {subject}\r\nContent-Type: multipart/mixed; boundary=g\r\n\r\n{body}".encode()
        assert inbound.wants_a_person("accepted", parse(raw)) is asks
        link = raw.replace(asking.encode(), b"https://calendar.example.com/?a=b")
        assert not inbound.wants_a_person("accepted", parse(link))
    plain = parse(reply(jan))
    assert [word for word in inbound._ORDER if inbound.wants_a_person(word, plain)] == [
        "delegated",
        "stranger",
        "unproven",
    ]


EXPECTED = {
    Audience.EVERYBODY: "abcde",
    Audience.ACCEPTED: "a",
    Audience.TENTATIVE: "b",
    Audience.COMING: "ab",
    Audience.DECLINED: "c",
    Audience.UNANSWERED: "e",
    Audience.NOT_DECLINED: "abde",
}
GIVEN = {"a": "accepted", "b": "tentative", "c": "declined", "d": "delegated"}


async def answer(tx: AsyncConnection, address: str, word: str) -> None:
    found = await attendance.event_of_uid(tx, UID)
    assert found is not None
    [person] = await ids(tx, address)
    given = Answered(answer=word, sequence=0, at=datetime(2026, 3, 2, tzinfo=UTC))
    await attendance.store_answer(tx, found[0], person, given, message_id=None)


async def add(tx: AsyncConnection, names: Sequence[str]) -> None:
    lists = await subscribers.ensure_lists(tx, ["gemeenten"])
    addresses = [f"{name}@example.nl" for name in names]
    await subscribers.upsert_subscribers(tx, [Subscriber(address=one) for one in addresses], now=NOW)
    await subscribers.subscribe(tx, lists["gemeenten"], addresses, now=NOW)


@pytest.mark.parametrize("to", Audience)
async def test_a_mailing_goes_to_those_who_gave_the_answer_that_the_plan_names(
    database: Database, to: Audience
) -> None:
    await prepare(database, to=to, people=0, invited=False)
    async with database.write() as tx:
        await add(tx, "abcdef")
        for name, word in GIVEN.items():
            await answer(tx, f"{name}@example.nl", word)
        # Whatever they answered, who has left or is suppressed gets nothing.
        await subscribers.suppress(tx, "f@example.nl", "complaint", now=NOW)
        rows = await mailings.all_mailings(tx)
        row = next(one for one in rows if one.slug == PRACTICAL)
        assert row.planned.audience is to
        expected = {f"{name}@example.nl" for name in EXPECTED[to]}
        assert {person.address async for person in audience.audience(tx, row.id)} == expected
        assert await audience.count_audience(tx, row.id) == len(expected)
        counts = await audience.count_recipients(tx, rows)
        assert {one.slug: counts[one.id] for one in rows} == {
            **{one.slug: 5 for one in rows},
            PRACTICAL: len(expected),
        }
        assert await audience.enqueue(tx, row.id, now=NOW) == len(expected)


async def started(tx: AsyncConnection) -> MailingRow:
    row = await mailings.get_mailing(tx, PRACTICAL)
    state = MailingState.SENDING.value
    await tx.execute(update(mailing_table).where(mailing_table.c.id == row.id).values(state=state, started_at=NOW))
    await audience.enqueue(tx, row.id, now=NOW)
    await tx.execute(update(deliveries).where(deliveries.c.mailing_id == row.id).values(state="sent", next_at=None))
    return await mailings.get_mailing(tx, PRACTICAL)


async def test_a_correction_goes_to_all_who_got_the_letter_whatever_they_answered_since(database: Database) -> None:
    await prepare(database, to=Audience.ACCEPTED, people=0, invited=False)
    async with database.write() as tx:
        await add(tx, "abc")
        await answer(tx, "a@example.nl", "accepted")
        await answer(tx, "b@example.nl", "accepted")
        row = await started(tx)
        await answer(tx, "b@example.nl", "declined")
        await answer(tx, "c@example.nl", "accepted")
        made = await corrections.add_correction(tx, row, template="practical", label="Correctie")
        found = {person.address async for person in audience.audience(tx, made.id)}
        counts = await audience.count_recipients(tx, [row, made])
    assert found == {"a@example.nl", "b@example.nl"}
    assert counts == {row.id: 2, made.id: 2}
    assert made.planned.audience is Audience.EVERYBODY
