"""The windows, shell: the preview as a server on loopback, until somebody ends it.

In: a shelf and a port. Out: nothing; pages for the browser of this machine alone.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import closing, suppress

import uvicorn

from newsletter.errors import NewsletterError
from newsletter.web.guard import HOST
from newsletter.web.preview import Posting, create_app
from newsletter.web.shelf import Shelf

#: Seconds that answers on their way get when the server ends.
GRACE = 2


def serve(shelf: Shelf, port: int, say: Callable[[str], None], posting: Posting | None = None) -> None:
    """Serve until Ctrl-C; `say` gets the address as soon as it answers. Port 0 is any free one.

    Raises:
        NewsletterError: the port cannot be had.
    """
    # Where Ctrl-C ends the server, uvicorn raises it once more after it has ended.
    with closing(listen(port)) as listener, suppress(KeyboardInterrupt):
        # On a line of its own, so that nothing but the address is copied.
        say(f"the preview is ready, until Ctrl-C, on\nhttp://{HOST}:{listener.getsockname()[1]}/")
        asyncio.run(_serve(shelf, listener, posting))


async def _serve(shelf: Shelf, listener: socket.socket, posting: Posting | None) -> None:
    server: uvicorn.Server

    def stopping() -> bool:
        return server.should_exit

    config = uvicorn.Config(
        create_app(shelf, stopping=stopping, posting=posting),
        access_log=False,
        log_config=None,
        log_level="warning",
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    await server.serve(sockets=[listener])


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Raises:
        NewsletterError: the port is taken, or not allowed; says which option helps.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise NewsletterError(f"port {port} {why}; choose another with --port, or --port 0 for any free one") from error
    return listener
