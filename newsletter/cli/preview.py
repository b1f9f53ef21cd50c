"""`newsletter preview`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.app import PACKAGE, clock, make_templates, make_transport, open_app
from newsletter.cli import console
from newsletter.compose.mailing import Mailing
from newsletter.errors import NewsletterError
from newsletter.settings import ENV_FILE, Settings
from newsletter.web.export import Written, write_files
from newsletter.web.items import Item
from newsletter.web.shelf import Shelf

if TYPE_CHECKING:
    from newsletter.web.preview import Posting

SAMPLE_EVENT = PACKAGE / "demo" / "files" / "masterclass-bewoners-in-beweging.md"
PORT = 8025


def preview(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the letters as files into this folder instead.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="Where to serve; 0 is any free port.", min=0, max=65535)] = PORT,
) -> None:
    """Look at every template and mailing in the browser of this machine; pages follow what is saved.

    Templates are shown with a sample event, letters with made-up recipients. Nothing is sent, unless you send what you
    look at to yourself. End it with Ctrl-C.
    """
    settings = console.settings()
    shelf = make_shelf(settings, Path())
    if out is None:
        from newsletter.web.server import serve  # the web server makes up a fifth of every command's start

        serve(shelf, port, console.say, make_posting(settings, Path()))
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
    return Shelf(
        make_templates(settings, folder).folders,
        SAMPLE_EVENT,
        clock=clock,
        store_url=settings.store.url if is_set_up(settings, folder) else "",
        working_folder=folder,
        public_url=settings.mail.public_url,
        public_folder=folder / settings.paths.public,
    )


def make_posting(settings: Settings, folder: Path) -> "Posting | None":
    """A way to send what is looked at to oneself; None where no working folder is set up."""
    from newsletter.web.posting import post
    from newsletter.web.preview import Posting

    if not is_set_up(settings, folder):
        return None

    async def post_from_here(item: Item, mailing: Mailing, address: str) -> str:
        # The store is opened for this one letter: looking makes none, and writes nothing to it.
        async with open_app(settings, folder) as app:
            return await post(app, item, mailing, address)

    if not settings.smtp.host:
        return Posting(relay=str(settings.paths.outbox), is_folder=True, post=post_from_here)
    return Posting(relay=make_transport(settings, folder).relay, is_folder=False, post=post_from_here)


def is_set_up(settings: Settings, folder: Path) -> bool:
    """Whether this is a working folder, with a store and a way out, rather than one of templates alone."""
    return (folder / ENV_FILE).is_file() or "store" in settings.model_fields_set


async def _write(shelf: Shelf, folder: Path) -> Written:
    try:
        return await write_files(shelf, folder)
    finally:
        await shelf.close()
