"""`newsletter inbound …`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from newsletter.cli import console
from newsletter.cli.series import Json
from newsletter.errors import NewsletterError

commands = typer.Typer(no_args_is_help=True, help="What comes back: bounces, automatic replies, and people.")


@commands.callback()
def _group() -> None:
    """Commands about what comes back."""


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
    from newsletter.inbound.classify import classify_part  # the words of all servers take a tenth of a second to load
    from newsletter.inbound.message import LONGEST, parse
    from newsletter.inbound.reference import reference

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
