"""Stage 4: what one attempt came to, and the port through which letters leave.

An outcome is a value: a refused letter is expected, not exceptional.
"""

from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import NamedTuple, Protocol

#: So much of a reply is kept.
LONGEST = 500


class OutcomeKind(StrEnum):
    SENT = "sent"
    TEMPORARY = "temporary"  #: refused for now; nothing was delivered
    PERMANENT = "permanent"  #: refused for good
    IN_DOUBT = "in_doubt"  #: the letter was handed over, and its answer never came
    OUR_FAULT = "our_fault"  #: refused for what we are or do (login, policy, signature); says nothing of the recipient


class Outcome(NamedTuple):
    kind: OutcomeKind
    phase: str  #: connect, ehlo, tls, auth, mail, rcpt, data, letter; folder; address
    code: int = 0  #: SMTP reply code; 0 where no server answered
    enhanced: str = ""  #: RFC 3463 status: "5.1.1"
    text: str = ""  #: what the server said, or what happened


class Parcel(NamedTuple):
    """A letter in its envelope: what one SMTP transaction carries, for one recipient."""

    sender: str  #: envelope sender, ASCII
    recipient: str  #: envelope recipient; its domain in ASCII, its local part too, or only for a server with SMTPUTF8
    letter: bytes  #: CRLF line ends, no dot-stuffing
    envelope_id: str = ""  #: ENVID of RFC 3461 §4.4, so that a report can say which delivery it is about
    is_wire: bool = False  #: no line begins with a dot and every line end is CRLF, as `compose.letter` makes them
    is_8bit: bool = False  #: its body is not ASCII, so that only a server with 8BITMIME may get it (RFC 6152)


class Session(Protocol):
    """An open way out, used by one connection of a worker at a time."""

    async def send(self, parcel: Parcel, following: Parcel | None = None) -> Outcome:
        """One attempt. `following` is what is sent next on this session: all but its end may travel along already.

        Raises:
            SmtpError: no letter can be sent at all (no server, no TLS, no login); nothing was sent.
        """

    def abandon(self) -> None:
        """Forget a `following` that will not be sent after all; nothing of it is delivered."""


class Transport(Protocol):
    """Where letters go: a mail server, or a folder."""

    @property
    def relay(self) -> str:
        """The name of the server that the next letter goes through; its pace is kept under this name."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Open a session; it is closed in order at the end."""
