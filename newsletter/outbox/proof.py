"""Stage 4: the proof of a mailing before it goes out: is it what was confirmed, and does it fit everybody?

In: a composed mailing, its event, its people. Out: the reason why it must wait for a person, or nothing.
"""

import asyncio
from collections.abc import AsyncIterable

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.errors import HeaderError, TemplateError
from newsletter.events.event import STARTER_MARK, Event
from newsletter.events.plan import GROWING, Audience, who
from newsletter.preflight.recipients import as_recipient
from newsletter.subscribers.subscriber import Subscriber

#: How far an audience may grow after it was confirmed: people join lists while a mailing waits for its day.
GROWTH, GROWTH_RATIO = 10, 0.1
#: Letters between two turns for everything else that this process does.
TURN = 200


def outgrown(confirmed: int | None, recipients: int, to: Audience = Audience.EVERYBODY) -> str:
    """Why so many recipients are no longer what was confirmed, or nothing; fewer are always fine.

    That more people have answered since is what a mailing to those who answered waits for.
    """
    if to in GROWING or confirmed is None or recipients <= confirmed + max(GROWTH, int(confirmed * GROWTH_RATIO)):
        return ""
    return f"it was confirmed for {confirmed} recipients and would now go to {recipients}; schedule it again"


def nobody_yet(recipients: int, to: Audience) -> str:
    """Why a mailing that goes by answers has nobody to go to, or nothing."""
    if recipients or to is Audience.EVERYBODY:
        return ""
    return f"it goes to {who(to)}, and that is nobody yet; schedule it again once there is somebody, or cancel it"


def unfinished(mailing: Mailing, event: Event) -> str:
    """Why the texts of a mailing are not ready to be read, or nothing."""
    if STARTER_MARK in mailing.text:
        return "it still holds the example text; write your own in the event document and import it"
    if mailing.template == "report" and not event.report.strip():
        return "the report has no text yet; write it in the event document and import it"
    return ""


async def misfits(mailing: Mailing, people: AsyncIterable[Subscriber]) -> str:
    """Why the letter cannot be made for some of these people, or nothing.

    A name or address that cannot stand in a header is one person's, and does not keep the others waiting.
    """
    letter, lacking, example, seen = Letter(mailing), 0, "", 0
    fitting: set[object] = set()
    async for person in people:
        seen += 1
        if seen % TURN == 0:
            await asyncio.sleep(0)
        if letter.is_plain and _shape(person) in fitting:
            continue
        try:
            letter.address(as_recipient(person, letter.domain))
        except TemplateError as error:
            lacking += 1
            example = example or str(error)
        except HeaderError:
            continue
        else:
            fitting.add(_shape(person))
    return f"{lacking} of {seen} recipients cannot be addressed: {example}" if lacking else ""


def _shape(person: Subscriber) -> object:
    """All that a plain letter depends on for it to be made at all: which values there are, and which are empty.

    A list of a million people has a handful of shapes, so each is tried once.
    """
    return bool(person.name), tuple((key, bool(value)) for key, value in person.attributes.items())
