"""The composition root: the only place where parts meet.

In: settings and the working folder. Out: an `App` that holds an open store, the templates, and the way out.
"""

import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from newsletter.compose.dkim import load_keys
from newsletter.compose.hosting import Hosting
from newsletter.compose.hosting_files import HostedFiles
from newsletter.compose.templates import Templates
from newsletter.outbox.limits import Limits
from newsletter.outbox.outcome import Transport
from newsletter.outbox.pacing import limits_of
from newsletter.outbox.signatures import cores, processes_for
from newsletter.outbox.worker import Clock, Sending
from newsletter.settings import Settings
from newsletter.smtp.client import SmtpTransport
from newsletter.smtp.failover import FailoverTransport
from newsletter.smtp.folder import FolderTransport
from newsletter.smtp.response import is_throttled, throttle_scope
from newsletter.store import journal
from newsletter.store.database import Database, open_database

if TYPE_CHECKING:
    from newsletter.inbound.intake import Intake
    from newsletter.inbound.watch import Watch

PACKAGE = Path(__file__).parent


def clock() -> datetime:
    """The real one; everything else gets a moment, or a clock, as an argument."""
    return datetime.now(UTC)


def shipped(name: str) -> Path:
    """A folder that comes with the product ("templates", "recipients"): in the wheel, or beside the package."""
    packed = PACKAGE / "_files" / name
    return packed if packed.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True, kw_only=True)
class App:
    folder: Path
    settings: Settings
    database: Database
    templates: Templates
    sending: Sending
    clock: Clock
    files: HostedFiles  #: pictures and calendar files


def make_templates(settings: Settings, folder: Path) -> Templates:
    """The templates of the working folder, behind them those that come with the product; and what they show."""
    folders = [folder / settings.paths.templates, shipped("templates")]
    return Templates(folders, showing=make_files(settings, folder).showing())


def make_files(settings: Settings, folder: Path) -> HostedFiles:
    """The folder whose files letters link to, and the one that keeps the originals of pictures."""
    return HostedFiles(
        hosting=Hosting(folder / settings.paths.public, settings.mail.public_url),
        originals=Hosting(folder / settings.paths.originals),
        inline=settings.mail.inline_images,
    )


def make_transport(settings: Settings, folder: Path) -> Transport:
    """The mail servers that are set, in their order; else a folder of .eml files."""
    servers = [SmtpTransport(smtp) for smtp in (settings.smtp, settings.smtp2, settings.smtp3) if smtp.host]
    if not servers:
        return FolderTransport(folder / settings.paths.outbox)
    return servers[0] if len(servers) == 1 else FailoverTransport(servers, time.monotonic)


def make_intake(app: App, say: Callable[[str], None]) -> "Intake":
    """What takes the messages of all sources."""
    from newsletter.inbound.intake import Intake  # what tells messages apart takes a tenth of a second to load

    settings, sending = app.settings, app.sending
    return Intake(
        app.database, secret=sending.secret, settings=settings.inbound, mail=settings.mail, clock=app.clock, say=say
    )


def make_watch(app: App, say: Callable[[str], None]) -> "Watch | None":
    """What watches the sources that are set, and sends replies on; None where no source is.

    Raises:
        SettingsError, InboundError: a source cannot be made of its settings.
    """
    from newsletter.inbound.sources.chosen import has_sources, make_listeners, make_sources

    settings, sending = app.settings, app.sending
    if not has_sources(settings):
        return None
    from newsletter.inbound.replying.forward import Forwarder
    from newsletter.inbound.sources.reading import Memory
    from newsletter.inbound.turn import StoredTurn
    from newsletter.inbound.watch import Watch
    from newsletter.store import messages

    intake, inbound = make_intake(app, say), settings.inbound
    memory = Memory(
        database=app.database,
        known=intake.known,
        clock=app.clock,
        largest=inbound.largest,
        poll_seconds=inbound.poll_seconds,
        address=inbound.address,
    )

    async def chores() -> None:
        await intake.finish()
        async with app.database.write() as tx:
            await messages.drop_texts(tx, app.clock() - timedelta(days=inbound.keep_days))

    return Watch(
        make_sources(settings, app.folder, memory),
        intake.take,
        Forwarder(
            app.database,
            sending.transport,
            settings.mail,
            secret=sending.secret,
            clock=app.clock,
            say=say,
            signers=sending.signers,
            keep_days=inbound.keep_days,
        ),
        say=say,
        pushed=make_listeners(settings, app.folder, memory, say),
        turn=StoredTurn(
            database=app.database,
            name=f"{socket.gethostname()[:60].replace(' ', '-')}-{uuid4().hex[:8]}",
            lease=sending.lease,
            clock=app.clock,
        ),
        chores=chores,
    )


@asynccontextmanager
async def open_app(settings: Settings, folder: Path, *, clock: Clock = clock) -> AsyncIterator[App]:
    """Open the store and wire the parts; closes what it opened.

    Raises:
        StoreError: the store cannot be opened.
    """
    database = await open_database(settings.store.url, folder)
    try:
        async with database.write() as tx:
            secret = await journal.secret(tx, secrets.token_bytes(32))
        sending = Sending(
            database=database,
            transport=make_transport(settings, folder),
            mail=settings.mail,
            secret=secret,
            clock=clock,
            connections=settings.smtp.connections,
            lease=timedelta(seconds=settings.schedule.lease_seconds),
            signers=load_keys(folder / settings.paths.dkim),
            signing_processes=processes_for(cores()),
            pause=settings.pause,
            pace=limits_of(settings.pace) if settings.smtp.host else Limits(),
            throttle=lambda outcome: throttle_scope(outcome) if is_throttled(outcome) else None,
        )
        yield App(
            folder=folder,
            settings=settings,
            database=database,
            templates=make_templates(settings, folder),
            sending=sending,
            clock=clock,
            files=make_files(settings, folder),
        )
    finally:
        await database.close()
