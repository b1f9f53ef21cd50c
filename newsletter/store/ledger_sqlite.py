"""Memory, the hot path on SQLite.

In: a file that `store.database` has opened before. Out: a `Ledger`.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from newsletter.errors import StoreError
from newsletter.outbox.delivery import OPEN, Batch, Delivery, DeliveryState
from newsletter.store.ledger import Settled
from newsletter.store.write_ahead import IS_KNOWN, WriteAhead

T = TypeVar("T")
#: Of a text that begins with its value; `json.loads` looks for space around it first, which takes as long.
_READ_JSON = json.JSONDecoder().raw_decode

#: Pages of the write-ahead log before they go into the file (of 4 KB); fewer and larger checkpoints save whole syncs.
CHECKPOINT = 4000
#: A store in which another process is writing is asked again after so many seconds, so many times.
NEXT_TRY, TRIES = 0.002, 15_000

MAILINGS = "SELECT id FROM mailings WHERE state = 'sending' AND (closes_at IS NULL OR closes_at > ?) ORDER BY id"
WAITING = """
SELECT id FROM deliveries
WHERE mailing_id = ? AND next_at <= ? AND state IN ('queued', 'claimed', 'deferred', 'in_doubt') AND id BETWEEN ? AND ?
  AND claimed_by IS NOT ?
ORDER BY next_at, id LIMIT ?"""
CLAIM = """
UPDATE deliveries SET state = 'claimed', claimed_by = ?, next_at = ? WHERE id IN (SELECT value FROM json_each(?))"""
#: A list that the subscriber is active on: the first of those that the mailing goes to.
READ = """
SELECT d.id, d.mailing_id, d.subscriber_id, s.address, s.name, s.attributes, d.attempts, d.queued_at, x.reason,
  (SELECT min(l.list_id) FROM mailing_lists l JOIN subscriptions b ON b.list_id = l.list_id
   WHERE l.mailing_id = d.mailing_id AND b.subscriber_id = d.subscriber_id AND b.state = 'active')
FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id
LEFT JOIN suppressions x ON x.address_key = s.address_key
WHERE d.id IN (SELECT value FROM json_each(?)) ORDER BY d.id"""
ATTEMPT = """
INSERT INTO attempts (delivery_id, at, seconds, kind, phase, code, enhanced, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
#: The plus is there so that rows are found by their id, not among all that the worker holds.
SENT = """
UPDATE deliveries SET state = 'sent', reason = '', next_at = NULL, attempts = attempts + 1, ended_at = ?,
  claimed_by = NULL
WHERE id IN (SELECT value FROM json_each(?)) AND +claimed_by = ?"""
SETTLE = """
UPDATE deliveries SET state = ?, reason = ?, next_at = ?, attempts = ?, ended_at = ?, claimed_by = NULL
WHERE id = ? AND claimed_by = ?"""
BEGIN = """
UPDATE deliveries SET state = 'sending'
WHERE id IN (SELECT value FROM json_each(?)) AND +claimed_by = ? AND state = 'claimed' AND next_at > ?
  AND (SELECT state FROM mailings WHERE mailings.id = mailing_id) = 'sending'"""


#: Whether a commit was written before: all of it was, or nothing.
TRIED = "SELECT 1 FROM attempts WHERE delivery_id = ? AND at = ?"
BEGUN = """
SELECT id FROM deliveries
WHERE id IN (SELECT value FROM json_each(?)) AND +claimed_by = ? AND state = 'sending' AND next_at > ?"""


#: Stores whose log may not be on the disk, though it can be read: all of it goes into the file before anything else.
_UNSURE: set[str] = set()


class BusyError(Exception):
    """Another is writing to the store just now; nothing was done."""


class SqliteLedger:
    def __init__(self, path: str, worker: str) -> None:
        self._worker, self._turn = worker, 0
        self._db = sqlite3.connect(path, isolation_level=None, cached_statements=32)
        #: As SQLite calls it: beside the file itself, not beside a link to it, stands its log.
        self._path: str = self._db.execute("PRAGMA database_list").fetchone()[2]
        #: Commits return before they are durable, and `_sync` sees to that. Claims need not be: they would be free.
        self._syncs = IS_KNOWN and self._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        self._log: WriteAhead | None = None
        durable = "synchronous=NORMAL" if self._syncs else "synchronous=FULL"
        for pragma in ("busy_timeout=0", durable, "foreign_keys=ON", f"wal_autocheckpoint={CHECKPOINT}"):
            self._db.execute(f"PRAGMA {pragma}")

    async def claim(self, limit: int, *, now: datetime, until: datetime, within: Batch | None = None) -> list[Delivery]:
        return await _patiently(lambda: self._claim(limit, now, until, within))

    async def commit(
        self, settled: Sequence[Settled], begun: Sequence[int], *, now: datetime, again: bool = False
    ) -> frozenset[int]:
        if self._path in _UNSURE:
            self._make_sure()
        refused = await _patiently(lambda: self._commit(settled, begun, now, again=again))
        if self._syncs:
            await self._sync()
        return refused

    async def close(self) -> None:
        if self._log is not None:
            self._log.close()
        self._db.close()

    def _claim(self, limit: int, now: datetime, until: datetime, within: Batch | None) -> list[Delivery]:
        with self._transaction():
            ids = json.dumps(self._waiting(limit, stamp(now), within))
            if ids != "[]":
                self._db.execute(CLAIM, (self._worker, stamp(until), ids))
        return [self._delivery(row) for row in self._db.execute(READ, (ids,))] if ids != "[]" else []

    def _commit(
        self, settled: Sequence[Settled], begun: Sequence[int], now: datetime, *, again: bool
    ) -> frozenset[int]:
        at, worker = stamp(now), self._worker
        if again and (refused := self._written(settled, begun, at)) is not None:
            return refused
        tried, sent, others = [], [], []
        for one in settled:
            key, _, decision, outcome, began, seconds = one
            if outcome is not None:
                kind, phase, code, enhanced, text = outcome
                tried.append((key, stamp(began), seconds, kind.value, phase, code, enhanced, text))
            if decision.state is DeliveryState.SENT:
                sent.append(key)
            else:
                others.append(_settled(one, at, worker))
        with self._transaction():
            self._db.executemany(ATTEMPT, tried)
            self._db.execute(SENT, (at, json.dumps(sent), worker))
            self._db.executemany(SETTLE, others)
            return self._begin(begun, at)

    def _begin(self, begun: Sequence[int], at: str) -> frozenset[int]:
        """Those that may not be handed over."""
        if not begun:
            return frozenset()
        self._db.execute("SAVEPOINT begun")
        if self._db.execute(BEGIN, (json.dumps(begun), self._worker, at)).rowcount == len(begun):
            return frozenset()
        # Which of them those are is only told one by one.
        self._db.execute("ROLLBACK TO begun")
        each = {one: self._db.execute(BEGIN, (f"[{one}]", self._worker, at)).rowcount for one in begun}
        return frozenset(one for one, count in each.items() if count != 1)

    def _written(self, settled: Sequence[Settled], begun: Sequence[int], at: str) -> frozenset[int] | None:
        """What came of this commit, if it was written before."""
        on_the_way = {row[0] for row in self._db.execute(BEGUN, (json.dumps(begun), self._worker, at))}
        tried = next((one for one in settled if one.outcome is not None), None)
        if tried is not None:
            known = self._db.execute(TRIED, (tried.delivery_id, stamp(tried.at))).fetchone() is not None
        else:
            known = bool(on_the_way)
        return frozenset(begun) - on_the_way if known else None

    async def _sync(self) -> None:
        try:
            self._log = self._log or WriteAhead(self._path)
        except OSError as error:
            raise StoreError(f"the log of the store cannot be opened: {error.strerror}") from error
        self._log.start()
        await asyncio.sleep(0)  # letters are made while the disk writes
        try:
            self._log.finish()
        except OSError as error:
            _UNSURE.add(self._path)
            raise StoreError(f"the disk of the store failed: {error.strerror}") from error

    def _make_sure(self) -> None:
        """Write all of the log into the file, and begin it anew.

        A disk that failed says so once: the next sync may succeed and have left out what it failed to write (fsync(2),
        EIO). Of a transaction that it syncs itself SQLite would write that again; ours is seen by others already.
        """
        try:
            is_busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise StoreError(f"the disk of the store failed: {error}") from error
        if is_busy:
            raise StoreError("the disk of the store failed, and what it holds is in use by another process")
        _UNSURE.discard(self._path)

    def _waiting(self, limit: int, now: str, within: Batch | None) -> list[int]:
        """Of every mailing that is being sent a fair share; what one does not need the next may have."""
        first, last = (within.first, within.last) if within else (0, 2**63 - 1)
        mailings = [row[0] for row in self._db.execute(MAILINGS, (now,)) if not within or row[0] == within.mailing_id]
        self._turn += 1
        ids: list[int] = []
        for number in range(len(mailings)):
            mailing_id = mailings[(number + self._turn) % len(mailings)]
            share = -(-(limit - len(ids)) // (len(mailings) - number))
            ids += [row[0] for row in self._db.execute(WAITING, (mailing_id, now, first, last, self._worker, share))]
        return ids

    def _delivery(self, row: tuple[int, int, int, str, str, str, int, str, str | None, int | None]) -> Delivery:
        key, mailing_id, subscriber_id, address, name, attributes, attempts, queued_at, suppressed, list_id = row
        return Delivery(
            key,
            mailing_id,
            subscriber_id,
            address,
            name,
            _attributes(attributes),
            attempts,
            _moment(queued_at),
            suppressed,
            list_id is not None,
            self._worker,
            list_id or 0,
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise BusyError from error
            raise
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk ends it by itself
                self._db.execute("ROLLBACK")
            raise


async def _patiently(action: Callable[[], T]) -> T:
    """What comes of `action`, as soon as nobody else is writing."""
    try:
        for _ in range(TRIES):
            try:
                return action()
            except BusyError:
                await asyncio.sleep(NEXT_TRY)
        return action()
    except BusyError as error:
        raise StoreError(f"the store is in use by another process for {TRIES * NEXT_TRY:.0f} seconds now") from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"the store cannot be used now: {error}") from error


@lru_cache(maxsize=64)
def stamp(at: datetime) -> str:
    """A moment as `store.tables.Instant` keeps it in SQLite; in UTC, as all moments are that come here."""
    in_utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return in_utc.isoformat(" ", "microseconds")[: len("2026-03-02 09:00:00.000000")]


@lru_cache(maxsize=64)
def _moment(stamped: str) -> datetime:
    """A moment as it is kept; the deliveries of a mailing were all queued at the same."""
    return datetime.fromisoformat(stamped).replace(tzinfo=UTC)


def _settled(one: Settled, at: str, worker: str) -> tuple[object, ...]:
    decision = one.decision
    next_at = stamp(decision.next_at) if decision.next_at else None
    ended_at = None if decision.state in OPEN else at
    return (decision.state.value, decision.reason, next_at, one.attempts, ended_at, one.delivery_id, worker)


def _attributes(document: str) -> Mapping[str, str]:
    found: Mapping[str, str] = _READ_JSON(document)[0] if document != "{}" else {}
    return found
