"""Stage 4, shell: a test: the letter of a mailing, as it would be now, to one address.

In: a mailing and the address of whoever tries it. Out: what the mail server said. No delivery is made or touched.
"""

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.dkim import signer_for
from newsletter.compose.headers import recipient_address
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from newsletter.compose.templates import Templates
from newsletter.outbox.envelope import unsubscribe_uris
from newsletter.outbox.fire import compose_row
from newsletter.outbox.outcome import Outcome, Parcel
from newsletter.outbox.sending import Sending
from newsletter.store import journal, mailings, subscribers
from newsletter.store.mailings import MailingRow
from newsletter.subscribers.subscriber import address_key


async def send_test(sending: Sending, templates: Templates, slug: str, address: str) -> Outcome:
    """Send the letter of a mailing, as it would be now, to one address; marked, signed, and without a delivery.

    Its unsubscribe link belongs to nobody, so that trying it takes nobody off a list.
    """
    now, contact_address = sending.clock(), recipient_address(address)
    async with sending.database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        name, attributes = await _sample_of(tx, row, address)
    mailing = await compose_row(sending.database, templates, row, now=now)
    signer = signer_for(sending.signers, mailing.sender.address.rpartition("@")[2])
    letter = Letter(mailing, one_click=signer is not None or sending.mail.relay_signs)
    box = sending.mail.reply_address or mailing.contact
    content = letter.address(
        Recipient(
            id="test",
            address=address,
            name=name,
            attributes=attributes,
            message_id=f"test-{uuid4().hex}@{letter.domain}",
            unsubscribe=unsubscribe_uris(sending.mail.public_url, box, sending.secret, 0, 0),
            date=now,
            test=True,
        )
    )
    signed = signer.sign(content) if signer is not None else content
    async with sending.transport.session() as session:
        outcome = await session.send(Parcel(mailing.sender.address, contact_address, signed, is_wire=True))
    async with sending.database.write() as tx:
        await journal.note(tx, slug, "test", f"{outcome.kind} {outcome.code or ''}".strip(), at=now)
    return outcome


async def _sample_of(tx: AsyncConnection, row: MailingRow, address: str) -> tuple[str, dict[str, str]]:
    """Name and attributes for a test: the tester's own where they are a subscriber; else the columns' names as values.

    Nobody else's values: a test letter may be shown around.
    """
    known = (await subscribers.find_subscribers(tx, [address_key(address)])).get(address_key(address))
    if known is not None:
        return known.name, dict(known.attributes)
    keys = await subscribers.attribute_keys(tx, await mailings.lists_of(tx, row.id))
    return "", {key: f"‹{key}›" for key in keys}
