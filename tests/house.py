"""A house that gets replies: a store, a clock that is set by hand, a contact mailbox, and a real mail server."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from newsletter.compose.dkim import Signer
from newsletter.demo.play import SimulatedClock
from newsletter.inbound.handling import Handling, Match
from newsletter.inbound.incoming import Incoming
from newsletter.inbound.replying.forward import Forwarder
from newsletter.inbound.replying.replies import receive, returned
from newsletter.inbound.replying.threads import own_id
from newsletter.inbound.telling.classify import classify_part
from newsletter.inbound.telling.message import parse
from newsletter.settings import Mail, Smtp
from newsletter.smtp.client import SmtpTransport
from newsletter.store import forwards, journal, mailings, messages, replies
from newsletter.store.database import Database
from tests.contract.test_store import REMINDER, sending
from tests.smtp_server import Server, smtp_server
from tests.world import NOW

SECRET = b"k" * 32
CONTACT = "vragen@example.nl"
OURS = "antwoord@nieuwsbrief.example.nl"
MAIL = Mail(bounce_address="bounces@nieuwsbrief.example.nl", reply_address=OURS)
_NUMBERS = itertools.count(1)


def written(
    author: str = "Anna Voorbeeld <anna@example.org>",
    *,
    to: str = OURS,
    subject: str = "Re: Kennisdag",
    id_: str = "vraag-1@example.org",
    answers: str = "",
    body: str = "Is er een parkeerplaats?",
    fields: str = "",
) -> bytes:
    thread = "".join(f"{name}: <{answers}>\r\n" for name in ("In-Reply-To", "References") if answers)
    head = f"From: {author}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\n"
    return f"{fields}{head}Message-ID: <{id_}>\r\n{thread}\r\n{body}\r\n".encode()


@dataclass
class House:
    """A store, a clock, and what comes in and goes out."""

    database: Database
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW))
    match: Match = Match()  # noqa: RUF009
    said: list[str] = field(default_factory=list)
    secret: bytes = SECRET

    async def take(self, raw: bytes, *, at: str = OURS, contact: str = CONTACT, match: Match | None = None) -> int:
        """A message comes in, and is handled as far as people are concerned; the id of its row."""
        part, now = parse(raw), self.clock()
        found = self.match if match is None else match
        async with self.database.write() as tx:
            stored = await messages.store(
                tx,
                source="test",
                key=str(next(_NUMBERS)),
                raw=raw,
                received_at=now,
                fingerprint=f"{next(_NUMBERS):064}",
                message_id=own_id(part),
                envelope={},
            )
            incoming = Incoming(source="test", key="", raw=raw, received_at=now, address=at)
            handling = Handling(
                row_id=stored.id, incoming=incoming, part=part, verdict=classify_part(part), match=found, now=now
            )
            await receive(tx, handling, contact=contact)
            facts: dict[str, Any] = {
                "kind": handling.verdict.kind.value,
                "mailing_id": found.mailing_id,
                "delivery_id": found.delivery_id,
                "subscriber_id": found.subscriber_id,
            }
            await messages.set_handled(tx, stored.id, now=now, **facts, verdict={})
        return stored.id

    async def report(self, raw: bytes) -> bool:
        part = parse(raw)
        incoming = Incoming(source="test", key="", raw=raw, received_at=self.clock())
        handling = Handling(
            row_id=0, incoming=incoming, part=part, verdict=classify_part(part), match=Match(), now=self.clock()
        )
        async with self.database.write() as tx:
            return await returned(tx, handling, secret=self.secret, tell=self.said.append)

    def forwarder(self, port: int, *, mail: Mail = MAIL, signers: Mapping[str, Signer] | None = None) -> Forwarder:
        transport = SmtpTransport(Smtp(host="127.0.0.1", port=port, command_timeout=5, data_timeout=5))
        return Forwarder(
            self.database,
            transport,
            mail,
            secret=self.secret,
            clock=self.clock,
            say=self.said.append,
            signers=signers,
            chance=lambda: 0.5,
        )

    @asynccontextmanager
    async def sending_on(
        self, answer: Callable[[str, int], str | None] = lambda _verb, _letters: None
    ) -> AsyncIterator[tuple[Server, Forwarder]]:
        async with smtp_server(answer) as server:
            yield server, self.forwarder(server.port)

    async def questions(self, *, with_ended: bool = False) -> list[tuple[str, str, str]]:
        """Author, subject and state of each."""
        async with self.database.read() as tx:
            found = await replies.listed(tx, with_ended=with_ended)
        return [(row["author"], row["subject"], row["state"]) for row in found]

    async def states(self, message_id: int) -> list[tuple[str, int, bool]]:
        """State, attempts and whether it was wrapped, of each forward."""
        async with self.database.read() as tx:
            found = await forwards.of_message(tx, message_id)
        return [(row["state"], row["attempts"], row["wrapped"]) for row in found]

    async def reason(self, message_id: int) -> str:
        async with self.database.read() as tx:
            [row] = await forwards.of_message(tx, message_id)
        return str(row["reason"])


ANNA = ("Anna Voorbeeld <anna@example.org>", "Re: Kennisdag")
OPEN, ANSWERED = (*ANNA, "open"), (*ANNA, "answered")


async def open_house(database: Database) -> House:
    async with database.write() as tx:
        await journal.secret(tx, SECRET)
    return House(database)


async def remind(house: House) -> House:
    """People got a mailing, and what comes in is about it."""
    await sending(house.database, people=1)
    async with house.database.read() as tx:
        row = await mailings.get_mailing(tx, REMINDER)
    house.match = Match(
        how="message-id",
        proven=True,
        delivery_id=1,
        mailing_id=row.id,
        mailing=REMINDER,
        series_id=1,
        subscriber_id=1,
    )
    return house
