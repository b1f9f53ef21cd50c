"""Memory: series and events <-> rows."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.events.event import Event, Series
from newsletter.store.documents import dump, load
from newsletter.store.tables import events, series
from newsletter.store.upsert import upsert


async def all_series(tx: AsyncConnection) -> list[Series]:
    found = await tx.scalars(select(series.c.document).order_by(series.c.slug))
    return [load(Series, document) for document in found]


async def get_series(tx: AsyncConnection, slug: str) -> Series:
    document = await tx.scalar(select(series.c.document).where(series.c.slug == slug))
    if document is None:
        raise NotFoundError("series", slug, list(await tx.scalars(select(series.c.slug).order_by(series.c.slug))))
    return load(Series, document)


async def all_events(tx: AsyncConnection, series_slug: str = "") -> list[Event]:
    """Every event, or those of one series; the earliest first, those without a date last."""
    query = select(events.c.document, events.c.sequence, series.c.document.label("series")).join(series)
    query = query.order_by(events.c.starts_at.is_(None), events.c.starts_at, events.c.slug)
    if series_slug:
        query = query.where(series.c.slug == series_slug)
    return [_event(*row) for row in await tx.execute(query)]


async def find_event(tx: AsyncConnection, slug: str) -> Event | None:
    query = select(events.c.document, events.c.sequence, series.c.document.label("series")).join(series)
    row = (await tx.execute(query.where(events.c.slug == slug))).one_or_none()
    return _event(*row) if row else None


async def get_event(tx: AsyncConnection, slug: str) -> Event:
    event = await find_event(tx, slug)
    if event is None:
        raise NotFoundError("event", slug, list(await tx.scalars(select(events.c.slug).order_by(events.c.slug))))
    return event


async def store_event(tx: AsyncConnection, event: Event, starts_at: datetime | None) -> None:
    """Insert or update an event and its series; `starts_at` is its start as an instant, to sort by."""
    values = {"slug": event.series.slug, "document": dump(event.series)}
    made = upsert(tx, series).values(values)
    statement = made.on_conflict_do_update(index_elements=["slug"], set_={"document": made.excluded.document})
    series_id = await tx.scalar(statement.returning(series.c.id))
    row = {
        "series_id": series_id,
        "title": event.title,
        "status": event.status.value,
        "starts_at": starts_at,
        "sequence": event.sequence,
        "document": dump(event),
    }
    await tx.execute(
        upsert(tx, events).values(slug=event.slug, **row).on_conflict_do_update(index_elements=["slug"], set_=row)
    )


def _event(document: object, sequence: int, series_document: object) -> Event:
    """The series is one row for all its events, so its row wins over the copy in the event's document."""
    return replace(load(Event, document), sequence=sequence, series=load(Series, series_document))
