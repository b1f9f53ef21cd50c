"""How the stores find what a worker holds: never by a look at every delivery there is."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.store import deliveries
from newsletter.store.database import Database
from newsletter.store.ledger import open_ledger
from newsletter.store.ledger_postgres import COMMIT, PLANS
from newsletter.store.ledger_sqlite import BEGIN, SENT, SETTLE
from tests.contract.test_store import LATER, sending
from tests.world import NOW

PEOPLE = 3000
Question = Callable[[AsyncConnection], Awaitable[Any]]


async def explained(database: Database, question: Question) -> list[str]:
    """How the store goes about each statement of a question; nothing is changed."""
    said: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, statement: str, given: Any, *_rest: object) -> None:
        said.append((statement, given))

    prefix = "EXPLAIN QUERY PLAN " if database.url.get_backend_name() == "sqlite" else "EXPLAIN "
    async with database.write() as tx:
        assert tx.sync_connection is not None
        event.listen(tx.sync_connection, "before_cursor_execute", hear)
        await question(tx)
        event.remove(tx.sync_connection, "before_cursor_execute", hear)
        plans = []
        for statement, given in said:
            found = await tx.exec_driver_sql(prefix + statement, given)
            plans.append("\n".join(str(row[-1]) for row in found))
        await tx.rollback()
    return plans


async def fill(database: Database) -> int:
    """A mailing that has been sent, but for a few letters that a worker holds. Its id."""
    mailing_id = await sending(database, people=PEOPLE)
    ledger = await open_ledger(database, "worker")
    claimed = await ledger.claim(6, now=NOW, until=LATER)
    await ledger.commit([], [one.id for one in claimed[:3]], now=NOW)
    await ledger.close()
    async with database.write() as tx:
        await tx.execute(text("UPDATE deliveries SET state = 'sent', next_at = NULL WHERE claimed_by IS NULL"))
    if database.url.get_backend_name() != "sqlite":
        async with database.write() as tx:
            await tx.execute(text("ANALYZE deliveries"))
    return mailing_id


@pytest.mark.parametrize("workers", [["worker"], ["one", "other"]], ids=len)
async def test_what_workers_hold_is_found_by_their_names(database: Database, workers: Sequence[str]) -> None:
    mailing_id = await fill(database)
    questions: dict[str, Question] = {
        "renew": lambda tx: deliveries.renew(tx, workers, LATER),
        "release": lambda tx: deliveries.release(tx, workers, now=NOW),
        "release of one mailing": lambda tx: deliveries.release(tx, workers, now=NOW, mailing_id=mailing_id),
        "doubt": lambda tx: deliveries.doubt(tx, workers, now=NOW, next_at=NOW),
    }
    for name, question in questions.items():
        plans = await explained(database, question)
        assert plans, name
        assert all("ix_deliveries_held" in plan for plan in plans), (name, plans)


async def test_what_nobody_saw_the_end_of_is_looked_for_among_what_is_held(database: Database) -> None:
    await fill(database)
    plans = await explained(database, lambda tx: deliveries.doubt(tx, [], now=NOW, next_at=NOW))
    assert len(plans) == 2
    assert all("ix_deliveries_held" in plan for plan in plans), plans


async def test_what_is_settled_or_begun_is_found_by_its_id(database: Database) -> None:
    """Through the index of what is held, each letter would cost a look at all that its worker holds."""
    await fill(database)
    if database.url.get_backend_name() == "sqlite":
        statements = [SENT, SETTLE, BEGIN]
        given: list[Any] = [tuple("1" * one.count("?")) for one in statements]
        settings = "SELECT 1"
        explain = "EXPLAIN QUERY PLAN "
    else:
        statements, given, settings = [COMMIT], [()], PLANS
        explain = "EXPLAIN (GENERIC_PLAN) "
    async with database.read() as tx:
        for one in settings.split(";"):
            await tx.exec_driver_sql(one)
        for statement, values in zip(statements, given, strict=True):
            plan = "\n".join(str(row[-1]) for row in await tx.exec_driver_sql(explain + statement, values))
            assert "deliveries" in plan
            assert "ix_deliveries_held" not in plan, plan
