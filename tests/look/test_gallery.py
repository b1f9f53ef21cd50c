"""The pictures: all letters are on the page that `make gallery` writes; the few in the repository are small."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.look.browser import Browser
from tests.look.gallery import CHOSEN, FEW, LIMIT, View, page, small, take, views
from tests.look.letters import LANGUAGES, NAMES, SPECIMENS, THEMES


def test_every_letter_is_pictured_at_both_widths_by_day_and_by_night() -> None:
    pictured = [view for name in NAMES for view in views(name)]
    assert len({str(view) for view in pictured}) == len(pictured)
    assert {view.specimen for view in pictured} == set(SPECIMENS)
    for specimen in SPECIMENS:
        own = {(view.width, view.dark) for view in pictured if view.specimen == specimen and not view.bare}
        assert own == {(320, False), (320, True), (640, False), (640, True)}
    html = page([(name, list(views(name))) for name in NAMES])
    assert re.findall(r'<img src="([^"]+)\.webp"', html) == [str(view) for view in pictured]


def test_the_few_in_the_repository_show_every_theme_and_language_by_day_and_by_night() -> None:
    assert {view.specimen.theme for view in CHOSEN} == set(THEMES)
    assert {view.specimen.language for view in CHOSEN} == set(LANGUAGES)
    assert {(view.width, view.dark) for view in CHOSEN} == {(320, False), (320, True), (640, False), (640, True)}
    assert {view.specimen for view in CHOSEN} <= set(SPECIMENS)


def test_the_few_in_the_repository_are_there_and_small() -> None:
    assert {path.stem for path in FEW.glob("*.png")} == {str(view) for view in CHOSEN}
    assert all(path.stat().st_size < LIMIT for path in FEW.glob("*.png"))
    told = (FEW / "README.md").read_text(encoding="utf-8")
    assert re.findall(r'src="([^"]+)\.png"', told) == [str(view) for view in CHOSEN]


def test_a_picture_is_as_wide_as_the_window_and_ends_at_the_fold(browser: Browser, tmp_path: Path) -> None:
    view = View(CHOSEN[0].specimen, 320)
    picture = tmp_path / "picture.png"
    picture.write_bytes(take(browser, view, fold=300, sharp=2))
    with Image.open(picture) as taken:
        assert taken.size == (640, 600)
    assert len(small(picture.read_bytes())) < LIMIT


def test_a_picture_that_cannot_be_made_small_is_refused(tmp_path: Path) -> None:
    noise = tmp_path / "noise.png"
    Image.effect_noise((600, 600), 200).convert("RGB").save(noise)
    with pytest.raises(ValueError, match="show less"):
        small(noise.read_bytes())
