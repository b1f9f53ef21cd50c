"""Signed tokens: read back only with the same secret, for the same purpose, unchanged."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.subscribers.links import make_token, read_token

SECRET = b"0123456789abcdef0123456789abcdef"
OTHER = b"fedcba9876543210fedcba9876543210"
IDS = st.lists(st.integers(min_value=0, max_value=2**63 - 1), max_size=5)
PURPOSES = st.text(max_size=12)
SECRETS = st.binary(min_size=16, max_size=32)


@given(SECRETS, PURPOSES, IDS)
def test_the_ids_come_back_in_either_letter_case(secret: bytes, purpose: str, ids: list[int]) -> None:
    token = make_token(secret, purpose, *ids)
    assert read_token(secret, purpose, token) == tuple(ids)
    assert read_token(secret, purpose, token.upper()) == tuple(ids)


@given(PURPOSES, IDS)
def test_a_token_may_stand_in_a_link_and_in_a_local_part(purpose: str, ids: list[int]) -> None:
    assert re.fullmatch("[0-9a-f]+", make_token(SECRET, purpose, *ids))


def test_a_token_for_a_subscriber_and_a_list_is_short() -> None:
    assert len(make_token(SECRET, "unsubscribe", 1_000_000, 500)) <= 40


@given(IDS, st.data())
def test_no_changed_character_passes(ids: list[int], data: st.DataObject) -> None:
    token = make_token(SECRET, "unsubscribe", *ids)
    place = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    character = data.draw(st.characters() | st.sampled_from(string.ascii_lowercase + string.digits))
    changed = token[:place] + character + token[place + 1 :]
    if character not in (token[place], token[place].upper()):
        assert read_token(SECRET, "unsubscribe", changed) is None


def test_no_other_last_character_stands_for_the_same_bytes() -> None:
    token = make_token(SECRET, "unsubscribe", 1)
    others = set(string.ascii_lowercase + "234567=") - {token[-1]}
    assert all(read_token(SECRET, "unsubscribe", token[:-1] + other) is None for other in others)


@given(st.data())
def test_a_letter_beyond_ascii_never_passes_for_its_ascii_twin(data: st.DataObject) -> None:
    number = data.draw(st.integers(min_value=0, max_value=500))
    token = make_token(SECRET, "unsubscribe", number)
    kelvin = token.replace("k", "\N{KELVIN SIGN}").replace("s", "\N{LATIN SMALL LETTER LONG S}")
    assert (read_token(SECRET, "unsubscribe", kelvin) is None) is (kelvin != token)


@given(IDS, st.integers(min_value=0))
def test_a_shortened_or_lengthened_token_is_none(ids: list[int], cut: int) -> None:
    token = make_token(SECRET, "unsubscribe", *ids)
    assert read_token(SECRET, "unsubscribe", token[: cut % len(token)]) is None
    assert read_token(SECRET, "unsubscribe", token + "a" * (1 + cut % 8)) is None


@given(PURPOSES, PURPOSES, IDS)
def test_a_token_serves_one_purpose(purpose: str, other: str, ids: list[int]) -> None:
    token = make_token(SECRET, purpose, *ids)
    assert (read_token(SECRET, other, token) is None) is (purpose != other)


@given(SECRETS, SECRETS, IDS)
def test_a_token_is_read_with_its_own_secret_only(secret: bytes, other: bytes, ids: list[int]) -> None:
    token = make_token(secret, "confirm", *ids)
    assert (read_token(other, "confirm", token) is None) is (secret != other)


def test_after_a_rotation_old_links_hold_while_the_old_secret_is_given() -> None:
    old = make_token(OTHER, "unsubscribe", 7, 2)
    new = make_token(SECRET, "unsubscribe", 7, 2)
    assert read_token((SECRET, OTHER), "unsubscribe", old) == (7, 2)
    assert read_token((SECRET, OTHER), "unsubscribe", new) == (7, 2)
    assert read_token((SECRET,), "unsubscribe", old) is None
    assert read_token((), "unsubscribe", new) is None


def test_two_secrets_have_two_key_ids() -> None:
    assert make_token(SECRET, "unsubscribe", 1)[0] != make_token(OTHER, "unsubscribe", 1)[0]


def test_a_key_id_alone_proves_nothing() -> None:
    token = make_token(SECRET, "unsubscribe", 7)
    forged = (bytes.fromhex(token)[:2] + bytes(14)).hex()
    assert len(forged) == len(token)
    assert read_token(SECRET, "unsubscribe", forged) is None


@given(st.text())
def test_any_string_is_read_without_an_error(text: str) -> None:
    assert read_token(SECRET, "unsubscribe", text) is None


@given(st.text("0123456789abcdef ABCDEF", max_size=80))
def test_anything_that_looks_like_a_token_is_read_without_an_error(text: str) -> None:
    assert read_token(SECRET, "unsubscribe", text) is None


def test_a_negative_id_is_refused() -> None:
    with pytest.raises(ValueError, match="an id in a link is 0 or more, not -1"):
        make_token(SECRET, "unsubscribe", 1, -1)


def test_a_token_is_the_same_every_time() -> None:
    assert make_token(SECRET, "unsubscribe", 7, 2) == make_token(SECRET, "unsubscribe", 7, 2)
