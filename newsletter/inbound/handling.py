"""Stage 6: a message that is being handled: what came, what it is, and which letter of ours it is about.

In: nothing. Out: the nouns that matching makes and every handler gets.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.inbound.incoming import Incoming
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.verdict import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """What a message is about; every id may be unknown."""

    how: str = ""  #: envelope, message-id, unsubscribe, reply, header, address, or nothing
    proven: bool = False  #: by a token that only we could have made, for this purpose
    delivery_id: int | None = None
    mailing_id: int | None = None
    mailing: str = ""  #: slug
    series_id: int | None = None
    subscriber_id: int | None = None
    list_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Handling:
    """One message on its way through the handlers."""

    row_id: int  #: in the table of messages
    incoming: Incoming
    part: Part  #: parsed
    verdict: Verdict
    match: Match
    now: datetime
