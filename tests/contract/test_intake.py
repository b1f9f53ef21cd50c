"""What comes back, from the message to the rows, on both stores."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from newsletter.settings import Inbound, Mail
from newsletter.store import messages, proposals, subscribers
from newsletter.store.database import Database
from newsletter.store.tables import bounces, deliveries
from newsletter.store.tables import messages as rows
from newsletter.subscribers import objection
from newsletter.subscribers.links import make_token
from tests.post import FULL, OFF, ON, REMINDER, Post, bounce, dump, sent
from tests.returns import (
    AT,
    BOX,
    CONTACT,
    SECRET,
    answer_to,
    arf,
    bounce_to,
    dsn,
    id_of,
    incoming,
    link_of,
    mail,
)


@pytest.fixture
async def post(database: Database) -> Post:
    await sent(database, 3)
    return Post(database)


# ---- taking


async def test_a_message_that_comes_twice_or_by_two_ways_is_handled_once(post: Post) -> None:
    raw = bounce(**FULL)
    first = incoming(raw, "7:1", source="imap:bounces@example.nl/INBOX")
    await post.intake().take(first)
    await post.intake().take(first)
    unix = b"Received: from mx.example.org\n\tby here; Tue, 21 Apr 2026 11:00:00 +0200\n" + raw.replace(b"\r\n", b"\n")
    await post.intake().take(incoming(unix, "9", source="lmtp"))
    assert [row["state"] for row in await post.all(rows)] == ["handled", "copy"]
    assert len(await post.all(bounces)) == 1
    assert await post.intake().known("lmtp", ["9", "10"]) == {"9"}
    assert await post.intake().known("imap:bounces@example.nl/INBOX", ["9", "7:1"]) == {"7:1"}


async def test_two_mails_to_which_a_broken_program_gave_one_message_id_both_count(post: Post) -> None:
    await post.take(mail("Is er parkeerruimte?"), mail("Is er lunch?"))
    assert [row["state"] for row in await post.all(rows)] == ["handled", "handled"]


async def test_the_same_message_taken_beside_itself_is_handled_once(post: Post) -> None:
    one, other = post.intake(), post.intake()
    came = incoming(bounce(**FULL), "1")
    await asyncio.gather(*(intake.take(came) for intake in (one, other, one, other)))
    assert len(await post.all(bounces)) == 1


async def test_what_was_stored_before_a_crash_is_handled_after_it(post: Post) -> None:
    came = incoming(bounce(), "1", to=(bounce_to(1),))
    async with post.database.write() as tx:  # as `take` does it, and no further
        await messages.store(
            tx,
            source=came.source,
            key=came.key,
            raw=came.raw,
            received_at=AT,
            fingerprint="f" * 64,
            message_id="",
            envelope={"address": "", "envelope_to": list(came.envelope_to), "envelope_from": None, "trouble": ""},
        )
    assert await post.intake().finish() == 1
    assert await post.intake().finish() == 0
    assert (await post.last())["state"] == "handled"
    assert list(await post.suppressed()) == ["person-0@example.nl"]
    assert "envelope" not in (await post.last())["verdict"]


async def test_a_message_that_cannot_be_handled_is_set_aside_and_stops_no_other(post: Post) -> None:
    async with post.database.write() as tx:
        await tx.execute(
            text("UPDATE series SET document = '{}'")
        )  # there is no contact mailbox to send anything on to
    await post.take(mail("Is er lunch?"), bounce())
    [aside, handled] = await post.all(rows)
    assert (aside["state"], aside["reason"]) == (
        "set_aside",
        "there is no contact mailbox to send it on to; set NEWSLETTER_INBOUND__CONTACT",
    )
    assert (aside["kind"], aside["subscriber_id"]) == ("reply", 1)
    assert aside["raw"] is not None
    assert handled["state"] == "handled"
    assert post.said == [
        f"message #{aside['id']} is set aside: {aside['reason']}; see `newsletter inbound list --aside`"
    ]
    post.settings = Inbound(contact=CONTACT)
    assert await post.intake().again(aside["id"]) == "handled"


async def test_a_message_that_could_not_be_read_whole_is_set_aside_with_what_there_is(post: Post) -> None:
    came = replace(incoming(bounce(), "1"), trouble="it is larger than 50 MB")
    await post.intake().take(came)
    row = await post.last()
    assert (row["state"], row["reason"], row["raw"]) == ("set_aside", "it is larger than 50 MB", came.raw)
    assert not await post.suppressed()


async def test_whatever_the_bytes_are_they_are_kept(post: Post) -> None:
    for raw in (b"", b"\x00\xff" * 50, b"Message-ID: <a\x00b\xed\xa0\x80>\r\n\r\n\x00", b"Subject: =?x?"):
        await post.take(raw)
        row = await post.last()
        assert (row["raw"], row["state"]) == (raw, "handled")


async def test_no_address_stands_beside_the_text_of_a_message(post: Post) -> None:
    await post.take(
        bounce(), arf(link=link_of(2, ON)), mail("Afmelden", answers=id_of(3)), mail("Is er lunch?", number=2)
    )
    for row in await post.all(rows):
        assert "@example" not in str({key: value for key, value in row.items() if key not in ("raw", "message_id")})
    assert "@" not in " ".join(post.said)


# ---- bounces


async def test_a_hard_bounce_ends_the_mail_to_its_subscriber_and_to_nobody_else(post: Post) -> None:
    await post.take(bounce(2))
    assert await post.suppressed() == {
        "person-1@example.nl": f"bounce: userunknown, nobody has this address; {REMINDER}"
    }
    row = await post.last()
    assert (row["matched"], row["proven"], row["delivery_id"], row["subscriber_id"]) == ("envelope", True, 2, 2)
    assert await post.outcome() == "suppressed"
    assert await post.notes("subscriber:2") == ["suppressed"]
    [delivery] = [one for one in await post.all(deliveries) if one["id"] == 2]
    assert delivery["state"] == "sent"
    await post.take(bounce(2, number=1))
    assert await post.outcome() == "suppressed before"


def person(number: int) -> str:
    """The address of subscriber N, who has delivery N."""
    return f"person-{number - 1}@example.nl"


#: What comes back of delivery N, in every form that its token may have by then.
KNOWN_BOUNCES: dict[str, Callable[[int], bytes]] = {
    "in capitals": lambda n: dsn(to=bounce_to(n).upper(), recipient=person(n).upper()),
    "returned path": lambda n: dsn(to=BOX, recipient=person(n), path=bounce_to(n)),
    "nobody named": lambda n: dsn(to=bounce_to(n), recipient=""),
    "original recipient": lambda n: dsn(to=bounce_to(n), recipient="p@intern.example.org", original=person(n)),
    "BATV": lambda n: dsn(to=f"prvs=0001aabbcc={bounce_to(n)}", recipient=person(n)),
}


async def test_a_bounce_is_known_by_its_token_however_it_comes_back(database: Database) -> None:
    await sent(database, len(KNOWN_BOUNCES))
    post = Post(database)
    for number, (name, report) in enumerate(KNOWN_BOUNCES.items(), 1):
        await post.take(report(number))
        row = await post.last()
        assert (row["subscriber_id"], row["matched"], row["proven"]) == (number, "envelope", True), name
        assert len(await post.all(bounces)) == number, name


async def test_the_envelope_that_a_source_knows_is_enough(post: Post) -> None:
    await post.take(dsn(to=BOX, recipient="person-0@example.nl"), to=(bounce_to(1),))
    assert list(await post.suppressed()) == ["person-0@example.nl"]


async def test_without_a_bounce_mailbox_the_message_id_of_the_letter_is_the_proof(post: Post) -> None:
    report = dsn(to="kennisdagen@nieuwsbrief.example.nl", recipient="person-0@example.nl", returned=id_of(1))
    await post.take(report)
    assert not await post.suppressed()  # whoever got the letter, or an answer to it, knows its Message-ID
    post.mail = Mail()
    await post.take(report.replace(b"report-0", b"report-9"))
    assert list(await post.suppressed()) == ["person-0@example.nl"]


async def test_a_mailbox_that_the_mail_goes_on_to_costs_the_subscriber_nothing_at_once(post: Post) -> None:
    await post.take(bounce(recipient="elders@example.com"))
    assert not await post.suppressed()
    assert [row["weight"] for row in await post.all(bounces)] == ["soft"]
    [(subscriber, kind, evidence)] = await post.proposed()
    assert (subscriber, kind) == (1, "unproven")
    assert evidence.startswith("userunknown elders@example.com: ")


async def test_a_full_mailbox_costs_nobody_their_mail_and_ten_days_of_it_do(post: Post) -> None:
    for day in range(9):
        at = AT + timedelta(days=day)
        await post.take(*(bounce(number=100 * day + one, **FULL) for one in range(10)), at=at)
    assert not await post.suppressed()
    assert post.said == [
        f"subscriber #1: score 0.5 of 1 by bounces, the last mailboxfull; {REMINDER}; "
        "at 1, nothing is sent to them any more"
    ]
    await post.take(bounce(number=999, **FULL), at=AT + timedelta(days=9))
    assert list(await post.suppressed()) == ["person-0@example.nl"]


async def test_a_delay_weighs_nothing(post: Post) -> None:
    for day in range(20):
        await post.take(bounce(number=day, action="delayed", status="4.4.1", said="connection timed out"))
    assert not await post.suppressed()
    assert {row["weight"] for row in await post.all(bounces)} == {"delayed"}


async def test_a_person_who_lifts_a_suppression_begins_anew(post: Post) -> None:
    await post.take(bounce())
    await objection.lift(post.database, "person-0@example.nl", now=AT)
    await post.take(bounce(number=1, **FULL), at=AT + timedelta(days=1))
    assert not await post.suppressed()


# ---- forgeries

OTHER = b"o" * 32
FORGERIES = {
    "no token": dsn(to=BOX, recipient="person-0@example.nl"),
    "a Message-ID only": dsn(to=BOX, recipient="person-0@example.nl", returned=id_of(1)),
    "key of another store": dsn(to=bounce_to(1, OTHER), recipient="person-0@example.nl", returned=id_of(1, OTHER)),
    "truncated": dsn(
        to=bounce_to(1).replace("@", "@", 1).replace(bounce_to(1)[-40:-30], ""), recipient="person-0@example.nl"
    ),
    "a reply token": dsn(to=answer_to(1).replace("antwoord+", "bounces+"), recipient="person-0@example.nl"),
    "a Message-ID as token": dsn(to=f"bounces+{id_of(1)}", recipient="person-0@example.nl"),
    "an unsubscribe token": dsn(to=f"bounces+{link_of(1, ON)}@nieuwsbrief.example.nl", recipient="person-0@example.nl"),
    "a letter that never was": dsn(to=bounce_to(999), recipient="person-0@example.nl"),
    "a letter beyond counting": dsn(to=bounce_to(2**80), recipient="person-0@example.nl"),
    "a link beyond counting": mail("", subject=f"unsubscribe {link_of(2**80, ON)}"),
    "the token of somebody else": dsn(to=bounce_to(2), recipient="person-0@example.nl"),
    "a token and a letter of two people": dsn(to=bounce_to(2), recipient="person-0@example.nl", returned=id_of(1)),
    "a complaint without token": arf(recipient="person-0@example.nl"),
    "a complaint of another store": arf(
        recipient="person-0@example.nl", link=link_of(1, ON, OTHER), returned=id_of(1, OTHER)
    ),
    "a complaint with a swapped purpose": arf(recipient="person-0@example.nl", link=id_of(1).partition("@")[0]),
    "leaving without a token of ours": mail("", subject=f"unsubscribe {link_of(1, ON, OTHER)}"),
    "leaving with a token of another purpose": mail("", subject=f"unsubscribe {make_token(SECRET, 'confirm', 1, ON)}"),
    "leaving a list that they are not on": mail("", subject=f"unsubscribe {link_of(1, OFF)}"),
    "leaving by nobody": mail("", subject=f"unsubscribe {link_of(0, 0)}", author="vreemd@example.com"),
    "leaving with a guess": mail("", subject=f"unsubscribe {'0' * 36}", author="vreemd@example.com"),
    "leaving by a machine": mail("", subject=f"unsubscribe {link_of(1, ON)}", more="Auto-Submitted: auto-replied\r\n"),
}


#: In these somebody else's own token stands, or a machine's: what they prove is not what they say.
REAL_TOKENS = {"the token of somebody else", "a token and a letter of two people", "leaving by a machine"}


async def test_a_forgery_changes_nothing_and_tells_nothing(post: Post) -> None:
    before = await dump(post)
    for name, raw in FORGERIES.items():
        await post.take(raw)
        assert await dump(post) == before, name
        row = await post.last()
        assert row["state"] in ("handled", "set_aside"), name
        assert not row["proven"] or name in REAL_TOKENS, name


# ---- complaints


#: Complaints about the letter of subscriber N; some providers say of whom, others take that out.
KNOWN_COMPLAINTS: dict[str, Callable[[int], bytes]] = {
    "as Microsoft's": lambda n: arf(link=link_of(n, ON)),
    "Message-ID": lambda n: arf(returned=id_of(n)),
    "returned path": lambda n: arf(path=bounce_to(n)),
    "as Yahoo's": lambda n: arf(link=link_of(n, ON), recipient="ander@example.com"),
}


async def test_a_complaint_ends_all_mail_at_once(database: Database) -> None:
    await sent(database, len(KNOWN_COMPLAINTS))
    post = Post(database)
    for number, (name, report) in enumerate(KNOWN_COMPLAINTS.items(), 1):
        await post.take(report(number))
        assert (await post.suppressed()).get(person(number)) == f"complaint: abuse; {REMINDER}", name
        assert len(await post.suppressed()) == number, name
    assert not post.said


async def test_a_complaint_that_nobody_can_be_found_for_is_told(post: Post) -> None:
    await post.take(arf(recipient="person-0@example.nl"))
    assert await post.outcome() == "unmatched"
    assert [one.partition(":")[0] for one in post.said] == ["a complaint could not be matched to anybody"]
    assert await post.notes("complaints") == ["unmatched complaint"]


async def test_what_is_no_complaint_costs_nobody_anything(post: Post) -> None:
    await post.take(*(arf(link=link_of(1, ON), kind=kind) for kind in ("not-spam", "auth-failure")))
    assert not await post.suppressed()


# ---- leaving


#: Subscriber N wants to leave.
WISHES: dict[str, Callable[[int], bytes]] = {
    "empty": lambda n: mail("", subject=f"unsubscribe {link_of(n, ON)}", author="ander@example.com"),
    "capitals": lambda n: mail("", subject=f"Unsubscribe {link_of(n, ON).upper()}"),
    "Gmail": lambda n: mail(
        "This message was automatically generated by Gmail.", subject=f"unsubscribe {link_of(n, ON)}"
    ),
    "Apple Mail": lambda n: mail(
        "Apple Mail sent this email to unsubscribe from the message.", subject=f"unsubscribe {link_of(n, ON)}"
    ),
    "reply": lambda n: mail("afmelden", answers=id_of(n)),
    "reply address": lambda n: mail(
        "Graag afmelden.\r\n\r\nGroet,\r\nJan", to=answer_to(n), author="alias@example.com"
    ),
}


async def test_somebody_leaves_by_mail(database: Database) -> None:
    await sent(database, len(WISHES))
    post = Post(database)
    for number, (name, wish) in enumerate(WISHES.items(), 1):
        await post.take(wish(number))
        assert await post.outcome() == "left", name
        assert await post.left() == {person(one) for one in range(1, number + 1)}, name
        await post.take(wish(number).replace(b"mail-0", b"mail-1"))
        assert await post.outcome() == "left before", name
    assert not await post.proposed()


async def test_by_a_link_or_a_reply_people_leave_every_list_that_brings_these_letters(post: Post) -> None:
    async with post.database.write() as tx:
        for key in (person(1), person(2)):
            await subscribers.subscribe(tx, OFF, [key], now=AT)
    await post.take(mail("", subject=f"unsubscribe {link_of(1, ON)}"), mail("afmelden", answers=id_of(2), number=1))
    async with post.database.read() as tx:
        found = [[row["state"] for row in await subscribers.subscriptions_of(tx, one)] for one in (1, 2)]
    assert found == [["unsubscribed", "unsubscribed"]] * 2


async def test_who_got_a_letter_passed_on_takes_nobody_else_off(post: Post) -> None:
    thread = f"In-Reply-To: <x@example.org>\r\nReferences: <{id_of(1)}> <x@example.org>\r\n"
    await post.take(mail("afmelden", author="collega@example.org", more=thread))
    assert await post.left() == set()
    assert await post.proposed() == [(1, "leave", "afmelden")]
    await post.take(mail("afmelden", more=thread, number=1))
    assert await post.left() == {person(1)}


async def test_what_we_answer_ourselves_takes_nobody_off(post: Post) -> None:
    for number, said in enumerate(("Afmelden", "U wilde zich afmelden. Dat is gebeurd. Wilt u ons nog zeggen waarom?")):
        await post.take(mail(said, author=CONTACT, to=person(1), answers=id_of(1), number=number))
        assert (await post.left(), await post.proposed()) == (set(), []), said


async def test_a_wish_that_only_an_address_stands_for_is_put_to_a_person(post: Post) -> None:
    await post.take(mail("afmelden"))
    assert await post.left() == set()
    assert await post.proposed() == [(1, "leave", "afmelden")]
    async with post.database.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM forwards WHERE address = :to"), {"to": CONTACT}) == 1


async def test_who_asks_to_be_taken_off_and_says_more_reaches_a_person(post: Post) -> None:
    await post.take(
        mail("Wilt u mij uitschrijven? Ik werk hier nog maar kort.\r\nHaal mij van de lijst.", answers=id_of(1))
    )
    assert await post.left() == set()
    assert await post.proposed() == [(1, "leave", "Wilt u mij uitschrijven?")]
    async with post.database.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM replies")) == 1


async def test_who_cannot_come_does_not_leave(post: Post) -> None:
    await post.take(mail("Ik wil mij graag afmelden voor de workshop, want ik ben ziek. Tot ziens.", answers=id_of(1)))
    assert await post.left() == set()
    assert await post.proposed() == []


# ---- machines that answer


async def test_who_has_left_an_organisation_becomes_a_proposal_with_its_sentence(post: Post) -> None:
    said = "Dag.\r\nIk ben niet meer werkzaam bij de gemeente. Mail voortaan naar opvolger@example.nl.\r\nGroet"
    auto: dict[str, Any] = {"subject": "Automatisch antwoord: Kennisdag", "more": "Auto-Submitted: auto-replied\r\n"}
    await post.take(mail(said, to=bounce_to(1), **auto))
    await post.take(mail(said, to=bounce_to(1), number=2, **auto))
    assert await post.proposed() == [(1, "left", "Ik ben niet meer werkzaam bij de gemeente.")]
    async with post.database.read() as tx:
        [row] = await proposals.listing(tx)
    assert row["proposed"] == {"address": "opvolger@example.nl"}
    assert (await post.left(), await post.suppressed()) == (set(), {})


async def test_who_is_away_reaches_nobody_and_loses_nothing(post: Post) -> None:
    before = await dump(post)
    for number, more in enumerate(("Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: auto_reply")):
        away = mail("Ik ben afwezig tot 3 mei.", to=bounce_to(1), more=f"{more}\r\n", number=number)
        await post.take(away)
        assert await dump(post) == before, more
    assert not await post.proposed()


async def test_a_receipt_is_ignored(post: Post) -> None:
    before = await dump(post)
    raw = mail("gelezen", to=bounce_to(1)).replace(
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Type: multipart/report; report-type=disposition-notification",
    )
    await post.take(raw)
    assert (await post.last())["kind"] == "auto_reply"
    assert await dump(post) == before


async def test_a_challenge_reaches_a_person_and_nobody_clicks(post: Post) -> None:
    text_ = "Please click the link below to confirm that you are a real person: https://challenge.example.com/x"
    await post.take(
        mail(text_, subject="Please confirm your message", to=bounce_to(1), more="Auto-Submitted: auto-replied\r\n")
    )
    assert (await post.last())["verdict"]["reason"] == "challenge"
    assert await post.outcome() == "to a person"
    async with post.database.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM forwards")) == 1
