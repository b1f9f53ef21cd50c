"""Stage 6: one process at a time watches the mailboxes of a store; the others stand by.

In: the store. Out: whether it is our turn. It spares the mail servers connections and us the work twice; nothing else
depends on it, as each message is taken once however many processes see it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from newsletter.store.cursors import leave_turn, take_turn, who_watches
from newsletter.store.database import Database


class Turn(Protocol):
    """Who may watch."""

    @property
    def lease(self) -> timedelta: ...

    async def take(self) -> bool:
        """Take it, or keep it; to be asked several times in a lease."""
        ...

    async def holder(self) -> str:
        """The name of who has it."""
        ...

    async def leave(self) -> None:
        """Another may have it at once."""
        ...


@dataclass(frozen=True, kw_only=True)
class StoredTurn:
    """The turn as a row of the store. Whoever says nothing for longer than a lease has gone."""

    database: Database
    name: str  #: no two processes have the same
    lease: timedelta
    clock: Callable[[], datetime]

    async def take(self) -> bool:
        async with self.database.write() as tx:
            return await take_turn(tx, self.name, now=self.clock(), lease=self.lease)

    async def holder(self) -> str:
        async with self.database.read() as tx:
            return await who_watches(tx)

    async def leave(self) -> None:
        async with self.database.write() as tx:
            await leave_turn(tx, self.name)
