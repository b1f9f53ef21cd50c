"""What a reply means, by phase and code."""

import pytest

from newsletter.outbox.outcome import OutcomeKind
from newsletter.smtp.response import to_outcome

SENT, TEMPORARY, PERMANENT = OutcomeKind.SENT, OutcomeKind.TEMPORARY, OutcomeKind.PERMANENT


@pytest.mark.parametrize(
    ("phase", "code", "kind"),
    [
        ("letter", 250, SENT),
        ("letter", 251, SENT),
        ("letter", 421, TEMPORARY),
        ("letter", 451, TEMPORARY),
        ("letter", 552, PERMANENT),
        ("letter", 554, PERMANENT),
        ("rcpt", 450, TEMPORARY),
        ("rcpt", 550, PERMANENT),
        ("rcpt", 552, TEMPORARY),
        ("rcpt", 553, PERMANENT),
        ("mail", 550, TEMPORARY),
        ("mail", 451, TEMPORARY),
        ("data", 503, PERMANENT),
        ("data", 354, TEMPORARY),
        ("data", 250, TEMPORARY),
        ("rcpt", -1, TEMPORARY),
        ("letter", -1, OutcomeKind.IN_DOUBT),
        ("letter", 999, OutcomeKind.IN_DOUBT),
    ],
)
def test_a_reply_becomes_an_outcome(phase: str, code: int, kind: OutcomeKind) -> None:
    assert to_outcome(phase, code, "x").kind is kind


@pytest.mark.parametrize(
    ("text", "enhanced", "said"),
    [
        ("5.1.1 <a@example.nl>: User unknown", "5.1.1", "<a@example.nl>: User unknown"),
        ("User unknown", "", "User unknown"),
        ("4.7.1", "4.7.1", ""),
        ("4.2.2 over\nquota", "4.2.2", "over quota"),
        ("5.1.12345 x", "", "5.1.12345 x"),
        ("1.2.3.4 refused", "", "1.2.3.4 refused"),
        ("", "", ""),
        ("5.1.1 caf\udce9\r\nX: y\x00", "5.1.1", "caf? X: y"),
    ],
)
def test_the_enhanced_status_is_read_apart_from_the_text(text: str, enhanced: str, said: str) -> None:
    outcome = to_outcome("rcpt", 550, text)
    assert (outcome.enhanced, outcome.text) == (enhanced, said)
