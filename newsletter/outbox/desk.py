"""Stage 4: a delivery becomes a parcel: its letter addressed, signed, and in its envelope.

In: claimed deliveries. Out: parcels that are ready for the wire, or the reason why there is none.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from newsletter.compose.dkim import Signer, Unsigned, signer_for
from newsletter.compose.headers import recipient_address
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.errors import HeaderError, StoreError, TemplateError
from newsletter.outbox.delivery import Delivery
from newsletter.outbox.envelope import envelope_sender, message_id, reply_to, unsubscribe_uris
from newsletter.outbox.organizer import organizer
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.outbox.sending import Sending
from newsletter.outbox.signatures import Signatures
from newsletter.store import deliveries, mailings

#: Compiled letters that are kept; more mailings than this are rarely on their way at once.
KEPT = 8


class _Made(NamedTuple):
    letter: Letter
    signer: Signer | None
    started_at: datetime | None  #: when this content was frozen


class _ToSign(NamedTuple):
    """A parcel whose letter wants its signatures."""

    sender: str
    recipient: str
    unsigned: Unsigned
    envelope_id: str


class Desk:
    """Knows the letters of the mailings that are on their way."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        keys = [key for signer in sending.signers.values() for key in signer.keys]
        self._signatures = Signatures(keys, sending.signing_processes)
        self._letters: dict[int, _Made] = {}  #: those that were asked for last stand last
        self._until: dict[int, datetime | None] = {}

    async def look_up(self, mailing_ids: Iterable[int]) -> None:
        """Make the letters of these mailings ready, as they are now: one that was held may have been composed anew.

        However many they are, all of them are ready then; of the others, the last that were asked for stay.

        Raises:
            StoreError: a mailing has no content.
        """
        wanted = set(mailing_ids)
        async with self._sending.database.read() as tx:
            for mailing_id in wanted:
                started_at, self._until[mailing_id] = await deliveries.sending_of(tx, mailing_id)
                made = self._letters.pop(mailing_id, None)  # and back as the last
                if made is None or made.started_at != started_at:
                    made = self._make(mailing_id, await mailings.content_of(tx, mailing_id), started_at)
                self._letters[mailing_id] = made
        others = [mailing_id for mailing_id in self._letters if mailing_id not in wanted]
        for mailing_id in others[: max(len(self._letters) - KEPT, 0)]:
            del self._letters[mailing_id]

    def _make(self, mailing_id: int, content: Mailing | None, started_at: datetime | None) -> "_Made":
        if content is None:
            raise StoreError(f"mailing {mailing_id} is being sent but has no content; restore a backup")
        signer = signer_for(self._sending.signers, content.sender.address.rpartition("@")[2])
        letter = Letter(content, one_click=signer is not None or self._sending.mail.relay_signs)
        return _Made(letter, signer, started_at)

    def until(self, mailing_id: int) -> datetime | None:
        """Until when letters of this mailing may leave; of every mailing that was looked up, for as long as we live."""
        return self._until.get(mailing_id)

    @property
    def batches(self) -> int:
        """How many batches should be packed at once, so that no core that could sign is idle."""
        return self._signatures.batches

    async def close(self) -> None:
        """Nothing is packed for now."""
        await self._signatures.close()

    async def pack(self, batch: list[Delivery]) -> list[Parcel | Outcome]:
        """A parcel for each delivery, or the outcome that says why it cannot be addressed.

        Raises:
            StoreError: a mailing has no content.
        """
        wanted = {delivery.mailing_id for delivery in batch}
        if not wanted <= self._letters.keys():
            await self.look_up(wanted)  # these were claimed so long ago that the letters of others took their place
        packed = [self._pack(delivery) for delivery in batch]
        digests = [digest for one in packed if isinstance(one, _ToSign) for digest in one.unsigned.digests]
        signatures = iter(await self._signatures.of(digests) if digests else ())
        return [_signed(one, signatures) if isinstance(one, _ToSign) else one for one in packed]

    def _pack(self, delivery: Delivery) -> Parcel | Outcome | _ToSign:
        letter, signer, _ = self._letters[delivery.mailing_id]
        mailing, mail, secret = letter.mailing, self._sending.mail, self._sending.secret
        try:
            recipient = Recipient(
                id=f"#{delivery.subscriber_id}",
                address=delivery.address,
                name=delivery.name,
                attributes=delivery.attributes,
                message_id=message_id(secret, delivery.id, letter.domain),
                unsubscribe=unsubscribe_uris(
                    mail.public_url,
                    mail.reply_address or mailing.contact,  # a mailbox that is read by us, where there is one
                    secret,
                    delivery.subscriber_id,
                    delivery.list_id,
                ),
                date=delivery.queued_at,
                # "" where it is that of all: then the letter need not write it for each recipient.
                reply_to=reply_to(mail.reply_address, "", secret, delivery.id),
                organizer=organizer(mail.reply_address, secret, delivery.subscriber_id) if letter.is_personal else "",
            )
            sender = envelope_sender(mail.bounce_address, mailing.sender.address, secret, delivery.id)
            to, content = recipient_address(delivery.address), letter.address(recipient)
            if signer is not None:
                return _ToSign(sender, to, signer.digest(content), recipient.message_id)
        except (TemplateError, HeaderError) as error:
            return Outcome(kind=OutcomeKind.PERMANENT, phase="address", text=str(error))
        return Parcel(sender, to, content, recipient.message_id, is_wire=True)


def _signed(one: _ToSign, signatures: Iterator[bytes]) -> Parcel:
    letter = one.unsigned.signed(islice(signatures, len(one.unsigned.digests)))
    return Parcel(one.sender, one.recipient, letter, one.envelope_id, is_wire=True)
