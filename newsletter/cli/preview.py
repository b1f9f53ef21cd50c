"""`newsletter preview`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from newsletter.app import PACKAGE, clock, make_templates
from newsletter.cli import console
from newsletter.errors import NewsletterError
from newsletter.settings import ENV_FILE, Settings
from newsletter.web.export import Written, write_files
from newsletter.web.shelf import Shelf

SAMPLE_EVENT = PACKAGE / "demo" / "files" / "masterclass-bewoners-in-beweging.md"
PORT = 8025


def preview(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the letters as files into this folder instead.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Where to serve; 0 is any free port.", min=0, max=65535)] = PORT,
) -> None:
    """Look at every template and mailing in the browser of this machine; pages follow what is saved. Nothing is sent.

    Templates are shown with a sample event, letters with a made-up recipient. End it with Ctrl-C.
    """
    shelf = make_shelf(console.settings(), Path())
    if out is None:
        from newsletter.web.server import serve  # the web server makes up a fifth of every command's start

        serve(shelf, port, console.say)
    else:
        _export(shelf, out)


def _export(shelf: Shelf, folder: Path) -> None:
    try:
        written = asyncio.run(_write(shelf, folder))
    except OSError as error:
        raise NewsletterError(f"{error.filename or folder} cannot be written: {error.strerror}") from error
    for file in written.files:
        console.say(f"wrote {file}")
    for trouble in (*written.warnings, *written.troubles):
        console.complain(trouble)
    if written.troubles:
        raise typer.Exit(1)


def make_shelf(settings: Settings, folder: Path) -> Shelf:
    """What can be previewed from a working folder; without its store where none is set up."""
    is_set_up = (folder / ENV_FILE).is_file() or "store" in settings.model_fields_set
    return Shelf(
        make_templates(settings, folder).folders,
        SAMPLE_EVENT,
        clock=clock,
        store_url=settings.store.url if is_set_up else "",
        working_folder=folder,
        public_url=settings.mail.public_url,
    )


async def _write(shelf: Shelf, folder: Path) -> Written:
    try:
        return await write_files(shelf, folder)
    finally:
        await shelf.close()
