"""`newsletter`: the root of the command line, and how it ends.

Exit codes: 0 done; 1 a mistake that the sentence on stderr explains; 2 a command that cannot be read; 130 interrupted.
"""

import os
import sys
from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import (
    console,
    dkim,
    event,
    inbound,
    incidents,
    mailing,
    proposals,
    recipients,
    replies,
    series,
    store,
)
from newsletter.cli.demo import demo
from newsletter.cli.explain import explain
from newsletter.cli.init import init
from newsletter.cli.preview import preview
from newsletter.cli.rehearse import rehearse
from newsletter.cli.run import run_command
from newsletter.cli.store_backup import backup_command
from newsletter.cli.store_copy import copy_command
from newsletter.cli.web import web_command
from newsletter.cli.worker import worker_command
from newsletter.errors import NewsletterError

commands = typer.Typer(
    name="newsletter",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Mails event announcements and post-event reports to subscriber lists, on schedule; replies go to the contact "
    "mailbox. Start with: newsletter init DIR",
)
commands.add_typer(event.commands, name="event")
commands.add_typer(series.commands, name="series")
commands.add_typer(recipients.commands, name="recipients")
commands.add_typer(mailing.commands, name="mailing")
commands.add_typer(inbound.commands, name="inbound")
commands.add_typer(incidents.commands, name="incidents")
commands.add_typer(proposals.commands, name="proposals")
commands.add_typer(replies.commands, name="replies")
commands.add_typer(dkim.commands, name="dkim")
commands.add_typer(store.commands, name="store")
store.commands.command("backup")(backup_command)
store.commands.command("copy")(copy_command)
commands.command("init")(init)
commands.command("run")(run_command)
commands.command("worker")(worker_command)
commands.command("web")(web_command)
commands.command("rehearse")(rehearse)
commands.command("explain")(explain)
commands.command("preview")(preview)
commands.command("demo")(demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@commands.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that come before the command."""


def run() -> None:
    """The entry point: an error is one sentence on stderr, never a traceback."""
    try:
        commands()
    except NewsletterError as error:
        console.complain(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # Who read our output has gone (`| head`); nothing can be said to them any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("NEWSLETTER_DEBUG"):
            raise
        reason = " ".join(str(error).split())
        console.complain(f"unexpected {type(error).__name__}: {reason}; set NEWSLETTER_DEBUG=1 to see where")
        sys.exit(1)
