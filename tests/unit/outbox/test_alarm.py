"""When a mailing stops by itself: the threshold trips on refusals in a row, or on their part of all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.outbox.alarm import KEPT, SHOWN, Counts, alarming, stops_all

UNKNOWN = "550 5.1.1 <{}@example.nl>: User unknown"


def after(letters: str) -> Counts:
    """The counts after these letters: s was sent, r was refused."""
    counts = Counts()
    for number, letter in enumerate(letters):
        if letter == "s":
            counts.add_sent()
        else:
            counts.add_refused(UNKNOWN.format(number))
    return counts


@pytest.mark.parametrize(
    ("letters", "reason"),
    [
        ("", ""),
        ("s" * 1_000, ""),
        ("r" * 19, ""),
        ("r" * 20, "20 recipients in a row were refused for good; most often, 20 times: 550 5.1.1 …: User unknown"),
        ("r" * 19 + "s" + "r" * 19, ""),
        ("s" * 500 + "r" * 20, "20 recipients in a row were refused for good; most often, 20 times"),
        ("sr" * 49, ""),
        ("sr" * 50, "50 of 100 recipients (50%) were refused for good, more than 10%; most often, 50 times: 550 5.1.1"),
        ("sssssssssr" * 10, ""),
        ("sssssssssr" * 10 + "r", "11 of 101 recipients (11%) were refused for good, more than 10%; most often, 11"),
    ],
)
def test_when_a_mailing_stops(letters: str, reason: str) -> None:
    told = alarming(after(letters))
    assert told.startswith(reason) if reason else told == ""


@pytest.mark.parametrize(
    ("letters", "consecutive", "ratio", "least", "stops"),
    [
        ("rrr", 3, 1.0, 1, True),
        ("rr", 3, 1.0, 1, False),
        ("rs", 3, 0.4, 2, True),
        ("rs", 3, 0.4, 3, False),
        ("rs", 3, 0.5, 2, False),
        ("rrrrr", 9, 1.0, 1, False),
    ],
)
def test_the_thresholds_are_settings(letters: str, consecutive: int, ratio: float, least: int, stops: bool) -> None:
    assert bool(alarming(after(letters), consecutive=consecutive, ratio=ratio, least=least)) is stops


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("550 5.1.1 <a@example.nl>: User unknown", "550 5.1.1 <b@example.org>: User unknown"),
        ("554 5.7.1 [192.0.2.1] blocked", "554 5.7.1 [2001:db8::1] blocked"),
        ("550 refused - gsmtp a640c23a62f3a-abc", "550 refused - gsmtp 5b1f17b1804b1-xyz"),
    ],
)
def test_the_same_refusal_of_other_recipients_is_counted_as_one(first: str, second: str) -> None:
    counts = Counts()
    counts.add_refused(first)
    counts.add_refused(second)
    assert list(counts.replies.values()) == [2]


def test_the_most_common_reply_is_told() -> None:
    counts = Counts()
    for text in ["550 mailbox unavailable"] * 8 + ["554 5.7.1 not wanted"] * 12:
        counts.add_refused(text)
    assert alarming(counts).endswith("most often, 12 times: 554 5.7.1 not wanted")


def test_no_address_of_a_subscriber_is_told() -> None:
    assert "@" not in alarming(after("r" * 20))


def test_a_mailing_that_was_resumed_begins_to_count_anew() -> None:
    assert alarming(after("r" * 500))
    assert alarming(Counts()) == ""


def test_counts_that_were_kept_without_their_replies_are_enough() -> None:
    assert (
        alarming(Counts(attempted=200, refused=100))
        == "100 of 200 recipients (50%) were refused for good, more than 10%"
    )


@given(st.lists(st.text(), max_size=20).map(lambda texts: [*texts, *(f"550 {'x' * n}" for n in range(KEPT + 10))]))
def test_a_server_that_says_something_else_each_time_fills_no_memory(texts: list[str]) -> None:
    counts = Counts()
    for text in texts:
        counts.add_refused(text)
    assert len(counts.replies) <= KEPT
    assert all(len(reply) <= SHOWN for reply in counts.replies)
    assert counts.refused == counts.attempted == counts.in_a_row == len(texts)


@given(st.text(alphabet="sr", max_size=300))
def test_counts_are_what_was_added(letters: str) -> None:
    counts = after(letters)
    assert (counts.attempted, counts.refused) == (len(letters), letters.count("r"))
    assert counts.in_a_row == len(letters) - len(letters.rstrip("r"))


@pytest.mark.parametrize(
    ("phase", "domains", "stops"),
    [
        ("connect", [], True),
        ("ehlo", [], True),
        ("tls", [], True),
        ("auth", [], True),
        ("mail", ["example.nl"], True),
        ("rcpt", ["example.nl"], False),
        ("data", ["example.nl"], False),
        ("letter", ["example.nl"], False),
        ("rcpt", ["example.nl", "example.org"], True),
        ("data", ["example.nl", "example.org"], True),
        ("letter", ["example.nl", "example.org", "example.com"], True),
    ],
)
def test_a_fault_of_ours_stops_all_before_a_recipient_is_named_or_at_a_second_domain(
    phase: str, domains: list[str], stops: bool
) -> None:
    assert stops_all(phase, domains) is stops
