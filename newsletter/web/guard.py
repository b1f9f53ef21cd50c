"""The windows: what may come in, and what a page may do.

In: requests on loopback. Out: the same requests if they are meant for loopback, and answers that fetch nothing from
elsewhere, so that looking at a letter tells nobody that it was looked at.
"""

import base64
import hashlib
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST: Final = "127.0.0.1"
#: Any other name in the Host header is a page elsewhere whose name was made to lead here (DNS rebinding).
HOSTS: Final = (HOST, "localhost")

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # A browser would look up the names of a letter's links before anybody follows one.
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "no-store",
}


def letter_policy(script: str) -> str:
    """What a letter may do: style itself, and run our one script; no script of its own, no image from elsewhere.

    The sandbox gives it an origin of its own, so that it cannot read the page around it.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
    )


class SafeHeaders:
    """Puts `HEADERS` on every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)
