"""Letters through a real Postfix into a real Dovecot: each arrives whole, as one letter, whatever its texts hold."""

import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Attachment, Mailing, Recipient
from newsletter.errors import HeaderError
from newsletter.events.event import Mailbox
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.settings import Smtp
from newsletter.smtp.client import SmtpTransport
from tests.mail_system import LARGEST, MailSystem, mail_system
from tests.world import mailing_content

pytestmark = pytest.mark.xdist_group("mail-system")

SENDER = "bounces+1.token@example.nl"
HEAD = b"From: a@example.nl\r\nTo: b@example.nl\r\nSubject: x\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
HEAD += b"Message-ID: <%s@example.nl>\r\n\r\n"
#: What some server, somewhere, took for the end of a letter, and what looks like it.
ENDS = (
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r\n.\r\n",
    "\r.\r",
    "\r.\r\n",
    "\r\n.\r",
    "\r.\n",
    "\n.\r",
    "\n\n.\n\n",
    "\r\r\n.\r\r\n",
    "\n..\n",
    "\r\n..\r\n",
    "\n.\n.\n",
    "\n. \n",
    "\u2028.\u2028",
    "\x0b.\x0c",
)
#: The line ends of these are not CRLF everywhere: no session may transmit them.
BARE = tuple(end for end in ENDS if re.search(r"\r(?!\n)|(?<!\r)\n", end))


def smuggled(end: str) -> str:
    """A second letter, as it would follow a first one with this end."""
    line_end = end.partition(".")[0]
    lines = ("MAIL FROM:<x@example.nl>", "RCPT TO:<smuggled@example.nl>", "DATA", "Subject: smuggled", "", "x", ".", "")
    return line_end.join(lines)


def evil(end: str) -> str:
    return f"Dag.{end}{smuggled(end)}.\n..\r\nFrom hier.{end}"


@pytest.fixture(scope="session")
def running() -> Iterator[MailSystem]:
    with mail_system() as system:
        yield system


@pytest.fixture
def system(running: MailSystem) -> MailSystem:
    """Postfix and Dovecot, with no letter anywhere."""
    running.empty()
    return running


@pytest.fixture(params=["tolerant", "strict"])
def port(request: pytest.FixtureRequest, system: MailSystem) -> int:
    found: int = getattr(system, request.param)
    return found


async def send(port: int, *parcels: Parcel) -> list[Outcome]:
    """All over one session, each with its successor known, as a worker sends them."""
    smtp = Smtp(host="127.0.0.1", port=port, command_timeout=20, data_timeout=20)
    async with SmtpTransport(smtp).session() as session:
        return [await session.send(one, after) for one, after in zip(parcels, [*parcels[1:], None], strict=True)]


def kinds(outcomes: Sequence[Outcome]) -> set[OutcomeKind]:
    return {outcome.kind for outcome in outcomes}


def content(end: str) -> Mailing:
    """The same evil in all parts, as fixed text and as the value of a placeholder."""
    text, file = f"{evil(end)}[[ subscriber.note ]]", bytes(range(256)) + evil(end).encode()
    return replace(
        mailing_content(),
        text=text,
        html=f'<!doctype html><html><body><img src="cid:logo@example.nl">{text}</body></html>',
        calendar=f"BEGIN:VCALENDAR{evil(end)}",
        attachments=(
            Attachment("logo.png", "image/png", file, cid="logo@example.nl"),
            Attachment("verslag.txt", "text/markdown", file),
        ),
    )


def recipient(end: str, number: int = 0) -> Recipient:
    return Recipient(
        id=str(number),
        address=f"person-{number}@example.nl",
        name="Zoë Voorbeeld",
        attributes={"note": evil(end)},
        message_id=f"{number}.token@example.nl",
        unsubscribe=("https://nieuwsbrief.example.nl/u/token",),
        date=datetime(2026, 3, 2, 9, tzinfo=UTC),
    )


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def unix(text: str) -> str:
    """A text has one kind of line end when it is read, whatever it was typed with."""
    return re.sub(r"\r\n|\r", "\n", text)


def part(message: EmailMessage, content_type: str) -> bytes:
    [found] = [one for one in message.walk() if one.get_content_type() == content_type]
    payload = found.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


async def test_evil_in_every_part_arrives_as_one_letter_for_each_recipient_and_nothing_else(
    port: int, system: MailSystem
) -> None:
    letters = [(Letter(content(end)), recipient(end, number)) for number, end in enumerate(ENDS)]
    wires = [letter.address(person) for letter, person in letters]
    parcels = [
        Parcel(SENDER, person.address, wire, is_wire=True) for (_, person), wire in zip(letters, wires, strict=True)
    ]
    assert kinds(await send(port, *parcels)) == {OutcomeKind.SENT}

    arrived = system.mailboxes()
    assert {address: len(found) for address, found in arrived.items()} == {person.address: 1 for _, person in letters}
    for (letter, person), wire in zip(letters, wires, strict=True):
        [raw] = arrived[person.address]
        assert raw.endswith(wire), "what Postfix and Dovecot add stands above; below, no byte has changed"
        message = read(raw)
        _, html, text = letter.plain(person)
        assert unix(part(message, "text/plain").decode()) == unix(text)
        assert unix(part(message, "text/html").decode()) == unix(html)
        assert unix(part(message, "text/calendar").decode()) == unix(letter.mailing.calendar)
        # Files keep the line ends that they have.
        assert part(message, "application/ics") == letter.mailing.calendar.encode()
        for file in letter.mailing.attachments:
            assert part(message, file.media_type) == file.content


@pytest.mark.parametrize(
    "value", [".", "..", f"{'. ' * 80}.", "." * 200, "MAIL FROM:<x@example.nl>", "RSET QUIT", "From hier"]
)
async def test_dots_and_commands_in_a_subject_and_in_names_stay_there(value: str, system: MailSystem) -> None:
    mailing = replace(
        content(ENDS[0]), subject=value, series_name=value, sender=Mailbox(name=value, address="a@example.nl")
    )
    person = recipient(ENDS[0])._replace(name=value)
    wire = Letter(mailing).address(person)
    assert kinds(await send(system.tolerant, Parcel(SENDER, person.address, wire, is_wire=True))) == {OutcomeKind.SENT}
    [[raw]] = system.mailboxes().values()
    assert raw.endswith(wire)
    legacy = message_from_bytes(raw)  # the newer parser puts a space between two encoded words of a name
    subject, to = (legacy[field].replace("\r\n", "") for field in ("Subject", "To"))
    assert (decoded(subject), decoded(parseaddr(to)[0])) == (value, value)


def decoded(field: str) -> str:
    return str(make_header(decode_header(field)))


@pytest.mark.parametrize("end", ENDS)
def test_a_line_end_in_a_subject_or_a_name_makes_no_letter(end: str) -> None:
    good, person = mailing_content(), recipient(".")
    with pytest.raises(HeaderError):
        Letter(replace(good, subject=f"Dag{end}Bcc: x@example.nl"))
    with pytest.raises(HeaderError):
        Letter(replace(good, sender=Mailbox(name=f"Dag{end}", address="a@example.nl")))
    with pytest.raises(HeaderError):
        Letter(replace(good, subject="Dag [[ subscriber.note ]]")).address(person._replace(attributes={"note": end}))
    with pytest.raises(HeaderError):
        Letter(good).address(person._replace(name=f"Zoë{end}"))
    with pytest.raises(HeaderError):
        Letter(good).address(person._replace(address=f"b@example.nl{end}"))


@pytest.mark.parametrize("end", BARE)
async def test_raw_bytes_with_a_line_end_that_is_not_crlf_never_leave(end: str, port: int, system: MailSystem) -> None:
    raw = HEAD % b"1" + f"Dag.{end}{smuggled(end)}".encode() + b"\r\n"
    after = Parcel(SENDER, "b@example.nl", HEAD % b"2" + b"Dag.\r\n")
    outcomes = await send(port, Parcel(SENDER, "b@example.nl", raw), after)
    assert [(one.kind, one.phase) for one in outcomes] == [
        (OutcomeKind.PERMANENT, "address"),
        (OutcomeKind.SENT, "letter"),
    ]
    [[arrived]] = system.mailboxes().values()
    assert arrived.endswith(after.letter)


async def test_raw_lines_of_dots_and_commands_arrive_as_they_left(port: int, system: MailSystem) -> None:
    bodies = [
        b".\r\n",
        b"..\r\n",
        b"Dag.\r\n.\r\n" + smuggled("\r\n").encode(),
        b".\r\n.\r\n..\r\n...\r\n.x\r\n",
        b"QUIT\r\n.\r\nRSET\r\n",
    ]
    parcels = [Parcel(SENDER, f"b-{n}@example.nl", HEAD % b"%d" % n + body) for n, body in enumerate(bodies)]
    assert kinds(await send(port, *parcels)) == {OutcomeKind.SENT}
    arrived = system.mailboxes()
    assert sorted(arrived) == sorted(parcel.recipient for parcel in parcels)
    for parcel in parcels:
        [raw] = arrived[parcel.recipient]
        assert raw.endswith(parcel.letter)


@pytest.mark.parametrize(
    "address",
    ["b@example.nl>\r\nRCPT TO:<smuggled@example.nl", "b@example.nl\nDATA", "b@example.nl> SIZE=1", "b\r@example.nl"],
)
async def test_an_address_is_no_way_in_for_commands(address: str, system: MailSystem) -> None:
    letter = HEAD % b"1" + b"Dag.\r\n"
    outcomes = await send(system.tolerant, Parcel(SENDER, address, letter), Parcel(address, "b@example.nl", letter))
    assert [(one.kind, one.phase) for one in outcomes] == [(OutcomeKind.PERMANENT, "address")] * 2
    assert system.mailboxes() == {}


def talk(port: int, letter: bytes) -> bytes:
    """One transaction by hand, with whatever bytes; all that the server says."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, connection.makefile("rb") as answers:
        said = answers.readline()
        for line in (b"EHLO a", b"MAIL FROM:<a@example.nl>", b"RCPT TO:<b@example.nl>", b"DATA"):
            connection.sendall(line + b"\r\n")
            while (answer := answers.readline())[3:4] == b"-":
                pass
        connection.sendall(letter + b"\r\n.\r\nQUIT\r\n")
        return said + answer + answers.read()


@pytest.mark.parametrize("end", ["\n.\n", "\n.\r\n", "\r\n.\n"])
def test_the_tolerant_postfix_would_have_let_a_second_letter_in_and_the_strict_one_hangs_up(
    end: str, system: MailSystem
) -> None:
    """Without this, the tests above could not fail."""
    letter = HEAD % b"1" + f"Dag.{end}".encode() + smuggled("\n").encode()
    assert re.search(rb"^5\d\d 5\.5\.2", talk(system.strict, letter), re.MULTILINE)
    assert system.mailboxes() == {}
    talk(system.tolerant, letter)
    assert sorted(system.mailboxes()) == ["b@example.nl", "smuggled@example.nl"]


async def test_a_letter_that_cannot_be_delivered_comes_back_to_its_envelope_sender_with_its_id(
    port: int, system: MailSystem
) -> None:
    envelope_id, wrong = "delivery+1=2.token", "nobody+a=b@nowhere.example.nl"
    wire = Letter(mailing_content()).address(recipient("."))
    outcomes = await send(port, Parcel(SENDER, wrong, wire, envelope_id, is_wire=True))
    assert kinds(outcomes) == {OutcomeKind.SENT}
    arrived = system.mailboxes()
    assert list(arrived) == ["bounces@example.nl"]
    [[raw]] = arrived.values()
    report = read(raw)
    assert (report["Return-Path"], report["Delivered-To"]) == ("<>", SENDER)
    [status] = [one for one in report.walk() if one.get_content_type() == "message/delivery-status"]
    about, of_recipient = status.iter_parts()
    assert about["Original-Envelope-Id"] == envelope_id
    assert (of_recipient["Original-Recipient"], of_recipient["Status"]) == (f"rfc822;{wrong}", "5.1.1")
    assert b"\r\nMessage-ID: <0.token@example.nl>\r\n" in raw
    assert b"Afmelden" not in raw, "RET=HDRS: the letter itself does not come back"


async def test_a_letter_that_is_too_large_is_not_even_offered(system: MailSystem) -> None:
    large = Parcel(SENDER, "large@example.nl", HEAD % b"1" + b"Dag.\r\n" * (LARGEST // 6))
    small = Parcel(SENDER, "small@example.nl", HEAD % b"2" + b"Dag.\r\n")
    outcomes = await send(system.strict, small, large, small)
    assert [one.kind for one in outcomes] == [OutcomeKind.SENT, OutcomeKind.OUR_FAULT, OutcomeKind.SENT]
    assert (outcomes[1].phase, outcomes[1].code, outcomes[1].enhanced) == ("mail", 0, "5.3.4"), "no server was asked"
    assert {address: len(found) for address, found in system.mailboxes().items()} == {"small@example.nl": 2}
