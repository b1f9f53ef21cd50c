"""`newsletter init`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import clock, shipped
from newsletter.cli import console
from newsletter.demo.starter import starter_event
from newsletter.errors import NewsletterError
from newsletter.events.document import write
from newsletter.settings import ENV_FILE
from newsletter.settings_file import example_file

IGNORE = f"{ENV_FILE}\nvar/\ndkim/\n"
LIST = "email;naam;organisatie\nvoornaam.achternaam@example.nl;Voornaam Achternaam;Gemeente Voorbeeld\n"


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder; it is made if it is not there.")],
) -> None:
    """Make a working folder: settings, templates, an example list, an example event. Nothing in it is overwritten."""
    try:
        made = make_folder(folder)
    except OSError as error:
        raise NewsletterError(f"{error.filename or folder} cannot be made: {error.strerror}") from error
    for path in made:
        console.say(f"made {path}")
    if not made:
        console.say(f"{folder} has everything already")
    console.say(f"Next: cd {folder}, write your own people in recipients/voorbeeld.csv, then")
    console.say("  newsletter recipients import recipients/voorbeeld.csv")
    console.say("  newsletter event import events/kennisbijeenkomst.md")
    console.say("  newsletter mailing list")


def make_folder(folder: Path) -> list[Path]:
    """Write what is missing; returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        ENV_FILE: example_file(),
        ".gitignore": IGNORE,
        "recipients/voorbeeld.csv": LIST,
        "events/kennisbijeenkomst.md": write(starter_event(clock().date())),
    }
    made = [path for name, text in files.items() if (path := _write_new(folder / name, text))]
    if not (folder / "templates").exists():
        shutil.copytree(shipped("templates"), folder / "templates")
        made.append(folder / "templates")
    return made


def _write_new(path: Path, text: str) -> Path | None:
    if path.exists():
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
