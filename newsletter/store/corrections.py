"""Memory: corrections: mailings that go to exactly those who got another mailing, or may have got it.

In: a mailing that went wrong. Out: a new mailing that is linked to it, and the people whom the wrong letter reached.
"""

from dataclasses import replace
from datetime import time

from sqlalchemy import Select, exists, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.events.plan import DEFAULT_WINDOW, Anchor, Rule, Unit
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.outcome import OutcomeKind
from newsletter.schedule.state import MailingState
from newsletter.store.documents import dump
from newsletter.store.mailings import MailingRow, get_mailing
from newsletter.store.tables import attempts, deliveries, mailing_lists, mailings

SUFFIX = "-correction"
#: A correction has no place in the plan: a person chooses its time. This rule, about the day itself, only says that its
#: window closes when the event begins if it is due before that, and that it may also go out afterwards.
NO_RULE = Rule(amount=0, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))


def reached(mailing_id: int) -> Select[tuple[int]]:
    """The subscribers who got a mailing, or may have got it.

    A letter that was in doubt once may have arrived, whatever became of its delivery since.
    """
    doubted = exists().where(
        attempts.c.delivery_id == deliveries.c.id,
        attempts.c.kind.in_([OutcomeKind.SENT.value, OutcomeKind.IN_DOUBT.value]),
    )
    states = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
    gone_out = deliveries.c.state.in_([state.value for state in states])
    return select(deliveries.c.subscriber_id).where(deliveries.c.mailing_id == mailing_id, gone_out | doubted)


async def count_reached(tx: AsyncConnection, mailing_id: int) -> int:
    """How many got a mailing, or may have got it, whether they may still be written to or not."""
    return await tx.scalar(select(func.count()).select_from(reached(mailing_id).subquery())) or 0


async def has_reached(tx: AsyncConnection, mailing_id: int, subscriber_id: int) -> bool:
    """Whether one subscriber got a mailing, or may have got it."""
    theirs = reached(mailing_id).where(deliveries.c.subscriber_id == subscriber_id)
    return await tx.scalar(theirs.limit(1)) is not None


async def corrections_of(tx: AsyncConnection, mailing_id: int) -> list[str]:
    """The slugs of the corrections of a mailing, oldest first."""
    query = select(mailings.c.slug).where(mailings.c.corrects_id == mailing_id)
    return list(await tx.scalars(query.order_by(mailings.c.id)))


async def add_correction(tx: AsyncConnection, row: MailingRow, *, template: str, label: str) -> MailingRow:
    """A draft for those whom `row` reached, on the same lists, with a name of its own."""
    named = row.slug + SUFFIX
    taken = set(await tx.scalars(select(mailings.c.slug).where(mailings.c.slug.startswith(named, autoescape=True))))
    numbered = (named if number == 1 else f"{named}-{number}" for number in range(1, len(taken) + 2))
    slug = next(slug for slug in numbered if slug not in taken)
    name = slug.removeprefix(f"{row.event}/")
    planned = replace(
        row.planned, name=name, template=template, label=label, when=NO_RULE, window=DEFAULT_WINDOW, lists=()
    )
    event_id = select(mailings.c.event_id).where(mailings.c.id == row.id).scalar_subquery()
    added = insert(mailings).values(
        event_id=event_id,
        slug=slug,
        name=name,
        planned=dump(planned),
        state=MailingState.DRAFT.value,
        reason="",
        fixed=False,
        corrects_id=row.id,
    )
    made = await tx.scalar(added.returning(mailings.c.id))
    lists = select(literal(made), mailing_lists.c.list_id).where(mailing_lists.c.mailing_id == row.id)
    await tx.execute(insert(mailing_lists).from_select(["mailing_id", "list_id"], lists))
    return await get_mailing(tx, slug)
