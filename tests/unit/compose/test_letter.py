"""The bytes of a letter: structure, headers, lines."""

import quopri
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.compose.calendar import calendar_file
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.errors import HeaderError, PlaceholderError, TemplateError
from newsletter.events.event import Mailbox
from tests.world import NOW, event, mailing_content

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=90)


def recipient(name: str = "Zoë D’Angelo-’t Hooft, jr.", **changes: object) -> Recipient:
    plain = Recipient(
        id="#12",
        address="Zoe+nieuws@example.nl",
        name=name,
        attributes={"organisation": "Gemeente Één"},
        message_id="abc@nieuwsbrief.example.nl",
        unsubscribe=("https://nieuwsbrief.example.nl/u/token", "mailto:vragen@example.nl?subject=unsubscribe%20token"),
        date=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )
    return plain._replace(**changes)  # type: ignore[arg-type]


def with_calendar() -> Mailing:
    return replace(mailing_content(), calendar=calendar_file(event(), stamp=NOW, domain="nieuwsbrief.example.nl"))


def tree(message: Message) -> object:
    if message.is_multipart():
        parts = message.get_payload()
        assert isinstance(parts, list)
        return (message.get_content_subtype(), [tree(part) for part in parts if isinstance(part, Message)])
    return message.get_content_type()


def body(message: Message, kind: str) -> str:
    [part] = [part for part in message.walk() if part.get_content_type() == kind]
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def test_the_text_stands_before_the_html() -> None:
    message = message_from_bytes(Letter(mailing_content()).address(recipient()))
    assert tree(message) == ("alternative", ["text/plain", "text/html"])


def test_a_calendar_stands_last_among_the_alternatives_and_once_more_as_a_file() -> None:
    message = message_from_bytes(Letter(with_calendar()).address(recipient()))
    assert tree(message) == (
        "mixed",
        [("alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )
    inside, attached = body(message, "text/calendar"), body(message, "application/ics")
    assert inside == attached
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "PUBLISH"
    assert "METHOD:PUBLISH" in inside


def test_the_headers_are_those_of_a_mailing_to_a_list() -> None:
    message = message_from_bytes(Letter(mailing_content()).address(recipient()))
    assert Counter(name.lower() for name in message).most_common(1)[0][1] == 1
    fixed = {
        "Reply-To": "vragen@example.nl",
        "List-Id": "\"Kennisdagen 'wonen'\" <kennisdagen.lists.nieuwsbrief.example.nl>",
        "List-Owner": "<mailto:vragen@example.nl>",
        "List-Post": "NO",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": "kennisdag.reminder:kennisdagen:reminder:nieuwsbriefexam",
        "Content-Language": "nl",
        "MIME-Version": "1.0",
        "Message-ID": "<abc@nieuwsbrief.example.nl>",
        "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
        "List-Unsubscribe": "<https://nieuwsbrief.example.nl/u/token>,\r\n"
        " <mailto:vragen@example.nl?subject=unsubscribe%20token>",
    }
    for name, value in fixed.items():
        assert str(message[name]).replace("\r\n", "\n") == value.replace("\r\n", "\n"), name
    assert "Bcc" not in message


HTTPS, HTTP, MAILTO = "https://nieuwsbrief.example.nl/u/t", "http://nieuwsbrief.example.nl/u/t", "mailto:a@example.nl"


@pytest.mark.parametrize(
    ("one_click", "ways", "promised"),
    [
        # Only where a signature covers it (RFC 8058 §4), and where there is an https URI to post to (§3.1).
        (False, (HTTPS, MAILTO), False),
        (True, (HTTPS, MAILTO), True),
        (True, (HTTPS,), True),
        (True, ("HTTPS" + HTTPS[5:],), True),
        (True, (MAILTO,), False),
        (True, (HTTP, MAILTO), False),
        (True, (), False),
    ],
)
def test_one_click_is_promised_only_where_it_can_be_kept(
    one_click: bool, ways: tuple[str, ...], promised: bool
) -> None:
    wire = Letter(mailing_content(), one_click=one_click).address(recipient(unsubscribe=ways))
    assert (b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in wire) is promised
    assert (b"\r\nList-Unsubscribe: " in wire) is bool(ways)


def test_letters_are_promised_no_one_click_unless_somebody_asks() -> None:
    assert b"One-Click" not in Letter(mailing_content()).address(recipient())


@given(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_every_line_fits_and_the_parts_decode_to_the_plain_rendering(name: str, extra: str) -> None:
    mailing = replace(
        with_calendar(),
        html=mailing_content().html.replace("<p>", "<p>[[ subscriber.extra ]]"),
        text="[[ subscriber.extra ]]\n.\n" + mailing_content().text,
    )
    letter, person = Letter(mailing), recipient(name, attributes={"extra": extra})
    wire = letter.address(person)
    assert wire.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
    head, _, content = wire.partition(b"\r\n\r\n")
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert all(len(line) <= 76 for line in content.split(b"\r\n"))
    assert not re.search(rb"(?m)^(\.|From )", wire)
    message = message_from_bytes(wire)
    _, html, text = letter.plain(person)
    assert body(message, "text/html") == re.sub(r"\r\n|\r", "\n", html)
    assert body(message, "text/plain") == re.sub(r"\r\n|\r", "\n", text)


def test_a_subject_may_hold_a_placeholder() -> None:
    letter = Letter(replace(mailing_content(), subject="Dag [[ subscriber.name ]]: donderdag"))
    assert b"Subject: Dag Jan: donderdag\r\n" in letter.address(recipient("Jan"))
    assert letter.plain(recipient("Jan"))[0] == "Dag Jan: donderdag"


def test_letters_of_one_moment_have_the_zone_of_their_own_date() -> None:
    letter, moment = Letter(mailing_content()), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    amsterdam = ZoneInfo("Europe/Amsterdam")
    for date, written in [
        (moment, "00:30:00 +0000"),
        (moment.astimezone(amsterdam), "02:30:00 +0200"),
        (moment.astimezone(amsterdam).replace(fold=1), "02:30:00 +0100"),  # equal, says Python, and an hour later
        (moment, "00:30:00 +0000"),
    ]:
        assert f"Date: Sun, 25 Oct 2026 {written}\r\n".encode() in letter.address(recipient(date=date))


def test_a_test_letter_is_marked_in_its_subject() -> None:
    for subject in ("Dag", "Dag [[ subscriber.name ]]"):
        wire = Letter(replace(mailing_content(), subject=subject)).address(recipient("Jan", test=True))
        assert b"Subject: [TEST] Dag" in wire


def test_two_letters_of_one_mailing_differ_only_in_greeting_and_token_urls() -> None:
    letter = Letter(mailing_content())
    first, second = (
        quopri.decodestring(letter.address(recipient(name, unsubscribe=(f"https://example.nl/u/{name}",))))
        for name in ("Anna", "Bart")
    )
    assert first.replace(b"Anna", b"Bart") == second


def test_a_name_with_a_line_end_is_refused_for_that_recipient_only() -> None:
    letter = Letter(mailing_content())
    with pytest.raises(HeaderError, match="control character"):
        letter.address(recipient("Jan\r\nBcc: x@example.nl"))
    assert letter.address(recipient("Jan"))


def test_a_missing_value_names_the_recipient_by_id_and_the_key() -> None:
    letter = Letter(replace(mailing_content(), text="[[ subscriber.functie ]]"))
    with pytest.raises(PlaceholderError, match=r"#12 has no value for subscriber\.functie") as caught:
        letter.address(recipient())
    assert "@" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"subject": "a\r\nBcc: x@example.nl"}, HeaderError),
        ({"sender": Mailbox(name="a\nb", address="a@example.nl")}, HeaderError),
        ({"contact": "vragen"}, HeaderError),
        ({"subject": "[[ x"}, None),
        ({"text": "[[ x"}, TemplateError),
        ({"html": "<p>[% if %]</p>"}, TemplateError),
    ],
)
def test_what_can_never_be_sent_is_refused_when_the_letter_is_compiled(
    change: dict[str, object], error: type[Exception] | None
) -> None:
    mailing = replace(mailing_content(), **change)  # type: ignore[arg-type]
    if error is None:
        assert Letter(mailing)
    else:
        with pytest.raises(error):
            Letter(mailing)


def test_an_address_with_an_idn_domain_is_written_in_ascii() -> None:
    wire = Letter(mailing_content()).address(recipient("", address="jan@münchen.example"))
    assert b"To: jan@xn--mnchen-3ya.example\r\n" in wire


@given(st.text(st.characters(min_codepoint=0xA1, categories=["L", "M", "N", "S"]), min_size=1, max_size=20))
@example("jörg")
@example("用户")
def test_an_address_beyond_ascii_stands_in_to_as_it_is_and_nowhere_else(local: str) -> None:
    address = f"x{local}@example.nl"
    letter = Letter(mailing_content())
    wire = letter.address(recipient(address=address))
    line = f"<{address}>\r\n".encode()
    assert wire.count(line) == 1
    assert wire.replace(line, b"<x@example.nl>\r\n") == letter.address(recipient(address="x@example.nl"))
    parsed = message_from_bytes(wire, policy=policy.SMTPUTF8)
    [found] = parsed["To"].addresses
    assert found.addr_spec.encode("utf-8", "surrogateescape").decode() == address


def test_nothing_of_this_machine_stands_in_a_letter() -> None:
    import getpass
    import socket
    from pathlib import Path

    wire = Letter(with_calendar()).address(recipient()).decode()
    for secret in {socket.getfqdn(), socket.gethostname(), str(Path.cwd())} - {"localhost"}:
        assert secret not in wire
    assert f"{getpass.getuser()}@" not in wire
