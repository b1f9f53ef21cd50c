"""What runs beside the sender in `newsletter run` and `newsletter worker`: mailboxes that are watched, public pages.

Only what is configured is loaded. A sign of life is always there, by which other commands know that something runs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import uuid4

from newsletter.app import App, make_watch
from newsletter.errors import StoreError
from newsletter.inbound.patience import Patience, end, keep_going
from newsletter.store import beat


@asynccontextmanager
async def beside(app: App, say: Callable[[str], None]) -> AsyncIterator[None]:
    """While the block runs; its trouble never stops the sender, which is done first when all ends.

    Raises:
        SettingsError, InboundError: a source cannot be made of its settings.
    """
    name = uuid4().hex
    parts: dict[str, Callable[[], Awaitable[None]]] = {"the sign of life": partial(_keep_beating, app, name)}
    watch = make_watch(app, say)
    if watch is not None:
        parts["watching mailboxes"] = watch.run
    if app.settings.web.listen:
        parts["the public pages"] = partial(_serve, app, say)
    await _beat(app, name)
    patience = Patience()
    tasks = [asyncio.create_task(keep_going(name, act, patience=patience, say=say)) for name, act in parts.items()]
    try:
        yield
    finally:
        for task in tasks:
            await end(task)
        with suppress(StoreError):  # the sign ends by itself, a little later
            async with app.database.write() as tx:
                await beat.end(tx, name)


async def _keep_beating(app: App, name: str) -> None:
    while True:
        await asyncio.sleep(app.sending.lease.total_seconds() / 3)
        with suppress(StoreError):  # the store may be busy; there are two more beats in a lease
            await _beat(app, name)


async def _beat(app: App, name: str) -> None:
    async with app.database.write() as tx:
        now = app.clock()
        await beat.beat(tx, name, now=now, until=now + app.sending.lease)


async def _serve(app: App, say: Callable[[str], None]) -> None:
    from newsletter.cli.web import make_public
    from newsletter.web.public_server import serve_public

    await serve_public(make_public(app), app.settings.web.listen, say=say)
