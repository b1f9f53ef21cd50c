"""Stage 4, shell: the queue of batches on PostgreSQL. The only import of procrastinate.

In: batches to hand out. Out: each at one worker, which is woken at once; what the jobs of dead workers were.

The queue holds nothing that the deliveries do not say. It has a schema of its own beside them, and where it is lost, or
a job is, the same batches are cut again from what is due.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager
from procrastinate.types import JSONValue
from pydantic import TypeAdapter

from newsletter.errors import StoreError
from newsletter.outbox.delivery import Batch
from newsletter.store import fleet
from newsletter.store.database import Database

QUEUE, TASK = "letters", "send"
#: Should a wake-up get lost, a worker looks by itself after this time.
LOOK_AGAIN = timedelta(seconds=5)
_BATCH = TypeAdapter(Batch)


class Jobs:
    """An opened queue; `open_jobs` makes one."""

    def __init__(self, app: App, said: "_Said") -> None:
        self._app, self._said = app, said

    async def hand_out(self, batches: Sequence[Batch]) -> None:
        """Put batches into the queue; one that waits there already is not put in twice."""
        with _told():
            try:
                if batches:
                    await self._app.job_manager.batch_defer_jobs_async([_job(batch) for batch in batches])
            except AlreadyEnqueued:
                for batch in batches:
                    with suppress(AlreadyEnqueued):
                        await self._app.job_manager.defer_job_async(_job(batch))

    async def given(self) -> tuple[list[Batch], list[Batch]]:
        """The batches that wait in the queue, and those that a worker has begun."""
        with _told():
            jobs = list(await self._app.job_manager.list_jobs_async(queue=QUEUE))
        waiting, begun = (
            [_BATCH.validate_python(job.task_kwargs) for job in jobs if job.status == status.value]
            for status in (Status.TODO, Status.DOING)
        )
        return waiting, begun

    async def bury(self, silence: timedelta) -> int:
        """Take out the jobs of workers without a sign of life for so long; returns how many there were.

        Their deliveries are due again when their leases end, and are handed out like others.
        """
        manager, buried = self._app.job_manager, 0
        with _told():
            for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=silence.total_seconds()):
                with suppress(ConnectorException):  # it came to its end just now
                    await manager.finish_job(job, status=Status.FAILED, delete_job=True)
                    buried += 1
        return buried

    async def work(self, *, name: str, silence: timedelta, look_again: timedelta = LOOK_AGAIN) -> str:
        """Do jobs one after another until this is cancelled; a job that has begun ends first.

        After `silence` without a sign of life from here, others `bury` our job. Returns why it ended by itself.

        Raises:
            StoreError: the database cannot be used.
        """
        self._said.last = ""
        with _told():
            await self._app.run_worker_async(
                queues=[QUEUE],
                name=name,
                concurrency=1,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=look_again.total_seconds(),
                update_heartbeat_interval=silence.total_seconds() / 3,
                stalled_worker_timeout=silence.total_seconds(),
            )
        return self._said.last or "the queue ended"


@asynccontextmanager
async def open_jobs(database: Database, send: Callable[[Batch], Awaitable[None]]) -> AsyncIterator[Jobs]:
    """The queue on this database, with what is done with each of its batches; its tables are made if need be.

    Raises:
        StoreError: the database cannot be reached, or the tables cannot be made.
    """
    await prepare(database)
    arguments = fleet.connection_arguments(database)
    connector = PsycopgConnector(kwargs=arguments, configure=_in_own_schema, min_size=1, max_size=3)
    app = App(connector=connector)

    @app.task(name=TASK, queue=QUEUE)
    async def task(mailing_id: int, first: int, last: int) -> None:
        await send(Batch(mailing_id=mailing_id, first=first, last=last))

    with _Said() as said:
        with _told("the queue cannot be opened"):
            await app.open_async()
        try:
            yield Jobs(app, said)
        finally:
            with suppress(ConnectorException):
                await app.close_async()


async def _in_own_schema(connection: Any) -> None:
    await connection.execute(f"SET search_path TO {fleet.QUEUE_SCHEMA}")
    await connection.commit()


async def prepare(database: Database, steps: Mapping[str, str] | None = None) -> None:
    """Make the tables of the queue, or bring them up to date; many processes may do so at once.

    Raises:
        StoreError: it is not allowed, or a newer program has made them.
    """
    known = _steps() if steps is None else steps
    async with database.write() as tx:
        found = await fleet.queue_version(tx)
        missing = [SchemaManager.get_schema()] if found is None else [known[one] for one in missing_steps(found, known)]
        if missing:
            await fleet.make_queue(tx, missing, version=max(known))


def _steps() -> dict[str, str]:
    """How procrastinate takes its tables from each version to the next, by name; the names are in that order."""
    folder = Path(SchemaManager.get_migrations_path())
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}


def missing_steps(found: str, known: Collection[str]) -> list[str]:
    """The steps that are still to be taken from the version `found`, in their order.

    Raises:
        StoreError: it is newer than all that this program knows.
    """
    if found > max(known):
        raise StoreError(
            f"the tables of the queue are of version {found}, which is newer than this program knows; "
            "use the newer program on this machine too"
        )
    return sorted(name for name in known if name > found)


def _job(batch: Batch) -> Job:
    arguments: dict[str, JSONValue] = {"mailing_id": batch.mailing_id, "first": batch.first, "last": batch.last}
    waiting = f"{batch.mailing_id}/{batch.first}-{batch.last}"
    return Job(queue=QUEUE, lock=None, queueing_lock=waiting, task_name=TASK, task_kwargs=arguments)


@contextmanager
def _told(what: str = "the queue cannot be used now") -> Iterator[None]:
    """Errors of the library become ours."""
    try:
        yield
    except (ConnectorException, psycopg.Error) as error:
        raise StoreError(f"{what}: {_cause(error)}") from error


def _cause(error: Exception) -> str:
    return " ".join(str(error.__cause__ or error).split())


class _Said(logging.Handler):
    """What procrastinate logs as wrong; it would print it, and its own errors reach nobody otherwise."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._loggers = [logging.getLogger(name) for name in ("procrastinate", "psycopg.pool")]

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()

    def __enter__(self) -> "_Said":
        for logger in self._loggers:
            logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        for logger in self._loggers:
            logger.removeHandler(self)
