"""Memory: who comes: what people answered to the personal invitation of an event.

In: an answer that is known to be theirs. Out: one row for each event and person, the newest answer; and who they are.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, RowMapping, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.events.plan import Audience
from newsletter.inbound.answering import Answered
from newsletter.store.corrections import count_reached, has_reached
from newsletter.store.tables import attendance, events, mailings, subscribers
from newsletter.store.upsert import upsert

#: The answers that each audience is made of; of the two others no row, or no row of one kind.
_ANSWERS = {
    Audience.ACCEPTED: ("accepted",),
    Audience.TENTATIVE: ("tentative",),
    Audience.COMING: ("accepted", "tentative"),
    Audience.DECLINED: ("declined",),
}


async def event_of_uid(tx: AsyncConnection, uid: str) -> tuple[int, str] | None:
    """The id and slug of the event that calendars know by this name; None if it is not ours."""
    query = select(events.c.id, events.c.slug).where(events.c.document["uid"].as_string() == uid)
    found = (await tx.execute(query.order_by(events.c.id).limit(1))).one_or_none()
    return None if found is None else (found.id, found.slug)


async def event_of_mailing(tx: AsyncConnection, mailing_id: int) -> int | None:
    """The id of the event that a mailing is about."""
    event_id: int | None = await tx.scalar(select(mailings.c.event_id).where(mailings.c.id == mailing_id))
    return event_id


async def calendars_sent(tx: AsyncConnection, event_id: int, subscriber_id: int) -> list[str]:
    """The calendars of all letters about an event that somebody got, or may have got; oldest first."""
    calendar = mailings.c.content["calendar"].as_string()
    query = select(mailings.c.id, calendar.label("calendar")).where(mailings.c.event_id == event_id, calendar != "")
    rows = (await tx.execute(query.order_by(mailings.c.started_at, mailings.c.id))).all()
    return [row.calendar for row in rows if await has_reached(tx, [row.id], subscriber_id)]


async def people_of(tx: AsyncConnection, keys: Iterable[str]) -> dict[int, str]:
    """The subscribers of these address keys, and of the same with a +tag: the address of each, by id."""
    same: list[ColumnElement[bool]] = []
    for key in keys:
        local, _, domain = key.rpartition("@")
        same.append(subscribers.c.address_key == key)
        if local and domain:
            tagged = subscribers.c.address_key.startswith(f"{local}+", autoescape=True)
            same.append(tagged & subscribers.c.address_key.endswith(f"@{domain}", autoescape=True))
    if not same:
        return {}
    query = select(subscribers.c.id, subscribers.c.address).where(or_(*same)).order_by(subscribers.c.id)
    return {row.id: row.address for row in await tx.execute(query)}


async def address_of(tx: AsyncConnection, subscriber_id: int) -> str:
    return await tx.scalar(select(subscribers.c.address).where(subscribers.c.id == subscriber_id)) or ""


async def answer_of(tx: AsyncConnection, event_id: int, subscriber_id: int) -> Answered | None:
    """What somebody answered so far; nobody else changes it before this transaction ends."""
    mine = (attendance.c.event_id == event_id) & (attendance.c.subscriber_id == subscriber_id)
    found = (await tx.execute(select(attendance).where(mine).with_for_update())).mappings().one_or_none()
    if found is None:
        return None
    return Answered(answer=found["answer"], sequence=found["sequence"], at=found["answered_at"])


async def store_answer(
    tx: AsyncConnection, event_id: int, subscriber_id: int, given: Answered, *, message_id: int | None
) -> None:
    """Keep an answer in place of the one before; `message_id` is the row of the message that it came in."""
    key = {"event_id": event_id, "subscriber_id": subscriber_id}
    values = {"answer": given.answer, "sequence": given.sequence, "answered_at": given.at, "message_id": message_id}
    kept = upsert(tx, attendance).values({**key, **values})
    await tx.execute(kept.on_conflict_do_update(index_elements=list(key), set_=values))


async def answers(tx: AsyncConnection, event_slug: str) -> list[RowMapping]:
    """Everybody who answered: id, address, name, attributes, answer, sequence, answered_at; by name."""
    query = (
        select(
            subscribers.c.id,
            subscribers.c.address,
            subscribers.c.name,
            subscribers.c.attributes,
            attendance.c.answer,
            attendance.c.sequence,
            attendance.c.answered_at,
        )
        .select_from(attendance)
        .join(events)
        .join(subscribers, subscribers.c.id == attendance.c.subscriber_id)
        .where(events.c.slug == event_slug)
        .order_by(func.lower(subscribers.c.name), subscribers.c.address_key)
    )
    return list((await tx.execute(query)).mappings())


async def answers_of(tx: AsyncConnection, subscriber_id: int) -> dict[str, Answered]:
    """What one person answered, by the slug of the event."""
    query = select(events.c.slug, attendance.c.answer, attendance.c.sequence, attendance.c.answered_at)
    query = query.select_from(attendance).join(events).where(attendance.c.subscriber_id == subscriber_id)
    return {
        row.slug: Answered(answer=row.answer, sequence=row.sequence, at=row.answered_at)
        for row in await tx.execute(query)
    }


async def count_invited(tx: AsyncConnection, event_slug: str) -> int:
    """How many got a personal invitation to an event, or may have got it; each once."""
    query = select(mailings.c.id).join(events).where(events.c.slug == event_slug, mailings.c.started_at.is_not(None))
    invites = mailings.c.planned["invites"].as_boolean().is_(True)
    ids = list(await tx.scalars(query.where(invites)))
    return await count_reached(tx, ids)


def has_answered(event_id: int, audience: Audience) -> ColumnElement[bool]:
    """Whether a subscriber is of this audience, by what they answered so far."""
    given = exists().where(attendance.c.event_id == event_id, attendance.c.subscriber_id == subscribers.c.id)
    if audience is Audience.UNANSWERED:
        return ~given
    if audience is Audience.NOT_DECLINED:
        return ~given.where(attendance.c.answer == "declined")
    return given.where(attendance.c.answer.in_(_ANSWERS[audience]))
