"""`newsletter recipients …`."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import NewsletterError, RecipientsError
from newsletter.outbox import removal
from newsletter.outbox.envelope import UNSUBSCRIBE
from newsletter.store import subscribers
from newsletter.subscribers import objection
from newsletter.subscribers.address import likely_address, shown, typed_address
from newsletter.subscribers.columns import readable
from newsletter.subscribers.importer import import_recipients
from newsletter.subscribers.links import read_token
from newsletter.subscribers.lists import list_slug
from newsletter.subscribers.objection import Standing
from newsletter.subscribers.planning import ImportPlan, RowOutcome

commands = typer.Typer(no_args_is_help=True, help="Recipients: who is on which list.")

Address = Annotated[str, typer.Argument(help="The e-mail address.")]


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file as Excel or another program saves it.")],
    list_: Annotated[
        str, typer.Option("--list", help="The list, as gemeenten-2026; without it, the name of the file.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would happen, and store nothing.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also show the rows that change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Read people into a list: all rows of the file, or none if one of them has a problem.

    The separator, the encoding and the order of the columns are found out; header names may be Dutch or English.
    Who is suppressed or has left the list stays out.
    """
    slug = list_slug(list_, file.stem)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NewsletterError(f"{file} cannot be read: {error.strerror}") from error

    async def action(app: App) -> ImportPlan:
        return await import_recipients(app.database, data, str(file), slug, dry_run=dry_run, now=app.clock())

    plan = console.with_app(action)
    stored = plan.may_apply() and not dry_run
    if as_json:
        facts = {"list": slug, "stored": stored, "columns": plan.columns, "not_in_file": plan.absent}
        console.as_json({**facts, "counts": plan.counts(), "rows": plan.rows})
    else:
        _report(plan, slug, stored=stored, verbose=verbose)
    if not plan.may_apply():
        raise RecipientsError(plan.problems)


def _report(plan: ImportPlan, slug: str, *, stored: bool, verbose: bool) -> None:
    if columns := readable(plan.columns):
        console.say(f"columns: {columns}")
    quiet = () if verbose else (RowOutcome.UNCHANGED, RowOutcome.NEW, RowOutcome.UPDATED, RowOutcome.PROBLEM)
    for row in plan.rows:
        if row.outcome not in quiet:
            console.say(f"line {row.line}: {row.outcome}: {row.sentence}")
    summary = f"{slug}: {plan.summary(stored=stored)}; {'stored' if stored else 'nothing was stored'}"
    # A row with a problem may be about somebody who is on the list.
    if plan.absent and plan.may_apply():
        many = "are" if plan.absent > 1 else "is"
        them = "them" if plan.absent > 1 else "this person"
        summary += f"; {plan.absent} on this list {many} not in the file; nothing was changed for {them}"
    console.say(summary)


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


@commands.command("remove-list")
def remove_list(
    list_: Annotated[str, typer.Argument(metavar="LIST", help="The list.")],
    recipients: Annotated[
        int | None,
        typer.Option("--recipients", help="How many it knows, where somebody is on it or has left it.", min=0),
    ] = None,
) -> None:
    """Remove a list to which no letters go; without --recipients only one that nobody is on or has left."""

    async def action(app: App) -> tuple[int, int]:
        return await removal.remove_list(app.database, list_, recipients=recipients, now=app.clock())

    on, left = console.with_app(action)
    forgotten = f"; that {left} had left it is forgotten: a new list of this name could take them in" if left else ""
    console.say(f"{list_}: removed, {on} were on it{forgotten}; who they are, and what they got, stays known")


@commands.command("suppress")
def suppress(
    address: Address,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is shown by explain.")] = "by hand",
    undo: Annotated[bool, typer.Option("--undo", help="Lift the suppression: the address may get mail again.")] = False,
) -> None:
    """Never send to this address again, whatever list it is on or comes onto."""
    typed = typed_address(address)

    async def action(app: App) -> Standing:
        if undo:
            return await objection.lift(app.database, typed, now=app.clock())
        return await objection.suppress(app.database, typed, reason, now=app.clock())

    before = console.with_app(action)
    if undo:
        console.say(f"no longer suppressed; it is {before.lists()}")
    elif before.suppressed is not None:
        console.say(f"suppressed already ({before.suppressed}); it is {before.lists()}")
    else:
        console.say(f"suppressed; it is {before.lists()}")


@commands.command("unsubscribe")
def unsubscribe(
    who: Annotated[
        str, typer.Argument(help="The e-mail address; or the subject of an unsubscribe mail, or its token.")
    ],
    list_: Annotated[str, typer.Option("--list", help="The list to leave; a token says it by itself.")] = "",
) -> None:
    """Take somebody off one list; an import does not bring them back."""

    async def action(app: App) -> str:
        if ids := _token_ids(app, who):
            return await objection.unsubscribe_by_ids(app.database, *ids, now=app.clock())
        typed = typed_address(who)
        if not list_:
            raise NewsletterError("an address may be on several lists; name the one to leave with --list")
        await objection.unsubscribe(app.database, typed, list_, now=app.clock())
        return list_

    console.say(f"unsubscribed from {console.with_app(action)}")


def _token_ids(app: App, who: str) -> tuple[int, int] | None:
    """Subscriber and list of a token, or of a subject that ends with one; None for what looks like an address.

    Raises:
        NewsletterError: it is neither.
    """
    if "@" in who or likely_address(who):
        return None
    token = (who.split() or [""])[-1]
    ids = read_token(app.sending.secret, UNSUBSCRIBE, token)
    if ids is None or len(ids) != 2:
        raise NewsletterError(
            f"{shown(who)} is neither an e-mail address nor the token of an unsubscribe mail from here; "
            "copy all that follows on “unsubscribe” in the subject of that mail"
        )
    return ids[0], ids[1]
