"""What runs beside the sender in `newsletter run` and `newsletter worker`: mailboxes that are watched, public pages.

Only what is configured is loaded.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from newsletter.app import App, make_watch
from newsletter.inbound.patience import Patience, end, keep_going


@asynccontextmanager
async def beside(app: App, say: Callable[[str], None]) -> AsyncIterator[None]:
    """While the block runs; its trouble never stops the sender, which is done first when all ends.

    Raises:
        SettingsError, InboundError: a source cannot be made of its settings.
    """
    parts: dict[str, Callable[[], Awaitable[None]]] = {}
    watch = make_watch(app, say)
    if watch is not None:
        parts["watching mailboxes"] = watch.run
    if app.settings.web.listen:
        parts["the public pages"] = partial(_serve, app, say)
    patience = Patience()
    tasks = [asyncio.create_task(keep_going(name, act, patience=patience, say=say)) for name, act in parts.items()]
    try:
        yield
    finally:
        for task in tasks:
            await end(task)


async def _serve(app: App, say: Callable[[str], None]) -> None:
    from newsletter.cli.web import make_public
    from newsletter.web.public_server import serve_public

    await serve_public(make_public(app), app.settings.web.listen, say=say)
