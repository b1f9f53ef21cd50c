"""Stage 2, shell: a recipients file into the store.

In: the bytes of a file and the slug of a list. Out: the plan, row by row; it is applied in one transaction, or not.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from newsletter.store import journal, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.planning import ImportPlan, Planning
from newsletter.subscribers.recipients import read

T = TypeVar("T")
#: So many people are compared and stored at a time. All of it is one transaction all the same; what it costs in memory
#: is the file, and not also all that the store knows of its people.
PART = 250


async def import_recipients(
    database: Database, data: bytes, file: str, list_slug: str, *, dry_run: bool, now: datetime
) -> ImportPlan:
    """Plan the import of a file into a list, and apply it unless a row has a problem or `dry_run` is set."""
    recipients = read(data, file)
    async with database.write() as tx:
        states, suppressions = await subscribers.find_states(tx, list_slug), await subscribers.find_suppressions(tx)
        planning = Planning(recipients, states, suppressions)
        del recipients
        for keys in _parts(planning.keys()):
            planning.decide(keys, await subscribers.find_subscribers(tx, keys))
        plan = planning.plan()
        if dry_run or not plan.may_apply():
            return plan
        ids = await subscribers.ensure_lists(tx, [list_slug])
        for people in _parts(plan.to_store):
            await subscribers.upsert_subscribers(tx, people, now=now)
        await subscribers.subscribe(tx, ids[list_slug], plan.to_subscribe, now=now)
        await journal.note(tx, f"list:{list_slug}", "imported", plan.summary(), at=now)
    return plan


def _parts(several: Sequence[T]) -> Iterator[Sequence[T]]:
    return (several[start : start + PART] for start in range(0, len(several), PART))
