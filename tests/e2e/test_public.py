"""`newsletter web` as a service: a real process and real sockets, beside one that sends."""

import asyncio
import base64
import re
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx

from newsletter.outbox.envelope import UNSUBSCRIBE
from newsletter.subscribers.links import make_token
from newsletter.web.public_server import listener
from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.test_run import EVENT, FIRST, prepared, recipients, stop
from tests.smtp_server import smtp_server

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SERVING = "the public pages answer on"
SECOND = f"{EVENT}/announcement"


@asynccontextmanager
async def public(folder: Folder) -> AsyncIterator[httpx.AsyncClient]:
    """The public pages of a folder, as a browser meets them; the process must end in order, and say nothing more."""
    running = await folder.start("web", "--listen", "127.0.0.1:0")
    place = address(await wait_for_line(running, SERVING))
    async with httpx.AsyncClient(base_url=place, timeout=30) as browser:
        yield browser
    running.send_signal(signal.SIGTERM)
    said = await wait_for_line(running, "stopped")
    assert await running.wait() == 0
    assert said == ["stopped"]


def address(lines: list[str]) -> str:
    """Where the process says that it serves."""
    found = re.search(r"http://127\.0\.0\.1:\d+", lines[-1])
    assert found is not None
    return found[0]


def rows(folder: Folder) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(folder.path / "var/newsletter.sqlite")) as store:
        names = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(store.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def link_in(letter: bytes) -> str:
    """The https URI of List-Unsubscribe, without the host."""
    found = re.search(rb"List-Unsubscribe: <https://nieuwsbrief\.example\.nl(/u/[0-9a-f]+)>", letter)
    assert found is not None
    return found[1].decode()


async def test_who_leaves_while_a_mailing_is_on_its_way_gets_no_further_letter_of_it(folder: Folder) -> None:
    """`newsletter run` sends and serves in one process, on one store."""
    people = 80

    def slowly(verb: str, _letters: int) -> None:
        if verb == ".":
            # A server that takes its time, on one connection, so that there is a middle: some 20 are claimed ahead.
            time.sleep(0.02)

    folder.settings |= {
        "NEWSLETTER_MAIL__PUBLIC_URL": "https://nieuwsbrief.example.nl",
        "NEWSLETTER_WEB__LISTEN": "127.0.0.1:0",
        "NEWSLETTER_SMTP__CONNECTIONS": "1",
    }
    async with smtp_server() as server:
        prepared(folder, server, people=people)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        place = address(await wait_for_line(running, SERVING))
        schedule = ("mailing", "schedule", "--at", "now", "--recipients", str(people))
        await asyncio.to_thread(folder.run, *schedule, FIRST)
        await wait_for_line(running, f"{FIRST}: sent")
        links = {recipient: link_in(letter) for _, recipient, letter in server.letters}
        assert len(set(links.values())) == people

        server.answer = slowly
        await asyncio.to_thread(folder.run, *schedule, SECOND)
        await server.wait_for_letters(people + 5)
        gone = {"persoon70@example.nl": ONE_CLICK, "persoon79@example.nl": {"doen": "alles"}}
        async with httpx.AsyncClient(base_url=place, timeout=30) as browser:
            for person, form in gone.items():
                assert (await browser.post(links[person], data=form)).status_code == 200
        server.answer = lambda _verb, _letters: None
        lines = await wait_for_line(running, f"{SECOND}: sent")
        await stop(running)
    assert f"{people - len(gone)} sent" in lines[-1]
    assert "2 withheld" in lines[-1]
    counts = recipients(server)
    assert {person for person, count in counts.items() if count == 1} == set(gone)
    assert counts.total() == 2 * people - len(gone)


async def test_bare_posts_act_once_and_looking_never_does(folder: Folder) -> None:
    """RFC 8058: no cookie, no login, no Referer; 200 without a redirect, and the same again."""
    picture = folder.path / "var/public/p/0123-640.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\x89PNG")
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    before = rows(folder)
    secret = base64.b64decode(dict(before["meta"])["secret"])
    [[list_id, person, *_]] = before["subscriptions"]
    link = f"/u/{make_token(secret, UNSUBSCRIBE, person, list_id)}"
    async with public(folder) as browser:
        for method in ("GET", "HEAD"):
            assert {(await browser.request(method, link)).status_code for _ in range(100)} == {200}
        wrong = [make_token(secret, "bounce", 1, 1), make_token(b"x" * 32, UNSUBSCRIBE, 1, 1), link[3:-1], "0" * 34]
        answers = [await browser.post(f"/u/{token}", data=ONE_CLICK) for token in wrong]
        assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
        assert rows(folder) == before

        multipart = {"List-Unsubscribe": (None, "One-Click")}
        forms: list[dict[str, Any]] = [{"data": ONE_CLICK}, {"files": multipart}, {}]
        for form in forms:
            answer = await browser.post(link, **form)
            assert (answer.status_code, answer.is_redirect) == (200, False)
            after = rows(folder)
            assert [row[2] for row in after["subscriptions"]] == ["unsubscribed"]
        assert len(after["journal"]) == len(before["journal"]) + 2
        answer = await browser.post(link, data={"doen": "terug"})
        assert "U bent weer aangemeld" in answer.text
        assert [row[2] for row in rows(folder)["subscriptions"]] == ["active"]

        answer = await browser.get("/p/0123-640.png")
        assert (answer.content, answer.headers["content-type"]) == (b"\x89PNG", "image/png")
        for path in ("/p/", "/newsletter.env", "/p/%2e%2e/%2e%2e/newsletter.sqlite"):
            assert (await browser.get(path)).status_code == 404


def test_where_nothing_can_listen_the_command_says_so_in_one_sentence(folder: Folder) -> None:
    with closing(listener("127.0.0.1:0")) as taken:
        folder.settings["NEWSLETTER_WEB__LISTEN"] = f"127.0.0.1:{taken.getsockname()[1]}"
        done = folder.run("web", code=1)
    assert done.stderr.startswith(f"{folder.settings['NEWSLETTER_WEB__LISTEN']} is taken; choose a host and port")
    assert len(done.stderr.splitlines()) == 1
