"""`newsletter rehearse`."""

from typing import Annotated

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.cli.when import read_day
from newsletter.errors import RuleError
from newsletter.schedule.rehearsal import Rehearsed
from newsletter.schedule.rehearsal import rehearse as rehearse_store


def rehearse(
    begin: Annotated[str, typer.Option("--from", help="First day, as 2027-01-28 or 28-1-2027.")],
    end: Annotated[str, typer.Option("--until", help="Last day; it is still part of the rehearsal.")],
    as_json: Json = False,
) -> None:
    """Print which mailing would go to how many, and when, from a simulated clock; nothing is sent or changed."""
    first, last = read_day(begin), read_day(end)
    if last < first:
        raise RuleError(f"--until {last} is before --from {first}; turn them round")

    async def action(app: App) -> list[Rehearsed]:
        return await rehearse_store(app.database, app.templates, begin=first, end=last)

    lines = console.with_app(action)
    if as_json:
        console.as_json(lines)
        return
    console.table(
        ("when", "mailing", "recipients", "subject", "what happens"),
        [(f"{line.at:%Y-%m-%d %H:%M}", line.mailing, line.recipients, line.subject, line.remark) for line in lines],
        empty=f"Nothing is planned from {first} until {last}.",
    )
