"""Stage 6: a listener that a mail server hands us mail by: LMTP (RFC 2033).

In: where to listen, an address or a socket of this machine. Out: messages; the mail server is told that we have one
when it is in the store, and to try again later when it could not be stored.

Our own, because aiosmtpd gives one answer to a message where LMTP wants one for each recipient (RFC 2033 §4.2), and
offers no PIPELINING, which is a must.
"""

import asyncio
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from newsletter.errors import InboundError, told
from newsletter.inbound.incoming import Incoming, Take
from newsletter.inbound.sources.lmtp_session import LmtpSession
from newsletter.inbound.sources.reading import Memory

#: How long messages on their way may take when we end, in seconds.
GRACE: Final = 10.0
#: Bytes that are read ahead; a longer line is read in pieces.
LIMIT: Final = 65_536


def _ignore(_sentence: str) -> None: ...


class LmtpSource:
    """Listens while it is watched. Every process of a fleet may: what comes twice is taken once."""

    name = "lmtp"

    def __init__(
        self, listen: str, memory: Memory, *, folder: Path = Path(), say: Callable[[str], None] = _ignore
    ) -> None:
        """`listen`: host:port or the path of a socket, which holds from `folder`; `say` is told of trouble.

        Raises:
            InboundError: that is no place to listen at.
        """
        self._place = read_place(listen)
        self._folder, self._memory, self._say = folder, memory, say
        self._sessions: dict[asyncio.Task[None], LmtpSession] = {}
        self._trouble = ""
        self.ready = asyncio.Event()  #: it listens
        self.port = 0  #: where it listens, if at a port

    async def round(self, take: Take) -> int:
        """Nothing: mail comes while it is watched."""
        return 0

    async def watch(self, take: Take) -> None:
        server = await self._listen(take)
        try:
            self.ready.set()
            await asyncio.Event().wait()
        finally:
            self.ready.clear()
            server.close()
            await asyncio.shield(self._end_sessions())
            if isinstance(self._place, Path):
                self._socket().unlink(missing_ok=True)

    async def close(self) -> None:
        await self._end_sessions()

    async def _listen(self, take: Take) -> asyncio.Server:
        async def keep(incoming: Incoming) -> None:
            try:
                await take(incoming)
            except Exception as error:
                self._tell(f"what comes by LMTP cannot be stored: {told(error)}")
                raise
            self._trouble = ""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            session = LmtpSession(reader, writer, keep, self._memory)
            task = asyncio.current_task()
            if task is not None:
                self._sessions[task] = session
            try:
                await session.run()
            except asyncio.CancelledError:
                pass  # only we cancel it, when we end; asyncio would complain that nobody asked
            finally:
                if task is not None:
                    self._sessions.pop(task, None)
                writer.close()

        try:
            if isinstance(self._place, Path):
                path = self._socket()
                await asyncio.to_thread(_make_way, path)
                server = await asyncio.start_unix_server(connected, path, limit=LIMIT)
                # Who may enter its folder may connect, as with the sockets of mail servers.
                path.chmod(0o666)
            else:
                server = await asyncio.start_server(connected, *self._place, limit=LIMIT, reuse_address=True)
                self.port = int(server.sockets[0].getsockname()[1])
        except OSError as error:
            raise InboundError(
                f"cannot listen at {self._shown()}: {error.strerror or error}; see NEWSLETTER_INBOUND__LMTP"
            ) from error
        return server

    def _tell(self, trouble: str) -> None:
        """Say it once; the mail server tries again by itself."""
        if trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble

    def _socket(self) -> Path:
        return self._folder / str(self._place)

    def _shown(self) -> str:
        return str(self._socket()) if isinstance(self._place, Path) else f"{self._place[0]}:{self._place[1]}"

    async def _end_sessions(self) -> None:
        """Messages that came whole are answered; nobody else is waited for."""
        tasks = list(self._sessions)
        for task, session in list(self._sessions.items()):
            if not session.stop():
                task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def read_place(listen: str) -> tuple[str, int] | Path:
    """Where to listen: host and port, or the path of a socket.

    Whoever reaches it can hand us anything, so it is loopback, or an address that the setting spells out: never all
    addresses of this machine.

    Raises:
        InboundError: it is neither.
    """
    host, colon, port = listen.strip().rpartition(":")
    if "/" in listen or not colon:
        return Path(listen.strip())
    fix = "write 127.0.0.1:2424 or the path of a socket in NEWSLETTER_INBOUND__LMTP"
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise InboundError(f"“{listen}” is no place to listen at; {fix}")
    if int(port) == 25:
        raise InboundError(f"LMTP must not be spoken at port 25 (RFC 2033 §5); {fix}")
    if host in ("", "localhost"):
        return "127.0.0.1", int(port)
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        raise InboundError(f"“{host}” is no address; {fix}") from None
    if address.is_unspecified:
        raise InboundError(f"at {host} anybody could hand us mail; {fix}")
    return str(address), int(port)


def _make_way(path: Path) -> None:
    """Remove a socket that nobody listens at any more."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise OSError(0, "there is something else of that name")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(str(path)) == 0:
                raise OSError(0, "another process listens there")
        path.unlink()
