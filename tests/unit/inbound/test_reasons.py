"""Why a letter was refused: sentences of the servers that are in use, and the reason that each stands for."""

from pathlib import Path

import pytest

from newsletter.inbound.reasons import HARD, REASONS, RULES, STATUS, why

SENTENCES = (Path(__file__).parent / "sentences.tsv").read_text(encoding="utf-8").splitlines()
SAID = [tuple(line.split("\t", 1)) for line in SENTENCES if line and not line.startswith("#")]


@pytest.mark.parametrize(("reason", "said"), SAID, ids=[said[:60] for _, said in SAID])
def test_what_a_server_says_has_one_reason(reason: str, said: str) -> None:
    found = why(said)
    assert (found.reason, found.hard) == (reason, reason in HARD)


@pytest.mark.parametrize(
    ("status", "reason"),
    [("5.1.1", "userunknown"), ("5.2.2", "mailboxfull"), ("5.7.1", "policyviolation"), ("5.4.4", "hostunknown"),
     ("4.4.7", "expired"), ("5.9.9", "undefined"), ("", "undefined"), ("5.6.3", "contenterror")],
)  # fmt: skip
def test_where_nothing_is_said_the_status_tells(status: str, reason: str) -> None:
    assert why("", status).reason == reason


def test_every_reason_is_documented() -> None:
    assert {reason for reason, _ in RULES} | set(STATUS.values()) | {"undefined"} == set(REASONS)
    assert set(REASONS) > HARD


def test_a_delay_is_never_hard() -> None:
    assert not why("550 5.1.1 User unknown", is_temporary=True).hard
