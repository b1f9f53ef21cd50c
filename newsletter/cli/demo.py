"""`newsletter demo`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import console
from newsletter.errors import NewsletterError, SettingsError


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where its store and inbox go.")] = Path("var/demo"),
) -> None:
    """Play the whole way of a series under a simulated clock, into a mailbox on this machine; nothing leaves it."""
    try:
        from newsletter.demo.play import Played, play, set_up
    except ModuleNotFoundError as error:
        raise SettingsError("the demo needs aiosmtpd; run pip install 'newsletter[demo]'") from error

    progress = console.SendingProgress()

    def started(slug: str, at: datetime, letters: int) -> None:
        console.say(f"{at:%Y-%m-%d %H:%M}  {slug}: {letters} letters")
        progress.start(letters)

    async def run() -> tuple[list[Played], int, Path]:
        async with set_up(folder) as stage:
            planned = f"{stage.people} people on four lists, {len(stage.plan)} mailings planned"
            console.say(f"{planned}; letters go over SMTP to a mailbox on this machine")
            played = await play(stage, on_start=started, on_settled=progress.settled)
            return played, stage.people * len(stage.plan), stage.inbox

    played, expected, inbox = asyncio.run(run())
    console.say("")
    rows = [(one.mailing.split("/")[-1], f"{one.at:%Y-%m-%d %H:%M}", one.letters, one.subject) for one in played]
    console.table(("mailing", "simulated time", "letters", "subject"), rows, empty="Nothing was played.")
    found = len(list(inbox.glob("*.eml")))
    console.say("")
    console.say(f"{found} letters in {inbox}; open one in a mail program")
    if found != expected:
        raise NewsletterError(f"{expected} letters were expected in {inbox}, and there are {found}")
