"""What anybody may send us: forged bounces, complaints and answers, and links that were guessed. It changes nothing.

The store of a real working folder after a real mailing is written out before and after: but for what came in (messages,
and what is left for a person to judge) and the journal, which names ids only, it is the same. No answer of the pages
tells one wrong link from another.
"""

import asyncio
import hashlib
import json
import random
import re
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from email import message_from_bytes
from email.utils import make_msgid
from itertools import product
from pathlib import Path

import httpx
import pytest

from newsletter.outbox.envelope import FORWARD, MESSAGE, REPLY, UNSUBSCRIBE, VERP
from newsletter.outbox.organizer import ORGANIZER
from newsletter.store import journal
from newsletter.store.database import Database, open_database
from newsletter.subscribers.links import make_token
from newsletter.web.public import create_public
from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.groene_wijken import INVITATION, PUBLIC_URL, prepare

BOX = "post@example.nl"
VICTIM = "fatima.yilmaz@example.nl"
ATTACKER = "pieter.vandenberg@example.org"
PEOPLE = {
    VICTIM: "Fatima Yılmaz-de Groot",
    ATTACKER: "Pieter van den Berg",
    "zoe.hooft@example.org": "Zoë van ’t Hooft",
}
#: What comes in is kept, and what nobody could prove is shown to a person.
MAY_CHANGE = {"messages", "proposals", "journal", "cursors"}
OTHER_KEY = bytes(32)
PURPOSES = (VERP, MESSAGE, UNSUBSCRIBE, REPLY, FORWARD, ORGANIZER, "confirm", "")


@dataclass
class Store:
    """A working folder whose mailing has gone out, into files."""

    folder: Folder
    secret: bytes

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All of the store but what may change."""
        with closing(sqlite3.connect(self.folder.path / "var/newsletter.sqlite")) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
                for name in names
                if name not in MAY_CHANGE
            }

    def changed(self, before: dict[str, list[tuple[object, ...]]]) -> set[str]:
        """The tables of which anything is different."""
        return {name for name, rows in self.rows().items() if rows != before[name]}

    def sent(self) -> set[str]:
        """Names of the letters that left."""
        return {path.name for path in (self.folder.path / "var/outbox").iterdir()}

    def journal(self) -> str:
        with closing(sqlite3.connect(self.folder.path / "var/newsletter.sqlite")) as connection:
            return repr(connection.execute("SELECT subject, action, detail FROM journal").fetchall())

    def receive(self, *messages: bytes) -> None:
        """Have them read from a folder, as they came."""
        inbox = self.folder.path / "inbox"
        inbox.mkdir(exist_ok=True)
        for message in messages:
            (inbox / f"{hashlib.sha256(message).hexdigest()}.eml").write_bytes(message)
        self.folder.settings["NEWSLETTER_INBOUND__FOLDER"] = "inbox"
        self.folder.run("inbound", "poll", "--once")

    def letter(self, address: str) -> bytes:
        """The letter that somebody got."""
        [found] = [
            raw
            for path in (self.folder.path / "var/outbox").glob("*.eml")
            if address in message_from_bytes(raw := path.read_bytes())["To"]
        ]
        return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One for all tests: nothing that they do changes it."""
    folder = Folder(tmp_path_factory.mktemp("forged"))
    folder.run("init", ".")
    folder.settings |= {
        "NEWSLETTER_MAIL__BOUNCE_ADDRESS": BOX,
        "NEWSLETTER_MAIL__REPLY_ADDRESS": BOX,
        "NEWSLETTER_MAIL__PUBLIC_URL": PUBLIC_URL,
    }
    prepare(folder, PEOPLE)
    folder.run("mailing", "schedule", INVITATION, "--at", "now", "--recipients", str(len(PEOPLE)))
    return Store(folder, asyncio.run(sent_and_key(folder)))


async def sent_and_key(folder: Folder) -> bytes:
    """Send what is due; return the key that signs links."""
    running = await folder.start("run")
    await wait_for_line(running, f"{INVITATION}: sent", seconds=60)
    running.terminate()
    assert await running.wait() == 0
    async with opened(folder) as database, database.write() as tx:
        return await journal.secret(tx, b"")


@asynccontextmanager
async def opened(folder: Folder) -> AsyncIterator[Database]:
    database = await open_database("sqlite:///var/newsletter.sqlite", folder.path)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def spare(store: Store, tmp_path: Path) -> Store:
    """A copy, of which something may change."""
    return Store(
        Folder(Path(shutil.copytree(store.folder.path, tmp_path / "spare")), store.folder.settings), store.secret
    )


# Mail


def bounce(to: str, of: str = VICTIM, *, returned: bytes = b"") -> bytes:
    """A report that the address of `of` does not exist (RFC 3464), with the letter that it returns."""
    return report(
        to,
        "delivery-status",
        f"Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; {of}\r\nAction: failed\r\n"
        f"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <{of}>: user unknown\r\n",
        returned,
    )


def complaint(to: str, *, returned: bytes = b"") -> bytes:
    """A report that the letter is spam (RFC 5965)."""
    text = f"Feedback-Type: abuse\r\nUser-Agent: Loop/1.0\r\nVersion: 1\r\nOriginal-Rcpt-To: <{VICTIM}>\r\n"
    return report(to, "feedback-report", text, returned)


def report(to: str, kind: str, text: str, returned: bytes) -> bytes:
    subject = {"delivery-status": "Undelivered Mail Returned to Sender", "feedback-report": "FW: Groene wijken"}[kind]
    head = (
        f"Return-Path: <>\r\nDelivered-To: {to}\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n"
        f"To: {to}\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: {make_msgid()}\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind}; boundary="x"\r\n\r\n'
        f"--x\r\n\r\nSee below.\r\n--x\r\nContent-Type: message/{kind}\r\n\r\n{text}\r\n"
    )
    return head.encode() + b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + returned + b"\r\n--x--\r\n"


def wish(subject: str, *, to: str = BOX) -> bytes:
    """A mail that a mail program sends at a click on “unsubscribe”, in the name of somebody else."""
    return (
        f"From: {VICTIM}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
        f"Message-ID: {make_msgid()}\r\n\r\n\r\n"
    ).encode()


def plus(token: str) -> str:
    box, _, domain = BOX.partition("@")
    return f"{box}+{token}@{domain}"


def forged(store: Store) -> Iterator[bytes]:
    """What somebody can send who has read letters of ours, even that of the victim, but is not its mail server."""
    letter = store.letter(VICTIM)
    named = next(line for line in letter.split(b"\r\n") if line.startswith(b"Message-ID:"))
    # A token of a question that was sent on (FORWARD) is for bounces too, of that question.
    wrong = {
        *(make_token(store.secret, purpose, 1) for purpose in PURPOSES if purpose not in (VERP, FORWARD)),
        *(make_token(store.secret, VERP, *ids) for ids in [(), (1, 1), (999,)]),
        make_token(OTHER_KEY, VERP, 1),
        make_token(store.secret, VERP, 2)[:4] + make_token(store.secret, VERP, 1)[4:],
        make_token(store.secret, VERP, 1)[:-2],
    }
    for to in [BOX, *map(plus, sorted(wrong))]:
        for returned in (b"", letter, named + b"\r\n\r\n"):
            yield bounce(to, returned=returned)
        # A complaint about a letter is proven by what stands in that letter only.
        for returned in (b"", re.sub(rb"(?m)^(?:Message-ID|List-Unsubscribe):.*\r\n(?:[ \t].*\r\n)*", b"", letter)):
            yield complaint(to, returned=returned.partition(b"\r\n\r\n")[0])
    right = make_token(store.secret, UNSUBSCRIBE, 1, 1)
    for token in [*wrong_links(store), *guesses(store, 100)]:
        # What does not look like a token goes to a person, as what people write does.
        if token.strip() != right and re.fullmatch("[0-9a-f]{34,80}", token):
            yield wish(f"unsubscribe {token}")
            yield wish(f"unsubscribe {token}", to=plus(make_token(OTHER_KEY, REPLY, 1)))


def test_forged_reports_and_wishes_change_nothing_but_what_a_person_is_shown(store: Store) -> None:
    before, sent = store.rows(), store.sent()
    store.receive(*forged(store))
    assert store.changed(before) == set()
    assert store.sent() == sent, "nobody is answered"
    assert not re.search("|".join(map(re.escape, PEOPLE)), store.journal()), "the journal names ids only"


def test_of_ten_thousand_guessed_envelopes_none_does_anything(store: Store) -> None:
    """As many in each report as are looked at, in all the places that they are looked for in."""
    before, tokens = store.rows(), list(guesses(store, 10_000, make_token(store.secret, VERP, 1)))
    store.receive(
        *(
            bounce(
                ",\r\n ".join(map(plus, some)), returned=b"".join(b"References: <%b@x>\r\n" % t.encode() for t in some)
            )
            for some in (tokens[start : start + 100] for start in range(0, len(tokens), 100))
        )
    )
    assert store.changed(before) == set()


def test_with_the_right_tokens_the_same_would_have_done_something(spare: Store) -> None:
    """Without this, the tests above could not fail."""
    before = spare.rows()
    spare.folder.run("store", "confirm-host", "--yes")
    spare.receive(
        bounce(plus(make_token(spare.secret, VERP, 1))),
        complaint(plus(make_token(spare.secret, VERP, 2))),
        wish(f"unsubscribe {make_token(spare.secret, UNSUBSCRIBE, 3, 1)}"),
    )
    assert spare.changed(before) >= {"bounces", "suppressions", "subscriptions"}
    shown = json.loads(spare.folder.run("recipients", "show", "gemeenten", "--json").stdout)
    reasons = [(one["state"], (one["suppressed"] or "").partition(":")[0]) for one in shown]
    assert reasons == [("active", "bounce"), ("active", "complaint"), ("unsubscribed", "")]


# Links


@asynccontextmanager
async def pages(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(store.folder) as database:
        app = create_public(database, secret=store.secret, public=store.folder.path / "var/public")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            yield client


def wrong_links(store: Store) -> Iterator[str]:
    """Tokens that we made for something else, that somebody else made, and that were changed."""
    right = make_token(store.secret, UNSUBSCRIBE, 1, 1)
    for purpose, ids in product(PURPOSES, [(1,), (1, 1), (1, 1, 1), ()]):
        if (purpose, len(ids)) != (UNSUBSCRIBE, 2):
            yield make_token(store.secret, purpose, *ids)
    yield make_token(OTHER_KEY, UNSUBSCRIBE, 1, 1)
    yield make_token(store.secret, UNSUBSCRIBE, 1, 999)  # a list of which they were never
    yield make_token(store.secret, UNSUBSCRIBE, 999, 1)
    yield make_token(store.secret, UNSUBSCRIBE, 2**80, 1)
    other = make_token(store.secret, UNSUBSCRIBE, 2, 1)
    yield right[:4] + other[4:]
    yield other[:6] + right[6:]
    yield from (
        right[:-1],
        right[:-2],
        right + "00",
        "00" + right,
        f"{right} ",
        right[:10] + "%00" + right[10:],
        "0",
        "é",
    )


def guesses(store: Store, count: int, like: str = "") -> Iterator[str]:
    """What somebody may try who has seen links of ours: of the right length, with the right ids, with one bit wrong."""
    chance = random.Random(20261123)
    right = bytes.fromhex(like or make_token(store.secret, UNSUBSCRIBE, 1, 1))
    for number in range(count):
        match number % 3:
            case 0:
                yield chance.randbytes(len(right)).hex()
            case 1:
                yield (right[:3] + chance.randbytes(len(right) - 3)).hex()
            case _:
                bit = chance.randrange(8 * (len(right)))
                yield (int.from_bytes(right, "big") ^ 1 << bit).to_bytes(len(right), "big").hex()


def answered(response: httpx.Response) -> tuple[object, ...]:
    return response.status_code, tuple(sorted(response.headers.items())), response.content


async def test_no_wrong_link_does_anything_and_all_are_answered_alike(store: Store) -> None:
    before, noted = store.rows(), store.journal()
    assert make_token(store.secret, UNSUBSCRIBE, 1, 1).encode() in store.letter(VICTIM), "these are the ids of somebody"
    for method in ("GET", "POST"):
        async with pages(store) as client:
            said = {answered(await client.request(method, f"/u/{token}")) for token in wrong_links(store)}
        assert len(said) == 1
        assert {status for status, *_ in said} == {404}
    assert (store.rows(), store.journal()) == (before, noted)


async def test_of_ten_thousand_guessed_links_none_does_anything_and_all_are_answered_alike(store: Store) -> None:
    before, noted = store.rows(), store.journal()
    said = set()
    async with pages(store) as client:
        for number, token in enumerate(guesses(store, 10_000)):
            said.add(answered(await client.request("GET" if number % 10 else "POST", f"/u/{token}")))
    assert {status for status, *_ in said} == {404}
    assert len({content for *_, content in said}) == 1
    assert (store.rows(), store.journal()) == (before, noted)


async def test_a_right_link_would_have_done_something(spare: Store) -> None:
    """Without this, the tests above could not fail."""
    before = spare.rows()
    async with pages(spare) as client:
        done = await client.post(f"/u/{make_token(spare.secret, UNSUBSCRIBE, 1, 1)}")
    assert done.status_code == 200
    assert spare.changed(before) == {"subscriptions"}
