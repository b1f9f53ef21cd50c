"""Stage 6, shell: somebody leaves a list by mail: with the token of their letter, or with a reply that says only that.

In: a message that asks to be taken off, with its match. Out: a subscription that has ended, or a question to a person.
What a machine sends by itself never takes anybody off (RFC 3834 §2: nor would we know whose wish it is).
"""

import re
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.inbound import proposing
from newsletter.inbound.handling import Handling
from newsletter.inbound.matching import LINK, MESSAGE_ID, named_letters
from newsletter.inbound.reference import reference
from newsletter.inbound.telling.autoreply import is_marked
from newsletter.inbound.telling.quoting import own_words
from newsletter.inbound.telling.sender import author_address, has_null_sender, words
from newsletter.store import letters, subscribers
from newsletter.subscribers import objection
from newsletter.subscribers.objection import Left
from newsletter.subscribers.subscriber import address_key

AUTOMATIC = "automatic"
_ID: Final = re.compile(r"<([^<>\s]{3,300})>")
#: What came of it: nobody was found, so a person has to look.
UNMATCHED = "unmatched"


async def unsubscribe(tx: AsyncConnection, handling: Handling, secret: bytes) -> str:
    """End the subscription that a message is about. Returns what came of it, in a word."""
    match = handling.match
    if is_marked(handling.part) or has_null_sender(handling.part):
        return AUTOMATIC
    if match.proven and match.subscriber_id is not None and await _is_their_own(tx, handling, secret):
        left = await _leave(tx, handling, match.subscriber_id)
        if left:
            return "left" if any(one.lists for one in left) else "left before"
    text = " ".join(own_words(words(handling.part)).split())
    return await proposing.leave(tx, handling, text or " ".join(handling.part.decoded("subject").split()))


async def _is_their_own(tx: AsyncConnection, handling: Handling, secret: bytes) -> bool:
    """Whether it is the wish of whom the letter was sent to.

    A letter is passed on, and its Message-ID with it (RFC 5322 §3.6.4): who writes from another address must answer the
    letter itself. A token is in nobody else's hands.
    """
    match, part = handling.match, handling.part
    if match.how != MESSAGE_ID:
        return True
    address = await subscribers.address_of(tx, match.subscriber_id) if match.subscriber_id is not None else None
    if address is not None and address_key(author_address(part)) == address_key(address):
        return True
    answered = replace(reference(part), message_ids=tuple(_ID.findall(part.get("in-reply-to"))))
    return match.delivery_id in named_letters(answered, secret)


async def _leave(tx: AsyncConnection, handling: Handling, subscriber_id: int) -> list[Left]:
    """A link is about one list. Who answers a letter means whatever brought it: all lists that it went to."""
    match = handling.match
    if match.how == LINK or match.mailing_id is None:
        ids, how = [match.list_id] if match.list_id is not None else [], "by an unsubscribe mail"
    else:
        ids, how = await letters.lists_of(tx, match.mailing_id), "by a reply"
    found = [await objection.leave_list(tx, subscriber_id, one, how=how, now=handling.now) for one in ids]
    return [one for one in found if one is not None]


def has_token(handling: Handling) -> bool:
    """Whether it says which subscription it means, whoever made that token: then a program wrote it, not a person."""
    return bool(reference(handling.part).unsubscribe_token)
