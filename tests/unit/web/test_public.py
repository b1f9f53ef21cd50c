"""Who holds the link of a letter can leave, and come back; who does not, learns and changes nothing."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.schema import DropTable

from newsletter.errors import TemplateError
from newsletter.events.event import Series
from newsletter.outbox.envelope import MESSAGE, REPLY, UNSUBSCRIBE, VERP
from newsletter.schedule.rules import starts_at
from newsletter.store import events, journal, subscribers
from newsletter.store.tables import subscriptions
from newsletter.subscribers.links import make_token
from newsletter.web import public as pages
from tests.unit.web.public import ONE_CLICK, SECRET, Public, public_pages
from tests.world import event, series

ASK, LEFT, BACK = "Wilt u zich afmelden?", "U bent afgemeld", "U bent weer aangemeld"
LOST = "Deze pagina bestaat niet"


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Public]:
    async with public_pages(tmp_path) as made:
        yield made


def heading(answer: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found is not None, answer.text
    return found[1]


async def say(street: Public, what: str, link: str = "") -> httpx.Response:
    return await street.browser.post(link or street.link(), data={"doen": what})


# Looking


async def test_looking_shows_what_the_mails_are_about_and_two_ways_to_stop_them(street: Public) -> None:
    answer = await street.browser.get(street.link())
    assert answer.status_code == 200
    assert heading(answer) == ASK
    assert "U krijgt nu mails van <strong>Kennisdagen ‘wonen’</strong>." in answer.text
    assert re.findall(r'<button name="doen" value="(\w+)"', answer.text) == ["lijst", "alles"]
    assert "vragen@example.nl" in answer.text
    assert "Gemeente Voorbeeld" in answer.text


async def test_looking_a_hundred_times_leaves_every_table_as_it_was(street: Public) -> None:
    before = await street.everything()
    for _ in range(100):
        assert (await street.browser.get(street.link())).status_code == 200
        assert (await street.browser.head(street.link())).status_code == 200
    await street.browser.get(street.link(), params={"doen": "lijst", **ONE_CLICK})
    assert await street.everything() == before


async def test_a_page_shows_no_address_of_the_reader_and_no_other_list(street: Public) -> None:
    await street.subscribe("pers", 1)
    for answer in (await street.browser.get(street.link()), await say(street, "lijst"), await say(street, "terug")):
        assert "person-0" not in answer.text
        assert "pers<" not in answer.text
        assert "Persoon 0" not in answer.text


async def test_the_page_speaks_the_language_of_the_series_and_the_other_one_when_asked(street: Public) -> None:
    english = {"Accept-Language": "en"}
    assert heading(await street.browser.get(street.link(), headers=english)) == ASK
    answer = await street.browser.get(f"{street.link()}?taal=en")
    assert heading(answer) == "Do you want to unsubscribe?"
    assert answer.headers["content-language"] == "en"
    assert '<html lang="en">' in answer.text
    assert '<a href="?taal=nl" lang="nl" hreflang="nl">Nederlands</a>' in answer.text
    # A form without an action posts to where it stands, so the language stays.
    assert "action=" not in answer.text
    answer = await say(street, "lijst", f"{street.link()}?taal=en")
    assert heading(answer) == "You are unsubscribed"
    assert heading(await street.browser.get(f"{street.link()}?taal=fy")) == LEFT


@pytest.mark.parametrize(("language", "spoken"), [("en", "en"), ("nl", "nl"), ("fy", "nl")])
async def test_a_series_in_a_language_that_no_page_speaks_gets_dutch(
    street: Public, language: str, spoken: str
) -> None:
    await _store(street, replace(series(), language=language))
    assert f'<html lang="{spoken}">' in (await street.browser.get(street.link())).text


async def test_a_list_without_a_series_is_called_by_its_own_name(street: Public) -> None:
    await street.subscribe("pers", 1)
    answer = await street.browser.get(street.link(1, "pers"))
    assert "<strong>pers</strong>" in answer.text


async def test_a_list_of_two_series_names_both(street: Public) -> None:
    await _store(street, replace(series(), slug="zorg", name="Zorgdagen <2>", lists=("gemeenten",)))
    assert (
        "van <strong>Kennisdagen ‘wonen’ en Zorgdagen &lt;2&gt;</strong>"
        in (await street.browser.get(street.link())).text
    )


async def test_a_page_wears_the_colours_of_its_series(tmp_path: Path) -> None:
    async with public_pages(tmp_path) as street:
        await _store(street, replace(series(), theme=(("base", "veen"),)))
        assert "--accent: #1d5b3c;" in (await street.browser.get(street.link())).text


async def test_a_theme_that_cannot_be_read_keeps_nobody_from_leaving(tmp_path: Path) -> None:
    def broken(_own: object) -> dict[str, str]:
        raise TemplateError("there is no theme “roze”")

    async with public_pages(tmp_path, theme_of=broken) as street:
        assert "--accent: #1251b5;" in (await street.browser.get(street.link())).text
        assert (await say(street, "lijst")).status_code == 200
        assert await street.on() == []


# Acting


@pytest.mark.parametrize(
    "body",
    [
        {"data": ONE_CLICK},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"List-Unsubscribe=One-Click"},
        {"content": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "text/plain"}},
        {"data": {"doen": "lijst"}},
        {"files": {"doen": (None, "lijst")}},
    ],
    ids=["urlencoded", "multipart", "empty", "no type", "text", "the page", "the page, multipart"],
)
async def test_one_post_ends_the_subscription_whatever_its_form(street: Public, body: dict[str, Any]) -> None:
    """RFC 8058 §3.2: no cookie, no login, no redirect; and done twice it is the same."""
    for _ in range(2):
        answer = await street.browser.post(street.link(), **body)
        assert answer.status_code == 200
        assert not answer.history
        assert heading(answer) == LEFT
        assert await street.on() == []
    assert await street.on(2) == ["gemeenten"]


async def test_leaving_twice_is_written_down_once(street: Public) -> None:
    await street.browser.post(street.link(), data=ONE_CLICK)
    once = await street.everything()
    await street.browser.post(street.link(), data=ONE_CLICK)
    await say(street, "lijst")
    assert await street.everything() == once
    async with street.database.read() as tx:
        [note] = await journal.read_notes(tx, "list:gemeenten")
    assert note["detail"] == "one person, by one click in a mail program"


async def test_a_link_ends_all_lists_that_only_bring_its_series(street: Public) -> None:
    await street.subscribe("corporaties", 1)
    await street.subscribe("pers", 1)
    answer = await say(street, "lijst")
    assert await street.on() == ["pers"]
    assert "nog op een andere lijst" not in answer.text


async def test_it_says_when_the_same_mails_still_come_by_a_list_that_brings_others_too(street: Public) -> None:
    await _store(street, replace(series(()), slug="zorg", name="Zorgdagen", lists=("corporaties",)))
    await street.subscribe("corporaties", 1)
    answer = await say(street, "lijst")
    assert await street.on() == ["corporaties"]
    assert "U bent van één lijst van <strong>Kennisdagen ‘wonen’</strong> af" in answer.text
    answer = await say(street, "alles")
    assert await street.on() == []
    assert "nog op een andere lijst" not in answer.text


async def test_another_list_with_other_mails_is_not_spoken_of(street: Public) -> None:
    await street.subscribe("pers", 1)
    assert "nog op een andere lijst" not in (await say(street, "lijst")).text


async def test_leaving_all_ends_all_and_can_be_taken_back_with_all_of_it(street: Public) -> None:
    await street.subscribe("corporaties", 1)
    await street.subscribe("pers", 1)
    answer = await say(street, "alles")
    assert "U krijgt geen mails meer van ons" in answer.text
    assert await street.on() == []
    assert re.findall(r'value="(\w+)"', answer.text) == ["terug"]
    answer = await say(street, "terug")
    assert heading(answer) == BACK
    assert await street.on() == ["corporaties", "gemeenten", "pers"]


async def test_leaving_can_be_taken_back_and_done_again(street: Public) -> None:
    await say(street, "lijst")
    assert heading(await street.browser.get(street.link())) == LEFT
    for _ in range(2):
        assert heading(await say(street, "terug")) == BACK
        assert await street.on() == ["gemeenten"]
    assert heading(await street.browser.get(street.link())) == ASK
    assert heading(await say(street, "lijst")) == LEFT
    assert await street.on() == []


async def test_who_left_a_list_and_then_all_is_back_at_once(street: Public) -> None:
    await street.subscribe("pers", 1)
    await say(street, "lijst")
    await say(street, "alles")
    assert heading(await say(street, "terug")) == BACK
    assert await street.on() == ["gemeenten", "pers"]


async def test_who_never_left_and_comes_back_changes_nothing(street: Public) -> None:
    before = await street.everything()
    assert heading(await say(street, "terug")) == BACK
    assert await street.everything() == before


@pytest.mark.parametrize("reason", ["complaint: abuse", "bounce: userunknown", "asked by phone"])
async def test_whom_nothing_may_be_sent_to_can_leave_and_cannot_come_back_by_the_page(
    street: Public, reason: str
) -> None:
    await street.suppress(1, reason)
    answer = await street.browser.get(street.link())
    assert heading(answer) == "U krijgt geen mails van ons"
    assert reason not in answer.text
    assert "<button" not in answer.text
    before = await street.everything()
    assert (await say(street, "terug")).status_code == 200
    assert await street.everything() == before
    assert (await street.browser.post(street.link(), data=ONE_CLICK)).status_code == 200
    assert await street.on() == []
    await say(street, "terug")
    assert await street.on() == []


async def test_who_was_taken_off_by_hand_is_told_whom_to_write_to(street: Public) -> None:
    async with street.database.write() as tx:
        await subscribers.unsubscribe(tx, "person-0@example.nl", "gemeenten", now=street.clock())
    answer = await say(street, "terug")
    assert heading(answer) == LEFT
    assert await street.on() == []
    assert 'value="terug"' not in answer.text
    assert "Wilt u toch weer mails van" in answer.text
    assert "mailto:vragen@example.nl" in answer.text


async def test_what_is_none_of_our_buttons_changes_nothing(street: Public) -> None:
    before = await street.everything()
    answer = await say(street, "verwijder")
    assert answer.status_code == 400
    assert heading(answer) == "Wij begrijpen dit niet"
    assert await street.everything() == before


async def test_coming_back_is_limited_and_leaving_is_not(street: Public) -> None:
    answers = [(await say(street, what)).status_code for _ in range(25) for what in ("lijst", "terug")]
    assert answers[::2] == [200] * 25
    assert answers[1::2].count(200) == pages.BACK_AN_HOUR
    answer = await say(street, "terug")
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    assert await street.on() == []


# Links of test letters


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_the_link_of_a_test_letter_belongs_to_nobody_and_says_so(street: Public, method: str) -> None:
    before = await street.everything()
    link = f"/u/{make_token(SECRET, UNSUBSCRIBE, 0, 0)}"
    answer = await street.browser.request(method, link, data=ONE_CLICK if method == "POST" else None)
    assert answer.status_code == 200
    if method != "HEAD":
        assert heading(answer) == "Dit is een proefmail"
    assert "<button" not in answer.text
    assert await street.everything() == before


# Wrong links


def wrong_links(street: Public) -> dict[str, str]:
    right = street.link().removeprefix("/u/")
    list_id = street.lists["gemeenten"]
    return {
        "another key": make_token(b"x" * 32, UNSUBSCRIBE, 1, list_id),
        "purpose: bounce": make_token(SECRET, VERP, 1, list_id),
        "purpose: message-id": make_token(SECRET, MESSAGE, 1, list_id),
        "purpose: reply": make_token(SECRET, REPLY, 1, list_id),
        "a delivery": make_token(SECRET, UNSUBSCRIBE, 1),
        "three ids": make_token(SECRET, UNSUBSCRIBE, 1, list_id, 1),
        "another list": make_token(SECRET, UNSUBSCRIBE, 1, street.lists["pers"]),
        "no list": make_token(SECRET, UNSUBSCRIBE, 1, 10**6),
        "nobody": make_token(SECRET, UNSUBSCRIBE, 10**6, list_id),
        "a number too large": make_token(SECRET, UNSUBSCRIBE, 2**64, list_id),
        "truncated": right[:-2],
        "truncated to nothing": right[:4],
        "one more sign": f"{right}0",
        "another last sign": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "another subscriber": right[:2] + "02" + right[4:],
        "not hexadecimal": "afmelden",
        "spaces": "%20".join(right),
        "two parts": f"{right}/{right}",
        "up": f"..%2fu%2f{right}",
        "very long": "ab" * 4000,
        "a sign of another script": "%D9%A1" * 34,
        "nothing": "",
    }


async def test_every_wrong_link_gets_the_same_answer_and_changes_nothing(street: Public) -> None:
    before = await street.everything()
    said = set()
    for what, token in wrong_links(street).items():
        for method in ("GET", "POST"):
            answer = await street.browser.request(method, f"/u/{token}", data=ONE_CLICK if method == "POST" else None)
            said.add((answer.status_code, answer.text, what if answer.status_code != 404 else ""))
    [(status, text, _)] = said
    assert status == 404
    assert LOST in text
    assert await street.everything() == before


async def test_a_right_link_is_read_in_either_letter_case(street: Public) -> None:
    link = street.link().removeprefix("/u/").upper()
    assert heading(await street.browser.get(f"/u/{link}")) == ASK


async def test_ten_thousand_guesses_change_nothing_and_tell_nothing(street: Public) -> None:
    before = await street.everything()
    list_id, answers = street.lists["gemeenten"], set()
    for number in range(10_000):
        guess = make_token(number.to_bytes(32, "big"), UNSUBSCRIBE, 1, list_id)
        answers.add(await street.post_quickly(f"/u/{guess}"))
    assert [status for status, _ in answers] == [404]
    assert await street.everything() == before
    assert street.said == []
    assert (await street.post_quickly(street.link()))[0] == 200


async def test_after_a_flood_of_guesses_a_visitor_waits_and_right_links_still_work(tmp_path: Path) -> None:
    """Mail providers unsubscribe all their users from a few addresses: somebody's guesses there must bar nobody."""
    async with public_pages(tmp_path, wrong_an_hour=50) as street:
        answers = [(await street.browser.get("/u/00")).status_code for _ in range(60)]
        assert answers[:50] == [404] * 50
        assert answers[52:] == [429] * 8
        assert (await street.browser.get(street.link())).status_code == 200
        assert (await street.browser.post(street.link(), data=ONE_CLICK)).status_code == 200
        elsewhere = {"X-Forwarded-For": "198.51.100.7"}
        assert (await street.browser.get("/u/00", headers=elsewhere)).status_code == 404


async def test_behind_no_web_server_of_ours_a_forwarded_address_is_not_believed(tmp_path: Path) -> None:
    async with public_pages(tmp_path, wrong_an_hour=5, client=("198.51.100.7", 4321)) as street:
        for number in range(10):
            headers = {"X-Forwarded-For": f"203.0.113.{number}"}
            answer = await street.browser.get("/u/00", headers=headers)
        assert answer.status_code == 429


# What goes with every answer


async def test_every_answer_is_kept_from_caches_frames_and_search_engines(street: Public) -> None:
    for path in (street.link(), "/u/00", "/", "/p/none.png", "/healthz", "/u/00/"):
        headers = (await street.browser.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "set-cookie" not in headers
        assert "server" not in headers


async def test_a_page_is_whole_in_itself(street: Public) -> None:
    answer = await street.browser.get(street.link())
    assert "<script" not in answer.text
    assert re.findall(r'(?:src|href|action|url)\s*[=(]\s*"?([^">\s]+)', answer.text) == [
        "data:,",
        "?taal=en",
        "mailto:vragen@example.nl",
    ]
    assert 'name="robots" content="noindex' in answer.text


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/u/00", "GET, HEAD, POST"), ("LINK", "GET, HEAD, POST"), ("/p/a.png", "GET, HEAD"), ("/healthz", "GET, HEAD")],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
async def test_no_other_method_does_anything(street: Public, path: str, allowed: str, method: str) -> None:
    before = await street.everything()
    path = street.link() if path == "LINK" else path
    answer = await street.browser.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert await street.everything() == before


async def test_only_links_take_posts(street: Public) -> None:
    for path in ("/p/a.png", "/e/kennisdagen/kennisdag.ics", "/healthz"):
        assert (await street.browser.post(path)).status_code == 405
    assert (await street.browser.post("/")).status_code == 404


# When something is wrong with us


async def test_health_says_whether_the_store_answers(street: Public) -> None:
    answer = await street.browser.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    await _break(street)
    answer = await street.browser.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "the store cannot be used now\n")


async def test_a_store_that_cannot_be_used_asks_to_come_back_later(street: Public) -> None:
    await _break(street)
    for answer in (await street.browser.get(street.link()), await street.browser.post(street.link(), data=ONE_CLICK)):
        assert answer.status_code == 503
        assert heading(answer) == "Het lukt nu even niet"
        assert int(answer.headers["retry-after"]) > 0


async def test_a_page_that_fails_says_so_and_nothing_of_the_request(tmp_path: Path) -> None:
    def broken(_own: object) -> dict[str, str]:
        raise ZeroDivisionError("a secret")

    async with public_pages(tmp_path, theme_of=broken) as street:
        answer = await street.browser.get(street.link())
        assert answer.status_code == 500
        assert heading(answer) == "Het lukt nu even niet"
        assert answer.headers["cache-control"] == "no-store"
        assert street.said == ["a public page could not be made (ZeroDivisionError)"]


async def _break(street: Public) -> None:
    """Take a table away below the open store."""
    async with street.database.write() as tx:
        await tx.execute(DropTable(subscriptions))


async def _store(street: Public, one: Series) -> None:
    happening = replace(event(), slug=f"dag-{one.slug}", series=one)
    async with street.database.write() as tx:
        await events.store_event(tx, happening, starts_at(happening))
