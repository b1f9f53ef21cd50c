"""`newsletter store backup`."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import console
from newsletter.settings import ENV_FILE, Settings
from newsletter.store.backup import back_up
from newsletter.store.database import async_url


def backup_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup goes; it is not there yet.")],
) -> None:
    """Copy the whole SQLite store to a file while everything goes on, and read it back.

    To restore it, stop `newsletter run`, remove the files beside the store that end in -wal and -shm, put the backup in
    its place, and run `newsletter store confirm-host`. A store on PostgreSQL is backed up with pg_dump.
    """
    settings = console.own_settings()
    rows = back_up(async_url(settings.store.url, Path()), file)
    people = console.counted(rows.get("subscribers", 0), "person", "people")
    mailings = console.counted(rows.get("mailings", 0), "mailing")
    letters = console.counted(rows.get("deliveries", 0), "delivery", "deliveries")
    console.say(f"{file}: {people}, {mailings}, {letters}; whole, and read back")
    if others := beside_store(settings, Path()):
        console.say(f"Not in it, and part of a backup too: {', '.join(others)}")


def beside_store(settings: Settings, folder: Path) -> list[str]:
    """What else of a working folder could not be made anew: passwords, documents, keys, pictures."""
    paths = settings.paths
    names = (ENV_FILE, "events", paths.recipients, paths.templates, paths.dkim, paths.public, paths.originals)
    return [str(name) for name in names if (folder / name).exists()]
