"""What comes back finds its way: letters through a real Postfix into a real Dovecot, and all that is sent in answer.

One mailing to people of whom some are gone, full, away, or glad. They, their mail servers and their calendars
answer; all of it comes back through the same Postfix, into a mailbox that we look into, or to us by LMTP. What came of
it is asked of the command line.
"""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dkim  # type: ignore[import-untyped]
import httpx
import pytest

from newsletter.inbound.telling.classify import classify_part
from newsletter.inbound.telling.message import parse
from tests import mail_system as mail
from tests.e2e import answers
from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.groene_wijken import CONTACT, EVENT, INVITATION, PRACTICAL, PUBLIC_URL, REMINDER, prepare
from tests.mail_system import MailSystem, free_ports, mail_system, wait_until

pytestmark = pytest.mark.xdist_group("inbound")

BOX = "post@example.nl"

COMES = "fatima.yilmaz@example.nl"
STAYS_AWAY = "pieter.vandenberg@example.org"
ASKS = "zoe.hooft@example.org"
LEAVES_BY_MAIL = "jurgen.gross@example.com"
LEAVES_ON_THE_PAGE = "oyvind@example.com"
LEAVES_IN_WORDS = "chloe.lefevre@example.org"
GONE = f"info@{mail.ABSENT}"
MISTRUSTED = f"raad@{mail.SUSPICIOUS}"
PEOPLE = {
    COMES: "Fatima Yılmaz-de Groot",
    STAYS_AWAY: "Pieter van den Berg",
    ASKS: "Zoë van ’t Hooft",
    LEAVES_BY_MAIL: "Jürgen Groß",
    LEAVES_ON_THE_PAGE: "Øyvind Åsen",
    LEAVES_IN_WORDS: "Chloé Lefèvre",
    mail.UNKNOWN: "Bas Vertrokken",
    mail.FULL: "Anneke Vol",
    mail.AWAY: "Joost van der Åa",
    GONE: "Gemeente Weg",
    MISTRUSTED: "Griffie Streng",
}
#: Messages that come back: all answer, but who leaves on the page.
CAME = len(PEOPLE) - 1
#: Who gets nothing any more.
LEFT = {LEAVES_BY_MAIL, LEAVES_ON_THE_PAGE, LEAVES_IN_WORDS, mail.UNKNOWN, GONE}
QUESTION = "Dag Kennisdagen,\n\nIs de zaal ook met een rolstoel te bereiken? Eén collega van mij komt graag mee.\n\nZoë"


@pytest.fixture(scope="module")
def running() -> Iterator[MailSystem]:
    with mail_system() as system:
        yield system


@pytest.fixture
def system(running: MailSystem) -> MailSystem:
    running.empty()
    return running


# What the mail system returns, told for what it is


@pytest.mark.parametrize(
    ("recipient", "kind", "hard", "reason"),
    [
        (mail.UNKNOWN, "bounce", True, "userunknown"),
        (mail.FULL, "bounce", False, "mailboxfull"),
        (GONE, "bounce", True, "hostunknown"),
        (MISTRUSTED, "bounce", False, "spamdetected"),
        (f"post@{mail.UNREACHABLE}", "bounce", False, "networkerror"),
        (mail.AWAY, "auto_reply", None, "away"),
    ],
)
def test_what_postfix_and_sieve_send_back_is_told_for_what_it_is(
    recipient: str, kind: str, hard: bool | None, reason: str, system: MailSystem
) -> None:
    letter = (
        f"From: {CONTACT}\r\nTo: {recipient}\r\nSubject: Groene wijken\r\nMessage-ID: <1@example.nl>\r\n\r\nDag.\r\n"
    )
    system.send(BOX, [recipient], letter.encode())
    if recipient.endswith(mail.UNREACHABLE):
        system.expire()
    [raw] = system.mailbox(BOX, 1)
    verdict = classify_part(parse(raw))
    assert (verdict.kind.value, verdict.hard, verdict.reason) == (kind, hard, reason)
    assert verdict.recipients == ((recipient,) if kind == "bounce" else ())


# The whole way


@dataclass
class Way:
    """A way by which mail comes back, and the settings that it asks for."""

    name: str
    box: str
    settings: Callable[[MailSystem], dict[str, str]]


def by_imap(system: MailSystem) -> dict[str, str]:
    return {
        "NEWSLETTER_IMAP__HOST": "127.0.0.1",
        "NEWSLETTER_IMAP__PORT": str(system.imap),
        "NEWSLETTER_IMAP__USERNAME": BOX,
        "NEWSLETTER_IMAP__PASSWORD": mail.PASSWORD,
        # Long after this test has failed: only what the server tells by itself (IDLE) comes in time.
        "NEWSLETTER_INBOUND__POLL_SECONDS": "3600",
    }


def by_two_mailboxes(system: MailSystem) -> dict[str, str]:
    second = {name.replace("IMAP__", "IMAP2__"): value for name, value in by_imap(system).items()}
    second |= {"NEWSLETTER_IMAP2__USERNAME": CONTACT, "NEWSLETTER_MAIL__REPLY_ADDRESS": ""}
    return by_imap(system) | second


def by_lmtp(system: MailSystem) -> dict[str, str]:
    return {"NEWSLETTER_INBOUND__LMTP": f"127.0.0.1:{system.newsletter}"}


WATCHED = [Way("imap", BOX, by_imap), Way("lmtp", mail.HANDED, by_lmtp)]


@dataclass
class Stage:
    """A working folder on a mail system."""

    folder: Folder
    system: MailSystem
    box: str
    web: int = field(default_factory=lambda: free_ports(1)[0])

    @asynccontextmanager
    async def running(self, *command: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
        before = dict(self.folder.settings)
        self.folder.settings |= settings
        process = await self.folder.start(*command)
        try:
            yield process
            process.terminate()
            assert await process.wait() == 0
        except AssertionError as error:
            if process.returncode is None:
                process.terminate()
            said, _ = await process.communicate()
            error.add_note(f"newsletter {' '.join(command)} said: {said.decode()}")
            raise
        finally:
            self.folder.settings = before
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def send_out(self, process: asyncio.subprocess.Process, mailing: str, recipients: int) -> None:
        command = ("mailing", "schedule", mailing, "--at", "now", "--recipients", str(recipients))
        await asyncio.to_thread(self.folder.run, *command)
        await wait_for_line(process, f"{mailing}: sent", seconds=60)

    async def listing(self, *command: str) -> Any:
        done = await asyncio.to_thread(self.folder.run, *command, "--json")
        return json.loads(done.stdout)

    async def letter(self, address: str, count: int = 1) -> bytes:
        """The last letter in a mailbox, once it has so many."""
        return (await asyncio.to_thread(self.system.mailbox, address, count))[-1]

    async def give(self, *given: answers.Answer) -> None:
        for answer in given:
            await asyncio.to_thread(self.system.send, answer.sender, answer.recipients, answer.message)

    async def handled(self, count: int) -> None:
        """Wait until so many messages have been handled."""
        await asyncio.to_thread(
            wait_until, lambda: self._handled() >= count, f"of {count} messages, some are not handled"
        )

    def _handled(self) -> int:
        store = self.folder.path / "var/newsletter.sqlite"
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            found: tuple[int] = connection.execute("SELECT count(*) FROM messages WHERE state <> 'new'").fetchone()
            return found[0]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with people and an event, from which nothing was sent yet."""
    folder = Folder(tmp_path_factory.mktemp("inbound"))
    folder.run("init", ".")
    prepare(folder, PEOPLE)
    return folder.path


@pytest.fixture
def stage(prepared: Path, tmp_path: Path, system: MailSystem, request: pytest.FixtureRequest) -> Stage:
    made = Stage(Folder(shutil.copytree(prepared, tmp_path / "werk")), system, request.param)
    made.folder.settings |= {
        "NEWSLETTER_SMTP__HOST": "127.0.0.1",
        "NEWSLETTER_SMTP__PORT": str(system.tolerant),
        "NEWSLETTER_SCHEDULE__REFRESH_SECONDS": "0.2",
        "NEWSLETTER_MAIL__BOUNCE_ADDRESS": made.box,
        "NEWSLETTER_MAIL__REPLY_ADDRESS": made.box,
        "NEWSLETTER_MAIL__PUBLIC_URL": PUBLIC_URL,
        "NEWSLETTER_MAIL__RELAY_SIGNS": "true",
    }
    return made


def stages(*ways: Way) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("stage", "way"), [(way.box, way) for way in ways], indirect=["stage"], ids=[way.name for way in ways]
    )


@stages(*WATCHED)
async def test_all_that_comes_back_while_it_runs_lands_where_it_should(stage: Stage, way: Way) -> None:
    settings = way.settings(stage.system) | {"NEWSLETTER_WEB__LISTEN": f"127.0.0.1:{stage.web}"}
    async with stage.running("run", **settings) as process:
        await wait_for_line(process, "running", seconds=60)
        await stage.send_out(process, INVITATION, len(PEOPLE))
        asked = await everybody_answers(stage)
        await leave_on_the_page(stage)
        await stage.handled(CAME)
        await check_that_it_landed(stage)
        await check_that_the_question_is_sent_on(stage, asked)
        await check_that_an_answer_closes_the_question(stage)
        await check_that_later_mailings_go_to_who_is_left(stage, process)


@stages(WATCHED[0])
async def test_all_that_came_back_while_nothing_ran_is_found_by_one_look(stage: Stage, way: Way) -> None:
    async with stage.running("run") as process:
        await wait_for_line(process, "running", seconds=60)
        await stage.send_out(process, INVITATION, len(PEOPLE))
        asked = await everybody_answers(stage)
    async with stage.running("web", "--listen", f"127.0.0.1:{stage.web}") as process:
        await wait_for_line(process, str(stage.web), seconds=60)
        await leave_on_the_page(stage)
    await asyncio.to_thread(stage.system.mailbox, BOX, CAME)
    marks = stage.system.marks(BOX)
    stage.folder.settings |= way.settings(stage.system)
    found = await stage.listing("inbound", "poll", "--once")
    assert found["messages"] == {"auto_reply": 1, "bounce": 4, "calendar": 2, "reply": 1, "unsubscribe": 2}
    await check_that_it_landed(stage)
    await check_that_the_question_is_sent_on(stage, asked)
    assert (await stage.listing("inbound", "poll", "--once"))["messages"] == {}
    assert stage.system.marks(BOX) == marks, "in a mailbox nothing is deleted, moved or marked"
    assert len(stage.system.mailboxes()[CONTACT]) == 1, "a question is sent on once"


@stages(Way("shared", BOX, by_two_mailboxes))
async def test_in_a_mailbox_that_people_use_all_is_read_where_it_lies(stage: Stage, way: Way) -> None:
    """Replies go to the contact mailbox, and only bounces to a mailbox of ours."""
    stage.folder.settings |= way.settings(stage.system) | {"NEWSLETTER_WEB__LISTEN": f"127.0.0.1:{stage.web}"}
    async with stage.running("run") as process:
        await wait_for_line(process, "running", seconds=60)
        await stage.send_out(process, INVITATION, len(PEOPLE))
        asked = await everybody_answers(stage)
        await leave_on_the_page(stage)
        await stage.handled(CAME)
        await check_that_it_landed(stage)
        # He reads it, as we have, and goes on to the next.
        await asyncio.to_thread(stage.system.mark_read, CONTACT, 1)
    [question] = await stage.listing("replies", "list")
    assert question["mailing"] == INVITATION
    kept = stage.system.mailboxes()[CONTACT]
    assert len(kept) == 5, "nothing is sent on to where it lies already"
    assert [one for one in kept if one.endswith(asked.message)]
    assert [" ".join(marks) for marks in stage.system.marks(CONTACT)] == ["\\Seen", "", "", "", ""]


async def everybody_answers(stage: Stage) -> answers.Answer:
    """Those whose letter arrived; for the others Postfix or Sieve does. Returns the question of one of them."""
    asked = answers.reply(await stage.letter(ASKS), QUESTION)
    await stage.give(
        answers.calendar_answer(await stage.letter(COMES), "ACCEPTED"),
        answers.calendar_answer(await stage.letter(STAYS_AWAY), "DECLINED"),
        answers.leaving_by_mail(await stage.letter(LEAVES_BY_MAIL)),
        answers.reply(await stage.letter(LEAVES_IN_WORDS), "Afmelden"),
        asked,
    )
    return asked


async def leave_on_the_page(stage: Stage) -> None:
    """One click in a mail program (RFC 8058 §3.2), by way of the web server that stands in front of us."""
    letter = answers.read(await stage.letter(LEAVES_ON_THE_PAGE))
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    page = answers.page_to_leave(letter).replace(PUBLIC_URL, f"http://127.0.0.1:{stage.web}")
    async with httpx.AsyncClient() as client:
        done = await client.post(page, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200


async def check_that_it_landed(stage: Stage) -> None:
    came, shown, attendance, incidents, proposals = await asyncio.gather(
        stage.listing("inbound", "list"),
        stage.listing("recipients", "show", "gemeenten"),
        stage.listing("event", "attendance", EVENT),
        stage.listing("incidents", "list"),
        stage.listing("proposals", "list"),
    )
    assert {one["subscriber"]: (one["kind"], one["verdict"]["outcome"]) for one in came} == {
        number(COMES): ("calendar", "accepted"),
        number(STAYS_AWAY): ("calendar", "declined"),
        number(ASKS): ("reply", "to a person"),
        number(LEAVES_BY_MAIL): ("unsubscribe", "left"),
        number(LEAVES_IN_WORDS): ("unsubscribe", "left"),
        number(mail.UNKNOWN): ("bounce", "suppressed"),
        number(GONE): ("bounce", "suppressed"),
        number(mail.FULL): ("bounce", "scored"),
        number(MISTRUSTED): ("bounce", "policy"),
        number(mail.AWAY): ("auto_reply", "automatic"),
    }
    assert {one["state"] for one in came} == {"handled"}
    # An unsubscribe link is one's own for a list, whichever letter it stood in.
    assert {one["subscriber"] for one in came if one["mailing"] != INVITATION} == {number(LEAVES_BY_MAIL)}
    left = {one["address"] for one in shown if one["state"] == "unsubscribed"}
    assert left == {LEAVES_BY_MAIL, LEAVES_ON_THE_PAGE, LEAVES_IN_WORDS}
    suppressed = {one["address"]: one["suppressed"] for one in shown if one["suppressed"]}
    assert suppressed.keys() == {mail.UNKNOWN, GONE}
    assert suppressed[mail.UNKNOWN].startswith("bounce: userunknown")
    assert {one["address"]: one["answer"] for one in attendance["people"]} == {
        COMES: "accepted",
        STAYS_AWAY: "declined",
    }
    assert (attendance["invited"], attendance["counts"]["unanswered"]) == (len(PEOPLE), len(PEOPLE) - 2)
    assert [(one["domain"], one["reason"], one["count"]) for one in incidents] == [(mail.SUSPICIOUS, "spamdetected", 1)]
    assert proposals == []


async def check_that_the_question_is_sent_on(stage: Stage, asked: answers.Answer) -> None:
    """As its author wrote it, so that the signature of her mail server holds."""
    forwarded = await stage.letter(CONTACT)
    assert forwarded.endswith(asked.message)
    assert dkim.verify(forwarded, dnsfunc=answers.key_in_dns)
    fields = answers.read(forwarded)
    assert fields["X-Newsletter-Mailing"] == INVITATION
    assert fields["X-Newsletter-Subscriber"] == f"#{number(ASKS)}"
    [question] = await stage.listing("replies", "list")
    assert (question["state"], question["mailing"], question["working_days"]) == ("open", INVITATION, 0)
    assert ASKS in question["author"]


async def check_that_an_answer_closes_the_question(stage: Stage) -> None:
    """Who answers in the contact mailbox, to all, answers us too."""
    await stage.give(answers.answer_to_all(await stage.letter(CONTACT), CONTACT, "Dag Zoë, ja, er is een lift."))
    await stage.handled(CAME + 1)
    assert await stage.listing("replies", "list") == []
    assert len(stage.system.mailboxes()[CONTACT]) == 1, "nobody is sent their own answer"


async def check_that_later_mailings_go_to_who_is_left(stage: Stage, process: asyncio.subprocess.Process) -> None:
    await stage.send_out(process, REMINDER, len(PEOPLE.keys() - LEFT))
    await stage.send_out(process, PRACTICAL, 1)
    boxes = stage.system.mailboxes()
    assert {address: len(boxes[address]) for address in PEOPLE if address in boxes} == {
        COMES: 3,
        STAYS_AWAY: 2,
        ASKS: 3,  # and the answer to her question
        mail.AWAY: 2,
        LEAVES_BY_MAIL: 1,
        LEAVES_IN_WORDS: 1,
        LEAVES_ON_THE_PAGE: 1,
    }


def number(address: str) -> int:
    """Of a subscriber: they are numbered as they were brought in."""
    return list(PEOPLE).index(address) + 1
