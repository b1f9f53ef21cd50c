"""Stage 6: what a message is: the nouns of classification.

In: nothing. Out: values that rules return and that everything after them works with.
"""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.inbound.telling.reasons import HARD


class Kind(StrEnum):
    BOUNCE = "bounce"  #: a letter was not delivered, or not yet
    COMPLAINT = "complaint"  #: a recipient called it spam (RFC 5965)
    AUTO_REPLY = "auto_reply"  #: a machine answered: out of office, a receipt, an acknowledgement
    UNSUBSCRIBE = "unsubscribe"  #: somebody wants to be taken off, and says nothing else
    CALENDAR = "calendar"  #: an answer to an invitation (RFC 5546 §3.2.3)
    REPLY = "reply"  #: a person wrote
    UNSURE = "unsure"  #: a person has to look


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What became of a letter to one recipient."""

    recipient: str  #: empty where the report names nobody
    reason: str  #: a word of `reasons.REASONS`
    status: str = ""  #: RFC 3463, "5.1.1"; empty where none was told
    said: str = ""  #: what the server said, on one line
    is_delay: bool = False  #: it is still being tried

    @property
    def hard(self) -> bool:
        """Whether this address will never take mail."""
        return self.reason in HARD and not self.is_delay


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a message is, and the rule that said so."""

    kind: Kind
    rule: str  #: name of the rule
    reason: str = ""  #: of a bounce a word of `reasons.REASONS`; of an automatic reply what it is about
    failures: tuple[Failure, ...] = ()
    recipients: tuple[str, ...] = ()  #: addresses that it is about
    until: str = ""  #: of an automatic reply the last day of the absence, "2026-12-03"; empty where none was told
    instead: tuple[str, ...] = ()  #: addresses to write to instead, where an automatic reply names them
    evidence: str = ""  #: the sentence that decided, on one line of at most 300 characters

    @property
    def hard(self) -> bool | None:
        """Of a bounce: whether any of its addresses will never take mail."""
        return any(failure.hard for failure in self.failures) if self.kind is Kind.BOUNCE else None

    @property
    def status(self) -> str:
        return next((failure.status for failure in self.failures if failure.status), "")


def bounced(rule: str, failures: "tuple[Failure, ...] | list[Failure]") -> Verdict:
    """A bounce about these recipients; the first hard one gives the reason, else the first."""
    telling = sorted(failures, key=lambda failure: (not failure.hard, failure.reason == "undefined"))
    return Verdict(
        kind=Kind.BOUNCE,
        rule=rule,
        reason=telling[0].reason if telling else "undefined",
        failures=tuple(failures),
        recipients=tuple(dict.fromkeys(failure.recipient for failure in failures if failure.recipient)),
    )
