"""The letters in a dark mode that a browser forces on pages which have none: every text still stands out.

Colours are changed when the page is painted, so no style tells of it: the picture is what is judged.
"""

import io
import re
from collections.abc import Iterator
from itertools import cycle

import pytest
from PIL import Image

from newsletter.compose.themes import contrast
from tests.look.browser import Browser
from tests.look.letters import NAMES, THEMES, Specimen, received
from tests.look.seen import open_letter

#: A letter that says it has a dark mode is left alone; this is how it says so.
OWN_DARK_MODE = re.compile(r'<meta name="(?:supported-)?color-schemes?"[^>]*>|<style>\s*:root.*?</style>', re.S)
#: WCAG 2.2 §1.4.3 says 4.5; the edges of letters are softened, so the darkest dot of a thin one is a little lighter.
LEAST = 4.0
SHARP = 2


@pytest.fixture
def dark_browser(browser: Browser) -> Iterator[Browser]:
    browser.send("Emulation.setAutoDarkModeOverride", enabled=True)
    yield browser
    browser.send("Emulation.setAutoDarkModeOverride")


def faint(browser: Browser, html: str) -> list[tuple[str, float]]:
    """The texts that do not stand out from their ground, each with its contrast."""
    open_letter(browser, html)
    height = browser.run("() => document.documentElement.offsetHeight")
    browser.look(width=640, height=height, sharp=SHARP)
    picture = Image.open(io.BytesIO(browser.picture())).convert("RGB")
    seen = [(words, _contrast(picture, box)) for words, box in browser.run("letter.lines")]
    assert seen
    return [(words, ratio) for words, ratio in seen if ratio < LEAST]


def _contrast(picture: Image.Image, box: list[float]) -> float:
    left, top, right, bottom = (round(edge * SHARP) for edge in box)
    line = picture.crop((left, top, right, bottom))
    colours = sorted(((count, _hex(colour)) for count, colour in line.getcolors(line.width * line.height) or []))
    _, ground = colours[-1]
    return max(contrast(ground, colour) for count, colour in colours if count >= 2)


def _hex(colour: object) -> str:
    assert isinstance(colour, tuple)
    return "#{:02x}{:02x}{:02x}".format(*colour)


@pytest.mark.parametrize(
    "specimen", [Specimen(name, theme, "nl") for name, theme in zip(NAMES, cycle(THEMES), strict=False)], ids=str
)
def test_every_text_stands_out_where_darkness_is_forced(dark_browser: Browser, specimen: Specimen) -> None:
    html = OWN_DARK_MODE.sub("", received(specimen).html)
    assert faint(dark_browser, html) == []
    corner = {"x": 0, "y": 100, "width": 8, "height": 8, "scale": 1}
    ground = Image.open(io.BytesIO(dark_browser.picture(clip=corner))).convert("RGB").getpixel((1, 1))
    assert contrast(_hex(ground), "#000000") < 2, "it is not dark"


def test_a_text_that_does_not_stand_out_is_seen(dark_browser: Browser) -> None:
    page = '<!doctype html><html lang="nl"><head><title>x</title></head><body>{}</body></html>'
    text = '<p>Duidelijk</p><p style="opacity:0.3">Flauw</p>'
    assert [words for words, _ in faint(dark_browser, page.format(text))] == ["Flauw"]
