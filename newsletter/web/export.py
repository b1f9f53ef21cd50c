"""The windows, shell: the preview as files, for who wants to look at them elsewhere.

In: a shelf and a folder. Out: for each item `<name>.html`, `.txt` and `.eml`, and an `index.html` that links them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.web import render
from newsletter.web.items import Item, Kind, Trouble
from newsletter.web.samples import Sample
from newsletter.web.shelf import Shelf
from newsletter.web.words import DUTCH

INDEX = "index"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What an export came to."""

    files: tuple[Path, ...]
    troubles: tuple[str, ...]  #: one sentence for each item that could not be written
    warnings: tuple[str, ...] = ()  #: one sentence for each written item that cannot be sent as it is


async def write_files(shelf: Shelf, folder: Path) -> Written:
    """Write every item that can be composed; files of the same names are replaced, others stay.

    Raises:
        OSError: the folder cannot be written.
    """
    stored = await shelf.stored()
    templates = [(item, await _write(shelf, item, folder)) for item in shelf.sources.items()]
    mailings = [(event, [(item, await _write(shelf, item, folder)) for item in event.items]) for event in stored.events]
    index = _put(folder / f"{INDEX}.html", render.index_page(templates, mailings, words=DUTCH).encode())
    results = [*templates, *(result for _, results in mailings for result in results)]
    troubles = [f"{item.kind.noun} {item.name}: {what.sentence}" for item, what in results if isinstance(what, Trouble)]
    if stored.trouble:
        troubles.append(stored.trouble.sentence)
    files = [file for _, what in results if not isinstance(what, Trouble) for file in what]
    items = [item for item, what in results if not isinstance(what, Trouble)]
    warnings = [sentence for item in items if (sentence := await _warning(shelf, item))]
    return Written(files=(*files, index), troubles=tuple(troubles), warnings=tuple(warnings))


async def _warning(shelf: Shelf, item: Item) -> str:
    shown = await shelf.show(item)
    lacking = await shelf.lacking(item, shown) if isinstance(shown, Sample) else ()
    return f"{item.kind.noun} {item.name}: nobody on its lists has {', '.join(lacking)}" if lacking else ""


async def _write(shelf: Shelf, item: Item, folder: Path) -> Sequence[Path] | Trouble:
    shown = await shelf.show(item)
    if not isinstance(shown, Sample):
        return shown
    if item.kind is Kind.TEMPLATE and item.name == INDEX:
        return Trouble(sentence=f"{INDEX}.html is the list of all files; give the template another name")
    contents = {"html": shown.html.encode(), "txt": shown.text.encode(), "eml": shown.letter}
    return [_put(folder / f"{item.name}.{form}", content) for form, content in contents.items()]


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
