"""Files that letters link to: whole or not there, under names that stay; and what stands beside a document."""

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Picture

from newsletter.compose.hosting import Hosting
from newsletter.compose.hosting_files import HostedFiles, calendar_path, references
from newsletter.compose.hosting_taking import beside
from newsletter.compose.pictures import Limits, Refusal
from newsletter.compose.pictures_slots import read_reference
from newsletter.errors import DocumentError, NewsletterError, StoreError
from newsletter.events.event import Event, EventStatus, Image, Part, Speaker
from tests.unit.compose import photographs as made
from tests.world import NOW, event

URL = "https://nieuwsbrief.example.nl"
PHOTO = made.saved(made.photo(1700, 1100))


@pytest.fixture
def files(tmp_path: Path) -> HostedFiles:
    return HostedFiles(hosting=Hosting(tmp_path / "public", URL), originals=Hosting(tmp_path / "originals"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a document, with pictures beside it."""
    (tmp_path / "doc" / "foto").mkdir(parents=True)
    for name, content in {
        "foto/zaal.jpg": PHOTO,
        "foto/spreker.jpg": made.gps_photo(),
        "logo.png": made.saved(made.corners(600, 150), "PNG"),
    }.items():
        (tmp_path / "doc" / name).write_bytes(content)
    return tmp_path / "doc"


def with_pictures(url: str = "foto/zaal.jpg") -> Event:
    """An event with a photo, the portraits of two speakers, and a logo."""
    one = event()
    welcome, round_one = one.programme
    workshop = replace(round_one.workshops[0], speakers=(Speaker(name="Zoë Voorbeeld", photo="foto/spreker.jpg"),))
    programme: tuple[Part, ...] = (
        replace(welcome, speakers=(Speaker(name="Jan Voorbeeld", photo="https://www.example.nl/jan.jpg"),)),
        replace(round_one, workshops=(workshop, round_one.workshops[1])),
    )
    series = replace(one.series, theme=(("base", "veen"), ("logo", "logo.png"), ("logo_alt", "Voorbeeld")))
    return replace(one, images=(Image(url=url, alt="De zaal"),), programme=programme, series=series)


def text_of(one: Event) -> str:
    """As much of its document as names its pictures."""
    lines = ["---", *(f"  - url: {image.url}" for image in one.images)]
    lines += [f"    photo: {s.photo}" for part in one.programme for w in part.workshops for s in w.speakers]
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in one.series.theme)])


def taken(files: HostedFiles, one: Event, folder: Path) -> Event:
    return files.take(one, text_of(one), str(folder / "dag.md"))[0]


def test_a_file_is_put_and_found_by_its_address(tmp_path: Path) -> None:
    hosting = Hosting(tmp_path / "public", f"{URL}/")
    assert hosting.put("e/reeks/dag.ics", b"BEGIN") == f"{URL}/e/reeks/dag.ics"
    assert hosting.put("e/reeks/dag.ics", b"BEGIN:VCALENDAR") == f"{URL}/e/reeks/dag.ics"
    assert hosting.read("e/reeks/dag.ics") == b"BEGIN:VCALENDAR"
    assert hosting.path_of(f"{URL}/e/reeks/dag.ics") == "e/reeks/dag.ics"
    assert [path.name for path in (tmp_path / "public").rglob("*") if path.is_file()] == ["dag.ics"]


@pytest.mark.parametrize(
    "address", ["https://www.example.nl/p/a.jpg", URL, f"{URL}/", f"{URL}/../x", f"{URL}/p//a", f"{URL}/u/A%20b"]
)
def test_another_address_is_of_no_file(tmp_path: Path, address: str) -> None:
    assert Hosting(tmp_path, URL).path_of(address) is None
    assert Hosting(tmp_path).path_of(address) is None


@pytest.mark.parametrize("path", ["", "../x", "/etc/passwd", "p/../../x", "p/.htaccess", "a b", "p\\x", "p/", "é.jpg"])
def test_a_path_cannot_leave_the_folder(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="no path of a hosted file"):
        Hosting(tmp_path).put(path, b"x")
    with pytest.raises(ValueError, match="no path of a hosted file"):
        Hosting(tmp_path).read(path)


def test_what_is_not_there_is_none_and_has_no_address_where_nobody_serves_it(tmp_path: Path) -> None:
    hosting = Hosting(tmp_path / "public")
    assert hosting.read("p/a.jpg") is None
    assert hosting.put("p/a.jpg", b"x") == ""
    hosting.put("p/a", b"x")
    assert hosting.read("p/a/b.jpg") is None


def test_a_web_server_may_read_the_files(tmp_path: Path) -> None:
    Hosting(tmp_path).put("p/a.jpg", b"x")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "p/a.jpg").stat().st_mode) == 0o666 & ~umask


def test_a_file_that_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    hosting = Hosting(tmp_path)
    hosting.put("p/a.jpg", b"x")
    before = (tmp_path / "p/a.jpg").stat()
    hosting.put("p/a.jpg", b"x")
    assert (tmp_path / "p/a.jpg").stat().st_ino == before.st_ino
    hosting.put("p/a.jpg", b"y")
    assert (tmp_path / "p/a.jpg").stat().st_ino != before.st_ino  # a new file in its place, not the old one rewritten


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    hosting, versions = Hosting(tmp_path), [bytes([number]) * 200_000 for number in range(20)]
    hosting.put("e/a/b.ics", versions[0])
    seen: list[bytes | None] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(hosting.read("e/a/b.ics"))

    reader = threading.Thread(target=look)
    reader.start()
    for version in versions:
        hosting.put("e/a/b.ics", version)
    done.set()
    reader.join()
    assert set(seen) <= set(versions)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("a file stands in its place")
    with pytest.raises(StoreError, match=r"public/p/a\.jpg cannot be written: .*; mend its folder"):
        Hosting(tmp_path / "public").put("p/a.jpg", b"x")


def test_pictures_beside_a_document_are_made_and_their_originals_kept(files: HostedFiles, folder: Path) -> None:
    one = taken(files, with_pictures(), folder)
    photo = read_reference(one.images[0].url)
    assert photo is not None
    assert (photo.path, photo.width, photo.height, photo.suffix) == ("foto/zaal.jpg", 1700, 1100, "jpg")
    assert [files.hosting.has(photo.file(width)) for width in (640, 1280, 1600)] == [True] * 3
    assert files.originals.read(photo.hash) == PHOTO
    portrait = read_reference(one.programme[1].workshops[0].speakers[0].photo)
    assert portrait is not None
    assert [files.hosting.has(portrait.file(width)) for width in (64, 128)] == [True] * 2
    assert b"Voorbeeld" not in (files.hosting.read(portrait.file(128)) or b"")
    logo = read_reference(dict(one.series.theme)["logo"])
    assert logo is not None
    assert logo.file(320) in {path.relative_to(files.hosting.folder).as_posix() for path in _all(files)}
    assert one.programme[0].speakers[0].photo == "https://www.example.nl/jan.jpg"
    assert {found.path for found in references(one)} == {"foto/zaal.jpg", "foto/spreker.jpg", "logo.png"}


def _all(files: HostedFiles) -> list[Path]:
    return [path for path in files.hosting.folder.rglob("*") if path.is_file()]


def test_nobody_serves_the_originals(files: HostedFiles, folder: Path) -> None:
    taken(files, with_pictures(), folder)
    assert all(path.read_bytes() not in (PHOTO, made.gps_photo()) for path in _all(files))


def test_taking_again_changes_nothing_and_makes_nothing(files: HostedFiles, folder: Path) -> None:
    once = taken(files, with_pictures(), folder)
    stamps = {path: path.stat().st_mtime_ns for path in _all(files)}
    assert taken(files, with_pictures(), folder) == once
    assert taken(files, once, folder) == once
    assert {path: path.stat().st_mtime_ns for path in _all(files)} == stamps


def test_another_picture_of_that_name_takes_the_place_of_the_one_before(files: HostedFiles, folder: Path) -> None:
    once = taken(files, with_pictures(), folder)
    (folder / "foto/zaal.jpg").write_bytes(made.saved(made.photo(900, 700)))
    again = taken(files, once, folder)
    assert [reference.width for reference in references(again)][:1] == [900]


def test_a_picture_that_was_brought_in_needs_no_file_any_more(files: HostedFiles, folder: Path) -> None:
    once = taken(files, with_pictures(), folder)
    (folder / "foto/zaal.jpg").unlink()
    assert taken(files, once, folder) == once
    for path in _all(files):
        path.unlink()
    assert taken(files, once, folder) == once
    assert files.hosting.has(next(iter(references(once))).file(1280))


def test_a_path_is_found_however_it_is_written(files: HostedFiles, folder: Path) -> None:
    (folder / "foto/'s avonds.jpg").write_bytes(PHOTO)
    one = replace(event(), images=(Image(url="foto/'s avonds.jpg", alt="De zaal"),))
    found, _ = files.take(one, "images:\n  - url: 'foto/''s avonds.jpg'\n", str(folder / "dag.md"))
    assert [reference.path for reference in references(found)] == ["foto/'s avonds.jpg"]
    with pytest.raises(DocumentError, match=r"dag\.md: “foto/'s avonds\.jpg” is not beside"):
        files.take(one, "images:\n  - url: 'foto/''s avonds.jpg'\n", str(folder.parent / "dag.md"))


def test_what_the_document_does_not_name_stays_as_it_is(files: HostedFiles, folder: Path) -> None:
    """The logo of a series that stands there by its slug only: another file of its name may stand beside this one."""
    one = with_pictures()
    found, _ = files.take(one, "  - url: foto/zaal.jpg\n", str(folder / "dag.md"))
    assert found.series == one.series
    assert found.images != one.images


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("foto/weg.jpg", "“foto/weg.jpg” is not beside the document; put it there, or take the picture out"),
        ("foto", "“foto” is a folder; name a picture in it"),
        ("../geheim.jpg", "“../geheim.jpg” leads out of the folder of the document; put it beside the document"),
        ("link.jpg", "“link.jpg” leads out of the folder of the document; put it beside the document"),
        ("tekening.jpg", "“tekening.jpg” is an SVG drawing; save it as JPEG or PNG"),
        ("leeg.jpg", "“leeg.jpg” is empty; put the picture there again"),
        ("a#0123456789abcdef0123-4x3.jpg", "“a” is not beside the document; put it there, or take the picture out"),
        ("a\0b.jpg", "“a\0b.jpg” cannot be read (embedded null byte); mend its name or its permissions"),
    ],
)
def test_a_picture_that_cannot_be_taken_is_told_at_its_line(
    files: HostedFiles, folder: Path, path: str, sentence: str
) -> None:
    (folder.parent / "geheim.jpg").write_bytes(PHOTO)
    (folder / "link.jpg").symlink_to(folder.parent / "geheim.jpg")
    (folder / "tekening.jpg").write_bytes(made.SVG)
    (folder / "leeg.jpg").write_bytes(b"")
    with pytest.raises(DocumentError) as raised:
        taken(files, with_pictures(path), folder)
    assert str(raised.value) == f"{folder}/dag.md:2: {sentence}"


def test_all_pictures_that_cannot_be_taken_are_told_at_once(files: HostedFiles, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as raised:
        files.take(with_pictures(), text_of(with_pictures()), str(tmp_path / "dag.md"))
    assert [problem.line for problem in raised.value.problems] == [2, 3, 5]


def test_all_pictures_of_a_document_are_stored_or_none(files: HostedFiles, folder: Path) -> None:
    (folder / "logo.png").write_bytes(made.SVG)
    with pytest.raises(DocumentError):
        taken(files, with_pictures(), folder)
    assert _all(files) == []
    assert not files.originals.folder.exists()


def test_who_speaks_twice_has_one_portrait_and_at_most_one_mistake(files: HostedFiles, folder: Path) -> None:
    one = with_pictures()
    twice = (replace(one.programme[0], speakers=one.programme[1].workshops[0].speakers), one.programme[1])
    found = taken(files, replace(one, programme=twice), folder)
    assert found.programme[0].speakers == found.programme[1].workshops[0].speakers
    (folder / "foto/spreker.jpg").write_bytes(b"")
    with pytest.raises(DocumentError) as raised:
        taken(files, replace(one, programme=twice), folder)
    assert [problem.what for problem in raised.value.problems] == ["“foto/spreker.jpg” is empty"]


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "groot.jpg").open("wb") as file:
        file.write(b"\xff\xd8\xff")
        file.truncate(10_000_000_000)
    content = beside(tmp_path, Limits(content=1_000_000))("groot.jpg")
    assert isinstance(content, bytes)
    assert len(content) == 1_000_001


def test_pictures_that_are_heavy_together_are_remarked_on(files: HostedFiles, folder: Path) -> None:
    files = replace(files, limits=Limits(file=10_000_000))
    noise, one = Picture.effect_noise((1300, 900), 90), event()
    for number in range(2):
        (folder / f"{number}.jpg").write_bytes(made.saved(noise.rotate(180 * number)))
        one = replace(one, images=(*one.images, Image(url=f"{number}.jpg", alt="x")))
    _, remarks = files.take(one, text_of(one), str(folder / "dag.md"))
    assert [remark.partition(" are ")[0] for remark in remarks] == ["its pictures"]
    few, none = files.take(replace(one, images=one.images[:1]), text_of(one), str(folder / "dag.md"))
    assert (len(few.images), none) == (1, [])


def test_an_upload_goes_through_the_same_door(files: HostedFiles) -> None:
    one = replace(event(), images=(Image(url="zaal.jpg", alt="De zaal"),))
    found, _ = files.take_from(one, text_of(one), "dag.md", {"zaal.jpg": PHOTO}.get)
    assert [reference.path for reference in references(found)] == ["zaal.jpg"]
    refused = {"zaal.jpg": Refusal(what="is no file", fix="x")}
    with pytest.raises(DocumentError, match="is no file"):
        files.take_from(one, text_of(one), "dag.md", refused.get)


def test_originals_are_given_back_beside_the_document(files: HostedFiles, folder: Path, tmp_path: Path) -> None:
    one = taken(files, with_pictures(), folder)
    there = tmp_path / "elders"
    assert sorted(files.give_back(one, there)) == sorted(
        there / name for name in ("foto/zaal.jpg", "foto/spreker.jpg", "logo.png")
    )
    assert (there / "foto/zaal.jpg").read_bytes() == PHOTO
    assert files.give_back(one, there) == []
    (there / "logo.png").write_bytes(b"something else")
    with pytest.raises(NewsletterError, match=r"logo\.png is another file; move it away"):
        files.give_back(one, there)


def test_an_original_that_is_lost_is_told(files: HostedFiles, folder: Path, tmp_path: Path) -> None:
    one = taken(files, with_pictures(), folder)
    lost = next(iter(references(one)))
    (files.originals.folder / lost.hash).unlink()
    with pytest.raises(NewsletterError, match=r"the original of “foto/zaal\.jpg” is lost"):
        files.give_back(one, tmp_path / "elders")


def test_an_original_is_never_written_outside_the_folder(files: HostedFiles, tmp_path: Path) -> None:
    evil = "../../zaal.jpg#0123456789abcdef0123-4x3.jpg"
    files.originals.put("0123456789abcdef0123", PHOTO)
    with pytest.raises(NewsletterError, match="leads out of"):
        files.give_back(replace(event(), images=(Image(url=evil, alt="x"),)), tmp_path / "a" / "b")
    assert not (tmp_path / "zaal.jpg").exists()


def test_the_calendar_file_of_an_event_keeps_its_address_and_follows_it(files: HostedFiles) -> None:
    assert files.show_calendar(event(), NOW) == f"{URL}/e/kennisdagen/kennisdag.ics"
    first = files.hosting.read(calendar_path(event())) or b""
    assert (b"METHOD:PUBLISH" in first, b"SUMMARY:Kennisdag" in first) == (True, True)
    cancelled = replace(event(), status=EventStatus.CANCELLED)
    assert files.show_calendar(cancelled, NOW) == f"{URL}/e/kennisdagen/kennisdag.ics"
    assert b"STATUS:CANCELLED" in (files.hosting.read(calendar_path(event())) or b"")


def test_there_is_no_calendar_file_without_a_date_or_a_place_to_serve_it(files: HostedFiles, tmp_path: Path) -> None:
    assert files.show_calendar(replace(event(), start=None, end=None, programme=()), NOW) == ""
    nowhere = HostedFiles(hosting=Hosting(tmp_path / "n"), originals=Hosting(tmp_path / "o"))
    assert nowhere.show_calendar(event(), NOW) == ""
    assert not (tmp_path / "n").exists()
