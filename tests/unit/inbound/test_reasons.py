"""Why a letter was refused: sentences of the servers that are in use, and the reason that each stands for."""

from pathlib import Path

import pytest

from newsletter.inbound.telling.reasons import HARD, HINTS, REASONS, RULES, STATUS, why

SENTENCES = (Path(__file__).parent / "sentences.tsv").read_text(encoding="utf-8").splitlines()
NEVER_HARD = (Path(__file__).parent / "never_hard.txt").read_text(encoding="utf-8").splitlines()
SAID = [tuple(line.split("\t", 1)) for line in SENTENCES if line and not line.startswith("#")]


@pytest.mark.parametrize(("reason", "said"), SAID, ids=[said[:60] for _, said in SAID])
def test_what_a_server_says_has_one_reason(reason: str, said: str) -> None:
    found = why(said)
    assert (found.reason, found.hard) == (reason, reason in HARD)


@pytest.mark.parametrize("said", [line for line in NEVER_HARD if not line.startswith("#")])
def test_what_looks_hard_but_is_not_costs_no_subscriber(said: str) -> None:
    assert not why(said).hard


@pytest.mark.parametrize(
    ("status", "reason"),
    [("5.1.1", "userunknown"), ("5.2.2", "mailboxfull"), ("5.7.1", "policyviolation"), ("5.4.4", "hostunknown"),
     ("4.4.7", "expired"),
     ("4.1.1", "undefined"), ("4.4.4", "networkerror"), ("5.9.9", "undefined"), ("", "undefined"),
     ("5.6.3", "contenterror")],
)  # fmt: skip
def test_where_nothing_is_said_the_status_tells(status: str, reason: str) -> None:
    assert why("", status).reason == reason


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [("550 5.1.1 rejected", "5.1.1", "userunknown"), ("550 rejected", "5.7.1", "policyviolation"),
     ("550 5.1.1 mailbox full", "5.1.1", "mailboxfull"), ("550 5.7.1 no such user", "5.7.1", "userunknown"),
     ("550 sorry", "5.1.1", "userunknown"), ("552 sorry", "5.2.2", "mailboxfull"), ("sorry", "5.0.0", "undefined"),
     ("550 5.1.2 sorry", "5.0.0", "hostunknown"), ("451 later", "4.1.1", "systemerror")],
)  # fmt: skip
def test_words_decide_before_a_status_and_a_status_before_words_that_say_little(
    said: str, status: str, reason: str
) -> None:
    assert why(said, status).reason == reason


def test_every_reason_is_documented() -> None:
    assert {reason for reason, _ in RULES + HINTS} | set(STATUS.values()) | {"undefined"} == set(REASONS)
    assert set(REASONS) > HARD


def test_a_delay_is_never_hard() -> None:
    assert not why("550 5.1.1 User unknown", is_temporary=True).hard
