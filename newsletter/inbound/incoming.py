"""Stage 6: a message as it came in, and the places that messages come from.

In: nothing. Out: the nouns between a source (`inbound.sources`) and what handles its messages (`inbound.intake`).
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """One message of one source."""

    source: str  #: name of the source, the same after a restart: "imap:post@example.nl/INBOX", "lmtp", "maildir:…"
    key: str  #: which message of it, the same after a restart: "UIDVALIDITY:UID", a file name; at most 400 characters
    raw: bytes  #: as it is kept there, or what of it could be had
    received_at: datetime
    address: str = ""  #: the mailbox that this source reads; what people write is not forwarded to it
    envelope_to: tuple[str, ...] = ()  #: RCPT TO, where the source knows it
    envelope_from: str | None = None  #: MAIL FROM, "" for <>; None where the source does not know it
    trouble: str = ""  #: why it could not be read whole; such a message is set aside


#: Makes one message durable and handles it. When it returns, the source may forget the message; StoreError: try later.
Take = Callable[[Incoming], Awaitable[None]]
#: Of these keys of a source, those that were taken before.
Known = Callable[[str, Iterable[str]], Awaitable[frozenset[str]]]


class Source(Protocol):
    """A place that messages come from. It only reads: nothing is deleted, moved, or marked."""

    name: str

    async def round(self, take: Take) -> int:
        """Hand over every message that was not taken before; returns how many.

        Raises:
            InboundError: the source cannot be used now.
        """
        ...

    async def watch(self, take: Take) -> None:
        """Round after round, at once when something comes where the source can tell, until cancelled.

        Raises:
            InboundError: the source cannot be used now; the caller tries again later.
        """
        ...

    async def close(self) -> None: ...
