"""The preview as files: all that can be composed, and a word about the rest."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from newsletter.web.export import write_files
from newsletter.web.shelf import Shelf
from tests.unit.web.letters import BROKEN, write_template
from tests.world import EVENT_SLUG


async def test_every_template_becomes_three_files_and_a_line_of_the_index(shelf: Shelf, tmp_path: Path) -> None:
    out = tmp_path / "out" / "here"
    written = await write_files(shelf, out)
    assert written.troubles == ()
    assert {file.name for file in written.files} == {
        *(f"{name}.{form}" for name in ("announcement", "reminder") for form in ("html", "txt", "eml")),
        "index.html",
    }
    assert all(file.is_file() for file in written.files)
    index = (out / "index.html").read_text(encoding="utf-8")
    assert 'href="reminder.html"' in index
    assert 'href="reminder.eml"' in index
    assert "<link" not in index


async def test_the_written_letter_is_the_composed_one_without_anything_of_ours(shelf: Shelf, tmp_path: Path) -> None:
    await write_files(shelf, tmp_path / "out")
    html = (tmp_path / "out" / "reminder.html").read_text(encoding="utf-8")
    letter = message_from_bytes((tmp_path / "out" / "reminder.eml").read_bytes(), policy=policy.default)
    part = letter.get_body(("html",))
    assert "<script" not in html
    assert part is not None
    assert part.get_content().replace("\r\n", "\n").strip() == html.strip()


@pytest.mark.usefixtures("database")
async def test_mailings_are_written_below_their_event(shelf: Shelf, tmp_path: Path) -> None:
    written = await write_files(shelf, tmp_path / "out")
    assert (tmp_path / "out" / EVENT_SLUG / "reminder.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert f'href="{EVENT_SLUG}/reminder.txt"' in index
    # The template of the third mailing is not among the small ones.
    assert len(written.troubles) == 1
    assert written.warnings == ()
    assert written.troubles[0].startswith(f"mailing {EVENT_SLUG}/report: there is no template “report”")


async def test_what_cannot_be_composed_is_named_and_the_others_are_written(
    shelf: Shelf, templates: Path, tmp_path: Path
) -> None:
    write_template(templates, "reminder", text=BROKEN)
    written = await write_files(shelf, tmp_path / "out")
    assert [trouble.partition(" ")[0] for trouble in written.troubles] == ["template"]
    assert "reminder: templates/reminder/letter.txt:7: " in written.troubles[0]
    assert (tmp_path / "out" / "announcement.html").is_file()
    assert not (tmp_path / "out" / "reminder.html").exists()
    assert "letter.txt:7" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


async def test_a_template_called_index_does_not_lose_its_place_silently(
    shelf: Shelf, templates: Path, tmp_path: Path
) -> None:
    write_template(templates, "index")
    written = await write_files(shelf, tmp_path / "out")
    assert written.troubles == ("template index: index.html is the list of all files; give the template another name",)


async def test_a_store_that_cannot_be_read_is_named_too(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_text("this is not a database, and long enough to be seen as one that is broken")
    written = await write_files(shelf, tmp_path / "out")
    assert "cannot be opened" in written.troubles[0]
    assert (tmp_path / "out" / "reminder.html").is_file()


@pytest.mark.usefixtures("database")
async def test_a_mailing_that_asks_what_nobody_has_is_written_with_a_warning(
    shelf: Shelf, templates: Path, tmp_path: Path
) -> None:
    write_template(templates, "announcement", text="[[ subscriber.provincie ]] [[ subscriber.stad ]]\n")
    written = await write_files(shelf, tmp_path / "out")
    assert written.warnings == (f"mailing {EVENT_SLUG}/save-the-date: nobody on its lists has provincie, stad",)
    assert (tmp_path / "out" / EVENT_SLUG / "save-the-date.html").is_file()
