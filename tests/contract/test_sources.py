"""One suite for every place that messages come from: a folder, a Maildir, LMTP, IMAP (Dovecot, a server of ours)."""

import asyncio
import imaplib
import shutil
import smtplib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import SecretStr

from newsletter.errors import StoreError
from newsletter.inbound.incoming import Source
from newsletter.inbound.sources.folder import FolderSource
from newsletter.inbound.sources.imap import ImapSource
from newsletter.inbound.sources.lmtp import LmtpSource
from newsletter.inbound.sources.maildir import MaildirSource
from newsletter.inbound.sources.reading import Memory
from newsletter.inbound.telling.message import LONGEST
from newsletter.settings import Imap
from newsletter.store.database import open_database
from tests.imap_server import Server, imap_server
from tests.intake import Intake
from tests.mail_system import PASSWORD, MailSystem, mail_system

ADDRESS = "bureau@example.nl"
#: It is started once, by whichever process of the tests gets these.
DOVECOT = pytest.param("dovecot", marks=pytest.mark.xdist_group("sources: dovecot"))
#: What sources take whole, in these tests.
LARGEST = LONGEST + 200_000


def letter(number: int, size: int = 0) -> bytes:
    head = f"From: Zoë <zoe@example.org>\r\nTo: {ADDRESS}\r\nMessage-ID: <{number}@example.org>\r\n\r\n"
    return head.encode() + b".Dag\r\n..\r\n" + b"x" * 70 * (size > 0) + b"\r\n" + (b"y" * 70 + b"\r\n") * (size // 72)


class Place(Protocol):
    """Where messages are put for a source, and what others see of it."""

    async def put(self, raw: bytes) -> None: ...
    async def source(self, memory: Memory) -> Source:
        """The source as a process that has just started makes it."""
        ...

    async def look(self, source: Source, intake: Intake) -> None:
        """Let it take what is there."""
        ...

    async def seen(self) -> Any:
        """What another user of the mailbox sees: names, flags, what is recent."""
        ...


class _Looked:
    async def look(self, source: Source, intake: Intake) -> None:
        try:
            await source.round(intake.take)
        finally:
            await source.close()


class FolderPlace(_Looked):
    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count()
        folder.mkdir()

    async def put(self, raw: bytes) -> None:
        (self.folder / f"{next(self.numbers)}.eml").write_bytes(raw)

    async def source(self, memory: Memory) -> Source:
        return FolderSource(self.folder, memory, rest=0)

    async def seen(self) -> Any:
        return [(path.name, path.stat().st_mtime_ns) for path in sorted(self.folder.iterdir())]


class MaildirPlace(_Looked):
    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count()
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True)

    async def put(self, raw: bytes) -> None:
        number = next(self.numbers)
        name = f"new/17.{number}.host" if number % 2 else f"cur/17.{number}.host:2,RS"
        (self.folder / name).write_bytes(raw)

    async def source(self, memory: Memory) -> Source:
        return MaildirSource(self.folder, memory)

    async def seen(self) -> Any:
        return sorted(path.relative_to(self.folder) for path in self.folder.rglob("*"))


class LmtpPlace:
    """A mail server that keeps what it could not hand over, and tries again."""

    def __init__(self, folder: Path) -> None:
        self.socket, self.queue = folder / "lmtp", list[bytes]()

    async def put(self, raw: bytes) -> None:
        self.queue.append(raw)

    async def source(self, memory: Memory) -> Source:
        return LmtpSource(str(self.socket), memory)

    async def look(self, source: Source, intake: Intake) -> None:
        assert isinstance(source, LmtpSource)
        watching = asyncio.create_task(source.watch(intake.take))
        await source.ready.wait()
        before = len(self.queue)
        await asyncio.to_thread(self.hand_over)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        if before and len(self.queue) == before and intake.broken:
            raise StoreError("handed over again later")

    def hand_over(self) -> None:
        with smtplib.LMTP(str(self.socket), timeout=20) as server:
            server.ehlo()
            for raw in list(self.queue):
                server.docmd("MAIL", f"FROM:<zoe@example.org> SIZE={len(raw)}")
                code, _ = server.rcpt(ADDRESS)
                if code == 250:
                    code, _ = server.data(raw)
                if code != 451:
                    self.queue.remove(raw)
                server.rset()

    async def seen(self) -> Any:
        return ()


class DovecotPlace(_Looked):
    def __init__(self, system: MailSystem) -> None:
        self.system = system

    async def put(self, raw: bytes) -> None:
        await asyncio.to_thread(self._put, raw)

    def _put(self, raw: bytes) -> None:
        with smtplib.LMTP(str(self.system.folder / "run/lmtp"), timeout=20) as server:
            server.sendmail("zoe@example.org", ADDRESS, raw)

    async def source(self, memory: Memory) -> Source:
        settings = Imap(host="127.0.0.1", port=self.system.imap, username=ADDRESS, password=SecretStr(PASSWORD))
        return ImapSource(settings, memory)

    async def seen(self) -> Any:
        return await asyncio.to_thread(self._seen)

    def _seen(self) -> Any:
        with imaplib.IMAP4("127.0.0.1", self.system.imap, timeout=20) as session:
            session.login(ADDRESS, PASSWORD)
            session.select(readonly=True)
            _, flags = session.fetch("1:*", "(UID FLAGS)")
            _, status = session.status("INBOX", "(MESSAGES RECENT UNSEEN UIDVALIDITY)")
            return flags, status


class ScriptedPlace(_Looked):
    def __init__(self, server: Server) -> None:
        self.server = server

    async def put(self, raw: bytes) -> None:
        self.server.add(raw)

    async def source(self, memory: Memory) -> Source:
        settings = Imap(host="127.0.0.1", port=self.server.port, username=ADDRESS, password=SecretStr(PASSWORD))
        return ImapSource(settings, memory)

    async def seen(self) -> Any:
        assert not [line for line in self.server.commands if line.startswith(("SELECT", "UID STORE", "EXPUNGE"))]
        return {uid: message.flags for uid, message in self.server.messages.items()}


@pytest.fixture(scope="module")
def dovecot() -> Iterator[MailSystem]:
    with mail_system() as system:
        yield system


@pytest.fixture
async def memory(tmp_path: Path, intake: Intake) -> AsyncIterator[Memory]:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    yield Memory(database=database, known=intake.known, poll_seconds=0.05, largest=LARGEST, address=ADDRESS)
    await database.close()


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture(params=["folder", "maildir", "lmtp", DOVECOT, "scripted"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with placed(request, tmp_path) as made:
        yield made


@pytest.fixture(params=["folder", "maildir", DOVECOT, "scripted"])
async def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A place that is looked into, not one that brings."""
    async with placed(request, tmp_path) as made:
        yield made


@asynccontextmanager
async def placed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    match request.param:
        case "folder":
            yield FolderPlace(tmp_path / "letters")
        case "maildir":
            yield MaildirPlace(tmp_path / "Maildir")
        case "lmtp":
            yield LmtpPlace(tmp_path)
        case "dovecot":
            system: MailSystem = request.getfixturevalue("dovecot")
            # Homes are made with the first letter; an emptied one has another UIDVALIDITY.
            shutil.rmtree(system.folder / "mail" / ADDRESS, ignore_errors=True)
            yield DovecotPlace(system)
        case _:
            async with imap_server() as server:
                yield ScriptedPlace(server)


async def test_every_message_is_handed_over_once_and_as_it_is(place: Place, memory: Memory, intake: Intake) -> None:
    letters = [letter(number) for number in range(5)]
    for raw in letters:
        await place.put(raw)
    source = await place.source(memory)
    for _ in range(2):
        await place.look(source, intake)
    assert _bodies(intake) == letters
    assert set(intake.times.values()) == {1}
    assert {one.source for one in intake.taken} == {source.name}
    assert {one.address for one in intake.taken} == {ADDRESS}
    assert not any(one.trouble for one in intake.taken)


async def test_after_a_restart_only_what_is_new_is_handed_over(place: Place, memory: Memory, intake: Intake) -> None:
    await place.put(letter(1))
    await place.look(await place.source(memory), intake)
    await place.put(letter(2))
    await place.look(await place.source(memory), intake)
    assert _bodies(intake) == [letter(1), letter(2)]
    assert set(intake.times.values()) == {1}


async def test_what_could_not_be_stored_is_handed_over_again_later(
    place: Place, memory: Memory, intake: Intake
) -> None:
    for number in range(3):
        await place.put(letter(number))
    source = await place.source(memory)
    intake.broken = True
    with pytest.raises(StoreError):
        await place.look(source, intake)
    intake.broken = False
    await place.look(source, intake)
    assert _bodies(intake) == [letter(number) for number in range(3)]


async def test_a_message_has_the_same_key_after_a_restart(place: Place, memory: Memory, intake: Intake) -> None:
    for number in range(3):
        await place.put(letter(number))
    await place.look(await place.source(memory), intake)
    # Another store, that knows nothing yet, gets the same keys.
    other = Intake()
    if isinstance(place, LmtpPlace):
        place.queue = [letter(number) for number in range(3)]
    fresh = await open_database("sqlite://")
    await place.look(await place.source(replace(memory, database=fresh, known=other.known)), other)
    await fresh.close()
    assert other.times == intake.times


async def test_nothing_in_the_mailbox_changes(place: Place, memory: Memory, intake: Intake) -> None:
    for number in range(3):
        await place.put(letter(number))
    before = await place.seen()
    source = await place.source(memory)
    await place.look(source, intake)
    await place.look(source, intake)
    assert len(intake.taken) == 3
    assert await place.seen() == before


async def test_a_message_that_is_too_large_is_set_aside_and_stops_nothing(
    mailbox: Place, memory: Memory, intake: Intake
) -> None:
    large = letter(1, LARGEST + 100)
    for raw in (letter(0), large, letter(2)):
        await mailbox.put(raw)
    await mailbox.look(await mailbox.source(memory), intake)
    [aside] = [one for one in intake.taken if one.trouble]
    assert _shorn(aside.raw) == _shorn(large)[: len(_shorn(aside.raw))]
    assert LONGEST // 2 < len(aside.raw) <= LONGEST
    assert f"more than {LARGEST:,} are not taken" in aside.trouble
    assert len(intake.taken) == 3


async def test_a_message_larger_than_what_is_looked_at_is_taken_whole(
    place: Place, memory: Memory, intake: Intake
) -> None:
    """A reply with photographs must be sent on with all of them."""
    large = letter(1, LONGEST + 100_000)
    await place.put(large)
    await place.look(await place.source(memory), intake)
    assert _bodies(intake) == [large]
    assert not intake.taken[0].trouble


async def test_new_mail_is_noticed_while_watching(mailbox: Place, memory: Memory, intake: Intake) -> None:
    await mailbox.put(letter(0))
    source = await mailbox.source(memory)
    watching = asyncio.create_task(source.watch(intake.take))
    try:
        async with asyncio.timeout(20):
            await intake.wait_for(1)
            await mailbox.put(letter(1))
            await intake.wait_for(2)
            await mailbox.put(letter(2))
            await intake.wait_for(3)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await source.close()
    assert _bodies(intake) == [letter(0), letter(1), letter(2)]
    assert set(intake.times.values()) == {1}


def _bodies(intake: Intake) -> list[bytes]:
    return sorted(_shorn(one.raw) for one in intake.taken)


def _shorn(raw: bytes) -> bytes:
    """Without what a mail server has put in front."""
    return raw[max(raw.find(b"From: Zo"), 0) :]
