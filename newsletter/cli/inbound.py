"""`newsletter inbound …`."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from newsletter.app import App, make_intake, make_watch
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import InboundError, NewsletterError, SettingsError
from newsletter.store import cursors, fence, messages

commands = typer.Typer(no_args_is_help=True, help="What comes back: bounces, automatic replies, and people.")


@commands.callback()
def _group() -> None:
    """Commands about what comes back."""


Number = Annotated[int, typer.Argument(metavar="ID", help="The number of the message, as `inbound list` shows it.")]
NOTHING_SET = (
    "no place is set that messages come from; set NEWSLETTER_IMAP__HOST, NEWSLETTER_INBOUND__MAILDIR, …__FOLDER or "
    "…__LMTP"
)


@commands.command("poll")
def poll_command(
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False, as_json: Json = False
) -> None:
    """Look into all mailboxes: handle what came, and send replies on. Without --once, until Ctrl-C or SIGTERM.

    Nothing is deleted, moved or marked as read. `newsletter run` does this too.
    """

    async def action(app: App) -> None:
        await fence.guard(app.database, now=app.clock())
        if once:
            await _poll_once(app, as_json=as_json)
        else:
            await _poll(app)

    console.with_app(action)


async def _poll(app: App) -> None:
    watch = make_watch(app, console.say_or_ignore)
    if watch is None:
        raise SettingsError(NOTHING_SET)
    watching = asyncio.create_task(watch.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, watching.cancel)
    console.say("watching; stop with Ctrl-C")
    await asyncio.wait({watching})
    if not watching.cancelled():
        watching.result()
    console.say_or_ignore("stopped; what comes meanwhile is found at the next start")


async def _poll_once(app: App, *, as_json: bool) -> None:
    watch = make_watch(app, console.complain)
    if watch is None:
        raise SettingsError(NOTHING_SET)
    if not watch.sources:
        raise SettingsError(
            "NEWSLETTER_INBOUND__LMTP is the only place set, and mail is brought there only while `newsletter run` or "
            "`newsletter inbound poll` runs; there is no other place to look into"
        )
    async with app.database.read() as tx:
        before = await cursors.newest_message(tx)
    await watch.once()
    async with app.database.read() as tx:
        found = await cursors.kinds_after(tx, before)
    rows: Counter[str] = Counter()
    for state, kind, count in found:
        rows[kind if state == messages.HANDLED else state] += count
    if as_json:
        console.as_json({"messages": dict(sorted(rows.items())), "troubles": watch.troubles})
    else:
        shown = [(kind.replace("_", " "), count) for kind, count in sorted(rows.items())]
        console.table(("kind", "messages"), shown, empty="Nothing new.")
    if watch.troubles:
        raise InboundError("; ".join(f"{name}: {trouble}" for name, trouble in sorted(watch.troubles.items())))


@commands.command("list")
def list_command(
    aside: Annotated[bool, typer.Option("--aside", help="Only what was set aside, and why.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="At most so many.", min=1)] = 200,
    as_json: Json = False,
) -> None:
    """List what came, the newest first: what it is, and which mailing and subscriber it is about."""

    async def action(app: App) -> list[dict[str, Any]]:
        async with app.database.read() as tx:
            return [_facts(dict(row)) for row in await messages.listing(tx, aside=aside, limit=limit)]

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    rows = [_row(one, aside=aside) for one in found]
    columns = ("id", "came", "source", "kind", "state", "about", "reason" if aside else "by")
    console.table(columns, rows, empty="Nothing is set aside." if aside else "Nothing came yet.")


@commands.command("show")
def show_command(
    number: Number,
    raw: Annotated[bool, typer.Option("--raw", help="Print the message itself, as it came.")] = False,
    as_json: Json = False,
) -> None:
    """Show one message: what it is, why, and which letter it is about."""

    async def action(app: App) -> dict[str, Any]:
        async with app.database.read() as tx:
            return dict(await messages.get(tx, number))

    row = console.with_app(action)
    if raw:
        if row["raw"] is None:
            raise NewsletterError(
                f"the text of message #{number} is not kept any more, or with the copy that came first"
            )
        typer.echo(row["raw"], nl=False)
    elif as_json:
        console.as_json(_facts(row))
    else:
        for name, value in _facts(row).items():
            if value not in (None, "", {}):
                console.say(f"{name}: {_shown(value)}")


@commands.command("again")
def again_command(number: Number) -> None:
    """Handle a message once more that was set aside, now that its reason is mended."""

    async def action(app: App) -> str:
        await fence.guard(app.database, now=app.clock())
        return await make_intake(app, console.say).again(number)

    if console.with_app(action) != messages.SET_ASIDE:
        console.say(f"message #{number} is handled; see: newsletter inbound show {number}")
    else:
        raise InboundError(f"message #{number} is set aside once more; see: newsletter inbound show {number}")


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """What may be shown of a message: no addresses, no text."""
    verdict = {name: value for name, value in row["verdict"].items() if name != "envelope" and value not in (None, "")}
    return {
        "id": row["id"],
        "came": row["received_at"],
        "source": row["source"].partition(":")[0],
        "state": row["state"],
        "kind": row["kind"],
        "reason": row["reason"],
        "verdict": verdict,
        "matched": row["matched"],
        "proven": row["proven"],
        "mailing": row["mailing"],
        "delivery": row["delivery_id"],
        "subscriber": row["subscriber_id"],
    }


def _row(one: Mapping[str, Any], *, aside: bool) -> tuple[object, ...]:
    subscriber = f"subscriber #{one['subscriber']}" if one["subscriber"] else ""
    about = " ".join(filter(None, (one["mailing"], subscriber)))
    came = console.local(one["came"], console.ZONE)
    how = one["reason"] if aside else one["matched"]
    return one["id"], came, one["source"], one["kind"].replace("_", " "), one["state"], about, how


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return console.local(value, console.ZONE)
    return ", ".join(f"{name} {word}" for name, word in value.items()) if isinstance(value, dict) else str(value)


@commands.command("classify")
def classify_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Messages, each a file (.eml).")],
    as_json: Json = False,
) -> None:
    """Tell what each message is: bounce, complaint, automatic reply, unsubscribe, calendar answer, a person's reply.

    Nothing is stored or changed. Mailing and subscriber are those that the message names; they are not verified.
    """
    for file in files:
        if not file.is_file():
            raise NewsletterError(f"{file} is no file; name the messages, each as it was saved (.eml)")
        row = classified(file)
        if as_json:
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            console.say(_line(row))


def classified(file: Path) -> dict[str, Any]:
    from newsletter.inbound.reference import reference
    from newsletter.inbound.telling.classify import (
        classify_part,  # the words of all servers take a tenth of a second to load
    )
    from newsletter.inbound.telling.message import LONGEST, parse

    with file.open("rb") as stream:
        message = parse(stream.read(LONGEST))
    verdict, about = classify_part(message), reference(message)
    return {
        "file": str(file),
        "kind": verdict.kind.value,
        "hard": verdict.hard,
        "recipients": list(verdict.recipients),
        "status": verdict.status,
        "reason": verdict.reason,
        "mailing": about.mailing or None,
        "subscriber": about.claimed_subscriber,
    }


def _line(row: dict[str, Any]) -> str:
    hard = {True: "hard ", False: "soft ", None: ""}[row["hard"]]
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"{row['file']}: {hard}{row['kind'].replace('_', ' ')}{reason} {', '.join(row['recipients'])}".rstrip()
