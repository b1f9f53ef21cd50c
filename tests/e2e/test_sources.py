"""What comes back, with the real command line: `newsletter run` and `newsletter inbound …`."""

import asyncio
import json
import signal
import smtplib
from pathlib import Path

import pytest

from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.test_run import stop
from tests.imap_server import imap_server
from tests.smtp_server import smtp_server

CONTACT = "bureau@example.nl"
BOUNCE = b"""From: MAILER-DAEMON@mail.example.nl\r
To: bounces@example.nl\r
Message-ID: <bounce@mail.example.nl>\r
Subject: Undelivered Mail Returned to Sender\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
\r
I could not deliver it.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mail.example.nl\r
\r
Final-Recipient: rfc822; piet@example.org\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no such user\r
--b--\r
"""


def question(number: int) -> bytes:
    head = f"From: Zoë <zoe{number}@example.org>\r\nTo: info@example.nl\r\nMessage-ID: <{number}@example.org>\r\n"
    return f"{head}Subject: Vraag {number}\r\n\r\nHoe laat begint het?\r\n".encode()


def listed(folder: Folder, *options: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(folder.run("inbound", "list", "--json", *options).stdout)
    return found


def has_contact(folder: Folder) -> None:
    """A series that people can write to, and its address for what belongs to none."""
    folder.settings |= {"NEWSLETTER_INBOUND__CONTACT": CONTACT, "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "5"}


@pytest.fixture
def letters(folder: Folder) -> Path:
    has_contact(folder)
    made = folder.path / "letters"
    made.mkdir()
    folder.settings |= {"NEWSLETTER_INBOUND__FOLDER": "letters"}
    return made


async def test_run_watches_every_source_and_sends_questions_on(folder: Folder, letters: Path) -> None:
    async with smtp_server() as server, imap_server() as mailbox:
        folder.settings |= {
            "NEWSLETTER_SMTP__HOST": "127.0.0.1",
            "NEWSLETTER_SMTP__PORT": str(server.port),
            "NEWSLETTER_IMAP__HOST": "127.0.0.1",
            "NEWSLETTER_IMAP__PORT": str(mailbox.port),
            "NEWSLETTER_IMAP__USERNAME": "info@example.nl",
            "NEWSLETTER_IMAP__PASSWORD": "secret-of-the-mailbox",
            "NEWSLETTER_INBOUND__LMTP": "lmtp.socket",
            "NEWSLETTER_INBOUND__POLL_SECONDS": "0.2",
            "NEWSLETTER_SCHEDULE__REFRESH_SECONDS": "0.2",
        }
        mailbox.add(question(1))
        running = await folder.start("run")
        lines = await wait_for_line(running, "running")
        async with asyncio.timeout(60):
            await server.wait_for_letters(1)
            (letters / "2.eml").write_bytes(question(2))
            await server.wait_for_letters(2)
            await asyncio.to_thread(hand_over, folder.path / "lmtp.socket", question(3))
            await server.wait_for_letters(3)
            mailbox.add(question(4))
            await server.wait_for_letters(4)
        lines += await stop(running)
    assert {recipient for _, recipient, _ in server.letters} == {CONTACT}
    assert not (folder.path / "lmtp.socket").exists()
    shown = await asyncio.to_thread(listed, folder)
    assert [(one["source"], one["kind"], one["state"]) for one in shown] == [
        (source, "reply", "handled") for source in ("imap", "lmtp", "folder", "imap")
    ]
    assert not [line for line in lines if "secret-of-the-mailbox" in line or "zoe" in line]


def hand_over(place: Path, raw: bytes) -> None:
    # A socket's path may be too long from here; its folder is not.
    with smtplib.LMTP(str(place), timeout=20) as server:
        server.sendmail("zoe@example.org", "info@example.nl", raw)


def test_poll_once_tells_what_came_and_again_nothing(folder: Folder, letters: Path) -> None:
    (letters / "1.eml").write_bytes(question(1))
    (letters / "2.eml").write_bytes(BOUNCE)
    (letters / "3.eml").write_bytes(question(1))  # the same once more
    assert folder.run("inbound", "poll", "--once").stdout == "kind\tmessages\nbounce\t1\ncopy\t1\nreply\t1\n"
    assert json.loads(folder.run("inbound", "poll", "--once", "--json").stdout) == {"messages": {}, "troubles": {}}
    assert {one["kind"] for one in listed(folder)} == {"bounce", "reply", ""}
    shown = folder.run("inbound", "show", "1").stdout
    assert "kind: reply" in shown
    assert "example.org" not in shown
    assert folder.run("inbound", "show", "1", "--raw").stdout == question(1).decode().replace("\r\n", "\n")


def test_what_is_set_aside_is_shown_with_its_reason_and_the_others_are_handled(folder: Folder, letters: Path) -> None:
    folder.settings |= {"NEWSLETTER_INBOUND__LARGEST": "1000000"}
    (letters / "1.eml").write_bytes(question(1) + b"x" * 1_000_000)
    (letters / "2.eml").write_bytes(question(2))
    assert folder.run("inbound", "poll", "--once").stdout == "kind\tmessages\nreply\t1\nset_aside\t1\n".replace(
        "_", " "
    )
    [aside] = listed(folder, "--aside")
    assert "more than 1,000,000 are not taken" in str(aside["reason"])
    assert "set aside once more" in folder.run("inbound", "again", str(aside["id"]), code=1).stderr
    del folder.settings["NEWSLETTER_INBOUND__FOLDER"]
    assert "set NEWSLETTER_IMAP__HOST" in folder.run("inbound", "poll", "--once", code=1).stderr


def test_one_source_in_trouble_does_not_stop_the_others(folder: Folder, letters: Path) -> None:
    (letters / "1.eml").write_bytes(question(1))
    folder.settings |= {"NEWSLETTER_INBOUND__MAILDIR": "nowhere"}
    done = folder.run("inbound", "poll", "--once", code=1)
    assert done.stdout == "kind\tmessages\nreply\t1\n"
    assert "NEWSLETTER_INBOUND__MAILDIR must be a Maildir" in done.stderr


async def test_of_two_processes_one_watches_and_the_other_takes_over(folder: Folder, letters: Path) -> None:
    async with smtp_server() as server:
        folder.settings |= {
            "NEWSLETTER_SMTP__HOST": "127.0.0.1",
            "NEWSLETTER_SMTP__PORT": str(server.port),
            "NEWSLETTER_INBOUND__POLL_SECONDS": "0.2",
        }
        first = await folder.start("inbound", "poll")
        (letters / "1.eml").write_bytes(question(1))
        await server.wait_for_letters(1)
        second = await folder.start("inbound", "poll")
        await wait_for_line(second, "watches the mailboxes; this one stands by")
        first.send_signal(signal.SIGTERM)
        await wait_for_line(first, "stopped")
        assert await first.wait() == 0
        (letters / "2.eml").write_bytes(question(2))
        async with asyncio.timeout(60):
            await server.wait_for_letters(2)
        second.send_signal(signal.SIGINT)
        await wait_for_line(second, "stopped")
        assert await second.wait() == 0
