"""One suite for every way out: a folder of .eml files, and a real mail server on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from newsletter.outbox.outcome import OutcomeKind, Parcel, Transport
from newsletter.settings import Smtp
from newsletter.smtp.catchall import catch_all
from newsletter.smtp.client import SmtpTransport
from newsletter.smtp.folder import FolderTransport

HEAD = b"From: a@example.nl\r\nTo: b@example.nl\r\nSubject: x\r\nMessage-ID: <%s@example.nl>\r\n\r\n"


@pytest.fixture(params=["folder", "smtp"])
async def way_out(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Transport, Path]]:
    inbox = tmp_path / "inbox"
    if request.param == "folder":
        yield FolderTransport(inbox), inbox
        return
    async with catch_all(inbox) as port:
        yield SmtpTransport(Smtp(host="127.0.0.1", port=port)), inbox


async def test_each_letter_arrives_whole_in_a_file_of_its_own(way_out: tuple[Transport, Path]) -> None:
    transport, inbox = way_out
    letters = [HEAD % b"%d" % number + b"Dag.\r\n" for number in range(3)]
    async with transport.session() as session:
        for letter in letters:
            outcome = await session.send(Parcel("bounces@example.nl", "b@example.nl", letter))
            assert outcome.kind is OutcomeKind.SENT
    assert sorted(file.read_bytes() for file in inbox.glob("*.eml")) == letters


async def test_dots_and_from_lines_arrive_as_they_left(way_out: tuple[Transport, Path]) -> None:
    transport, inbox = way_out
    letter = HEAD % b"1" + b".\r\n..\r\n.x\r\nFrom hier\r\n\r\nMAIL FROM:<x@example.nl>\r\n.\r\n"
    async with transport.session() as session:
        await session.send(Parcel("bounces@example.nl", "b@example.nl", letter))
    assert [file.read_bytes() for file in inbox.glob("*.eml")] == [letter]


async def test_the_same_letter_again_is_one_file(way_out: tuple[Transport, Path]) -> None:
    transport, inbox = way_out
    for _ in range(2):
        async with transport.session() as session:
            await session.send(Parcel("bounces@example.nl", "b@example.nl", HEAD % b"1" + b"Dag.\r\n"))
    assert len(list(inbox.iterdir())) == 1


async def test_letters_with_one_message_id_for_two_people_are_two_files(way_out: tuple[Transport, Path]) -> None:
    transport, inbox = way_out
    async with transport.session() as session:
        for recipient in ("b@example.nl", "o'neill+x/../y@example.nl"):
            await session.send(Parcel("bounces@example.nl", recipient, HEAD % b"1" + b"Dag.\r\n"))
    assert len(list(inbox.iterdir())) == 2


async def test_an_address_beyond_ascii_gets_its_letter_as_it_is(way_out: tuple[Transport, Path]) -> None:
    transport, inbox = way_out
    letter = b"To: j\xc3\xb6rg@example.nl\r\n" + HEAD % b"1" + b"Dag.\r\n"
    async with transport.session() as session:
        outcome = await session.send(Parcel("bounces@example.nl", "jörg@example.nl", letter))
    assert outcome.kind is OutcomeKind.SENT
    assert [file.read_bytes() for file in inbox.iterdir()] == [letter]


async def test_a_folder_that_cannot_be_written_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    parcel = Parcel("a@example.nl", "b@example.nl", HEAD % b"1")
    outcome = await FolderTransport(tmp_path / "file" / "inbox").send(parcel)
    assert outcome.kind is OutcomeKind.TEMPORARY
    assert "inbox" in outcome.text
