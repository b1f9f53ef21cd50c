"""`newsletter incidents …`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.letters import AsSent, Until, moment
from newsletter.cli.series import Json
from newsletter.errors import CountError
from newsletter.outbox.remedy import Remedied
from newsletter.store import bounces

if TYPE_CHECKING:  # the words of all servers take a tenth of a second to load
    from newsletter.inbound.incidents import Mended

commands = typer.Typer(
    no_args_is_help=True,
    help="Incidents: letters that came back because of us, and sending them again once it is mended.",
)

Number = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the incident, as `newsletter incidents list` shows it.")
]


@commands.command("list")
def list_(
    mended: Annotated[bool, typer.Option("--all", help="Also those that are mended.")] = False, as_json: Json = False
) -> None:
    """List letters that were refused because of us: by mailing, domain and reason, with what the server said."""
    from newsletter.inbound.telling.reasons import REASONS

    async def action(app: App) -> list[dict[str, Any]]:
        async with app.database.read() as tx:
            return [dict(row) for row in await bounces.all_incidents(tx, mended=mended)]

    rows = console.with_app(action)
    if as_json:
        console.as_json([{key: value for key, value in row.items() if key != "mailing_id"} for row in rows])
        return
    console.table(
        ["id", "mailing", "domain", "letters", "last", "state", "reason", "said"],
        [
            (
                row["id"],
                row["mailing"] or "",
                row["domain"],
                row["count"],
                console.local(row["last_at"], console.ZONE),
                row["remedy"] or "open" if row["mended_at"] else "open",
                f"{row['reason']}: {REASONS.get(row['reason'], '')}".rstrip(": "),
                row["said"],
            )
            for row in rows
        ],
        empty="Nothing was refused because of us.",
    )


@commands.command("mend")
def mend(
    number: Number,
    send_again: Annotated[bool, typer.Option("--send-again", help="Send exactly these letters again.")] = False,
    recipients: Annotated[int | None, typer.Option("--recipients", help="How many, to be sure.")] = None,
    until: Until = "",
    as_sent: AsSent = False,
) -> None:
    """Say that the cause is gone: nobody loses their mail by it, and the letters can be sent again."""
    from newsletter.inbound import incidents

    async def action(app: App) -> tuple["Mended", Remedied | None]:
        now = app.clock()
        done = await incidents.mend(app.database, number, settings=app.settings.inbound, now=now)
        if not send_again or not done.letters:
            return done, None
        if recipients is None:
            letters = console.counted(done.letters, "letter")
            raise CountError(f"{letters} would be sent again; confirm with --recipients {done.letters}")
        last: datetime | None = await moment(app, done.mailing, until, now)
        return done, await incidents.send_again(
            app.database, app.templates, number, recipients=recipients, now=now, until=last, as_sent=as_sent
        )

    done, sent = console.with_app(action)
    for sentence in sentences(done, sent):
        console.say(sentence)


@commands.command("confirm")
def confirm(number: Number) -> None:
    """Say that the domain was right: the addresses that it called unknown do not exist; nothing is sent to them."""
    from newsletter.inbound import incidents

    async def action(app: App) -> int:
        return await incidents.confirm(app.database, number, now=app.clock())

    people = console.counted(console.with_app(action), "person", "people")
    console.say(f"incident #{number}: nothing is sent any more to {people}")


def sentences(done: "Mended", sent: Remedied | None) -> list[str]:
    """What came of mending an incident, as a person reads it."""
    said = []
    if done.bounces:
        people = console.counted(done.bounces, "person", "people")
        said.append(f"incident #{done.id} is mended: its bounces count no more for {people}")
    if done.restored:
        said.append(f"{done.restored} of them had lost their mail by it and get it again")
    if sent is not None:
        held = f"; the mailing is {sent.state}" if sent.state != "sending" else "; `newsletter run` sends them"
        said.append(f"{done.mailing}: {console.counted(sent.letters, 'letter')} sent again{held}")
    elif done.letters:
        command = f"newsletter incidents mend {done.id} --send-again --recipients {done.letters}"
        said.append(f"{done.mailing}: {console.counted(done.letters, 'letter')} can be sent again with `{command}`")
    return said or [f"incident #{done.id} is mended already, and nothing is left to send"]
