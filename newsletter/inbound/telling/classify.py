"""Stage 6: what a message is.

In: the bytes of a message. Out: a `Verdict`. Pure: no clock, no store, no network, and no input makes it fail.

Rules are tried in their order: what a standard marks comes before what only looks like something. Each rule answers or
passes; the last one says that a person wrote.
"""

from collections.abc import Callable
from typing import Final

from newsletter.inbound.telling import autoreply, bounces, calendar_answer, complaint, unsubscribe
from newsletter.inbound.telling.message import Part, parse
from newsletter.inbound.telling.verdict import Kind, Verdict

Rule = Callable[[Part], Verdict | None]

#: In their order; each module tells where its rules come from.
RULES: Final[tuple[Rule, ...]] = (
    complaint.report,
    bounces.delivery_report,
    bounces.refused_by_rule,
    complaint.aggregate,
    autoreply.receipt,
    calendar_answer.answer,
    bounces.failed_recipients,
    complaint.forwarded,
    unsubscribe.one_line_to_machine,
    bounces.told_in_words,
    autoreply.challenge,
    autoreply.marked,
    unsubscribe.asked,
    autoreply.worded,
    bounces.last_resort,
    autoreply.machine,
)


def classify(raw: bytes) -> Verdict:
    """Tell what a message is."""
    return classify_part(parse(raw))


def classify_part(message: Part) -> Verdict:
    for rule in RULES:
        if verdict := rule(message):
            return verdict
    return Verdict(kind=Kind.REPLY, rule="a person wrote")
