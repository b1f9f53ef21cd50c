"""Memory, the hot path on PostgreSQL.

In: the address of a database that `store.database` has opened before. Out: a `Ledger`.

Each claim and each commit is one statement, so one round trip and one transaction: rows travel as JSON, and a row that
another worker is just claiming is passed over (SKIP LOCKED). Claims have a connection of their own: one takes as long
as ten commits, and no letter is to wait for it.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from newsletter.errors import StoreError
from newsletter.outbox.delivery import OPEN, Batch, Delivery
from newsletter.store.ledger import Settled
from newsletter.store.statement import Statement

MAILINGS = "SELECT id FROM mailings WHERE state = 'sending' AND (closes_at IS NULL OR closes_at > %s) ORDER BY id"
CLAIM = """
WITH waiting AS (
  SELECT id FROM deliveries
  WHERE mailing_id = %s AND next_at <= %s AND state IN ('queued', 'claimed', 'deferred', 'in_doubt')
    AND id BETWEEN %s AND %s AND claimed_by IS DISTINCT FROM %s
  ORDER BY next_at, id LIMIT %s FOR UPDATE SKIP LOCKED
), mine AS (
  UPDATE deliveries d SET state = 'claimed', claimed_by = %s, next_at = %s FROM waiting
  WHERE d.id = waiting.id RETURNING d.id, d.mailing_id, d.subscriber_id, d.attempts, d.queued_at
)
SELECT d.id, d.mailing_id, d.subscriber_id, s.address, s.name, s.attributes, d.attempts, d.queued_at, x.reason,
  (SELECT min(l.list_id) FROM mailing_lists l JOIN subscriptions b ON b.list_id = l.list_id
   WHERE l.mailing_id = d.mailing_id AND b.subscriber_id = d.subscriber_id AND b.state = 'active')
FROM mine d JOIN subscribers s ON s.id = d.subscriber_id
LEFT JOIN suppressions x ON x.address_key = s.address_key
ORDER BY d.id"""
#: IS NOT DISTINCT FROM uses no index, so that rows are found by their id: the planner takes the index of what is held
#: for nearly empty, and would look through all of it for each row.
COMMIT = """
WITH settled AS (
  SELECT * FROM json_to_recordset($1::json) AS v (
    id bigint, at timestamptz, seconds float8, kind text, phase text, code integer, enhanced text, said text,
    state text, reason text, next_at timestamptz, attempts integer, ended boolean)
), tried AS (
  INSERT INTO attempts (delivery_id, at, seconds, kind, phase, code, enhanced, text)
  SELECT id, at, seconds, kind, phase, code, enhanced, said FROM settled WHERE kind IS NOT NULL
), ended AS (
  UPDATE deliveries d SET state = v.state, reason = v.reason, next_at = v.next_at, attempts = v.attempts,
    ended_at = CASE WHEN v.ended THEN $2::timestamptz END, claimed_by = NULL
  FROM settled v WHERE d.id = v.id AND d.claimed_by IS NOT DISTINCT FROM $3
)
UPDATE deliveries d SET state = 'sending' FROM mailings m
WHERE d.id = ANY($4::bigint[]) AND d.claimed_by IS NOT DISTINCT FROM $3 AND d.state = 'claimed' AND d.next_at > $2
  AND m.id = d.mailing_id AND m.state = 'sending'
RETURNING d.id"""

#: Whether a commit was written before: all of it was, or nothing.
TRIED = "SELECT 1 FROM attempts WHERE delivery_id = %s AND at = %s"
#: The server may still be at work for a connection that was lost: that ends, one way or the other, before we look.
END = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = %s"
BEGUN = """
SELECT id FROM deliveries WHERE id = ANY(%s) AND claimed_by IS NOT DISTINCT FROM %s AND state = 'sending'
  AND next_at > %s"""

#: Every row is found by its key. The planner cannot know how few there are in a JSON text, and a plan that reads a
#: table of a million rows for five of them, or is made anew for each commit, costs more than the commit.
PLANS = """
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
SET plan_cache_mode = force_generic_plan"""


class PostgresLedger:
    def __init__(self, conninfo: str, worker: str) -> None:
        self._conninfo, self._worker, self._turn = conninfo, worker, 0
        self._name = f"newsletter {worker}"[-63:]  # as long as the server keeps it
        self._write = Statement(psycopg.conninfo.make_conninfo(conninfo, application_name=self._name), PLANS, COMMIT)
        self._opening = asyncio.Lock()
        self._open: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    async def claim(self, limit: int, *, now: datetime, until: datetime, within: Batch | None = None) -> list[Delivery]:
        first, last = (within.first, within.last) if within else (0, 2**63 - 1)
        with _understood():
            found = await (await self._db()).execute(MAILINGS, (now,))
            mailings = [row[0] async for row in found if not within or row[0] == within.mailing_id]
            self._turn += 1
            claimed: list[Delivery] = []
            for number in range(len(mailings)):
                mailing_id = mailings[(number + self._turn) % len(mailings)]
                share = -(-(limit - len(claimed)) // (len(mailings) - number))
                given = (mailing_id, now, first, last, self._worker, share, self._worker, until)
                rows = await (await self._db()).execute(CLAIM, given, prepare=True)
                claimed += [self._delivery(row) async for row in rows]
        return claimed

    async def commit(
        self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime, again: bool = False
    ) -> frozenset[int]:
        with _understood():
            if again and (refused := await self._written(settled, begun, now)) is not None:
                return refused
            rows, ids = json.dumps([_row(one) for one in settled]), ",".join(map(str, begun))
            done = await self._write.run(rows, now.isoformat(), self._worker, f"{{{ids}}}")
        return frozenset(begun) - {int(row[0] or 0) for row in done}

    async def close(self) -> None:
        self._write.close()
        if self._open is not None:
            await self._open.close()

    async def _written(self, settled: Sequence[Settled], begun: Sequence[int], now: datetime) -> frozenset[int] | None:
        """What came of this commit, if it was written before."""
        async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as db:
            ended = await (await db.execute(END, (self._name,))).fetchall()
            if (False,) in ended:
                raise StoreError("the store cannot be used now: it is still busy with what was asked before")
            on_the_way = {row[0] async for row in await db.execute(BEGUN, (list(begun), self._worker, now))}
            tried = next((one for one in settled if one.outcome is not None), None)
            if tried is not None:
                known = await (await db.execute(TRIED, (tried.delivery_id, tried.at))).fetchone() is not None
            else:
                known = bool(on_the_way)
        return frozenset(begun) - on_the_way if known else None

    async def _db(self) -> "psycopg.AsyncConnection[tuple[Any, ...]]":
        """The connection for claims; a new one where the server has ended the last."""
        async with self._opening:
            if self._open is None or self._open.closed:
                self._open = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
                await self._open.execute(PLANS)
            return self._open

    def _delivery(self, row: tuple[Any, ...]) -> Delivery:
        list_id = row[-1]
        return Delivery._make((*row[:-1], list_id is not None, self._worker, list_id or 0))


@contextmanager
def _understood() -> Iterator[None]:
    """What psycopg raises when the database is busy for too long, or has gone, as our error."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreError(f"the store cannot be used now: {str(error).splitlines()[0]}") from error


def _row(one: Settled) -> dict[str, object]:
    decision, outcome = one.decision, one.outcome
    row: dict[str, object] = {
        "id": one.delivery_id,
        "state": decision.state.value,
        "reason": decision.reason,
        "next_at": decision.next_at.isoformat() if decision.next_at else None,
        "attempts": one.attempts,
        "ended": decision.state not in OPEN,
    }
    if outcome is not None:
        row |= {"at": one.at.isoformat(), "seconds": one.seconds, "kind": outcome.kind.value, "phase": outcome.phase}
        row |= {"code": outcome.code, "enhanced": outcome.enhanced, "said": outcome.text}
    return row
