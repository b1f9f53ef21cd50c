"""Stage 4: a delivery becomes a parcel: its letter addressed, signed, and in its envelope.

In: claimed deliveries. Out: parcels that are ready for the wire, or the reason why there is none.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from newsletter.compose.dkim import Signer, signer_for
from newsletter.compose.headers import ascii_address
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.errors import HeaderError, StoreError, TemplateError
from newsletter.outbox.delivery import Delivery
from newsletter.outbox.envelope import envelope_sender, message_id, unsubscribe_uris
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.outbox.sending import Sending
from newsletter.store import deliveries, mailings

#: Compiled letters that are kept; more mailings than this are rarely on their way at once.
KEPT = 8


class _Made(NamedTuple):
    letter: Letter
    signer: Signer | None
    started_at: datetime | None  #: when this content was frozen
    until: datetime | None  #: when the window of the mailing closes


class Desk:
    """Knows the letters of the mailings that are on their way."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._letters: dict[int, _Made] = {}

    async def look_up(self, mailing_ids: Iterable[int]) -> None:
        """Make the letters of these mailings ready, as they are now: one that was held may have been composed anew.

        Raises:
            StoreError: a mailing has no content.
        """
        async with self._sending.database.read() as tx:
            for mailing_id in mailing_ids:
                started_at, until = await deliveries.sending_of(tx, mailing_id)
                made = self._letters.get(mailing_id)
                if made is None or made.started_at != started_at:
                    made = self._make(mailing_id, await mailings.content_of(tx, mailing_id))
                self._letters[mailing_id] = made._replace(started_at=started_at, until=until)

    def _make(self, mailing_id: int, content: Mailing | None) -> "_Made":
        if content is None:
            raise StoreError(f"mailing {mailing_id} is being sent but has no content; restore a backup")
        while len(self._letters) >= KEPT:
            del self._letters[next(iter(self._letters))]
        signer = signer_for(self._sending.signers, content.sender.address.rpartition("@")[2])
        letter = Letter(content, one_click=signer is not None or self._sending.mail.relay_signs)
        return _Made(letter, signer, None, None)

    def until(self, mailing_id: int) -> datetime | None:
        """Until when letters of this mailing may leave."""
        return self._letters[mailing_id].until if mailing_id in self._letters else None

    async def pack(self, batch: list[Delivery]) -> list[Parcel | Outcome]:
        """A parcel for each delivery, or the outcome that says why it cannot be addressed; `look_up` comes before."""
        packed = [self._pack(delivery) for delivery in batch]
        signers = [self._letters[delivery.mailing_id].signer for delivery in batch]
        if not any(signers):
            return packed
        # A signature takes longer than all the rest; it is made in another thread, so that two cores share the work.
        return await asyncio.to_thread(_sign, packed, signers)

    def _pack(self, delivery: Delivery) -> Parcel | Outcome:
        letter, secret = self._letters[delivery.mailing_id].letter, self._sending.secret
        mailing, mail = letter.mailing, self._sending.mail
        try:
            recipient = Recipient(
                id=f"#{delivery.subscriber_id}",
                address=delivery.address,
                name=delivery.name,
                attributes=delivery.attributes,
                message_id=message_id(secret, delivery.id, letter.domain),
                unsubscribe=unsubscribe_uris(
                    mail.public_url, mailing.contact, secret, delivery.subscriber_id, delivery.list_id
                ),
                date=delivery.queued_at,
            )
            sender = envelope_sender(mail.bounce_address, mailing.sender.address, secret, delivery.id)
            content = letter.address(recipient)
            return Parcel(sender, ascii_address(delivery.address), content, recipient.message_id, is_wire=True)
        except (TemplateError, HeaderError) as error:
            return Outcome(kind=OutcomeKind.PERMANENT, phase="address", text=str(error))


def _sign(packed: list[Parcel | Outcome], signers: list[Signer | None]) -> list[Parcel | Outcome]:
    return [
        Parcel(one.sender, one.recipient, signer.sign(one.letter), one.envelope_id, one.is_wire)
        if signer is not None and isinstance(one, Parcel)
        else one
        for one, signer in zip(packed, signers, strict=True)
    ]
