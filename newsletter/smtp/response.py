"""Stage 5: what a server's reply means.

In: the phase of the session and the reply. Out: the kind of outcome. Pure.
"""

import re

from newsletter.outbox.outcome import Outcome, OutcomeKind

#: RFC 3463 §2: class.subject.detail, at the start of the text.
ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


def to_outcome(phase: str, code: int, text: str) -> Outcome:
    """Classify by the first digit (RFC 5321 §4.2.1).

    552 to RCPT counts as 452 (§4.5.3.1.10). A refused MAIL FROM says something of us, not of the recipient, so it is
    never final for them. What is no reply at all is temporary: it may be better at the next attempt.
    """
    found = ENHANCED.match(text)
    enhanced = found.group(1) if found else ""
    said = " ".join((text[found.end() :] if found else text).split())
    if 200 <= code < 300:
        kind = OutcomeKind.SENT
    elif 500 <= code < 600 and phase != "mail" and not (phase == "rcpt" and code == 552):
        kind = OutcomeKind.PERMANENT
    else:
        kind = OutcomeKind.TEMPORARY
    return Outcome(kind=kind, phase=phase, code=code, enhanced=enhanced, text=said)
