"""What calendars send when somebody answers an invitation: the shapes of each of them, and whatever else may come."""

import base64
import quopri
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.inbound.telling.calendar_answer import given as given_in
from newsletter.inbound.telling.calendar_answer import remark
from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.itip import Answer, answers
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.verdict import Kind

UID = "kennisdag@nieuwsbrief.example.nl"
PLAIN = f"""\
BEGIN:VCALENDAR
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:{UID}
DTSTAMP:20260302T091500Z
SEQUENCE:1
ORGANIZER;CN=Kennisdagen:mailto:vragen@example.nl
ATTENDEE;CN="Vries, Jan de";PARTSTAT=ACCEPTED:mailto:jan@example.nl
END:VEVENT
END:VCALENDAR
"""
#: By calendar: its object, and what of it is read as partstat, attendee, sequence and stamp.
SHAPES = {
    "Outlook": (
        """\
BEGIN:VCALENDAR
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
VERSION:2.0
METHOD:REPLY
X-MS-OLK-FORCEINSPECTOROPEN:TRUE
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT=DECLINED:mailto:jan@example.nl
CLASS:PUBLIC
CREATED:20260302T091500Z
DTSTAMP:20260302T091500Z
ORGANIZER:mailto:vragen@example.nl
PRIORITY:5
SEQUENCE:0
SUMMARY;LANGUAGE=nl:Geweigerd: Kennisdag
TRANSP:OPAQUE
UID:kennisdag@nieuwsbrief.example.nl
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
END:VCALENDAR
""",
        ("declined", "jan@example.nl", 0, "09:15"),
    ),
    "Exchange": (
        """\
BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VEVENT
ATTENDEE;PARTSTAT=TENTATIVE;CN=Jan de Vries:MAILTO:Jan@example.nl
COMMENT;LANGUAGE=nl-NL:Ik kom iets later\\, kan dat?\\n
UID:kennisdag@nieuwsbrief.example.nl
SUMMARY;LANGUAGE=nl-NL:Voorlopig: Kennisdag
DTSTART;TZID=W. Europe Standard Time:20260423T130000
PRIORITY:5
DTSTAMP:20260302T091501Z
SEQUENCE:2
X-MICROSOFT-CDO-APPT-SEQUENCE:2
END:VEVENT
END:VCALENDAR
""",
        ("tentative", "Jan@example.nl", 2, "09:15"),
    ),
    "Gmail": (
        """\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:20260423T110000Z
DTEND:20260423T140000Z
DTSTAMP:20260302T091500Z
ORGANIZER;CN=Kennisdagen:mailto:vragen@example.nl
UID:kennisdag@nieuwsbrief.example.nl
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Jan de
  Vries;X-NUM-GUESTS=0;X-RESPONSE-COMMENT="Zonder vlees graag":mailto:jan@exa
 mple.nl
X-GOOGLE-CONFERENCE:https://meet.example.com/abc
CREATED:20260301T090000Z
DESCRIPTION:
LAST-MODIFIED:20260302T091459Z
SEQUENCE:0
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
""",
        ("accepted", "jan@example.nl", 0, "09:15"),
    ),
    "Apple": (
        """\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 14.4//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
DTSTART;TZID=Europe/Amsterdam:20260423T130000
ATTENDEE;CN=Jan de Vries;CUTYPE=INDIVIDUAL;EMAIL=jan@example.nl;PARTSTAT
 =ACCEPTED;ROLE=REQ-PARTICIPANT:urn:uuid:0FBB12CA-8A35-4D6B-9A9B-1B2C3D4E5F60
ORGANIZER;CN=Kennisdagen:mailto:vragen@example.nl
UID:kennisdag@nieuwsbrief.example.nl
DTSTAMP:20260302T091500Z
SEQUENCE:0
BEGIN:VALARM
UID:another
ATTENDEE;PARTSTAT=DECLINED:mailto:alarm@example.nl
ACTION:EMAIL
END:VALARM
END:VEVENT
END:VCALENDAR
""",
        ("accepted", "jan@example.nl", 0, "09:15"),
    ),
    "Thunderbird": (
        """\
BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
CREATED:20260302T091400Z
LAST-MODIFIED:20260302T091500Z
DTSTAMP:20260302T091500Z
UID:kennisdag@nieuwsbrief.example.nl
SUMMARY:Kennisdag
ORGANIZER;RSVP=TRUE;CN=Kennisdagen;PARTSTAT=ACCEPTED:mailto:vragen@example.nl
ATTENDEE;RSVP=TRUE;CN=Jan de Vries;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mai
 lto:jan@example.nl
DTSTART;TZID=Europe/Amsterdam:20260423T130000
END:VEVENT
END:VCALENDAR
""",
        ("accepted", "jan@example.nl", None, "09:15"),
    ),
    "Nextcloud": (
        """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Sabre//Sabre VObject 4.5.4//EN
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
UID:kennisdag@nieuwsbrief.example.nl
SEQUENCE:1
DTSTAMP:20260302T091500Z
DTSTART;TZID=Europe/Amsterdam:20260423T130000
ORGANIZER;CN=Kennisdagen:mailto:vragen@example.nl
ATTENDEE;PARTSTAT=DECLINED;CN=Jan:mailto:jan@example.nl
REQUEST-STATUS:2.0;Success
END:VEVENT
END:VCALENDAR
""",
        ("declined", "jan@example.nl", 1, "09:15"),
    ),
    "Zimbra": (
        """\
BEGIN:VCALENDAR
PRODID:Zimbra-Calendar-Provider
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
UID:kennisdag@nieuwsbrief.example.nl
SUMMARY:Aanvaard: Kennisdag
ATTENDEE;CN=Jan;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;SENT-BY="mailto:els@example.nl":mailto:jan@example.nl
ORGANIZER:mailto:vragen@example.nl
DTSTAMP:20260302T091500Z
SEQUENCE:0
END:VEVENT
END:VCALENDAR
""",
        ("accepted", "jan@example.nl", 0, "09:15"),
    ),
    "Domino": (
        """\
BEGIN:VCALENDAR
X-LOTUS-CHARSET:UTF-8
VERSION:2.0
PRODID:-//Lotus Development Corporation//NONSGML Notes 9.0//EN_C
METHOD:REPLY
BEGIN:VEVENT
DTSTART;TZID="W. Europe":20260423T130000
TRANSP:OPAQUE
DTSTAMP:20260302T091500Z
SEQUENCE:0
ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED
 ;CN="Jan de Vries/Voorbeeld"
 :mailto:jan@example.nl
ORGANIZER;CN="Kennisdagen":mailto:vragen@example.nl
UID:kennisdag@nieuwsbrief.example.nl
X-LOTUS-UPDATE-SEQ:1
END:VEVENT
END:VCALENDAR
""",
        ("accepted", "jan@example.nl", 0, "09:15"),
    ),
}


def mail(body: bytes, *fields: str) -> bytes:
    lines = ["From: Jan de Vries <jan@example.nl>", "To: vragen@example.nl", "Subject: Kennisdag", "MIME-Version: 1.0"]
    return "\r\n".join([*lines, *fields, "", ""]).encode() + body


def sent(calendar: str, kind: str = "text/calendar; charset=utf-8; method=REPLY", encoding: str = "base64") -> bytes:
    """A message of two parts, the calendar in one of them."""
    raw = calendar.replace("\n", "\r\n").encode()
    encode: Callable[[bytes], bytes] = {
        "base64": base64.encodebytes,
        "quoted-printable": quopri.encodestring,
        "8bit": lambda raw: raw,
    }[encoding]
    body = (
        b"--grens\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nJan komt.\r\n--grens\r\nContent-Type: "
        + f"{kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + encode(raw)
        + b"\r\n--grens--\r\n"
    )
    return mail(body, 'Content-Type: multipart/alternative; boundary="grens"')


def read(raw: bytes) -> list[Answer]:
    return answers(parse(raw))


def with_line(old: str, new: str) -> str:
    assert PLAIN.count(old) == 1
    return PLAIN.replace(old, new)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("calendar", SHAPES)
def test_the_answer_of_each_calendar_is_read(calendar: str, encoding: str) -> None:
    text, (partstat, attendee, sequence, at) = SHAPES[calendar]
    raw = sent(text, encoding=encoding)
    [found] = read(raw)
    assert (found.method, found.uid, found.recurrence) == ("REPLY", UID, "")
    assert (found.partstat, found.attendee, found.sequence) == (partstat, attendee, sequence)
    assert found.stamp is not None
    assert f"{found.stamp:%Y-%m-%d %H:%M %Z}" == f"2026-03-02 {at} UTC"
    verdict = classify(raw)
    assert (verdict.kind, verdict.reason, verdict.recipients) == (Kind.CALENDAR, partstat, (attendee,))


@pytest.mark.parametrize(
    ("calendar", "said"), [("Exchange", "Ik kom iets later, kan dat?"), ("Gmail", "Zonder vlees graag"), ("Apple", "")]
)
def test_what_somebody_writes_beside_the_answer_is_found(calendar: str, said: str) -> None:
    assert remark(parse(sent(SHAPES[calendar][0]))) == said


@pytest.mark.parametrize(
    ("kind", "method", "expected"),
    [
        ("text/calendar; method=REPLY", "METHOD:REPLY\n", Kind.CALENDAR),
        ("text/calendar; method=REPLY", "", Kind.CALENDAR),
        ("text/calendar; METHOD=reply", "", Kind.CALENDAR),
        ("text/calendar", "METHOD:REPLY\n", Kind.CALENDAR),
        ("text/calendar; method=REQUEST", "METHOD:REPLY\n", Kind.CALENDAR),
        ("text/calendar; method=REPLY", "METHOD:REQUEST\n", Kind.REPLY),
        ("text/calendar", "", Kind.REPLY),
        ("application/ics; name=antwoord.ics", "METHOD:REPLY\n", Kind.CALENDAR),
        ('application/octet-stream; name="antwoord.ICS"', "METHOD:REPLY\n", Kind.CALENDAR),
        ("application/octet-stream; name=antwoord.bin", "METHOD:REPLY\n", Kind.REPLY),
        ("text/calendar; method=COUNTER", "METHOD:COUNTER\n", Kind.REPLY),
        ("text/calendar; method=REFRESH", "METHOD:REFRESH\n", Kind.UNSURE),
        ("text/calendar; method=REQUEST", "METHOD:REQUEST\n", Kind.REPLY),
    ],
)
def test_an_answer_is_told_by_its_method_and_what_asks_for_more_goes_to_a_person(
    kind: str, method: str, expected: Kind
) -> None:
    raw = sent(with_line("METHOD:REPLY\n", method), kind)
    assert classify(raw).kind is expected
    assert bool(given_in(parse(raw))) is (expected is Kind.CALENDAR)


@pytest.mark.parametrize(
    ("line", "attendee", "partstat"),
    [
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jan@example.nl", "jan@example.nl", "accepted"),
        ("attendee;partstat=accepted:MailTo:jan@example.nl", "jan@example.nl", "accepted"),
        ('ATTENDEE;PARTSTAT="ACCEPTED": mailto:jan@example.nl ', "jan@example.nl", "accepted"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:jan@example.nl", "jan@example.nl", "accepted"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jan%2Bnieuws@example.nl", "jan+nieuws@example.nl", "accepted"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:jan@example.nl?subject=ja", "jan@example.nl", "accepted"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:<jan@example.nl>", "jan@example.nl", "accepted"),
        ("ATTENDEE;CN=Jan: de Vries;PARTSTAT=ACCEPTED:mailto:jan@example.nl", "jan@example.nl", "accepted"),
        ('ATTENDEE;CN="a:b;PARTSTAT=DECLINED";PARTSTAT=ACCEPTED:mailto:jan@example.nl', "jan@example.nl", "accepted"),
        ('ATTENDEE;PARTSTAT=ACCEPTED;EMAIL="jan@example.nl":/principals/jan/', "jan@example.nl", "accepted"),
        ("ATTENDEE;PARTSTAT=ACCEPTED;EMAIL=jan@example.nl:invalid:nomail", "jan@example.nl", "accepted"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:invalid:nomail", "", "accepted"),
        ("ATTENDEE:mailto:jan@example.nl", "jan@example.nl", ""),
        ("ATTENDEE;PARTSTAT=X-BUSY:mailto:jan@example.nl", "jan@example.nl", "x-busy"),
        ("X-ATTENDEE;PARTSTAT=ACCEPTED:mailto:jan@example.nl", "", ""),
    ],
)
def test_the_line_of_the_attendee_is_read_however_it_is_written(line: str, attendee: str, partstat: str) -> None:
    own = 'ATTENDEE;CN="Vries, Jan de";PARTSTAT=ACCEPTED:mailto:jan@example.nl'
    [found] = read(sent(with_line(own, line)))
    assert (found.attendee, found.partstat) == (attendee, partstat)


def test_a_delegate_and_a_secretary_are_told_from_the_attendee() -> None:
    own = 'ATTENDEE;CN="Vries, Jan de";PARTSTAT=ACCEPTED:mailto:jan@example.nl'
    delegated = (
        'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:els@example.nl","mailto:ali@example.nl":mailto:jan@example.nl\n'
        'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:jan@example.nl";SENT-BY="mailto:kim@example.nl"'
        ":mailto:els@example.nl"
    )
    one, other = read(sent(with_line(own, delegated)))
    assert (one.attendee, one.partstat, one.delegated_to) == (
        "jan@example.nl",
        "delegated",
        "els@example.nl, ali@example.nl",
    )
    assert (other.attendee, other.partstat, other.sent_by) == ("els@example.nl", "accepted", "kim@example.nl")


@pytest.mark.parametrize(
    ("old", "new", "field", "value"),
    [
        ("SEQUENCE:1\n", "", "sequence", None),
        ("SEQUENCE:1\n", "SEQUENCE:een\n", "sequence", None),
        ("SEQUENCE:1\n", "SEQUENCE:-1\n", "sequence", None),
        ("SEQUENCE:1\n", "SEQUENCE:99999999999999999999\n", "sequence", None),
        ("SEQUENCE:1\n", "SEQUENCE:12\n", "sequence", 12),
        ("DTSTAMP:20260302T091500Z\n", "", "stamp", None),
        ("DTSTAMP:20260302T091500Z\n", "DTSTAMP:20261302T091500Z\n", "stamp", None),
        ("DTSTAMP:20260302T091500Z\n", "DTSTAMP:20260302\n", "stamp", None),
        ("DTSTAMP:20260302T091500Z\n", "DTSTAMP:20260302T091500\n", "stamp", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ("SEQUENCE:1\n", "SEQUENCE:1\nRECURRENCE-ID:20260423T110000Z\n", "recurrence", "20260423T110000Z"),
    ],
)
def test_numbers_and_moments_that_are_missing_or_odd_are_not_guessed(
    old: str, new: str, field: str, value: object
) -> None:
    [found] = read(sent(with_line(old, new)))
    assert getattr(found, field) == value


def test_several_events_in_one_answer_are_all_read_and_a_copy_of_it_counts_once() -> None:
    second = PLAIN.split("METHOD:REPLY\n")[1].replace(UID, "other@example.nl").partition("END:VCALENDAR")[0]
    both = with_line("END:VCALENDAR", f"{second}END:VCALENDAR")
    assert [found.uid for found in read(sent(both))] == [UID, "other@example.nl"]
    raw = sent(both)
    twice = raw.replace(b"--grens--", raw[raw.index(b"--grens\r\nContent-Type: text/calendar") :])
    assert len(read(twice)) == 2


def test_a_line_that_is_folded_inside_a_character_is_whole_again() -> None:
    text = PLAIN.replace("SEQUENCE:1\n", "SEQUENCE:1\nCOMMENT:één vraag\n")
    raw = text.replace("\n", "\r\n").encode().replace("é".encode(), b"\xc3\r\n \xa9")
    [found] = read(mail(raw, "Content-Type: text/calendar; method=REPLY; charset=utf-8"))
    assert found.comment == "één vraag"
    [found] = read(mail(text.encode("utf-16"), "Content-Type: text/calendar; method=REPLY; charset=utf-16"))
    assert (found.comment, found.attendee) == ("één vraag", "jan@example.nl")


def test_an_invitation_that_somebody_returns_is_no_answer_of_theirs() -> None:
    inner = sent(PLAIN).replace(b"grens", b"binnen")
    body = b"--grens\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--grens--\r\n"
    assert read(mail(body, 'Content-Type: multipart/mixed; boundary="grens"')) == []


LINES = st.sampled_from(
    [*PLAIN.splitlines(), "BEGIN:VALARM", "END:VALARM", "END:X", ":", ";;;", '";:"', "ATTENDEE;" + ";" * 500, '"' * 999]
)


@given(st.lists(LINES | st.text(max_size=40), max_size=30), st.sampled_from(["utf-8", "utf-16", "latin-1", "nonsense"]))
@settings(max_examples=150)
def test_whatever_stands_in_a_calendar_object_is_read_without_fail(lines: list[str], charset: str) -> None:
    raw = "\n".join(lines).encode("utf-8", "replace")
    for found in read(mail(raw, f"Content-Type: text/calendar; method=REPLY; charset={charset}")):
        assert found.attendee.isprintable()
        assert found.sequence is None or found.sequence >= 0
