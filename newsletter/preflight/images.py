"""Preflight: the images of a mailing.

In: a composed mailing. Out: findings about their texts, sizes and addresses. Of hosted images only what the html says
is known; those that come with the letter are looked into.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.links import host_of, scheme_of, unreachable
from newsletter.preflight.reading import Reading, style_of

TOTAL = 800_000  #: bytes of all images that come with a letter
WIDEST = 640  #: CSS pixels
#: What every client shows; the types below are missing in at least one of Outlook, Gmail and Apple Mail.
_NOT_EVERYWHERE: Final = re.compile(r"\.(svgz?|webp|avif|heic|heif|bmp|tiff?|ico|apng|jxl)(?:$|[?#])", re.I)
_FILE_NAME: Final = re.compile(r"[\w-]+\.(?:jpe?g|png|gif|webp|svg)|(?:img|dsc|image|foto|photo|picture)[_-]?\d*", re.I)
_TYPES: Final = ("image/jpeg", "image/png", "image/gif")
_WORDS: Final = 40


def alt(reading: Reading) -> Iterator[Finding]:
    """No alt text at all: a screen reader then reads the address."""
    for image in reading.images:
        if image.get("alt") is None:
            fix = 'say what is to be seen, or write alt="" if it adds nothing'
            yield _about(image, reading, Level.MUST, "image-alt", "the image has no alt text", fix, "WCAG 1.1.1")
        elif _FILE_NAME.fullmatch(image.get("alt").strip()):
            what = f"the alt text “{image.get('alt')}” says nothing"
            yield _about(image, reading, Level.SHOULD, "image-alt", what, "say what is to be seen", "WCAG 1.1.1")


def width(reading: Reading) -> Iterator[Finding]:
    """Outlook shows an image as large as its file is unless the attribute says otherwise."""
    for image in reading.images:
        given = image.get("width") or ""
        if not re.fullmatch(r"[0-9]+", given):
            what, fix = "the image has no width attribute in pixels; Outlook shows it full size", 'write width="320"'
            yield _about(image, reading, Level.SHOULD, "image-width", what, fix, "caniemail css-width")
        elif int(given) > WIDEST:
            what, fix = f"the image is {given} pixels wide, wider than the letter", f"make it {WIDEST} at most"
            yield _about(image, reading, Level.SHOULD, "image-width", what, fix, "email practice")


def height(reading: Reading) -> Iterator[Finding]:
    """An image that cannot shrink is squeezed or cut off on a phone; one that is not a block has a gap below it."""
    for image in reading.images:
        style = style_of(image)
        if style.get("height", "auto") != "auto" and not is_small(image):
            what, fix = "the height of the image is fixed in its style", "write height:auto, so that it can shrink"
            yield _about(image, reading, Level.SHOULD, "image-style", what, fix, "email practice")
        elif style.get("display") != "block" and not is_small(image):
            what, fix = "the image is not a block, so that some clients leave a gap below it", "write display:block"
            yield _about(image, reading, Level.HINT, "image-style", what, fix, "email practice")


def address(reading: Reading) -> Iterator[Finding]:
    """An image that a reader's mail program cannot fetch."""
    for image in reading.images:
        url = reading.restore(image.get("src") or "").strip()
        if PLACEHOLDER.search(url) or scheme_of(url) == "cid":
            continue
        fix = "link to it with https"
        if scheme_of(url) == "http":
            what = "the image is fetched without encryption (http); Apple Mail and Gmail may not show it"
            yield _about(image, reading, Level.SHOULD, "image-address", what, fix, "email practice")
        elif scheme_of(url) != "https" or not host_of(url):
            what = f"the image is at “{short(url)}”, where mail programs find nothing"
            yield _about(image, reading, Level.MUST, "image-address", what, fix, "email practice")
        elif why := unreachable(host_of(url)):
            yield _about(image, reading, Level.MUST, "image-address", why, "put it on the public site", "RFC 6761")


def media_type(reading: Reading) -> Iterator[Finding]:
    """A type of image that not every mail program shows."""
    for image in reading.images:
        if found := _NOT_EVERYWHERE.search(image.get("src") or ""):
            what = f"not every mail program shows a .{found[1].lower()} image"
            yield _about(image, reading, Level.SHOULD, "image-type", what, "make it a JPEG, PNG or GIF", "caniemail")
    for file in reading.mailing.attachments:
        if file.cid and file.media_type not in _TYPES:
            yield Finding(
                level=Level.SHOULD,
                check="image-type",
                part="images",
                excerpt=short(file.name),
                what=f"not every mail program shows an image of type {file.media_type}",
                fix="make it a JPEG, PNG or GIF",
                source="caniemail",
            )


def weight(reading: Reading) -> Iterator[Finding]:
    """Images that come with every letter and are heavy together."""
    total = sum(len(file.content) for file in reading.mailing.attachments if file.cid)
    if total > TOTAL:
        yield Finding(
            level=Level.SHOULD,
            check="image-weight",
            part="images",
            what=f"the images in the letter are {total // 1000} kB together",
            fix=f"keep them under {TOTAL // 1000} kB, or link to them",
            source="email practice",
        )


def image_only(reading: Reading) -> Iterator[Finding]:
    """A letter that is a picture of a letter: nothing to read with images off."""
    words = sum(len(block.text.split()) for block in reading.blocks if not block.is_hidden)
    large = [image for image in reading.images if not is_small(image)]
    if large and words < _WORDS:
        what = f"the letter has {words} words beside its images; with images off there is little to read"
        fix = "write what the image says as text"
        yield _about(large[0], reading, Level.SHOULD, "image-only", what, fix, "WCAG 1.4.5")


def is_small(image: Any) -> bool:
    """An icon or a logo, about which rules of layout do not matter."""
    given = image.get("width") or ""
    return given.isdecimal() and int(given) <= 200


def _about(image: Any, reading: Reading, level: Level, check: str, what: str, fix: str, source: str) -> Finding:
    excerpt = short(reading.restore(image.get("alt") or image.get("src") or ""))
    line = image.sourceline or 0
    return Finding(level=level, check=check, part="html", line=line, excerpt=excerpt, what=what, fix=fix, source=source)
