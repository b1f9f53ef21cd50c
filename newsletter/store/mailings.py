"""Memory: mailings <-> rows. A mailing is here from the moment it is planned; its content comes when it fires."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.mailing import Mailing
from newsletter.errors import NotFoundError
from newsletter.events.plan import Audience, PlannedMailing
from newsletter.schedule.replan import DROPPED, Change, ChangeKind, PendingMailing
from newsletter.schedule.state import MailingState, is_paused
from newsletter.store.documents import dump, load
from newsletter.store.subscribers import ensure_lists
from newsletter.store.tables import deliveries, events, lists, mailing_lists, mailings, series


@dataclass(frozen=True, kw_only=True)
class MailingRow:
    """A mailing as the store knows it; moments in UTC."""

    id: int
    slug: str  #: "<event>/<name>"
    event: str  #: slug
    series: str  #: slug
    timezone: str
    planned: PlannedMailing
    state: MailingState
    reason: str
    fixed: bool
    due_at: datetime | None
    closes_at: datetime | None
    confirmed: int | None
    started_at: datetime | None
    ended_at: datetime | None
    corrects_id: int | None  #: it goes to those who got that mailing, or may have; see `corrections.corrected_by`


def _query() -> Select[Any]:
    return (
        select(
            *(column for column in mailings.c if column.key not in ("content", "event_id", "name")),
            events.c.slug.label("event"),
            series.c.slug.label("series"),
            series.c.document["timezone"].as_string().label("timezone"),
        )
        .join(events, events.c.id == mailings.c.event_id)
        .join(series, series.c.id == events.c.series_id)
    )


def _row(found: RowMapping) -> MailingRow:
    values: Mapping[str, Any] = dict(found)
    planned, state = load(PlannedMailing, values["planned"]), MailingState(values["state"])
    if values["corrects_id"] is not None:  # whom the wrong letter reached is told, whatever they answered since
        planned = replace(planned, audience=Audience.EVERYBODY)
    return MailingRow(**{**values, "planned": planned, "state": state})


async def all_mailings(tx: AsyncConnection, event_slug: str = "") -> list[MailingRow]:
    """Every mailing, or those of one event; by their time, those without one last."""
    query = _query().order_by(mailings.c.due_at.is_(None), mailings.c.due_at, mailings.c.id)
    if event_slug:
        query = query.where(events.c.slug == event_slug)
    return [_row(found) for found in (await tx.execute(query)).mappings()]


async def mailings_in(tx: AsyncConnection, states: Sequence[MailingState]) -> list[MailingRow]:
    """The mailings in one of these states, by their time."""
    query = _query().where(mailings.c.state.in_([state.value for state in states]))
    query = query.order_by(mailings.c.due_at.is_(None), mailings.c.due_at, mailings.c.id)
    return [_row(found) for found in (await tx.execute(query)).mappings()]


async def get_mailing(tx: AsyncConnection, slug: str, *, lock: bool = False) -> MailingRow:
    """One mailing; with `lock` nobody else moves it before this transaction ends.

    Raises:
        NotFoundError: with the mailings that there are.
    """
    query = _query().where(mailings.c.slug == slug)
    if lock:  # SQLite has one writer at a time and needs no such thing
        query = query.with_for_update(of=mailings)
    found = (await tx.execute(query)).mappings().one_or_none()
    if found is None:
        raise NotFoundError("mailing", slug, list(await tx.scalars(select(mailings.c.slug).order_by(mailings.c.id))))
    return _row(found)


async def slug_of(tx: AsyncConnection, mailing_id: int) -> str:
    slug: str = (await tx.execute(select(mailings.c.slug).where(mailings.c.id == mailing_id))).scalar_one()
    return slug


async def pending_of(tx: AsyncConnection, event_slug: str) -> list[PendingMailing]:
    """The mailings of an event as `schedule.replan` sees them; nobody else moves them before this transaction ends."""
    left = exists().where(deliveries.c.mailing_id == mailings.c.id, deliveries.c.state == "sent")
    query = _query().add_columns(mailings.c.name, left.label("partly_sent")).where(events.c.slug == event_slug)
    return [
        PendingMailing(
            name=found["name"],
            state=MailingState(found["state"]),
            due_at=found["due_at"],
            closes_at=found["closes_at"],
            fixed=found["fixed"],
            # A correction is in no plan: for the schedule it is made by hand.
            planned=load(PlannedMailing, found["planned"]) if found["corrects_id"] is None else None,
            partly_sent=found["partly_sent"],
            dropped=found["reason"].startswith(DROPPED),
            paused=is_paused(MailingState(found["state"]), found["reason"]),
        )
        for found in (await tx.execute(query.order_by(mailings.c.id).with_for_update(of=mailings))).mappings()
    ]


async def apply_change(tx: AsyncConnection, event_slug: str, change: Change, planned: PlannedMailing | None) -> None:
    """Store what `schedule.replan` decided; `planned` is the entry of the plan now, or None if it has gone."""
    values: dict[str, Any] = {
        "state": change.state.value,
        "reason": change.reason if change.kind in (ChangeKind.HOLD, ChangeKind.DROP) else "",
        "due_at": change.due_at,
        "closes_at": change.closes_at,
    }
    if change.kind is ChangeKind.CREATE:
        event_id = select(events.c.id).where(events.c.slug == event_slug).scalar_subquery()
        values |= {"event_id": event_id, "name": change.name, "slug": f"{event_slug}/{change.name}"}
        values |= {"fixed": False, "planned": dump(planned) if planned else {}}
        await tx.execute(insert(mailings).values(values))
        return
    if change.kind is ChangeKind.MOVE and change.state is MailingState.MISSED:
        del values["reason"]
    await tx.execute(update(mailings).where(mailings.c.slug == f"{event_slug}/{change.name}").values(values))


async def store_planned(
    tx: AsyncConnection, event_slug: str, planned: PlannedMailing, list_slugs: Sequence[str]
) -> None:
    """Let a mailing that has not started follow its entry of the plan: template, label, lists, window."""
    follows = mailings.c.started_at.is_(None) & mailings.c.corrects_id.is_(None)
    mine = (mailings.c.slug == f"{event_slug}/{planned.name}") & follows
    await tx.execute(update(mailings).where(mine).values(planned=dump(planned)))
    ids = await ensure_lists(tx, list_slugs)
    for mailing_id in await tx.scalars(select(mailings.c.id).where(mine)):
        await tx.execute(delete(mailing_lists).where(mailing_lists.c.mailing_id == mailing_id))
        rows = [{"mailing_id": mailing_id, "list_id": list_id} for list_id in ids.values()]
        if rows:
            await tx.execute(insert(mailing_lists), rows)


async def lists_of(tx: AsyncConnection, mailing_id: int) -> list[str]:
    query = select(lists.c.slug).join(mailing_lists).where(mailing_lists.c.mailing_id == mailing_id)
    return list(await tx.scalars(query.order_by(lists.c.slug)))


async def set_state(
    tx: AsyncConnection, mailing_id: int, before: MailingState, after: MailingState, **values: Any
) -> bool:
    """Move a mailing if it is still in the state that the decision was made on; False if another was first."""
    moved = await tx.execute(
        update(mailings)
        .where(mailings.c.id == mailing_id, mailings.c.state == before.value)
        .values(state=after.value, **values)
    )
    return moved.rowcount == 1


async def start(tx: AsyncConnection, row: MailingRow, content: Mailing, *, now: datetime) -> bool:
    """Claim a mailing for sending and freeze its content; False if another process was first, or it has moved."""
    claimed = await tx.execute(
        update(mailings)
        .where(
            mailings.c.id == row.id,
            mailings.c.state == MailingState.SCHEDULED.value,
            mailings.c.due_at == row.due_at,
        )
        .values(state=MailingState.SENDING.value, reason="", content=dump(content), started_at=now)
    )
    return claimed.rowcount == 1


async def content_of(tx: AsyncConnection, mailing_id: int) -> Mailing | None:
    """The frozen content of a mailing; None before it fired."""
    document = await tx.scalar(select(mailings.c.content).where(mailings.c.id == mailing_id))
    return None if document is None else load(Mailing, document)
