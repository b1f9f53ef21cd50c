"""Memory: what goes for good: an event that nobody was told of, a list.

In: a slug. Out: nothing of it is left but what the journal says.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.schedule.state import PENDING, MailingState
from newsletter.store.tables import events, lists, mailing_lists, mailings, series, subscriptions
from newsletter.subscribers.subscriber import SubscriptionState

_TO_COME = [state.value for state in (*PENDING, MailingState.SENDING)]


async def remove_event(tx: AsyncConnection, slug: str) -> None:
    """An event with its mailings and answers; its series stays."""
    await tx.execute(delete(events).where(events.c.slug == slug))


async def remove_list(tx: AsyncConnection, slug: str) -> None:
    """A list with its subscriptions; the people stay known by what they got."""
    await tx.execute(delete(lists).where(lists.c.slug == slug))


async def count_known(tx: AsyncConnection, list_slug: str) -> tuple[int, int]:
    """How many are on a list, and how many have left it; who is suppressed counts as well."""
    left = subscriptions.c.state == SubscriptionState.UNSUBSCRIBED.value
    query = select(func.count().filter(~left), func.count().filter(left)).select_from(subscriptions).join(lists)
    on, gone = (await tx.execute(query.where(lists.c.slug == list_slug))).one()
    return on, gone


async def users_of_list(tx: AsyncConnection, slug: str) -> tuple[Sequence[str], Sequence[str]]:
    """The series whose letters go to a list, and the mailings to it that have not ended: slugs."""
    documents = await tx.execute(select(series.c.slug, series.c.document).order_by(series.c.slug))
    using = [found.slug for found in documents if slug in found.document.get("lists", ())]
    query = select(mailings.c.slug).join(mailing_lists, mailing_lists.c.mailing_id == mailings.c.id)
    query = query.join(lists, lists.c.id == mailing_lists.c.list_id).where(lists.c.slug == slug)
    return using, list(await tx.scalars(query.where(mailings.c.state.in_(_TO_COME)).order_by(mailings.c.id)))
