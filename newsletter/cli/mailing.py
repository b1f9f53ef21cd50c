"""`newsletter mailing …`."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import CountError, NewsletterError, RuleError
from newsletter.outbox import control
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.schedule.rules import to_instant
from newsletter.store import deliveries, journal, mailings
from newsletter.store.mailings import MailingRow

commands = typer.Typer(no_args_is_help=True, help="Mailings: what goes out about an event, and when.")

Slug = Annotated[str, typer.Argument(help="The mailing, as `newsletter mailing list` shows it.")]
At = Annotated[
    str, typer.Option("--at", help="Another time than the plan's: “YYYY-MM-DD HH:MM” on the series' clock, or “now”.")
]


@commands.command("list")
def list_mailings(
    event: Annotated[str, typer.Option("--event", help="Only those of this event.")] = "", as_json: Json = False
) -> None:
    """List mailings by their time."""

    async def action(app: App) -> list[tuple[MailingRow, int]]:
        async with app.database.read() as tx:
            rows = await mailings.all_mailings(tx, event)
            return [(row, await _recipients(app, row)) for row in rows]

    found = console.with_app(action)
    if as_json:
        console.as_json([{**vars(row), "recipients": count} for row, count in found])
        return
    console.table(
        ("mailing", "state", "due", "recipients", "why"),
        [(row.slug, row.state, console.local(row.due_at, row.timezone), count, row.reason) for row, count in found],
        empty="There is no mailing yet; they come from the plan in an event document.",
    )


async def _recipients(app: App, row: MailingRow) -> int:
    """Who would get it, or, once it has started, who gets it."""
    async with app.database.read() as tx:
        if row.started_at is None:
            return await deliveries.count_audience(tx, row.id)
        return sum((await deliveries.count_states(tx, row.id)).values())


@commands.command("show")
def show(slug: Slug, as_json: Json = False) -> None:
    """Show one mailing: state, time, recipients, outcomes, and what happened to it."""

    async def action(app: App) -> dict[str, object]:
        async with app.database.read() as tx:
            row = await mailings.get_mailing(tx, slug)
            return {
                "mailing": row,
                "lists": await mailings.lists_of(tx, row.id),
                "recipients": await _recipients(app, row),
                "deliveries": await deliveries.count_states(tx, row.id),
                "refusals": [
                    dict(attempt)
                    for attempt in await deliveries.attempts_of(tx, row.id)
                    if attempt["kind"] != OutcomeKind.SENT.value
                ],
                "journal": [dict(note) for note in await journal.read_notes(tx, slug)],
            }

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    _show(found)


def _show(found: dict[str, object]) -> None:
    row, states, notes, refusals = found["mailing"], found["deliveries"], found["journal"], found["refusals"]
    if not (isinstance(row, MailingRow) and isinstance(states, dict)):
        raise TypeError("a mailing has a row and counts")
    due = console.local(row.due_at, row.timezone) or "no date yet"
    console.say(f"{row.slug}: {row.state}{f' ({row.reason})' if row.reason else ''}")
    console.say(f"  template {row.planned.template}, due {due}, {found['recipients']} recipients")
    for state, count in sorted(states.items()):
        console.say(f"  {count} {state}")
    for attempt in refusals if isinstance(refusals, list) else []:
        said = " ".join(str(attempt[key]) for key in ("code", "enhanced", "text") if attempt[key])
        console.say(f"  subscriber #{attempt['subscriber_id']}: {attempt['kind']} at {attempt['phase']}: {said}")
    for note in notes if isinstance(notes, list) else []:
        console.say(f"  {console.local(note['at'], row.timezone)}  {note['action']}: {note['detail']}")


@commands.command("schedule")
def schedule(
    slug: Slug,
    at: At = "",
    recipients: Annotated[
        int | None, typer.Option("--recipients", help="The exact number of recipients; otherwise you are asked.", min=0)
    ] = None,
) -> None:
    """Confirm a mailing: from now on it goes out by itself when it is due."""

    async def action(app: App) -> MailingRow:
        async with app.database.read() as tx:
            row = await mailings.get_mailing(tx, slug)
        now = app.clock()
        moment = parse_at(at, ZoneInfo(row.timezone), now) if at else None
        confirmed = recipients if recipients is not None else _ask(slug, await control.audience(app.database, slug))
        return await control.schedule(app.database, app.templates, slug, recipients=confirmed, now=now, at=moment)

    row = console.with_app(action)
    due = console.local(row.due_at, row.timezone) or "when the event has a date"
    console.say(f"{slug}: scheduled, {due}, for {row.confirmed} recipients")


def _ask(slug: str, count: int) -> int:
    if not console.out.is_terminal:
        raise CountError(f"{slug} goes to {count} recipients; confirm with --recipients {count}")
    console.say(f"{slug} goes to {count} recipients.")
    return int(typer.prompt("Type that number to confirm", type=int))


def parse_at(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """What `--at` means: a wall-clock time of the series, or now.

    Raises:
        RuleError: it cannot be read.
    """
    if text == "now":
        return now
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return to_instant(datetime.strptime(text, form), zone)
        except ValueError:
            continue
    raise RuleError(f"the time “{text}” cannot be read; write it as 2026-03-14 09:00, or now")


@commands.command("hold")
def hold(slug: Slug) -> None:
    """Stop a mailing that is scheduled or on its way; schedule it again to go on, or cancel it."""

    async def action(app: App) -> MailingRow:
        return await control.hold(app.database, slug, now=app.clock())

    console.with_app(action)
    console.say(f"{slug}: held; what was not sent yet waits for you")


@commands.command("cancel")
def cancel(slug: Slug) -> None:
    """Take a mailing out of the schedule; it can be scheduled again."""

    async def action(app: App) -> MailingRow:
        return await control.cancel(app.database, slug, now=app.clock())

    console.with_app(action)
    console.say(f"{slug}: cancelled")


@commands.command("test")
def test(slug: Slug, to: Annotated[str, typer.Option("--to", help="The address that gets the test.")]) -> None:
    """Send the letter as it is now to one address, marked [TEST]; nobody on the lists gets anything."""

    async def action(app: App) -> Outcome:
        return await control.send_test(app.sending, app.templates, slug, to)

    outcome = console.with_app(action)
    if outcome.kind is not OutcomeKind.SENT:
        said = " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
        raise NewsletterError(f"the test letter was not taken ({outcome.kind}): {said}")
    console.say(f"{slug}: test letter sent ({outcome.text})")
