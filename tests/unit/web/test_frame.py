"""The letter in its frame: who looks decides what is seen, and nothing is fetched for it."""

import base64
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from newsletter.compose.mailing import Attachment
from newsletter.web.choice import Choice, Client, Images, Scheme, View
from newsletter.web.findings import Gauge
from newsletter.web.frame import among, in_frame, stand_in
from newsletter.web.hosted import picture

HTML = """<!doctype html><html><head><style>@media (prefers-color-scheme: dark) { p { color: #222222 } }</style></head>
<body><p>x</p><img src="https://www.example.nl/a.jpg" srcset="b 2x" width="640" height="200" alt="De zaal">
<img src="cid:een@example.nl" alt=""></body></html>"""


def nowhere(_: str) -> None:
    return None


@pytest.mark.parametrize("client", Client)
@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("images", Images)
def test_whoever_looks_nothing_is_fetched(client: Client, scheme: Scheme, images: Images) -> None:
    shown = in_frame(HTML, Choice(client=client, scheme=scheme, images=images), nowhere)
    assert "https:" not in shown
    assert "srcset" not in shown
    assert all(address.startswith("data:") for address in re.findall(r'src="([^"]*)"', shown))
    assert 'alt="De zaal"' in shown


def test_only_a_program_that_follows_the_system_goes_dark_with_it() -> None:
    dark = {
        client
        for client in Client
        if "(min-width: 0)" in in_frame(HTML, Choice(client=client, scheme=Scheme.DARK), nowhere)
    }
    assert dark == {Client.STANDARD}


def test_an_image_that_goes_with_the_letter_is_shown() -> None:
    file = Attachment("a.png", "image/png", base64.b64decode(b"iVBORw0KGgo="), cid="een@example.nl")
    shown = in_frame(HTML, Choice(), among([file], nowhere))
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in shown


def test_an_image_from_elsewhere_has_a_stand_in_of_its_size() -> None:
    assert 'width="640" height="200"' in unquote(stand_in(640, 200))
    assert 'width="640" height="360"' in unquote(stand_in(640))


def test_a_hosted_picture_is_read_from_its_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    folder, url = tmp_path / "public", "https://nieuwsbrief.example.nl"
    (folder / "p").mkdir(parents=True)
    (folder / "p" / "a.png").write_bytes(b"png")
    (tmp_path / "geheim.png").write_bytes(b"geheim")
    (folder / "p" / "a.svg").write_bytes(b"svg")
    assert picture(f"{url}/p/a.png?v=1", public_url=url, folder=folder) == ("image/png", b"png")
    for address in (
        f"{url}/../geheim.png",
        f"{url}/%2e%2e/geheim.png",
        f"{url}/p/a.svg",
        f"{url}/p/weg.png",
        "/p/a.png",
    ):
        assert picture(address, public_url=url, folder=folder) is None, address
    assert picture(f"{url}/p/a.png", public_url="", folder=folder) is None
    assert picture(f"{url}/p/a.png", public_url=url, folder=None) is None


def test_an_address_says_what_was_chosen_and_no_more() -> None:
    assert Choice().query() == ""
    assert Choice(mark=3).query(view=View.TEXT) == "?view=text"
    assert Choice(width=320, lists=True).query(mark=2) == "?width=320&lists=yes&mark=2"


@pytest.mark.parametrize(("size", "level"), [(0, "good"), (90, "good"), (91, "warn"), (100, "warn"), (101, "bad")])
def test_a_size_is_told_by_where_it_stands(size: int, level: str) -> None:
    assert Gauge(size=size, warn=90, most=100, end=102).level == level
