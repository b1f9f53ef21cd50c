"""`newsletter series …`."""

from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.events.event import Event, Series
from newsletter.events.plan import format_rule, format_window
from newsletter.store import events, journal

commands = typer.Typer(
    no_args_is_help=True, help="Series: what their events share. They come in with an event document."
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for another program.")]


@commands.command("list")
def list_series(as_json: Json = False) -> None:
    """List all series."""

    async def action(app: App) -> list[Series]:
        async with app.database.read() as tx:
            return await events.all_series(tx)

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    rows = [(one.slug, one.name, one.contact, ", ".join(one.lists)) for one in found]
    console.table(
        ("series", "name", "contact mailbox", "lists"),
        rows,
        empty="There is no series yet; import an event with: newsletter event import FILE",
    )


@commands.command("show")
def show_series(slug: Annotated[str, typer.Argument(help="The series.")], as_json: Json = False) -> None:
    """Show one series: who sends it, to which lists, and its plan of mailings."""

    async def action(app: App) -> tuple[Series, list[Event], list[dict[str, object]]]:
        async with app.database.read() as tx:
            notes = [dict(note) for note in await journal.read_notes(tx, f"series {slug}")]
            return await events.get_series(tx, slug), await events.all_events(tx, slug), notes

    series, its_events, notes = console.with_app(action)
    if as_json:
        console.as_json({"series": series, "events": [event.slug for event in its_events], "journal": notes})
        return
    console.say(series.name)
    console.say(f"  from {series.sender.name} <{series.sender.address}>, replies to {series.contact}")
    console.say(f"  {series.language}, {series.timezone}, lists: {', '.join(series.lists)}")
    if series.theme:
        console.say(f"  theme: {', '.join(f'{name} {value}' for name, value in series.theme)}")
    console.say("")
    rows = [
        (
            *(one.name, one.template, format_rule(one.when), format_window(one.window)),
            *(", ".join(one.lists) or "all", one.audience or "everybody"),
        )
        for one in series.plan
    ]
    console.table(("mailing", "template", "when", "window", "lists", "to"), rows, empty="It has no plan of mailings.")
    console.say("")
    console.say(f"Events: {', '.join(event.slug for event in its_events) or 'none'}")
