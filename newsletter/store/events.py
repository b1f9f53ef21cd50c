"""Memory: series and events <-> rows.

In: nouns of `events`. Out: the same, with what the store keeps for them: the number of the revision, and the names by
which the world knows them. Those are made once, from the sender's domain of that day, and survive every change.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError
from newsletter.events.event import Event, Series
from newsletter.store.documents import dump, load
from newsletter.store.tables import events, series
from newsletter.store.upsert import upsert

#: In the document of an event: the event as people were last told of it.
TOLD = "told"


async def all_series(tx: AsyncConnection) -> list[Series]:
    found = await tx.scalars(select(series.c.document).order_by(series.c.slug))
    return [_series(document) for document in found]


async def get_series(tx: AsyncConnection, slug: str) -> Series:
    document = await tx.scalar(select(series.c.document).where(series.c.slug == slug))
    if document is None:
        raise NotFoundError("series", slug, list(await tx.scalars(select(series.c.slug).order_by(series.c.slug))))
    return _series(document)


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
    series_id = await _store_series(tx, event.series)
    document = dump(replace(event, uid=event.uid or new_uid(event.slug, event.series)))
    # Held until the end of the transaction: a mailing that fires meanwhile notes here what it tells.
    query = select(events.c.document).where(events.c.slug == event.slug).with_for_update()
    stored = await tx.scalar(query)
    if stored is not None:
        document |= {key: stored[key] for key in ("uid", TOLD) if stored.get(key)}
    row = {
        "series_id": series_id,
        "title": event.title,
        "status": event.status.value,
        "starts_at": starts_at,
        "sequence": event.sequence,
        "document": document,
    }
    await tx.execute(
        upsert(tx, events).values(slug=event.slug, **row).on_conflict_do_update(index_elements=["slug"], set_=row)
    )


async def _store_series(tx: AsyncConnection, one: Series) -> int:
    stored = await tx.scalar(select(series.c.document).where(series.c.slug == one.slug))
    list_id = _series(stored).list_id if stored is not None else one.list_id or new_list_id(one)
    made = upsert(tx, series).values(slug=one.slug, document=dump(replace(one, list_id=list_id)))
    statement = made.on_conflict_do_update(index_elements=["slug"], set_={"document": made.excluded.document})
    series_id: int = (await tx.execute(statement.returning(series.c.id))).scalar_one()
    return series_id


async def note_told(tx: AsyncConnection, event: Event) -> None:
    """Remember an event as people are being told of it now."""
    query = select(events.c.document).where(events.c.slug == event.slug).with_for_update()
    document = await tx.scalar(query)
    if document is not None:
        told = {**document, TOLD: dump(event)}
        await tx.execute(update(events).where(events.c.slug == event.slug).values(document=told))


async def told_of(tx: AsyncConnection, slug: str) -> Event | None:
    """An event as people were last told of it; None where no mailing that told of it has fired yet."""
    document = await tx.scalar(select(events.c.document).where(events.c.slug == slug))
    told = (document or {}).get(TOLD)
    return None if told is None else load(Event, told)


def new_uid(slug: str, of: Series) -> str:
    """RFC 5545 §3.8.4.7: unique in the world, and the same for the life of the event."""
    return f"{slug}@{_domain(of)}"


def new_list_id(of: Series) -> str:
    """RFC 2919 §3: a name below a domain of the sender, the same for the life of the list."""
    return f"{of.slug}.lists.{_domain(of)}"


def _domain(of: Series) -> str:
    return of.sender.address.rpartition("@")[2]


def _event(document: object, sequence: int, series_document: object) -> Event:
    """The series is one row for all its events, so its row wins over the copy in the event's document."""
    event, of = load(Event, document), _series(series_document)
    return replace(event, sequence=sequence, series=of, uid=event.uid or new_uid(event.slug, of))


def _series(document: object) -> Series:
    """Rows of before there was a `list_id` have the name that their letters have always had."""
    one = load(Series, document)
    return one if one.list_id else replace(one, list_id=new_list_id(one))
