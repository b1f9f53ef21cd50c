"""Stage 2, shell: a recipients file into the store.

In: the bytes of a file and the slug of a list. Out: the plan, row by row; it is applied in one transaction, or not.
"""

from datetime import datetime

from newsletter.store import journal, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.planning import ImportPlan, plan_import
from newsletter.subscribers.recipients import read
from newsletter.subscribers.subscriber import address_key


async def import_recipients(
    database: Database, data: bytes, file: str, list_slug: str, *, dry_run: bool, now: datetime
) -> ImportPlan:
    """Plan the import of a file into a list, and apply it unless a row has a problem or `dry_run` is set."""
    recipients = read(data, file)
    keys = [address_key(row.subscriber.address) for row in recipients.rows]
    async with database.write() as tx:
        plan = plan_import(
            recipients,
            await subscribers.find_subscribers(tx, keys),
            await subscribers.find_states(tx, list_slug),
            await subscribers.find_suppressions(tx),
        )
        if dry_run or not plan.may_apply():
            return plan
        ids = await subscribers.ensure_lists(tx, [list_slug])
        await subscribers.upsert_subscribers(tx, plan.to_store, now=now)
        await subscribers.subscribe(tx, ids[list_slug], plan.to_subscribe, now=now)
        await journal.note(tx, f"list:{list_slug}", "imported", plan.summary(), at=now)
    return plan
