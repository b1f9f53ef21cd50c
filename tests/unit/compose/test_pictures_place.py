"""Where mail programs find the pictures of an event: below the public URL, or in the letter itself."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.pictures_place import Showing, place, shown
from newsletter.compose.templates import Templates
from newsletter.errors import TemplateError
from newsletter.events.event import Event, Image, Part, Speaker
from tests.unit.compose.reader import Part as MimePart
from tests.unit.compose.reader import read
from tests.world import NOW, event

TEMPLATES = Path(__file__).parents[3] / "templates"
URL = "https://nieuwsbrief.example.nl"
H = "0123456789abcdef0123"
HALL, PORTRAIT, LOGO = f"foto/zaal.jpg#{H}-2400x1600.jpg", f"wie.png#{H}-200x300.png", f"logo.png#{H}-600x150.png"


def one(url: str = HALL, **image: Any) -> Event:
    """An event with one image, one portrait, and the logo of its series."""
    happening = event()
    welcome, *rest = happening.programme
    programme: tuple[Part, ...] = (replace(welcome, speakers=(Speaker(name="Zoë Voorbeeld", photo=PORTRAIT),)), *rest)
    series = replace(happening.series, theme=(("base", "veen"), ("logo", LOGO), ("logo_alt", "Voorbeeld")))
    picture = Image(url=url, alt="De zaal", caption="Veel mensen", **image)
    return replace(happening, images=(picture,), programme=programme, series=series)


def content_of(path: str) -> bytes:
    return path.encode()


CARRIED, HOSTED = Showing(read=content_of), Showing(public_url=URL, read=content_of)


def test_hosted_pictures_are_linked_to_in_twice_the_width_that_they_fill() -> None:
    placed = place(one(), HOSTED)
    (image,) = placed.event.images
    assert (image.url, image.large) == (f"{URL}/p/{H}-1280.jpg", f"{URL}/p/{H}-1600.jpg")
    assert (image.width, image.height) == (640, 427)
    assert placed.event.programme[0].speakers[0].photo == f"{URL}/p/{H}-128.png"
    theme = dict(placed.event.series.theme)
    assert theme["logo"] == f"{URL}/p/{H}-320.png"
    assert (theme["logo_width"], theme["logo_height"]) == ("160", "40")
    assert (theme["base"], theme["logo_alt"]) == ("veen", "Voorbeeld")
    assert placed.files == ()


def test_without_a_public_url_letters_carry_their_pictures() -> None:
    placed = place(one(), CARRIED)
    (image,) = placed.event.images
    assert image.url == f"cid:{H}-640-jpg@nieuwsbrief.example.nl"
    assert image.large == ""  # there is nowhere to link to
    assert placed.event.programme[0].speakers[0].photo == f"cid:{H}-128-png@nieuwsbrief.example.nl"
    assert [(file.name, file.media_type, file.content) for file in placed.files] == [
        ("zaal.jpg", "image/jpeg", b"p/%s-640.jpg" % H.encode()),
        ("wie.png", "image/png", b"p/%s-128.png" % H.encode()),
        ("logo.png", "image/png", b"p/%s-320.png" % H.encode()),
    ]


@pytest.mark.parametrize(
    ("showing", "inline"), [(HOSTED, True), (replace(HOSTED, inline=True), False)], ids=["one image", "the setting"]
)
def test_letters_carry_a_picture_by_choice_and_link_to_its_large_one(showing: Showing, inline: bool) -> None:
    (image,) = place(one(inline=inline), showing).event.images
    assert image.url.startswith("cid:")
    assert image.large == f"{URL}/p/{H}-1600.jpg"


def test_links_stay_as_they_are() -> None:
    link = "https://www.example.nl/zaal.jpg"
    placed = place(one(link, large=link, width=320, height=200), HOSTED)
    assert placed.event.images == one(link, large=link, width=320, height=200).images


def test_a_large_one_of_its_own_is_linked_to() -> None:
    own = f"groot.jpg#{H}-4000x3000.jpg"
    assert place(one(large=own), HOSTED).event.images[0].large == f"{URL}/p/{H}-1600.jpg"
    assert place(one(large=own), CARRIED).event.images[0].large == ""
    assert place(one(large="https://www.example.nl/x.jpg"), CARRIED).event.images[0].large.startswith("https://www")


@pytest.mark.parametrize(
    ("size", "width", "file", "fills"),
    [
        ("900x600", 640, "p/{}-900.jpg", (640, 427)),
        ("500x1000", 640, "p/{}-500.jpg", (500, 1000)),
        ("2400x1600", 320, "p/{}-640.jpg", (320, 213)),
        ("2400x1600", 900, "p/{}-1280.jpg", (640, 427)),
        ("2400x1600", 0, "p/{}-1280.jpg", (640, 427)),
    ],
)
def test_a_picture_fills_no_more_than_it_can(size: str, width: int, file: str, fills: tuple[int, int]) -> None:
    (image,) = place(one(f"x.jpg#{H}-{size}.jpg", width=width), HOSTED).event.images
    assert image.url == f"{URL}/{file.format(H)}"
    assert (image.width, image.height) == fills


@pytest.mark.parametrize("address", ["foto/zaal.jpg", "zaal.jpg"])
def test_a_letter_never_goes_out_with_a_picture_that_nobody_can_see(address: str) -> None:
    with pytest.raises(TemplateError, match="has not been brought in; import the event document again"):
        place(one(address), HOSTED)


def test_a_picture_whose_file_is_gone_is_told() -> None:
    with pytest.raises(TemplateError, match=r"“foto/zaal\.jpg” is lost .*; import its event document again"):
        place(one(), Showing())


def test_a_file_that_no_template_shows_is_left_out() -> None:
    placed = place(one(), CARRIED)
    assert shown('<img src="cid:other">', placed.files) == ()
    assert shown(f'<img src="cid:{placed.files[0].cid}">', placed.files) == placed.files[:1]


def test_a_cid_stays_short_for_the_longest_of_domains() -> None:
    long = replace(one().series.sender, address=f"x@{'a' * 60}.{'b' * 60}.example.nl")
    happening = one()
    placed = place(replace(happening, series=replace(happening.series, sender=long)), CARRIED)
    assert all(len(file.cid.partition("@")[2]) <= 64 for file in placed.files)


def composed(showing: Showing, happening: Event) -> Mailing:
    order = Order(slug="kennisdag/report", template="report", label="")
    return compose(happening, order, Templates([TEMPLATES], showing=showing), now=NOW)


def sent(mailing: Mailing) -> MimePart:
    person = Recipient("1", "anna@example.org", "Anna", {}, "1@example.nl", ("https://example.nl/u/x",), NOW)
    return read(Letter(mailing).address(person))


@pytest.mark.parametrize(
    "showing", [CARRIED, HOSTED, replace(HOSTED, inline=True)], ids=["nowhere", "hosted", "inline"]
)
def test_every_cid_of_a_letter_is_there_and_no_part_is_an_orphan(showing: Showing) -> None:
    letter = sent(composed(showing, one()))
    html = letter.text("text/html")
    asked = set(re.findall(r"cid:([^\"'<>\s]+)", html))
    parts = {part.fields["content-id"].strip("<>") for part in letter.all() if "content-id" in part.fields}
    assert asked == parts
    assert bool(asked) == (showing is not HOSTED)
    assert all("<" not in cid for cid in asked)
    images = [part for part in letter.all() if part.media_type.startswith("image/")]
    assert all(part.fields["content-disposition"].startswith("inline") for part in images)
    assert all(part.content == b"p/%s-%s" % (H.encode(), _end(part)) for part in images)


def _end(part: MimePart) -> bytes:
    """640.jpg of <…-640-jpg@nieuwsbrief.example.nl>"""
    width, suffix = part.fields["content-id"].partition("@")[0].split("-")[-2:]
    return f"{width}.{suffix}".encode()


def test_the_text_part_tells_of_the_same_large_one_as_the_html() -> None:
    mailing = composed(HOSTED, one())
    large = f"{URL}/p/{H}-1600.jpg"
    assert f'href="{large}"' in mailing.html
    assert large in mailing.text
    assert f'src="{URL}/p/{H}-1280.jpg"' in mailing.html
    carried = composed(CARRIED, one())
    assert "/p/" not in carried.html
    assert "/p/" not in carried.text
