"""Memory: bounces of subscribers, and incidents: bounces that are about us <-> rows.

A bounce is never deleted: one that was not the subscriber's fault is void, with the reason.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.store.plain import plain
from newsletter.store.tables import bounces, incidents, mailings
from newsletter.store.upsert import upsert

#: Longest texts of columns; what is longer is cut off.
_SAID, _DOMAIN, _STATUS, _REASON = 500, 255, 20, 40


async def add(tx: AsyncConnection, *, said: str, domain: str, status: str, reason: str, **values: Any) -> None:
    """Note one bounce: message_id, mailing_id, delivery_id, subscriber_id, at, weight besides what is named."""
    row = {"said": plain(said, _SAID), "domain": plain(domain, _DOMAIN)}
    row |= {"status": plain(status, _STATUS), "reason": plain(reason, _REASON)}
    await tx.execute(insert(bounces).values({**values, **row, "void": ""}))


async def counting(tx: AsyncConnection, subscriber_id: int) -> list[tuple[datetime, str]]:
    """The bounces of a subscriber that are not void: when, and how heavy."""
    query = select(bounces.c.at, bounces.c.weight).where(bounces.c.subscriber_id == subscriber_id, bounces.c.void == "")
    return [(at, weight) for at, weight in await tx.execute(query.order_by(bounces.c.at, bounces.c.id))]


async def of_subscriber(tx: AsyncConnection, subscriber_id: int) -> list[RowMapping]:
    """Every bounce of somebody, oldest first: delivery_id, at, weight, reason, said, void, mailing (slug or None)."""
    query = (
        select(
            *(bounces.c[name] for name in ("delivery_id", "at", "weight", "reason", "said", "void")),
            mailings.c.slug.label("mailing"),
        )
        .outerjoin(mailings, mailings.c.id == bounces.c.mailing_id)
        .where(bounces.c.subscriber_id == subscriber_id)
    )
    return list((await tx.execute(query.order_by(bounces.c.at, bounces.c.id))).mappings())


async def void_of_subscriber(tx: AsyncConnection, subscriber_id: int, why: str) -> None:
    """No earlier bounce of this subscriber counts any more."""
    mine = (bounces.c.subscriber_id == subscriber_id) & (bounces.c.void == "")
    await tx.execute(update(bounces).where(mine).values(void=why))


async def count_people(tx: AsyncConnection, mailing_id: int, domain: str, reason: str) -> int:
    """How many subscribers at a domain one mailing came back from for this reason, as far as it counts."""
    query = select(func.count(bounces.c.subscriber_id.distinct())).where(
        bounces.c.mailing_id == mailing_id,
        bounces.c.domain == domain,
        bounces.c.reason == reason,
        bounces.c.void == "",
    )
    return await tx.scalar(query) or 0


async def add_to_incident(
    tx: AsyncConnection, mailing_id: int, domain: str, reason: str, said: str, *, now: datetime, count: int = 1
) -> tuple[int, int]:
    """One more bounce of an incident, or its first; returns the id of the incident, and how many it has now.

    An incident that was mended is open again. `count` is how many a new one begins with.
    """
    row = {"mailing_id": mailing_id, "domain": plain(domain, _DOMAIN)}
    row |= {"reason": plain(reason, _REASON), "said": plain(said, _SAID)}
    made = upsert(tx, incidents).values(**row, count=count, first_at=now, last_at=now, mended_at=None, remedy="")
    statement = made.on_conflict_do_update(
        index_elements=["mailing_id", "domain", "reason"],
        set_={"count": incidents.c["count"] + 1, "last_at": now, "mended_at": None},
    )
    incident_id, total = (await tx.execute(statement.returning(incidents.c.id, incidents.c["count"]))).one()
    return incident_id, total


async def find_incident(tx: AsyncConnection, mailing_id: int, domain: str, reason: str) -> dict[str, Any] | None:
    """The incident of a mailing, a domain and a reason, mended or not; None where there is none."""
    query = select(incidents).where(
        incidents.c.mailing_id == mailing_id, incidents.c.domain == domain, incidents.c.reason == reason
    )
    found = (await tx.execute(query)).mappings().one_or_none()
    return None if found is None else dict(found)


async def all_incidents(tx: AsyncConnection, *, mended: bool = False) -> list[RowMapping]:
    """Incidents, the oldest first, with `mailing` (slug or None); those that are mended only if they are asked for."""
    query = select(incidents, mailings.c.slug.label("mailing")).outerjoin(
        mailings, mailings.c.id == incidents.c.mailing_id
    )
    if not mended:
        query = query.where(incidents.c.mended_at.is_(None))
    return list((await tx.execute(query.order_by(incidents.c.id))).mappings())


async def get_incident(tx: AsyncConnection, incident_id: int) -> dict[str, Any]:
    """One incident, with `mailing` (slug or None); nobody else mends it before this transaction ends.

    Raises:
        NotFoundError: with the incidents that there are.
    """
    query = select(incidents, mailings.c.slug.label("mailing")).outerjoin(
        mailings, mailings.c.id == incidents.c.mailing_id
    )
    query = query.where(incidents.c.id == incident_id).with_for_update(of=incidents)
    found = (await tx.execute(query)).mappings().one_or_none()
    if found is None:
        there = await tx.scalars(select(incidents.c.id).order_by(incidents.c.id))
        raise NotFoundError("incident", f"#{incident_id}", [f"#{one}" for one in there])
    return dict(found)


def _of(incident: Mapping[str, Any], voids: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        bounces.c.mailing_id == incident["mailing_id"],
        bounces.c.domain == incident["domain"],
        bounces.c.reason == incident["reason"],
        bounces.c.void.in_(voids),
    )


async def void_incident(tx: AsyncConnection, incident: Mapping[str, Any], why: str) -> list[int]:
    """The bounces of an incident count no more; returns whose they were."""
    changed = update(bounces).where(_of(incident, [""])).values(void=why).returning(bounces.c.subscriber_id)
    return sorted({one for one in await tx.scalars(changed) if one is not None})


async def letters_of(tx: AsyncConnection, incident: Mapping[str, Any], voids: Sequence[str]) -> list[int]:
    """The deliveries of an incident whose bounces are void for one of these reasons ("" where they are not)."""
    query = select(bounces.c.delivery_id).where(_of(incident, voids), bounces.c.delivery_id.is_not(None)).distinct()
    return [one for one in await tx.scalars(query.order_by(bounces.c.delivery_id)) if one is not None]


async def restate(
    tx: AsyncConnection, incident: Mapping[str, Any], before: str, after: str, letters: Collection[int]
) -> None:
    """Say another reason why the bounces of these deliveries are void."""
    mine = _of(incident, [before]) & bounces.c.delivery_id.in_(letters)
    await tx.execute(update(bounces).where(mine).values(void=after))


async def set_mended(tx: AsyncConnection, incident_id: int, remedy: str, *, now: datetime) -> None:
    values = {"mended_at": func.coalesce(incidents.c.mended_at, now), "remedy": remedy}
    await tx.execute(update(incidents).where(incidents.c.id == incident_id).values(values))


async def has(tx: AsyncConnection, delivery_id: int, reason: str) -> bool:
    """Whether this letter came back for this reason before, as far as it counts."""
    query = select(bounces.c.id).where(
        bounces.c.delivery_id == delivery_id, bounces.c.reason == reason, bounces.c.void == ""
    )
    return await tx.scalar(query.limit(1)) is not None
