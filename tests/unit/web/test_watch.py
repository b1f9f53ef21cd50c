"""What is saved is noticed, what an editor keeps for itself is not."""

import os
from pathlib import Path

from newsletter.web.watch import changes, stamps


def test_a_file_that_was_saved_has_another_stamp(tmp_path: Path) -> None:
    file = tmp_path / "letter.html"
    file.write_text("een")
    before = stamps([tmp_path])
    os.utime(file, ns=(1, 1))
    assert stamps([tmp_path]) != before


def test_a_new_file_and_one_that_is_gone_are_seen(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    empty = stamps([tmp_path])
    (tmp_path / "a" / "letter.txt").write_text("een")
    filled = stamps([tmp_path])
    (tmp_path / "a" / "letter.txt").unlink()
    assert empty == ()
    assert [(Path(name).name, size) for name, _, size in filled] == [("letter.txt", 3)]
    assert stamps([tmp_path]) == ()


def test_one_file_can_be_watched(tmp_path: Path) -> None:
    (tmp_path / "event.md").write_text("een")
    assert [Path(name).name for name, _, _ in stamps([tmp_path / "event.md"])] == ["event.md"]


def test_what_editors_keep_beside_a_file_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in (".letter.html.swp", "letter.html~", ".git/index"):
        (tmp_path / name).write_text("x")
    assert stamps([tmp_path]) == ()


def test_a_link_that_leads_nowhere_does_not_stop_the_watching(tmp_path: Path) -> None:
    (tmp_path / "letter.html").symlink_to(tmp_path / "gone.html")
    assert stamps([tmp_path, tmp_path / "no folder"]) == ()


async def test_each_change_is_told_once() -> None:
    looks = iter("aabbbac")
    left = list("aabbbac")

    async def look() -> str:
        left.pop()
        return next(looks)

    told = changes(look, "a", stopping=lambda: not left, every=0)
    assert [found async for found in told] == ["b", "a", "c"]


async def test_what_was_saved_while_the_page_was_on_its_way_is_told_at_once() -> None:
    async def look() -> str:
        return "new"

    told = changes(look, "old", stopping=lambda: False, every=0)
    assert await anext(told) == "new"
    await told.aclose()
