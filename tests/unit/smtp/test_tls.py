"""Login and letters travel inside verified TLS or not at all, whatever stands between us and the mail server."""

import asyncio
import base64
import logging
import ssl
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.settings import Security, Smtp
from newsletter.smtp.client import SmtpTransport
from tests.certificates import EXPIRED, NOT_YET, Authority, make_certificate
from tests.smtp_server import HANG_UP, Answer, Server, smtp_server
from tests.wire import Heard, scripted, wiretap

USER, PASSWORD = "mailer", "geheim-woord"
LETTER = b"From: a@example.nl\r\nTo: b@example.nl\r\nSubject: x\r\n\r\nDag.\r\n"
PARCEL = Parcel("bounces@example.nl", "b@example.nl", LETTER)
STARTTLS, TLS = Security.STARTTLS, Security.TLS
OFFERED = ("STARTTLS", "AUTH PLAIN LOGIN")
GO_AHEAD = b"220 go ahead\r\n"
#: The password as it could be written on the wire or in a text.
SECRETS = [
    PASSWORD,
    base64.b64encode(PASSWORD.encode()).decode(),
    base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
]
#: What gives a login or a letter away; too long to stand in encrypted bytes by chance.
WORDS = [*SECRETS, "AUTH PLAIN", "MAIL FROM", "RCPT TO", "DATA\r\n", "Dag.\r\n"]
both = pytest.mark.parametrize("security", [STARTTLS, TLS])


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def settings(port: int, security: Security, trusted: Path | None, **values: object) -> Smtp:
    fixed = {"host": "127.0.0.1", "port": port, "security": security, "ca_file": trusted, "username": USER}
    patience = {f"{name}_timeout": 10 for name in ("connect", "greeting", "command", "data")}
    return Smtp.model_validate(fixed | patience | {"password": SecretStr(PASSWORD)} | values)


async def send(smtp: Smtp) -> Outcome | SmtpError:
    try:
        async with SmtpTransport(smtp).session() as session:
            return await session.send(PARCEL)
    except SmtpError as error:
        return error


async def through(
    server: Server, smtp: Smtp, tamper: Callable[[bytes], bytes] = bytes
) -> tuple[Outcome | SmtpError, Heard]:
    """Send one letter, with somebody in between."""
    async with wiretap(server.port, tamper) as heard:
        return await send(smtp.model_copy(update={"port": heard.port})), heard


def assert_nothing_left(result: Outcome | SmtpError, heard: Heard, server: Server | None, text: str) -> None:
    """Not a word of login or letter was sent, in clear or in TLS; and no text tells the password."""
    assert isinstance(result, SmtpError), result
    assert heard.connections, "it was tried"
    assert [word for word in (*WORDS, USER) if word.encode() in heard.everything()] == []
    if server is not None:
        assert {command.split()[0] for command in server.commands} <= {"EHLO", "STARTTLS", "QUIT"}
    assert_secret(result, text)


def assert_secret(result: Outcome | SmtpError, *texts: str) -> None:
    told = "".join(traceback.format_exception(result)) if isinstance(result, SmtpError) else ""
    assert [word for word in SECRETS for text in (told, repr(result), *texts) if word in text] == []


@both
async def test_login_and_letter_reach_the_server_and_nobody_on_the_way(
    security: Security, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    context = authority.issue("127.0.0.1")
    async with smtp_server(extensions=OFFERED, tls=context, implicit_tls=security is TLS) as server:
        result, heard = await through(server, settings(server.port, security, authority.file))
    assert isinstance(result, Outcome)
    assert result.kind is OutcomeKind.SENT
    assert [command for command in server.commands if SECRETS[2] in command]
    assert [letter for _, _, letter in server.letters] == [LETTER]
    assert [word for word in WORDS if word.encode() in heard.everything()] == []
    assert_secret(result, caplog.text)


async def test_without_tls_whoever_is_on_the_way_hears_everything() -> None:
    """Without this, the assertions about the wire could not fail."""
    async with smtp_server(extensions=OFFERED) as server:
        _, heard = await through(server, settings(server.port, Security.NONE, None))
    assert [word for word in WORDS[2:] if word.encode() not in heard.everything()] == []


@both
@pytest.mark.parametrize(
    ("issue", "said"),
    [
        (lambda authority, _: authority.issue("mail.example.nl"), "IP address mismatch"),
        (lambda authority, _: authority.issue("127.0.0.2"), "IP address mismatch"),
        (lambda authority, _: authority.issue(common_name="127.0.0.1"), "IP address mismatch"),
        (lambda authority, _: authority.issue("127.0.0.1", valid=EXPIRED), "certificate has expired"),
        (lambda authority, _: authority.issue("127.0.0.1", valid=NOT_YET), "certificate is not yet valid"),
        (lambda _, folder: Authority(folder / "b", "b").issue("127.0.0.1"), "unable to get local issuer certificate"),
        (lambda _, folder: Authority(folder / "b").issue("127.0.0.1"), "certificate signature failure"),
        (lambda _, folder: make_certificate(folder)[0], "self-signed certificate"),
    ],
    ids=[
        "wrong name",
        "wrong address",
        "common name only",
        "expired",
        "not yet valid",
        "unknown authority",
        "impostor",
        "self-signed",
    ],
)
async def test_a_certificate_that_proves_nothing_ends_it_before_any_word_of_login_or_letter(
    issue: Callable[[Authority, Path], ssl.SSLContext],
    said: str,
    security: Security,
    authority: Authority,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    context = issue(authority, tmp_path)
    async with smtp_server(extensions=OFFERED, tls=context, implicit_tls=security is TLS) as server:
        result, heard = await through(server, settings(server.port, security, authority.file))
        assert_nothing_left(result, heard, server, caplog.text)
    assert said in str(result)


@both
async def test_certificates_of_the_system_alone_do_not_prove_a_server_of_our_own(
    security: Security, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    context = authority.issue("127.0.0.1")
    async with smtp_server(extensions=OFFERED, tls=context, implicit_tls=security is TLS) as server:
        result, heard = await through(server, settings(server.port, security, None))
        assert_nothing_left(result, heard, server, caplog.text)


@both
async def test_a_host_is_proved_by_the_name_that_was_set(security: Security, authority: Authority) -> None:
    context = authority.issue("localhost")
    async with smtp_server(extensions=OFFERED, tls=context, implicit_tls=security is TLS) as server:
        by_name = await send(settings(server.port, security, authority.file, host="localhost"))
        by_address = await send(settings(server.port, security, authority.file))
    assert isinstance(by_name, Outcome)
    assert isinstance(by_address, SmtpError)


@pytest.fixture
def old_tls(authority: Authority) -> ssl.SSLContext:
    """A server that speaks TLS 1.1 and nothing newer."""
    return only_old(authority.issue("127.0.0.1"))


def only_old(context: ssl.SSLContext) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are; that is why they are refused
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


@both
async def test_tls_older_than_1_2_is_refused(
    security: Security, old_tls: ssl.SSLContext, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with smtp_server(extensions=OFFERED, tls=old_tls, implicit_tls=security is TLS) as server:
        result, heard = await through(server, settings(server.port, security, authority.file))
        assert_nothing_left(result, heard, server, caplog.text)


async def test_who_is_content_with_tls_1_1_would_have_been_served(
    old_tls: ssl.SSLContext, authority: Authority
) -> None:
    """Without this, the test above could fail for another reason."""
    content = only_old(ssl.create_default_context(cafile=authority.file))
    async with smtp_server(tls=old_tls, implicit_tls=True) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=content)
        assert (await reader.readline()).startswith(b"220 ")
        writer.close()


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        (b"250-STARTTLS\r\n", b""),
        (b"250-STARTTLS\r\n", b"250-XXXXXXXX\r\n"),
        (b"250-STARTTLS\r\n", b"250-STARTTLSX\r\n"),
        (GO_AHEAD, b"454 4.7.0 not now\r\n"),
        (GO_AHEAD, b"502 5.5.1 not here\r\n"),
        (GO_AHEAD, b"503 5.5.1 too late\r\n"),
        (GO_AHEAD, b"250 2.0.0 no need\r\n"),
        (GO_AHEAD, b"421 4.7.0 busy\r\n"),
        (GO_AHEAD, b"nonsense\r\n"),
    ],
)
async def test_starttls_that_is_stripped_or_refused_ends_it_before_any_word_of_login_or_letter(
    line: bytes, instead: bytes, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with smtp_server(extensions=OFFERED, tls=authority.issue("127.0.0.1")) as server:
        smtp = settings(server.port, STARTTLS, authority.file)
        result, heard = await through(server, smtp, lambda data: data.replace(line, instead))
        assert_nothing_left(result, heard, server, caplog.text)


@pytest.mark.parametrize(
    "injected",
    [
        b"250-x\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n",
        b"250 ok\r\n" * 12,
        b"235 2.7.0 welcome\r\n354 go on\r\n250 queued\r\n",
        b"250-",
        b"250 half a li",
        b"220 again\r\n",
        b"535 5.7.8 wrong password\r\n",
        b"\x16\x03\x01",
    ],
)
async def test_what_is_injected_in_clear_after_the_go_ahead_counts_for_nothing(
    injected: bytes, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 3207 §4.2: what came before TLS is forgotten. Ending the connection is as good."""
    refuse: Answer = lambda verb, _: "550 5.1.1 unknown" if verb == "RCPT" else None  # noqa: E731
    async with smtp_server(refuse, extensions=OFFERED, tls=authority.issue("127.0.0.1")) as server:
        smtp = settings(server.port, STARTTLS, authority.file)
        result, heard = await through(server, smtp, lambda data: data.replace(GO_AHEAD, GO_AHEAD + injected))
        if isinstance(result, SmtpError):
            assert_nothing_left(result, heard, server, caplog.text)
        else:
            assert (result.kind, result.phase, result.code) == (OutcomeKind.PERMANENT, "rcpt", 550)


async def test_what_a_server_offers_before_tls_counts_for_nothing(authority: Authority) -> None:
    """A size limit that somebody wrote into the first answer holds no letter back."""
    async with smtp_server(extensions=OFFERED, tls=authority.issue("127.0.0.1")) as server:
        smtp = settings(server.port, STARTTLS, authority.file)
        result, _ = await through(
            server, smtp, lambda data: data.replace(b"250-STARTTLS", b"250-SIZE 10\r\n250-STARTTLS")
        )
    assert isinstance(result, Outcome)
    assert result.kind is OutcomeKind.SENT


async def test_a_server_that_goes_on_in_clear_after_its_go_ahead_is_not_followed(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    script = [
        (b"", b"220 x ESMTP\r\n"),
        (b"EHLO", b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
        (b"STARTTLS\r\n", GO_AHEAD),
    ]
    async with scripted([*script, (b"\x16\x03", b"250-x\r\n250 AUTH PLAIN\r\n"), (b"AUTH", b"235 ok\r\n")]) as heard:
        result = await send(settings(heard.port, STARTTLS, authority.file))
        assert_nothing_left(result, heard, None, caplog.text)


async def test_a_server_that_speaks_in_clear_where_tls_belongs_is_not_followed(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    async with smtp_server(extensions=OFFERED) as server:
        result, heard = await through(server, settings(server.port, TLS, authority.file))
        assert_nothing_left(result, heard, None, caplog.text)


@both
@pytest.mark.parametrize(
    "reply",
    [
        f"535 5.7.8 no: {SECRETS[2]}",
        f"535 5.7.8 no: {PASSWORD}",
        "454 4.7.0 later",
        "504 5.5.4 unknown mechanism",
        f"334 {SECRETS[1]}",
        f"999 {SECRETS[2]}",
        f"{SECRETS[2]}",
        f"421 {SECRETS[2]}",
        HANG_UP,
    ],
)
async def test_a_login_that_fails_tells_the_password_to_nobody(
    reply: str, security: Security, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    answer: Answer = lambda verb, _: reply if verb == "AUTH" else None  # noqa: E731
    context = authority.issue("127.0.0.1")
    async with smtp_server(
        answer, extensions=("STARTTLS", "AUTH PLAIN"), tls=context, implicit_tls=security is TLS
    ) as server:
        smtp = settings(server.port, security, authority.file)
        result = await send(smtp)
    assert isinstance(result, SmtpError)
    assert [command for command in server.commands if command.startswith(("MAIL", "RCPT"))] == []
    assert_secret(result, caplog.text, repr(smtp), str(smtp), repr(SmtpTransport(smtp)), smtp.model_dump_json())


@both
async def test_no_login_where_a_server_offers_none_after_tls(
    security: Security, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    context = authority.issue("127.0.0.1")
    async with smtp_server(extensions=("STARTTLS",), tls=context, implicit_tls=security is TLS) as server:
        result, heard = await through(server, settings(server.port, security, authority.file))
        assert_nothing_left(result, heard, server, caplog.text)
