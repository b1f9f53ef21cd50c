"""A statement that is run thousands of times on a connection of its own, and what becomes of it when that is lost."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from newsletter.store.statement import Statement

SETTINGS = "SET application_name = 'statement under test'; SET jit = off"
#: Its value back, after so many seconds.
ECHO = "SELECT $1::text AS said, length($1::text)::text, NULL FROM pg_sleep($2::float8)"


@pytest.fixture
async def echo(postgres: str) -> AsyncIterator[Statement]:
    statement = Statement(postgres, SETTINGS, ECHO)
    yield statement
    statement.close()


async def end_it(postgres: str) -> None:
    """The server ends the connection of the statement."""
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'statement under test'"
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as connection:
        ended = await (await connection.execute(ours)).fetchall()
    assert ended == [(True,)]


async def wait_until_it_runs(postgres: str) -> None:
    running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND wait_event = 'PgSleep'"
    async with await psycopg.AsyncConnection.connect(postgres, autocommit=True) as connection, asyncio.timeout(20):
        while await (await connection.execute(running, ["statement under test"])).fetchone() != (1,):
            pass


async def test_each_run_gives_its_own_rows(echo: Statement) -> None:
    for number in range(300):
        assert await echo.run(f"{number} é", "0") == [(f"{number} é", str(len(f"{number} é")), None)]


async def test_a_value_of_some_megabytes_passes_whole(echo: Statement) -> None:
    long = "brief " * 1_000_000
    assert await echo.run(long, "0") == [(long, str(len(long)), None)]


async def test_what_gives_no_row_gives_none(postgres: str) -> None:
    statement = Statement(postgres, SETTINGS, "SELECT 1 WHERE $1::text = 'never'")
    assert await statement.run("now") == []
    statement.close()


async def test_a_connection_that_the_server_ended_meanwhile_is_opened_again(echo: Statement, postgres: str) -> None:
    assert await echo.run("before", "0") == [("before", "6", None)]
    await end_it(postgres)
    for _ in range(2):  # the end may come in just as the first of them is sent
        try:
            found = await echo.run("after", "0")
        except psycopg.OperationalError:
            continue
    assert found == [("after", "5", None)]


async def test_a_run_whose_connection_is_lost_fails_and_the_next_one_works(echo: Statement, postgres: str) -> None:
    run = asyncio.create_task(echo.run("lost", "60"))
    await wait_until_it_runs(postgres)
    await end_it(postgres)
    with pytest.raises(psycopg.OperationalError):
        await run
    assert await echo.run("found", "0") == [("found", "5", None)]


async def test_the_answer_of_a_run_that_was_given_up_is_not_that_of_the_next(echo: Statement, postgres: str) -> None:
    run = asyncio.create_task(echo.run("given up", "0.5"))
    await wait_until_it_runs(postgres)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await echo.run("next", "0") == [("next", "4", None)]


async def test_a_value_that_the_statement_cannot_take_fails_that_run_only(echo: Statement) -> None:
    with pytest.raises(psycopg.DataError):
        await echo.run("said", "no number")
    assert await echo.run("said", "0") == [("said", "4", None)]


async def test_a_statement_that_cannot_be_prepared_says_why_each_time(postgres: str) -> None:
    statement = Statement(postgres, SETTINGS, "SELECT nothing FROM nowhere")
    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedTable):
            await statement.run()
    statement.close()


async def test_without_a_server_it_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    statement = Statement(f"postgresql:///none?host={tmp_path_factory.mktemp('nobody')}", SETTINGS, ECHO)
    with pytest.raises(psycopg.OperationalError):
        await statement.run("anybody", "0")
    statement.close()
