"""`newsletter store …`: the store itself. `confirm-host` is here, `backup` and `copy` are beside it."""

from dataclasses import dataclass
from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.errors import StoreError
from newsletter.schedule.state import MailingState
from newsletter.store import fence, mailings
from newsletter.store.mailings import MailingRow

commands = typer.Typer(no_args_is_help=True, help="The store: where everything is kept.")

#: How many of the mailings are shown that would go out from here.
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class _Found:
    is_confirmed: bool
    name: str  #: of this place
    going: list[MailingRow]  #: what goes out from here by itself


@commands.command("confirm-host")
def confirm_host(
    yes: Annotated[
        bool, typer.Option("--yes", help="Nothing else sends from this store or from a copy of it.")
    ] = False,
) -> None:
    """Let a store that was copied, moved or restored send from here."""

    async def look(app: App) -> _Found:
        async with app.database.read() as tx:
            going = await mailings.mailings_in(tx, (MailingState.SENDING, MailingState.SCHEDULED))
        confirmed = await fence.is_confirmed(app.database)
        return _Found(is_confirmed=confirmed, name=fence.place_name(app.database), going=going)

    found = console.with_app(look)
    if found.is_confirmed:
        console.say(f"The store sends from {found.name} already; there is nothing to confirm.")
        return
    _tell(found)
    if not yes:
        _ask(found.name)

    async def action(app: App) -> None:
        await fence.confirm(app.database, now=app.clock())

    console.with_app(action)
    console.say(f"From now on the store sends from {found.name}.")


def _tell(found: _Found) -> None:
    sending = sum(row.state is MailingState.SENDING for row in found.going)
    console.say(
        f"{len(found.going) - sending} mailings are scheduled and {sending} are being sent. If they go out from "
        "elsewhere too, or did after this copy was made, people get them twice; cancel those first."
    )
    for row in found.going[:SHOWN]:
        when = "being sent" if row.state is MailingState.SENDING else console.local(row.due_at, row.timezone)
        console.say(f"  {row.slug}: {when or 'when the event has a date'}, {row.confirmed} recipients")
    if len(found.going) > SHOWN:
        console.say(f"  … and {len(found.going) - SHOWN} more: newsletter mailing list")


def _ask(name: str) -> None:
    if not console.out.is_terminal:
        raise StoreError(f"to let the store send from {name}, add --yes")
    typed = typer.prompt(f"Type {name} to let the store send from here")
    if typed.strip() != name:
        raise StoreError(f"“{typed}” is not {name}; nothing was changed")
