"""The composition root: the only place where parts meet.

In: settings and the working folder. Out: an `App` that holds an open store, the templates, and the way out.
"""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.compose.dkim import load_keys
from newsletter.compose.hosting import Hosting
from newsletter.compose.hosting_files import HostedFiles
from newsletter.compose.templates import Templates
from newsletter.outbox.limits import Limits
from newsletter.outbox.outcome import Transport
from newsletter.outbox.pacing import limits_of
from newsletter.outbox.worker import Clock, Sending
from newsletter.settings import Settings
from newsletter.smtp.client import SmtpTransport
from newsletter.smtp.failover import FailoverTransport
from newsletter.smtp.folder import FolderTransport
from newsletter.smtp.response import is_throttled, throttle_scope
from newsletter.store import journal
from newsletter.store.database import Database, open_database

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
