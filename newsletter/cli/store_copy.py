"""`newsletter store copy`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from newsletter.app import App
from newsletter.cli import console
from newsletter.store.copy import copy_store, shown
from newsletter.store.database import open_database


def copy_command(
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The store to copy to, new or empty: postgresql://user@host/name or sqlite:///path. A password is "
            "better kept in ~/.pgpass than written here.",
        ),
    ],
) -> None:
    """Copy the whole store to another one: everything, or nothing. Stop `newsletter run` first; else it is refused.

    Nothing is sent from the copy until it is confirmed there with `newsletter store confirm-host`.
    """

    async def action(app: App) -> None:
        target = await open_database(to, Path())
        try:
            with CopyProgress() as progress:
                counts = await copy_store(app.database, target, now=app.clock(), follow=progress.follow)
            console.table(("table", "rows in both"), list(counts.items()), empty="")
            console.say(
                f"copied to {shown(target)}; now set NEWSLETTER_STORE__URL to it, run `newsletter store confirm-host`, "
                "and send no longer from the old store"
            )
        finally:
            await target.close()

    console.with_app(action)


class CopyProgress:
    """Rows as they arrive: a bar for each table on a terminal, plain lines elsewhere."""

    #: Without a terminal, a line each time so many rows of a table have arrived.
    EVERY = 100_000

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console.out,
            transient=True,
            disable=not console.out.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told = 0

    def __enter__(self) -> "CopyProgress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def follow(self, table: str, done: int, total: int) -> None:
        """So many rows of a table, of so many, have arrived."""
        if not total:
            return
        if table not in self._tasks:
            self._tasks[table], self._told = self._bars.add_task(table, total=total), 0
        self._bars.update(self._tasks[table], completed=done)
        if not console.out.is_terminal and done - self._told >= self.EVERY:
            self._told = done
            console.say_or_ignore(f"{table}: {done} of {total} rows")
