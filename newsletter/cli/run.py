"""`newsletter run`."""

import asyncio
import signal
from collections.abc import Callable
from datetime import timedelta

from newsletter.app import App
from newsletter.cli import console
from newsletter.cli.beside import beside
from newsletter.cli.worker import is_shared, work
from newsletter.store import fence


def run_command() -> None:
    """Keep running: fire mailings when they are due and send their letters. End it with Ctrl-C or SIGTERM.

    Mailboxes that are set are watched beside it, and the public pages served. Edits that are made meanwhile, with other
    commands, count without a restart.
    """

    from newsletter.schedule.runner import Runner  # the scheduler is slow to load, and no other command needs it

    async def action(app: App) -> None:
        await fence.guard(app.database, now=app.clock())
        if is_shared(app):
            await work(app)
            return
        progress = console.SendingProgress()
        runner = Runner(
            app.sending,
            app.templates,
            refresh=timedelta(seconds=app.settings.schedule.refresh_seconds),
            say=_stamped(app),
            on_start=progress.start,
            on_settled=progress.settled,
        )
        loop = asyncio.get_running_loop()

        def interrupted() -> None:
            if runner.is_stopping():
                runner.abort()
            else:
                console.say_or_ignore("finishing the letters that are on their way; once more ends at once")
                runner.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted)
        servers = [smtp.host for smtp in (app.settings.smtp, app.settings.smtp2, app.settings.smtp3) if smtp.host]
        way_out = ", else to ".join(servers) or f"the folder {app.settings.paths.outbox}"
        try:
            async with beside(app, _stamped(app)):
                console.say(f"running; letters go to {way_out}; stop with Ctrl-C")
                await runner.run()
        finally:
            progress.stop()
        console.say_or_ignore("stopped; what was not sent yet goes on at the next start")

    console.with_app(action, sends=True)


def _stamped(app: App) -> Callable[[str], None]:
    def say(sentence: str) -> None:
        console.say_or_ignore(console.stamped(app.clock(), sentence))

    return say
