"""The files that letters link to are served as they are, and nothing else on the machine is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from newsletter.compose.hosting import Hosting
from newsletter.web.public_files import hosted
from tests.unit.web.public import Public, public_pages

PNG, CALENDAR = b"\x89PNG\r\n\x1a\n en de rest", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
PICTURE, EVENT = "p/0123abcd-640.png", "e/kennisdagen/kennisdag.ics"


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Public]:
    async with public_pages(tmp_path) as made:
        hosting = Hosting(made.folder)
        hosting.put(PICTURE, PNG)
        hosting.put(EVENT, CALENDAR)
        yield made


@pytest.mark.parametrize(
    ("path", "media_type", "content", "cached"),
    [
        (PICTURE, "image/png", PNG, "public, max-age=31536000, immutable"),
        (EVENT, "text/calendar; charset=utf-8", CALENDAR, "public, max-age=300, must-revalidate"),
    ],
)
async def test_a_hosted_file_is_served_with_its_media_type_and_kept_by_caches(
    street: Public, path: str, media_type: str, content: bytes, cached: str
) -> None:
    answer = await street.browser.get(f"/{path}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == cached
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"].startswith("noindex")
    # Web mail shows it on a page of its own.
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    head = await street.browser.head(f"/{path}")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))


async def test_what_a_reader_has_already_is_not_sent_again(street: Public) -> None:
    first = await street.browser.get(f"/{EVENT}")
    for known in ({"If-None-Match": first.headers["etag"]}, {"If-Modified-Since": first.headers["last-modified"]}):
        again = await street.browser.get(f"/{EVENT}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "public, max-age=300, must-revalidate"
    assert (await street.browser.get(f"/{EVENT}", headers={"If-None-Match": '"anders"'})).status_code == 200


async def test_a_calendar_file_that_has_changed_is_sent_anew(street: Public) -> None:
    first = await street.browser.get(f"/{EVENT}")
    Hosting(street.folder).put(EVENT, CALENDAR + b"\r\n")
    again = await street.browser.get(f"/{EVENT}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (200, CALENDAR + b"\r\n")


async def test_a_part_of_a_picture_can_be_asked_for(street: Public) -> None:
    answer = await street.browser.get(f"/{PICTURE}", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, PNG[:4])
    assert (await street.browser.get(f"/{PICTURE}", headers={"Range": "bytes=900-"})).status_code == 416


@pytest.fixture
def secrets(street: Public) -> Path:
    """A folder beside the public one, and everything in the public one that must not be seen."""
    folder = street.folder.parent / "secrets"
    folder.mkdir()
    (folder / "key.png").write_bytes(b"secret")
    inside = street.folder / "p"
    (inside / ".hidden.png").write_bytes(b"secret")
    (inside / "notes.txt").write_bytes(b"secret")
    (inside / "page.html").write_bytes(b"secret")
    (inside / "picture.svg").write_bytes(b"secret")
    (inside / "map.png").mkdir()
    (inside / "UPPER.png").write_bytes(b"secret")
    (inside / ".0123.png.0011").write_bytes(b"secret")
    (inside / "linked.png").symlink_to(folder / "key.png")
    (inside / "around").symlink_to(folder)
    (inside / "loop.png").symlink_to(inside / "loop.png")
    (street.folder / "key.png").write_bytes(b"secret")
    return folder


@pytest.mark.parametrize(
    "path",
    [
        "/p/",
        "/p",
        "/e/",
        "/e/kennisdagen",
        "/e/kennisdagen/",
        "/key.png",
        "/store.sqlite",
        "/p/linked.png",
        "/p/around/key.png",
        "/p/loop.png",
        "/p/map.png",
        "/p/.hidden.png",
        "/p/.0123.png.0011",
        "/p/notes.txt",
        "/p/page.html",
        "/p/picture.svg",
        "/p/UPPER.png",
        "/p/../../secrets/key.png",
        "/p/%2e%2e/%2e%2e/secrets/key.png",
        "/p/..%2f..%2fsecrets%2fkey.png",
        "/p/%252e%252e%252fsecrets%252fkey.png",
        "/p/..%5c..%5csecrets%5ckey.png",
        "/p//secrets/key.png",
        "/p/%2fetc%2fpasswd",
        "/p/0123abcd-640.png/",
        "/p/0123abcd-640.png%00",
        "/p/0123abcd-640.png%00.png",
        "/p/0123abcd-640.png%0a",
        "/p//0123abcd-640.png",
        "/p/0123abcd-640.png::$DATA",
        "/p/%c0%ae%c0%ae/key.png",
        "/p/" + "a/" * 3000 + "a.png",
        "/p/" + "a" * 300 + ".png",
        "/P/0123abcd-640.png",
    ],
)
async def test_nothing_else_is_served_by_any_name(street: Public, secrets: Path, path: str) -> None:
    answer = await street.browser.get(path)
    assert answer.status_code == 404, secrets
    assert b"secret" not in answer.content


async def test_a_file_that_may_not_be_read_is_not_there(street: Public) -> None:
    assert hosted(street.folder / "nowhere", PICTURE, Headers()) is None


async def test_the_public_folder_may_itself_be_a_link(street: Public) -> None:
    link = street.folder.parent / "elsewhere"
    link.symlink_to(street.folder)
    assert hosted(link, PICTURE, Headers()) is not None


@given(st.text(max_size=40) | st.text("./\\%abp0-", max_size=30))
def test_no_path_whatever_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "open" / "public"
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / "a.png").write_bytes(b"secret")
    assert hosted(folder, path, Headers()) is None
