"""The address that a personal invitation asks its answer to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SettingsError
from newsletter.outbox.envelope import MESSAGE, VERP
from newsletter.outbox.organizer import organizer, read_organizer
from newsletter.subscribers.links import make_token

SECRET, OTHER = b"s" * 32, b"o" * 32


@given(st.integers(0, 2**40), st.booleans())
def test_the_address_of_an_organizer_says_who_was_invited_in_any_letter_case(subscriber: int, upper: bool) -> None:
    address = organizer("antwoord@post.example.nl", SECRET, subscriber)
    assert address.endswith("@post.example.nl")
    assert len(address.rpartition("@")[0]) <= 64
    assert read_organizer(["vragen@example.nl", address.upper() if upper else address], SECRET) == subscriber


def test_it_is_the_same_in_every_letter_and_another_for_everybody() -> None:
    addresses = [organizer("a@example.nl", SECRET, number) for number in (1, 1, 2)]
    assert addresses[0] == addresses[1] != addresses[2]


@pytest.mark.parametrize(
    "address",
    [
        f"a+{make_token(SECRET, VERP, 7)}@example.nl",
        f"a+{make_token(SECRET, MESSAGE, 7)}@example.nl",
        f"a+{make_token(SECRET, 'organizer', 7, 1)}@example.nl",
        organizer("a@example.nl", OTHER, 7),
        organizer("a@example.nl", SECRET, 7).replace("@", "0@"),
        "a@example.nl",
        "",
        "+@",
    ],
)
def test_nobody_else_can_make_one(address: str) -> None:
    assert read_organizer([address], SECRET) is None


def test_without_a_mailbox_for_replies_there_is_none_and_what_is_no_address_is_refused() -> None:
    assert organizer("", SECRET, 7) == ""
    for wrong in ("antwoord", "@example.nl", "antwoord@"):
        with pytest.raises(SettingsError, match="write it as name"):
            organizer(wrong, SECRET, 7)
