"""A personal invitation: one attendee in every letter; all else of the calendar is the same for everybody."""

import base64
import quopri
import re
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.compose.calendar import Method, calendar_file
from newsletter.compose.invitation import Invitation, method_of, sequence_of
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.errors import HeaderError
from newsletter.events.event import Event, EventStatus
from tests.unit.compose.calendars import lines_of, told, unfolded
from tests.unit.compose.cases import NAMES
from tests.unit.compose.reader import parameters, read
from tests.unit.compose.test_letter import recipient
from tests.world import NOW, event, mailing_content

CANCELLED = replace(event(), status=EventStatus.CANCELLED, sequence=1)
ADDRESSES = st.sampled_from(
    [
        "Zoe+nieuws@example.nl",
        "jan@münchen.example",
        "o'neill@example.nl",
        "a=b&c/d%e@example.nl",
        "a" * 64 + "@example.nl",
    ]
)


def invitation(happening: Event | None = None, method: Method = "REQUEST") -> str:
    return calendar_file(happening or event(), stamp=NOW, domain="example.nl", method=method, invites=True)


def mailing(calendar: str = "") -> Mailing:
    return replace(mailing_content(), calendar=calendar or invitation())


@given(NAMES, ADDRESSES, st.sampled_from([(event(), "REQUEST"), (CANCELLED, "CANCEL")]))
@example("^'^n\"^", "zoe@example.nl", (event(), "REQUEST"))
@example("Jansen, V; D: \\n", "zoe@example.nl", (event(), "REQUEST"))
@example("", "zoe@example.nl", (event(), "REQUEST"))
@example("“é” " * 20, "zoe@example.nl", (event(), "REQUEST"))
@settings(max_examples=200)
def test_both_copies_of_a_letter_hold_one_calendar_with_its_recipient_in_it(
    name: str, address: str, kind: tuple[Event, Method]
) -> None:
    letter, person = Letter(mailing(invitation(*kind))), recipient(name, address=address)
    parts = read(letter.address(person)).all()
    inside, file = (
        next(part.content for part in parts if part.media_type == kind) for kind in ("text/calendar", "application/ics")
    )
    text = letter.calendar(person)
    assert inside == file == text.encode()
    lines_of(text)
    found = told(text)
    assert (found.method, found.uid, found.sequence) == (kind[1], "kennisdag@example.nl", kind[0].sequence)
    [(shown, uri)] = found.attendees
    assert shown == " ".join(name.split())
    assert uri.startswith("mailto:")
    assert uri.isascii()


@given(NAMES, NAMES)
@settings(max_examples=50)
def test_two_recipients_calendars_differ_in_one_line(one: str, other: str) -> None:
    compiled = Invitation.read(invitation())
    assert compiled is not None
    texts = [unfolded(compiled.text(name, "zoe@example.nl")) for name in (one, other)]
    assert [line for line in texts[0] if not line.startswith("ATTENDEE")] == [
        line for line in texts[1] if not line.startswith("ATTENDEE")
    ]
    assert [sum(line.startswith("ATTENDEE") for line in lines) for lines in texts] == [1, 1]


@pytest.mark.parametrize(
    ("name", "address", "line"),
    [
        ("Jan", "jan@example.nl", 'CN="Jan":mailto:jan@example.nl'),
        ("", "jan@example.nl", "RSVP=TRUE:mailto:jan@example.nl"),
        ("  Jan   de\u00a0Vries ", "jan@example.nl", 'CN="Jan de Vries":mailto:jan@example.nl'),
        # RFC 5545 §3.2: what would end a parameter stands between quotation marks; RFC 6868 §3.1 for those themselves.
        ("Vries, de; J: \\", "jan@example.nl", 'CN="Vries, de; J: \\":mailto:jan@example.nl'),
        ('Henk "Hans"', "jan@example.nl", "CN=\"Henk ^'Hans^'\":mailto:jan@example.nl"),
        ("a^b", "jan@example.nl", 'CN="a^^b":mailto:jan@example.nl'),
        # The address as it is mailed to, with its domain in ASCII; RFC 6068 §2 for signs that mean something in a URI.
        ("Jan", "Jan+a.b@münchen.example", 'CN="Jan":mailto:Jan+a.b@xn--mnchen-3ya.example'),
        ("Jan", "o'neill@example.nl", 'CN="Jan":mailto:o\'neill@example.nl'),
        ("Jan", "a?b&c=d%@example.nl", 'CN="Jan":mailto:a%3Fb%26c%3Dd%25@example.nl'),
        ("[[ subscriber.address ]]", "jan@example.nl", 'CN="[[ subscriber.address ]]":mailto:jan@example.nl'),
    ],
)
def test_the_line_of_the_attendee_can_be_read_by_every_calendar(name: str, address: str, line: str) -> None:
    compiled = Invitation.read(invitation())
    assert compiled is not None
    [found] = [one for one in unfolded(compiled.text(name, address)) if one.startswith("ATTENDEE")]
    assert found.startswith("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE")
    assert found.endswith(line)


@pytest.mark.parametrize(
    "name", ["Jan\nX:y", "Jan\r\nATTENDEE:mailto:x@example.nl", "a\x00", "a\u2028b", "a\x85b", "\t"]
)
def test_a_name_that_could_begin_a_line_is_refused_for_that_recipient_only(name: str) -> None:
    compiled, letter = Invitation.read(invitation()), Letter(mailing())
    assert compiled is not None
    for make in (compiled.text, compiled.wire):
        with pytest.raises(HeaderError, match="control character"):
            make(name, "jan@example.nl")
    with pytest.raises(HeaderError):
        letter.address(recipient(name))
    assert letter.address(recipient("Jan"))


def test_an_address_that_is_none_is_refused() -> None:
    compiled = Invitation.read(invitation())
    assert compiled is not None
    with pytest.raises(HeaderError, match="is not an address"):
        compiled.text("Jan", "jan@example.nl\\;X=1:x")


def test_a_cancelled_invitation_names_whom_it_was_for_and_asks_nothing() -> None:
    text = Letter(mailing(invitation(CANCELLED, "CANCEL"))).calendar(recipient("Jan"))
    [line] = [one for one in unfolded(text) if one.startswith("ATTENDEE")]
    assert line == 'ATTENDEE;ROLE=REQ-PARTICIPANT;CN="Jan":mailto:Zoe+nieuws@example.nl'


@pytest.mark.parametrize("method", ["PUBLISH", "CANCEL"])
def test_what_is_the_same_for_everybody_is_encoded_once_and_names_nobody(method: Method) -> None:
    calendar = calendar_file(event(), stamp=NOW, domain="example.nl", method=method)
    assert Invitation.read(calendar) is None
    letter = Letter(mailing(calendar))
    assert letter.calendar(recipient("Jan")) == letter.calendar(recipient("Els")) == calendar
    assert "ATTENDEE" not in calendar


def test_what_organisers_write_is_never_taken_for_the_line_of_the_attendee() -> None:
    line = ';CN="[[ subscriber.name ]]":mailto:[[ subscriber.address ]]'
    title = f"x\r\nATTENDEE;RSVP=TRUE\r\n {line}\r\n"
    for padding in range(75):
        happening = replace(event(), title="a" * padding + title, subtitle="b" * padding + title)
        assert Invitation.read(calendar_file(happening, stamp=NOW, domain="example.nl")) is None
        compiled = Invitation.read(invitation(happening))
        assert compiled is not None
        found = told(compiled.text("Jan", "jan@example.nl"))
        assert found.attendees == (("Jan", "mailto:jan@example.nl"),)


def test_a_calendar_before_it_is_addressed_can_be_read_too() -> None:
    assert told(invitation()).attendees == (("[[ subscriber.name ]]", "mailto:[[ subscriber.address ]]"),)


@pytest.mark.parametrize(
    ("calendar", "method"),
    [
        (calendar_file(event(), stamp=NOW, domain="example.nl"), "PUBLISH"),
        (invitation(), "REQUEST"),
        (invitation(CANCELLED, "CANCEL"), "CANCEL"),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", ""),
        # Folded text begins with a space, whatever it says.
        ("BEGIN:VCALENDAR\r\nDESCRIPTION:x\r\n METHOD:CANCEL\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n", "PUBLISH"),
    ],
)
def test_the_part_says_the_method_that_its_calendar_has(calendar: str, method: str) -> None:
    assert method_of(calendar) == method
    [part] = [
        part
        for part in read(Letter(mailing(calendar)).address(recipient("Jan"))).all()
        if part.media_type == "text/calendar"
    ]
    assert parameters(part.fields["content-type"]).get("method", "") == method
    assert parameters(part.fields["content-type"])["charset"] == "utf-8"
    assert re.findall(rb"\r\nMETHOD:([A-Z]+)\r\n", part.content) == ([method.encode()] if method else [])


@pytest.mark.parametrize("kind", [(event(), "REQUEST"), (CANCELLED, "CANCEL")])
@pytest.mark.parametrize("name", ["K", "Kennisdagen: “wonen”, zorg; één", "é" * 60, 'Wij "hier":mailto:x@example.nl'])
def test_where_answers_have_an_address_of_their_own_it_invites_and_nothing_else_changes(
    name: str, kind: tuple[Event, Method]
) -> None:
    happening, method = kind
    happening = replace(happening, series=replace(happening.series, name=name))
    compiled = Invitation.read(invitation(happening, method))
    assert compiled is not None
    own = f"antwoord+{'0f' * 18}@post.example.nl"
    text, as_it_is = (compiled.text("Zoë Jansen", "zoe@example.nl", who) for who in (own, ""))
    lines_of(text)
    found, same = told(text), told(as_it_is)
    assert found.organizer == (same.organizer[0], f"mailto:{own}")
    assert same.organizer[1] == "mailto:vragen@example.nl"
    assert replace(found, organizer=same.organizer) == same
    quoted, encoded = compiled.wire("Zoë Jansen", "zoe@example.nl", own)
    assert quopri.decodestring(quoted.replace("=\r\n", "")) == text.encode()
    assert base64.b64decode(encoded) == text.encode()
    assert max(map(len, [*quoted.split("\r\n"), *encoded.split("\r\n")])) <= 76


@given(ADDRESSES)
@settings(max_examples=20)
def test_only_the_lines_of_organizer_and_attendee_are_a_recipients_own(address: str) -> None:
    compiled = Invitation.read(invitation())
    assert compiled is not None
    texts = [unfolded(compiled.text(name, "zoe@example.nl", address)) for name in ("Jan", "Els")]
    assert len(texts[0]) == len(texts[1])
    differ = [line for line, other in zip(*texts, strict=True) if line != other]
    assert [line.partition(";")[0] for line in differ] == ["ATTENDEE"]
    with pytest.raises(HeaderError):
        compiled.text("Jan", "zoe@example.nl", "geen adres")


@pytest.mark.parametrize("sequence", [0, 1, 27])
def test_the_number_of_a_version_is_read_back_from_its_calendar(sequence: int) -> None:
    assert sequence_of(invitation(replace(event(), title="SEQUENCE:9", sequence=sequence))) == sequence
    assert sequence_of("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") == 0
