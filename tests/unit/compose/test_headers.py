"""Header fields, read back by a decoder that is not the standard library's."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.headers import (
    ascii_address,
    date_field,
    list_id_field,
    mailbox_field,
    recipient_address,
    recipient_field,
    text_field,
    token_field,
    uri_field,
)
from newsletter.errors import HeaderError
from tests.unit.compose.reader import decoded, mailbox

LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
LINE = st.text(LETTERS, min_size=1, max_size=120)
DUTCH = st.lists(
    st.sampled_from(
        ["één", "café", "Masterclass", "‘bewoners’", "coöperatie", "–", "van", "de", "=?", "(HRM)", "jr.,", '"x"']
    ),
    min_size=1,
    max_size=25,
).map(" ".join)


def value_of(wire: str) -> str:
    """Of a field, unfolded."""
    return wire.removesuffix("\r\n").split(": ", 1)[1].replace("\r\n", "")


def assert_well_formed(wire: str) -> None:
    assert wire.isascii()
    assert wire.endswith("\r\n")
    assert "\n" not in wire.replace("\r\n", "")
    assert "\r" not in wire.replace("\r\n", "")
    for line in wire.removesuffix("\r\n").split("\r\n"):
        assert line.strip()
        assert len(line) <= 76 or " " not in line.strip(), line
    for word in re.findall(r"=\?utf-8\?\S+", wire):
        assert len(word) <= 75


@given(LINE | DUTCH)
def test_a_subject_is_read_back_as_it_was_written(subject: str) -> None:
    wire = text_field("Subject", subject)
    assert_well_formed(wire)
    assert decoded(value_of(wire)) == subject


@given(LINE | DUTCH)
def test_a_display_name_is_read_back_with_single_spaces(name: str) -> None:
    wire = mailbox_field("To", name, "zoe@example.nl")
    assert_well_formed(wire)
    assert mailbox(value_of(wire)) == (" ".join(name.split()), "zoe@example.nl")


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("", "To: a@example.nl\r\n"),
        ("Jan de Vries", "To: Jan de Vries <a@example.nl>\r\n"),
        ("Berg, jr., Pieter van den", 'To: "Berg, jr., Pieter van den" <a@example.nl>\r\n'),
        ('Henk "Hans" (HRM)', 'To: "Henk \\"Hans\\" (HRM)" <a@example.nl>\r\n'),
        ("Zoë", "To: =?utf-8?b?Wm/Dqw==?=\r\n <a@example.nl>\r\n"),
        ("=?utf-8?q?x?=", "To: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n <a@example.nl>\r\n"),
    ],
)
def test_a_name_is_quoted_or_encoded_only_where_it_must_be(name: str, wire: str) -> None:
    assert mailbox_field("To", name, "a@example.nl") == wire


def test_a_long_plain_subject_is_folded_and_not_encoded() -> None:
    subject = "Masterclass Bewoners in beweging: donderdag 13 juni, Utrecht, en alles wat daarna komt"
    wire = text_field("Subject", subject)
    assert "=?" not in wire
    assert wire.count("\r\n") == 2
    assert decoded(value_of(wire)) == subject


@pytest.mark.parametrize(
    "sign", ["\r", "\n", "\r\nBcc: x@example.nl", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\t"]
)
@pytest.mark.parametrize("where", ["Subject", "To", "Message-ID", "List-Unsubscribe", "List-Id", "address"])
def test_a_control_character_is_refused_wherever_it_stands(sign: str, where: str) -> None:
    value = f"a{sign}b"
    fields = {
        "Subject": lambda: text_field("Subject", value),
        "To": lambda: mailbox_field("To", value, "a@example.nl"),
        "Message-ID": lambda: token_field("Message-ID", value),
        "List-Unsubscribe": lambda: uri_field("List-Unsubscribe", [f"https://example.nl/{value}"]),
        "List-Id": lambda: list_id_field(value, "a.example.nl"),
        "address": lambda: ascii_address(f"{value}@example.nl"),
    }
    with pytest.raises(HeaderError, match="control character"):
        fields[where]()


def test_long_list_unsubscribe_uris_stay_raw_and_fold_only_between_them() -> None:
    token = "k" * 150
    wire = uri_field("List-Unsubscribe", [f"https://nieuwsbrief.example.nl/u/{token}", "mailto:a@example.nl?subject=x"])
    assert wire == (
        f"List-Unsubscribe: <https://nieuwsbrief.example.nl/u/{token}>,\r\n <mailto:a@example.nl?subject=x>\r\n"
    )


@pytest.mark.parametrize(
    "uri", ["https://example.nl/a b", "https://example.nl/<", "https://exämple.nl/", "https://a,b"]
)
def test_a_uri_that_is_not_percent_encoded_is_refused(uri: str) -> None:
    with pytest.raises(HeaderError, match="percent-encoded"):
        uri_field("List-Unsubscribe", [uri])


def test_tokens_are_never_encoded() -> None:
    with pytest.raises(HeaderError, match="only ASCII"):
        token_field("Message-ID", "<é@example.nl>")


def test_a_list_id_is_ascii_and_keeps_its_identifier_whatever_the_name() -> None:
    wire = list_id_field("Expertisetraject ‘woningmarkt’ – krimpregio’s é", "krimp.lists.example.nl")
    assert wire == "List-Id: \"Expertisetraject 'woningmarkt' - krimpregio's e\"\r\n <krimp.lists.example.nl>\r\n"
    assert list_id_field("会議", "a.example.nl") == "List-Id: <a.example.nl>\r\n"


@pytest.mark.parametrize(
    ("at", "wire"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Date: Sun, 29 Mar 2026 00:59:00 +0000\r\n"),
        (datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=2))), "Date: Wed, 01 Jul 2026 09:00:00 +0200\r\n"),
    ],
)
def test_a_date_has_english_names_and_a_numeric_zone(at: datetime, wire: str) -> None:
    assert date_field(at) == wire


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Jan.Jansen+nieuws@Example.NL", "Jan.Jansen+nieuws@Example.NL"),
        ("jan@münchen.example", "jan@xn--mnchen-3ya.example"),
        ('"jan jansen"@example.nl', '"jan jansen"@example.nl'),
        ("o'neill@example.nl", "o'neill@example.nl"),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
    ],
)
def test_an_address_keeps_its_local_part_and_gets_an_ascii_domain(address: str, expected: str) -> None:
    assert ascii_address(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("jan@example.nl", "jan@example.nl"),
        ("jörg@example.nl", "jörg@example.nl"),
        ("jörg.müller+x@München.example", "jörg.müller+x@xn--mnchen-3ya.example"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ('"a b"@example.nl', '"a b"@example.nl'),
    ],
)
def test_a_recipient_may_have_a_local_part_beyond_ascii(address: str, expected: str) -> None:
    assert recipient_address(address) == expected
    assert recipient_field("", address) == f"To: {expected}\r\n"


@pytest.mark.parametrize(
    "local", ["jö rg", "jö\trg", "jö<rg", 'jö"rg', "jö\u2028rg", "jö\x85rg", "jö\ud800", "jö,x", "jö@x"]
)
def test_a_local_part_beyond_ascii_holds_nothing_that_ends_an_address_or_a_line(local: str) -> None:
    with pytest.raises(HeaderError):
        recipient_address(f"{local}@example.nl")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("jörg@example.nl", "letter outside ASCII before the @"),
        ("example.nl", "not an address"),
        ("@example.nl", "not an address"),
        ("a@", "not an address"),
        ("a b@example.nl", "not an address"),
        ("a@exa mple.nl", "not an address"),
        ("a>@example.nl", "not an address"),
        ("a@ü..nl", "cannot be written in ASCII"),
    ],
)
def test_what_cannot_be_addressed_says_why(address: str, why: str) -> None:
    with pytest.raises(HeaderError, match=why):
        ascii_address(address)
