"""Leaving and coming back by the public pages, on every kind of store."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from newsletter.outbox.envelope import UNSUBSCRIBE
from newsletter.store import journal, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.links import make_token
from newsletter.web.public import create_public
from tests.world import NOW, fill

SECRET = b"k" * 32


class Later:
    """A clock that is a second later each time."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


async def test_who_leaves_by_a_link_is_off_the_list_and_can_come_back(database: Database, tmp_path: Path) -> None:
    await fill(database)
    async with database.write() as tx:
        lists = await subscribers.ensure_lists(tx, ["gemeenten"])
        [person] = (await subscribers.find_subscribers(tx, ["person-0@example.nl"])).values()
    link = f"/u/{make_token(SECRET, UNSUBSCRIBE, person.id, lists['gemeenten'])}"
    app = create_public(database, secret=SECRET, public=tmp_path, clock=Later())

    async def is_on() -> bool:
        async with database.read() as tx:
            return any(row["state"] == "active" for row in await subscribers.subscriptions_of(tx, person.id))

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://nieuwsbrief.example.nl") as browser:
        assert "Wilt u zich afmelden?" in (await browser.get(link)).text
        clicks = [browser.post(link, data={"List-Unsubscribe": "One-Click"}) for _ in range(8)]
        assert {answer.status_code for answer in await asyncio.gather(*clicks)} == {200}
        assert not await is_on()
        async with database.read() as tx:
            assert len(await journal.read_notes(tx, "list:gemeenten")) == 1
        for what, told, on in (
            ("terug", "U bent weer aangemeld", True),
            ("alles", "over geen enkel onderwerp", False),
            ("terug", "U bent weer aangemeld", True),
        ):
            assert told in (await browser.post(link, data={"doen": what})).text
            assert await is_on() is on
        other_list = make_token(SECRET, UNSUBSCRIBE, person.id, 2**63 - 1)
        assert (await browser.post(f"/u/{other_list}")).status_code == 404
        assert (await browser.get("/healthz")).text == "ok\n"
