"""`newsletter worker`."""

import asyncio
import signal
from datetime import timedelta
from typing import Annotated, Any

import typer

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.beside import beside
from newsletter.errors import SettingsError, StoreError
from newsletter.store import fence

SQLITE = (
    "this store is SQLite, from which one process sends, with `newsletter run`: enough for one machine. For several, "
    "copy it to PostgreSQL once: newsletter store copy --to postgresql://user@host/name. Then, on every machine, set "
    "NEWSLETTER_STORE__URL to that, and start `newsletter worker`; the first time, run `newsletter store confirm-host`"
)


def worker_command(
    name: Annotated[
        str, typer.Option(metavar="NAME", help="What this worker is called in the store; its machine, by default.")
    ] = "",
) -> None:
    """Keep running as one of any number of workers on one PostgreSQL: fire mailings, and send letters together.

    End it with Ctrl-C or SIGTERM; the others go on with what it leaves.
    """

    async def action(app: App) -> None:
        if not is_shared(app):
            raise SettingsError(SQLITE)
        await fence.guard(app.database, now=app.clock())
        await work(app, name=name)

    console.with_app(action, sends=True)


def is_shared(app: App) -> bool:
    """Whether many processes can send from this store together."""
    return app.database.url.get_backend_name() == "postgresql"


async def work(app: App, *, name: str = "") -> None:
    """Be a worker of the fleet until a signal comes."""
    try:
        from newsletter.outbox.fleet import Fleet  # comes with an extra, and no other command needs it
    except ModuleNotFoundError as error:
        raise StoreError(
            f"{error.name} is not installed, which hands out letters; run pip install 'newsletter[postgres]'"
        ) from error

    def say(sentence: str) -> None:
        console.say_or_ignore(console.stamped(app.clock(), sentence))

    fleet = Fleet(
        app.sending,
        app.templates,
        refresh=timedelta(seconds=app.settings.schedule.refresh_seconds),
        say=say,
        name=name,
    )

    def interrupted() -> None:
        if fleet.is_stopping():
            fleet.abort()
        else:
            console.say_or_ignore("finishing the letters that are on their way; once more ends at once")
            fleet.stop()

    def failed(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Nobody waits for it: of a job that another took over while this worker gave no sign of life, for one.
        error = context.get("exception")
        said = str(getattr(error, "__cause__", None) or error or context["message"])
        say(f"in the background: {said.splitlines()[0]}")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(failed)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
    servers = [smtp.host for smtp in (app.settings.smtp, app.settings.smtp2, app.settings.smtp3) if smtp.host]
    way_out = ", else to ".join(servers) or f"the folder {app.settings.paths.outbox}"
    async with beside(app, say):
        await fleet.run(lambda: console.say(f"running; letters go to {way_out}; stop with Ctrl-C"))
    console.say_or_ignore("stopped; what was not sent yet goes on at other workers, or at the next start")
