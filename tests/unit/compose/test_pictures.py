"""What becomes of pictures: upright, in the right colours, in the widths that are needed, with nothing but pixels."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from newsletter.compose.pictures import Limits, Picture, Refusal, prepare
from newsletter.compose.pictures_slots import LOGO, PHOTO, SPEAKER, Reference, Slot, read_reference, sizes
from tests.unit.compose import photographs as made

SMALL_JPEG = made.saved(made.photo(60, 45), quality=70)
SMALL_PNG = made.saved(made.corners(60, 45), "PNG")


def made_of(content: bytes, slot: Slot = PHOTO) -> Picture:
    picture = prepare(content, name="foto/zaal.jpg", slot=slot)
    assert isinstance(picture, Picture), picture
    return picture


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def only(picture: Picture) -> Image.Image:
    (content,) = picture.files.values()
    return opened(content)


def is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= 12 for one, other in zip(pixel[:3], colour, strict=True))


def seen(image: Image.Image) -> list[object]:
    """The colours of the four corners."""
    right, bottom = image.width - 9, image.height - 9
    return [image.getpixel(place) for place in ((8, 8), (right, 8), (8, bottom), (right, bottom))]


def looks_upright(image: Image.Image) -> bool:
    colours = (made.RED, made.GREEN, made.WHITE, made.BLUE)
    return all(is_near(pixel, colour) for pixel, colour in zip(seen(image), colours, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright_however_the_camera_was_held(orientation: int) -> None:
    picture = made_of(made.turned(orientation))
    assert (picture.reference.width, picture.reference.height) == (400, 300)
    assert only(picture).size == (400, 300)
    assert looks_upright(only(picture))


def test_a_photo_on_its_side_is_made_in_the_widths_that_it_has_upright() -> None:
    on_its_side = Image.Exif()
    on_its_side[0x0112] = 6
    picture = made_of(made.saved(made.photo(2000, 1000), exif=on_its_side))
    assert (picture.reference.width, picture.reference.height) == (1000, 2000)
    assert {width: opened(content).size for width, content in picture.files.items()} == {
        640: (640, 1280),
        1000: (1000, 2000),
    }


def test_nothing_of_where_when_and_by_whom_is_left() -> None:
    content = made.gps_photo()
    assert all(trace in content for trace in (b"Exif", b"Jan Voorbeeld", b"xmpmeta", b"thuis"))
    (clean,) = made_of(content).files.values()
    assert not any(trace in clean for trace in (b"Exif", b"Voorbeeld", b"xmpmeta", b"thuis", b"Camera", b"ICC_PROFILE"))
    image = opened(clean)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_nothing_but_pixels_is_left_of_a_png() -> None:
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    told.add_text("Author", "Jan Voorbeeld")
    told.add_itxt("XML:com.adobe.xmp", made.XMP.decode())
    content = made.saved(made.corners(), "PNG", pnginfo=told, exif=Image.Exif(), icc_profile=made.swapped_profile())
    assert b"Voorbeeld" in content
    (clean,) = made_of(content).files.values()
    assert {clean[at + 4 : at + 8] for at in _chunks(clean)} <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def _chunks(png: bytes) -> list[int]:
    starts, at = [], 8
    while at < len(png):
        starts.append(at)
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return starts


def test_colours_are_those_that_the_profile_means() -> None:
    as_it_is = Image.new("RGB", (100, 80), (255, 0, 0))
    (clean,) = made_of(made.saved(as_it_is, icc_profile=made.swapped_profile(), quality=95)).files.values()
    assert is_near(opened(clean).getpixel((50, 40)), (0, 255, 0))


def test_a_broken_profile_is_left_out() -> None:
    (clean,) = made_of(made.saved(made.corners(), icc_profile=b"no profile at all")).files.values()
    assert looks_upright(opened(clean))


@pytest.mark.parametrize(
    ("content", "suffix", "mode"),
    [
        pytest.param(made.saved(made.corners(mode="CMYK"), quality=95), "jpg", "RGB", id="CMYK"),
        pytest.param(made.saved(made.corners(), "PNG"), "png", "RGB", id="drawing"),
        pytest.param(made.saved(made.corners().quantize(16), "PNG"), "png", "RGB", id="palette"),
        pytest.param(made.saved(made.corners().quantize(16), "GIF"), "png", "RGB", id="GIF"),
        pytest.param(made.saved(made.corners(mode="RGBA"), "PNG"), "png", "RGB", id="alpha that hides nothing"),
    ],
)
def test_every_kind_of_pixels_becomes_srgb(content: bytes, suffix: str, mode: str) -> None:
    picture = made_of(content)
    assert picture.reference.suffix == suffix
    assert only(picture).mode == mode
    seen_as = only(picture)
    assert [max(pixel) - min(pixel) > 100 for pixel in seen(seen_as)] == [True, True, False, True]  # type: ignore[call-overload]
    assert suffix == "jpg" or looks_upright(seen_as)


def test_greys_of_16_bits_keep_their_shades() -> None:
    deep = Image.frombytes("I;16", (40, 30), (b"\x00\x40" * 20 + b"\x00\xc0" * 20) * 30)
    image = only(made_of(made.saved(deep, "PNG")))
    assert [image.getpixel((5, 5)), image.getpixel((35, 5))] == [(0x40, 0x40, 0x40), (0xC0, 0xC0, 0xC0)]


@pytest.mark.parametrize("kind", ["RGBA", "LA", "palette"])
def test_what_is_transparent_stays_so(kind: str) -> None:
    image = made.corners(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 200, 150))
    content = {
        "RGBA": lambda: made.saved(image, "PNG"),
        "LA": lambda: made.saved(image.convert("LA"), "PNG"),
        "palette": lambda: made.saved(image.quantize(16), "PNG"),
    }[kind]()
    picture = made_of(content)
    shown = only(picture).convert("RGBA")
    corner, other = shown.getpixel((8, 8)), shown.getpixel((380, 8))
    assert isinstance(corner, tuple)
    assert isinstance(other, tuple)
    assert (picture.reference.suffix, corner[3], other[3]) == ("png", 0, 255)


def test_a_photo_that_was_saved_as_png_becomes_a_light_jpeg() -> None:
    content = made.saved(made.photo(1600, 1000), "PNG")
    picture = made_of(content)
    assert picture.reference.suffix == "jpg"
    assert all(opened(file).info.get("progressive") for file in picture.files.values())


def test_a_photo_with_much_in_it_is_made_as_light_as_it_can_be() -> None:
    noise = Image.effect_noise((2400, 1600), 60).convert("RGB")
    light = prepare(made.saved(noise, quality=95), name="x.jpg", slot=PHOTO, limits=Limits(file=80_000))
    heavy = prepare(made.saved(noise, quality=95), name="x.jpg", slot=PHOTO, limits=Limits(file=10_000_000))
    assert isinstance(light, Picture)
    assert isinstance(heavy, Picture)
    assert len(light.files[1280]) < 0.8 * len(heavy.files[1280])
    assert light.files[1600] == heavy.files[1600]


def test_a_transparent_picture_that_is_heavy_gets_fewer_colours() -> None:
    noisy = Image.merge("RGBA", [Image.effect_noise((640, 400), 90) for _ in range(4)])
    picture = prepare(made.saved(noisy, "PNG"), name="x.png", slot=PHOTO, limits=Limits(file=400_000))
    assert isinstance(picture, Picture)
    assert only(picture).mode == "P"


@pytest.mark.parametrize(
    ("size", "slot", "widths"),
    [
        ((2400, 1600), PHOTO, [640, 1280, 1600]),
        ((1500, 1000), PHOTO, [640, 1280, 1500]),
        ((900, 600), PHOTO, [640, 900]),
        ((640, 400), PHOTO, [640]),
        ((300, 400), PHOTO, [300]),
        ((2400, 1600), Slot(width=320, large=1600), [320, 640, 1600]),
        ((600, 600), SPEAKER, [64, 128]),
        ((100, 100), SPEAKER, [64, 100]),
        ((1000, 200), LOGO, [200, 400]),  # 40 pixels high
        ((3000, 100), LOGO, [320, 640]),
        ((100, 4000), LOGO, [1, 2]),
    ],
)
def test_widths_are_those_of_the_place_and_never_more_than_there_is(
    size: tuple[int, int], slot: Slot, widths: list[int]
) -> None:
    assert sizes(*size, slot).widths() == widths


def test_a_logo_is_no_higher_than_its_place() -> None:
    assert sizes(1000, 200, LOGO).height == 40
    assert sizes(100, 20, LOGO).height == 20


def test_the_same_bytes_give_the_same_files_under_the_same_names() -> None:
    content = made.saved(made.photo(800, 600))
    assert made_of(content) == made_of(content)
    other = made_of(made.saved(made.photo(800, 601)))
    assert other.reference.hash != made_of(content).reference.hash


LIMIT = 20_000_000
REFUSED = [
    ("empty", b"", "is empty"),
    ("text", b"Beste mensen", "is no picture"),
    ("SVG", made.SVG, "is an SVG drawing"),
    ("SVG after a comment", b"\n<!-- x --><svg/>", "is an SVG drawing"),
    ("web page", b"<!doctype html><title>x</title>", "is a web page"),
    ("PDF", b"%PDF-1.7\n", "is a PDF file"),
    ("WebP", made.saved(made.corners(), "WEBP"), "is a WebP picture, which not every mail program shows"),
    ("TIFF", made.saved(made.corners(), "TIFF"), "is a TIFF picture, which mail programs do not show"),
    ("BMP", made.saved(made.corners(), "BMP"), "is a BMP picture, which not every mail program shows"),
    ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0", "is a HEIC picture, which not every mail program shows"),
    ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0", "is an AVIF picture, which not every mail program shows"),
    ("program", b"MZ\x90\0\3\0\0\0", "is no picture"),
    ("magic only", b"\xff\xd8\xff\xe0", "cannot be read as a picture"),
    ("JPEG magic before a PNG", b"\xff\xd8\xff" + SMALL_PNG, "cannot be read as a picture"),
    ("truncated JPEG", SMALL_JPEG[: len(SMALL_JPEG) // 2], "cannot be read as a picture"),
    ("truncated PNG", SMALL_PNG[: len(SMALL_PNG) - 30], "cannot be read as a picture"),
    ("moving GIF", made.animated("GIF"), "is animated"),
    ("moving PNG", made.animated("PNG"), "is animated"),
    ("bomb", made.png_of_size(50_000, 50_000), "has 50000 × 50000 pixels, and 64 million is the most"),
    ("bomb of one line", made.png_of_size(2_000_000_000, 1), "has 2000000000 × 1 pixels"),
    ("text bomb", made.png_with_text_bomb(), "cannot be read as a picture"),
    ("pixel that counts readers", made.saved(made.corners(1, 1), "PNG"), "has 1 × 1 pixels, too few"),
    ("with a zip behind it", SMALL_JPEG + made.zipped(), "is a picture and something else in one file"),
    ("with a script behind it", SMALL_JPEG + b"<script>alert(1)</script>", "is a picture and something else"),
    ("with PHP in it", made.saved(made.corners(), comment=b"<?php system($_GET[0]) ?>"), "is a picture and something"),
    ("with a PDF in it", made.saved(made.corners(), comment=b"%PDF-1.7"), "is a picture and something else"),
    ("30 MB", SMALL_JPEG + bytes(30_000_000), "is 30.0 MB, and 20 MB is the most"),
]


@pytest.mark.parametrize(("content", "what"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_no_picture_for_a_letter_is_refused_with_what_to_do(content: bytes, what: str) -> None:
    refusal = prepare(content, name="foto/zaal.jpg", slot=PHOTO)
    assert isinstance(refusal, Refusal)
    assert refusal.what.startswith(what)
    assert refusal.fix


def test_a_phone_adds_a_second_picture_or_a_film_behind_the_photo() -> None:
    """MPO and motion photos: both are what people have, and neither is an attack."""
    assert looks_upright(only(made_of(made.saved(made.corners()) + SMALL_JPEG)))
    assert looks_upright(only(made_of(made.saved(made.corners()) + b"\0\0\0\x18ftypmp42" + bytes(500))))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([SMALL_JPEG, SMALL_PNG]), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255))))
def test_damaged_bytes_give_a_picture_or_a_sentence(content: bytes, damage: list[tuple[int, int]]) -> None:
    damaged = bytearray(content)
    for place, value in damage:
        damaged[place % len(damaged)] = value
    found = prepare(bytes(damaged), name="x.jpg", slot=SPEAKER)
    if isinstance(found, Refusal):
        assert found.what
        assert "\n" not in found.what
    else:
        assert all(opened(file).width == width for width, file in found.files.items())


PATHS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters=":"), min_size=1).filter(
    lambda path: not path.startswith("//")
)


@given(PATHS, st.integers(1, 99_999), st.integers(1, 99_999), st.sampled_from(["jpg", "png"]))
def test_a_reference_is_read_back(path: str, width: int, height: int, suffix: str) -> None:
    reference = Reference(path=path, hash="0123456789abcdef0123", width=width, height=height, suffix=suffix)
    assert read_reference(str(reference)) == reference


@pytest.mark.parametrize(
    "address",
    [
        "",
        "foto/zaal.jpg",
        "https://www.example.nl/zaal.jpg",
        "https://example.nl/z#0123456789abcdef0123-4x3.jpg",
        "a#b",
    ],
)
def test_links_and_paths_are_no_references(address: str) -> None:
    assert read_reference(address) is None
