"""When two messages are the same one, and what of a message its rules see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.intake import fingerprint, read
from newsletter.inbound.telling.message import parse
from tests.returns import incoming, mail

FIRST = mail("Is er lunch?\r\n\r\nGroet")


def of(raw: bytes) -> str:
    return fingerprint(raw, parse(raw))


@pytest.mark.parametrize(
    "same",
    [
        FIRST,
        FIRST.replace(b"\r\n", b"\n"),
        b"Return-Path: <a@example.nl>\r\nReceived: from x by y;\r\n\tTue, 21 Apr 2026 11:00:00 +0200\r\n" + FIRST,
        FIRST + b"\r\n\r\n",
        FIRST.replace(b"Subject: Re: Kennisdag", b"Subject: Re:\r\n Kennisdag"),
    ],
    ids=["itself", "lines of unix", "fields of servers", "lines at the end", "folded"],
)
def test_one_message_that_came_by_several_ways_is_one(same: bytes) -> None:
    assert of(same) == of(FIRST)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Is er lunch", b"Is er thee"),
        (b"Subject: Re: ", b"Subject: Aw: "),
        (b"11:00:00", b"11:00:01"),
        (b"From: Persoon <person-0", b"From: Persoon <person-1"),
        (b"To: vragen", b"To: bounces+abc"),
        (b"<mail-0@", b"<mail-1@"),
    ],
)
def test_what_differs_in_anything_that_its_author_wrote_is_another(before: bytes, after: bytes) -> None:
    assert before in FIRST
    assert of(FIRST.replace(before, after)) != of(FIRST)


@given(
    st.lists(st.binary(max_size=60), min_size=2, max_size=6, unique_by=lambda raw: raw.replace(b"\r\n", b"\n").strip())
)
def test_what_has_no_header_is_the_same_only_where_every_byte_is(raws: list[bytes]) -> None:
    raws = [raw for raw in raws if b":" not in raw]
    assert len({of(raw) for raw in raws}) == len(raws)


@pytest.mark.parametrize(
    ("sender", "header", "path"),
    [
        (None, b"", ""),
        ("", b"", "<>"),
        ("a@example.nl", b"", "<a@example.nl>"),
        ("", b"Return-Path: <x@example.nl>\r\n", "<x@example.nl>"),
    ],
)
def test_the_envelope_sender_that_a_source_knows_is_a_field_for_the_rules(
    sender: str | None, header: bytes, path: str
) -> None:
    came = incoming(header + FIRST)
    part = read(type(came)(source="a", key="b", raw=came.raw, received_at=came.received_at, envelope_from=sender))
    assert part.get("return-path") == path
