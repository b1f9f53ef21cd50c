"""Stage 4: a delivery is one mailing for one subscriber; an attempt is one try to hand it to a mail server.

In: nothing. Out: the nouns, their states, and who is passed over at the last moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class DeliveryState(StrEnum):
    QUEUED = "queued"  #: waits for its turn
    CLAIMED = "claimed"  #: a worker has it, until its lease ends
    SENDING = "sending"  #: its letter is being handed over; should the process end now, it is in doubt
    DEFERRED = "deferred"  #: refused for now; is tried again at its time
    IN_DOUBT = "in_doubt"  #: the connection broke after the letter was handed over: it may have arrived
    SENT = "sent"  #: the mail server took it
    FAILED = "failed"  #: the mail server refused it for good, or it could not be addressed
    WITHHELD = "withheld"  #: suppressed or unsubscribed after the audience was fixed, or its mailing was cancelled


#: Why a letter is withheld whose mailing was cancelled on its way: it leaves after all if that is scheduled again.
WITHDRAWN: Final = "the mailing was cancelled"

#: What may still be sent; a delivery in one of these keeps its mailing from being done.
OPEN = (
    DeliveryState.QUEUED,
    DeliveryState.CLAIMED,
    DeliveryState.SENDING,
    DeliveryState.DEFERRED,
    DeliveryState.IN_DOUBT,
)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Neighbouring deliveries of one mailing, as they are handed to one of many workers."""

    mailing_id: int
    first: int  #: id of the first delivery
    last: int  #: id of the last, included


class Delivery(NamedTuple):
    """A claimed delivery, with what is known of its subscriber at this moment."""

    id: int
    mailing_id: int
    subscriber_id: int
    address: str
    name: str
    attributes: Mapping[str, str]
    attempts: int  #: made before this one
    queued_at: datetime
    suppressed: str | None  #: reason, if there is one now
    subscribed: bool  #: still active on one of the lists that the mailing goes to
    claimed_by: str  #: the worker that holds it
    list_id: int  #: the list that an unsubscribe link in this letter is about


def withheld(delivery: Delivery) -> str:
    """Why nothing may be sent to this subscriber any more, or nothing.

    The audience was fixed when the mailing fired; who leaves after that must not get the letter (GDPR article 21 (3)).
    """
    if delivery.suppressed is not None:
        return f"suppressed: {delivery.suppressed}"
    if not delivery.subscribed:
        return "unsubscribed after the mailing had started"
    return ""
