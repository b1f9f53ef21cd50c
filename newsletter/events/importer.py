"""Stage 1, shell: an event document into the store, and what that means for its mailings.

In: the text of a document. Out: what changed, in sentences. One transaction: all of it, or nothing.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import DocumentError, Problem
from newsletter.events.document import read
from newsletter.events.event import Event, Series
from newsletter.events.notes import did_you_mean
from newsletter.events.revision import empty_lists, next_sequence, remarks, series_change, untold
from newsletter.schedule.replan import replan
from newsletter.schedule.rules import starts_at
from newsletter.store import events, journal, mailings
from newsletter.store.around import tellings
from newsletter.store.audience import waiting_corrections
from newsletter.store.corrections import corrected_by, count_reached
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow
from newsletter.store.subscribers import ensure_lists, list_counts

#: What cannot be read well in the theme of a series (pairs of token and value), a sentence each.
ThemeProblems = Callable[[Iterable[tuple[str, str]]], list[str]]


class Files(Protocol):
    """What stands beside documents, and what is hosted for events (`compose.hosting_files`)."""

    def take(self, event: Event, text: str, file: str) -> tuple[Event, list[str]]:
        """The event with its pictures brought in, and sentences about them; raises DocumentError with all problems."""

    def show_calendar(self, event: Event, now: datetime) -> str:
        """Host the event as a calendar file."""


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """A document whose pictures were brought in, before the store is locked: a photo takes half a second."""

    read: Event
    event: Event
    remarks: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imported:
    event: Event
    is_new: bool
    is_changed: bool
    changes: tuple[str, ...]  #: what became of the series, then of the mailings of this and of its other events


async def import_event(
    database: Database,
    text: str,
    file: str,
    *,
    templates: Sequence[str],
    now: datetime,
    theme_problems: ThemeProblems = lambda _theme: [],
    files: Files | None = None,
) -> Imported:
    """Read a document and store it; importing it again updates.

    `templates` are the names that a plan may use; `theme_problems` says what cannot be read well in a theme; `files`
    brings in the pictures that stand beside the document; without it, their paths stay as they are.

    Raises:
        DocumentError: with every mistake; nothing was stored.
    """
    taken = await _take(database, text, file, files) if files else None
    async with database.write() as tx:
        series = {known.slug: known for known in await events.all_series(tx)}
        known = {known.slug: known.series.slug for known in await events.all_events(tx)}
        event = read(text, file, series, known)
        problems = _unknown_templates(event, text, file, templates)
        if event.series.theme and event.series != series.get(event.series.slug):
            problems += _theme_problems(event, text, file, theme_problems)
        problems += taken.problems if taken else ()
        if problems:
            raise DocumentError(problems)
        if taken:
            event = _with_pictures(event, taken)
        before = await events.find_event(tx, event.slug)
        event = replace(event, sequence=next_sequence(before, event), uid=before.uid if before else "")
        siblings = [other for other in await events.all_events(tx, event.series.slug) if other.slug != event.slug]
        stored = series.get(event.series.slug)
        changes = await _note_series(tx, stored, event.series, [sibling.slug for sibling in siblings], now)
        changes += [f"{event.slug}: {remark}" for remark in remarks(before, event, now)]
        changes += await _store(tx, before, event, now)
        if before is None or stored is None or stored.lists != event.series.lists:
            counts = {counted["slug"]: counted["active"] for counted in await list_counts(tx)}
            changes += empty_lists(event.series.lists, counts)
        touched = [event.slug]
        for sibling in siblings:
            if sibling.series != event.series:
                touched.append(sibling.slug)
                moved = replace(sibling, series=event.series)
                moved = replace(moved, sequence=next_sequence(sibling, moved))
                changes += await _store(tx, sibling, moved, now)
        if files:
            for slug in touched:
                files.show_calendar(await events.get_event(tx, slug), now)
            changes += taken.remarks if taken else ()
        return Imported(event=event, is_new=before is None, is_changed=before != event, changes=tuple(changes))


async def _take(database: Database, text: str, file: str, files: Files) -> _Taken:
    """Bring in the pictures of a document, as far as it can be read."""
    async with database.read() as tx:
        series = {known.slug: known for known in await events.all_series(tx)}
        known = {known.slug: known.series.slug for known in await events.all_events(tx)}
    event = read(text, file, series, known)
    try:
        taken, remarks = await asyncio.to_thread(files.take, event, text, file)
    except DocumentError as error:
        return _Taken(read=event, event=event, problems=error.problems)
    return _Taken(read=event, event=taken, remarks=tuple(remarks))


def _with_pictures(event: Event, taken: _Taken) -> Event:
    """The event with the pictures that were brought in; its series may have changed in between by another import."""
    if event.series.theme == taken.read.series.theme:
        event = replace(event, series=replace(event.series, theme=taken.event.series.theme))
    return replace(event, images=taken.event.images, programme=taken.event.programme)


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
                fix=did_you_mean(template, known),
            )
        )
    return problems


def _theme_problems(event: Event, text: str, file: str, problems_of: ThemeProblems) -> list[Problem]:
    """What cannot be read in the theme of a series, at the line of the token that it names, or of the theme."""
    lines = text.splitlines()
    start = next((at for at, line in enumerate(lines) if re.match(r"\s*(theme|thema):", line, re.IGNORECASE)), 0)
    problems = []
    for sentence in problems_of(event.series.theme):
        words = set(re.findall(r"\w+", sentence))
        chosen = [key for key, _ in event.series.theme if key in words]
        tokens = re.compile(rf"[\s{{,]*({'|'.join(chosen)}):" if chosen else r"(?!)")
        line = next((at for at, line in enumerate(lines[start:], start + 1) if tokens.match(line)), start + 1)
        what, _, fix = sentence.partition("; ")
        problems.append(Problem(file=file, line=line, what=f"theme: {what}", fix=fix))
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
    if before is not None and before != after:
        sentences += await _to_tell(tx, after, now)
    return sentences


async def _to_tell(tx: AsyncConnection, event: Event, now: datetime) -> list[str]:
    """How to tell people of another date or place than they know, if they were told of one."""
    template = untold(await events.told_of(tx, event.slug), event, now)
    told = await tellings(tx, event.slug) if template else []
    if not told:
        return []
    what = "that it takes place" if template == "cancelled" else "of another date or place"
    those = " and ".join(row.slug for row in told)
    return [
        f"{event.slug}: people were told {what}; once nothing of {those} is on its way any more, write to them with: "
        f"{await _command_to_tell(tx, event.slug, template, told)}"
    ]


async def _command_to_tell(tx: AsyncConnection, event_slug: str, template: str, told: Sequence[MailingRow]) -> str:
    """What writes once to everybody whom these mailings reached, though a correction for some of them may wait."""
    ids, dropped = [row.id for row in told], ""
    for waiting in await waiting_corrections(tx, event_slug, template, ids):
        theirs = list(await corrected_by(tx, waiting.row.id))
        if await count_reached(tx, theirs) == await count_reached(tx, [*theirs, *ids]):
            return f"newsletter mailing schedule {waiting.row.slug} --at now"
        dropped += f"newsletter mailing cancel {waiting.row.slug} && "
    return f"{dropped}newsletter mailing correct {' '.join(row.slug for row in told)} --template {template}"


def _difference(before: Event, after: Event) -> str:
    """The names of the fields that differ, such as "start, venue"."""
    fields = [name for name in after.__dataclass_fields__ if getattr(before, name) != getattr(after, name)]
    return ", ".join(name for name in fields if name not in ("sequence", "uid"))
