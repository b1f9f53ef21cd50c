"""A store, what takes messages, and how a source remembers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from newsletter.inbound.sources.reading import Memory
from newsletter.store.database import open_database
from tests.intake import Intake


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
async def memory(tmp_path: Path, intake: Intake) -> AsyncIterator[Memory]:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    yield Memory(database=database, known=intake.known, poll_seconds=0.05)
    await database.close()
