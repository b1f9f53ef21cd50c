"""Stage 4: what one attempt came to, and the port through which letters leave.

An outcome is a value: a refused letter is expected, not exceptional.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class OutcomeKind(StrEnum):
    SENT = "sent"
    TEMPORARY = "temporary"  #: refused for now; nothing was delivered
    PERMANENT = "permanent"  #: refused for good
    IN_DOUBT = "in_doubt"  #: the letter was handed over, and its answer never came


@dataclass(frozen=True, kw_only=True)
class Outcome:
    kind: OutcomeKind
    phase: str  #: connect, mail, rcpt, data, letter; folder; address
    code: int = 0  #: SMTP reply code; 0 where no server answered
    enhanced: str = ""  #: RFC 3463 status: "5.1.1"
    text: str = ""  #: what the server said, or what happened


class Session(Protocol):
    """An open way out, used by one worker at a time."""

    async def send(self, sender: str, recipient: str, letter: bytes) -> Outcome:
        """One attempt. `letter` has CRLF line ends and no dot-stuffing; it is for one recipient.

        Raises:
            SmtpError: no letter can be sent at all (no server, no TLS, no login); nothing was sent.
        """


class Transport(Protocol):
    """Where letters go: a mail server, or a folder."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session; it is closed in order at the end."""
