"""The windows: pages as text.

In: items, samples and words. Out: HTML, from the Jinja2 pages in `pages/`; nothing in it comes from another host.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter.compose.wording import put
from newsletter.web.samples import Sample
from newsletter.web.shelf import Item, Kind, Mailings, Stored, Trouble
from newsletter.web.words import moment

FOLDER: Final = Path(__file__).parent / "pages"
WIDTHS: Final = (320, 640)  #: CSS pixels: a small phone, and the width that letters are made for

Words = Mapping[str, str]


class View(StrEnum):
    """Ways to look at a letter."""

    LETTER = "letter"
    TEXT = "text"
    SOURCE = "source"
    MESSAGE = "message"


_pages = Environment(
    loader=FileSystemLoader(FOLDER, encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters.update(put=put, moment=moment, kb=lambda content: str(ceil(len(content) / 1000)))
_pages.globals.update(Kind=Kind, View=View)


def asset(name: str) -> str:
    """A style sheet or script of the pages."""
    return (FOLDER / name).read_text(encoding="utf-8")


def start_page(
    templates: Sequence[tuple[Item, Sample | Trouble]],
    stored: Stored,
    *,
    words: Words,
    watch: str,
    seen: str,
    folder: Path,
    event: str,
) -> str:
    """Everything that can be previewed; `folder` is where templates are edited, `event` the title of the sample."""
    return _pages.get_template("start.html").render(
        t=words,
        watch=watch,
        seen=seen,
        templates=templates,
        stored=stored,
        folder=str(folder),
        event=event,
    )


def item_page(
    item: Item,
    shown: Sample | Trouble,
    *,
    view: View,
    width: int,
    words: Words,
    watch: str,
    seen: str,
    lacking: Sequence[str] = (),
) -> str:
    """One item in one view, or why it cannot be shown; `lacking` is what it asks and no subscriber has."""
    page = "letter.html" if isinstance(shown, Sample) else "trouble.html"
    return _pages.get_template(page).render(
        t=words, watch=watch, seen=seen, item=item, shown=shown, view=view, width=width, widths=WIDTHS, lacking=lacking
    )


def lost_page(sentence: str, *, words: Words, watch: str = "", seen: str = "") -> str:
    """Nothing is here; `watch` and `seen` where that may change."""
    return _pages.get_template("lost.html").render(t=words, watch=watch, seen=seen, sentence=sentence)


def index_page(
    templates: Sequence[tuple[Item, Sequence[Path] | Trouble]],
    mailings: Sequence[tuple[Mailings, Sequence[tuple[Item, Sequence[Path] | Trouble]]]],
    *,
    words: Words,
) -> str:
    """The list of written files, complete in itself: each item with its files, or why it has none."""
    return _pages.get_template("index.html").render(
        t=words, style=asset("preview.css"), templates=templates, mailings=mailings
    )
