"""A small world with a store, a clock that is set by hand, and a real mail server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.compose.templates import Templates
from newsletter.demo.play import SimulatedClock
from newsletter.outbox.fire import look_at_clock
from newsletter.outbox.worker import Sending
from newsletter.settings import Mail, Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.store import deliveries, mailings
from newsletter.store.database import Database, open_database
from newsletter.store.mailings import MailingRow
from tests.smtp_server import Answer, Server, smtp_server
from tests.world import NOW

TEMPLATES = Path(__file__).parents[2] / "templates"


@dataclass
class World:
    database: Database
    templates: Templates
    clock: SimulatedClock

    @asynccontextmanager
    async def server(
        self, answer: Answer = lambda _verb, _letters: None, *, extensions: tuple[str, ...] = ()
    ) -> AsyncIterator[tuple[Server, Sending]]:
        """A mail server, and everything that sends to it."""
        async with smtp_server(answer, extensions=extensions) as server:
            yield server, self.sending(server.port)

    def sending(self, port: int, *, connections: int = 2, mail: Mail | None = None) -> Sending:
        return Sending(
            database=self.database,
            transport=SmtpTransport(Smtp(host="127.0.0.1", port=port, command_timeout=5, data_timeout=5)),
            mail=mail or Mail(public_url="https://nieuwsbrief.example.nl", bounce_address="bounces@example.nl"),
            secret=b"k" * 32,
            clock=self.clock,
            connections=connections,
            lease=timedelta(minutes=1),
            chance=lambda: 0.5,
        )

    async def row(self, slug: str) -> MailingRow:
        async with self.database.read() as tx:
            return await mailings.get_mailing(tx, slug)

    async def states(self, slug: str) -> dict[str, int]:
        async with self.database.read() as tx:
            return await deliveries.count_states(tx, (await mailings.get_mailing(tx, slug)).id)

    async def fire_at_its_time(self, slug: str) -> None:
        due_at = (await self.row(slug)).due_at
        assert due_at is not None
        self.clock.now = due_at
        await look_at_clock(self.database, self.templates, now=self.clock())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    yield World(database, Templates([TEMPLATES]), SimulatedClock(NOW))
    await database.close()
