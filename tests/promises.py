"""What holds whenever a process that sends is killed: nobody is missed, and who gets a letter twice gets it once more.

In: an `Account` of what the mail server took from which process, and what the store says in the end. Out: every promise
that was broken, in sentences. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Taken(NamedTuple):
    """A letter that the mail server has."""

    recipient: str
    message_id: bytes
    digest: bytes  #: of every byte that travelled
    process: int  #: number, from 0
    connection: int  #: number, over all processes


class Killed(NamedTuple):
    process: int
    connections: int  #: that were open


@dataclass(frozen=True, kw_only=True)
class Account:
    """What there is to know when all is over."""

    recipients: frozenset[str]
    resend: bool  #: NEWSLETTER_MAIL__RESEND_IN_DOUBT
    connections: int  #: that one process may have
    taken: Sequence[Taken]
    unanswered: frozenset[str]  #: recipients whose letter had no answer, because of a kill
    kills: Sequence[Killed]
    ended: int  #: exit code of the last process, negative where it had to be killed because it never ended
    mailing: str  #: its state
    states: Mapping[str, str]  #: of the deliveries, by recipient
    doubts: Counter[str]  #: attempts in doubt, by recipient
    integrity: str  #: what SQLite says of the file

    def repeated(self) -> dict[str, list[Taken]]:
        """Recipients with more than one letter, in the order of taking."""
        found: defaultdict[str, list[Taken]] = defaultdict(list)
        for one in self.taken:
            found[one.recipient].append(one)
        return {recipient: letters for recipient, letters in found.items() if len(letters) > 1}


def broken_promises(account: Account) -> list[str]:
    """Every way in which something that is promised is not so; none, if all is well."""
    return [*_missed(account), *_twice(account), *_left_behind(account), *_unseen(account)]


def _missed(account: Account) -> Iterator[str]:
    reached = {one.recipient for one in account.taken}
    for recipient in sorted(account.recipients - reached):
        state = account.states.get(recipient, "without a delivery")
        if account.resend or state != "in_doubt":
            yield f"{recipient} got no letter and is {state}"
    for recipient in sorted(reached - account.recipients):
        yield f"{recipient} got a letter and is on no list"


def _twice(account: Account) -> Iterator[str]:
    """Only what a killed process was just handing over comes again, and then it is the very same letter."""
    open_ones = {kill.process: kill.connections for kill in account.kills}
    last = {one.connection: one for one in account.taken}
    again: Counter[int] = Counter()
    for recipient, letters in account.repeated().items():
        if not account.resend:
            yield f"{recipient} got {len(letters)} letters, though what is in doubt is held"
        if len({one.message_id for one in letters}) > 1 or not letters[0].message_id:
            yield f"{recipient} got letters with different Message-IDs"
        if len({one.digest for one in letters}) > 1:
            yield f"{recipient} got letters with different bytes"
        for one in letters[:-1]:
            again[one.process] += 1
            if last[one.connection] is not one:
                yield f"{recipient} got a second letter, though process {one.process} had gone on after the first"
    for process, count in again.items():
        if count > open_ones.get(process, 0):
            yield f"{count} letters of process {process} came again; it had {open_ones.get(process, 0)} connections"


def _left_behind(account: Account) -> Iterator[str]:
    """In the end nothing waits for anybody but a person."""
    if account.ended:
        yield f"the last process did not end in order, but with exit code {account.ended}"
    ends = {"sent"} if account.resend else {"sent", "in_doubt"}
    for recipient, state in sorted(account.states.items()):
        if state not in ends:
            yield f"{recipient} is left {state}"
    if account.mailing != "sent":
        yield f"the mailing is left {account.mailing}"
    if account.integrity != "ok":
        yield f"the store is damaged: {account.integrity}"


def _unseen(account: Account) -> Iterator[str]:
    """What was in doubt can be seen, and was no more than the connections that a process may have."""
    for recipient in sorted(account.unanswered):
        if not account.doubts[recipient]:
            yield f"the letter to {recipient} had no answer, and never was in doubt"
    most = len(account.kills) * account.connections
    if account.doubts.total() > most:
        yield f"{account.doubts.total()} letters were in doubt, with {most} connections at most"
    for recipient, letters in account.repeated().items():
        if account.doubts[recipient] < len(letters) - 1:
            yield f"{recipient} got {len(letters)} letters, {account.doubts[recipient]} of them noted as in doubt"
    for recipient, state in account.states.items():
        if state == "in_doubt" and not account.doubts[recipient]:
            yield f"{recipient} is in doubt, and no attempt says so"
