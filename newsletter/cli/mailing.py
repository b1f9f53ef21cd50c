"""`newsletter mailing …`: what goes out, and when. What a person decides about letters is in `cli.letters`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import checking, console, letters
from newsletter.cli.letters import Slug
from newsletter.cli.series import Json
from newsletter.errors import NewsletterError
from newsletter.outbox import control, trial
from newsletter.outbox.advice import NOTHING_RUNS, next_steps
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.schedule.rehearsal import holds_up
from newsletter.schedule.state import MailingState
from newsletter.store import audience, beat, corrections, deliveries, fence, journal, mailings, remedies
from newsletter.store.mailings import MailingRow
from newsletter.subscribers.address import typed_address

commands = typer.Typer(no_args_is_help=True, help="Mailings: what goes out about an event, and when.")

#: Attempts that were refused, and are shown to people.
SHOWN = 20

At = Annotated[
    str,
    typer.Option("--at", help="Another time than the plan's, “2027-01-28 09:00” on the series' clock, or “now”."),
]


@commands.command("list")
def list_mailings(
    event: Annotated[str, typer.Option("--event", help="Only those of this event.")] = "", as_json: Json = False
) -> None:
    """List mailings by their time."""

    async def action(app: App) -> list[tuple[MailingRow, int]]:
        async with app.database.read() as tx:
            rows = await mailings.all_mailings(tx, event)
            counts = await audience.count_recipients(tx, rows)
            return [(row, counts[row.id]) for row in rows]

    found = console.with_app(action)
    if as_json:
        console.as_json([{**vars(row), "recipients": count} for row, count in found])
        return
    console.table(
        ("mailing", "state", "due", "recipients", "why"),
        [
            (
                *(row.slug, row.state, console.local(row.due_at, row.timezone)),
                *(f"{count} {row.planned.audience}".strip(), row.reason),
            )
            for row, count in found
        ],
        empty="There is no mailing yet; they come from the plan in an event document.",
    )


@commands.command("show")
def show(slug: Slug, as_json: Json = False) -> None:
    """Show one mailing: state, time, recipients, outcomes, what happened to it, and what you can do next."""

    async def action(app: App) -> dict[str, object]:
        held_up = await holds_up(app.database, app.templates, slug)
        async with app.database.read() as tx:
            row = await mailings.get_mailing(tx, slug)
            states = await deliveries.count_states(tx, row.id)
            stopped = row.state is MailingState.CANCELLED
            now = app.clock()
            runs = await beat.running_until(tx, now=now) is not None
            doubts = [one for one in await remedies.letters_in_doubt(tx, row.id) if stopped or one["next_at"] is None]
            return {
                "mailing": row,
                "corrects": " and ".join((await corrections.corrected_by(tx, row.id)).values()),
                "lists": await mailings.lists_of(tx, row.id),
                "recipients": (await audience.count_recipients(tx, [row]))[row.id],
                "deliveries": states,
                "next": next_steps(
                    row,
                    states,
                    now,
                    runs=runs,
                    held_up=held_up,
                    held_in_doubt=len(doubts),
                    withdrawn=await audience.count_withdrawn(tx, row.id) if stopped else 0,
                ),
                "refusals": [dict(attempt) for attempt in await remedies.refusals(tx, row.id)],
                "journal": [dict(note) for note in await journal.read_notes(tx, slug)],
            }

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    _show(found)


def _show(found: dict[str, object]) -> None:
    row, states, notes, refusals = found["mailing"], found["deliveries"], found["journal"], found["refusals"]
    steps = found["next"]
    if not (isinstance(row, MailingRow) and isinstance(states, dict)):
        raise TypeError("a mailing has a row and counts")
    due = console.local(row.due_at, row.timezone) or "no date yet"
    console.say(f"{row.slug}: {row.state}{f' ({row.reason})' if row.reason else ''}")
    for step in steps if isinstance(steps, list) else []:
        console.say(f"  next: {step}")
    lists = found["lists"] if isinstance(found["lists"], list) else []
    console.say(f"  template {row.planned.template}, due {due}, {found['recipients']} recipients{_of(row, lists)}")
    if found["corrects"]:
        console.say(f"  corrects {found['corrects']}, for those whom it reached")
    for state, count in sorted(states.items()):
        console.say(f"  {count} {state}")
    refused = refusals if isinstance(refusals, list) else []
    for attempt in refused[-SHOWN:]:
        said = " ".join(str(attempt[key]) for key in ("code", "enhanced", "text") if attempt[key])
        console.say(f"  subscriber #{attempt['subscriber_id']}: {attempt['kind']} at {attempt['phase']}: {said}")
    if len(refused) > SHOWN:
        console.say(f"  … and {len(refused) - SHOWN} attempts before these: newsletter mailing show {row.slug} --json")
    for note in notes if isinstance(notes, list) else []:
        console.say(f"  {console.local(note['at'], row.timezone)}  {note['action']}: {note['detail']}")


def _of(row: MailingRow, lists: Sequence[str]) -> str:
    """Of whom the recipients are, where it is not everybody: " (accepted of gemeenten)"."""
    return f" ({row.planned.audience} of {', '.join(lists)})" if row.planned.audience else ""


@commands.command("schedule")
def schedule(
    slug: Slug,
    at: At = "",
    recipients: Annotated[
        int | None, typer.Option("--recipients", help="The exact number of recipients; otherwise you are asked.", min=0)
    ] = None,
    despite: Annotated[
        str, typer.Option("--despite", help="Why it may go out although a check says “must”; the journal keeps it.")
    ] = "",
) -> None:
    """Confirm a mailing: from now on `newsletter run` sends it when it is due."""

    async def action(app: App) -> tuple[MailingRow, timedelta, str, bool]:
        now, undo = app.clock(), timedelta(seconds=app.settings.schedule.undo_seconds)
        moment, count = await letters.moment(app, slug, at, now), recipients
        if count is None:
            people = await control.count_to_confirm(app.database, slug, now=now, at=moment, undo=undo)
            async with app.database.read() as tx:
                asked = await mailings.get_mailing(tx, slug)
                of = _of(asked, await mailings.lists_of(tx, asked.id))
            count = letters.ask(f"{slug} goes to {people} recipients{of}", people)
            now = app.clock()  # an answer may take a while, and the time to undo begins with it
            moment = await letters.moment(app, slug, at, now)
        row = await control.schedule(
            app.database, app.templates, slug, recipients=count, now=now, at=moment, undo=undo, despite=despite
        )
        is_soon = row.due_at is not None and row.due_at <= now + undo
        held_up = await holds_up(app.database, app.templates, slug)
        return row, undo if is_soon else timedelta(), held_up, await _runs(app)

    row, undo, held_up, runs = console.with_app(action)
    due = console.local(row.due_at, row.timezone) or "when the event has a date"
    console.say(f"{slug}: scheduled, {due}, for {row.confirmed} recipients")
    leaves = f"It leaves in {undo.total_seconds():.0f} seconds" if runs else _sentence(NOTHING_RUNS)
    if held_up:
        console.say(f"As it is now, it is held when it is due: {held_up}")
    elif undo:
        console.say(f"{leaves}; to undo it: newsletter mailing cancel {slug}")
    elif not runs:
        console.say(leaves)


async def _runs(app: App) -> bool:
    """Whether something runs that sends what is due."""
    async with app.database.read() as tx:
        return await beat.running_until(tx, now=app.clock()) is not None


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


@commands.command("hold")
def hold(slug: Slug) -> None:
    """Stop a mailing that is scheduled, or pause it on its way; what was not sent yet waits for you."""

    async def action(app: App) -> list[str]:
        row = await control.hold(app.database, slug, now=app.clock())
        async with app.database.read() as tx:
            return next_steps(row, await deliveries.count_states(tx, row.id), app.clock())

    steps = console.with_app(action)
    console.say(f"{slug}: held; what was not sent yet waits for you")
    for step in steps:
        console.say(f"  next: {step}")


@commands.command("resume")
def resume(slug: Slug) -> None:
    """Let a mailing that was paused on its way go on as it was."""

    async def action(app: App) -> bool:
        await control.resume(app.database, slug, now=app.clock())
        return await _runs(app)

    runs = console.with_app(action)
    console.say(f"{slug}: goes on with the letters that were not sent yet")
    if not runs:
        console.say(f"  next: {NOTHING_RUNS}")


@commands.command("cancel")
def cancel(slug: Slug) -> None:
    """Take a mailing out of the schedule, or stop it on its way; what was sent stays sent."""

    async def action(app: App) -> tuple[int, list[str]]:
        row = await control.cancel(app.database, slug, now=app.clock())
        async with app.database.read() as tx:
            states, left = await deliveries.count_states(tx, row.id), await audience.count_withdrawn(tx, row.id)
            return states.get(DeliveryState.SENT.value, 0), next_steps(row, states, app.clock(), withdrawn=left)

    sent, steps = console.with_app(action)
    console.say(f"{slug}: cancelled" + (f"; {console.counted(sent, 'letter')} had been sent" if sent else ""))
    for step in steps:
        console.say(f"  next: {step}")


@commands.command("test")
def test(slug: Slug, to: Annotated[str, typer.Option("--to", help="The address that gets the test.")]) -> None:
    """Send the letter as it is now to one address, marked [TEST]; nobody on the lists gets anything."""

    typed = typed_address(to)

    async def action(app: App) -> Outcome:
        await fence.guard(app.database, now=app.clock())
        return await trial.send_test(app.sending, app.templates, slug, typed)

    outcome = console.with_app(action)
    if outcome.kind is not OutcomeKind.SENT:
        said = " ".join(part for part in (str(outcome.code or ""), outcome.enhanced, outcome.text) if part)
        raise NewsletterError(f"the test letter was not taken ({outcome.kind}): {said}")
    console.say(f"{slug}: test letter sent ({outcome.text})")


commands.command("check")(checking.check)
commands.command("resolve")(letters.resolve)
commands.command("again")(letters.again)
commands.command("correct")(letters.correct)
