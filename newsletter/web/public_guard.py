"""The windows on the street: what may come in, and what a public page may do.

In: requests of anybody. Out: the few fields of a form, or why it is not read to its end; who asks, to count them and
for nothing else; answers that browsers keep to themselves. Nothing of a request is written down anywhere.
"""

import asyncio
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import Message as Part
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of a form: what mail programs and our own pages send has some dozens, multipart a few hundred.
LONGEST: Final = 8192
#: Seconds in which a form must have come.
PATIENCE: Final = 10.0
FIELDS: Final = 20

HEADERS: Final = {
    # Pages set their own, with their style sheet in it.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    # The address of a page is the key to it, so nobody is told where a reader comes from.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-DNS-Prefetch-Control": "off",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
}


class Guard:
    """Puts `HEADERS` on every answer that does not set its own, and answers where a page failed.

    What went wrong is said without anything of the request: an address of a page, or of a person, stands in no log.
    """

    def __init__(self, app: ASGIApp, *, failed: Callable[[Scope], ASGIApp], say: Callable[[str], None]) -> None:
        self._app, self._failed, self._say = app, failed, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if _has_body(scope):
                    # What was not read of it is not waited for either.
                    headers["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:
            self._say(f"a public page could not be made ({type(error).__name__})")
            if not started:
                await self._failed(scope)(scope, receive, send_guarded)


def _has_body(scope: Scope) -> bool:
    """RFC 9112 §6: a request of any method may have one."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form that is posted, urlencoded or multipart (RFC 8058 §3.2); nothing where there are none.

    Raises:
        HTTPException: 413 where it is too long, 408 where it comes too slowly.
    """
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:12]) > LONGEST:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for piece in request.stream():
                body += piece
                if len(body) > LONGEST:
                    raise HTTPException(413)
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408) from error
    return fields(request.headers.get("content-type", ""), bytes(body))


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form by name, the first of each; a body of another kind has none."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _multipart(content_type, body)
    if kind not in ("", "application/x-www-form-urlencoded"):
        return {}
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    """RFC 7578. What a header cannot hold is no boundary, so no line of the body can become one."""
    head = content_type.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"")
    form = message_from_bytes(b"Content-Type: " + head + b"\r\n\r\n" + body)
    found: dict[str, str] = {}
    parts = form.get_payload() if form.is_multipart() else []
    for part in list(parts)[:FIELDS]:
        if isinstance(part, Part):
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(content, bytes):
                found.setdefault(name, content.decode("utf-8", "replace").strip())
    return found


def visitor(scope: Scope) -> str:
    """Who asks, to count by: an address, or of IPv6 the network of one subscriber (64 bits).

    Where the web server in front is on this machine, it tells (X-Forwarded-For): the last address in it is the one
    that it has seen itself. From anybody else that header is a claim, and is not read.
    """
    peer = (scope.get("client") or ("", 0))[0]
    if _is_loopback(peer):
        said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        last = b",".join(said).decode("latin-1").rpartition(",")[2].strip()
        peer = last if _read(last) else peer
    address = _read(peer)
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address) if address else ""


def _is_loopback(peer: str) -> bool:
    address = _read(peer)
    # A connection over a Unix socket has no address.
    return not peer or (address is not None and address.is_loopback)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    # A server that listens on IPv6 for both sees IPv4 in that form (RFC 4291 §2.5.5.2).
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
