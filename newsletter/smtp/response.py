"""Stage 5: what a server's reply means.

In: the phase of the session and the reply. Out: the kind of outcome, and whether to slow down. Pure; the rules are the
table of `refusals`.
"""

import re
from typing import Literal

from newsletter.outbox.outcome import LONGEST, Outcome, OutcomeKind
from newsletter.outbox.retry import FULL_STATUS, FULL_WORDS
from newsletter.smtp.refusals import GREYLISTED, PHASES, RULES, SLOW_DOWN, Rule

#: What a server says is kept and shown: on one line, in text that every store takes, and not endlessly.
UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
#: So much of it is read.
READ = 2 * LONGEST
#: RFC 3463 §2: class.subject.detail, at the start of the text; Cisco writes "#5.1.0".
ENHANCED = re.compile(r"\s*#?([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
#: qmail and its descendants write it at the end.
LAST = re.compile(r"\(#([245]\.\d{1,3}\.\d{1,3})\)\W*$")

#: A server that closes an old or idle connection has nothing against our speed.
CLOSED = re.compile(r"\bper (?:connection|session)\b|\bconnection expired\b|\btime(?:d )?out\b|\bidle\b", re.IGNORECASE)
#: Exchange Online counts the connections of the account that submits, and says so after the letter.
SUBMITTING = re.compile(r"ClientSubmit|sender thread limit|concurrent connections", re.IGNORECASE)

Statuses = frozenset[str]


def _statuses(rule: Rule) -> Statuses:
    """ "7.8-9 7.14" -> {"7.8", "7.9", "7.14"}."""
    found = set()
    for item in rule.statuses.split():
        subject, _, details = item.partition(".")
        first, _, last = details.partition("-")
        found |= {f"{subject}.{detail}" for detail in range(int(first), int(last or first) + 1)}
    return frozenset(found)


def _rules_of(phase: str) -> tuple[tuple[tuple[str, ...], Statuses, Rule], ...]:
    """The rules for a phase, in their order; a phase that is none of ours has only what holds for all."""
    found = [rule for rule in RULES if not rule.phases or phase in rule.phases.split()]
    return tuple((tuple(rule.codes.split()) or ("",), _statuses(rule), rule) for rule in found)


_BY_PHASE = {phase: _rules_of(phase) for phase in PHASES}
_ANY_PHASE = _rules_of("")


def to_outcome(phase: str, code: int, text: str) -> Outcome:
    """Classify a reply; `text` may have several lines, divided by LF. It decides by phase, code, status and words.

    What makes no sense before the letter is temporary, also a 2xx to DATA: nothing was handed over. After the letter it
    leaves it in doubt.
    """
    text = text[:READ]
    found = ENHANCED.match(text)
    if found:
        # RFC 2034: every line of the reply begins with it.
        text = re.sub(rf"\n#?{re.escape(found.group(1))}(?=\s|$)", "\n", text[found.end() :])
    said = _one_line(text)
    found = found or LAST.search(said)
    enhanced = found.group(1) if found else ""
    return Outcome(
        kind=_kind(phase, code, enhanced, said), phase=phase, code=code, enhanced=enhanced, text=said[:LONGEST]
    )


def _kind(phase: str, code: int, enhanced: str, said: str) -> OutcomeKind:
    digits = str(code) if 200 <= code < 600 else ""
    status = enhanced[2:]  # RFC 2034: its class is that of the code; where servers differ, the code decides
    return next(  # the last rule holds for everything
        rule.kind
        for codes, statuses, rule in _BY_PHASE.get(phase, _ANY_PHASE)
        if digits.startswith(codes)
        and (not statuses or status in statuses)
        and (rule.words is None or rule.words.search(said))
    )


def is_throttled(outcome: Outcome) -> bool:
    """Whether the server asks for fewer letters at a time (or for a slower start): see `throttle_scope` for which.

    421, 432, and 450 to 452 with 4.7.x are that, and words that say so. Greylisting, a full or busy mailbox and an old
    connection that is closed are not: other letters need not wait for them.
    """
    if outcome.kind is not OutcomeKind.TEMPORARY or not 400 <= outcome.code < 600:
        return False
    said = outcome.text
    if outcome.enhanced[2:] in ("2.1", "2.121", "2.122") and "relay" not in said.lower():
        return False  # of one mailbox; but Google says 450 4.2.1 for the limit of its relay as well
    if outcome.enhanced in FULL_STATUS or FULL_WORDS.search(said) or GREYLISTED.search(said) or CLOSED.search(said):
        return False
    by_code = outcome.code in (421, 432) or (outcome.code in (450, 451, 452) and outcome.enhanced.startswith("4.7."))
    return by_code or SLOW_DOWN.search(said) is not None


def throttle_scope(outcome: Outcome) -> Literal["relay", "domain"]:
    """What to slow down for: everything that this mail server is handed, or the domain of the recipient."""
    about_recipient = outcome.phase in ("rcpt", "data", "letter") and not SUBMITTING.search(outcome.text)
    return "domain" if about_recipient else "relay"


def shown(text: str) -> str:
    """What a server said as it can be stored and shown; bytes that were not UTF-8 become question marks."""
    return _one_line(text)[:LONGEST]


def _one_line(text: str) -> str:
    return UNSHOWN.sub(" ", text.encode("utf-8", "replace").decode()).strip()
