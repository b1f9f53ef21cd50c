"""Stage 6: which answer to an invitation counts, and whose it is.

In: answers as a calendar sent them, what the same person answered before, and of which version of the event they knew.
Out: what is kept, or why nothing is. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from newsletter.inbound.telling.itip import Answer
from newsletter.subscribers.subscriber import address_key

#: The values of PARTSTAT (RFC 5545 §3.2.12) that answer the question whether somebody comes.
TELLING: Final = frozenset({"accepted", "declined", "tentative", "delegated"})
#: What a person has to look at, and nothing else will: no attendance could be kept, or somebody else comes.
FOR_A_PERSON: Final = frozenset({"delegated", "stranger", "unproven"})


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What somebody answered."""

    answer: str  #: accepted, declined, tentative, or delegated: somebody else comes for them
    sequence: int  #: of the invitation that was answered (RFC 5546 §2.1.4)
    at: datetime  #: when the answer was given


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why an answer counts for nothing."""

    word: str  #: older, ignored, unknown, unproven or stranger
    why: str  #: one sentence without a full stop


def weigh(given: Answer, before: Answered | None, *, told: int | None, arrived: datetime) -> Answered | Refused:
    """What is kept of an answer that is known to be somebody's.

    RFC 5546 §2.1.5: of two answers that with the higher SEQUENCE is the newer, of two with the same SEQUENCE that with
    the later DTSTAMP; calendars that give both the same DTSTAMP send them in their order.

    Args:
        given: the answer.
        before: what the same person answered before.
        told: the SEQUENCE of the newest version of the event that they were sent; None if that is not known.
        arrived: when the message came in; no answer was given later, whatever its clock says.
    """
    if given.recurrence:
        return Refused(word="ignored", why="it is about one date of a repeated event, and this event is none")
    if given.partstat not in TELLING:
        return Refused(word="ignored", why=f"it says neither yes nor no (PARTSTAT “{given.partstat[:20]}”)")
    newest = max((known for known in (told, before.sequence if before else None) if known is not None), default=0)
    # Nobody can answer what was not sent yet: such a number would make all later answers look old.
    sequence = newest if given.sequence is None else given.sequence if told is None else min(given.sequence, told)
    if told is not None and sequence < told:
        return Refused(word="older", why=f"it answers version {sequence} of the event, and they were sent {told}")
    at = arrived if given.stamp is None else min(given.stamp, arrived)
    if before is not None and (sequence, at) < (before.sequence, before.at):
        return Refused(word="older", why="they have answered since")
    return Answered(answer=given.partstat, sequence=sequence, at=at)


def is_same_mailbox(one: str, other: str) -> bool:
    """Whether two addresses differ in letter case, spelling of the domain, or +tag only."""
    return bool(one and other) and without_tag(one) == without_tag(other)


def without_tag(address: str) -> str:
    """The key of an address without what stands behind a + in it."""
    local, at, domain = address_key(address).rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def by(address: str, answers: Iterable[Answer]) -> Answer | None:
    """The answer of the attendee with this address, and of several the one about the whole event."""
    theirs = [one for one in answers if is_same_mailbox(one.attendee, address)]
    return min(theirs, key=lambda one: bool(one.recurrence), default=None)


def only(address: str, people: Sequence[tuple[int, str]]) -> int | None:
    """Which of these people (id and address) an address belongs to: the only one, or the one who is written just so."""
    same = [person for person in people if is_same_mailbox(person[1], address)]
    exact = [person for person in same if address_key(person[1]) == address_key(address)]
    found = exact or same
    return found[0][0] if len(found) == 1 else None
