"""Sources with what handles their messages: the same message counts once, whichever way it came."""

import asyncio
import smtplib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from newsletter.inbound.intake import Intake
from newsletter.inbound.sources.folder import FolderSource
from newsletter.inbound.sources.imap import ImapSource
from newsletter.inbound.sources.lmtp import LmtpSource
from newsletter.inbound.sources.reading import Memory
from newsletter.settings import Imap, Inbound, Mail
from newsletter.store import messages
from tests.imap_server import imap_server

QUESTION = b"From: zoe@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: Vraag\r\n\r\nHoe laat begint het?\r\n"


async def test_a_message_counts_once_by_imap_by_lmtp_as_a_file_and_after_the_folder_was_made_anew(
    memory: Memory, tmp_path: Path
) -> None:
    settings = Inbound(contact="bureau@example.nl")
    intake = Intake(
        memory.database, secret=b"k" * 32, settings=settings, mail=Mail(), clock=lambda: datetime.now(UTC), say=print
    )
    memory = replace(memory, known=intake.known)
    async with imap_server() as server:
        server.add(QUESTION)
        mailbox = Imap(host="127.0.0.1", port=server.port, username="info@example.nl", password=SecretStr("x"))
        await ImapSource(mailbox, memory).round(intake.take)
        server.validity += 1
        await ImapSource(mailbox, memory).round(intake.take)
        await ImapSource(mailbox, memory).round(intake.take)
    await asyncio.to_thread((tmp_path / "1.eml").write_bytes, b"Received: from somewhere\r\n" + QUESTION)
    await FolderSource(tmp_path, memory, rest=0).round(intake.take)
    lmtp = LmtpSource("127.0.0.1:0", memory)
    watching = asyncio.create_task(lmtp.watch(intake.take))
    await lmtp.ready.wait()
    await asyncio.to_thread(_hand_over, lmtp.port)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    async with memory.database.read() as tx:
        rows = await messages.listing(tx)
    assert [(row["source"].partition(":")[0], row["state"]) for row in rows] == [
        *(("lmtp", "copy"), ("folder", "copy"), ("imap", "copy")),
        ("imap", "handled"),
    ]


def _hand_over(port: int) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as server:
        server.sendmail("zoe@example.org", "info@example.nl", QUESTION)
