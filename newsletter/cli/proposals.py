"""`newsletter proposals …`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.store import proposals
from newsletter.subscribers.address import typed_address

if TYPE_CHECKING:  # the words of all servers take a tenth of a second to load
    from newsletter.inbound.deciding import Decided

commands = typer.Typer(
    no_args_is_help=True, help="Proposals: what messages say about subscribers, for a person to decide."
)

Number = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the proposal, as `newsletter proposals list` shows it.")
]
#: What each kind asks.
QUESTIONS = {
    "left": "does not work there any more",
    "moved": "has another address now",
    "leave": "asks to be taken off",
    "unproven": "may not exist: the bounce proves nothing",
}


@commands.command("list")
def list_(
    decided: Annotated[bool, typer.Option("--all", help="Also those that somebody has decided about.")] = False,
    as_json: Json = False,
) -> None:
    """List what waits for a decision, the oldest first, each with the sentence that says so."""

    async def action(app: App) -> list[dict[str, Any]]:
        async with app.database.read() as tx:
            return [dict(row) for row in await proposals.listing(tx, decided=decided)]

    rows = console.with_app(action)
    if as_json:
        console.as_json(rows)
        return
    console.table(
        ["id", "since", "state", "who", "proposal", "to", "evidence"],
        [
            (
                row["id"],
                f"{row['at']:%Y-%m-%d}",
                row["state"],
                row["address"],
                QUESTIONS.get(row["kind"], row["kind"]),
                row["proposed"].get("address", ""),
                row["evidence"],
            )
            for row in rows
        ],
        empty="Nothing waits for a decision.",
    )


@commands.command("accept")
def accept(
    number: Number,
    to: Annotated[
        str, typer.Option("--to", help="Address at which the subscriptions of who left or moved go on.")
    ] = "",
    name: Annotated[str, typer.Option("--name", help="Name of the person at that address.")] = "",
) -> None:
    """Do what is proposed: end the subscriptions, or let them go on at another address."""
    from newsletter.inbound import deciding

    typed = typed_address(to) if to else ""

    async def action(app: App) -> "Decided":
        return await deciding.accept(app.database, number, now=app.clock(), to=typed, name=name)

    for sentence in sentences(console.with_app(action)):
        console.say(sentence)


@commands.command("decline")
def decline(number: Number) -> None:
    """Let everything be as it is."""
    from newsletter.inbound import deciding

    async def action(app: App) -> str:
        return await deciding.decline(app.database, number, now=app.clock())

    console.say(f"proposal #{number} ({console.with_app(action)}) is declined; nothing has changed")


def sentences(done: "Decided") -> list[str]:
    """What came of accepting a proposal, as a person reads it."""
    if done.kind == "unproven":
        so = "nothing is sent to it any more" if done.suppressed else "it was suppressed before"
        return [f"{done.address}: {so}"]
    said = [f"{done.address}: {f'is off {_and(done.ended)} now' if done.ended else 'was on no list any more'}"]
    if done.to:
        said.append(f"{done.to}: {f'is on {_and(done.joined)} now' if done.joined else 'was put on no list'}")
    return said


def _and(slugs: Sequence[str]) -> str:
    return ", ".join(slugs)
