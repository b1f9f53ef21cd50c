"""`newsletter web`."""

import asyncio
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.app import App
from newsletter.cli import console

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Where the pages are served that nobody has said a place for.
LISTEN = "127.0.0.1:8080"


def web_command(
    listen: Annotated[
        str,
        typer.Option("--listen", metavar="HOST:PORT", help=f"Where to serve; NEWSLETTER_WEB__LISTEN, or {LISTEN}."),
    ] = "",
) -> None:
    """Serve the public pages (unsubscribing, pictures, calendar files) to the web server in front of this machine.

    `newsletter run` does the same where NEWSLETTER_WEB__LISTEN is set. End it with Ctrl-C or SIGTERM.
    """

    async def action(app: App) -> None:
        from newsletter.web.public_server import serve_public  # slow to load, and no other command needs it

        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        if not app.settings.mail.public_url:
            console.say("letters do not link here yet: set NEWSLETTER_MAIL__PUBLIC_URL to the address of these pages")
        where = listen or app.settings.web.listen or LISTEN
        await serve_public(make_public(app), where, stop=stop, say=lambda said: console.say(f"{said}, until Ctrl-C"))
        console.say_or_ignore("stopped")

    console.with_app(action)


def make_public(app: App) -> "FastAPI":
    """The public pages of an open application."""
    from newsletter.web.public import create_public

    return create_public(
        app.database,
        secret=app.sending.secret,
        public=app.folder / app.settings.paths.public,
        contact=app.settings.inbound.contact,
        theme_of=app.templates.theme,
        clock=app.clock,
        say=console.say_or_ignore,
    )
