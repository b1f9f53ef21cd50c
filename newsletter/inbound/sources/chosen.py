"""Stage 6: the sources that the settings name.

In: settings. Out: sources. Only what is configured is loaded.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

from newsletter.errors import SettingsError
from newsletter.inbound.incoming import Source
from newsletter.inbound.sources.reading import Memory
from newsletter.settings import Imap, Settings


def mailboxes(settings: Settings) -> list[tuple[str, Imap]]:
    """The IMAP mailboxes that are set, and what their settings are called."""
    named = (("IMAP", settings.imap), ("IMAP2", settings.imap2), ("IMAP3", settings.imap3))
    return [(group, imap) for group, imap in named if imap.host]


def has_sources(settings: Settings) -> bool:
    """Whether anything is read at all."""
    inbound = settings.inbound
    return bool(mailboxes(settings) or inbound.maildir or inbound.folder or inbound.lmtp)


def make_sources(settings: Settings, folder: Path, memory: Memory) -> list[Source]:
    """The places that are looked into. Each folder of a mailbox is one, with a connection of its own.

    Raises:
        SettingsError: two of them are the same.
    """
    sources = [*_imap_sources(settings, memory), *_file_sources(settings, folder, memory)]
    names = [source.name for source in sources]
    if twice := {name for name in names if names.count(name) > 1}:
        raise SettingsError(
            f"{twice.pop()} would be read twice; see the settings NEWSLETTER_IMAP__… (mailboxes of one name at two "
            "servers are told apart by their ADDRESS)"
        )
    return sources


def make_listeners(settings: Settings, folder: Path, memory: Memory, say: Callable[[str], None]) -> list[Source]:
    """The places that mail is brought to.

    Raises:
        InboundError: the setting is no place to listen at.
    """
    if not settings.inbound.lmtp:
        return []
    from newsletter.inbound.sources.lmtp import LmtpSource

    return [LmtpSource(settings.inbound.lmtp, memory, folder=folder, say=say)]


def _imap_sources(settings: Settings, memory: Memory) -> Iterator[Source]:
    for group, imap in mailboxes(settings):
        if not imap.username:
            raise SettingsError(f"NEWSLETTER_{group}__USERNAME is empty; give the name that the mailbox is opened with")
        from newsletter.inbound.sources.imap import ImapSource
        from newsletter.inbound.sources.tokens import Tokens

        tokens = Tokens(imap, group=group, clock=monotonic) if imap.token_url else None
        names = [name.strip() for name in imap.folders.split(",") if name.strip()]
        for name in dict.fromkeys(names or ["INBOX"]):
            yield ImapSource(imap, memory, folder=name, group=group, tokens=tokens)


def _file_sources(settings: Settings, folder: Path, memory: Memory) -> Iterator[Source]:
    inbound = settings.inbound
    memory = replace(memory, since_days=inbound.since_days)
    if inbound.maildir is not None:
        from newsletter.inbound.sources.maildir import MaildirSource

        yield MaildirSource(folder / inbound.maildir, memory)
    if inbound.folder is not None:
        from newsletter.inbound.sources.folder import FolderSource

        yield FolderSource(folder / inbound.folder, memory)
