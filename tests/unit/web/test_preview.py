"""The pages: complete in themselves, safe to look at, and there again after every mistake."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from newsletter.cli.preview import SAMPLE_EVENT
from newsletter.compose.mailing import Mailing
from newsletter.errors import SmtpError
from newsletter.store.database import Database
from newsletter.web.items import Item
from newsletter.web.preview import Posting, create_app
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
        ("letter", 'src="/templates/reminder/letter.html#newsletter-found"'),
        ("text", "Beste Zoë van ’t Hof-D&#39;Août"),
        ("source", "&lt;!doctype html&gt;"),
        ("message", "Content-Transfer-Encoding: quoted-printable"),
    ],
)
async def test_a_letter_can_be_seen_in_each_way(browser: AsyncClient, view: str, holds: str) -> None:
    page = (await browser.get("/templates/reminder", params={"view": view})).text
    assert holds in page
    assert re.findall(r'id="view-(\w+)"[^>]* aria-current="page"', page) == [view]
    assert "<h1>reminder: Masterclass ‘Bewoners in beweging’</h1>" in page


@pytest.mark.parametrize("width", [320, 600, 800])
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
    assert "img-src data:;" in policy
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
    assert "het verandert niet meer" in page
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
    assert 'data-watch="/changes?kind=templates&amp;name=verslag&amp;event=&amp;seen="' in answer.text


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
    assert "http://" not in page


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


async def test_three_widths_stand_beside_each_other_until_one_is_chosen(browser: AsyncClient) -> None:
    page = (await browser.get("/templates/reminder")).text
    assert re.findall(r'<iframe id="frame-(\d+)" width="(\d+)"', page) == [
        ("320", "320"),
        ("600", "600"),
        ("800", "800"),
    ]
    assert page.count('sandbox="allow-scripts"') == 3


@pytest.mark.parametrize(
    ("query", "holds", "lacks"),
    [
        ("", "@media (max-width: 0)", "color-scheme: dark only"),
        ("?scheme=dark", "color-scheme: dark only", "prefers-color-scheme"),
        ("?client=gmail-plain", "Beste", "#123457"),
        ("?client=forced-dark", "color-scheme: light only", "prefers-color-scheme"),
        ("?images=off", 'src="data:,"', "svg"),
        ("", "data:image/svg+xml", "https://www.example.nl/krimp"),
        ("?person=nameless", "Beste  van", "Zoë"),
        ("?person=without-organisation", "van </p>", "‹organisation›"),
        ("?language=en", '<html lang="en"', '<html lang="nl"'),
    ],
)
async def test_the_letter_is_seen_as_chosen(
    browser: AsyncClient, templates: Path, query: str, holds: str, lacks: str
) -> None:
    html = (templates / "reminder" / "letter.html").read_text(encoding="utf-8")
    dark = "<style data-premailer='ignore'>@media (prefers-color-scheme: dark) { p { color: #123457 } }</style></head>"
    (templates / "reminder" / "letter.html").write_text(html.replace("</head>", dark), encoding="utf-8")
    letter = (await browser.get(f"/templates/reminder/letter.html{query}")).text
    assert holds in letter
    assert lacks not in letter


async def test_the_person_who_is_chosen_gets_the_file_too(browser: AsyncClient) -> None:
    answer = await browser.get("/templates/reminder/letter.txt", params={"person": "nameless"})
    assert answer.text.startswith("Beste \n")


async def test_what_cannot_be_addressed_to_somebody_says_why(browser: AsyncClient, templates: Path) -> None:
    write_template(templates, "reminder", text="[[ subscriber.rol.naam ]] [[ links.unsubscribe ]]\n")
    answer = await browser.get("/templates/reminder")
    assert answer.status_code == 200
    assert "<iframe" not in answer.text
    assert "subscriber" in answer.text


async def test_every_finding_leads_to_its_place(browser: AsyncClient, templates: Path) -> None:
    html = (templates / "reminder" / "letter.html").read_text(encoding="utf-8")
    wrong = html.replace("</body>", '<p><a href="https://www.example.nl/krimpregios">klik hier</a></p></body>')
    (templates / "reminder" / "letter.html").write_text(wrong, encoding="utf-8")
    page = (await browser.get("/templates/reminder")).text
    places = re.findall(r'href="/templates/reminder(\?[^"#]*mark=\d+)#content"', page)
    assert places
    marked = [
        (await browser.get(f"/templates/reminder/letter.html{place.replace('&amp;', '&')}")).text for place in places
    ]
    assert any(
        'id="newsletter-found"' in letter and "klik hier" in letter.partition("newsletter-found")[2][:400]
        for letter in marked
    )
    lines = re.findall(r'href="/templates/reminder(\?view=source[^"#]*mark=\d+)#found"', page)
    assert lines
    assert '<mark id="found">' in (await browser.get(f"/templates/reminder{lines[0].replace('&amp;', '&')}")).text


async def test_sizes_are_shown_with_their_limits(browser: AsyncClient) -> None:
    page = (await browser.get("/templates/reminder")).text
    assert '<meter id="gauge-html" min="0" max="102000" low="90000" high="100000" optimum="0"' in page
    assert "van 102 kB, past overal" in page


@pytest.mark.usefixtures("database")
async def test_the_difference_to_what_was_sent_last_is_shown_block_by_block(browser: AsyncClient) -> None:
    page = (await browser.get("/templates/reminder", params={"view": "changes"})).text
    assert f"{EVENT_SLUG}/reminder" in page
    assert re.search(r"<del>Wat\b", page)
    assert re.search(r"<ins>reminder\b", page)
    assert "Beste [[ subscriber.name ]]" not in page.partition("Onderwerp")[0]
    assert "nog nooit iets verstuurd" in (await browser.get(REMINDER, params={"view": "changes"})).text


async def test_without_a_calendar_its_page_says_so(browser: AsyncClient) -> None:
    assert "geen agendabestand" in (await browser.get("/templates/reminder?view=calendar")).text
    page = (await browser.get("/templates/announcement?view=calendar")).text
    assert "METHOD:PUBLISH" in page
    assert "donderdag 13 juni 2019, 12.00 uur" in page


@pytest.mark.usefixtures("database")
async def test_people_on_the_lists_are_shown_only_when_asked_for(browser: AsyncClient) -> None:
    draft = f"/mailings/{EVENT_SLUG}/save-the-date"
    assert "Persoon " not in (await browser.get(draft)).text
    assert "Persoon " in (await browser.get(draft, params={"lists": "yes"})).text
    letter = await browser.get(f"{draft}/letter.txt", params={"lists": "yes", "person": "real-0"})
    assert letter.text.startswith("Beste Persoon ")


async def test_the_keyboard_reaches_everything_that_the_list_names(browser: AsyncClient) -> None:
    page = (await browser.get("/templates/reminder")).text
    listed = set(re.findall(r"<kbd>(.)</kbd>", page))
    reached = set(re.findall(r'data-(?:key|cycle)="(.)"', page))
    assert listed - {"n", "m"} <= reached


# Sending to oneself


@pytest.fixture
async def posted(shelf: Shelf) -> AsyncIterator[tuple[AsyncClient, list[tuple[str, str, str]]]]:
    """A browser of a preview that can send, and what it sent: item, subject, address."""
    sent: list[tuple[str, str, str]] = []

    async def post(item: Item, mailing: Mailing, address: str) -> str:
        if address == "vol@example.nl":
            raise SmtpError("the mailbox is full")
        sent.append((item.name, mailing.subject, address))
        return "250 queued"

    app = create_app(shelf, posting=Posting(relay="mail.example.nl:587", is_folder=False, post=post))
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8025", follow_redirects=True) as client,
    ):
        yield client, sent


async def token_of(browser: AsyncClient) -> str:
    found = re.search(r'name="token" value="([^"]+)"', (await browser.get("/templates/reminder")).text)
    assert found is not None
    return found[1]


async def test_what_is_seen_can_be_sent_to_oneself(
    posted: tuple[AsyncClient, list[tuple[str, str, str]]],
) -> None:
    browser, sent = posted
    form = {"token": await token_of(browser), "address": "ik@example.nl"}
    answer = await browser.post("/templates/reminder/send?language=en", data=form)
    assert answer.status_code == 200
    assert str(answer.url).startswith("http://127.0.0.1:8025/templates/reminder?language=en&told=")
    assert "Verstuurd naar ik@example.nl. 250 queued" in answer.text
    assert [(name, address) for name, _, address in sent] == [("reminder", "ik@example.nl")]
    again = await browser.get(str(answer.url))
    assert len(sent) == 1
    assert again.status_code == 200


async def test_a_letter_that_was_not_taken_says_why(posted: tuple[AsyncClient, list[tuple[str, str, str]]]) -> None:
    browser, sent = posted
    form = {"token": await token_of(browser), "address": "vol@example.nl"}
    answer = await browser.post("/templates/reminder/send", data=form)
    assert "Niet verstuurd.</strong> the mailbox is full" in answer.text
    assert sent == []


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("guessed", {}),
        ("é", {}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "http://127.0.0.1:9999"}),
    ],
)
async def test_a_form_from_elsewhere_sends_nothing(
    posted: tuple[AsyncClient, list[tuple[str, str, str]]], token: str | None, headers: dict[str, str]
) -> None:
    browser, sent = posted
    form = {"token": await token_of(browser) if token is None else token, "address": "ik@example.nl"}
    answer = await browser.post("/templates/reminder/send", data=form, headers=headers)
    assert "De pagina was te oud" in answer.text
    assert sent == []


async def test_a_form_that_is_far_too_long_is_not_read(
    posted: tuple[AsyncClient, list[tuple[str, str, str]]],
) -> None:
    browser, sent = posted
    form = {"token": await token_of(browser), "address": "ik@example.nl", "more": "x" * 5000}
    await browser.post("/templates/reminder/send", data=form)
    assert sent == []


async def test_where_nothing_can_be_sent_there_is_no_form_and_no_address_for_it(browser: AsyncClient) -> None:
    assert 'method="post"' not in (await browser.get("/templates/reminder")).text
    assert (await browser.post("/templates/reminder/send", data={})).status_code == 405
