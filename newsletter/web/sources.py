"""The windows, shell: the files that a preview is made of.

In: folders of templates, the document of the sample event. Out: both, read anew where a file has changed; and what
there is of them: templates, themes, languages.
"""

from collections.abc import Mapping
from pathlib import Path

from newsletter.compose.templates import Templates
from newsletter.errors import NewsletterError, NotFoundError
from newsletter.events import document
from newsletter.events.event import Event
from newsletter.web.items import Item, Kind
from newsletter.web.watch import Stamp, stamps


class Sources:
    def __init__(self, folders: tuple[Path, ...], event_file: Path) -> None:
        """`folders` hold templates; an earlier one wins."""
        self.folders, self._event_file = folders, event_file
        self._sample: tuple[tuple[Stamp, ...], Event] | None = None
        self._known: tuple[frozenset[str], Templates] | None = None

    def stamps(self) -> tuple[Stamp, ...]:
        """What is different as soon as one of the files is."""
        return stamps([*self.folders, self._event_file])

    def event(self) -> Event:
        """The event that templates are shown with.

        Raises:
            DocumentError: its document has mistakes.
        """
        stamp = stamps([self._event_file])
        if self._sample is None or self._sample[0] != stamp:
            self._sample = (stamp, document.read(self._event_file.read_text(encoding="utf-8"), str(self._event_file)))
        return self._sample[1]

    def title(self) -> str:
        """The title of the sample event; empty while its document has mistakes."""
        event = self._event_if_readable()
        return event.title if event else ""

    def themes(self) -> list[str]:
        """The themes that a template can be shown in, by name."""
        return sorted({file.stem for folder in self.folders for file in (folder / "themes").glob("*.toml")})

    def languages(self) -> list[str]:
        """The languages that templates have words in, by their tag."""
        return sorted({file.stem for folder in self.folders for file in (folder / "words").glob("*.toml")})

    def templates(self) -> Templates:
        """The templates; made anew where a file came or went.

        Jinja2 keeps what it has compiled, which is most of the time that composing takes, and sees for itself what was
        saved; but not that a template has come to stand before another of its name.
        """
        files = frozenset(path for path, _, _ in stamps(self.folders))
        if self._known is None or self._known[0] != files:
            self._known = (files, Templates(self.folders))
        return self._known[1]

    def items(self, language: str = "nl") -> list[Item]:
        """Every template, by name; labelled in a language where the template says so itself."""
        found, labels = self.templates(), self._labels()
        return [_item(found, name, labels, language) for name in found.names()]

    def item(self, name: str, language: str = "nl") -> Item:
        """The template of that name.

        Raises:
            NotFoundError: there is none.
        """
        found = self.templates()
        if name not in found.names():
            raise NotFoundError(Kind.TEMPLATE.noun, name, found.names())
        return _item(found, name, self._labels(), language)

    def _labels(self) -> Mapping[str, str]:
        """What the plan of the sample event calls the mailings, by their template."""
        event = self._event_if_readable()
        return {planned.template: planned.label for planned in reversed(event.series.plan)} if event else {}

    def _event_if_readable(self) -> Event | None:
        try:
            return self.event()
        except (NewsletterError, OSError, ValueError):
            return None  # showing an item tells what is wrong with the document


def _item(templates: Templates, name: str, labels: Mapping[str, str], language: str) -> Item:
    try:
        about = templates.about(name)
    except NewsletterError:
        return Item(kind=Kind.TEMPLATE, name=name, label=labels.get(name, ""))  # composing it says what is wrong
    return Item(
        kind=Kind.TEMPLATE,
        name=name,
        label=about.label.get(language, "") or labels.get(name, ""),
        about=about.about,
    )
