"""`newsletter mailing resolve|again|correct`: what a person decides about letters that went out, or did not."""

from datetime import datetime
from typing import Annotated, Any

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.cli.when import read_moment
from newsletter.errors import CountError, RuleError
from newsletter.outbox import remedy
from newsletter.outbox.correct import Correction
from newsletter.outbox.correct import correct as make_correction
from newsletter.outbox.remedy import Remedied, Verdict
from newsletter.schedule.state import MailingState
from newsletter.store import mailings, remedies

Slug = Annotated[str, typer.Argument(help="The mailing, as `newsletter mailing list` shows it.")]
Until = Annotated[
    str, typer.Option("--until", help="Until when they may leave: “2027-01-28 09:00”; opens a window that has closed.")
]
AsSent = Annotated[
    bool, typer.Option("--as-sent", help="Send the letter as it was, though it would read differently now.")
]
#: Reasons of failures that are shown; servers write numbers of their own into them, so there may be many.
SHOWN = 20


def resolve(
    slug: Slug,
    sent: Annotated[bool, typer.Option("--sent", help="They arrived; nothing more is sent.")] = False,
    repeat: Annotated[bool, typer.Option("--again", help="Send them again, with the same Message-ID.")] = False,
    subscriber: Annotated[int | None, typer.Option("--subscriber", help="Only the letter of this subscriber.")] = None,
    until: Until = "",
    as_sent: AsSent = False,
    as_json: Json = False,
) -> None:
    """Show the letters in doubt of a mailing, or decide about them: they arrived, or go out again."""
    if sent and repeat:
        raise RuleError("--sent and --again contradict each other; choose one")
    if not (sent or repeat):
        _show_doubts(slug, as_json)
        return

    async def action(app: App) -> Remedied:
        now, verdict = app.clock(), Verdict.SENT if sent else Verdict.AGAIN
        last = await moment(app, slug, until, now)
        return await remedy.resolve(
            app.database, app.templates, slug, verdict, now=now, subscriber=subscriber, until=last, as_sent=as_sent
        )

    done = console.with_app(action)
    became = console.counted(done.letters, "letter counts as sent", "letters count as sent") if sent else _again(done)
    console.say(f"{slug}: {became}{_if_held(slug, done)}")


def _show_doubts(slug: str, as_json: bool) -> None:
    async def action(app: App) -> tuple[list[dict[str, Any]], str]:
        async with app.database.read() as tx:
            row = await mailings.get_mailing(tx, slug)
            return [dict(one) for one in await remedies.letters_in_doubt(tx, row.id)], await remedy.not_yet(tx, row)

    found, not_yet = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    console.table(
        ("subscriber", "address", "attempts", "why"),
        [(one["subscriber_id"], one["address"], one["attempts"], one["reason"]) for one in found],
        empty=f"{slug} has no letter in doubt.",
    )
    if found:
        verdict = "--sent" if not_yet else "--sent or --again"
        console.say(f"Look in the log of your mail server, then add {verdict}, and --subscriber N for one only.")
    if found and not_yet:
        console.say(f"{not_yet}.")


def again(
    slug: Slug,
    failed: Annotated[bool, typer.Option("--failed", help="Queue the letters that failed.")] = False,
    answer: Annotated[str, typer.Option("--answer", help="Only those whose answer holds this text.")] = "",
    recipients: Annotated[
        int | None, typer.Option("--recipients", help="The exact number of letters; otherwise you are asked.", min=0)
    ] = None,
    until: Until = "",
    as_sent: AsSent = False,
    as_json: Json = False,
) -> None:
    """Show why letters of a mailing failed, or, once the fault is mended, send them again."""
    if not failed:
        _show_failures(slug, as_json)
        return

    async def action(app: App) -> Remedied:
        now = app.clock()
        last, confirmed = await moment(app, slug, until, now), recipients
        if confirmed is None:
            count = await remedy.count_again(
                app.database, app.templates, slug, now=now, answer=answer, until=last, as_sent=as_sent
            )
            confirmed = ask(f"{slug}: {count} failed letter{'' if count == 1 else 's'} would be sent again", count)
        return await remedy.again(
            app.database,
            app.templates,
            slug,
            recipients=confirmed,
            now=now,
            answer=answer,
            until=last,
            as_sent=as_sent,
        )

    done = console.with_app(action)
    console.say(f"{slug}: {_again(done)}{_if_held(slug, done)}")


def _show_failures(slug: str, as_json: bool) -> None:
    async def action(app: App) -> tuple[list[tuple[str, int]], str]:
        async with app.database.read() as tx:
            row = await mailings.get_mailing(tx, slug)
            return await remedies.failures(tx, row.id), await remedy.not_yet(tx, row)

    found, not_yet = console.with_app(action)
    if as_json:
        console.as_json([{"reason": reason, "letters": count} for reason, count in found])
        return
    console.table(
        ("letters", "why"),
        [(count, reason) for reason, count in found[:SHOWN]],
        empty=f"No letter of {slug} has failed.",
    )
    if len(found) > SHOWN:
        console.say(f"… and {sum(count for _, count in found[SHOWN:])} letters for other reasons")
    if found and not_yet:
        console.say(f"{not_yet}.")
    elif found:
        console.say("When that is mended, add --failed; with --answer “text” only those whose answer holds that text.")


def correct(
    slugs: Annotated[
        list[str],
        typer.Argument(metavar="SLUG...", help="The mailing, or several about one event; who got two is written once."),
    ],
    label: Annotated[
        str,
        typer.Option("--label", help="What it is called for its readers, such as “Correctie”; otherwise its template."),
    ] = "",
    template: Annotated[
        str, typer.Option("--template", help="Its template; otherwise that of the mailing it corrects.")
    ] = "",
) -> None:
    """Make a mailing that goes to exactly those who got another one, or one of several, or may have got it."""

    async def action(app: App) -> Correction:
        return await make_correction(
            app.database, app.templates, *slugs, label=label, template=template, now=app.clock()
        )

    made = console.with_app(action)
    name = made.row.slug
    recipients = console.counted(made.recipients, "recipient")
    console.say(f"{name}: draft for {recipients}, those whom {' or '.join(made.corrects)} reached")
    if made.unreachable:
        console.say(f"  {made.unreachable} more got it, but left or were suppressed since; they are not written to")
    console.say(f"  next: mend the text, look at it with `newsletter mailing test {name} --to you@example.org`,")
    console.say(f"  then `newsletter mailing schedule {name} --at now`")


def ask(sentence: str, count: int) -> int:
    """Let a person type the number of recipients, which `sentence` tells.

    Raises:
        CountError: there is nobody who could.
    """
    if not console.out.is_terminal:
        raise CountError(f"{sentence}; confirm with --recipients {count}")
    console.say(f"{sentence}.")
    return int(typer.prompt("Type that number to confirm", type=int))


async def moment(app: App, slug: str, text: str, now: datetime) -> datetime | None:
    """A time that was given for a mailing; None if none was."""
    if not text:
        return None
    async with app.database.read() as tx:
        return read_moment(text, (await mailings.get_mailing(tx, slug)).timezone, now)


def _again(done: Remedied) -> str:
    return console.counted(done.letters, "letter is sent again", "letters are sent again")


def _if_held(slug: str, done: Remedied) -> str:
    return f" once it goes on: newsletter mailing show {slug}" if done.state is MailingState.HELD else ""
