"""Preflight, shell: are the pages that a mailing links to really there?

In: addresses. Out: findings. Only done when somebody asks for it: it is the one check that leaves this machine. Every
address is looked up first and visited at exactly the host address that was judged, so that no name that changes its
mind (DNS rebinding) or redirect leads into the own network.
"""

import asyncio
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.links import host_of, is_example, parsed

AT_ONCE: Final = 6
SECONDS: Final = 8.0  #: for one answer
ALL_SECONDS: Final = 60.0  #: for all of them
REDIRECTS: Final = 5
#: Sites that are there but do not talk to programs.
_CLOSED: Final = frozenset({401, 403, 405, 406, 429, 451, 501, 999})
_GONE: Final = frozenset({404, 410})
_AGENT: Final = "newsletter link check"

Resolve = Callable[[str, int], Sequence[str]]
MayVisit = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a visit."""

    status: int = 0  #: of HTTP; 0 is none
    moved_to: str = ""  #: where a redirect for good leads
    trouble: str = ""  #: why there was no answer
    forbidden: bool = False  #: it leads to a place that may not be visited


class _RefusedError(Exception):
    """The address is in a network that may not be visited."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, by the resolver of this machine; OSError where it has none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether an address is on the internet: not of this machine, its network, or a link (RFC 6890)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


async def check_links(
    links: Sequence[tuple[str, int, str]], *, look_up: Resolve = resolve, may_visit: MayVisit = is_public
) -> list[Finding]:
    """Visit each of these links, a few at a time; who does not answer in time is named, and holds up nobody.

    Args:
        links: address, line and text of each.
        look_up: the addresses of a host.
        may_visit: whether an address of a host is on the internet.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def visit(url: str) -> Answer:
        async with gate:
            return await asyncio.to_thread(_visit, url, look_up, may_visit)

    first = {url: (line, text) for url, line, text in reversed(links) if host_of(url) and not is_example(host_of(url))}
    tasks = {url: asyncio.create_task(visit(url)) for url in first}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=ALL_SECONDS)
    found = []
    for url, task in tasks.items():
        answer = task.result() if task.done() else Answer(trouble="no answer in time")
        task.cancel()
        if finding := judge(url, answer, *first[url]):
            found.append(finding)
    return found


def judge(url: str, answer: Answer, line: int, text: str) -> Finding | None:
    """What an answer means for a link; None where all is well."""

    def about(level: Level, what: str, fix: str) -> Finding:
        return Finding(
            level=level,
            check="link-visited",
            part="html",
            line=line,
            excerpt=short(text or url),
            what=what,
            fix=fix,
            source="RFC 9110 §15",
        )

    if answer.forbidden:
        return about(Level.MUST, f"{short(url)} leads into a private network", "link to the public address of the page")
    if answer.status in _GONE:
        return about(
            Level.MUST, f"{short(url)} is not there ({answer.status})", "mend the address, or publish the page"
        )
    if answer.trouble:
        return about(
            Level.SHOULD, f"{short(url)} did not answer: {answer.trouble}", "open it yourself, then check again"
        )
    if answer.status in _CLOSED:
        return about(Level.HINT, f"{short(url)} does not let programs in ({answer.status})", "open it yourself")
    if answer.status >= 400:
        return about(Level.SHOULD, f"{short(url)} answers with error {answer.status}", "open it yourself")
    if answer.moved_to:
        return about(Level.HINT, f"{short(url)} has moved to {short(answer.moved_to)}", "link to that address")
    return None


def _visit(url: str, look_up: Resolve, may_visit: MayVisit) -> Answer:
    """Follow one link to its end; blocking, for a thread of its own."""
    place, for_good = url, True
    for _ in range(REDIRECTS + 1):
        try:
            status, location = _ask(place, look_up, may_visit)
        except _RefusedError:
            return Answer(forbidden=True)
        except ssl.SSLCertVerificationError as error:
            return Answer(trouble=f"its certificate is not valid ({error.verify_message})")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(trouble=str(error) or type(error).__name__)
        if status not in (301, 302, 303, 307, 308) or not location:
            return Answer(status=status, moved_to=place if for_good and place != url else "")
        for_good = for_good and status in (301, 308)
        place = urljoin(place, location)
        if not host_of(place):
            return Answer(trouble="it redirects to no page")
    return Answer(trouble="it redirects in circles")


def _ask(url: str, look_up: Resolve, may_visit: MayVisit) -> tuple[int, str]:
    """Status and Location; GET only where the site does not know HEAD."""
    status, location = _request("HEAD", url, look_up, may_visit)
    if status in (400, 403, 404, 405, 501):
        status, location = _request("GET", url, look_up, may_visit)
    return status, location


def _request(method: str, url: str, look_up: Resolve, may_visit: MayVisit) -> tuple[int, str]:
    parts = parsed(url)
    if parts is None or parts.hostname is None:
        raise ValueError("it is not an address")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses = look_up(parts.hostname, port)
    # One private address among public ones is how a name is made to change its mind.
    if not addresses or not all(may_visit(address) for address in addresses):
        raise _RefusedError
    kind = _SecureConnection if secure else _Connection
    connection = kind(parts.hostname, port, addresses[0])
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request(method, target, headers={"User-Agent": _AGENT, "Accept": "*/*", "Connection": "close"})
        response = connection.getresponse()
        return response.status, response.getheader("Location") or ""
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """To the very address that was judged."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _SecureConnection(http.client.HTTPSConnection):
    """The same with TLS, by the name of the host."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=SECONDS, context=self._tls)
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
