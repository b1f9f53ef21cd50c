"""Stage 1, shell: an event document into the store, and what that means for its mailings.

In: the text of a document. Out: what changed, in sentences. One transaction: all of it, or nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import DocumentError, Problem
from newsletter.events.document import read
from newsletter.events.event import Event, Series
from newsletter.events.revision import empty_lists, next_sequence, series_change
from newsletter.schedule.replan import replan
from newsletter.schedule.rules import starts_at
from newsletter.store import events, journal, mailings
from newsletter.store.database import Database
from newsletter.store.subscribers import ensure_lists, list_counts


@dataclass(frozen=True, kw_only=True)
class Imported:
    event: Event
    is_new: bool
    is_changed: bool
    changes: tuple[str, ...]  #: what became of the series, then of the mailings of this and of its other events


async def import_event(
    database: Database, text: str, file: str, *, templates: Sequence[str], now: datetime
) -> Imported:
    """Read a document and store it; importing it again updates.

    Raises:
        DocumentError: with every mistake; nothing was stored.
    """
    async with database.write() as tx:
        series = {known.slug: known for known in await events.all_series(tx)}
        known = {known.slug: known.series.slug for known in await events.all_events(tx)}
        event = read(text, file, series, known)
        if unknown := _unknown_templates(event, text, file, templates):
            raise DocumentError(unknown)
        before = await events.find_event(tx, event.slug)
        event = replace(event, sequence=next_sequence(before, event))
        siblings = [other for other in await events.all_events(tx, event.series.slug) if other.slug != event.slug]
        stored = series.get(event.series.slug)
        changes = await _note_series(tx, stored, event.series, [sibling.slug for sibling in siblings], now)
        changes += await _store(tx, before, event, now)
        if before is None or stored is None or stored.lists != event.series.lists:
            counts = {counted["slug"]: counted["active"] for counted in await list_counts(tx)}
            changes += empty_lists(event.series.lists, counts)
        for sibling in siblings:
            if sibling.series != event.series:
                moved = replace(sibling, series=event.series)
                moved = replace(moved, sequence=next_sequence(sibling, moved))
                changes += await _store(tx, sibling, moved, now)
        return Imported(event=event, is_new=before is None, is_changed=before != event, changes=tuple(changes))


def _unknown_templates(event: Event, text: str, file: str, known: Sequence[str]) -> list[Problem]:
    """Plan entries whose template is not there, at their line; 0 where the series came from the store."""
    lines = text.splitlines()
    problems = []
    for template in sorted({entry.template for entry in event.series.plan} - set(known)):
        wanted = re.compile(rf"\s*-?\s*template:\s*['\"]?{re.escape(template)}['\"]?\s*$")
        line = next((number for number, found in enumerate(lines, 1) if wanted.match(found)), 0)
        problems.append(
            Problem(
                file=file,
                line=line,
                what=f"there is no template “{template}”",
                fix=f"choose one of: {', '.join(known)}",
            )
        )
    return problems


async def _note_series(
    tx: AsyncConnection, before: Series | None, after: Series, others: Sequence[str], now: datetime
) -> list[str]:
    """Say what an import changes for every event of a series; not for a series that is new."""
    sentence = series_change(before, after, others) if before is not None else ""
    if not sentence:
        return []
    await journal.note(tx, f"series {after.slug}", "changed", sentence, at=now)
    return [sentence]


async def _store(tx: AsyncConnection, before: Event | None, after: Event, now: datetime) -> list[str]:
    """Store an event and apply what its change means for its mailings."""
    await events.store_event(tx, after, starts_at(after))
    await ensure_lists(tx, after.series.lists)
    if before is None:
        await journal.note(tx, after.slug, "created", after.title, at=now)
    elif before != after:
        await journal.note(tx, after.slug, "changed", _difference(before, after), at=now)
    plan = {entry.name: entry for entry in after.series.plan}
    sentences = []
    for change in replan(before, after, await mailings.pending_of(tx, after.slug), now):
        slug = f"{after.slug}/{change.name}"
        await mailings.apply_change(tx, after.slug, change, plan.get(change.name))
        await journal.note(tx, slug, change.kind.value, change.reason, at=now)
        sentences.append(f"{slug}: {change.reason}")
    for entry in plan.values():
        await mailings.store_planned(tx, after.slug, entry, entry.lists or after.series.lists)
    return sentences


def _difference(before: Event, after: Event) -> str:
    """The names of the fields that differ, such as "start, venue"."""
    fields = [name for name in after.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
    return ", ".join(name for name in fields if name != "sequence")
