"""An event document with pictures beside it: into the store, out again, and into another store, without a loss."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.compose.hosting import Hosting
from newsletter.compose.hosting_files import HostedFiles, references
from newsletter.errors import DocumentError
from newsletter.events.document import write
from newsletter.events.event import Event, Image, Speaker
from newsletter.events.importer import Imported, import_event
from newsletter.store import events
from newsletter.store.database import open_database
from tests.unit.compose import photographs as made
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, event

URL = "https://nieuwsbrief.example.nl"


def hosted(folder: Path) -> HostedFiles:
    return HostedFiles(hosting=Hosting(folder / "public", URL), originals=Hosting(folder / "originals"))


@pytest.fixture
def files(tmp_path: Path) -> HostedFiles:
    return hosted(tmp_path)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document with a photo and a portrait beside it."""
    one = event()
    welcome, *rest = one.programme
    welcome = replace(welcome, speakers=(Speaker(name="Zoë Voorbeeld", photo="foto/spreker.jpg"),))
    one = replace(one, images=(Image(url="foto/zaal.jpg", alt="De zaal"),), programme=(welcome, *rest))
    (tmp_path / "doc" / "foto").mkdir(parents=True)
    (tmp_path / "doc" / "foto" / "zaal.jpg").write_bytes(made.saved(made.photo(900, 600)))
    (tmp_path / "doc" / "foto" / "spreker.jpg").write_bytes(made.gps_photo())
    (tmp_path / "doc" / "dag.md").write_text(write(one), encoding="utf-8")
    return tmp_path / "doc" / "dag.md"


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def written(document: Path, text: str) -> Path:
    document.parent.mkdir(exist_ok=True)
    document.write_text(text, encoding="utf-8")
    return document


async def bring_in(world: World, files: HostedFiles, document: Path) -> Imported:
    text, names = text_of(document), world.templates.names()
    return await import_event(world.database, text, str(document), templates=names, now=world.clock(), files=files)


async def stored(world: World) -> Event:
    async with world.database.read() as tx:
        return await events.get_event(tx, EVENT_SLUG)


async def test_the_store_keeps_which_pictures_were_meant(world: World, files: HostedFiles, document: Path) -> None:
    imported = await bring_in(world, files, document)
    one = await stored(world)
    assert one == imported.event
    assert sorted(reference.path for reference in references(one)) == ["foto/spreker.jpg", "foto/zaal.jpg"]
    assert all(
        files.hosting.has(reference.file(reference.width)) for reference in references(one) if reference.width > 400
    )


async def test_importing_the_same_pictures_again_changes_nothing(
    world: World, files: HostedFiles, document: Path
) -> None:
    await bring_in(world, files, document)
    again = await bring_in(world, files, document)
    assert (again.is_changed, again.changes) == (False, ())
    (document.parent / "foto" / "zaal.jpg").write_bytes(made.saved(made.photo(901, 600)))
    changed = await bring_in(world, files, document)
    assert changed.is_changed


async def test_an_exported_document_brings_its_pictures_back(
    world: World, files: HostedFiles, document: Path, tmp_path: Path
) -> None:
    await bring_in(world, files, document)
    one = await stored(world)
    alone = written(tmp_path / "alleen" / "dag.md", write(one))
    assert not (await bring_in(world, files, alone)).is_changed  # without the files: they are kept
    assert await stored(world) == one


async def test_an_exported_document_with_its_pictures_can_be_imported_elsewhere(
    world: World, files: HostedFiles, document: Path, tmp_path: Path
) -> None:
    await bring_in(world, files, document)
    one = await stored(world)
    there = tmp_path / "elders"
    files.give_back(one, there)
    copy = written(there / "dag.md", write(one))
    other = hosted(tmp_path / "ander")
    database = await open_database(f"sqlite:///{tmp_path}/other.sqlite")
    try:
        names = world.templates.names()
        text = text_of(copy)
        imported = await import_event(database, text, str(copy), templates=names, now=world.clock(), files=other)
    finally:
        await database.close()
    assert imported.event == one
    here, elsewhere = (
        {path.name: path.read_bytes() for path in root.hosting.folder.glob("p/*")} for root in (files, other)
    )
    assert here == elsewhere


async def test_a_picture_that_cannot_be_taken_is_told_with_all_other_mistakes(
    world: World, files: HostedFiles, document: Path
) -> None:
    (document.parent / "foto" / "zaal.jpg").write_bytes(made.SVG)
    (document.parent / "foto" / "spreker.jpg").unlink()
    text = text_of(document).replace("template: reminder", "template: remindr")
    with pytest.raises(DocumentError) as raised:
        await bring_in(world, files, written(document, text))
    told = {problem.what: text.splitlines()[problem.line - 1].strip() for problem in raised.value.problems}
    assert told == {
        "“foto/spreker.jpg” is not beside the document": "photo: foto/spreker.jpg",
        "“foto/zaal.jpg” is an SVG drawing": "- url: foto/zaal.jpg",
        "there is no template “remindr”": "template: remindr",
    }
    async with world.database.read() as tx:
        assert await events.find_event(tx, EVENT_SLUG) is None


async def test_an_import_hosts_the_calendar_file_and_those_of_the_series_that_change_with_it(
    world: World, files: HostedFiles, document: Path
) -> None:
    await bring_in(world, files, document)
    path, other = f"e/kennisdagen/{EVENT_SLUG}.ics", "e/kennisdagen/tweede.ics"
    first = files.hosting.read(path)
    assert first is not None
    assert b"vragen@example.nl" in first
    second = replace(event(), slug="tweede", series=replace(event().series, contact="anders@example.nl"))
    await bring_in(world, files, written(document, write(second)))
    assert b"anders@example.nl" in (files.hosting.read(other) or b"")
    assert b"anders@example.nl" in (files.hosting.read(path) or b"")


async def test_without_files_paths_stay_as_they_are(world: World, document: Path) -> None:
    text, names = text_of(document), world.templates.names()
    imported = await import_event(world.database, text, str(document), templates=names, now=world.clock())
    assert [image.url for image in imported.event.images] == ["foto/zaal.jpg"]
