"""The ledger on PostgreSQL, where connections are lost and servers go on."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import psycopg
import pytest

from newsletter.errors import StoreError
from newsletter.store import deliveries
from newsletter.store.database import Database, open_database
from newsletter.store.ledger_postgres import PostgresLedger
from tests.contract.test_ledger import claim, settled, states
from tests.contract.test_store import LATER, sending
from tests.world import NOW

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE pid = {}"
CLAIMING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE '%WITH waiting%' AND pid <> pg_backend_pid()"""


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS lost WITH (FORCE)")
        connection.execute("CREATE DATABASE lost")
    opened = await open_database(postgres.replace("/postgres?", "/lost?"))
    yield opened
    await opened.close()


@pytest.fixture
async def ledger(database: Database, postgres: str) -> AsyncIterator[PostgresLedger]:
    made = PostgresLedger(postgres.replace("/postgres?", "/lost?"), "worker")
    yield made
    await made.close()


async def wait_until(postgres: str, query: str, count: int) -> None:
    async with await psycopg.AsyncConnection.connect(postgres.replace("/postgres?", "/lost?"), autocommit=True) as db:
        async with asyncio.timeout(20):
            while await (await db.execute(query)).fetchone() != (count,):
                pass


async def test_a_commit_that_the_server_is_still_at_work_on_is_made_once(
    database: Database, ledger: PostgresLedger, postgres: str
) -> None:
    mailing_id = await sending(database, people=3)
    one, two, _ = await claim(ledger)
    await ledger.commit([], [one.id], now=NOW)
    async with database.write() as tx:
        await deliveries.renew(tx, ["worker"], LATER)  # it holds their rows
        lost = asyncio.create_task(ledger.commit([settled(one)], [two.id], now=NOW))
        await wait_until(postgres, WAITING, 1)
        assert ledger._write._connection is not None
        at_work = AT_WORK.format(ledger._write._connection.pgconn.backend_pid)
        with socket.socket(fileno=os.dup(ledger._write._socket)) as network:
            network.shutdown(socket.SHUT_RDWR)
        with pytest.raises(StoreError):
            await lost
        await wait_until(postgres, at_work, 1)
        again = asyncio.create_task(ledger.commit([settled(one)], [two.id], now=NOW, again=True))
        await wait_until(postgres, at_work, 0)
    assert await again == frozenset()
    assert await states(database, mailing_id) == {"sent": 1, "sending": 1, "claimed": 1}
    async with database.read() as tx:
        assert len(await deliveries.attempts_of(tx, mailing_id)) == 1


async def test_claims_at_the_same_time_share_a_connection(
    database: Database, ledger: PostgresLedger, postgres: str
) -> None:
    await sending(database, people=30)
    claimed = await asyncio.gather(*(claim(ledger) for _ in range(3)))
    assert len({one.id for part in claimed for one in part}) == 30
    await wait_until(postgres, CLAIMING, 1)
