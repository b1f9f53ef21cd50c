"""Stage 6: answers to an invitation (iTIP REPLY, RFC 5546 §3.2.3; in mail, RFC 6047).

In: a message. Out: the answer, or None. Pure.
"""

import re
from typing import Final

from newsletter.inbound.message import Part
from newsletter.inbound.verdict import Kind, Verdict

_METHOD: Final = re.compile(r"^METHOD[^:\n]{0,40}:[ \t]*(REPLY|COUNTER)[ \t]*$", re.I | re.M)
_ATTENDEE: Final = re.compile(
    r"^ATTENDEE(?P<parameters>(?:;[^:\"\n]{1,200}|;[^:\"\n]{0,60}\"[^\"\n]{0,300}\")*):"
    r"[ \t]*(?:mailto:)?(?P<address>\S{3,320})",
    re.I | re.M,
)
_PARTSTAT: Final = re.compile(r"PARTSTAT=\"?([A-Z-]{3,20})", re.I)
_FOLD: Final = re.compile(r"\n[ \t]")


def answer(message: Part) -> Verdict | None:
    for part in message.walk():
        if part.media_type not in ("text/calendar", "application/ics"):
            continue
        text = _FOLD.sub("", part.text())
        if not _METHOD.search(text):
            continue
        found = _ATTENDEE.search(text)
        stated = _PARTSTAT.search(found["parameters"]) if found else None
        return Verdict(
            kind=Kind.CALENDAR,
            rule="answer to an invitation",
            reason=stated[1].lower() if stated else "",
            recipients=(found["address"].strip(),) if found else (),
        )
    return None
