"""Stage 3, shell: what stands beside an event document, brought in; and what is hosted for an event.

In: an event as its document has it, the folder of the document. Out: the event with references in place of paths; its
pictures, made, in the public folder; the originals, as they were, in a folder that nobody serves, for `event export`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from newsletter.compose.calendar import calendar_file
from newsletter.compose.hosting import Hosting
from newsletter.compose.hosting_taking import Read, Taking, beside
from newsletter.compose.pictures import LIMITS, Limits, Picture
from newsletter.compose.pictures_place import Showing
from newsletter.compose.pictures_slots import Reference, photo_slot, read_reference, sizes
from newsletter.errors import DocumentError, NewsletterError
from newsletter.events.event import Event, Part, Workshop

#: Bytes that the pictures of one letter should not pass: on a phone, they are waited for.
HEAVY: Final = 800_000


@dataclass(frozen=True, kw_only=True)
class HostedFiles:
    """The files of events: taken in, given back, and shown to the world."""

    hosting: Hosting
    originals: Hosting  #: without a public URL: originals may tell where and by whom they were made
    inline: bool = False  #: letters carry their pictures
    limits: Limits = LIMITS

    def showing(self) -> Showing:
        """How letters get at their pictures, and people at the calendar file."""
        return Showing(
            public_url=self.hosting.public_url,
            inline=self.inline,
            read=self.hosting.read,
            host_calendar=self.show_calendar,
        )

    def take(self, event: Event, text: str, file: str) -> tuple[Event, list[str]]:
        """Bring in the pictures that a document names; `file` is its path, and they stand in its folder.

        Out: the event with references, and sentences about what is good to know. What the text does not name stays as
        it is: the logo of a series that stands there by its slug only.

        Raises:
            DocumentError: with every picture that cannot be taken, at its line.
            StoreError: a folder cannot be written.
        """
        return self.take_from(event, text, file, beside(Path(file).parent, self.limits))

    def take_from(self, event: Event, text: str, file: str, read: Read) -> tuple[Event, list[str]]:
        """The same from anywhere else, such as an upload: `read` gives the content of a path."""
        taking = Taking(self.hosting, self.originals, self.limits, text, read)
        taken = replace(
            event,
            images=tuple(taking.image(image) for image in event.images),
            programme=tuple(taking.part(part) for part in event.programme),
            series=taking.series(event.series),
        )
        if taking.problems:
            raise DocumentError([replace(problem, file=file) for problem in taking.problems])
        for picture, original in taking.made:
            self._keep(picture, original)
        return taken, self._remarks(taken)

    def give_back(self, event: Event, folder: Path) -> list[Path]:
        """Write the originals of an event's pictures below `folder`, for its document beside them.

        Out: the files that were written; one that is there with the same content is left alone.

        Raises:
            NewsletterError: there is another file of that name, an original is lost, or the folder cannot be written.
        """
        written = []
        for reference in {found.path: found for found in references(event)}.values():
            target = folder / reference.path
            content = self.originals.read(reference.hash)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise NewsletterError(f"“{reference.path}” leads out of {folder}; write its name without “..”")
            if content is None:
                raise NewsletterError(f"the original of “{reference.path}” is lost; put it beside the document by hand")
            if _write_beside(target, content):
                written.append(target)
        return written

    def show_calendar(self, event: Event, now: datetime) -> str:
        """Host the event as a calendar file; its address, "" (and no file) where it has no date or nobody serves it.

        When the event is cancelled, the file says so by its STATUS.

        Raises:
            StoreError: the folder cannot be written.
        """
        if not event.has_date() or not self.hosting.public_url:
            return ""
        domain = event.series.sender.address.rpartition("@")[2]
        return self.hosting.put(calendar_path(event), calendar_file(event, stamp=now, domain=domain).encode())

    def _remarks(self, event: Event) -> list[str]:
        weight = 0
        for image in event.images:
            reference = read_reference(image.url)
            if reference is not None:
                fit = sizes(reference.width, reference.height, photo_slot(image.width))
                weight += len(self.hosting.read(reference.file(fit.twice)) or b"")
        if weight <= HEAVY:
            return []
        return [f"its pictures are {weight // 1000} KB together, and a letter loads slowly over {HEAVY // 1000} KB"]

    def _keep(self, picture: Picture, original: bytes) -> None:
        for width, content in picture.files.items():
            path = picture.reference.file(width)
            if not self.hosting.has(path):
                self.hosting.put(path, content)
        self.originals.put(picture.reference.hash, original)


def _write_beside(target: Path, content: bytes) -> bool:
    """Write a file for a person, never over another; False where it was there."""
    try:
        if target.exists():
            if target.read_bytes() == content:
                return False
            raise NewsletterError(f"{target} is another file; move it away, or export to another folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    except OSError as error:
        raise NewsletterError(f"{target} cannot be written: {error.strerror}") from error
    return True


def references(event: Event) -> Iterator[Reference]:
    """Every picture that was brought in for an event."""
    sessions: list[Part | Workshop] = [*event.programme]
    sessions += [workshop for part in event.programme for workshop in part.workshops]
    addresses = [address for image in event.images for address in (image.url, image.large)]
    addresses += [speaker.photo for session in sessions for speaker in session.speakers]
    addresses += [value for key, value in event.series.theme if key == "logo"]
    for address in addresses:
        reference = read_reference(address)
        if reference is not None:
            yield reference


def calendar_path(event: Event) -> str:
    """Where the calendar file of an event is, below the public URL, for life."""
    return f"e/{event.series.slug}/{event.slug}.ics"
