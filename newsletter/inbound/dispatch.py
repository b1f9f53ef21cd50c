"""Stage 6, shell: each kind of message to what handles it.

In: a message with its verdict and match, in a transaction. Out: rows, and one word for what came of it. What a person
must see goes to the contact mailbox: replies, what is doubtful, challenges, wishes that nothing proves.
"""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NewsletterError
from newsletter.inbound import attendance, leaving, proposing, suppressing
from newsletter.inbound.handling import Handling
from newsletter.inbound.replying import replies
from newsletter.inbound.telling.quoting import own_words
from newsletter.inbound.telling.sender import author_address, words
from newsletter.inbound.telling.verdict import Kind
from newsletter.settings import Inbound
from newsletter.store import letters
from newsletter.subscribers.subscriber import address_key

Tell = Callable[[str], None]
#: What came of it, where a person sees it now.
TO_A_PERSON = "to a person"


async def dispatch(tx: AsyncConnection, handling: Handling, *, secret: bytes, settings: Inbound, tell: Tell) -> str:
    """Handle a message. Returns what came of it, in a word or two.

    Raises:
        NewsletterError: it cannot be handled, with the reason; a person has to look.
    """
    match handling.verdict.kind:
        case Kind.BOUNCE:
            if await replies.returned(tx, handling, secret=secret, tell=tell):
                return "forward"
            return await suppressing.bounce(tx, handling, secret, settings, tell)
        case Kind.COMPLAINT:
            return await suppressing.complaint(tx, handling, tell)
        case Kind.AUTO_REPLY:
            return await _automatic(tx, handling, settings, tell)
        case Kind.UNSUBSCRIBE:
            return await _unsubscribe(tx, handling, secret, settings)
        case Kind.CALENDAR:
            word = await attendance.receive(tx, handling)
            if attendance.wants_a_person(word, handling.part):
                await _to_a_person(tx, handling, settings)
            return word
        case _:
            return await _reply(tx, handling, settings)


async def _automatic(tx: AsyncConnection, handling: Handling, settings: Inbound, tell: Tell) -> str:
    if handling.verdict.reason == "left":
        return await proposing.left(tx, handling)
    if handling.verdict.reason == "challenge":
        # Nobody here clicks: what it asks for, a person decides.
        tell(
            f"message #{handling.row_id} wants something before it delivers our letter; it goes to the contact mailbox"
        )
        return await _to_a_person(tx, handling, settings)
    return "automatic"


async def _unsubscribe(tx: AsyncConnection, handling: Handling, secret: bytes, settings: Inbound) -> str:
    if not leaving.has_token(handling) and await _is_ours(tx, handling, settings):
        return await _to_a_person(tx, handling, settings)  # "afgemeld" is what we answer them
    came = await leaving.unsubscribe(tx, handling, secret)
    if came in (leaving.AUTOMATIC, "left", "left before"):
        return came
    if not leaving.has_token(handling):
        await _to_a_person(tx, handling, settings)  # a wish of a person is never left lying
    elif came == leaving.UNMATCHED:
        raise NewsletterError("it asks to be taken off with a token of nobody: of a test letter, or of another store")
    return came


async def _reply(tx: AsyncConnection, handling: Handling, settings: Inbound) -> str:
    wish = proposing.wants_to_leave(own_words(words(handling.part)))
    if wish and handling.verdict.kind is Kind.REPLY and not await _is_ours(tx, handling, settings):
        await proposing.leave(tx, handling, wish)
    return await _to_a_person(tx, handling, settings)


async def _to_a_person(tx: AsyncConnection, handling: Handling, settings: Inbound) -> str:
    await replies.receive(tx, handling, contact=await contact_for(tx, handling, settings))
    return TO_A_PERSON


async def _is_ours(tx: AsyncConnection, handling: Handling, settings: Inbound) -> bool:
    """Whether the contact mailbox itself wrote this."""
    author = address_key(author_address(handling.part))
    return author == address_key(await contact_for(tx, handling, settings))


async def contact_for(tx: AsyncConnection, handling: Handling, settings: Inbound) -> str:
    """The contact mailbox for a message: of its series, else that of the settings, else of the first series.

    Raises:
        NewsletterError: there is none.
    """
    own = await letters.contact_of(tx, handling.match.series_id) if handling.match.series_id is not None else ""
    contact = own or settings.contact or await letters.contact_of(tx, None)
    if not contact:
        raise NewsletterError("there is no contact mailbox to send it on to; set NEWSLETTER_INBOUND__CONTACT")
    return contact
