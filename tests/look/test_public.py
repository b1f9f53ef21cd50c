"""The public pages can be read and used by anybody: axe, 320 px, text twice as large, no styles, keyboard alone."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from newsletter.web.public_pages import WORDS
from tests.look.browser import Browser
from tests.look.public import LONG, SCENES, Scene
from tests.look.seen import Seen, look_at
from tests.needs import html_validator

SEEN: dict[str, Seen] = {}
ASKING = [scene for scene in SCENES if "<button" in scene.html]

each_scene = pytest.mark.parametrize(
    "scene", [pytest.param(one, id=str(one), marks=pytest.mark.xdist_group("look public")) for one in SCENES]
)


def seen(browser: Browser, scene: Scene) -> Seen:
    """Each page is looked at once."""
    if str(scene) not in SEEN:
        SEEN[str(scene)] = look_at(browser, scene.html)
    return SEEN[str(scene)]


@each_scene
def test_axe_finds_nothing_by_day_and_by_night_with_styles_and_without(browser: Browser, scene: Scene) -> None:
    found = seen(browser, scene)
    assert [one for one in found.findings if one.view != "darkened by Outlook"] == []
    # By night axe takes the ground of a page without styles for white; the browser paints it dark.
    assert [one for one in found.bare_findings if "light" in one.view] == []


@each_scene
def test_nothing_scrolls_sideways_or_is_cut_off_also_with_text_twice_as_large(browser: Browser, scene: Scene) -> None:
    found = seen(browser, scene)
    views = [*found.layouts, *found.large_layouts]
    # Without a style sheet a word that is wider than a phone cannot be broken.
    views += found.bare_layouts if LONG not in scene.html else ()
    assert len(views) >= 6
    assert [wrong for view in views for wrong in view.wrong] == []


@each_scene
def test_a_page_asks_for_nothing_from_anywhere(browser: Browser, scene: Scene) -> None:
    assert seen(browser, scene).asked == []


@pytest.mark.xdist_group("look public")
@pytest.mark.parametrize("scene", ASKING, ids=str)
def test_a_page_is_used_by_keyboard_and_its_buttons_can_be_hit(browser: Browser, scene: Scene) -> None:
    browser.look(width=320)
    browser.show(scene.html)
    sizes = browser.run("() => [...document.querySelectorAll('button')].map((one) => one.offsetHeight)")
    assert all(size >= 44 for size in sizes)
    stops = []
    for _ in range(12):
        for kind in ("keyDown", "keyUp"):
            browser.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        stops.append(browser.run(FOCUS))
    known = [stop for stop in stops if stop]
    wanted = browser.run("() => document.querySelectorAll('a, button').length")
    assert {at for at, _ in known} == set(range(wanted))
    assert all(float(width.removesuffix("px")) >= 3 for _, width in known)


FOCUS = """() => {
  const one = document.activeElement;
  const at = [...document.querySelectorAll("a, button")].indexOf(one);
  return at < 0 ? null : [at, getComputedStyle(one).outlineWidth];
}"""


@pytest.mark.parametrize("scene", ASKING, ids=str)
def test_a_page_has_one_button_that_stands_out_at_most(scene: Scene) -> None:
    assert len(re.findall(r"<button(?![^>]*plain)", scene.html)) <= 1


def test_a_name_that_is_wider_than_a_phone_is_among_the_pages() -> None:
    assert any(LONG in scene.html for scene in SCENES)


def test_both_languages_have_the_same_words_and_the_same_places_in_them() -> None:
    places = {
        language: {key: set(re.findall(r"\{\w+\}", text)) for key, text in words.items()}
        for language, words in WORDS.items()
    }
    assert places["nl"] == places["en"]


@pytest.mark.xdist_group("look: html validator")
def test_every_page_is_valid_html(tmp_path: Path) -> None:
    for scene in SCENES:
        (tmp_path / f"{scene}.html").write_text(scene.html, encoding="utf-8")
    command = [*html_validator(), "--errors-only", "--exit-zero-always", "--format", "json", "--stdout"]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, check=True, timeout=300)
    assert {message["message"] for message in json.loads(done.stdout)["messages"]} == set()
