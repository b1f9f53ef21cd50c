"""`newsletter incidents …`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.letters import AsSent, Until, moment
from newsletter.cli.series import Json
from newsletter.errors import CountError, NewsletterError
from newsletter.outbox.remedy import Remedied
from newsletter.store import bounces

if TYPE_CHECKING:  # the words of all servers take a tenth of a second to load
    from newsletter.inbound.incidents import Mended

commands = typer.Typer(
    no_args_is_help=True,
    help="Incidents: letters that came back because of us, and sending them again once it is mended.",
)

#: An incident that is mended, and what came of sending its letters again.
Result = tuple["Mended", Remedied | NewsletterError | None]
Number = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the incident, as `newsletter incidents list` shows it.")
]


Numbers = Annotated[
    list[int], typer.Argument(metavar="ID…", help="Numbers of incidents, as `newsletter incidents list` shows them.")
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
    numbers: Numbers,
    send_again: Annotated[bool, typer.Option("--send-again", help="Send exactly these letters again.")] = False,
    recipients: Annotated[int | None, typer.Option("--recipients", help="How many in all, to be sure.")] = None,
    until: Until = "",
    as_sent: AsSent = False,
) -> None:
    """Say that the cause is gone: nobody loses their mail by it, and the letters can be sent again.

    Several incidents that had one cause are mended at once.
    """
    from newsletter.inbound import incidents

    async def action(app: App) -> list[Result]:
        now, settings = app.clock(), app.settings.inbound
        done = [await incidents.mend(app.database, one, settings=settings, now=now) for one in dict.fromkeys(numbers)]
        total = sum(one.letters for one in done)
        if not send_again or not total:
            return [(one, None) for one in done]
        if recipients != total:
            letters = console.counted(total, "letter")
            raise CountError(f"{letters} would be sent again; confirm with --recipients {total}")
        return [(one, await again(app, one, now) if one.letters else None) for one in done]

    async def again(app: App, one: "Mended", now: datetime) -> "Remedied | NewsletterError":
        try:
            last = await moment(app, one.mailing, until, now)
            return await incidents.send_again(
                app.database, app.templates, one.id, recipients=one.letters, now=now, until=last, as_sent=as_sent
            )
        except NewsletterError as error:  # of one mailing; the letters of the others leave all the same
            return error

    results = console.with_app(action)
    for one, sent in results:
        for sentence in sentences(one, sent, is_alone=len(results) == 1):
            console.say(sentence)
    left = [one for one, sent in results if sent is None and one.letters]
    if left and len(results) > 1:
        total = sum(one.letters for one in left)
        which = " ".join(str(one.id) for one in left)
        command = f"newsletter incidents mend {which} --send-again --recipients {total}"
        console.say(f"{console.counted(total, 'letter')} can be sent again with `{command}`")
    if failed := [sent for _, sent in results if isinstance(sent, NewsletterError)]:
        raise failed[0]


@commands.command("confirm")
def confirm(number: Number) -> None:
    """Say that the domain was right: the addresses that it called unknown do not exist; nothing is sent to them."""
    from newsletter.inbound import incidents

    async def action(app: App) -> int:
        return await incidents.confirm(app.database, number, now=app.clock())

    people = console.counted(console.with_app(action), "person", "people")
    console.say(f"incident #{number}: nothing is sent any more to {people}")


def sentences(done: "Mended", sent: "Remedied | NewsletterError | None", *, is_alone: bool) -> list[str]:
    """What came of mending an incident, as a person reads it; alone, it says how its letters are sent again."""
    said = []
    if done.bounces:
        people = console.counted(done.bounces, "person", "people")
        said.append(f"incident #{done.id} is mended: its bounces count no more for {people}")
    if done.restored:
        said.append(f"{done.restored} of them had lost their mail by it and get it again")
    if isinstance(sent, NewsletterError):
        if not is_alone:
            said.append(f"{done.mailing}: nothing was sent again: {sent}")
    elif sent is not None:
        held = f"; the mailing is {sent.state}" if sent.state != "sending" else "; `newsletter run` sends them"
        said.append(f"{done.mailing}: {console.counted(sent.letters, 'letter')} sent again{held}")
    elif done.letters and is_alone:
        command = f"newsletter incidents mend {done.id} --send-again --recipients {done.letters}"
        said.append(f"{done.mailing}: {console.counted(done.letters, 'letter')} can be sent again with `{command}`")
    if said or done.letters:
        return said
    return [f"incident #{done.id} is mended already, and nothing is left to send"]
