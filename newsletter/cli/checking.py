"""`newsletter mailing check`: what is wrong with a mailing, where, and how to mend it."""

from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.letters import Slug
from newsletter.cli.series import Json
from newsletter.events.plan import Audience
from newsletter.outbox.fire import compose_row
from newsletter.preflight import spam as spamassassin
from newsletter.preflight.finding import Finding, Level, stopping, to_json
from newsletter.preflight.shell import Checked, check_all
from newsletter.schedule.rehearsal import holds_up
from newsletter.store import audience, events, mailings

#: What stands above each group of findings.
HEADINGS = {
    Level.MUST: "must be mended",
    Level.SHOULD: "should be mended",
    Level.HINT: "hints",
}


def check(
    slug: Slug,
    as_json: Json = False,
    links: Annotated[bool, typer.Option("--links", help="Visit the pages that it links to, too.")] = False,
    spam: Annotated[bool, typer.Option("--spam/--no-spam", help="Ask SpamAssassin, where it is installed.")] = True,
) -> None:
    """Check a mailing as it would go out now, and every recipient's letter; exit code 1 if something must be mended."""

    async def action(app: App) -> tuple[Checked, str]:
        held_up = await holds_up(app.database, app.templates, slug)
        async with app.database.read() as tx:
            row = await mailings.get_mailing(tx, slug)
            content = await mailings.content_of(tx, row.id)
            event = await events.get_event(tx, row.event)
        if content is None:
            content = await compose_row(app.database, app.templates, row, now=app.clock())
        async with app.database.read() as tx:
            people = audience.audience(tx, row.id)
            theme, now = app.templates.theme(event.series.theme), app.clock()
            to = row.planned.audience if row.started_at is None else Audience.EVERYBODY
            return (
                await check_all(content, event, people, now=now, theme=theme, links=links, spam=spam, to=to),
                held_up,
            )

    found, held_up = console.with_app(action)
    if as_json:
        console.as_json({**_as_document(slug, found), "held_up": held_up})
    else:
        _show(slug, found, spam=spam)
        if held_up:
            console.say(f"As it is now, it is held when it is due: {held_up}")
    if stopping(list(found.findings)):
        raise typer.Exit(1)


def _as_document(slug: str, found: Checked) -> dict[str, object]:
    letters = found.letters
    return {
        "mailing": slug,
        "findings": [to_json(finding) for finding in found.findings],
        "letters": letters.letters,
        "largest": letters.largest,
        "longest": letters.longest.id if letters.longest else None,
        "emptiest": letters.emptiest.id if letters.emptiest else None,
        "branches": [{"if": text, "holds": holds, "fails": fails} for text, holds, fails in letters.branches],
    }


def _show(slug: str, found: Checked, *, spam: bool) -> None:
    letters = found.letters
    must, should, hint = (sum(one.level is level for one in found.findings) for level in Level)
    console.say(f"{slug}: {must} must be mended, {should} should be, {hint} {'hint' if hint == 1 else 'hints'}")
    for level in Level:
        some = [finding for finding in found.findings if finding.level is level]
        if some:
            console.say("")
            console.say(f"{HEADINGS[level].capitalize()}:")
        for finding in some:
            _show_one(finding)
    console.say("")
    size = f", the largest {letters.largest / 1000:.0f} kB" if letters.longest else ""
    longest = f" (subscriber {letters.longest.id})" if letters.longest else ""
    noun = "letter" if letters.letters == 1 else "letters"
    console.say(f"{letters.letters} {noun} can be made{size}{longest}")
    for text, holds, fails in letters.branches:
        console.say(f"  [% if {text} %] holds for {holds}, not for {fails}")
    if spam and not spamassassin.is_installed():
        console.say("  SpamAssassin is not installed here, so nobody asked it.")


def _show_one(finding: Finding) -> None:
    source = f" ({finding.source})" if finding.source else ""
    console.say(f"  {finding.check}  {finding}{source}")
    if finding.recipients:
        console.say(f"    such as {', '.join(finding.recipients)}")
