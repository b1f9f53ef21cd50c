"""Memory: one statement of PostgreSQL that is run thousands of times, on a connection of its own.

In: SQL with $1, $2 …, and values as text. Out: rows of text. It is prepared once, then asked and answered right in the
event loop: what psycopg does at every execution (cursors, adapters, waiting) takes as long as the statement, and in a
thread, which was measured too, as long again for passing Python's lock to and fro.
"""

import asyncio
from collections.abc import Callable

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

NAME = b"it"
Row = tuple[str | None, ...]


class Statement:
    """Runs once at a time. Where its connection is lost that run fails, and the next one opens another."""

    def __init__(self, conninfo: str, settings: str, sql: str) -> None:
        """`settings` are made on each connection before `sql` is prepared there."""
        self._conninfo, self._settings, self._sql = conninfo, settings, sql
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._socket = -1
        self._result: pq.abc.PGresult | None = None
        self._answer: asyncio.Future[pq.abc.PGresult] | None = None

    async def run(self, *values: str) -> list[Row]:
        """The rows that it gives for these values.

        Raises:
            psycopg.Error: as psycopg does; where the connection was lost, it may have run all the same.
        """
        if self._connection is None:
            await self._open()
        given = [value.encode() for value in values]
        result = await self._ask(lambda wire: wire.send_query_prepared(NAME, given))
        columns = range(result.nfields)
        return [tuple(_text(result.get_value(row, column)) for column in columns) for row in range(result.ntuples)]

    def close(self) -> None:
        """Close its connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            asyncio.get_running_loop().remove_writer(self._socket)
            connection.pgconn.finish()

    async def _open(self) -> None:
        opened = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        try:
            await opened.execute(self._settings)
        except BaseException:
            await opened.close()
            raise
        # From here on the conversation is ours; psycopg keeps what it knows of the server.
        self._connection, self._socket = opened, opened.pgconn.socket
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        await self._ask(lambda wire: wire.send_prepare(NAME, self._sql.encode()))

    async def _ask(self, send: Callable[[pq.abc.PGconn], None]) -> pq.abc.PGresult:
        assert self._connection is not None
        loop, wire = asyncio.get_running_loop(), self._connection.pgconn
        self._answer, self._result = loop.create_future(), None  # of a run that was given up something may be left
        try:
            send(wire)
            if wire.flush():
                loop.add_writer(self._socket, self._flush)  # more than the network takes at once
            result = await self._answer
            if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
                raise error_from_result(result)
        except BaseException:
            self.close()  # an answer that still comes must not be taken for that of the next run
            raise
        finally:
            self._answer = None
        return result

    # What the event loop calls.

    def _read(self) -> None:
        assert self._connection is not None
        wire = self._connection.pgconn
        try:
            wire.consume_input()
            while not wire.is_busy() and (result := wire.get_result()) is not None:
                self._result = result
        except psycopg.OperationalError as error:
            self._fail(error)
            return
        if self._result is not None and not wire.is_busy() and self._answer is not None and not self._answer.done():
            self._answer.set_result(self._result)

    def _flush(self) -> None:
        assert self._connection is not None
        try:
            if not self._connection.pgconn.flush():
                asyncio.get_running_loop().remove_writer(self._socket)
        except psycopg.OperationalError as error:
            self._fail(error)

    def _fail(self, error: psycopg.OperationalError) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
