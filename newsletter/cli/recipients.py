"""`newsletter recipients …`."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import NewsletterError, NotFoundError, RecipientsError
from newsletter.store import journal, subscribers
from newsletter.subscribers.importer import import_recipients
from newsletter.subscribers.planning import ImportPlan, RowOutcome

commands = typer.Typer(no_args_is_help=True, help="Recipients: who is on which list.")

Address = Annotated[str, typer.Argument(help="The e-mail address.")]


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file as Excel or another program saves it.")],
    list_: Annotated[str, typer.Option("--list", help="The list; without it, the name of the file.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would happen, and store nothing.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also show the rows that change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Read people into a list: all rows of the file, or none if one of them has a problem.

    The separator, the encoding and the order of the columns are found out; header names may be Dutch or English.
    Who is suppressed or has left the list stays out.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NewsletterError(f"{file} cannot be read: {error.strerror}") from error
    slug = list_ or file.stem

    async def action(app: App) -> ImportPlan:
        return await import_recipients(app.database, data, str(file), slug, dry_run=dry_run, now=app.clock())

    plan = console.with_app(action)
    if as_json:
        stored = plan.may_apply() and not dry_run
        console.as_json({"list": slug, "stored": stored, "counts": plan.counts(), "rows": plan.rows})
    else:
        _report(plan, slug, dry_run=dry_run, verbose=verbose)
    if not plan.may_apply():
        raise RecipientsError(plan.problems)


def _report(plan: ImportPlan, slug: str, *, dry_run: bool, verbose: bool) -> None:
    quiet = () if verbose else (RowOutcome.UNCHANGED, RowOutcome.NEW, RowOutcome.UPDATED, RowOutcome.PROBLEM)
    for row in plan.rows:
        if row.outcome not in quiet:
            console.say(f"line {row.line}: {row.outcome}: {row.sentence}")
    stored = "nothing was stored" if dry_run or not plan.may_apply() else "stored"
    console.say(f"{slug}: {plan.summary()}; {stored}")


@commands.command("list")
def list_lists(as_json: Json = False) -> None:
    """List all lists with the number of people on each."""

    async def action(app: App) -> list[dict[str, object]]:
        async with app.database.read() as tx:
            return [dict(row) for row in await subscribers.list_counts(tx)]

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    console.table(
        ("list", "active", "unsubscribed", "suppressed"),
        [(row["slug"], row["active"], row["unsubscribed"], row["suppressed"]) for row in found],
        empty="There is no list yet; make one with: newsletter recipients import FILE --list NAME",
    )


@commands.command("show")
def show(list_: Annotated[str, typer.Argument(metavar="LIST", help="The list.")], as_json: Json = False) -> None:
    """Show who is on a list."""

    async def action(app: App) -> list[dict[str, object]]:
        async with app.database.read() as tx:
            return [dict(row) for row in await subscribers.list_members(tx, list_)]

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    rows = [(row["address"], row["name"], "suppressed" if row["suppressed"] else row["state"]) for row in found]
    console.table(("address", "name", "state"), rows, empty="Nobody is on this list.")


@commands.command("suppress")
def suppress(
    address: Address,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is shown by explain.")] = "by hand",
) -> None:
    """Never send to this address again, whatever list it is on or comes onto."""

    async def action(app: App) -> None:
        async with app.database.write() as tx:
            await subscribers.suppress(tx, address, reason, now=app.clock())

    console.with_app(action)
    console.say("suppressed; letters on their way to it are withheld")


@commands.command("unsubscribe")
def unsubscribe(address: Address, list_: Annotated[str, typer.Option("--list", help="The list to leave.")]) -> None:
    """Take an address off one list; an import does not bring it back."""

    async def action(app: App) -> bool:
        async with app.database.write() as tx:
            now = app.clock()
            ended = await subscribers.unsubscribe(tx, address, list_, now=now)
            if ended:
                await journal.note(tx, f"list:{list_}", "unsubscribed", "one person, by hand", at=now)
            return ended

    if not console.with_app(action):
        raise NotFoundError("active subscription to " + list_, address)
    console.say(f"unsubscribed from {list_}")
