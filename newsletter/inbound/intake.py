"""Stage 6, shell: a message comes in: it is stored, told apart, matched, and handled.

In: what a source hands over. Out: rows. A message is durable before anything is made of it, so that its source may
forget it; it is handled in one transaction, so that what comes of it is there once or not at all. The same message that
comes in by two ways, or twice by one, is handled once. What cannot be handled is set aside with the reason, and never
stops the others.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.errors import NewsletterError, NotFoundError, StoreError, told
from newsletter.inbound.dispatch import dispatch
from newsletter.inbound.handling import Handling, Match
from newsletter.inbound.incoming import Incoming
from newsletter.inbound.matching import match
from newsletter.inbound.reference import reference
from newsletter.inbound.telling.classify import classify_part
from newsletter.inbound.telling.message import Part, parse
from newsletter.inbound.telling.verdict import Verdict
from newsletter.outbox.sending import Clock
from newsletter.settings import Inbound, Mail
from newsletter.store import messages
from newsletter.store.database import Database


def ignore(_sentence: str) -> None:
    """For whoever wants to hear nothing."""


class Intake:
    """Takes messages of every source; `take` may run beside itself, also in other processes."""

    def __init__(
        self,
        database: Database,
        *,
        secret: bytes,
        settings: Inbound,
        mail: Mail,
        clock: Clock,
        say: Callable[[str], None] = ignore,
    ) -> None:
        self._database, self._secret, self._clock, self._say = database, secret, clock, say
        self._settings, self._mail = settings, mail

    async def take(self, incoming: Incoming) -> None:
        """Store a message and handle it; once it returns, its source may forget it.

        Raises:
            StoreError: the store cannot be used now; hand it over again later.
        """
        part = parse(incoming.raw)
        # Of what could not be read nothing is known but where it is: it is a copy of nothing else.
        text = incoming.raw or f"{incoming.source}\n{incoming.key}".encode()
        async with self._database.write() as tx:
            taken = await messages.store(
                tx,
                source=incoming.source,
                key=incoming.key,
                raw=incoming.raw,
                received_at=incoming.received_at,
                fingerprint=fingerprint(text, part),
                message_id=part.get("message-id").strip("<> \t")[:400],
                envelope=_envelope(incoming),
            )
        if taken.state == messages.NEW:
            await self._handle(taken.id)

    async def known(self, source: str, keys: Iterable[str]) -> frozenset[str]:
        """Of these keys of a source, those that were taken before."""
        async with self._database.read() as tx:
            return await messages.known(tx, source, keys)

    async def finish(self) -> int:
        """Handle what was stored and not handled: a process ended between the two. Returns how many there were.

        Raises:
            StoreError: the store cannot be used now.
        """
        async with self._database.read() as tx:
            waiting = await messages.waiting(tx)
        for row_id in waiting:
            await self._handle(row_id)
        return len(waiting)

    async def again(self, row_id: int) -> str:
        """Handle a message anew that was set aside. Returns its state: handled, or set_aside once more.

        Raises:
            NotFoundError: it is not set aside.
        """
        async with self._database.write() as tx:
            await messages.take_up(tx, row_id)
        await self._handle(row_id)
        async with self._database.read() as tx:
            state: str = (await messages.get(tx, row_id))["state"]
        return state

    async def _handle(self, row_id: int) -> None:
        async with self._database.read() as tx:
            row = await messages.to_handle(tx, row_id)
        if row is None:
            return  # another was first
        said: list[str] = []
        facts: dict[str, Any] = {}
        try:
            # Told apart before the store is held, so that whoever sends need not wait for it.
            incoming = _incoming(row)
            part = read(incoming)
            verdict = classify_part(part)
            facts["kind"] = verdict.kind.value
            if incoming.trouble:
                raise NewsletterError(incoming.trouble)
            async with self._database.write() as tx:
                if await messages.claim(tx, row_id):
                    await self._handle_in(tx, row_id, (incoming, part, verdict), said.append, facts)
        except NotFoundError as error:
            said = await self._set_aside(row_id, error, facts)
        except StoreError:
            raise
        except Exception as error:  # whatever it is, it is about this message, and the others go on
            said = await self._set_aside(row_id, error, facts)
        for sentence in said:
            self._say(sentence)

    async def _handle_in(
        self,
        tx: AsyncConnection,
        row_id: int,
        message: tuple[Incoming, Part, Verdict],
        tell: Callable[[str], None],
        facts: dict[str, Any],
    ) -> None:
        """Match and handle; `facts` is what the store is to know of it, also where it cannot be handled."""
        incoming, part, verdict = message
        verp = bool(self._mail.bounce_address)
        found = await match(tx, reference(part), verdict, incoming, part, self._secret, verp=verp)
        facts |= _facts(verdict, found)
        handling = Handling(
            row_id=row_id, incoming=incoming, part=part, verdict=verdict, match=found, now=self._clock()
        )
        came = await dispatch(tx, handling, secret=self._secret, settings=self._settings, tell=tell)
        rule = {"rule": verdict.rule, "reason": verdict.reason, "status": verdict.status, "hard": verdict.hard}
        await messages.set_handled(tx, row_id, now=handling.now, **facts, verdict={**rule, "outcome": came})

    async def _set_aside(self, row_id: int, error: Exception, facts: Mapping[str, Any]) -> list[str]:
        reason = told(error)
        async with self._database.write() as tx:
            await messages.set_aside(tx, row_id, reason, now=self._clock(), **facts)
        return [f"message #{row_id} is set aside: {reason}; see `newsletter inbound list --aside`"]


def fingerprint(raw: bytes, part: Part) -> str:
    """What makes two copies of a message the same, whichever way each came; 64 hexadecimal digits. Pure.

    The fields that servers add on the way do not count, nor does how lines end. Two messages to which a broken program
    gave one Message-ID differ in something else.
    """
    text = raw.replace(b"\r\n", b"\n").lstrip(b"\n")
    _, end, body = text.partition(b"\n\n")
    fields = [" ".join(part.get(name).split()) for name in ("message-id", "from", "to", "date", "subject")]
    # What has no header, or one that says nothing, is only the same where every byte is.
    counts = body if end and any(fields) else text
    return hashlib.sha256("\n".join(fields).encode("utf-8", "replace") + b"\n\n" + counts.rstrip()).hexdigest()


def read(incoming: Incoming) -> Part:
    """A message as its rules see it: with the envelope sender that its source knows (RFC 5321 §4.4). Pure."""
    part = parse(incoming.raw)
    if incoming.envelope_from is not None and not part.get("return-path"):
        part.fields.insert(0, ("return-path", f"<{incoming.envelope_from}>"))
    return part


def _envelope(incoming: Incoming) -> dict[str, Any]:
    """What of a message does not stand in its text; it is kept until it is handled."""
    whole = asdict(incoming)
    return {name: whole[name] for name in ("address", "envelope_to", "envelope_from", "trouble")}


def _incoming(row: Mapping[str, Any]) -> Incoming:
    envelope = row["verdict"]["envelope"]
    return Incoming(
        source=row["source"],
        key=row["key"],
        raw=row["raw"],
        received_at=row["received_at"],
        address=envelope["address"],
        envelope_to=tuple(envelope["envelope_to"]),
        envelope_from=envelope["envelope_from"],
        trouble=envelope["trouble"],
    )


def _facts(verdict: Verdict, found: Match) -> dict[str, Any]:
    """What the store keeps of it beside the text: no addresses."""
    return {
        "kind": verdict.kind.value,
        "matched": found.how,
        "proven": found.proven,
        "mailing_id": found.mailing_id,
        "delivery_id": found.delivery_id,
        "subscriber_id": found.subscriber_id,
    }
