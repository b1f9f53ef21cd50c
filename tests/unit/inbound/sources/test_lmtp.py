"""LMTP, word by word, as a mail server speaks it (RFC 2033)."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.errors import InboundError
from newsletter.inbound.sources.lmtp import LmtpSource, read_place
from newsletter.inbound.sources.reading import Memory
from tests.intake import Intake

HELLO = "LHLO mail.example.nl\r\n"
START = f"{HELLO}MAIL FROM:<bounce@example.org>\r\n"


@asynccontextmanager
async def listening(memory: Memory, intake: Intake, said: list[str] | None = None) -> AsyncIterator[LmtpSource]:
    source = LmtpSource("127.0.0.1:0", memory, say=(said if said is not None else []).append)
    watching = asyncio.create_task(source.watch(intake.take))
    try:
        async with asyncio.timeout(20):
            await source.ready.wait()
            yield source
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def said_to(source: LmtpSource, text: str | bytes) -> list[str]:
    """All that is answered to this, sent at once (pipelined) and followed by QUIT; without the greeting."""
    reader, writer = await asyncio.open_connection("127.0.0.1", source.port)
    writer.write((text.encode() if isinstance(text, str) else text) + b"QUIT\r\n")
    lines = (await reader.read()).decode().split("\r\n")[1:-1]
    writer.close()
    return [line for line in lines if not line.startswith("250-") and line != "250 SIZE " + line[9:]][:-1]


def codes(lines: list[str]) -> list[str]:
    return [line[:3] for line in lines]


async def test_what_is_offered(memory: Memory, intake: Intake) -> None:
    async with listening(memory, intake) as source:
        reader, writer = await asyncio.open_connection("127.0.0.1", source.port)
        writer.write(f"{HELLO}QUIT\r\n".encode())
        said = (await reader.read()).decode()
        writer.close()
    assert said == (
        "220 newsletter LMTP\r\n250-newsletter\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n"
        "250-SMTPUTF8\r\n250 SIZE 26214400\r\n221 2.0.0 bye\r\n"
    )


async def test_there_is_an_answer_for_each_recipient_and_one_message(memory: Memory, intake: Intake) -> None:
    recipients = ("a@example.nl", "b+0A1@example.nl", "a@example.nl")
    text = START + "".join(f"RCPT TO:<{one}>\r\n" for one in recipients) + "DATA\r\n..dots\r\n.\r\n"
    async with listening(memory, intake) as source:
        lines = await said_to(source, text)
    assert codes(lines) == ["250", "250", "250", "250", "354", "250", "250", "250"]
    [incoming] = intake.taken
    assert incoming.raw == b".dots\r\n"
    assert incoming.envelope_to == recipients
    assert incoming.envelope_from == "bounce@example.org"


async def test_a_bounce_has_an_empty_sender(memory: Memory, intake: Intake) -> None:
    async with listening(memory, intake) as source:
        await said_to(source, f"{HELLO}MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<a@example.nl>\r\nDATA\r\nx\r\n.\r\n")
    assert intake.taken[0].envelope_from == ""


async def test_addresses_in_any_script_and_bytes_of_any_kind_arrive(memory: Memory, intake: Intake) -> None:
    text = 'MAIL FROM:<zoë@example.org> SMTPUTF8 BODY=8BITMIME\r\nRCPT TO:<"a b"@example.nl>\r\nDATA\r\n'.encode()
    body = bytes(byte for byte in range(256) if byte not in b"\r\n") + b"\r\n"
    async with listening(memory, intake) as source:
        lines = await said_to(source, HELLO.encode() + text + body + b".\r\n")
        # `"a b"` has a space, which a path may have only in quotes.
    assert codes(lines) == ["250", "250", "354", "250"]
    assert intake.taken[0].raw == body
    assert intake.taken[0].envelope_from == "zoë@example.org"


async def test_what_cannot_be_stored_stays_with_the_mail_server(memory: Memory, intake: Intake) -> None:
    said: list[str] = []
    text = f"{START}RCPT TO:<a@example.nl>\r\nRCPT TO:<b@example.nl>\r\nDATA\r\nx\r\n.\r\n"
    intake.broken = True
    async with listening(memory, intake, said) as source:
        assert codes(await said_to(source, text))[-2:] == ["451", "451"]
        assert codes(await said_to(source, text))[-2:] == ["451", "451"]
        intake.broken = False
        assert codes(await said_to(source, text))[-2:] == ["250", "250"]
    assert said == ["what comes by LMTP cannot be stored: the store cannot be used now: disk full"]


async def test_the_same_message_again_has_the_same_key(memory: Memory, intake: Intake) -> None:
    """Our answer was lost, so the mail server hands it over once more."""
    text = f"{START}RCPT TO:<a@example.nl>\r\nDATA\r\nx\r\n.\r\n"
    async with listening(memory, intake) as source:
        for _ in range(2):
            await said_to(source, text)
        await said_to(source, text.replace("<a@", "<b@"))
    assert sorted(intake.times.values()) == [1, 2]


async def test_what_is_too_large_is_refused_and_the_next_is_taken(memory: Memory, intake: Intake) -> None:
    small = replace(memory, largest=1000)
    rcpt = "RCPT TO:<a@example.nl>\r\nRCPT TO:<b@example.nl>\r\n"
    text = (
        f"{HELLO}MAIL FROM:<> SIZE=1001\r\nMAIL FROM:<> SIZE=1000\r\n{rcpt}DATA\r\n"
        f"{'y' * 200_000}\r\n{'x' * 70}\r\n.\r\nMAIL FROM:<>\r\n{rcpt}DATA\r\nz\r\n.\r\n"
    )
    async with listening(small, intake) as source:
        lines = await said_to(source, text)
    assert codes(lines) == ["552", "250", "250", "250", "354", "552", "552", "250", "250", "250", "354", "250", "250"]
    assert intake.bodies() == [b"z\r\n"]


async def test_a_line_without_end_is_taken_as_it_is(memory: Memory, intake: Intake) -> None:
    line = b"." + b"x" * 200_001 + b"\r\n"
    async with listening(memory, intake) as source:
        await said_to(source, f"{START}RCPT TO:<a@example.nl>\r\nDATA\r\n".encode() + b"." + line + b".\r\n")
    assert intake.bodies() == [line]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r"])
async def test_nothing_but_a_dot_between_line_ends_ends_a_message(memory: Memory, intake: Intake, end: bytes) -> None:
    """A message that was smuggled in behind such a dot would be one that nobody checked (CVE-2023-51764)."""
    smuggled = b"x" + end + b"MAIL FROM:<forged@example.com>\r\n"
    async with listening(memory, intake) as source:
        lines = await said_to(source, f"{START}RCPT TO:<a@example.nl>\r\nDATA\r\n".encode() + smuggled + b".\r\n")
    assert codes(lines) == ["250", "250", "354", "250"]
    assert len(intake.taken) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EHLO mail.example.nl\r\n", ["500"]),
        ("HELO mail.example.nl\r\n", ["500"]),
        ("LHLO\r\n", ["501"]),
        ("MAIL FROM:<a@example.nl>\r\n", ["503"]),
        (f"{HELLO}RCPT TO:<a@example.nl>\r\n", ["503"]),
        (f"{HELLO}MAIL FROM:a@example.nl\r\n", ["501"]),
        (f"{START}RCPT TO:<>\r\n", ["250", "501"]),
        (f"{START}MAIL FROM:<a@example.nl>\r\n", ["250", "503"]),
        (f"{START}DATA\r\n", ["250", "503"]),
        (f"{START}RSET\r\nRCPT TO:<a@example.nl>\r\n", ["250", "250", "503"]),
        ("NOOP\r\nVRFY a\r\nXYZZY\r\n", ["250", "252", "500"]),
    ],
)
async def test_commands_out_of_order(memory: Memory, intake: Intake, text: str, expected: list[str]) -> None:
    async with listening(memory, intake) as source:
        assert codes(await said_to(source, text)) == expected
    assert not intake.taken


async def test_who_speaks_something_else_is_sent_away(memory: Memory, intake: Intake) -> None:
    async with listening(memory, intake) as source:
        lines = await said_to(source, "GET / HTTP/1.1\r\n" * 40)
        assert (await said_to(source, "x" * 100_000))[-1:] == []
    assert lines[-1] == "500 5.5.1 we speak LMTP, and do not know that command"
    assert len(lines) == 21


async def test_when_it_ends_a_message_that_came_whole_is_answered(
    memory: Memory, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    going_on = asyncio.Event()
    began = asyncio.Event()

    class Slow(Intake):
        async def take(self, incoming: object) -> None:
            began.set()
            await going_on.wait()
            await intake.take(incoming)  # type: ignore[arg-type]

    source = LmtpSource("127.0.0.1:0", memory)
    watching = asyncio.create_task(source.watch(Slow().take))
    await source.ready.wait()
    reader, writer = await asyncio.open_connection("127.0.0.1", source.port)
    _, idle = await asyncio.open_connection("127.0.0.1", source.port)
    writer.write(f"{START}RCPT TO:<a@example.nl>\r\nDATA\r\nx\r\n.\r\n".encode())
    await began.wait()
    watching.cancel()
    asyncio.get_running_loop().call_later(0.05, going_on.set)
    said = (await reader.read()).decode().split("\r\n")
    assert said[-3:-1] == ["250 2.0.0 stored", "421 4.3.2 we are ending; try again later"]
    await asyncio.gather(watching, return_exceptions=True)
    writer.close()
    idle.close()
    assert not caplog.records


async def test_a_socket_that_was_left_behind_is_made_anew(memory: Memory, intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    source = LmtpSource("./lmtp", memory, folder=tmp_path)
    watching = asyncio.create_task(source.watch(intake.take))
    await source.ready.wait()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    with pytest.raises(InboundError, match="another process listens there"):
        await LmtpSource(str(path), memory).watch(intake.take)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert not path.is_socket()
    path.write_text("mine")
    with pytest.raises(InboundError, match="something else of that name"):
        await LmtpSource(str(path), memory).watch(intake.take)
    assert path.read_text() == "mine"


async def test_a_port_that_is_taken_is_trouble(memory: Memory, intake: Intake) -> None:
    async with listening(memory, intake) as source:
        with pytest.raises(InboundError, match=r"cannot listen at 127\.0\.0\.1"):
            await LmtpSource(f"127.0.0.1:{source.port}", memory).watch(intake.take)


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("127.0.0.1:2424", ("127.0.0.1", 2424)),
        ("localhost:2424", ("127.0.0.1", 2424)),
        (":2424", ("127.0.0.1", 2424)),
        ("[::1]:2424", ("::1", 2424)),
        ("192.0.2.7:2424", ("192.0.2.7", 2424)),
        ("/run/newsletter/lmtp", Path("/run/newsletter/lmtp")),
        ("run/lmtp", Path("run/lmtp")),
        ("lmtp.socket", Path("lmtp.socket")),
    ],
)
def test_where_it_listens(listen: str, place: object) -> None:
    assert read_place(listen) == place


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:2424", "[::]:2424", "*:2424", "mail.example.nl:2424", "127.0.0.1:25", "x:y"]
)
def test_where_it_does_not_listen(listen: str) -> None:
    with pytest.raises(InboundError, match=r"127\.0\.0\.1:2424"):
        read_place(listen)
