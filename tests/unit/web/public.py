"""The public pages over a small store, as a browser or a mail program meets them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from starlette.types import Message, Scope

from newsletter.outbox.envelope import UNSUBSCRIBE
from newsletter.store import subscribers
from newsletter.store.database import Database, open_database
from newsletter.store.tables import metadata
from newsletter.subscribers.links import make_token
from newsletter.subscribers.subscriber import address_key
from newsletter.web.public import create_public
from tests.world import NOW, fill

SECRET = b"k" * 32
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Later:
    """A clock that is a second later each time, so that no two things happen at one moment."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Public:
    """A store with three people on the list `gemeenten`, and a browser that has its public pages open."""

    app: FastAPI
    database: Database
    browser: httpx.AsyncClient
    clock: Later
    folder: Path  #: of the files that letters link to
    said: list[str] = field(default_factory=list)
    lists: dict[str, int] = field(default_factory=dict)

    def link(self, person: int = 1, list_slug: str = "gemeenten", *, secret: bytes = SECRET) -> str:
        return f"/u/{make_token(secret, UNSUBSCRIBE, person, self.lists[list_slug])}"

    async def post_quickly(self, path: str) -> tuple[int, bytes]:
        """What one click gets, without the browser, which takes longer than the page."""
        said: list[Message] = []
        asked: list[Message] = [{"type": "http.request", "body": b"List-Unsubscribe=One-Click", "more_body": False}]

        async def receive() -> Message:
            return asked.pop(0)

        async def send(message: Message) -> None:
            said.append(message)

        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [],
            "client": None,
        }
        await self.app(scope, receive, send)
        return said[0]["status"], b"".join(message["body"] for message in said[1:])

    async def subscribe(self, list_slug: str, *people: int) -> None:
        """Put people on another list as well."""
        keys = [address_key(f"person-{number - 1}@example.nl") for number in people]
        async with self.database.write() as tx:
            await subscribers.subscribe(tx, self.lists[list_slug], keys, now=NOW)

    async def suppress(self, person: int, reason: str) -> None:
        async with self.database.write() as tx:
            await subscribers.suppress(tx, f"person-{person - 1}@example.nl", reason, now=NOW)

    async def on(self, person: int = 1) -> Sequence[str]:
        """The lists on which somebody is active."""
        async with self.database.read() as tx:
            found = await subscribers.subscriptions_of(tx, person)
        return [row["list"] for row in found if row["state"] == "active"]

    async def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        async with self.database.read() as tx:
            return {table.name: list(await tx.execute(select(table))) for table in metadata.sorted_tables}


_STORES: list[bytes] = []


async def _open(folder: Path) -> Database:
    """A filled store; it is made once, as that takes half a second, and copied for every other test."""
    file = folder / "store.sqlite"
    if not _STORES:
        made = await open_database(f"sqlite:///{file}")
        await fill(made)
        async with made.write() as tx:
            await subscribers.ensure_lists(tx, ["gemeenten", "corporaties", "pers"])
        await made.close()
        _STORES.append(file.read_bytes())
    file.write_bytes(_STORES[0])
    return await open_database(f"sqlite:///{file}")


@asynccontextmanager
async def public_pages(
    folder: Path, *, client: tuple[str, int] = ("127.0.0.1", 4321), **settings: Any
) -> AsyncIterator[Public]:
    database = await _open(folder)
    clock, files, said = Later(), folder / "public", list[str]()
    files.mkdir()
    async with database.write() as tx:
        lists = await subscribers.ensure_lists(tx, ["gemeenten", "corporaties", "pers"])
    app = create_public(database, secret=SECRET, public=files, clock=clock, say=said.append, **settings)
    transport = httpx.ASGITransport(app, client=client, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://nieuwsbrief.example.nl") as browser:
        yield Public(app, database, browser, clock, files, said, lists)
    await database.close()
