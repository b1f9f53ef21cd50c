"""Memory: one database, SQLite or PostgreSQL behind one face.

In: the URL of the settings. Out: transactions. Whoever opens a transaction is a shell; queries get it as an argument.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import event, inspect, make_url, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from newsletter.errors import StoreError
from newsletter.store import write_ahead

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
#: Revision of the schema that this program works with.
NEWEST = max(
    path.name.partition("_")[0] for path in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py")
)
#: How long one process waits for another's write to SQLite, in milliseconds.
BUSY = 30_000


class Database:
    """An opened store; `open_database` makes one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def url(self) -> URL:
        """Where it is, with its driver and password."""
        return self._engine.url

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that changes something: all of it is committed at the end, or nothing.

        Raises:
            StoreError: the store is busy for too long, or has gone.
        """
        async with self._transaction(newsletter_write=True) as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that only reads, from one moment of the store."""
        async with self._transaction(newsletter_write=False) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, *, newsletter_write: bool) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(newsletter_write=newsletter_write)
                async with connection.begin():
                    yield connection
        except OperationalError as error:
            raise StoreError(f"the store cannot be used now: {str(error.orig).splitlines()[0]}") from error

    async def close(self) -> None:
        await self._engine.dispose()


def async_url(url: str, folder: Path) -> URL:
    """The URL with its asynchronous driver; a relative SQLite path holds from `folder`.

    Raises:
        StoreError: it is neither SQLite nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"the store “{url}” cannot be read; write sqlite:///path or postgresql://user@host/name"
        ) from error
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise StoreError(f"the store “{backend}” is not known; write sqlite:///path or postgresql://user@host/name")
    if backend == "sqlite" and parsed.database:
        return parsed.set(drivername=DRIVERS[backend], database=str(folder / parsed.database))
    return parsed.set(drivername=DRIVERS[backend])


async def open_database(url: str, folder: Path = Path()) -> Database:
    """Open the store and bring it to the schema of this program.

    Raises:
        StoreError: it cannot be reached, a newer program has written it, or a log that is not its own is beside it.
    """
    parsed = async_url(url, folder)
    sqlite = parsed.get_backend_name() == "sqlite"
    if sqlite and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        write_ahead.refuse_foreign(Path(parsed.database))
    try:
        engine = create_async_engine(parsed)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError("the driver of this store is not installed; run pip install 'newsletter[postgres]'") from error
    if sqlite:
        _prepare_sqlite(engine)
    plain = parsed.set(drivername=parsed.get_backend_name())
    shown = str(parsed.database) if sqlite else plain.render_as_string(hide_password=True)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(newsletter_write=True)
            async with connection.begin():
                await connection.run_sync(_migrate)
    except (DBAPIError, OSError) as error:
        await engine.dispose()
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"the store {shown} cannot be opened: {str(cause).splitlines()[0]}") from error
    except StoreError:
        await engine.dispose()
        raise
    if sqlite and parsed.database:
        write_ahead.opened(Path(parsed.database))
    return Database(engine)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """WAL, durable commits, and writers that queue up instead of failing halfway.

    The driver would begin a transaction by itself, and only at the first change: a reader that becomes a writer then
    fails at once when another has written in between. So we begin it, as a writer from the start where it will write.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY}", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        # WAL stays with the file once it is set, but SQLite does not wait for its turn to set it: when another
        # process is just making the store, that one sets it.
        with suppress(sqlite3.OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def began(connection: Connection) -> None:
        writes = connection.get_execution_options().get("newsletter_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(connection: Connection) -> None:
    """Bring the schema up to date. Nearly always it is, and what would do it takes a fifth of a second to load."""
    if _schema(connection) != NEWEST:
        from newsletter.store.migrate import migrate

        migrate(connection)


def _schema(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
