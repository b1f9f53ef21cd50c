"""Two people, or a person and the scheduler, who move one mailing at the same moment."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox import control
from newsletter.schedule.state import MailingState
from newsletter.store import journal, mailings
from newsletter.store.database import Database
from tests.world import EVENT_SLUG, NOW, fill, mailing_content

REMINDER = f"{EVENT_SLUG}/reminder"


async def read_locked(tx: AsyncConnection) -> None:
    await mailings.get_mailing(tx, REMINDER, lock=True)


async def read_all_of_the_event(tx: AsyncConnection) -> None:
    await mailings.pending_of(tx, EVENT_SLUG)


@pytest.mark.parametrize("read", [read_locked, read_all_of_the_event])
async def test_what_was_read_to_be_changed_is_not_started_meanwhile(
    database: Database, read: Callable[[AsyncConnection], Coroutine[Any, Any, None]]
) -> None:
    await fill(database)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED)
        row = await mailings.get_mailing(tx, REMINDER)

    async def start() -> bool:
        async with database.write() as tx:
            return await mailings.start(tx, row, mailing_content(), now=NOW)

    async with database.write() as tx:
        await read(tx)
        starting = asyncio.create_task(start())
        done, _ = await asyncio.wait({starting}, timeout=0.5)
        assert not done, "it must wait for whoever read the mailing to change it"
        await mailings.set_state(tx, row.id, MailingState.SCHEDULED, MailingState.HELD)
    assert not await starting


async def test_a_mailing_pauses_once_though_many_connections_ask_for_it(database: Database) -> None:
    await fill(database)
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(tx, row.id, row.state, MailingState.SENDING)
    paused = await asyncio.gather(*(control.pause(database, row.id, f"reason {n}", now=NOW) for n in range(5)))
    assert sorted(paused) == [False] * 4 + [True]
    async with database.read() as tx:
        [note] = await journal.read_notes(tx, REMINDER)
        held = await mailings.get_mailing(tx, REMINDER)
    assert (note["action"], f"paused by itself: {note['detail']}") == ("paused", held.reason)
