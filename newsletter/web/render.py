"""The windows: pages as text.

In: what is to be shown, and words. Out: HTML, from the Jinja2 pages in `pages/`; nothing in it comes from another host.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter.compose.wording import put
from newsletter.web import places
from newsletter.web.bench import Around, Bench, place_of
from newsletter.web.choice import ALL, WIDTHS, Choice, Client, Images, Scheme, View
from newsletter.web.frame import has_dark
from newsletter.web.items import Item, Kind, Mailings, Trouble
from newsletter.web.words import moment

FOLDER: Final = Path(__file__).parent / "pages"

Words = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What every page has around its content."""

    words: Words
    around: Around
    watch: str = ""  #: address of the stream that tells when to look again, without what was seen
    seen: str = ""
    relay: str = ""  #: where letters go that are sent to oneself; empty where they cannot be sent
    is_folder: bool = False  #: that is a folder
    token: str = ""  #: goes with everything that is sent
    told: str = ""  #: what came of sending
    failed: str = ""


_pages = Environment(
    loader=FileSystemLoader(FOLDER, encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters.update(
    put=put, moment=moment, kb=lambda size: str(ceil(size / 1000)), sentence=lambda text: _sentence(text)
)
_pages.tests.update(trouble=lambda what: isinstance(what, Trouble))
_pages.globals.update(
    Kind=Kind,
    View=View,
    Client=Client,
    Scheme=Scheme,
    Images=Images,
    WIDTHS=WIDTHS,
    ALL=ALL,
    has_dark=has_dark,
    place_of=place_of,
    places=places,
    after=lambda each, known: list(known)[(list(known).index(each) + 1) % len(list(known))],
)


def _sentence(text: str) -> str:
    """A sentence that was written to stand in a line, on its own; a name or a sign that opens it stays as it is."""
    word = re.split(r"[\s,;:]", text, maxsplit=1)[0]
    return f"{text[:1].upper() if word.isalpha() and word.islower() else text[:1]}{text[1:]}."


def asset(name: str) -> str:
    """A style sheet or script of the pages."""
    return (FOLDER / name).read_text(encoding="utf-8")


def start_page(frame: Frame, glances: Mapping[str, str | Trouble], *, folder: Path) -> str:
    """Everything that can be previewed; `glances` has the subject of each template, `folder` holds the templates."""
    return _pages.get_template("start.html").render(
        t=frame.words, frame=frame, item=None, choice=Choice(), glances=glances, folder=str(folder)
    )


def item_page(frame: Frame, item: Item, shown: Bench | Trouble, choice: Choice) -> str:
    """One item as chosen, or why it cannot be shown."""
    page = "trouble.html" if isinstance(shown, Trouble) else "letter.html"
    return _pages.get_template(page).render(t=frame.words, frame=frame, item=item, shown=shown, choice=choice)


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
