"""Stage 6, shell: messages of people are sent on to the contact mailbox.

In: forwards that wait in the store. Out: each of them at its contact mailbox, once: unchanged where it can be, else in
a letter of ours (`inbound.replying.wrapped`). The promise is that of letters: a forward is written down as being
handed over before a byte of it travels; where nobody saw the end of that, it is sent again, the same to the last byte.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from newsletter.compose.dkim import Signer, signer_for
from newsletter.compose.headers import ascii_address, token_field
from newsletter.errors import SmtpError, StoreError, told
from newsletter.inbound.replying.routing import Form, ForwardState, Step, loop_mark, next_form, step
from newsletter.inbound.replying.threads import own_id, without_addresses
from newsletter.inbound.replying.unchanged import fields_of_ours, hindrance, leans_on_its_envelope, on_the_wire
from newsletter.inbound.replying.wrapped import Wrapper, wrap
from newsletter.inbound.telling.message import Part, parse
from newsletter.outbox.envelope import FORWARD
from newsletter.outbox.outcome import Outcome, OutcomeKind, Parcel, Session, Transport
from newsletter.outbox.sending import Clock
from newsletter.settings import Mail
from newsletter.store import forwards, journal, replies
from newsletter.store.database import Database
from newsletter.store.forwards import Forward
from newsletter.subscribers.links import make_token

#: How long a claim lasts; a mail server is waited for a little less long, so that two never send the same.
LEASE, PATIENCE = timedelta(minutes=10), timedelta(minutes=9)
#: Forwards of one round.
MOST: Final = 1000
#: Until when nothing is tried while no mail server can be used.
REST: Final = timedelta(minutes=5)
#: How long `run` waits at most for something new, in seconds.
LOOK: Final = 60.0
#: The same where the store could not be used.
SOON: Final = 5.0
_IN_DOUBT: Final = Outcome(OutcomeKind.IN_DOUBT, "letter", text="the mail server did not answer in time")


@dataclass(frozen=True)
class _Made:
    parcel: Parcel
    sent_as: str  #: the Message-ID of our letter around it; "" where it is its own


class Forwarder:
    """Sends on what waits; one for each process is enough, and several do no harm."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        mail: Mail,
        *,
        secret: bytes,
        clock: Clock,
        say: Callable[[str], None] = lambda _sentence: None,
        signers: Mapping[str, Signer] | None = None,
        keep_days: int = 30,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`signers` sign the letters that we wrap; who asked what is kept `keep_days` after a question has ended."""
        self._database, self._transport, self._mail = database, transport, mail
        self._secret, self._clock, self._say = secret, clock, say
        self._signers, self._keep, self._chance = signers or {}, timedelta(days=keep_days), chance
        self._woken = asyncio.Event()
        self._told = ""

    def wake(self) -> None:
        """Something may be waiting: look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Send on what waits, as it comes, until cancelled."""
        while True:
            self._woken.clear()
            try:
                await self.round()
                pause = await self._seconds_to_next()
            except StoreError:  # it is busy
                pause = SOON
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()

    async def round(self) -> int:
        """Send on what may leave now; returns how many were taken.

        Raises:
            StoreError: the store cannot be used now.
        """
        now, taken = self._clock(), 0
        async with self._database.write() as tx:
            await replies.forget(tx, now - self._keep)
            due = await forwards.due(tx, now=now, limit=MOST)
            mark = loop_mark(await journal.secret(tx, self._secret)) if due else ""
        for forward_id in due:
            forward = await self._claim(forward_id)
            if forward is None:
                continue
            try:
                taken += await self._send_on(forward, mark)
            except SmtpError as trouble:
                await self._rest(forward, trouble)
                break
        return taken

    async def _claim(self, forward_id: int) -> Forward | None:
        now = self._clock()
        async with self._database.write() as tx:
            return await forwards.claim(tx, forward_id, now=now, until=now + LEASE)

    async def _send_on(self, forward: Forward, mark: str) -> bool:
        if forward.raw is None:
            gone = Step(state=ForwardState.FAILED, reason="its text was thrown away already", alert=True)
            await self._settle(forward, gone, Form.UNCHANGED)
            return False
        form = Form.WRAPPED if forward.wrapped else Form.UNCHANGED
        try:
            # A connection of its own for each: they are few, and one that was given up must not be used again.
            async with asyncio.timeout(PATIENCE.total_seconds()), self._transport.session() as session:
                outcome, form = await self._try_forms(session, forward, forward.raw, form, mark)
        except TimeoutError:
            outcome = _IN_DOUBT
        except asyncio.CancelledError:
            # We are ending while the mail server has it: whether it arrived, nobody knows. It is sent again, the same.
            lost = Step(state=ForwardState.WAITING, next_at=self._clock(), reason=forwards.LOST)
            await self._settle(forward, lost, form)
            raise
        done = step(outcome, forward.attempts + 1, self._clock(), chance=self._chance())
        await self._settle(forward, done, form)
        self._told = ""
        return done.state is ForwardState.SENT

    async def _try_forms(
        self, session: Session, forward: Forward, raw: bytes, form: Form, mark: str
    ) -> tuple[Outcome, Form]:
        """Hand it over as it is; where it is not taken for that, in the next form at once."""
        wire, part = on_the_wire(raw), parse(raw)
        if form is Form.UNCHANGED and (hindrance(wire, takes_8bit=True) or leans_on_its_envelope(part)):
            form = Form.WRAPPED
        while True:
            try:
                made = self._make(forward, wire, part, form, mark)
            except Exception as error:  # a setting, or this message; it waits for a person, and the others go on
                return Outcome(OutcomeKind.OUR_FAULT, "address", text=told(error)), form
            if made.sent_as:
                async with self._database.write() as tx:
                    await replies.note_forwarded(tx, forward.message_id, made.sent_as)
            outcome = await session.send(made.parcel)
            following = next_form(outcome, form)
            if following is None:
                return outcome, form
            form = following

    def _make(self, forward: Forward, wire: bytes, part: Part, form: Form, mark: str) -> _Made:
        """The parcel: the same every time, whatever happened to it before."""
        ours = self._ours(forward)
        host = ours.rpartition("@")[2]
        identity = make_token(self._secret, FORWARD, forward.id)
        marks = [mark, *(one for one in part.all("x-newsletter-loop") if form is not Form.UNCHANGED and _is_token(one))]
        fields = fields_of_ours(
            host=host,
            identity=identity,
            at=forward.received_at,
            mailing=forward.mailing,
            subscriber_id=forward.subscriber_id,
            marks=marks,
        )
        sender, to = self._sender(identity, ours), ascii_address(forward.address)
        sent_as = f"{identity}@{host}"
        if form is Form.UNCHANGED:
            if not own_id(part) and not _is_sealed(part, "message-id"):
                fields += token_field("Message-ID", f"<{sent_as}>").encode("ascii")
                return _Made(Parcel(sender, to, fields + wire, identity, is_8bit=not wire.isascii()), sent_as)
            return _Made(Parcel(sender, to, fields + wire, identity, is_8bit=not wire.isascii()), "")
        wrapper = Wrapper(
            number=forward.message_id,
            contact=forward.address,
            sender=ours,
            via=forward.series.name if forward.series else host,
            language=forward.series.language if forward.series else "nl",
            message_id=sent_as,
            at=forward.received_at,
            fields=fields,
        )
        letter = wrap(wire, part, wrapper, short=form is Form.SHORT)
        signer = signer_for(self._signers, host)
        return _Made(Parcel(sender, to, signer.sign(letter) if signer else letter, identity), sent_as)

    def _ours(self, forward: Forward) -> str:
        """The address that we send on from; the contact mailbox is the last resort, where nothing else is known."""
        series = forward.series.sender.address if forward.series else ""
        return ascii_address(self._mail.reply_address or series or self._mail.bounce_address or forward.address)

    def _sender(self, identity: str, ours: str) -> str:
        """The envelope sender, to which a report comes back that it could not be delivered."""
        box, at, domain = ascii_address(self._mail.bounce_address or self._mail.reply_address or ours).rpartition("@")
        takes_tokens = self._mail.bounce_address or self._mail.reply_address
        return f"{box}+{identity}{at}{domain}" if takes_tokens else ours

    async def _settle(self, forward: Forward, done: Step, form: Form) -> None:
        """Write what became of it; a person hears of what they have to see to, once for each reason."""
        now = self._clock()
        async with self._database.write() as tx:
            is_ours = await forwards.settle(
                tx,
                forward,
                state=done.state,
                reason=done.reason,
                attempts=forward.attempts + done.counts,
                wrapped=form is not Form.UNCHANGED,
                next_at=done.next_at,
                now=now,
            )
            is_new = is_ours and done.alert and done.reason != forward.reason
            if is_new:
                await journal.note(tx, f"forward {forward.id}", done.state, "", at=now)
        if is_new:
            what = "is tried again" if done.state is ForwardState.WAITING else "was given up"
            self._say(
                f"message {forward.message_id} could not be sent on to the contact mailbox and {what}: "
                f"{without_addresses(done.reason)}; see newsletter replies list"
            )

    async def _rest(self, forward: Forward, trouble: SmtpError) -> None:
        """No mail server can be used: nothing was tried, and it waits a while."""
        waits = Step(
            state=ForwardState.WAITING, next_at=self._clock() + REST, reason=str(trouble), counts=False, alert=False
        )
        form = Form.WRAPPED if forward.wrapped else Form.UNCHANGED
        await self._settle(forward, waits, form)
        if str(trouble) != self._told:
            self._told = str(trouble)
            self._say(f"messages of people wait: {trouble}")

    async def _seconds_to_next(self) -> float:
        try:
            async with self._database.read() as tx:
                at = await forwards.next_at(tx)
        except StoreError:
            return LOOK
        seconds = LOOK if at is None else (at - self._clock()).total_seconds()
        return min(max(seconds, 1.0), LOOK)


def _is_token(value: str) -> bool:
    return value.isascii() and value.isalnum() and len(value) <= 100


def _is_sealed(part: Part, name: str) -> bool:
    """Whether a signature forbids to add this field (RFC 6376 §5.4.2)."""
    return any(name in value.lower() for value in part.all("dkim-signature"))
