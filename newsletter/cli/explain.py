"""`newsletter explain`."""

from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.outbox.explain import Explanation
from newsletter.outbox.explain import explain as explain_address


def explain(
    address: Annotated[str, typer.Argument(help="The e-mail address, in any letter case.")], as_json: Json = False
) -> None:
    """Tell why somebody gets mail or does not: lists, suppression, what they got, what is next."""

    async def action(app: App) -> Explanation:
        return await explain_address(app.database, address)

    found = console.with_app(action)
    if as_json:
        console.as_json(found)
        return
    for sentence in sentences(address, found):
        console.say(sentence)


def sentences(address: str, found: Explanation) -> list[str]:
    """The explanation as a person reads it."""
    lines = [f"{address}{f' ({found.name})' if found.name else ''}"]
    if found.suppressed:
        lines.append(f"  suppressed: {found.suppressed}; nothing is sent to it, whatever list it is on")
    if not found.known:
        return [*lines, "  is on no list, so nothing is sent to it"]
    for row in found.subscriptions:
        lines.append(f"  {row['list']}: {row['state']} since {row['since']:%Y-%m-%d}")
    lines.append("got:" if found.deliveries else "got: nothing yet")
    for row in found.deliveries:
        day = row["ended_at"] or row["queued_at"]
        tries = f", {row['attempts']} attempts" if row["attempts"] > 1 else ""
        lines.append(f"  {row['mailing']}: {row['state']} {day:%Y-%m-%d %H:%M} UTC{tries} {row['reason']}".rstrip())
    lines.append("next:" if found.upcoming else "next: nothing planned")
    for item in found.upcoming:
        due = f"{item.due_at:%Y-%m-%d %H:%M} UTC" if item.due_at else "no date yet"
        lines.append(f"  {item.mailing}, {due}: {item.verdict}")
    return lines
