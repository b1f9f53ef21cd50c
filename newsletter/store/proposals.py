"""Memory: proposals: what a message says about a subscriber, and a person decides about <-> rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.store.plain import plain
from newsletter.store.tables import mailings, messages, proposals, subscribers

OPEN, ACCEPTED, DECLINED = "open", "accepted", "declined"
#: Characters of the sentence that says so.
EVIDENCE = 300


async def add(
    tx: AsyncConnection,
    *,
    message_id: int,
    subscriber_id: int,
    kind: str,
    proposed: Mapping[str, Any],
    evidence: str,
    now: datetime,
) -> bool:
    """Propose something; False where the same is open already: a machine says it at every letter."""
    same = (proposals.c.subscriber_id == subscriber_id) & (proposals.c.kind == kind) & (proposals.c.state == OPEN)
    if await tx.scalar(select(proposals.c.id).where(same).limit(1)) is not None:
        return False
    row = {"message_id": message_id, "subscriber_id": subscriber_id, "kind": kind, "proposed": dict(proposed)}
    await tx.execute(
        insert(proposals).values(**row, evidence=plain(evidence, EVIDENCE), at=now, state=OPEN, decided_at=None)
    )
    return True


def _query() -> Select[Any]:
    return (
        select(proposals, subscribers.c.address, subscribers.c.name, mailings.c.slug.label("mailing"))
        .join(subscribers, subscribers.c.id == proposals.c.subscriber_id)
        .outerjoin(messages, messages.c.id == proposals.c.message_id)
        .outerjoin(mailings, mailings.c.id == messages.c.mailing_id)
    )


async def listing(tx: AsyncConnection, *, decided: bool = False) -> list[RowMapping]:
    """Proposals, the oldest first, each with address and name of its subscriber, and mailing (slug or None)."""
    query = _query() if decided else _query().where(proposals.c.state == OPEN)
    return list((await tx.execute(query.order_by(proposals.c.id))).mappings())


async def get_open(tx: AsyncConnection, proposal_id: int) -> RowMapping:
    """One proposal that is open; nobody else decides about it before this transaction ends.

    Raises:
        NotFoundError: with the proposals that are.
    """
    query = _query().where(proposals.c.id == proposal_id, proposals.c.state == OPEN)
    found: RowMapping | None = (await tx.execute(query.with_for_update(of=proposals))).mappings().one_or_none()
    if found is None:
        there = await tx.scalars(select(proposals.c.id).where(proposals.c.state == OPEN).order_by(proposals.c.id))
        raise NotFoundError("open proposal", f"#{proposal_id}", [f"#{one}" for one in there])
    return found


async def decide(tx: AsyncConnection, proposal_id: int, state: str, *, now: datetime) -> None:
    await tx.execute(update(proposals).where(proposals.c.id == proposal_id).values(state=state, decided_at=now))
