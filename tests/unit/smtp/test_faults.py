"""Servers that go wrong, at every step: what the letter came to, and that the next one leaves all the same."""

import asyncio
import gc
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel, Transport
from newsletter.settings import Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.smtp.failover import FailoverTransport
from newsletter.smtp.session import SmtpSession, stuffed, utf8_xtext
from tests.mail_system import free_ports, smtp_sink
from tests.smtp_server import smtp_server
from tests.wire import SILENCE, Script, scripted

SENT, TEMPORARY, PERMANENT = OutcomeKind.SENT, OutcomeKind.TEMPORARY, OutcomeKind.PERMANENT
IN_DOUBT, OUR_FAULT = OutcomeKind.IN_DOUBT, OutcomeKind.OUR_FAULT
UNKNOWN = ("-B", "550 5.1.1 unknown")
LINES = b"Dag.\r\n.\r\n..\r\n"


def settings(port: int, **values: float) -> Smtp:
    patient = {f"{name}_timeout": 20 for name in ("connect", "greeting", "command", "start", "block", "data")}
    return Smtp.model_validate({"host": "127.0.0.1", "port": port} | patient | values)


def parcel(number: int, body: bytes = LINES) -> Parcel:
    head = b"From: a@example.nl\r\nTo: b@example.nl\r\nSubject: x\r\nMessage-ID: <%d@example.nl>\r\n\r\n" % number
    return Parcel(f"bounces+{number}@example.nl", f"b{number}@example.nl", head + body)


#: Sent again they are the same objects, by which a session knows them.
PARCELS = [parcel(number) for number in range(4)]


async def attempt(session: SmtpSession, number: int, *, ahead: bool = False) -> Outcome | SmtpError:
    """Send one; `ahead`: while the session knows which one is next."""
    try:
        return await session.send(PARCELS[number], PARCELS[number + 1] if ahead else None)
    except SmtpError as error:
        return error


def handed_over(folder: Path) -> list[str]:
    """For whom smtp-sink heard a letter to its end."""
    lines = [line for file in folder.glob("letter.*") for line in file.read_text().splitlines()]
    return sorted(line.partition("<")[2].partition(">")[0] for line in lines if line.startswith("X-Rcpt-Args:"))


async def through_sink(fault: Sequence[str], folder: Path, *, ahead: bool) -> tuple[list[Outcome | SmtpError], ...]:
    """Two letters to a server with this fault, then two to one without, at the same place, all on one session."""
    [port] = free_ports(1)
    for name in ("faulty", "sound"):
        (folder / name).mkdir()
    async with SmtpTransport(settings(port)).session() as session:
        with smtp_sink(port, folder / "faulty", *fault):
            faulty = [await attempt(session, number, ahead=ahead) for number in (0, 1)]
        with smtp_sink(port, folder / "sound"):
            sound = [await attempt(session, 2, ahead=ahead), await attempt(session, 3)]
    return faulty, sound


@pytest.mark.parametrize("ahead", [False, True], ids=["alone", "ahead"])
@pytest.mark.parametrize(
    ("fault", "kind", "phase", "code"),
    [
        (("-r", "MAIL"), TEMPORARY, "mail", 450),
        (("-r", "RCPT"), TEMPORARY, "rcpt", 450),
        (("-r", "DATA"), TEMPORARY, "data", 450),
        (("-r", "."), TEMPORARY, "letter", 450),
        (("-f", "MAIL"), OUR_FAULT, "mail", 500),
        (("-f", "RCPT", *UNKNOWN), PERMANENT, "rcpt", 550),
        (("-f", "DATA", *UNKNOWN), PERMANENT, "data", 550),
        (("-f", ".", *UNKNOWN), PERMANENT, "letter", 550),
        (("-Q", "MAIL"), TEMPORARY, "mail", 421),
        (("-Q", "RCPT"), TEMPORARY, "rcpt", 421),
        (("-Q", "DATA"), TEMPORARY, "data", 421),
        (("-Q", "."), TEMPORARY, "letter", 421),
        (("-q", "MAIL"), TEMPORARY, "mail", 0),
        (("-q", "RCPT"), TEMPORARY, "rcpt", 0),
        (("-q", "DATA"), TEMPORARY, "data", 0),
        (("-q", "."), IN_DOUBT, "letter", 0),
        (("-r", "RCPT,RSET"), TEMPORARY, "rcpt", 450),
        (("-f", "DATA,RSET", *UNKNOWN), PERMANENT, "data", 550),
        (("-r", "RCPT", "-q", "RSET"), TEMPORARY, "rcpt", 450),
        (("-f", "RCPT", *UNKNOWN, "-Q", "RSET"), PERMANENT, "rcpt", 550),
        (("-r", "RCPT,QUIT"), TEMPORARY, "rcpt", 450),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
async def test_each_fault_at_each_step_says_what_the_letter_came_to_and_no_letter_is_handed_over_twice(
    fault: tuple[str, ...], kind: OutcomeKind, phase: str, code: int, ahead: bool, tmp_path: Path
) -> None:
    faulty, sound = await through_sink(fault, tmp_path, ahead=ahead)
    assert [(one.kind, one.phase, one.code) for one in faulty if isinstance(one, Outcome)] == [(kind, phase, code)] * 2
    assert handed_over(tmp_path / "faulty") == (["b0@example.nl", "b1@example.nl"] if phase == "letter" else [])
    assert [one.kind for one in sound if isinstance(one, Outcome)] == [SENT, SENT]
    assert handed_over(tmp_path / "sound") == ["b2@example.nl", "b3@example.nl"]


@pytest.mark.parametrize("ahead", [False, True], ids=["alone", "ahead"])
async def test_a_letter_that_is_refused_before_it_can_have_been_read_is_not_in_doubt(
    ahead: bool, tmp_path: Path
) -> None:
    """The refusal is there before the letter leaves, or meets it on its way: both are in order."""
    faulty, sound = await through_sink(("-A", "0"), tmp_path, ahead=ahead)
    told = {(one.kind, one.phase, one.code) for one in faulty if isinstance(one, Outcome)}
    assert told
    assert told <= {(TEMPORARY, "data", 0), (PERMANENT, "letter", 550)}
    assert handed_over(tmp_path / "faulty") == []
    assert [one.kind for one in sound if isinstance(one, Outcome)] == [SENT, SENT]


@pytest.mark.parametrize(
    ("fault", "is_our_fault"),
    [
        (("-r", "CONNECT"), False),
        (("-f", "CONNECT", "-B", "554 5.7.1 go away"), True),
        (("-q", "CONNECT"), False),
        (("-Q", "CONNECT"), False),
        (("-r", "EHLO"), False),
        (("-f", "EHLO", "-B", "550 5.7.1 go away"), True),
        (("-f", "EHLO,HELO"), True),
        (("-q", "EHLO"), False),
        (("-Q", "EHLO"), False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
async def test_a_fault_before_the_first_letter_is_of_no_letter_and_the_next_attempt_connects_anew(
    fault: tuple[str, ...], is_our_fault: bool, tmp_path: Path
) -> None:
    faulty, sound = await through_sink(fault, tmp_path, ahead=True)
    assert [one.is_our_fault for one in faulty if isinstance(one, SmtpError)] == [is_our_fault] * 2
    assert handed_over(tmp_path / "faulty") == []
    assert [one.kind for one in sound if isinstance(one, Outcome)] == [SENT, SENT]
    assert handed_over(tmp_path / "sound") == ["b2@example.nl", "b3@example.nl"]


@pytest.mark.parametrize("ahead", [False, True], ids=["alone", "ahead"])
@pytest.mark.parametrize(
    "options", [(), ("-p",), ("-N",), ("-8", "-E", "-F", "-C", "-a"), ("-e",), ("-f", "EHLO")], ids=" ".join
)
async def test_letters_leave_whole_whatever_the_server_can(
    options: tuple[str, ...], ahead: bool, tmp_path: Path
) -> None:
    outcomes, _ = await through_sink(options, tmp_path, ahead=ahead)
    assert [one.kind for one in outcomes if isinstance(one, Outcome)] == [SENT, SENT]
    dumps = [file.read_text() for file in (tmp_path / "faulty").glob("letter.*")]
    for one in PARCELS[:2]:
        [dump] = [dump for dump in dumps if one.recipient in dump]
        assert dump.endswith(one.letter.decode().replace("\r\n", "\n") + "\n")
        assert ("ORCPT=rfc822;" in dump) is (not {"-N", "-e", "EHLO"} & set(options)), (
            "only where the server offers DSN"
        )


BEYOND = parcel(9)._replace(recipient="jörg+x@example.nl")


@pytest.mark.parametrize("extensions", [("PIPELINING", "DSN", "SMTPUTF8"), ("DSN", "SMTPUTF8")], ids=" ".join)
async def test_an_address_beyond_ascii_is_given_to_a_server_that_takes_it(extensions: tuple[str, ...]) -> None:
    async with (
        smtp_server(extensions=extensions) as server,
        SmtpTransport(settings(server.port)).session() as session,
    ):
        outcomes = [await session.send(PARCELS[0], BEYOND), await session.send(BEYOND), await session.send(PARCELS[1])]
    assert [one.kind for one in outcomes] == [SENT] * 3
    assert [recipient for _, recipient, _ in server.letters] == ["b0@example.nl", BEYOND.recipient, "b1@example.nl"]
    mail = [command.partition("> ")[2] for command in server.commands if command.startswith("MAIL")]
    assert mail == ["RET=HDRS", "BODY=8BITMIME SMTPUTF8 RET=HDRS", "RET=HDRS"]
    rcpt = [command.rpartition(" ")[2] for command in server.commands if command.startswith("RCPT")]
    assert rcpt[1] == r"ORCPT=utf-8;j\x{F6}rg\x{2B}x@example.nl"


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()], ids=" ".join)
async def test_an_address_beyond_ascii_fails_by_itself_where_the_server_takes_none(extensions: tuple[str, ...]) -> None:
    async with (
        smtp_server(extensions=extensions) as server,
        SmtpTransport(settings(server.port)).session() as session,
    ):
        outcomes = [await session.send(PARCELS[0], BEYOND), await session.send(BEYOND), await session.send(PARCELS[1])]
    assert [(one.kind, one.phase, one.enhanced) for one in outcomes] == [
        (SENT, "letter", "2.0.0"),
        (PERMANENT, "address", "5.6.7"),
        (SENT, "letter", "2.0.0"),
    ]
    assert not any("j" in command for command in server.commands if command.startswith(("MAIL", "RCPT")))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_recipient_of_a_report_is_read_back_as_it_was(address: str) -> None:
    written = utf8_xtext(address)
    assert written.isascii()
    assert not re.search(r"[+= ]", written)
    assert re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: chr(int(found[1], 16)), written) == address


@pytest.mark.parametrize(
    ("command", "setting", "kind", "phase"),
    [
        ("MAIL", "command_timeout", TEMPORARY, "mail"),
        ("RCPT", "command_timeout", TEMPORARY, "rcpt"),
        ("DATA", "start_timeout", TEMPORARY, "data"),
        (".", "data_timeout", IN_DOUBT, "letter"),
    ],
)
async def test_silence_ends_at_the_limit_of_its_step_and_is_in_doubt_after_the_letter_only(
    command: str, setting: str, kind: OutcomeKind, phase: str, tmp_path: Path
) -> None:
    [port] = free_ports(1)
    with smtp_sink(port, tmp_path, "-W", f"{command}:60", "-p"):
        async with asyncio.timeout(15), SmtpTransport(settings(port, **{setting: 0.1})).session() as session:
            outcome = await session.send(PARCELS[0])
    assert (outcome.kind, outcome.phase, outcome.code) == (kind, phase, 0)


@pytest.mark.parametrize(("command", "setting"), [("CONNECT", "greeting_timeout"), ("EHLO", "greeting_timeout")])
async def test_a_server_that_never_says_who_it_is_cannot_be_used(command: str, setting: str, tmp_path: Path) -> None:
    [port] = free_ports(1)
    with smtp_sink(port, tmp_path, "-W", f"{command}:60"):
        async with asyncio.timeout(15), SmtpTransport(settings(port, **{setting: 0.1})).session() as session:
            with pytest.raises(SmtpError, match="cannot be used"):
                await session.send(PARCELS[0])


HELLO = ((b"", b"220 x ESMTP\r\n"), (b"EHLO", b"250-x\r\n250 PIPELINING\r\n"))
GO_AHEAD = (b"DATA\r\n", b"250 ok\r\n250 ok\r\n354 go on\r\n")
END = b"\r\n.\r\n"
QUEUED = (END, b"250 2.0.0 queued\r\n")
SOUND = (*HELLO, GO_AHEAD, QUEUED, GO_AHEAD, QUEUED)


@pytest.mark.parametrize("ahead", [False, True], ids=["alone", "ahead"])
@pytest.mark.parametrize(
    ("script", "kind", "phase", "code"),
    [
        # What was said before the end of the connection counts.
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n550 5.1.1 unknown\r\n")], PERMANENT, "rcpt", 550),
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n421 busy\r\n")], TEMPORARY, "rcpt", 421),
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n250 ok\r\n451 busy\r\n")], TEMPORARY, "data", 451),
        ([*HELLO, GO_AHEAD, (END, b"250 queued\r\n")], SENT, "letter", 250),
        ([*HELLO, GO_AHEAD, (END, b"250 queued\r\n421 enough\r\n")], SENT, "letter", 250),
        ([*HELLO, GO_AHEAD, (END, b"250 queued\r\n" + GO_AHEAD[1] + b"421 enough\r\n")], SENT, "letter", 250),
        ([*HELLO, GO_AHEAD, (END, b"550 5.1.1 unknown\r\n")], PERMANENT, "letter", 550),
        ([*HELLO, GO_AHEAD, (END, b"550 5.1.1 unknown\r\n421 enough\r\n")], PERMANENT, "letter", 550),
        # Not a byte of the letter can have been taken.
        ([*HELLO, (b"DATA\r\n", GO_AHEAD[1] + b"421 enough\r\n")], TEMPORARY, "data", 0),
        ([*HELLO, (b"DATA\r\n", GO_AHEAD[1] + b"550 5.7.1 no\r\n")], TEMPORARY, "data", 0),
        # Half an answer is none.
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n25")], TEMPORARY, "rcpt", 0),
        ([*HELLO, GO_AHEAD, (END, b"250 que")], IN_DOUBT, "letter", 0),
        ([*HELLO, GO_AHEAD, (END, b"250-queued\r\n")], IN_DOUBT, "letter", 0),
        # What is no answer at all.
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n\x00\xff\r\n")], TEMPORARY, "rcpt", 0),
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n" + b"250-" + b"x" * 200_000)], TEMPORARY, "rcpt", 0),
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n" + b"250-x\r\n" * 50_000)], TEMPORARY, "rcpt", 0),
        ([*HELLO, GO_AHEAD, (END, b"OK queued\r\n")], IN_DOUBT, "letter", 0),
        ([*HELLO, GO_AHEAD, (END, b"999 queued\r\n")], IN_DOUBT, "letter", 999),
        ([*HELLO, GO_AHEAD, (END, b"\r\n")], IN_DOUBT, "letter", 0),
        # Unusual, and in order.
        ([*HELLO, (b"DATA\r\n", b"250-a\r\n250 b\r\n250\r\n354\r\n"), QUEUED], SENT, "letter", 250),
        ([*HELLO, (b"DATA\r\n", b"250 ok\n251 ok\n354 go on\n"), QUEUED], SENT, "letter", 250),
        ([*HELLO, GO_AHEAD, (END, b"250-2.0.0 a\r\n250 2.0.0 \xe9\x00\xff\r\n")], SENT, "letter", 250),
        # Silence.
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n"), SILENCE], TEMPORARY, "rcpt", 0),
        ([*HELLO, (b"DATA\r\n", b"250 ok\r\n250 ok\r\n"), SILENCE], TEMPORARY, "data", 0),
        ([*HELLO, GO_AHEAD, (END, b""), SILENCE], IN_DOUBT, "letter", 0),
    ],
    ids=lambda value: str(b"".join(answer for _, answer in value[2:])[:60]) if isinstance(value, list) else None,
)
async def test_strange_answers_are_taken_for_what_they_can_mean_and_the_next_letter_leaves(
    script: Script, kind: OutcomeKind, phase: str, code: int, ahead: bool
) -> None:
    hasty = {} if SILENCE not in script else {"command_timeout": 0.1, "start_timeout": 0.1, "data_timeout": 0.1}
    async with scripted(script, SOUND) as heard, SmtpTransport(settings(heard.port, **hasty)).session() as session:
        outcomes = [await attempt(session, 0, ahead=ahead), await attempt(session, 1)]
    assert [(one.kind, one.phase, one.code) for one in outcomes if isinstance(one, Outcome)] == [
        (kind, phase, code),
        (SENT, "letter", 250),
    ]
    for one in PARCELS[:2]:
        assert sum(said.count(one.letter.partition(b"\r\n\r\n")[0]) for said in heard.connections) <= 1


@pytest.mark.parametrize("ahead", [False, True], ids=["alone", "ahead"])
@pytest.mark.parametrize("ends", [b"421 4.7.0 enough\r\n", b""], ids=["421", "hung up"])
@pytest.mark.parametrize("is_late", [False, True])
async def test_a_server_that_has_enough_of_a_connection_gets_the_letter_on_a_new_one(
    is_late: bool, ends: bytes, ahead: bool
) -> None:
    """Whether it ends with the reply to the letter before, or at the next MAIL."""
    end: Script = [(END, b"250 queued\r\n"), (b"MAIL", ends)] if is_late else [(END, b"250 queued\r\n" + ends)]
    script = [*HELLO, GO_AHEAD, *end]
    async with scripted(script, SOUND) as heard, SmtpTransport(settings(heard.port)).session() as session:
        outcomes = [await attempt(session, 0, ahead=ahead), await attempt(session, 1)]
    assert [one.kind for one in outcomes if isinstance(one, Outcome)] == [SENT, SENT]
    assert [said.count(END) for said in heard.connections] == [1, 1]


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent", "not sent after all"])
async def test_the_text_of_the_next_letter_travels_ahead_and_its_end_only_when_it_is_sent(is_sent: bool) -> None:
    """Until then nothing of it is delivered (RFC 5321 §4.1.1.4), whatever becomes of us."""
    ahead = (END, QUEUED[1] + GO_AHEAD[1])
    script = [*HELLO, GO_AHEAD, ahead, QUEUED, SILENCE]
    _, _, text = PARCELS[1].letter.partition(b"\r\n\r\n")
    whole = PARCELS[1].letter[: -len(text)] + stuffed(text)
    async with scripted(script, SOUND) as heard, SmtpTransport(settings(heard.port)).session() as session:
        first = await attempt(session, 0, ahead=True)
        await heard.wait_for(whole)
        assert heard.connections[0].endswith(whole)
        assert heard.connections[0].count(END) == 1
        if not is_sent:
            session.abandon()
        then = await attempt(session, 1 if is_sent else 2)
    assert [one.kind for one in (first, then) if isinstance(one, Outcome)] == [SENT, SENT]
    assert [said.count(END) for said in heard.connections] == ([2] if is_sent else [1, 1])
    assert heard.everything().count(whole) == 1


async def test_a_connection_lost_in_the_middle_of_a_letter_is_not_in_doubt() -> None:
    """The final dot cannot have been sent while the network still holds the letter back."""
    large = parcel(1, (b"x" * 998 + b"\r\n") * 20_000)  # more than the buffers of both ends
    script: Script = [*HELLO, GO_AHEAD, (b"x" * 998, b"")]
    async with scripted(script, SOUND) as heard, SmtpTransport(settings(heard.port)).session() as session:
        first, second = await session.send(large), await session.send(large)
    assert (first.kind, first.phase, first.code) == (TEMPORARY, "data", 0)
    assert second.kind is SENT
    assert [END in said for said in heard.connections] == [False, True]


async def test_nobody_gets_the_empty_letter_that_ends_a_refused_envelope() -> None:
    """RFC 2920 §3.1: a server may let DATA through though it refused; a lone dot is then an end, never a letter."""
    let_through = (b"DATA\r\n", b"250 ok\r\n550 5.1.1 unknown\r\n354 go on\r\n")
    ended: Script = [(b".\r\n", b"554 5.5.1 no valid recipients\r\n"), (b"RSET\r\n", b"250 ok\r\n")]
    script = [*HELLO, let_through, *ended, *SOUND[2:]]
    async with scripted(script) as heard, SmtpTransport(settings(heard.port)).session() as session:
        first, second = await session.send(PARCELS[0]), await session.send(PARCELS[1])
    assert (first.kind, first.phase) == (PERMANENT, "rcpt")
    assert second.kind is SENT
    assert len(heard.connections) == 1


async def test_a_recipient_who_was_neither_taken_nor_refused_gets_no_empty_letter() -> None:
    """252 answers no RCPT; after it and 354 a lone dot could be delivered, and only hanging up delivers nothing."""
    script: Script = [*HELLO, (b"DATA\r\n", b"250 ok\r\n252 perhaps\r\n354 go on\r\n"), (b".\r\n", b"250 queued\r\n")]
    async with scripted(script, SOUND) as heard, SmtpTransport(settings(heard.port)).session() as session:
        first, second = await session.send(PARCELS[0]), await session.send(PARCELS[1])
    assert (first.kind, first.phase, first.code) == (TEMPORARY, "rcpt", 252)
    assert second.kind is SENT
    assert not heard.connections[0].endswith(b"DATA\r\n.\r\n")


@pytest.mark.parametrize("failover", [False, True], ids=["one server", "several"])
@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"])
async def test_who_has_to_end_at_once_hangs_up_and_waits_for_no_goodbye(verb: str, failover: bool) -> None:
    """A QUIT in the middle of a letter would be a line of that letter."""
    reached = asyncio.Event()

    def answer(said: str, _letters: int) -> str | None:
        if said != verb:
            return None
        reached.set()
        return "250-wait"

    async def send(transport: Transport) -> None:
        async with transport.session() as session:
            await session.send(PARCELS[0])

    async with smtp_server(answer) as server:
        one = SmtpTransport(settings(server.port))
        sending = asyncio.create_task(send(FailoverTransport([one], lambda: 0.0) if failover else one))
        await reached.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        gc.collect()  # what nobody closed would warn now
    assert ("QUIT" in server.commands) is (verb == "QUIT")


async def test_an_unforeseen_failure_hangs_up_as_well() -> None:
    async def fail(transport: Transport) -> None:
        async with transport.session() as session:
            await session.send(PARCELS[0], PARCELS[1])
            raise RuntimeError("unforeseen")

    async with smtp_server() as server:
        with pytest.raises(RuntimeError, match="unforeseen"):
            await fail(SmtpTransport(settings(server.port)))
    assert "QUIT" not in server.commands
    assert [recipient for _, recipient, _ in server.letters] == ["b0@example.nl"]
