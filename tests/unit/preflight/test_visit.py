"""Visiting links: what the answers mean, and that no link leads into the own network."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from newsletter.preflight.finding import Finding
from newsletter.preflight.visit import check_links, is_public, resolve
from tests.certificates import Authority

#: Path and answer of a site on loopback that stands for one on the internet.
PAGES = {
    "/here": "200 OK\r\nContent-Length: 2\r\n\r\nok",
    "/gone": "404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "/broken": "500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
    "/closed": "403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    "/moved": "301 Moved Permanently\r\nLocation: /here\r\nContent-Length: 0\r\n\r\n",
    "/for-now": "302 Found\r\nLocation: /here\r\nContent-Length: 0\r\n\r\n",
    "/circle": "302 Found\r\nLocation: /circle\r\nContent-Length: 0\r\n\r\n",
    "/inside": "302 Found\r\nLocation: http://metadata.gemeente-utrecht.nl/\r\nContent-Length: 0\r\n\r\n",
    "/rubbish": "this is no HTTP",
}
SITE = "www.gemeente-utrecht.nl"
INSIDE = "169.254.169.254"


class Site:
    """A real server, and the names that lead to it."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[tuple[str, str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        self.asked.append((method, path))
        if path == "/get-only" and method == "HEAD":
            answer = "405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n"
        else:
            answer = PAGES.get(path, PAGES["/here"])
        writer.write((answer if path == "/rubbish" else f"HTTP/1.1 {answer}").encode())
        await writer.drain()
        writer.close()

    def look_up(self, host: str, port: int) -> list[str]:
        if host == "both.gemeente-utrecht.nl":
            return ["127.0.0.1", INSIDE]
        if host == SITE:
            return ["127.0.0.1"]
        if host == "metadata.gemeente-utrecht.nl":
            return [INSIDE]
        raise OSError("no such host")

    def may_visit(self, address: str) -> bool:
        return address == "127.0.0.1"

    async def check(self, *paths: str, host: str = SITE) -> list[Finding]:
        links = [(f"http://{host}:{self.port}{path}", 7, "De agenda") for path in paths]
        return await check_links(links, look_up=self.look_up, may_visit=self.may_visit)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@pytest.mark.parametrize(
    ("path", "level", "part"),
    [
        ("/gone", "must", "is not there (404)"),
        ("/broken", "should", "error 500"),
        ("/closed", "hint", "does not let programs in (403)"),
        ("/moved", "hint", "has moved to"),
        ("/circle", "should", "redirects in circles"),
        ("/inside", "must", "private network"),
        ("/rubbish", "should", "did not answer"),
    ],
)
async def test_an_answer_is_told_by_what_it_means_for_readers(site: Site, path: str, level: str, part: str) -> None:
    [finding] = await site.check(path)
    assert (finding.level.value, finding.check, finding.line) == (level, "link-visited", 7)
    assert part in finding.what


@pytest.mark.parametrize("path", ["/here", "/for-now", "/get-only", "/here?x=1#part"])
async def test_a_page_that_is_there_is_no_finding(site: Site, path: str) -> None:
    assert await site.check(path) == []


async def test_a_site_that_does_not_know_head_is_asked_with_get(site: Site) -> None:
    await site.check("/get-only")
    assert site.asked == [("HEAD", "/get-only"), ("GET", "/get-only")]


async def test_a_name_that_also_leads_inside_is_not_visited_at_all(site: Site) -> None:
    [finding] = await site.check("/here", host="both.gemeente-utrecht.nl")
    assert finding.level.value == "must"
    assert site.asked == []


async def test_each_page_is_visited_once_however_often_it_is_linked(site: Site) -> None:
    await site.check("/here", "/here", "/here")
    assert site.asked == [("HEAD", "/here")]


async def test_an_unknown_host_is_told_and_example_hosts_and_mail_are_not_visited() -> None:
    site = Site()
    assert [one.level.value for one in await site.check("/x", host="weg.gemeente-utrecht.nl")] == ["should"]
    links = [("https://www.example.nl/x", 1, "x"), ("mailto:a@example.nl", 1, "x"), ("https://", 1, "x")]

    def nobody(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    assert await check_links(links, look_up=nobody) == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
        ),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::"),
    ],
)
def test_no_private_address_may_be_visited(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:400e::1"])
def test_an_address_on_the_internet_may_be_visited(address: str) -> None:
    assert is_public(address)


def test_the_resolver_of_this_machine_gives_addresses() -> None:
    assert set(resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("name", "trusted", "is_fine"), [(SITE, True, True), (SITE, False, False), ("a.nl", True, False)]
)
async def test_a_certificate_must_be_the_hosts_own_and_of_a_known_authority(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, trusted: bool, is_fine: bool
) -> None:
    authority, stranger = Authority(tmp_path / "known", "known"), Authority(tmp_path / "stranger", "stranger")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))  # read by OpenSSL
    context = (authority if trusted else stranger).issue(name)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=context)
    url = f"https://{SITE}:{server.sockets[0].getsockname()[1]}/here"
    async with server:
        found = await check_links([(url, 1, "x")], look_up=site.look_up, may_visit=site.may_visit)
    assert [one.level.value for one in found] == ([] if is_fine else ["should"])
    assert all("certificate" in one.what for one in found)
