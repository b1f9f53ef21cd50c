"""Stage 6: answers to an invitation (iTIP REPLY, RFC 5546 §3.2.3; in mail, RFC 6047).

In: a message. Out: a verdict, or None. Pure.

A REPLY is an answer. A COUNTER (RFC 5546 §3.2.7) proposes another time, and a REFRESH (§3.2.6) asks for the invitation
again: nothing here can do either, so a person reads them.
"""

from newsletter.inbound.telling.itip import Answer, answers
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.verdict import Kind, Verdict


def answer(message: Part) -> Verdict | None:
    """An answer of a calendar, with the addresses of its attendees; what a person has to read is a reply."""
    told = answers(message)
    for kind, method, rule in (
        (Kind.CALENDAR, "REPLY", "answer to an invitation"),
        (Kind.REPLY, "COUNTER", "proposes another time"),
        (Kind.UNSURE, "REFRESH", "asks for the invitation"),
    ):
        if found := [one for one in told if one.method == method]:
            return Verdict(
                kind=kind,
                rule=rule,
                reason=found[0].partstat,
                recipients=tuple(dict.fromkeys(one.attendee for one in found if one.attendee)),
            )
    return None


def given(message: Part) -> list[Answer]:
    """The answers of a message that is one."""
    return [one for one in answers(message) if one.method == "REPLY"]


def remark(message: Part) -> str:
    """What the attendee wrote beside the answer; "" where they wrote nothing."""
    return "\n".join(dict.fromkeys(one.comment for one in given(message) if one.comment))
