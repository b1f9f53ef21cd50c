"""Stage 6: complaints: reports of mailbox providers that a recipient called a letter spam.

In: a message. Out: a complaint, or None. Pure. ARF is RFC 5965; what it may leave out, RFC 6590.
"""

import re
from typing import Final

from newsletter.inbound.telling.dsn import ADDRESS, clean
from newsletter.inbound.telling.message import Part, parse_fields
from newsletter.inbound.telling.sender import author, returned, words
from newsletter.inbound.telling.verdict import Kind, Verdict

#: RFC 5965 §7.3, RFC 6430 (not-spam), RFC 6591 (auth-failure): the others are not about what a recipient wanted.
COMPLAINTS: Final = frozenset({"abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized"})
_FORWARDED: Final = re.compile(
    r"^complaint about message from [\d.]+|^\[?(?:abuse|spam) (?:complaint|report)\b|^e-?mail feedback report for", re.I
)

_FIELDS: Final = re.compile(r"^feedback-type[ \t]{0,5}:", re.I | re.M)
_AGGREGATE: Final = re.compile(r"\s*(?:\[\w+\] )?report[ -]domain:\s*\S+\s+submitter:\s*\S+", re.I)


def report(message: Part) -> Verdict | None:
    """A feedback report (RFC 5965 §2)."""
    part = next((part for part in message.walk() if part.media_type == "message/feedback-report"), None)
    if part is None and message.parameters.get("report-type", "").lower() == "feedback-report":
        # Some send the fields as plain text.
        part = next((part for part in message.walk() if not part.parts and _FIELDS.search(part.text()[:2000])), None)
    if part is None:
        return None
    fields = dict(reversed(parse_fields(part.text().encode("utf-8", "replace"))))
    kind = fields.get("feedback-type", "").strip().lower()
    if kind not in COMPLAINTS:
        return Verdict(kind=Kind.UNSURE, rule="feedback report", reason=kind or "feedback")
    named = [clean(fields.get(name, "")) for name in ("original-rcpt-to", "removal-recipient")]
    return Verdict(kind=Kind.COMPLAINT, rule="feedback report", reason=kind, recipients=_recipients(named, message))


def aggregate(message: Part) -> Verdict | None:
    """What receivers count each day: DMARC (RFC 9990, RFC 7489 §7.2) and TLS (RFC 8460 §5.3)."""
    is_tls = bool(message.get("tls-report-domain")) or message.parameters.get("report-type", "").lower() == "tlsrpt"
    if is_tls or _AGGREGATE.match(message.decoded("subject")):
        return Verdict(kind=Kind.AUTO_REPLY, rule="aggregate report", reason="report")
    return None


def forwarded(message: Part) -> Verdict | None:
    """A complaint without a report, as Microsoft's JMRP sends it: the letter itself, as an attachment."""
    subject, letter = message.decoded("subject"), returned(message)
    if letter is None:
        return None
    is_staff = "staff@hotmail.com" in author(message).lower() or bool(letter.get("x-hmxmroriginalrecipient"))
    if not (is_staff or (_FORWARDED.search(subject) and not words(message).strip()[400:])):
        return None
    if not (is_staff or _FORWARDED.search(subject)):
        return None
    return Verdict(kind=Kind.COMPLAINT, rule="forwarded complaint", reason="abuse", recipients=_recipients([], message))


def _recipients(named: list[str], message: Part) -> tuple[str, ...]:
    letter = returned(message)
    if not any(named) and letter is not None:
        told = letter.get("x-hmxmroriginalrecipient") or letter.get("x-original-to") or letter.get("to")
        named = ADDRESS.findall(told)
    return tuple(dict.fromkeys(one for one in named if one))
