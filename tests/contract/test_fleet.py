"""Workers that share one PostgreSQL: the queue of batches, whose turn it is, and what a worker does with both."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection

from newsletter.compose.templates import Templates
from newsletter.errors import StoreError
from newsletter.outbox.batches import CELL, Cell
from newsletter.outbox.control import schedule
from newsletter.outbox.delivery import Batch
from newsletter.outbox.fire import Fired, look_at_clock
from newsletter.outbox.fleet import Fleet
from newsletter.outbox.jobs import LOOK_AGAIN, Jobs, open_jobs, prepare
from newsletter.outbox.worker import Clock, Sending
from newsletter.schedule.state import MailingState
from newsletter.settings import Mail, Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.store import deliveries, fleet, journal, mailings
from newsletter.store.audience import enqueue
from newsletter.store.copy import copy_store
from newsletter.store.database import Database, open_database
from newsletter.store.tables import metadata
from tests.smtp_server import Server, smtp_server
from tests.world import EVENT_SLUG, NOW, event, fill, mailing_content

REMINDER = f"{EVENT_SLUG}/reminder"
TEMPLATES = Templates([Path(__file__).parents[2] / "templates"])
#: Workers compare their clock with the database's, so theirs is the real one, and the event is far ahead of it.
AHEAD = replace(event(), start=datetime(2090, 4, 20, 13), end=datetime(2090, 4, 20, 16), programme=())
SILENCE = timedelta(minutes=1)
FIRST, SECOND = Batch(mailing_id=1, first=0, last=999), Batch(mailing_id=1, first=1000, last=1999)


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def url(postgres: str) -> str:
    """A new database of a PostgreSQL server."""
    name = f"fleet_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture
async def shared(url: str) -> AsyncIterator[Database]:
    database = await open_database(url)
    yield database
    await database.close()


async def nothing(_batch: Batch) -> None:
    """Do not send."""


@asynccontextmanager
async def working(
    database: Database, done: asyncio.Queue[Batch], look_again: timedelta = LOOK_AGAIN
) -> AsyncIterator[Jobs]:
    """Work while the block runs; what the worker was given goes to `done`."""

    async def send(batch: Batch) -> None:
        done.put_nowait(batch)

    async with open_jobs(database, send) as jobs:
        task = asyncio.create_task(jobs.work(name="test", silence=SILENCE, look_again=look_again))
        try:
            yield jobs
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def numbered(count: int) -> list[Batch]:
    return [Batch(mailing_id=1, first=number * CELL, last=number * CELL + CELL - 1) for number in range(count)]


async def test_the_tables_of_the_queue_are_no_business_of_the_stores_migrations(shared: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    await prepare(shared)
    async with shared.read() as tx:
        assert await tx.run_sync(differences) == []
        assert await tx.scalar(text("SELECT count(*) FROM newsletter_jobs.procrastinate_jobs")) == 0


async def test_many_workers_can_make_the_queue_at_once(shared: Database) -> None:
    await asyncio.gather(*(prepare(shared) for _ in range(4)))
    async with open_jobs(shared, nothing) as jobs:
        await jobs.hand_out([FIRST])
        assert await jobs.given() == ([FIRST], [])


async def test_the_queue_of_an_earlier_program_is_brought_up_to_date_once(shared: Database) -> None:
    await prepare(shared)
    later = {"99.00.00_01_pre_more": "CREATE TABLE more (id int, said text DEFAULT '100%')"}
    await prepare(shared, later)
    await prepare(shared, later)
    async with shared.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM newsletter_jobs.more")) == 0
    with pytest.raises(StoreError, match="newer than this program knows"):
        await prepare(shared)


async def test_a_step_that_fails_leaves_the_queue_as_it_was(shared: Database) -> None:
    await prepare(shared)
    broken = {"99.00.00_01_pre": "CREATE TABLE more (id int)", "99.00.00_50_post": "CREATE TABLE more (id int)"}
    with pytest.raises(StoreError, match=r"cannot be made in schema newsletter_jobs: .*already exists"):
        await prepare(shared, broken)
    await prepare(shared)
    async with shared.read() as tx:
        assert await tx.scalar(text("SELECT to_regclass('newsletter_jobs.more')")) is None


async def test_who_may_not_make_schemas_can_be_given_one(shared: Database) -> None:
    role = f"role_{uuid4().hex}"
    async with shared.write() as tx:
        await tx.execute(text(f"CREATE ROLE {role} LOGIN"))
        await tx.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"))
    limited = await open_database(shared.url.set(username=role).render_as_string(hide_password=False))
    with pytest.raises(StoreError, match="run CREATE SCHEMA newsletter_jobs AUTHORIZATION"):
        await prepare(limited)
    async with shared.write() as tx:
        await tx.execute(text(f"CREATE SCHEMA newsletter_jobs AUTHORIZATION {role}"))
    async with open_jobs(limited, nothing) as jobs:
        await jobs.hand_out([FIRST])
        assert await jobs.given() == ([FIRST], [])
    await limited.close()


async def test_a_batch_that_waits_already_is_not_put_in_twice(shared: Database) -> None:
    async with open_jobs(shared, nothing) as jobs:
        await jobs.hand_out([])
        await jobs.hand_out([FIRST])
        await jobs.hand_out([FIRST, SECOND])
        assert await jobs.given() == ([FIRST, SECOND], [])


async def test_an_idle_worker_is_woken(shared: Database) -> None:
    done = asyncio.Queue[Batch]()
    async with working(shared, done, look_again=timedelta(hours=1)) as jobs:
        # A wake-up can get lost while a worker is just looking, or is not listening yet; but not one after another.
        for batch in numbered(10):
            await jobs.hand_out([batch])
            with suppress(TimeoutError):
                assert await asyncio.wait_for(done.get(), 5) in numbered(10)
                break
        else:
            pytest.fail("it was not woken")


async def test_each_batch_goes_to_one_worker_and_the_queue_is_empty_then(shared: Database) -> None:
    done = asyncio.Queue[Batch]()
    async with working(shared, done) as jobs, working(shared, done):
        await jobs.hand_out(numbered(40))
        got = [await asyncio.wait_for(done.get(), 60) for _ in range(40)]
    async with open_jobs(shared, nothing) as jobs:
        assert await jobs.given() == ([], [])
    assert done.empty()
    assert Counter(got) == Counter(numbered(40))


async def test_a_worker_that_is_told_to_end_finishes_its_job_first(shared: Database) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    ended: list[Batch] = []

    async def send(batch: Batch) -> None:
        begun.set()
        await may_end.wait()
        ended.append(batch)

    async with open_jobs(shared, send) as jobs:
        task = asyncio.create_task(jobs.work(name="test", silence=SILENCE))
        await jobs.hand_out([FIRST, SECOND])
        await asyncio.wait_for(begun.wait(), 60)
        task.cancel()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [FIRST]
        assert await jobs.given() == ([SECOND], [])


async def test_the_job_of_a_worker_without_a_sign_of_life_is_taken_out(shared: Database) -> None:
    async with open_jobs(shared, nothing) as jobs:
        await jobs.hand_out([FIRST, SECOND])
        async with shared.write() as tx:
            await tx.execute(text("SET LOCAL search_path TO newsletter_jobs"))
            for age in (59, 61):
                heard = f"INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '{age} seconds')"
                await tx.execute(text(heard))
            await tx.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = id"))
        assert await jobs.given() == ([], [FIRST, SECOND])
        assert await jobs.bury(SILENCE) == 1
        assert await jobs.given() == ([], [FIRST])


async def test_a_worker_that_was_only_slow_goes_on_without_its_job(shared: Database) -> None:
    may_end, done = asyncio.Event(), asyncio.Queue[Batch]()

    async def send(batch: Batch) -> None:
        done.put_nowait(batch)
        await may_end.wait()

    async with open_jobs(shared, send) as jobs:
        task = asyncio.create_task(jobs.work(name="test", silence=SILENCE))
        await jobs.hand_out([FIRST])
        assert await asyncio.wait_for(done.get(), 60) == FIRST
        async with shared.write() as tx:
            aged = "UPDATE newsletter_jobs.procrastinate_workers SET last_heartbeat = now() - interval '61 seconds'"
            await tx.execute(text(aged))
        assert await jobs.bury(SILENCE) == 1
        # The library lets an error go unheard: that its job is not there any more.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        may_end.set()
        await jobs.hand_out([SECOND])
        assert await asyncio.wait_for(done.get(), 60) == SECOND
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await jobs.given() == ([], [])


async def test_one_worker_at_a_time_looks_at_the_clock(shared: Database) -> None:
    async with fleet.turn_at_clock(shared) as first, fleet.turn_at_clock(shared) as second:
        assert (first, second) == (True, False)
    async with fleet.turn_at_clock(shared) as again:
        assert again


async def test_one_worker_sweeps_and_the_others_wait_as_long(shared: Database) -> None:
    async def take(every: timedelta) -> bool:
        async with shared.write() as tx:
            return await fleet.take_sweep(tx, every)

    assert sorted(await asyncio.gather(*(take(SILENCE) for _ in range(4)))) == [False, False, False, True]
    assert not await take(SILENCE)
    assert await take(timedelta())
    async with shared.write() as tx:
        await tx.execute(text("UPDATE meta SET value = '2020' WHERE key = 'fleet_swept_at'"))
    assert await take(SILENCE)


#: State of a delivery, seconds until its time, state of its mailing, seconds until that closes; is it due?
DUE = [
    ("queued", 0, "sending", 60, True),
    ("queued", 0, "sending", None, True),
    ("deferred", 1, "sending", 60, False),
    ("deferred", 0, "sending", 60, True),
    ("in_doubt", -1, "sending", 60, True),
    ("in_doubt", None, "sending", 60, False),
    ("claimed", 60, "sending", 60, False),
    ("claimed", -1, "sending", 60, True),
    ("queued", 0, "held", 60, False),
    ("queued", 0, "sending", 0, False),
    ("sending", 60, "sending", 60, False),
    ("sending", -1, "sending", 60, True),
    ("sending", -1, "held", 60, True),
    ("sent", None, "sending", 60, False),
]


async def test_what_somebody_should_look_at(shared: Database) -> None:
    def moment(span: int | None) -> datetime | None:
        return None if span is None else NOW + timedelta(seconds=span)

    await fill(shared, people=3)
    async with shared.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await enqueue(tx, row.id, now=NOW)
        await tx.execute(text("UPDATE deliveries SET id = id + 1998"))  # so that they are in two cells
        both = [Cell(mailing_id=row.id, number=1, letters=1), Cell(mailing_id=row.id, number=2, letters=2)]
        for state, seconds, mailing, closes, is_due in DUE:
            given = {"state": state, "at": moment(seconds), "mailing": mailing, "closes": moment(closes)}
            await tx.execute(text("UPDATE deliveries SET state = :state, next_at = :at, claimed_by = 'x'"), given)
            await tx.execute(text("UPDATE mailings SET state = :mailing, closes_at = :closes"), given)
            assert sorted(await fleet.due_cells(tx, now=NOW)) == (both if is_due else []), given


# What a worker does.


@dataclass
class Workers:
    """Workers on one database, each with connections of its own, and what they say."""

    url: str
    opened: list[Database] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def _say(self, sentence: str) -> None:
        self.said.append(sentence)
        self.heard.set()

    async def make(self, port: int, *, its_clock: Clock = clock, lease: timedelta = SILENCE) -> Fleet:
        self.opened.append(await open_database(self.url))
        sending = Sending(
            database=self.opened[-1],
            transport=SmtpTransport(Smtp(host="127.0.0.1", port=port, command_timeout=5, data_timeout=5)),
            mail=Mail(),
            secret=b"k" * 32,
            clock=its_clock,
            connections=2,
            lease=lease,
        )
        short = timedelta(seconds=0.2)
        return Fleet(sending, TEMPLATES, refresh=short, say=self._say, name="test", patience=short)

    async def start(self, port: int, *, lease: timedelta = SILENCE) -> Fleet:
        worker = await self.make(port, lease=lease)
        self.tasks.append(asyncio.create_task(worker.run()))
        return worker

    async def wait_for(self, part: str) -> None:
        async with asyncio.timeout(120):
            while not any(part in sentence for sentence in self.said):
                self.heard.clear()
                await self.heard.wait()


@pytest.fixture
async def workers(url: str) -> AsyncIterator[Workers]:
    made = Workers(url)
    yield made
    for database in made.opened:
        await database.close()


async def scheduled(database: Database, people: int) -> None:
    """The reminder is due in a moment."""
    await fill(database, people=people, happening=AHEAD)
    at = clock() + timedelta(seconds=1)
    await schedule(database, TEMPLATES, REMINDER, recipients=people, now=clock(), at=at)


async def left_behind(database: Database, state: str, holder: str | None = "dead") -> int:
    """A mailing on its way, all of it at a worker that has died, and in no batch; its id."""
    await fill(database, people=4, happening=AHEAD)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED)
        assert await mailings.start(tx, await mailings.get_mailing(tx, REMINDER), mailing_content(), now=clock())
        assert await enqueue(tx, row.id, now=clock()) == 4
        given = {"state": state, "at": clock() - timedelta(seconds=1), "holder": holder}
        await tx.execute(text("UPDATE deliveries SET state = :state, next_at = :at, claimed_by = :holder"), given)
    return row.id


async def states(database: Database) -> dict[str, int]:
    async with database.read() as tx:
        return await deliveries.count_states(tx, (await mailings.get_mailing(tx, REMINDER)).id)


def times(server: Server) -> Counter[int]:
    """How many people got how many letters."""
    return Counter(Counter(recipient for _, recipient, _ in server.letters).values())


async def test_two_workers_send_one_mailing_together(shared: Database, workers: Workers) -> None:
    await scheduled(shared, people=60)
    async with smtp_server() as server:
        both = [await workers.start(server.port) for _ in range(2)]
        await workers.wait_for("sent (60 sent)")
        for worker in both:
            worker.stop()
        await asyncio.gather(*workers.tasks)
    assert times(server) == {1: 60}
    assert [said for said in workers.said if "started" in said] == [f"{REMINDER}: started, 60 recipients"]
    async with shared.read() as tx:
        actions = [row["action"] for row in await journal.read_notes(tx, REMINDER)]
    assert actions == ["scheduled", "started", "sent"]


async def test_two_schedulers_on_one_tick_start_one_mailing(shared: Database, url: str) -> None:
    await scheduled(shared, people=3)
    others = [await open_database(url) for _ in range(3)]
    due = clock() + timedelta(seconds=2)
    fired = await asyncio.gather(*(look_at_clock(one, TEMPLATES, now=due) for one in others))
    for one in others:
        await one.close()
    assert sorted(fired, key=len) == [[], [], [Fired(slug=REMINDER, letters=3)]]
    assert await states(shared) == {"queued": 3}


async def test_a_batch_that_ended_without_saying_so_hides_nothing(shared: Database, workers: Workers) -> None:
    mailing_id = await left_behind(shared, "deferred", holder=None)
    async with open_jobs(shared, nothing) as jobs:
        await jobs.hand_out([replace(FIRST, mailing_id=mailing_id)])
    async with shared.write() as tx:  # at work, at a worker that is alive
        await tx.execute(text("SET LOCAL search_path TO newsletter_jobs"))
        await tx.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 hour')"))
        await tx.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = 1"))
    async with smtp_server() as server:
        worker = await workers.start(server.port)
        await workers.wait_for("sent (4 sent)")
        worker.stop()
        await asyncio.gather(*workers.tasks)
    assert times(server) == {1: 4}


@pytest.mark.parametrize("state", ["queued", "claimed", "deferred", "sending", "in_doubt"])
async def test_what_a_dead_worker_left_in_no_batch_is_sent(shared: Database, workers: Workers, state: str) -> None:
    await left_behind(shared, state)
    async with smtp_server() as server:
        worker = await workers.start(server.port)
        await workers.wait_for("sent (4 sent)")
        worker.stop()
        await asyncio.gather(*workers.tasks)
    assert times(server) == {1: 4}


async def test_the_batch_of_a_worker_that_ends_goes_to_another(shared: Database, workers: Workers) -> None:
    await scheduled(shared, people=40)
    async with smtp_server() as server:
        leaving = await workers.start(server.port)
        await server.wait_for_letters(5)
        leaving.stop()
        await asyncio.gather(*workers.tasks)
        gone = len(server.letters)
        async with open_jobs(shared, nothing) as jobs:
            waiting, begun = await jobs.given()
        staying = await workers.start(server.port)
        await workers.wait_for("sent (40 sent)")
        staying.stop()
        await asyncio.gather(*workers.tasks)
    assert gone < 40
    assert (len(waiting), begun) == (1, [])
    assert times(server) == {1: 40}


async def test_without_a_mail_server_it_says_so_once_and_goes_on_when_there_is_one(
    shared: Database, workers: Workers
) -> None:
    await scheduled(shared, people=5)
    async with smtp_server() as server:
        port = server.port
    worker = await workers.start(port)
    await workers.wait_for("trying again")
    async with smtp_server(port=port) as server:
        await workers.wait_for("sent (5 sent)")
        worker.stop()
        await asyncio.gather(*workers.tasks)
    assert times(server) == {1: 5}
    assert len([said for said in workers.said if "trying again" in said]) == 1


async def test_it_goes_on_after_the_database_has_closed_its_connections(shared: Database, workers: Workers) -> None:
    await fill(shared, people=4, happening=AHEAD)
    async with smtp_server() as server:
        worker = await workers.start(server.port)
        async with shared.write() as tx:
            row = await mailings.get_mailing(tx, REMINDER)
        await schedule(shared, TEMPLATES, REMINDER, recipients=4, now=clock(), at=clock() + timedelta(hours=1))
        await workers.wait_for("due")
        async with shared.write() as tx:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            await tx.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
            at = {"at": clock(), "id": row.id}
            await tx.execute(text("UPDATE mailings SET due_at = :at WHERE id = :id"), at)
        await workers.wait_for("sent (4 sent)")
        worker.stop()
        await asyncio.gather(*workers.tasks)
    assert times(server) == {1: 4}


@pytest.mark.parametrize(("off", "told"), [(16, "16 s ahead of"), (-16, "16 s behind")])
async def test_a_worker_whose_clock_is_off_does_not_start(
    shared: Database, workers: Workers, off: int, told: str
) -> None:
    await fill(shared)
    worker = await workers.make(25, its_clock=lambda: clock() + timedelta(seconds=off))
    with pytest.raises(StoreError, match=f"the clock of this machine is {told} the database's"):
        await worker.run()


async def test_a_worker_does_not_start_on_a_copy_that_nobody_confirmed(
    shared: Database, workers: Workers, tmp_path: Path
) -> None:
    source = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    await copy_store(source, shared, now=NOW, follow=lambda _table, _done, _total: None)
    await source.close()
    worker = await workers.make(25)
    with pytest.raises(StoreError, match="newsletter store confirm-host"):
        await worker.run()
