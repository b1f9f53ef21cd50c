"""Every template × theme × language, at phone and desktop width, by day and by night: as one recipient gets it."""

import pytest

from tests.look.browser import Browser
from tests.look.conftest import Looker
from tests.look.letters import LONG, NAMES, SPECIMENS, THEMES, Specimen, key_text, received
from tests.look.seen import WIDTHS, layout, open_letter

#: CSS pixels, as WCAG 2.2 §2.5.5 asks for; §2.5.8, which is level AA, is content with 24.
BUTTON_HEIGHT = 44

#: The tests of one letter stay on one worker, where it is looked at once.
each_letter = pytest.mark.parametrize(
    "specimen",
    [
        pytest.param(one, id=str(one), marks=pytest.mark.xdist_group(f"look {one.template} {one.language}"))
        for one in SPECIMENS
    ],
)


def test_the_set_is_whole() -> None:
    assert {"announcement", "reminder", "report"} <= set(NAMES)
    assert len(THEMES) >= 3
    assert len(SPECIMENS) == len(NAMES) * len(THEMES) * 2


@each_letter
def test_axe_finds_nothing_by_day_and_by_night(look: Looker, specimen: Specimen) -> None:
    assert look.at(specimen).findings == []


@each_letter
def test_axe_finds_nothing_without_styles_and_with_images_off(look: Looker, specimen: Specimen) -> None:
    assert look.at(specimen).bare_findings == []


@each_letter
def test_nothing_scrolls_sideways_or_is_cut_off(look: Looker, specimen: Specimen) -> None:
    layouts = look.at(specimen).layouts
    assert len(layouts) == len(WIDTHS)
    assert [wrong for view in layouts for wrong in view.wrong] == []


@each_letter
def test_nothing_scrolls_sideways_without_styles(look: Looker, specimen: Specimen) -> None:
    assert [wrong for view in look.at(specimen).bare_layouts for wrong in view.wrong] == []


@each_letter
def test_text_may_be_twice_as_large_and_wider_spaced(look: Looker, specimen: Specimen) -> None:
    layouts = look.at(specimen).large_layouts
    assert len(layouts) == 2 * len(WIDTHS)
    assert [wrong for view in layouts for wrong in view.wrong] == []


@each_letter
def test_what_matters_is_to_be_read_in_every_view(look: Looker, specimen: Specimen) -> None:
    seen = look.at(specimen)
    for view in (*seen.layouts, *seen.bare_layouts, *seen.large_layouts):
        for text in key_text(specimen):
            assert " ".join(text.split()).casefold() in view.text.casefold(), view.view


@each_letter
def test_buttons_can_be_hit_with_a_thumb(look: Looker, specimen: Specimen) -> None:
    seen = look.at(specimen)
    for view in (*seen.layouts, *seen.bare_layouts):
        assert [(text, height) for text, height in view.buttons if height < BUTTON_HEIGHT] == []


@each_letter
def test_opening_it_asks_for_its_pictures_and_for_nothing_else(look: Looker, specimen: Specimen) -> None:
    asked = look.at(specimen).asked
    assert [url for url in asked if not url.startswith(("https://www.example.nl/", "https://www.example.org/"))] == []
    assert len(asked) == len(set(asked))


#: Of each row of cards, how much of its width the cards on one line take.
FILLED = """() => [...document.querySelectorAll(".cards-row")].flatMap((row) => {
  const lines = {};
  for (const card of row.querySelectorAll(".card, .card-last, .card-only")) {
    const box = card.getBoundingClientRect();
    lines[Math.round(box.top)] = (lines[Math.round(box.top)] ?? 0) + box.width;
  }
  return Object.values(lines).map((width) => width / row.getBoundingClientRect().width);
})"""


@pytest.mark.parametrize("width", [320, 480, 481, 560, 600, 639, 640, 800])
def test_workshops_fill_the_letter_at_every_width(browser: Browser, width: int) -> None:
    browser.show(received(Specimen("announcement", THEMES[0], "nl")).html)
    browser.look(width=width)
    filled = browser.run(FILLED)
    assert len(filled) == (4 if width < 640 else 2)
    assert min(filled) > 0.95


@pytest.mark.parametrize("template", NAMES)
def test_words_that_are_wider_than_a_phone_are_broken(browser: Browser, template: str) -> None:
    for pictures in (True, False):
        open_letter(browser, received(Specimen(template, THEMES[0], "nl", stretched=True)).html, pictures=pictures)
        for width in WIDTHS:
            browser.look(width=width)
            view = layout(browser, str(width))
            assert LONG.casefold() in view.text.casefold()
            assert view.wrong == []


def test_an_announcement_has_buttons_to_hit(look: Looker) -> None:
    first = next(one for one in SPECIMENS if one.template == "announcement")
    assert all(len(view.buttons) >= 2 for view in look.at(first).layouts)
