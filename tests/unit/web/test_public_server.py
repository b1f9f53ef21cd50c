"""The public pages on real sockets: who is slow, long-winded or rude is cut off, and the others do not wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from newsletter.compose.hosting import Hosting
from newsletter.errors import NewsletterError
from newsletter.web import public_guard, public_server
from newsletter.web.public_server import listener, place, serve_public
from tests.unit.web.public import Public, public_pages


@asynccontextmanager
async def served(street: Public, listen: str = "127.0.0.1:0") -> AsyncIterator[int]:
    """The port on which the pages of `street` are served while the block runs."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_public(street.app, listen, stop=stop, say=ready.set_result))
    try:
        address = await asyncio.wait_for(asyncio.shield(ready), 10)
        yield int(address.rpartition(":")[2].rstrip("/"))
    finally:
        stop.set()
        await asyncio.wait_for(serving, 10)


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Public]:
    async with public_pages(tmp_path) as made:
        yield made


async def ask(port: int, *pieces: bytes) -> bytes:
    """All that the server says until it closes the connection; `pieces` are sent one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b"reset"
    finally:
        writer.close()


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: nieuwsbrief.example.nl\r\nConnection: close\r\n\r\n".encode()


def post(path: str, *headers: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: nieuwsbrief.example.nl", *headers, "", "")
    return "\r\n".join(lines).encode()


async def test_a_page_comes_over_the_wire_and_of_head_only_the_head(street: Public) -> None:
    async with served(street) as port:
        page, head = await ask(port, get(street.link())), await ask(port, get(street.link(), "HEAD"))
    assert page.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"<h1>Wilt u zich afmelden?</h1>" in page
    assert page.partition(b"\r\n\r\n")[0].count(b"\r\n") == head.partition(b"\r\n\r\n")[0].count(b"\r\n")
    assert head.endswith(b"\r\n\r\n")
    assert b"server:" not in page.lower()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_request_with_a_body_is_the_last_of_its_connection(street: Public, method: str) -> None:
    """However the body goes on, nobody waits for its end."""
    lines = (f"{method} {street.link()} HTTP/1.1", "Host: nieuwsbrief.example.nl", "Content-Length: 27", "", "List-")
    async with served(street) as port:
        said = "\r\n".join(lines).encode()
        answer = await ask(port, said + (b"Unsubscribe=One-Click " if method == "POST" else b""))
    assert answer.startswith(b"HTTP/1.1 405" if method == "PUT" else b"HTTP/1.1 200")
    assert await street.on() == ([] if method == "POST" else ["gemeenten"])


@pytest.mark.parametrize(
    "path",
    [
        "/p/../secret.png",
        "/p/./a.png",
        "/p/../../../../../../etc/passwd",
        "/p/%2e%2e/secret.png",
        "/p/..%2fsecret.png",
        "//p/a.png",
        "/p//a.png",
        "/../p/a.png",
        "/p/a.png%0a",
        "/p/\\..\\secret.png",
        "/p/..;/secret.png",
    ],
)
async def test_no_path_on_the_wire_leads_out_of_the_folder(street: Public, path: str) -> None:
    Hosting(street.folder).put("p/a.png", b"picture")
    (street.folder.parent / "secret.png").write_bytes(b"secret")
    async with served(street) as port:
        assert b"picture" in await ask(port, get("/p/a.png"))
        answer = await ask(port, get(path))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"secret" not in answer


async def test_a_body_that_is_too_long_is_cut_off_whether_it_says_so_or_not(street: Public) -> None:
    before = await street.everything()
    async with served(street) as port:
        declared = await ask(port, post(street.link(), "Content-Length: 1000000000"), b"x" * 1000)
        chunk = b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
        chunked = await ask(port, post(street.link(), "Transfer-Encoding: chunked"), *[chunk] * 50)
    assert declared.startswith(b"HTTP/1.1 413 ")
    assert chunked.startswith((b"HTTP/1.1 413 ", b"reset"))
    assert await street.everything() == before


async def test_a_body_that_does_not_come_is_not_waited_for(street: Public, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_guard, "PATIENCE", 0.1)
    before = await street.everything()
    async with served(street) as port:
        slow = asyncio.create_task(ask(port, post(street.link(), "Content-Length: 25"), b"List-"))
        assert (await ask(port, get("/healthz"))).endswith(b"\r\n\r\nok\n")
        assert (await slow).startswith(b"HTTP/1.1 408 ")
    assert await street.everything() == before


@pytest.mark.parametrize("said", [b"", b"GET", b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: "])
async def test_a_head_that_does_not_come_is_not_waited_for(
    street: Public, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(public_server, "HEAD_PATIENCE", 0.1)
    async with served(street) as port:
        assert await ask(port, said) == b""


async def test_a_second_request_on_a_connection_may_come_later_than_the_first_head(
    street: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_server, "HEAD_PATIENCE", 0.1)
    async with served(street) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200 OK\r\n")
            # Longer than a head may take: what is waited for is a new request.
            await asyncio.sleep(0.2)
        writer.close()


@pytest.mark.parametrize(
    "rude",
    [
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\n\r\n\r\n",
        b"POST /u/00 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhallo",
        b"POST /u/00 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhallo",
    ],
    ids=["long path", "long head", "TLS", "no host", "two lengths", "strange encoding"],
)
async def test_what_is_no_request_is_refused_and_the_next_one_is_answered(street: Public, rude: bytes) -> None:
    async with served(street) as port:
        # Where all of a long path comes in one piece, it is merely one that is not there.
        assert (await ask(port, rude)).startswith((b"HTTP/1.1 40", b"HTTP/1.1 501 ", b"reset"))
        assert (await ask(port, get("/healthz"))).endswith(b"ok\n")


async def test_nothing_of_a_request_is_logged(
    street: Public, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async with served(street) as port:
        said = post(street.link(), "Connection: close", "Content-Length: 0")
        for request in (get(street.link()), get("/u/0011"), said, b"\x16\r\n\r\n"):
            await ask(port, request)
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert capfd.readouterr() == ("", "")
    assert street.said == []


async def test_cancelling_it_frees_the_port(street: Public) -> None:
    with closing(listener("127.0.0.1:0")) as found:
        port = found.getsockname()[1]
    ready = asyncio.Event()
    serving = asyncio.create_task(serve_public(street.app, f"127.0.0.1:{port}", say=lambda _: ready.set()))
    await asyncio.wait_for(ready.wait(), 10)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(serving, 10)
    with closing(listener(f"127.0.0.1:{port}")):
        pass


@pytest.mark.parametrize(
    ("listen", "found"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8080", ("::1", 8080)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
    ],
)
def test_a_place_to_listen_is_a_host_and_a_port(listen: str, found: tuple[str, int]) -> None:
    assert place(listen) == found


@pytest.mark.parametrize(
    "listen", ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:8080", "[x]:1:2", "a:-1", "a:٣"]
)
def test_what_is_no_place_is_said_with_an_example(listen: str) -> None:
    with pytest.raises(NewsletterError, match=r"is no place to listen; choose .* 127[.]0[.]0[.]1:8080"):
        place(listen)


def test_a_port_that_is_taken_is_one_sentence_with_the_fix() -> None:
    with closing(listener("127.0.0.1:0")) as found:
        taken = f"127.0.0.1:{found.getsockname()[1]}"
        with pytest.raises(NewsletterError, match=rf"{taken} is taken; choose .* NEWSLETTER_WEB__LISTEN"):
            listener(taken)


@pytest.mark.parametrize("listen", ["192.0.2.1:8080", "nergens.invalid:8080"])
def test_an_address_that_is_not_ours_is_one_sentence(listen: str) -> None:
    with pytest.raises(NewsletterError, match=rf"^{listen.replace('.', '[.]')} cannot be used \("):
        listener(listen)
