"""The browser of these tests: it shows what it is given, answers for the whole world, and ends when it is told to."""

from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from tests.look.browser import Browser, BrowserError
from tests.needs import chromium

PAGE = '<!doctype html><html lang="nl"><head><title>x</title>{}</head><body>{}</body></html>'


def test_it_shows_the_width_and_the_scheme_that_it_is_told(browser: Browser) -> None:
    browser.show(PAGE.format("", "<p>één</p>"))
    for width, dark in ((320, True), (640, False)):
        browser.look(width=width, dark=dark)
        seen = browser.run("() => [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]")
        assert seen == [width, dark]
    assert browser.run("async (more) => document.body.innerText + more", "!") == "één!"


@pytest.mark.parametrize("pictures", [True, False])
def test_pictures_are_drawn_or_left_out_and_nothing_else_is_answered(browser: Browser, *, pictures: bool) -> None:
    sheet = '<link rel="stylesheet" href="https://www.example.nl/x.css">'
    browser.show(PAGE.format(sheet, '<img src="https://www.example.nl/foto.jpg">'), pictures=pictures)
    assert set(browser.asked) == {"https://www.example.nl/x.css", "https://www.example.nl/foto.jpg"}
    assert browser.run("() => document.images[0].naturalWidth") == (1280 if pictures else 0)
    assert browser.run("() => fetch('https://letter.example/more').then(() => 'given', () => 'refused')") == "refused"


@pytest.mark.parametrize("script", ["() => nowhere.at.all", "async () => { throw new Error('no') }"])
def test_a_script_that_fails_is_an_error_here(browser: Browser, script: str) -> None:
    with pytest.raises(BrowserError, match="Error"):
        browser.run(script)


def test_what_chromium_refuses_is_an_error_here(browser: Browser) -> None:
    with pytest.raises(BrowserError, match=r"Page\.nothing"):
        browser.send("Page.nothing")


def test_nothing_of_it_is_left_behind(tmp_path: Path) -> None:
    with Browser(chromium(), tmp_path) as running:
        running.show(PAGE.format("", ""))
        started = [
            one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])
        ]
        assert started
    gone, left = psutil.wait_procs(started, timeout=20)
    assert left == []
    assert gone
