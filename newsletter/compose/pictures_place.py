"""Stage 3: the pictures of an event, put where mail programs find them.

In: an event whose pictures were brought in, and how this installation shows them. Out: the same event with addresses
in their place, below the public URL or as `cid:` (RFC 2392), and the files that such a letter has to carry. It is done
before a template sees the event: the html and the text part then tell of the same addresses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from newsletter.compose.mailing import Attachment
from newsletter.compose.pictures_slots import (
    LOGO,
    PHOTO,
    SPEAKER,
    Reference,
    Slot,
    is_path,
    photo_slot,
    read_reference,
    sizes,
)
from newsletter.errors import TemplateError
from newsletter.events.event import Event, Image, Part, Series, Speaker

_TYPES: Final = {"jpg": "image/jpeg", "png": "image/png"}
#: CSS pixels. A picture that a letter carries is sent to everybody: wider than this, one pixel for each is enough.
_FINE = 320
_CID_ROOM = 64


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How letters get at their pictures, and people at the calendar file."""

    public_url: str = ""  #: where hosted files are served, without a slash at the end; "": letters carry their pictures
    inline: bool = False  #: letters carry their pictures all the same
    read: Callable[[str], bytes | None] = field(default=lambda _path: None)  #: `Hosting.read`
    #: `HostedFiles.show_calendar`: for when letters go out that link to the calendar file of their event.
    host_calendar: Callable[[Event, datetime], object] = field(default=lambda _event, _now: None)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An event whose pictures have addresses, and the files behind those that are `cid:`."""

    event: Event
    files: tuple[Attachment, ...] = ()


def place(event: Event, showing: Showing) -> Placed:
    """Give every picture of an event its address; links stay as they are.

    Raises:
        TemplateError: names the picture that was not brought in, or whose file is lost.
    """
    placing = _Placing(showing, event.series.sender.address.rpartition("@")[2])
    placed = replace(
        event,
        images=tuple(placing.image(image) for image in event.images),
        programme=tuple(placing.part(part) for part in event.programme),
        series=placing.series(event.series),
    )
    return Placed(event=placed, files=tuple(placing.files.values()))


def shown(html: str, files: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """The files that a letter does show: a template may leave some out, and no part may be an orphan."""
    return tuple(file for file in files if f"cid:{file.cid}" in html)


class _Placing:
    def __init__(self, showing: Showing, domain: str) -> None:
        self._showing, self._domain = showing, domain
        self.files: dict[str, Attachment] = {}  #: by cid

    def image(self, image: Image) -> Image:
        slot = photo_slot(image.width)
        reference = _brought_in(image.url)
        large = self._link(image.large)
        if reference is None:
            return replace(image, large=large)
        fit = sizes(reference.width, reference.height, slot)
        if not large and fit.large and self._showing.public_url:
            large = f"{self._showing.public_url}/{reference.file(fit.large)}"
        address = self._address(reference, slot, inline=image.inline)
        return replace(image, url=address, large=large, width=fit.once, height=fit.height)

    def part(self, part: Part) -> Part:
        workshops = tuple(
            replace(workshop, speakers=self._speakers(workshop.speakers)) if workshop.speakers else workshop
            for workshop in part.workshops
        )
        return replace(part, speakers=self._speakers(part.speakers), workshops=workshops)

    def series(self, series: Series) -> Series:
        theme: dict[str, str] = dict(series.theme)
        reference = _brought_in(theme.get("logo", ""))
        if reference is None:
            return series
        fit = sizes(reference.width, reference.height, LOGO)
        size: Mapping[str, str] = {"logo_width": str(fit.once), "logo_height": str(fit.height)}
        logo = self._address(reference, LOGO, inline=False)
        return replace(series, theme=tuple({**size, **theme, "logo": logo}.items()))

    def _speakers(self, speakers: tuple[Speaker, ...]) -> tuple[Speaker, ...]:
        return tuple(replace(speaker, photo=self._portrait(speaker.photo)) for speaker in speakers)

    def _portrait(self, photo: str) -> str:
        reference = _brought_in(photo)
        return self._address(reference, SPEAKER, inline=False) if reference else photo

    def _link(self, address: str) -> str:
        """A large one that has a file of its own; it cannot be linked to where nobody serves it."""
        reference = _brought_in(address)
        if reference is None:
            return address
        url = self._showing.public_url
        fit = sizes(reference.width, reference.height, PHOTO)
        return f"{url}/{reference.file(fit.large or fit.once)}" if url else ""

    def _address(self, reference: Reference, slot: Slot, *, inline: bool) -> str:
        fit = sizes(reference.width, reference.height, slot)
        if self._showing.public_url and not self._showing.inline and not inline:
            return f"{self._showing.public_url}/{reference.file(fit.twice)}"
        path = reference.file(fit.twice if fit.once <= _FINE else fit.once)
        content = self._showing.read(path)
        if content is None:
            raise TemplateError(f"the picture “{reference.path}” is lost ({path}); import its event document again")
        # The same picture has the same cid in every letter, which RFC 2392 §2 allows: it is the same content.
        cid = f"{path.removeprefix('p/').replace('.', '-')}@{self._domain[-_CID_ROOM:].lstrip('.-')}"
        self.files[cid] = Attachment(_file_name(reference), _TYPES[reference.suffix], content, cid)
        return f"cid:{cid}"


def _brought_in(address: str) -> Reference | None:
    """The picture behind an address; None where it is a link, or where there is none.

    Raises:
        TemplateError: it is a path, and its file was never read.
    """
    reference = read_reference(address)
    if reference is None and is_path(address):
        raise TemplateError(
            f"the picture “{address}” has not been brought in; import the event document again, with the file beside it"
        )
    return reference


def _file_name(reference: Reference) -> str:
    """What it is called where somebody saves it: as its file, with the ending of what it became."""
    stem = reference.path.rpartition("/")[2].rpartition(".")[0] or "picture"
    return f"{stem}.{reference.suffix}"
