"""The session against a real server on loopback that misbehaves on demand."""

import logging
import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.settings import Security, Smtp
from newsletter.smtp.client import SmtpTransport, security_of
from tests.certificates import make_certificate
from tests.smtp_server import HANG_UP, Answer, smtp_server

LETTER = b"From: a@example.nl\r\nTo: b@example.nl\r\nSubject: x\r\n\r\nDag.\r\n"


def settings(port: int, **values: object) -> Smtp:
    return Smtp.model_validate({"host": "127.0.0.1", "port": port, "command_timeout": 5, "data_timeout": 5} | values)


def refuse_once(verb: str, reply: str) -> Answer:
    left = [reply]
    return lambda said, _letters: left.pop() if said == verb and left else None


async def send(smtp: Smtp, letters: int = 1) -> list[Outcome]:
    async with SmtpTransport(smtp).session() as session:
        parcels = [Parcel("bounces@example.nl", f"b{n}@example.nl", LETTER) for n in range(letters)]
        following = [*parcels[1:], None]
        return [await session.send(one, other) for one, other in zip(parcels, following, strict=True)]


@pytest.mark.parametrize(
    ("verb", "reply", "kind", "phase", "code", "enhanced"),
    [
        ("MAIL", "451 4.3.0 later", OutcomeKind.TEMPORARY, "mail", 451, "4.3.0"),
        ("MAIL", "550 5.7.1 not you", OutcomeKind.OUR_FAULT, "mail", 550, "5.7.1"),
        ("RCPT", "450 4.2.0 greylisted", OutcomeKind.TEMPORARY, "rcpt", 450, "4.2.0"),
        ("RCPT", "550 5.1.1 unknown", OutcomeKind.PERMANENT, "rcpt", 550, "5.1.1"),
        ("RCPT", "421 4.3.2 closing", OutcomeKind.TEMPORARY, "rcpt", 421, "4.3.2"),
        ("DATA", "451 4.3.0 later", OutcomeKind.TEMPORARY, "data", 451, "4.3.0"),
        ("DATA", "554 5.7.1 no", OutcomeKind.PERMANENT, "data", 554, "5.7.1"),
        (".", "451 4.3.0 later", OutcomeKind.TEMPORARY, "letter", 451, "4.3.0"),
        (".", "554 5.6.0 no", OutcomeKind.OUR_FAULT, "letter", 554, "5.6.0"),
        (".", "550 5.1.1 unknown", OutcomeKind.PERMANENT, "letter", 550, "5.1.1"),
        ("MAIL", HANG_UP, OutcomeKind.TEMPORARY, "mail", 0, ""),
        ("RCPT", HANG_UP, OutcomeKind.TEMPORARY, "rcpt", 0, ""),
        ("DATA", HANG_UP, OutcomeKind.TEMPORARY, "data", 0, ""),
        (".", HANG_UP, OutcomeKind.IN_DOUBT, "letter", 0, ""),
    ],
)
@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)], ids=["step by step", "pipelined"])
async def test_trouble_is_told_by_phase_and_the_next_letter_still_leaves(
    extensions: tuple[str, ...], verb: str, reply: str, kind: OutcomeKind, phase: str, code: int, enhanced: str
) -> None:
    async with smtp_server(refuse_once(verb, reply), extensions=extensions) as server:
        first, second = await send(settings(server.port), 2)
        assert (first.kind, first.phase, first.code, first.enhanced) == (kind, phase, code, enhanced)
        assert second.kind is OutcomeKind.SENT
        assert [recipient for _, recipient, _ in server.letters] == ["b1@example.nl"]


async def test_silence_after_the_letter_is_in_doubt_and_silence_before_it_is_not() -> None:
    # An answer that is no line end keeps the client waiting.
    async with smtp_server(lambda verb, _: "250-wait" if verb == "." else None) as server:
        [outcome] = await send(settings(server.port, data_timeout=0.2))
        assert (outcome.kind, outcome.phase) == (OutcomeKind.IN_DOUBT, "letter")
    async with smtp_server(lambda verb, _: "250-wait" if verb == "RCPT" else None) as server:
        [outcome] = await send(settings(server.port, command_timeout=0.2))
        assert (outcome.kind, outcome.phase) == (OutcomeKind.TEMPORARY, "rcpt")


async def test_a_yes_where_a_go_ahead_belongs_is_not_taken_for_a_delivery() -> None:
    async with smtp_server(refuse_once("DATA", "250 ok")) as server:
        first, second = await send(settings(server.port), 2)
        assert (first.kind, first.phase, first.code) == (OutcomeKind.TEMPORARY, "data", 250)
        assert second.kind is OutcomeKind.SENT
        assert len(server.letters) == 1


async def test_an_answer_to_a_letter_that_makes_no_sense_leaves_it_in_doubt() -> None:
    async with smtp_server(refuse_once(".", "OK queued")) as server:
        first, second = await send(settings(server.port), 2)
        assert (first.kind, first.phase) == (OutcomeKind.IN_DOUBT, "letter")
        assert second.kind is OutcomeKind.SENT
        assert server.connections == 2


async def test_a_server_that_has_enough_of_a_connection_gets_the_letter_on_a_new_one() -> None:
    async with smtp_server(lambda verb, n: "421 4.7.0 enough" if verb == "MAIL" and n and fresh.pop(0) else None) as (
        server
    ):
        fresh = [True, False, True, False]
        outcomes = await send(settings(server.port), 3)
        assert [outcome.kind for outcome in outcomes] == [OutcomeKind.SENT] * 3
        assert server.connections == 3


async def test_letters_share_a_connection_that_is_renewed_and_ended_in_order() -> None:
    async with smtp_server() as server:
        await send(settings(server.port, letters_per_connection=4), 10)
        assert server.connections == 3
        assert server.commands.count("QUIT") == 3
        assert len(server.letters) == 10


async def test_the_greeting_names_the_senders_domain_and_not_this_machine() -> None:
    async with smtp_server() as server:
        await send(settings(server.port))
        await send(settings(server.port, hostname="mail.example.nl"))
    assert [one for one in server.commands if one.startswith("EHLO")] == ["EHLO example.nl", "EHLO mail.example.nl"]


async def test_a_server_that_is_not_there_is_one_sentence() -> None:
    async with smtp_server() as server:
        port = server.port
    with pytest.raises(SmtpError, match=f"127.0.0.1:{port} cannot be reached"):
        await send(settings(port))


@pytest.mark.parametrize("reply", ["554 5.7.1 go away", HANG_UP])
async def test_a_server_that_refuses_the_connection_is_no_fault_of_a_recipient(reply: str) -> None:
    async with smtp_server(lambda verb, _: reply if verb == "CONNECT" else None) as server:
        with pytest.raises(SmtpError, match="cannot be used"):
            await send(settings(server.port))


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_letters_leave_over_verified_tls(security: Security, tmp_path: Path) -> None:
    context, file = make_certificate(tmp_path)
    implicit = security is Security.TLS
    async with smtp_server(extensions=("STARTTLS", "AUTH PLAIN"), tls=context, implicit_tls=implicit) as server:
        secured = settings(
            server.port, security=security, ca_file=file, username="mailer", password=SecretStr("geheim-woord")
        )
        [outcome] = await send(secured)
        assert outcome.kind is OutcomeKind.SENT
        assert ("STARTTLS" in server.commands) is (security is Security.STARTTLS)
        assert any(command.startswith("AUTH") for command in server.commands)


async def assert_refused_before_mail(smtp: Smtp, commands: list[str]) -> None:
    with pytest.raises(SmtpError, match="cannot be used"):
        await send(smtp)
    assert not [command for command in commands if command.startswith(("MAIL", "AUTH"))]


async def test_a_stripped_starttls_is_refused_before_any_word_of_login_or_letter() -> None:
    async with smtp_server(extensions=("AUTH PLAIN",)) as server:
        smtp = settings(server.port, security=Security.STARTTLS, username="mailer", password=SecretStr("x"))
        await assert_refused_before_mail(smtp, server.commands)


@pytest.mark.parametrize("fault", ["unknown", "name", "expired"])
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_wrong_certificate_is_refused_before_any_word_of_login_or_letter(
    fault: str, security: Security, tmp_path: Path
) -> None:
    context, file = make_certificate(
        tmp_path, host="mail.example.nl" if fault == "name" else "127.0.0.1", expired=fault == "expired"
    )
    implicit = security is Security.TLS
    async with smtp_server(extensions=("STARTTLS",), tls=context, implicit_tls=implicit) as server:
        trusted = None if fault == "unknown" else file
        smtp = settings(server.port, security=security, ca_file=trusted, username="mailer", password=SecretStr("x"))
        await assert_refused_before_mail(smtp, server.commands)


async def test_a_refused_login_is_a_sentence_and_the_password_stands_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    context, file = make_certificate(tmp_path)
    answer: Answer = lambda verb, _: "535 5.7.8 no" if verb == "AUTH" else None  # noqa: E731
    async with smtp_server(answer, extensions=("AUTH PLAIN",), tls=context, implicit_tls=True) as server:
        smtp = settings(
            server.port, security=Security.TLS, ca_file=file, username="mailer", password=SecretStr("geheim-woord")
        )
        with pytest.raises(SmtpError, match="refused the login") as caught:
            await send(smtp)
    assert "geheim-woord" not in f"{caught.value!r} {smtp!r} {caplog.text} {caught.value.__cause__!r}"


def test_a_file_of_certificates_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    from newsletter.smtp.client import tls_context

    with pytest.raises(SmtpError, match=r"missing\.pem"):
        tls_context(settings(25, ca_file=tmp_path / "missing.pem"))
    assert tls_context(settings(25)).minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("host", "port", "security", "expected"),
    [
        ("127.0.0.1", 25, Security.AUTO, Security.NONE),
        ("localhost", 587, Security.AUTO, Security.NONE),
        ("::1", 587, Security.AUTO, Security.NONE),
        ("mail.example.nl", 465, Security.AUTO, Security.TLS),
        ("mail.example.nl", 587, Security.AUTO, Security.STARTTLS),
        ("mail.example.nl", 25, Security.AUTO, Security.STARTTLS),
        ("mail.example.nl", 25, Security.NONE, Security.NONE),
        ("127.0.0.1", 25, Security.STARTTLS, Security.STARTTLS),
        ("10.0.0.1", 25, Security.AUTO, Security.STARTTLS),
    ],
)
def test_tls_is_required_unless_the_host_is_loopback_or_the_setting_says_no(
    host: str, port: int, security: Security, expected: Security
) -> None:
    assert security_of(Smtp(host=host, port=port, security=security)) is expected


def test_a_password_never_travels_in_clear() -> None:
    with pytest.raises(SmtpError, match="in clear"):
        security_of(Smtp(host="mail.example.nl", security=Security.NONE, username="mailer"))
