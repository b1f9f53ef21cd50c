"""Stage 3: the pictures that a document names -> references to them, and the files to be kept.

In: an event as its document has it, the document's text, and a way to read what stands beside it. Out: references in
place of paths, pictures that are made but not stored yet, and every problem at its line.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from newsletter.compose.hosting import Hosting
from newsletter.compose.pictures import LIMITS, Limits, Picture, Refusal, prepare
from newsletter.compose.pictures_slots import (
    LOGO,
    PHOTO,
    SPEAKER,
    Reference,
    Slot,
    hash_of,
    is_path,
    path_of,
    photo_slot,
    read_reference,
    sizes,
)
from newsletter.errors import Problem
from newsletter.events.event import Image, Part, Series, Speaker

TAKE_OUT: Final = "put it there, or take the picture out"
_LOGO_KEY: Final = re.compile(r"(?:^|[\s{,\"'])logo[\"']?\s*:")
Read = Callable[[str], "bytes | Refusal | None"]


class Taking:
    """The pictures of one document; nothing is stored yet, so that all of them are, or none."""

    def __init__(self, hosting: Hosting, originals: Hosting, limits: Limits, text: str, read: Read) -> None:
        self._hosting, self._originals, self._limits = hosting, originals, limits
        self._lines, self._read = text.splitlines(), read
        self._found: dict[tuple[str, Slot], Reference | Refusal] = {}
        self.made: list[tuple[Picture, bytes]] = []  #: with their originals
        self.problems: set[Problem] = set()

    def image(self, image: Image) -> Image:
        slot = photo_slot(image.width)
        return replace(image, url=self._taken(image.url, slot), large=self._taken(image.large, PHOTO))

    def part(self, part: Part) -> Part:
        workshops = tuple(
            replace(workshop, speakers=self._speakers(workshop.speakers)) if workshop.speakers else workshop
            for workshop in part.workshops
        )
        return replace(part, speakers=self._speakers(part.speakers), workshops=workshops)

    def _speakers(self, speakers: tuple[Speaker, ...]) -> tuple[Speaker, ...]:
        return tuple(replace(speaker, photo=self._taken(speaker.photo, SPEAKER)) for speaker in speakers)

    def series(self, series: Series) -> Series:
        """Its logo, unless the document has the series by its slug only: what lies beside this one is not meant."""
        if not any(_LOGO_KEY.search(line) for line in self._lines):
            return series
        theme = ((key, self._taken(value, LOGO) if key == "logo" else value) for key, value in series.theme)
        return replace(series, theme=tuple(theme))

    def _taken(self, address: str, slot: Slot) -> str:
        """The reference of a path; every link, and every path that cannot be taken, as it is."""
        if not is_path(address):
            return address
        key = (address, slot)
        if key not in self._found:  # who speaks twice has one portrait
            self._found[key] = self._look_up(address, slot)
        found = self._found[key]
        if isinstance(found, Reference):
            return str(found)
        what = f"“{path_of(address)}” {found.what}"
        self.problems.add(Problem(file="", line=self._line(address), what=what, fix=found.fix))
        return address

    def _look_up(self, address: str, slot: Slot) -> Reference | Refusal:
        """What stands beside the document; else, what was brought in before."""
        reference, content = read_reference(address), self._read(path_of(address))
        if isinstance(content, Refusal):
            return content
        if content is None and reference is not None:
            content = self._originals.read(reference.hash)
        if content is None:
            return Refusal(what="is not beside the document", fix=TAKE_OUT)
        if reference is not None and reference.hash == hash_of(content) and self._is_made(reference, slot):
            return reference
        picture = prepare(content, name=path_of(address), slot=slot, limits=self._limits)
        if isinstance(picture, Refusal):
            return picture
        self.made.append((picture, content))
        return picture.reference

    def _is_made(self, reference: Reference, slot: Slot) -> bool:
        """Whether all is there that the slot asks for."""
        widths = sizes(reference.width, reference.height, slot).widths()
        hosted = all(self._hosting.has(reference.file(width)) for width in widths)
        return hosted and self._originals.has(reference.hash)

    def _line(self, address: str) -> int:
        """Where the document names it; 0 where quotation marks hide it ('foto/''s avonds.jpg')."""
        names = re.compile(rf":\s*['\"]?{re.escape(address)}['\"]?\s*[,}}]?\s*(?:#.*)?$")
        whole = next((number for number, line in enumerate(self._lines, 1) if names.search(line)), 0)
        return whole or next((number for number, line in enumerate(self._lines, 1) if address in line), 0)


def beside(folder: Path, limits: Limits = LIMITS) -> Read:
    """Reads what stands in a folder or below it, and nothing else: a document may come from somebody else."""

    def read(path: str) -> bytes | Refusal | None:
        try:
            target = (folder / path).resolve()
            if not target.is_relative_to(folder.resolve()):
                return Refusal(what="leads out of the folder of the document", fix="put it beside the document")
            if target.is_dir():
                return Refusal(what="is a folder", fix="name a picture in it")
            if not target.exists():
                return None
            if not target.is_file():
                return Refusal(what="is no file", fix="put a picture there")
            # One more than may be: enough for `prepare` to refuse it, however large it is.
            with target.open("rb") as file:
                return file.read(limits.content + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            return Refusal(what=f"cannot be read ({reason})", fix="mend its name or its permissions")

    return read
