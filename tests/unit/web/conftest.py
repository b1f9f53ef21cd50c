"""A shelf with two small templates, and a store beside it for who asks for one."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.cli.preview import SAMPLE_EVENT
from newsletter.schedule.state import MailingState
from newsletter.store import mailings
from newsletter.store.database import Database, open_database
from newsletter.web.shelf import Shelf
from tests.unit.web.letters import write_templates
from tests.world import EVENT_SLUG, NOW, fill, mailing_content

STORE = "sqlite:///store.sqlite"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return write_templates(tmp_path / "templates", "announcement", "reminder")


@pytest.fixture
async def shelf(templates: Path, tmp_path: Path) -> AsyncIterator[Shelf]:
    """The store is found as soon as it is there."""
    shelf = Shelf((templates,), SAMPLE_EVENT, clock=lambda: NOW, store_url=STORE, working_folder=tmp_path)
    yield shelf
    await shelf.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A store with three mailings; `reminder` has started with a content that no template gives any more."""
    database = await open_database(STORE, tmp_path)
    await fill(database)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, f"{EVENT_SLUG}/reminder")
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED)
        content = replace(mailing_content(), subject="Wat is verstuurd")
        assert await mailings.start(tx, row, content, now=NOW)
    yield database
    await database.close()
