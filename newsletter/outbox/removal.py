"""Stage 4, shell: an event or a list goes, where nobody would miss it.

In: a slug. Out: what went with it. What was sent stays on record, and what is still to be sent keeps its people.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.errors import CountError, StateError
from newsletter.events.event import Event
from newsletter.store import events, journal, mailings, removal, subscribers
from newsletter.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Removed:
    """An event that is no more."""

    event: Event
    mailings: tuple[str, ...]  #: slugs; none of them was sent


async def remove_event(database: Database, slug: str, *, now: datetime) -> Removed:
    """Remove an event of which no mailing has left, with its mailings.

    Raises:
        NotFoundError: there is no such event.
        StateError: people were told of it.
    """
    async with database.write() as tx:
        event = await events.get_event(tx, slug)
        rows = await mailings.all_mailings(tx, slug)
        sent = next((row.slug for row in rows if row.started_at is not None), "")
        if sent:
            raise StateError(
                f"{slug} cannot be removed: {sent} was sent to people, and what was sent stays on record; "
                "write “status: cancelled” in its document if it does not take place"
            )
        await removal.remove_event(tx, slug)
        await journal.note(tx, slug, "removed", f"with {len(rows)} mailings, none of them sent", at=now)
    return Removed(event=event, mailings=tuple(row.slug for row in rows))


async def remove_list(database: Database, slug: str, *, recipients: int | None, now: datetime) -> tuple[int, int]:
    """Remove a list. Returns how many were on it, and how many had left it; `recipients` is that together.

    Raises:
        NotFoundError: there is no such list.
        StateError: letters go to it.
        CountError: somebody is on it, or has left it, and `recipients` is not their number.
    """
    async with database.write() as tx:
        await subscribers.require_list(tx, slug)
        series, waiting = await removal.users_of_list(tx, slug)
        if series:
            fix = "take it out of “lists” in an event document of that series, and import it"
            raise StateError(f"{slug} cannot be removed: the letters of series {series[0]} go to it; {fix}")
        if waiting:
            raise StateError(f"{slug} cannot be removed: {waiting[0]} still goes to it; cancel that first")
        on, left = await removal.count_known(tx, slug)
        if recipients != on + left and (on or left or recipients is not None):
            told = f"{slug} knows {on + left} people: {on} on it, {left} who left it"
            forgotten = "; that they left is forgotten with it" if left else ""
            raise CountError(f"{told}{forgotten}; confirm with --recipients {on + left}")
        await removal.remove_list(tx, slug)
        await journal.note(tx, f"list:{slug}", "removed", f"{on} were on it, {left} had left it", at=now)
    return on, left
