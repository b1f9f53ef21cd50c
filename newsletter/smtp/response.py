"""Stage 5: what a server's reply means.

In: the phase of the session and the reply. Out: the kind of outcome. Pure.
"""

import re

from newsletter.outbox.outcome import Outcome, OutcomeKind

#: What a server says is kept and shown: on one line, in text that every store takes, and not endlessly.
UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
LONGEST = 500
#: RFC 3463 §2: class.subject.detail, at the start of the text.
ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")


def to_outcome(phase: str, code: int, text: str) -> Outcome:
    """Classify by the first digit (RFC 5321 §4.2.1).

    552 to RCPT counts as 452 (§4.5.3.1.10). A refused MAIL FROM says something of us, not of the recipient, so it is
    never final for them. What makes no sense before the letter is temporary, also a 2xx to DATA: nothing was handed
    over. After the letter it leaves it in doubt.
    """
    text = shown(text)
    found = ENHANCED.match(text)
    enhanced = found.group(1) if found else ""
    said = text[found.end() :] if found else text
    if phase == "letter" and not 100 <= code < 600:
        kind = OutcomeKind.IN_DOUBT  # an answer came, and nobody can tell which
    elif 200 <= code < 300 and phase == "letter":
        kind = OutcomeKind.SENT
    elif 500 <= code < 600 and phase != "mail" and not (phase == "rcpt" and code == 552):
        kind = OutcomeKind.PERMANENT
    else:
        kind = OutcomeKind.TEMPORARY
    return Outcome(kind=kind, phase=phase, code=code, enhanced=enhanced, text=said)


def shown(text: str) -> str:
    """What a server said as it can be stored and shown; bytes that were not UTF-8 become question marks."""
    return UNSHOWN.sub(" ", text.encode("utf-8", "replace").decode()).strip()[:LONGEST]
