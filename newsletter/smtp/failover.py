"""Stage 5: several mail servers, of which the first that can be used is used.

In: a way out through each. Out: sessions that go on with the next server when one cannot be used at all, and come back
to the first after a while. A letter that was refused is not offered to another server: its answer counts.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from newsletter.errors import SmtpError
from newsletter.outbox.outcome import Outcome, Parcel, Session, Transport

#: How long a server that could not be used is left alone, in seconds.
REST = 60.0


class FailoverTransport:
    def __init__(self, relays: Sequence[Transport], clock: Callable[[], float]) -> None:
        """`relays` in the order of preference; `clock` counts seconds and never goes back."""
        self._relays, self._clock = relays, clock
        self._rests_until = [0.0] * len(relays)

    @property
    def relay(self) -> str:
        return self._relays[self.order()[0]].relay

    @asynccontextmanager
    async def session(self) -> AsyncIterator["FailoverSession"]:
        async with FailoverSession(self) as session:
            yield session

    def order(self) -> list[int]:
        """The servers to try, by number: those that were not in trouble lately first."""
        now = self._clock()
        return sorted(range(len(self._relays)), key=lambda number: (self._rests_until[number] > now, number))

    def rest(self, number: int) -> None:
        self._rests_until[number] = self._clock() + REST

    def open(self, number: int) -> Transport:
        return self._relays[number]


class FailoverSession:
    def __init__(self, transport: FailoverTransport) -> None:
        self._transport = transport
        self._stack = AsyncExitStack()
        self._current: tuple[int, Session] | None = None

    async def send(self, parcel: Parcel, following: Parcel | None = None) -> Outcome:
        troubles: list[SmtpError] = []
        for number in self._transport.order():
            session = await self._session(number)
            try:
                return await session.send(parcel, following)
            except SmtpError as trouble:
                self._transport.rest(number)
                troubles.append(trouble)
        said = "; ".join(str(trouble) for trouble in troubles)
        raise SmtpError(said, is_our_fault=all(trouble.is_our_fault for trouble in troubles))

    def abandon(self) -> None:
        if self._current is not None:
            self._current[1].abandon()

    async def __aenter__(self) -> "FailoverSession":
        return self

    async def __aexit__(self, *failure: Any) -> None:
        """The session of the server is told why it ends: after a failure it hangs up."""
        self._current = None
        await self._stack.__aexit__(*failure)

    async def _session(self, number: int) -> Session:
        if self._current is None or self._current[0] != number:
            self._current = None
            await self._stack.aclose()
            self._stack = AsyncExitStack()
            session = await self._stack.enter_async_context(self._transport.open(number).session())
            self._current = (number, session)
        return self._current[1]
