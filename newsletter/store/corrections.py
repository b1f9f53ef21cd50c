"""Memory: corrections: mailings that go to exactly those who got other mailings, or may have got them.

In: mailings that went wrong. Out: a new mailing that is linked to them, and the people whom the wrong letters reached.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from sqlalchemy import ColumnElement, Select, exists, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.events.plan import DEFAULT_WINDOW, Anchor, Rule, Unit
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.outcome import OutcomeKind
from newsletter.schedule.state import MailingState
from newsletter.store.documents import dump
from newsletter.store.mailings import MailingRow, get_mailing
from newsletter.store.tables import attempts, deliveries, further_corrected, mailing_lists, mailings

SUFFIX = "-correction"
#: A correction has no place in the plan: a person chooses its time. This rule, about the day itself, only says that its
#: window closes when the event begins if it is due before that, and that it may also go out afterwards.
NO_RULE = Rule(amount=0, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))


def may_have_arrived() -> ColumnElement[bool]:
    """Whether the letter of a delivery was taken or in doubt once, whatever became of the delivery since."""
    return exists().where(
        attempts.c.delivery_id == deliveries.c.id,
        attempts.c.kind.in_([OutcomeKind.SENT.value, OutcomeKind.IN_DOUBT.value]),
    )


def reached(mailing_ids: Sequence[int]) -> Select[tuple[int]]:
    """The subscribers who got one of these mailings, or may have got it; once for each of them."""
    states = (DeliveryState.SENT, DeliveryState.SENDING, DeliveryState.IN_DOUBT)
    gone_out = deliveries.c.state.in_([state.value for state in states])
    of_these = deliveries.c.mailing_id.in_(mailing_ids)
    return select(deliveries.c.subscriber_id).where(of_these, gone_out | may_have_arrived())


async def count_reached(tx: AsyncConnection, mailing_ids: Sequence[int]) -> int:
    """How many people got one of these mailings, or may have, whether they may still be written to or not."""
    return await tx.scalar(select(func.count()).select_from(reached(mailing_ids).distinct().subquery())) or 0


async def has_reached(tx: AsyncConnection, mailing_ids: Sequence[int], subscriber_id: int) -> bool:
    """Whether one subscriber got one of these mailings, or may have got it."""
    theirs = reached(mailing_ids).where(deliveries.c.subscriber_id == subscriber_id)
    return await tx.scalar(theirs.limit(1)) is not None


async def corrections_of(tx: AsyncConnection, mailing_id: int) -> list[str]:
    """The slugs of the corrections of a mailing, oldest first."""
    further = select(further_corrected.c.mailing_id).where(further_corrected.c.corrected_id == mailing_id)
    query = select(mailings.c.slug).where((mailings.c.corrects_id == mailing_id) | mailings.c.id.in_(further))
    return list(await tx.scalars(query.order_by(mailings.c.id)))


async def corrected_by(tx: AsyncConnection, mailing_id: int) -> dict[int, str]:
    """What a correction corrects: slugs by id, the one that it is named after first; nothing for another mailing."""
    further = select(further_corrected.c.corrected_id).where(further_corrected.c.mailing_id == mailing_id)
    first = select(mailings.c.corrects_id).where(mailings.c.id == mailing_id).scalar_subquery()
    query = select(mailings.c.id, mailings.c.slug).where((mailings.c.id == first) | mailings.c.id.in_(further))
    found = await tx.execute(query.order_by((mailings.c.id == first).desc(), mailings.c.id))
    return {corrected_id: slug for corrected_id, slug in found}


async def add_correction(
    tx: AsyncConnection, row: MailingRow, *others: MailingRow, template: str, label: str
) -> MailingRow:
    """A draft for those whom `row` or `others` reached, on the lists of them all, named after `row`.

    It invites where one of them did: who was invited must get the change of the same entry.
    """
    named = row.slug + SUFFIX
    taken = set(await tx.scalars(select(mailings.c.slug).where(mailings.c.slug.startswith(named, autoescape=True))))
    numbered = (named if number == 1 else f"{named}-{number}" for number in range(1, len(taken) + 2))
    slug = next(slug for slug in numbered if slug not in taken)
    name = slug.removeprefix(f"{row.event}/")
    planned = replace(
        row.planned,
        name=name,
        template=template,
        label=label,
        when=NO_RULE,
        window=DEFAULT_WINDOW,
        lists=(),
        invites=any(one.planned.invites for one in (row, *others)),
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
    of_these = mailing_lists.c.mailing_id.in_([one.id for one in (row, *others)])
    lists = select(literal(made), mailing_lists.c.list_id).where(of_these).distinct()
    await tx.execute(insert(mailing_lists).from_select(["mailing_id", "list_id"], lists))
    if others:
        further = [{"mailing_id": made, "corrected_id": other.id} for other in others]
        await tx.execute(insert(further_corrected), further)
    return await get_mailing(tx, slug)
