"""IMAP where something is wrong: servers that refuse, hang up, lie, forget and stay silent."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsletter.errors import InboundError
from newsletter.inbound.sources.imap import ImapSource
from newsletter.inbound.sources.imap_login import security_of
from newsletter.inbound.sources.reading import Memory
from newsletter.inbound.telling.message import LONGEST
from newsletter.settings import Imap, Security
from tests.certificates import EXPIRED, VALID, Authority
from tests.imap_server import HANG_UP, SILENCE, Server, imap_server
from tests.intake import Intake

PASSWORD = "sësam, öpen"
NOW = dt.datetime.now(dt.UTC)


def source(
    server: Server, memory: Memory, *, renew: float = 60, folder: str = "INBOX", **changes: object
) -> ImapSource:
    values = {"host": "127.0.0.1", "port": server.port, "username": "post@example.nl", "timeout": 5}
    settings = Imap.model_validate({**values, "password": SecretStr(PASSWORD), **changes})
    return ImapSource(settings, memory, renew=renew, folder=folder)


def letter(number: int) -> bytes:
    return f"Message-ID: <{number}@example.org>\r\n\r\nDag {number}\r\n".encode()


@asynccontextmanager
async def watching(one: ImapSource, intake: Intake) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(one.watch(intake.take))
    try:
        async with asyncio.timeout(20):
            yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await one.close()


def troubles(intake: Intake) -> dict[str, str]:
    return {one.key: one.trouble for one in intake.taken if one.trouble}


# What is looked at


async def test_only_reading_commands_are_ever_sent(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        server.add(letter(1))
        await source(server, memory).round(intake.take)
    verbs = [" ".join(line.split()[: 2 if line.startswith("UID") else 1]) for line in server.commands]
    assert verbs == [
        *("CAPABILITY", "AUTHENTICATE", "CAPABILITY", "EXAMINE"),
        *("UID SEARCH", "UID FETCH", "UID FETCH", "LOGOUT"),
    ]
    assert all("BODY.PEEK[]" in line for line in server.commands if "BODY" in line)


async def test_the_first_look_goes_back_so_many_days(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        for days in (40, 16, 13, 0):
            server.add(letter(days), at=NOW - dt.timedelta(days=days))
        await source(server, memory, since_days=14).round(intake.take)
        assert intake.bodies() == [letter(0), letter(13)]
        server.add(letter(99), at=NOW - dt.timedelta(days=99))  # somebody moved it here: it is new all the same
        await source(server, memory, since_days=14).round(intake.take)
    assert letter(99) in intake.bodies()
    assert len(intake.taken) == 3


async def test_no_days_means_only_what_comes_from_now_on(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        server.add(letter(1))
        one = source(server, memory, since_days=0)
        await one.round(intake.take)
        assert not intake.taken
        server.add(letter(2))
        await one.round(intake.take)
    assert intake.bodies() == [letter(2)]


async def test_with_another_uidvalidity_it_looks_anew_and_back_to_its_last_look(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        server.add(letter(1))
        await source(server, memory).round(intake.take)
        server.validity = 8
        await source(server, memory).round(intake.take)
    # The same message under another key; by its content, the intake tells that it is the same.
    assert [one.key for one in intake.taken] == ["7:1", "8:1"]


async def test_a_large_mailbox_is_listed_from_where_it_was_read(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        for number in range(20_000):
            server.add(b"x", at=NOW - dt.timedelta(days=100 if number < 19_998 else 0))
        one = source(server, memory)
        await one.round(intake.take)
        assert len(intake.taken) == 2
        before = intake.asked
        await one.round(intake.take)
        assert intake.asked == before
        assert server.commands.count("UID SEARCH UID 20001:*") == 1


async def test_folder_names_travel_as_imap_has_them(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        server.folders = ("INBOX", "Gel&APY-scht &- weg")
        await source(server, memory, folder="Gelöscht & weg").round(intake.take)
        assert 'EXAMINE "Gel&APY-scht &- weg"' in server.commands
        with pytest.raises(InboundError, match="no folder “Spam” in the mailbox; there are: INBOX, Gelöscht & weg"):
            await source(server, memory, folder="Spam").round(intake.take)


# Messages that cannot be had


async def test_a_message_that_vanishes_before_it_is_fetched_is_set_aside(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        for number in range(3):
            server.add(letter(number))

        def deleted(line: str) -> str | None:
            if line.startswith("UID FETCH 2 "):
                server.messages.pop(2, None)
            return None

        server.answer = deleted
        await source(server, memory).round(intake.take)
    assert list(troubles(intake)) == ["7:2"]
    assert "gone" in troubles(intake)["7:2"]
    assert len(intake.taken) == 3


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("TAG NO [CORRUPTION] oops", "does not give it"),
        ("TAG BAD internal error", "does not give it"),
        (HANG_UP, "broke off"),
        ("* 2 FETCH (UID 2 BODY[]<0> NIL)\nTAG OK done", "gives nothing of it"),
        ("* 2 FETCH (UID 2 BODY[]<0> {999999999}", "more than was asked for"),
    ],
)
async def test_a_message_that_the_server_cannot_give_is_set_aside_and_stops_nothing(
    memory: Memory, intake: Intake, said: str, reason: str
) -> None:
    async with imap_server(lambda line: said if line.startswith("UID FETCH 2 ") else None) as server:
        for number in range(4):
            server.add(letter(number))
        assert await source(server, memory).round(intake.take) == 4
    assert list(troubles(intake)) == ["7:2"]
    assert reason in troubles(intake)["7:2"]
    assert {one.key for one in intake.taken if one.raw} == {"7:1", "7:3", "7:4"}


async def test_a_server_that_gives_no_message_at_all_is_in_trouble_and_no_message_is_set_aside(
    memory: Memory, intake: Intake
) -> None:
    async with imap_server(lambda line: HANG_UP if "BODY" in line else None) as server:
        for number in range(3):
            server.add(letter(number))
        with pytest.raises(InboundError, match="gives none of 3 messages"):
            await source(server, memory).round(intake.take)
        assert not intake.taken
        server.answer = lambda _line: None
        await source(server, memory).round(intake.take)
    assert len(intake.taken) == 3


async def test_a_server_that_cannot_give_messages_now_is_asked_again_later(memory: Memory, intake: Intake) -> None:
    async with imap_server(lambda line: "TAG NO [UNAVAILABLE] later" if "BODY" in line else None) as server:
        server.add(letter(1))
        with pytest.raises(InboundError, match="gives no messages now"):
            await source(server, memory).round(intake.take)
        server.answer = lambda _line: None
        await source(server, memory).round(intake.take)
    assert intake.bodies() == [letter(1)]


async def test_a_message_that_is_larger_than_its_server_says_is_set_aside_too(memory: Memory, intake: Intake) -> None:
    def lying(line: str) -> str | None:
        return (
            '* 1 FETCH (UID 1 RFC822.SIZE 10 INTERNALDATE " 1-Nov-2026 10:00:00 +0000")\nTAG OK'
            if "SIZE" in line
            else None
        )

    async with imap_server(lying) as server:
        server.add(b"x" * 30_000_000)
        await source(server, memory).round(intake.take)
    [aside] = intake.taken
    assert "are not taken" in aside.trouble
    assert len(aside.raw) == LONGEST


# Watching


async def test_mail_that_comes_between_looking_and_idling_is_noticed(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:

        def just_before(line: str) -> str | None:
            if line == "IDLE" and not server.messages:
                server.add(letter(1))
            return None

        server.answer = just_before
        async with watching(source(server, memory), intake):
            await intake.wait_for(1)
    assert server.connections == 1


async def test_a_server_that_repeats_how_many_messages_there_are_is_not_asked_over_and_over(
    memory: Memory, intake: Intake
) -> None:
    async with imap_server() as server:
        server.is_chatty = True
        server.add(letter(1))
        async with watching(source(server, memory), intake):
            await server.wait_until_idling()
            server.add(letter(2))
            await intake.wait_for(2)
            await server.wait_for(2, "IDLE")
            await asyncio.sleep(0.2)  # what does not happen cannot be waited for
    assert server.commands.count("IDLE") == 2


async def test_mail_that_comes_while_other_mail_is_fetched_is_noticed(memory: Memory, intake: Intake) -> None:
    """The server tells of it then, and not again."""

    def meanwhile(line: str) -> str | None:
        if "BODY" not in line or len(server.messages) > 1:
            return None
        server.add(letter(2))
        server.tells = False
        return "* 2 EXISTS\n* 1 FETCH (UID 1 BODY[]<0> {3}\nDag)\nTAG OK done"

    async with imap_server(meanwhile) as server:
        server.add(b"Dag")
        async with watching(source(server, memory), intake):
            await intake.wait_for(2)
    assert intake.bodies() == [b"Dag", letter(2)]


async def test_without_idle_it_looks_every_so_often(memory: Memory, intake: Intake) -> None:
    async with (
        imap_server(capabilities=("IMAP4rev1", "AUTH=PLAIN")) as server,
        watching(source(server, memory), intake),
    ):
        await server.wait_for(2, "NOOP")
        server.add(letter(1))
        await intake.wait_for(1)
    assert "IDLE" not in server.commands


@pytest.mark.parametrize(("said", "tries"), [("TAG NO not here", 1), ("TAG BAD what", 1), (HANG_UP, 2)])
async def test_where_idling_is_refused_or_ends_the_conversation_it_looks_every_so_often(
    memory: Memory, intake: Intake, said: str, tries: int
) -> None:
    refusing = imap_server(lambda line: said if line == "IDLE" else None)
    async with refusing as server, watching(source(server, memory), intake):
        await server.wait_for(2, "NOOP")
        server.add(letter(1))
        await intake.wait_for(1)
    assert server.commands.count("IDLE") == tries


async def test_where_idling_tells_nothing_it_looks_every_so_often(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        server.tells = False
        async with watching(source(server, memory, renew=0.2), intake):
            for number in range(2):
                await server.wait_until_idling()
                server.add(letter(number))
                await intake.wait_for(number + 1)
            await server.wait_for(2, "NOOP")


async def test_idling_begins_anew_before_the_server_gives_up(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server, watching(source(server, memory, renew=0.05), intake):
        await server.wait_for(3, "IDLE")
    assert server.connections == 1
    assert server.commands.count("DONE") >= 2


async def test_a_connection_that_is_lost_while_idling_is_made_again(memory: Memory, intake: Intake) -> None:
    quick = replace(memory, poll_seconds=0.0)
    async with imap_server() as server, watching(source(server, quick), intake) as task:
        await server.wait_until_idling()
        server.drop()
        server.add(letter(1))
        await intake.wait_for(1)
        assert not task.done()
    assert server.connections == 2


async def test_a_server_that_answers_no_more_is_given_up_in_time(memory: Memory, intake: Intake) -> None:
    async with imap_server(lambda line: SILENCE if line.startswith("UID SEARCH") else None) as server:
        with pytest.raises(InboundError, match="did not answer in time"):
            await source(server, memory, timeout=0.2).round(intake.take)


async def test_a_server_that_hangs_up_at_everything_is_in_trouble(memory: Memory, intake: Intake) -> None:
    async with imap_server(lambda line: HANG_UP if line.startswith("UID SEARCH") else None) as server:
        with pytest.raises(InboundError, match="hung up"):
            await source(server, memory).watch(intake.take)


# Who is let in


async def test_a_password_with_any_character_arrives(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        await source(server, memory).round(intake.take)
        server.capabilities = ("IMAP4rev1",)
        await source(server, memory).round(intake.take)
        await source(server, memory, password='with "quotes" and \\').round(intake.take)
        server.capabilities = ("IMAP4rev1", "AUTH=PLAIN")
        await source(server, memory).round(intake.take)
    assert server.secrets == [
        f"\0post@example.nl\0{PASSWORD}",
        f"post@example.nl {PASSWORD}",
        '"post@example.nl" "with \\"quotes\\" and \\\\"',
        f"\0post@example.nl\0{PASSWORD}",
    ]


async def test_a_refused_login_says_which_setting_and_repeats_nothing(memory: Memory, intake: Intake) -> None:
    async with imap_server(
        lambda line: f"TAG NO [AUTHENTICATIONFAILED] {PASSWORD} is wrong" if line.startswith("AUTH") else None
    ) as server:
        with pytest.raises(InboundError) as raised:
            await source(server, memory).round(intake.take)
    assert "check NEWSLETTER_IMAP__USERNAME and _PASSWORD" in str(raised.value)
    assert "AUTHENTICATIONFAILED" in str(raised.value)
    assert PASSWORD not in str(raised.value)


async def test_where_passwords_are_not_taken_none_is_sent(memory: Memory, intake: Intake) -> None:
    async with imap_server(capabilities=("IMAP4rev1", "LOGINDISABLED")) as server:
        with pytest.raises(InboundError, match="takes no passwords"):
            await source(server, memory).round(intake.take)
    assert server.secrets == []


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_over_tls_everything_works(
    memory: Memory, intake: Intake, authority: Authority, security: Security
) -> None:
    tls = authority.issue("127.0.0.1")
    async with imap_server(tls=tls, implicit_tls=security is Security.TLS) as server:
        server.add(letter(1))
        await source(server, memory, security=security, ca_file=authority.file).round(intake.take)
    assert intake.bodies() == [letter(1)]
    assert set(server.in_clear) <= {"CAPABILITY", "STARTTLS"}


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize("wrong", ["name", "expired", "authority"])
async def test_with_a_wrong_certificate_no_login_leaves(
    memory: Memory, intake: Intake, authority: Authority, tmp_path: Path, security: Security, wrong: str
) -> None:
    names = {"name": "imap.example.nl"}.get(wrong, "127.0.0.1")
    other = Authority(tmp_path / "other")
    signer = other if wrong == "authority" else authority
    tls = signer.issue(names, valid=EXPIRED if wrong == "expired" else VALID)
    async with imap_server(tls=tls, implicit_tls=security is Security.TLS) as server:
        with pytest.raises(InboundError, match=f"cannot be used with security {security}"):
            await source(server, memory, security=security, ca_file=authority.file).round(intake.take)
    assert server.secrets == []
    assert not any(line.startswith(("LOGIN", "AUTHENTICATE")) for line in server.commands)


def stripped(line: str) -> str | None:
    return "* CAPABILITY IMAP4rev1 AUTH=PLAIN\nTAG OK" if line == "CAPABILITY" else None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (stripped, "offers no STARTTLS"),
        (lambda line: "TAG NO no TLS today" if line == "STARTTLS" else None, "refused STARTTLS"),
        (lambda line: "TAG BAD" if line == "STARTTLS" else None, "refused STARTTLS"),
        (lambda line: "* PREAUTH welcome" if line == "CONNECT" else None, "logged in already, without TLS"),
        (lambda line: HANG_UP if line == "STARTTLS" else None, "lost"),
    ],
)
async def test_where_starttls_is_taken_away_no_login_leaves(
    memory: Memory, intake: Intake, authority: Authority, answer: object, reason: str
) -> None:
    async with imap_server(answer, tls=authority.issue("127.0.0.1")) as server:  # type: ignore[arg-type]
        with pytest.raises(InboundError, match=reason):
            await source(server, memory, security="starttls", ca_file=authority.file).round(intake.take)
    assert server.secrets == []


async def test_what_was_put_behind_starttls_in_clear_is_never_read(
    memory: Memory, intake: Intake, authority: Authority
) -> None:
    """CVE-2011-0411: somebody in between answers commands that have not been sent yet."""
    forged = "* CAPABILITY IMAP4rev1 LOGINDISABLED\nn3 OK forged"
    tls = authority.issue("127.0.0.1")
    async with imap_server(tls=tls) as server:
        listener = await _injecting(server.port, forged)
        port = listener.sockets[0].getsockname()[1]
        await source(server, memory, port=port, security="starttls", ca_file=authority.file).round(intake.take)
        listener.close()
        await listener.wait_closed()
    assert server.secrets == [f"\0post@example.nl\0{PASSWORD}"]


async def _injecting(port: int, forged: str) -> asyncio.Server:
    """Passes everything on, and adds something right behind the answer to STARTTLS, in the same packet."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

        async def back() -> None:
            while data := await inner_reader.read(65_536):
                if b"begin TLS\r\n" in data:
                    data += forged.replace("\n", "\r\n").encode() + b"\r\n"
                writer.write(data)
            writer.close()

        returning = asyncio.create_task(back())
        while data := await reader.read(65_536):
            inner_writer.write(data)
        inner_writer.close()
        await returning

    return await asyncio.start_server(connected, "127.0.0.1", 0)


@pytest.mark.parametrize(
    ("host", "port", "security", "expected"),
    [
        ("127.0.0.1", 143, Security.AUTO, Security.NONE),
        ("::1", 993, Security.AUTO, Security.NONE),
        ("localhost", 993, Security.TLS, Security.TLS),
        ("imap.example.nl", 993, Security.AUTO, Security.TLS),
        ("imap.example.nl", 143, Security.AUTO, Security.STARTTLS),
        ("imap.example.nl", 993, Security.STARTTLS, Security.STARTTLS),
    ],
)
def test_only_on_loopback_nothing_is_secured(host: str, port: int, security: Security, expected: Security) -> None:
    assert security_of(Imap(host=host, port=port, security=security), "IMAP") is expected


def test_a_password_never_travels_in_clear_elsewhere() -> None:
    with pytest.raises(InboundError, match="in clear; set NEWSLETTER_IMAP2__SECURITY"):
        security_of(Imap(host="imap.example.nl", security=Security.NONE), "IMAP2")


async def test_where_nobody_listens_it_says_so(memory: Memory, intake: Intake) -> None:
    async with imap_server() as server:
        pass
    with pytest.raises(InboundError, match=f"127.0.0.1:{server.port} cannot be used"):
        await source(server, memory).round(intake.take)
