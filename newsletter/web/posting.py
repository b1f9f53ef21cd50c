"""The windows, shell: a letter to whoever is looking at it, and to nobody else.

In: an open application, what is looked at, and one address. Out: a sentence that says where the letter went. No
delivery is made; the letter is marked as a test, and its unsubscribe link belongs to nobody.
"""

from uuid import uuid4

from newsletter.app import App
from newsletter.compose.dkim import signer_for
from newsletter.compose.headers import recipient_address
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.errors import NewsletterError
from newsletter.outbox import trial
from newsletter.outbox.envelope import unsubscribe_uris
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel
from newsletter.store import fence
from newsletter.subscribers.address import Mistake, read_mailbox
from newsletter.web import people
from newsletter.web.items import Item, Kind


async def post(app: App, item: Item, mailing: Mailing, address: str) -> str:
    """Send what is looked at to one address; of a mailing, the letter as it would be now.

    Returns what the mail server said, or the file that was written.

    Raises:
        NewsletterError: the address cannot be read, the store may not send, or the letter was not taken.
    """
    mailbox = read_mailbox(address)
    if isinstance(mailbox, Mistake):
        raise NewsletterError(f"“{address}” is no address: {mailbox.what}; {mailbox.fix}")
    await fence.guard(app.database, now=app.clock())
    if item.kind is Kind.MAILING:
        outcome = await trial.send_test(app.sending, app.templates, item.name, mailbox.address)
    else:
        outcome = await _send(app, mailing, mailbox.address)
    if outcome.kind is not OutcomeKind.SENT:
        said = " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
        raise NewsletterError(f"the letter was not taken ({outcome.kind}): {said}")
    return outcome.text


async def _send(app: App, mailing: Mailing, address: str) -> Outcome:
    """A template with an event that is only shown has no mailing in the store; `trial.send_test` needs one."""
    sending, now = app.sending, app.clock()
    signer = signer_for(sending.signers, mailing.sender.address.rpartition("@")[2])
    letter = Letter(mailing, one_click=signer is not None or sending.mail.relay_signs)
    box = sending.mail.reply_address or mailing.contact
    recipient = people.ordinary(mailing, now=now)._replace(
        address=address,
        message_id=f"test-{uuid4().hex}@{letter.domain}",
        unsubscribe=unsubscribe_uris(sending.mail.public_url, box, sending.secret, 0, 0),
        test=True,
    )
    content = letter.address(recipient)
    signed = signer.sign(content) if signer is not None else content
    async with sending.transport.session() as session:
        return await session.send(Parcel(mailing.sender.address, recipient_address(address), signed, is_wire=True))
