"""The windows on the street, shell: the public pages as a server, for the web server in front of it.

In: the application, and where to listen. Out: nothing, until it is stopped. It speaks HTTP without TLS, which the web
server in front adds; whoever sends slowly, or too much, is cut off here as well.
"""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from newsletter.errors import NewsletterError

#: Seconds that answers on their way get when the server ends.
GRACE: Final = 2
#: Seconds in which the head of a request must have come.
HEAD_PATIENCE: Final = 10.0
#: Bytes of it.
LONGEST_HEAD: Final = 16_384
#: Connections at once; the next ones are asked to come later.
CONNECTIONS: Final = 500


def ignore(_sentence: str) -> None:
    """Say nothing."""


async def serve_public(
    app: ASGIApp, listen: str, *, stop: asyncio.Event | None = None, say: Callable[[str], None] = ignore
) -> None:
    """Serve until `stop` is set or the task is cancelled; `say` gets the address as soon as it answers.

    Args:
        app: what `create_public` made.
        listen: "127.0.0.1:8080", "[::1]:8080", or a name; port 0 is any free one.

    Raises:
        NewsletterError: nothing can listen there.
    """
    with closing(listener(listen)) as open_socket:
        server = _Server(_config(app))
        serving = asyncio.create_task(server.serve(sockets=[open_socket]))
        stopping = asyncio.create_task((stop or asyncio.Event()).wait())
        try:
            host, port = open_socket.getsockname()[:2]
            say(f"the public pages answer on http://{f'[{host}]' if ':' in host else host}:{port}/")
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            stopping.cancel()
            await serving


def listener(listen: str) -> socket.socket:
    """A listening socket.

    Raises:
        NewsletterError: `listen` cannot be read, or nothing can listen there; it names the setting.
    """
    host, port = place(listen)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot(listen, f"cannot be used ({error.strerror})") from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(512)
        made.setblocking(False)
    except OSError as error:
        made.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise _cannot(listen, why) from error
    return made


def place(listen: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:8080" or "[::1]:8080".

    Raises:
        NewsletterError: it is written otherwise.
    """
    host, colon, port = listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if colon and bare and port.isascii() and port.isdigit() and int(port) <= 65_535:
        is_bracketed = host != bare
        if ":" not in bare or (is_bracketed and _is_ipv6(bare)):
            return bare, int(port)
    raise _cannot(listen, "is no place to listen")


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _cannot(listen: str, why: str) -> NewsletterError:
    return NewsletterError(
        f"{listen} {why}; choose a host and port, such as 127.0.0.1:8080, "
        "with NEWSLETTER_WEB__LISTEN or newsletter web --listen"
    )


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        # Links are keys, so neither they nor who uses them is written down, also where something fails.
        access_log=False,
        log_config=None,
        log_level="critical",
        http=_Patient,
        ws="none",
        lifespan="off",
        # The application itself reads X-Forwarded-For, where it may be trusted.
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Whoever runs us ends us; signals are theirs."""
        yield


class _Patient(H11Protocol):
    """Closes a connection that opens and then says nothing, or whose head comes byte by byte.

    The server itself is patient without end until the head of the first request has come, and after each byte anew.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._deadline is None:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._forget()

    def _expect(self) -> None:
        self._deadline = self.loop.call_later(HEAD_PATIENCE, self.transport.close)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
