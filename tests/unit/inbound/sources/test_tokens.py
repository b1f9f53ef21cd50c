"""OAuth 2: a token server that speaks HTTPS, and an IMAP server that takes what it gives."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from newsletter.errors import InboundError
from newsletter.inbound.sources.imap import ImapSource
from newsletter.inbound.sources.reading import Memory
from newsletter.inbound.sources.tokens import Tokens
from newsletter.settings import Imap
from tests.certificates import Authority
from tests.imap_server import USUAL, imap_server
from tests.intake import Intake

REFRESH, SECRET = "0.AXEA-refresh", "hush~secret"


@dataclass
class TokenServer:
    port: int = 0
    status: str = "200 OK"
    headers: str = ""
    answer: object = field(default_factory=lambda: {"access_token": "token-1", "expires_in": 3600})
    asked: list[dict[str, str]] = field(default_factory=list)


@asynccontextmanager
async def token_server(tls: ssl.SSLContext) -> AsyncIterator[TokenServer]:
    server = TokenServer()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().partition("content-length: ")[2].split("\r\n")[0])
            form = parse_qs((await reader.readexactly(length)).decode())
            server.asked.append({name: value for name, [value] in form.items()})
            said = server.answer if isinstance(server.answer, bytes) else json.dumps(server.answer).encode()
            writer.write(
                f"HTTP/1.1 {server.status}\r\nContent-Length: {len(said)}\r\n{server.headers}\r\n".encode() + said
            )
            await writer.drain()
        finally:
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()
    await listener.wait_closed()


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[TokenServer]:
    async with token_server(authority.issue("127.0.0.1")) as made:
        yield made


def settings(server: TokenServer, authority: Authority, **changes: object) -> Imap:
    values = {
        "host": "127.0.0.1",
        "username": "post@example.nl",
        "token_url": f"https://127.0.0.1:{server.port}/token",
        "client_id": "app",
        "client_secret": SecretStr(SECRET),
        "refresh_token": SecretStr(REFRESH),
        "ca_file": authority.file,
        "timeout": 5,
    }
    return Imap.model_validate(values | changes)


def tokens(server: TokenServer, authority: Authority, clock: Clock | None = None, **changes: object) -> Tokens:
    return Tokens(settings(server, authority, **changes), group="IMAP", clock=clock or Clock())


async def test_a_refresh_token_gets_an_access_token(server: TokenServer, authority: Authority) -> None:
    assert await tokens(server, authority).get() == "token-1"
    assert server.asked == [
        {
            **{"grant_type": "refresh_token", "refresh_token": REFRESH, "client_id": "app", "client_secret": SECRET},
            "scope": "https://outlook.office365.com/.default",
        }
    ]


async def test_without_a_refresh_token_we_are_ourselves(server: TokenServer, authority: Authority) -> None:
    assert await tokens(server, authority, refresh_token=SecretStr("")).get() == "token-1"
    [asked] = server.asked
    assert asked["grant_type"] == "client_credentials"
    assert "refresh_token" not in asked


async def test_a_token_is_used_until_just_before_it_ends(server: TokenServer, authority: Authority) -> None:
    clock = Clock()
    one = tokens(server, authority, clock)
    await one.get()
    clock.seconds += 3600 - 61
    await one.get()
    assert len(server.asked) == 1
    clock.seconds += 2
    server.answer = {"access_token": "token-2"}
    assert await one.get() == "token-2"
    assert len(server.asked) == 2
    one.forget()
    await one.get()
    assert len(server.asked) == 3


async def test_a_refresh_token_that_is_replaced_is_not_used_again(server: TokenServer, authority: Authority) -> None:
    server.answer = {"access_token": "token-1", "expires_in": "nonsense", "refresh_token": "another"}
    one = tokens(server, authority)
    await one.get()
    one.forget()
    await one.get()
    assert [asked["refresh_token"] for asked in server.asked] == [REFRESH, "another"]


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        ("400 Bad Request", {"error": "invalid_grant", "error_description": f"{REFRESH} expired"}, "sign in again"),
        ("401 Unauthorized", {"error": "invalid_client"}, "401 invalid_client"),
        ("400 Bad Request", {"error": f"not one word: {SECRET}"}, r"\(400\)"),
        ("503 Busy", b"<html>", r"\(503\)"),
        ("200 OK", b"<html>", "no access token can be had"),
        ("200 OK", {"token_type": "Bearer"}, "its answer holds none"),
        ("200 OK", {"access_token": "two\r\nlines"}, "its answer holds none"),
        ("200 OK", [1], "its answer holds none"),
    ],
)
async def test_a_server_that_gives_no_token_is_named_without_any_secret(
    server: TokenServer, authority: Authority, status: str, answer: object, said: str
) -> None:
    server.status, server.answer = status, answer
    with pytest.raises(InboundError, match=said) as raised:
        await tokens(server, authority).get()
    told = str(raised.value)
    assert "127.0.0.1" in told
    assert not any(secret in told for secret in (REFRESH, SECRET, "expired", "two"))


@pytest.mark.parametrize("status", ["302 Found", "303 See Other", "307 Elsewhere", "308 Moved"])
async def test_secrets_go_nowhere_else(server: TokenServer, authority: Authority, status: str) -> None:
    server.status, server.headers = status, f"Location: https://127.0.0.1:{server.port}/other\r\n"
    with pytest.raises(InboundError, match=rf"\({status[:3]}\)"):
        await tokens(server, authority).get()
    assert len(server.asked) == 1


async def test_to_a_server_without_a_right_certificate_nothing_is_sent(authority: Authority, tmp_path: Path) -> None:
    async with token_server(Authority(tmp_path / "other").issue("127.0.0.1")) as other:
        with pytest.raises(InboundError, match="no certificate that we trust"):
            await tokens(other, authority).get()
    assert other.asked == []


async def test_without_https_nothing_is_asked(server: TokenServer, authority: Authority) -> None:
    with pytest.raises(InboundError, match="NEWSLETTER_IMAP__TOKEN_URL must be https"):
        await tokens(server, authority, token_url=f"http://127.0.0.1:{server.port}/token").get()


@pytest.mark.parametrize(
    ("offered", "presented"),
    [
        (("AUTH=XOAUTH2", "AUTH=OAUTHBEARER"), "user=post@example.nl\1auth=Bearer token-1\1\1"),
        (("AUTH=XOAUTH2", "SASL-IR"), "user=post@example.nl\1auth=Bearer token-1\1\1"),
        (
            ("AUTH=OAUTHBEARER", "SASL-IR"),
            "n,a=post@example.nl,\1host=127.0.0.1\1port={port}\1auth=Bearer token-1\1\1",
        ),
    ],
)
async def test_the_token_is_presented_as_the_server_offers(
    server: TokenServer,
    authority: Authority,
    memory: Memory,
    intake: Intake,
    offered: tuple[str, ...],
    presented: str,
) -> None:
    async with imap_server(capabilities=("IMAP4rev1", *offered)) as mailbox:
        mailbox.add(b"Subject: x\r\n\r\n")
        imap = settings(server, authority, port=mailbox.port)
        one = ImapSource(imap, memory, tokens=tokens(server, authority))
        assert await one.round(intake.take) == 1
        assert await one.round(intake.take) == 0
    assert mailbox.secrets == [presented.format(port=mailbox.port)] * 2
    assert len(server.asked) == 1


@pytest.mark.parametrize(("mechanism", "read_it"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
async def test_a_token_that_is_not_taken_is_replaced_once(
    server: TokenServer, authority: Authority, memory: Memory, intake: Intake, mechanism: str, read_it: str
) -> None:
    def refusing(line: str) -> str | None:
        if not line.startswith("PRESENTED"):
            return None
        server.answer = {"access_token": "token-2"}
        return None if "token-2" in line else "+ eyJzdGF0dXMiOiI0MDEifQ==\nTAG NO [AUTHENTICATIONFAILED] no"

    async with imap_server(refusing, capabilities=("IMAP4rev1", "IDLE", f"AUTH={mechanism}")) as mailbox:
        imap = settings(server, authority, port=mailbox.port)
        await ImapSource(imap, memory, tokens=tokens(server, authority)).round(intake.take)
    assert f"ANSWER {read_it}" in mailbox.commands
    assert len(server.asked) == 2


async def test_a_token_that_is_never_taken_is_trouble_without_the_token(
    server: TokenServer, authority: Authority, memory: Memory, intake: Intake
) -> None:
    def refusing(line: str) -> str | None:
        return "TAG NO token-1 is bad" if line.startswith("PRESENTED") else None

    async with imap_server(refusing, capabilities=(*USUAL, "AUTH=XOAUTH2")) as mailbox:
        imap = settings(server, authority, port=mailbox.port)
        with pytest.raises(
            InboundError, match="refused the login; check NEWSLETTER_IMAP__USERNAME and _CLIENT_ID"
        ) as e:
            await ImapSource(imap, memory, tokens=tokens(server, authority)).round(intake.take)
    assert "token-1" not in str(e.value)
    assert len(mailbox.secrets) == 2
