"""The pages: complete in themselves, safe to look at, and there again after every mistake."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from newsletter.cli.preview import SAMPLE_EVENT
from newsletter.store.database import Database
from newsletter.web.preview import create_app
from newsletter.web.shelf import Shelf
from tests.unit.web.letters import BROKEN, TEXT, write_template
from tests.world import EVENT_SLUG, NOW

REMINDER = f"/mailings/{EVENT_SLUG}/reminder"


@pytest.fixture
async def browser(shelf: Shelf) -> AsyncIterator[AsyncClient]:
    app = create_app(shelf)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8025") as client,
    ):
        yield client


async def test_the_start_page_links_every_template(browser: AsyncClient, templates: Path) -> None:
    answer = await browser.get("/")
    assert answer.status_code == 200
    assert '<a href="/templates/announcement"' in answer.text
    assert '<a href="/templates/reminder"' in answer.text
    assert str(templates) in answer.text
    assert "newsletter event import" in answer.text


@pytest.mark.usefixtures("database")
async def test_the_start_page_links_stored_mailings_with_their_state_in_words(browser: AsyncClient) -> None:
    page = (await browser.get("/")).text
    assert f'<a href="{REMINDER}"' in page
    assert "Wordt verstuurd" in page
    assert "Nog niet bevestigd" in page
    assert "donderdag 12 maart 2026, 09.00 uur" in page
    assert "newsletter event import" not in page


async def test_the_start_page_names_what_is_broken_beside_what_works(browser: AsyncClient, templates: Path) -> None:
    write_template(templates, "reminder", text=BROKEN)
    page = (await browser.get("/")).text
    assert "templates/reminder/letter.txt:7" in page
    assert "announcement: Masterclass" in page


async def test_an_empty_start_page_says_what_to_do_first(tmp_path: Path) -> None:
    shelf = Shelf((tmp_path / "templates",), SAMPLE_EVENT, clock=lambda: NOW)
    async with AsyncClient(transport=ASGITransport(create_app(shelf)), base_url="http://localhost") as browser:
        page = (await browser.get("/")).text
    assert "Er zijn nog geen sjablonen" in page
    assert "newsletter event import" in page


async def test_a_store_that_cannot_be_opened_is_named_beside_the_templates(
    browser: AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "store.sqlite").write_text("this is not a database, and long enough to be seen as one that is broken")
    page = (await browser.get("/")).text
    assert "De mailings kunnen niet worden gelezen" in page
    assert '<a href="/templates/reminder"' in page


@pytest.mark.parametrize(
    ("view", "holds"),
    [
        ("letter", 'src="/templates/reminder/letter.html"'),
        ("text", "Beste Zoë van ’t Hof-D&#39;Août"),
        ("source", "&lt;!doctype html&gt;"),
        ("message", "Content-Transfer-Encoding: quoted-printable"),
    ],
)
async def test_a_letter_can_be_seen_in_each_way(browser: AsyncClient, view: str, holds: str) -> None:
    page = (await browser.get("/templates/reminder", params={"view": view})).text
    assert holds in page
    assert re.findall(r'href="[^"]*view=(\w+)&amp;width=640" aria-current="page"', page)[0] == view
    assert "<h1>reminder: Masterclass ‘Bewoners in beweging’</h1>" in page


@pytest.mark.parametrize("width", [320, 640])
async def test_the_letter_is_framed_at_the_width_that_was_asked_for(browser: AsyncClient, width: int) -> None:
    page = (await browser.get("/templates/reminder", params={"width": width})).text
    frame = re.findall(r"<iframe[^>]*>", page)
    assert len(frame) == 1
    assert f'width="{width}"' in frame[0]
    assert 'sandbox="allow-scripts"' in frame[0]


async def test_the_letter_may_load_nothing_and_run_only_our_script(browser: AsyncClient) -> None:
    answer = await browser.get("/templates/reminder/letter.html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:" in policy
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert re.search(r"script-src 'sha256-[^' ]+';", policy)
    assert 'alt="De zaal"' in answer.text


async def test_the_files_of_a_letter_are_what_is_sent(browser: AsyncClient, shelf: Shelf) -> None:
    text = await browser.get("/templates/reminder/letter.txt")
    letter = await browser.get("/templates/reminder/letter.eml")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text.startswith("Beste Zoë")
    assert letter.headers["content-type"] == "message/rfc822"
    assert letter.headers["content-disposition"] == "attachment; filename*=UTF-8''reminder.eml"
    assert letter.content.startswith(b"From: ")


@pytest.mark.usefixtures("database")
async def test_a_mailing_that_has_started_says_so(browser: AsyncClient) -> None:
    page = (await browser.get(REMINDER)).text
    assert "<h1>Wat is verstuurd</h1>" in page
    assert "die verandert niet meer" in page
    letter = await browser.get(f"{REMINDER}/letter.eml")
    assert letter.headers["content-disposition"].endswith(f"''{EVENT_SLUG}.reminder.eml")


async def test_a_broken_template_shows_its_sentence_and_comes_back(browser: AsyncClient, templates: Path) -> None:
    write_template(templates, "reminder", text=BROKEN)
    answer = await browser.get("/templates/reminder")
    assert answer.status_code == 200
    assert "templates/reminder/letter.txt:7: " in answer.text
    assert "<iframe" not in answer.text
    assert (await browser.get("/templates/reminder/letter.html")).status_code == 422
    write_template(templates, "reminder", text=TEXT)
    assert "<iframe" in (await browser.get("/templates/reminder")).text


async def test_a_template_that_is_gone_is_waited_for(browser: AsyncClient) -> None:
    answer = await browser.get("/templates/verslag")
    assert answer.status_code == 404
    assert "there is no template “verslag”" in answer.text
    assert 'data-watch="/changes?kind=templates&amp;name=verslag&amp;seen="' in answer.text


async def test_a_store_that_cannot_be_read_is_a_page(browser: AsyncClient, database: Database) -> None:
    assert (await browser.get(REMINDER)).status_code == 200
    async with database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE mailings RENAME TO lost")
    answer = await browser.get(REMINDER)
    assert answer.status_code == 200
    assert "the store cannot be used now: no such table" in answer.text


@pytest.mark.usefixtures("database")
async def test_a_mailing_says_what_nobody_on_its_lists_has(browser: AsyncClient, templates: Path) -> None:
    draft = f"/mailings/{EVENT_SLUG}/save-the-date"
    assert "Niemand op de lijsten" not in (await browser.get(draft)).text
    write_template(templates, "announcement", text="[[ subscriber.provincie ]] [[ subscriber.rol | default('lid') ]]\n")
    page = (await browser.get(draft)).text
    assert "Niemand op de lijsten van deze mailing heeft: provincie." in page
    assert "<iframe" in page
    english = await browser.get(draft, headers={"Accept-Language": "en"})
    assert "Nobody on the lists of this mailing has: provincie." in english.text
    for other in ("/templates/announcement", REMINDER):
        assert "Niemand op de lijsten" not in (await browser.get(other)).text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/nothing/here",
        "/templates/reminder/letter.pdf",
        "/assets/layout.html",
        "/templates/reminder?view=upside-down",
        "/templates/reminder?width=100000",
        "/changes",
        "/openapi.json",
        "/docs",
    ],
)
async def test_where_nothing_is_there_is_a_page_that_leads_on(browser: AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


@pytest.mark.parametrize("path", ["/", "/templates/reminder", "/nothing", "/assets/preview.css", "/assets/preview.js"])
async def test_every_answer_keeps_to_itself(browser: AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-dns-prefetch-control"] == "off"


@pytest.mark.parametrize("path", ["/", "/templates/reminder", "/templates/reminder?view=text", "/nothing"])
async def test_pages_name_no_other_host(browser: AsyncClient, path: str) -> None:
    page = (await browser.get(path)).text
    addresses = re.findall(r'(?:src|href|data-watch)="([^"]*)"', page)
    assert addresses
    assert all(address.startswith(("/", "#", "data:,")) and not address.startswith("//") for address in addresses)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1:8025"])
async def test_a_request_under_another_name_is_refused(browser: AsyncClient, host: str) -> None:
    answer = await browser.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "<html" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "localhost:8025", "127.0.0.1:8025"])
async def test_both_names_of_this_machine_are_welcome(browser: AsyncClient, host: str) -> None:
    assert (await browser.get("/assets/preview.css", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(browser: AsyncClient, method: str) -> None:
    for path in ("/", "/templates/reminder", "/changes"):
        assert (await browser.request(method, path)).status_code == 405


async def test_pages_are_in_english_for_who_reads_that(browser: AsyncClient) -> None:
    answer = await browser.get("/templates/reminder", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="en">' in answer.text
    assert "Plain text" in answer.text
    assert answer.headers["vary"] == "Accept-Language"


async def test_the_stream_tells_what_has_changed_since_the_page_was_made(shelf: Shelf) -> None:
    looks = iter([False, False, True])
    app = create_app(shelf, stopping=lambda: next(looks), every=0)
    seen = await shelf.fingerprint(None)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1") as browser:
        answer = await browser.get("/changes", params={"seen": "something else"})
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text.count("event: changed") == 1
        assert f"id: {seen}\n" in answer.text
        looks = iter([False, True])
        answer = await browser.get("/changes", params={"seen": "before"}, headers={"Last-Event-ID": seen})
        assert "event: changed" not in answer.text
