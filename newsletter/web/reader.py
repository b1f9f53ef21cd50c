"""The windows, shell: the store of the working folder, looked at and never written to.

In: the address of a store, which may not be there yet. Out: reading transactions, and whether what they would tell has
changed.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NotFoundError, StoreError
from newsletter.store import events, mailings
from newsletter.store.database import Database, async_url, open_database
from newsletter.web.items import Kind
from newsletter.web.watch import Stamp, stamps


class Reader:
    """A store that is opened as soon as it is there."""

    def __init__(self, url: str, folder: Path) -> None:
        """`url` is empty where no working folder is set up; a relative one holds from `folder`."""
        self._url, self._folder = url, folder
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._seen: dict[str, tuple[tuple[Stamp, ...], object]] = {}

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()
            self._database = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection | None]:
        """A reading transaction, or None where there is no store yet.

        Raises:
            StoreError: the store cannot be opened or read.
        """
        async with self._opening:
            if self._database is None and self._is_there():
                self._database = await open_database(self._url, self._folder)
        if self._database is None:
            yield None
            return
        try:
            async with self._database.read() as tx:
                yield tx
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(f"the store cannot be read: {cause}; start the preview again") from error

    async def parts(self, kind: Kind | None, name: str, event: str) -> object:
        """What the store holds of it. Ten times a second it is asked: while the file is as it was, so is the answer."""
        key, now = f"{kind}\n{name}\n{event}", stamps(self._files())
        if now and key in self._seen and self._seen[key][0] == now:
            return self._seen[key][1]
        found: object
        try:
            async with self.read() as tx:
                found = await _parts(tx, kind, name, event) if tx else None
        except StoreError as error:
            found = str(error)
        digest = hashlib.sha256(repr(found).encode()).hexdigest()
        self._seen[key] = (now, digest)
        return digest

    def _files(self) -> list[Path]:
        """The files of a SQLite store: it and its write-ahead log; none for a server."""
        if not self._url:
            return []
        url = async_url(self._url, self._folder)
        path = Path(url.database or "")
        return [path, path.with_name(f"{path.name}-wal")] if url.get_backend_name() == "sqlite" else []

    def _is_there(self) -> bool:
        if not self._url:
            return False
        files = self._files()
        return not files or files[0].is_file()


async def _parts(tx: AsyncConnection, kind: Kind | None, name: str, event: str) -> object:
    """What an item is made of; without a kind, the rows of all."""
    if kind is Kind.TEMPLATE:
        return await events.find_event(tx, event)
    if not name:
        return await mailings.all_mailings(tx)
    try:
        row = await mailings.get_mailing(tx, name)
    except NotFoundError as error:
        return str(error)
    return row, await mailings.content_of(tx, row.id), await events.find_event(tx, row.event)
