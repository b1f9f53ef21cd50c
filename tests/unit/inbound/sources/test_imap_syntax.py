"""What IMAP servers say, read back; whatever they say, nothing breaks."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.sources.imap_syntax import (
    Value,
    decode_folder,
    encode_folder,
    fetched,
    internal_date,
    is_quotable,
    number,
    quoted,
    read_response,
    read_values,
    search_date,
)


@pytest.mark.parametrize(
    ("pieces", "values"),
    [
        ([b"SEARCH 1 2 30"], [b"SEARCH", b"1", b"2", b"30"]),
        ([b"SEARCH"], [b"SEARCH"]),
        ([b'1 FETCH (UID 4 FLAGS (\\Seen $X) X NIL Y "a \\"b\\" (c")'],
         [b"1", b"FETCH", [b"UID", b"4", b"FLAGS", [b"\\Seen", b"$X"], b"X", None, b"Y", b'a "b" (c']]),
        ([b"1 FETCH (BODY[]<0> {5}", b") x(\n", b" UID 4)"], [b"1", b"FETCH", [b"BODY[]<0>", b") x(\n", b"UID", b"4"]]),
        ([b"1 FETCH (BODY[HEADER.FIELDS (TO)] {1}", b"x", b")"],
         [b"1", b"FETCH", [b"BODY[HEADER.FIELDS (TO)]", b"x"]]),
        ([b'LIST (\\HasNoChildren) "/" {3}', b"a b", b""], [b"LIST", [b"\\HasNoChildren"], b"/", b"a b"]),
        ([b"X ) ) ( ("], [b"X", [[]]]),
    ],
)  # fmt: skip
def test_values(pieces: list[bytes], values: list[Value]) -> None:
    assert read_values(pieces) == values


@pytest.mark.parametrize(
    ("line", "tag", "status", "code", "argument"),
    [
        (b"* OK [UIDVALIDITY 3857529045] UIDs valid", b"*", "OK", "UIDVALIDITY", b"3857529045"),
        (b"n7 NO [AUTHENTICATIONFAILED] no", b"n7", "NO", "AUTHENTICATIONFAILED", b""),
        (b"n7 ok done", b"n7", "OK", "", b""),
        (b"* BYE", b"*", "BYE", "", b""),
        (b"+ idling", b"+", "", "", b""),
        (b"* 3 EXISTS", b"*", "", "", b""),
        (b"", b"", "", "", b""),
    ],
)
def test_statuses(line: bytes, tag: bytes, status: str, code: str, argument: bytes) -> None:
    found = read_response([line])
    assert (found.tag, found.status, found.code, found.argument) == (tag, status, code, argument)


def test_a_fetched_message_is_found_whatever_the_order_and_the_range() -> None:
    for name in (b"BODY[]<0>", b"body[]", b"BODY[]"):
        found = fetched(read_response([b"* 2 FETCH (FLAGS () " + name + b" {3}", b"abc", b" UID 9)"]))
        assert found is not None
        assert (found["BODY[]"], found["UID"]) == (b"abc", b"9")
    assert fetched(read_response([b"* 2 EXPUNGE"])) is None
    assert fetched(read_response([b"* 2 FETCH UID"])) is None


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_nothing_that_a_server_says_breaks(pieces: list[bytes]) -> None:
    response = read_response([*pieces, b""] if len(pieces) % 2 == 0 else pieces)
    fetched(response)


@given(st.text(max_size=40))
def test_folder_names_come_back_as_they_were(name: str) -> None:
    travelling = encode_folder(name.encode("utf-16", "replace").decode("utf-16"))
    assert is_quotable(travelling)
    assert decode_folder(travelling) == name.encode("utf-16", "replace").decode("utf-16")


@pytest.mark.parametrize(
    ("name", "travelling"),
    [
        ("INBOX", "INBOX"),
        ("Gelöscht & weg", "Gel&APY-scht &- weg"),
        ("~peter/mail/日本語/台北", "~peter/mail/&ZeVnLIqe-/&U,BTFw-"),
    ],
)
def test_folder_names_as_rfc_3501_has_them(name: str, travelling: str) -> None:
    assert encode_folder(name) == travelling
    assert decode_folder(travelling) == name


def test_a_folder_name_that_cannot_be_decoded_stays_as_it_is() -> None:
    assert decode_folder("a&!!-b") == "a&!!-b"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_quoted_strings_come_back_as_they_were(text: str) -> None:
    assert read_values([b"X " + quoted(text)]) == [b"X", text.encode()]


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9998, 1, 1)))
def test_dates_come_back_as_they_were(at: datetime) -> None:
    at = at.replace(microsecond=0, tzinfo=timezone(timedelta(hours=-7, minutes=-30)))
    month = search_date(at).split("-")[1]
    assert internal_date(f"{at.day:2}-{month}-{at:%Y %H:%M:%S} -0730".encode()) == at


@pytest.mark.parametrize("value", [None, b"", b"32-Jan-2026 10:00:00 +0000", b"1-Foo-2026 10:00:00 +0000", [b"x"]])
def test_dates_that_are_none(value: Value) -> None:
    assert internal_date(value) is None


def test_a_day_as_search_wants_it() -> None:
    assert search_date(datetime(2026, 3, 1, tzinfo=UTC)) == "1-Mar-2026"


@pytest.mark.parametrize(("value", "expected"), [(b"12", 12), (b"-1", 0), (None, 0), (b"9" * 30, 0), ([b"1"], 0)])
def test_numbers(value: Value, expected: int) -> None:
    assert number(value) == expected
