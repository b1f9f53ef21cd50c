"""`make gallery`: pictures of every letter on one page, to be looked at.

In: the letters under test. Out: var/gallery/index.html with a picture of every template × theme × language × width ×
colour scheme, and of every template without its styles and images. With --docs also docs/gallery: a few of them, small.
"""

import io
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from tests.look.browser import Browser
from tests.look.letters import LANGUAGES, NAMES, TEMPLATES, THEMES, Specimen, received
from tests.look.seen import STYLE, WIDTHS
from tests.needs import chromium

ROOT = Path(__file__).parents[2]
ALL, FEW = ROOT / "var/gallery", ROOT / "docs/gallery"
#: CSS pixels: a letter in the documentation is shown down to here.
FOLD = 1240
#: Bytes; the repository keeps these pictures for ever.
LIMIT = 150_000


@dataclass(frozen=True)
class View:
    """One picture of a letter."""

    specimen: Specimen
    width: int
    dark: bool = False
    bare: bool = False  #: without style sheets and with images off

    def __str__(self) -> str:
        return f"{self.specimen}-{self.width}-{'bare' if self.bare else 'dark' if self.dark else 'light'}"

    @property
    def title(self) -> str:
        """ "Announcement, theme helder, in Dutch, 320 px, dark"."""
        label = TEMPLATES.about(self.specimen.template).label.get("en") or self.specimen.template
        language = {"nl": "Dutch", "en": "English"}[self.specimen.language]
        scheme = "without styles and images" if self.bare else "dark" if self.dark else "light"
        return f"{label}, theme {self.specimen.theme}, in {language}, {self.width} px, {scheme}"


#: The set in a few pictures: every theme, both languages, phone and desk, day and night.
CHOSEN = (
    View(Specimen("save-the-date", "klei", "nl"), 640),
    View(Specimen("announcement", "helder", "nl"), 640),
    View(Specimen("announcement", "veen", "en"), 640, dark=True),
    View(Specimen("practical", "helder", "en"), 320),
    View(Specimen("changed", "klei", "nl"), 320, dark=True),
    View(Specimen("report", "veen", "nl"), 640),
    View(Specimen("report", "helder", "en"), 320, dark=True),
    View(Specimen("digest", "klei", "en"), 640),
)


def views(template: str) -> Iterator[View]:
    """All pictures of a template, in the order in which they stand on the page."""
    for theme in THEMES:
        for language in LANGUAGES:
            specimen = Specimen(template, theme, language)
            for dark in (False, True):
                for width in reversed(WIDTHS):
                    yield View(specimen, width, dark=dark)
    yield from (View(Specimen(template, THEMES[0], "nl"), width, bare=True) for width in reversed(WIDTHS))


def take(browser: Browser, view: View, *, fold: int = 0, sharp: int = 1, **form: object) -> bytes:
    """A picture of the letter, down to `fold` if that is given; `sharp` is the number of dots to a CSS pixel."""
    html = received(view.specimen).html
    browser.look(width=view.width, dark=view.dark, height=200, sharp=sharp)
    browser.show(STYLE.sub("", html) if view.bare else html, pictures=not view.bare)
    height = browser.run("() => document.documentElement.offsetHeight")
    browser.look(width=view.width, dark=view.dark, height=min(height, fold or height), sharp=sharp)
    return browser.picture(**form)


def small(png: bytes) -> bytes:
    """The same picture with as many colours as fit into `LIMIT`."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (255, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < LIMIT:
            return out.getvalue()
    raise ValueError(f"the picture needs {out.tell()} bytes even in {colours} colours; show less of the letter")


def write_all(browser: Browser, folder: Path) -> int:
    """Every picture, and the page that shows them; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    taken = {template: list(views(template)) for template in NAMES}
    for view in (view for each in taken.values() for view in each):
        (folder / f"{view}.webp").write_bytes(take(browser, view, format="webp", quality=80))
    (folder / "index.html").write_text(page(taken.items()), encoding="utf-8")
    return sum(len(each) for each in taken.values())


def write_few(browser: Browser, folder: Path) -> int:
    """The chosen pictures, and the page that shows them; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    lines = ["# A few of the letters", "", "`make gallery` takes a picture of every letter that is shipped.", ""]
    for view in CHOSEN:
        (folder / f"{view}.png").write_bytes(small(take(browser, view, fold=FOLD, sharp=640 // view.width)))
        lines += [f'<img src="{view}.png" width="{view.width}" alt="{escape(view.title)}">', ""]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    return len(CHOSEN)


def page(taken: Iterable[tuple[str, list[View]]]) -> str:
    """The page with these pictures, by template."""
    parts, names = [], []
    for template, each in taken:
        names.append(f'<a href="#{template}">{template}</a>')
        pictures = "".join(
            f'<figure><a href="{view}.webp"><img src="{view}.webp" loading="lazy" width="{view.width // 2}" alt="">'
            f"<figcaption>{escape(view.title)}</figcaption></a></figure>"
            for view in each
        )
        parts.append(f'<section id="{template}"><h2>{template}</h2><div class="row">{pictures}</div></section>')
    return PAGE.format(nav=" ".join(names), body="\n".join(parts))


PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Every letter</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>
:root {{ font: 16px/1.5 system-ui, sans-serif }}
body {{ margin: 0 auto; padding: 24px; max-width: 1600px }}
nav {{ position: sticky; top: 0; padding: 8px 0; background: canvas }} nav a {{ margin-right: 16px }}
section {{ padding-top: 48px }}
.row {{ display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start }}
figure {{ margin: 0 }} figure a {{ display: block; color: inherit }}
img {{ display: block; height: auto; max-height: 900px; object-fit: cover; object-position: top;
  outline: 1px solid color-mix(in srgb, currentcolor 20%, transparent) }}
figcaption {{ max-width: 320px; font-size: 13px; padding-top: 8px }}
</style></head><body><h1>Every letter</h1><nav>{nav}</nav>
{body}
</body></html>
"""


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as profile, Browser(chromium(), Path(profile)) as browser:
        if "--docs" in arguments:
            told = f"{write_few(browser, FEW)} pictures in {FEW.relative_to(ROOT)}/README.md"
        else:
            told = f"{write_all(browser, ALL)} pictures on {ALL.relative_to(ROOT)}/index.html"
    sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
