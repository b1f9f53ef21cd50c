"""Stage 3: which sizes of a picture a letter needs, and what each is called.

In: the size of the original, the place that it fills. Out: widths in pixels, and names below the public URL. All
of it follows from the reference that an event holds, so that composing a letter opens no picture.
"""

import hashlib
import re
from dataclasses import dataclass, replace

#: Counts the ways in which pictures have been made: another way gives other names, as a name is kept for ever.
RECIPE = 1
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_REFERENCE = re.compile(
    r"(?P<path>.+)#(?P<hash>[0-9a-f]{20})-(?P<width>[1-9]\d{0,5})x(?P<height>[1-9]\d{0,5})\.(?P<suffix>jpg|png)"
)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The place of a picture in a letter, in CSS pixels: it is made as large as fits, and never larger than it is."""

    width: int
    height: int = 0  #: 0: as high as it becomes
    large: int = 0  #: how wide the one is that can be looked at closely; 0: there is none


PHOTO = Slot(width=640, large=1600)
SPEAKER = Slot(width=64)
LOGO = Slot(width=320, height=40)


def photo_slot(width: int) -> Slot:
    """The place of a photo that is to be so many CSS pixels wide; 0: as wide as the letter."""
    return replace(PHOTO, width=min(width or PHOTO.width, PHOTO.width))


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Widths in pixels of the files that are made of one picture."""

    once: int  #: CSS pixels that it fills
    twice: int  #: for screens with two pixels to each
    large: int  #: 0: no larger one is worth looking at
    height: int  #: CSS pixels

    def widths(self) -> list[int]:
        return sorted({self.once, self.twice, self.large} - {0})


def sizes(width: int, height: int, slot: Slot) -> Sizes:
    """The widths of a picture of so many pixels, upright, in its place."""
    box = min(slot.width, max(1, width * slot.height // height)) if slot.height else slot.width
    once, large = min(box, width), min(slot.large, width)
    return Sizes(
        once=once,
        twice=min(2 * box, width),
        large=large if large > once else 0,
        height=max(1, round(once * height / width)),
    )


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A picture that was brought in; as text, `foto/zaal.jpg#<hash>-2400x1600.jpg`."""

    path: str  #: as the document has it
    hash: str  #: of the original, 20 hexadecimal digits
    width: int  #: of the original, upright
    height: int
    suffix: str  #: "jpg" or "png": of the files that were made of it

    def __str__(self) -> str:
        return f"{self.path}#{self.hash}-{self.width}x{self.height}.{self.suffix}"

    def file(self, width: int) -> str:
        """The name of one of its files, below the public URL."""
        return f"p/{self.hash}-{width}.{self.suffix}"


def read_reference(address: str) -> Reference | None:
    """The picture that an address of an event means; None for a link, and for a path that was not brought in yet."""
    found = _REFERENCE.fullmatch(address)
    if not found or not is_path(address):
        return None
    return Reference(
        path=found["path"],
        hash=found["hash"],
        width=int(found["width"]),
        height=int(found["height"]),
        suffix=found["suffix"],
    )


def is_path(address: str) -> bool:
    """Whether an address of an event is a file beside its document, instead of a link."""
    return bool(address) and not _SCHEME.match(address)


def path_of(address: str) -> str:
    """The path as somebody wrote it, without what importing added."""
    reference = read_reference(address)
    return reference.path if reference else address


def hash_of(content: bytes) -> str:
    """What the files that are made of these bytes are called by."""
    return hashlib.sha256(b"picture %d\n" % RECIPE + content).hexdigest()[:20]
