"""`newsletter event …`."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.attendance import attendance
from newsletter.cli.series import Json
from newsletter.compose.hosting_files import calendar_path
from newsletter.errors import DocumentError, NewsletterError, Problem
from newsletter.events.document import write
from newsletter.events.event import Event
from newsletter.events.importer import Imported, import_event
from newsletter.outbox.removal import Removed
from newsletter.outbox.removal import remove_event as remove_from_store
from newsletter.store import events, journal, mailings
from newsletter.store.mailings import MailingRow

commands = typer.Typer(no_args_is_help=True, help="Events: one document holds all of an event and of its series.")

Slug = Annotated[str, typer.Argument(help="The event, as `newsletter event list` shows it.")]


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The event document (Markdown with YAML front matter).")],
    as_json: Json = False,
) -> None:
    """Read an event document; importing it again updates the event and moves its mailings.

    Nothing is sent by an import: new mailings are drafts until somebody schedules them.
    """
    text = read_document(file)

    async def action(app: App) -> Imported:
        return await import_event(
            app.database,
            text,
            str(file),
            templates=app.templates.names(),
            now=app.clock(),
            theme_problems=app.templates.theme_problems,
            files=app.files,
        )

    imported = console.with_app(action)
    if as_json:
        console.as_json({"event": imported.event.slug, "new": imported.is_new, "changes": imported.changes})
        return
    done = "added" if imported.is_new else "updated" if imported.is_changed else "unchanged"
    console.say(f"{imported.event.slug}: {done}")
    for sentence in imported.changes:
        console.say(f"  {sentence}")
    if imported.is_new and imported.changes:
        console.say(f"Look at its mailings with: newsletter mailing list --event {imported.event.slug}")


@commands.command("export")
def export(
    slug: Slug, out: Annotated[Path | None, typer.Option("--out", help="File to write; without it, stdout.")] = None
) -> None:
    """Write an event as a document that can be edited and imported again; with --out, its pictures beside it."""

    async def action(app: App) -> tuple[Event, list[Path]]:
        async with app.database.read() as tx:
            event = await events.get_event(tx, slug)
        return event, app.files.give_back(event, out.parent) if out is not None else []

    event, pictures = console.with_app(action)
    text = write(event)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NewsletterError(f"{out} cannot be written: {error.strerror}") from error
    for written in (out, *pictures):
        console.say(f"wrote {written}")


@commands.command("list")
def list_events(as_json: Json = False) -> None:
    """List all events, the earliest first."""

    async def action(app: App) -> list[Event]:
        async with app.database.read() as tx:
            return await events.all_events(tx)

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    rows = [(one.slug, when(one), one.status, one.title) for one in found]
    console.table(
        ("event", "when", "status", "title"),
        rows,
        empty="There is no event yet; import one with: newsletter event import FILE",
    )


@commands.command("show")
def show(slug: Slug, as_json: Json = False) -> None:
    """Show one event: when, where, programme, mailings, and what happened to it."""

    async def action(app: App) -> tuple[Event, list[MailingRow], list[dict[str, object]]]:
        async with app.database.read() as tx:
            event = await events.get_event(tx, slug)
            notes = [dict(note) for note in await journal.read_notes(tx, slug)]
            return event, await mailings.all_mailings(tx, slug), notes

    event, rows, notes = console.with_app(action)
    if as_json:
        console.as_json({"event": event, "mailings": rows, "journal": notes})
        return
    console.say(event.title)
    place = ", ".join(part for part in (event.venue.name, event.venue.city) if part) if event.venue else ""
    console.say(f"  {when(event)}{f', {place}' if place else ''}, {event.status}")
    for line in programme_lines(event):
        console.say(line)
    console.say("")
    console.table(
        ("mailing", "state", "due", "why"),
        [(row.slug, row.state, console.local(row.due_at, row.timezone), row.reason) for row in rows],
        empty="It has no mailings.",
    )


@commands.command("remove")
def remove(slug: Slug) -> None:
    """Remove an event of which no mailing was sent, with its mailings; its document is not touched."""

    async def action(app: App) -> Removed:
        gone = await remove_from_store(app.database, slug, now=app.clock())
        (app.folder / app.settings.paths.public / calendar_path(gone.event)).unlink(missing_ok=True)
        return gone

    gone = console.with_app(action)
    went = f"with its {len(gone.mailings)} mailings, none of which was sent" if gone.mailings else "it had no mailings"
    console.say(f"{slug}: removed, {went}; its series and its document stay")
    for mailing in gone.mailings:
        console.say(f"  {mailing}")


commands.command("attendance")(attendance)


def when(event: Event) -> str:
    """When an event is, on its own wall clock."""
    if event.start is None:
        return event.season or "no date yet"
    if event.end is None:
        return f"{event.start:%Y-%m-%d %H:%M}"
    until = f"{event.end:%H:%M}" if event.end.date() == event.start.date() else f"{event.end:%Y-%m-%d %H:%M}"
    return f"{event.start:%Y-%m-%d %H:%M}–{until}"


def programme_lines(event: Event) -> list[str]:
    """The programme as it is shown; the parts of each day stand under it where there are several."""
    lines: list[str] = []
    day = None if event.has_several_days() or event.start is None else event.start.date()
    for part in event.programme:
        if part.start.date() != day:
            day = part.start.date()
            lines.append(f"  {day:%Y-%m-%d}")
        lines.append(f"  {part.start:%H:%M}–{part.end:%H:%M}  {part.title}")
        for workshop in part.workshops:
            speakers = ", ".join(speaker.name for speaker in workshop.speakers)
            who_and_where = "; ".join(x for x in (workshop.room, speakers) if x)
            lines.append(" " * 17 + workshop.title + (f" ({who_and_where})" if who_and_where else ""))
    return lines


def read_document(file: Path) -> str:
    """The text of a document.

    Raises:
        DocumentError: it is not there, or is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        problem = Problem(file=str(file), line=0, what=f"it cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = Problem(file=str(file), line=line, what="it is not UTF-8", fix="save the file as UTF-8")
    raise DocumentError([problem])
