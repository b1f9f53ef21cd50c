"""Stage 5: letters into a folder of .eml files, until a mail server is set.

In: envelope and bytes of a letter. Out: one file per letter, which any mail program opens.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel


class FolderTransport:
    """Writes letters into `folder`; the same letter again replaces its file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def relay(self) -> str:
        return "folder"

    @asynccontextmanager
    async def session(self) -> AsyncIterator["FolderTransport"]:
        yield self

    async def send(self, parcel: Parcel, following: Parcel | None = None) -> Outcome:
        """Write one letter; a full or read-only disk is a temporary failure."""
        try:
            name = await asyncio.to_thread(write_letter, self.folder, parcel.recipient, parcel.letter)
        except OSError as error:
            return Outcome(kind=OutcomeKind.TEMPORARY, phase="folder", text=f"{self.folder}: {error.strerror or error}")
        return Outcome(kind=OutcomeKind.SENT, phase="folder", text=name)

    def abandon(self) -> None:
        """Nothing of a letter is written ahead."""


def write_letter(folder: Path, recipient: str, letter: bytes) -> str:
    """Write one .eml, whole or not at all, and return its name: recipient and Message-ID make it unique."""
    folder.mkdir(parents=True, exist_ok=True)
    found = re.search(rb"^Message-ID:\s*<([^>]*)>", letter, re.MULTILINE | re.IGNORECASE)
    mark = hashlib.sha256(found.group(1) if found else letter).hexdigest()[:12]
    name = f"{re.sub(r'[^A-Za-z0-9@._+-]', '_', recipient)[:100]}-{mark}.eml"
    partial = folder / f".{name}.{os.getpid()}"
    partial.write_bytes(letter)
    partial.replace(folder / name)
    return name
