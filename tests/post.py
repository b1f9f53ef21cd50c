"""A store that has sent a mailing, and everything that comes back to it: for tests of what handles that."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from newsletter.inbound.intake import Intake
from newsletter.outbox.delivery import DeliveryState
from newsletter.schedule.state import MailingState
from newsletter.settings import Inbound, Mail
from newsletter.store import journal, mailings, proposals, subscribers
from newsletter.store.audience import enqueue
from newsletter.store.copy import TABLES
from newsletter.store.database import Database
from newsletter.store.tables import deliveries
from newsletter.store.tables import messages as rows
from newsletter.subscribers.subscriber import SubscriptionState
from tests.returns import ANSWERS, AT, BOX, SECRET, bounce_to, dsn, id_of, incoming
from tests.world import EVENT_SLUG, NOW, fill, mailing_content

#: Ids of the lists: that of everybody here, and one that nobody is on.
ON, OFF = 2, 1
REMINDER = f"{EVENT_SLUG}/reminder"
FULL: dict[str, Any] = {"said": "552 5.2.2 mailbox full", "status": "5.2.2"}
BLOCKED: dict[str, Any] = {
    "said": "550 5.7.1 Service unavailable; client host [192.0.2.1] blocked using zen.spamhaus.org",
    "status": "5.7.1",
}
VERP = Mail(bounce_address=BOX, reply_address=ANSWERS)


@dataclass
class Post:
    """A store that has sent a mailing, and its intake."""

    database: Database
    settings: Inbound = field(default_factory=Inbound)
    mail: Mail = VERP
    now: datetime = AT
    said: list[str] = field(default_factory=list)
    taken: int = 0

    def intake(self) -> Intake:
        return Intake(
            self.database,
            secret=SECRET,
            settings=self.settings,
            mail=self.mail,
            clock=lambda: self.now,
            say=self.said.append,
        )

    async def take(self, *raws: bytes, to: tuple[str, ...] = (), at: datetime | None = None) -> None:
        """Messages that come in one after another."""
        self.now = at or self.now
        for raw in raws:
            self.taken += 1
            await self.intake().take(incoming(raw, str(self.taken), to=to, at=self.now))

    async def last(self) -> dict[str, Any]:
        """The message that came in last, as the store has it."""
        async with self.database.read() as tx:
            return dict((await tx.execute(select(rows).order_by(rows.c.id.desc()).limit(1))).mappings().one())

    async def outcome(self) -> str:
        verdict = (await self.last())["verdict"]
        return str(verdict.get("outcome", ""))

    async def suppressed(self) -> dict[str, str]:
        async with self.database.read() as tx:
            return await subscribers.find_suppressions(tx)

    async def left(self) -> set[str]:
        async with self.database.read() as tx:
            states = await subscribers.find_states(tx, "gemeenten")
        return {key for key, state in states.items() if state is SubscriptionState.UNSUBSCRIBED}

    async def proposed(self) -> list[tuple[int, str, str]]:
        async with self.database.read() as tx:
            return [(row["subscriber_id"], row["kind"], row["evidence"]) for row in await proposals.listing(tx)]

    async def all(self, table: Any) -> list[dict[str, Any]]:
        async with self.database.read() as tx:
            return [dict(row) for row in (await tx.execute(select(table).order_by(*table.primary_key))).mappings()]

    async def notes(self, subject: str) -> list[str]:
        async with self.database.read() as tx:
            return [row["action"] for row in await journal.read_notes(tx, subject)]


async def sent(database: Database, people: int) -> None:
    """A mailing that went to so many people; delivery N is that of subscriber N, person-(N-1)@example.nl."""
    await fill(database, people=people)
    async with database.write() as tx:
        await journal.secret(tx, SECRET)
        row = await mailings.get_mailing(tx, REMINDER)
        await mailings.set_state(
            tx, row.id, row.state, MailingState.SCHEDULED, due_at=NOW, closes_at=NOW + timedelta(90)
        )
        assert await mailings.start(tx, await mailings.get_mailing(tx, REMINDER), mailing_content(), now=NOW)
        assert await enqueue(tx, row.id, now=NOW) == people
        done = {"state": DeliveryState.SENT.value, "next_at": None, "ended_at": NOW}
        await tx.execute(update(deliveries).values(done))
        await mailings.set_state(tx, row.id, MailingState.SENDING, MailingState.SENT, ended_at=NOW)


def bounce(delivery_id: int = 1, *, number: int = 0, **more: Any) -> bytes:
    """What comes back when nobody has that address, to the envelope sender of that letter."""
    about = {"recipient": f"person-{delivery_id - 1}@example.nl", "returned": id_of(delivery_id), **more}
    return dsn(to=bounce_to(delivery_id), number=number, **about)


async def dump(post: Post) -> dict[str, list[Any]]:
    """Every table but those that say what came."""
    found = {table.name: await post.all(table) for table in TABLES if table.name not in ("messages", "proposals")}
    found["journal"] = [row for row in found["journal"] if row["subject"] != "complaints"]
    return found
