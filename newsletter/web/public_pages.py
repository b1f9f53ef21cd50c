"""The windows on the street: pages as text.

In: what somebody's standing is, and the series whose mails it is about. Out: HTML that is whole in itself, in the
colours of the series, in Dutch or in English; and the policy that lets a browser use its style sheet and nothing else.
"""

import base64
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from newsletter.app import shipped
from newsletter.compose.templates import Templates
from newsletter.compose.themes import COLOURS

FOLDER: Final = Path(__file__).parent / "pages" / "public"
LANGUAGES: Final = ("nl", "en")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
#: A list of fonts, and nothing that could end a rule or a style sheet.
_FONT: Final = re.compile(r"[\w\s,'\"-]+")
_SANS: Final = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

Theme = Mapping[str, str]


class State(StrEnum):
    """What a page tells; each has words of its own."""

    ASK = "ask"  #: mails come, and can be stopped
    LEFT = "left"
    BACK = "back"  #: leaving was taken back
    BLOCKED = "blocked"  #: nothing is sent to this address any more, for another reason than that they left
    TEST = "test"  #: the link of a test letter
    LOST = "lost"  #: there is no such page
    LATE = "late"  #: the store cannot be used now
    OFTEN = "often"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A page before it is text."""

    state: State
    language: str
    theme: Theme
    names: Sequence[str] = ()  #: of the series that the mails are about
    organisation: str = ""
    contact: str = ""
    everywhere: bool = False  #: they left everything
    also: bool = False  #: the same mails still come by way of another list
    can_rejoin: bool = False


def _words(language: str) -> Mapping[str, str]:
    return MappingProxyType(tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")))


WORDS: Final = {language: _words(language) for language in LANGUAGES}
_CSS: Final = (FOLDER / "public.css").read_text(encoding="utf-8")


def _said(text: str, **values: str) -> Markup:
    """Fixed words with names in them, which stand out."""
    filled = escape(text)
    for name, value in values.items():
        filled = filled.replace(f"{{{name}}}", Markup("<strong>{}</strong>").format(value))
    return filled


_pages: Final = Environment(
    loader=FileSystemLoader(FOLDER, encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters["said"] = _said
_page: Final = _pages.get_template("leaving.html")


def render(sheet: Sheet) -> tuple[str, str]:
    """The HTML of a page, and its Content-Security-Policy."""
    words = WORDS[sheet.language]
    style = stylesheet(sheet.theme)
    title = _joined(sheet.names, words["and"])
    heading = words[f"{sheet.state}_heading"]
    html = _page.render(
        t=words,
        state=sheet.state.value,
        heading=heading,
        style=style,
        name=title,
        title=title,
        organisation=sheet.organisation,
        contact=sheet.contact,
        everywhere=sheet.everywhere,
        also=sheet.also,
        can_rejoin=sheet.can_rejoin,
    )
    return html, policy(style)


def _joined(names: Sequence[str], link: str) -> str:
    return f" {link} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def stylesheet(theme: Theme) -> str:
    """The style sheet in the colours of a theme."""
    wanted = (*(scheme + colour for scheme in ("", "dark_") for colour in COLOURS), "font", "title_font")
    form = ("title_weight", "rule", "rule_width", "radius")
    return _stylesheet(tuple((name, theme.get(name, "")) for name in (*wanted, *form)))


@lru_cache(maxsize=32)
def _stylesheet(tokens: tuple[tuple[str, str], ...]) -> str:
    theme = dict(tokens)

    def colours(scheme: str) -> str:
        known = ((name, theme[scheme + name]) for name in COLOURS)
        return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in known if _COLOUR.fullmatch(value))

    def font(name: str) -> str:
        return theme[name] if _FONT.fullmatch(theme[name]) else _SANS

    def number(name: str, other: str) -> str:
        return theme[name] if theme[name].isascii() and theme[name].isdigit() else other

    is_short = theme["rule_width"] == "short"
    places = {
        "LIGHT": colours(""),
        "DARK": colours("dark_"),
        "FONT": font("font"),
        "TITLE": f"{number('title_weight', '600')} 1em {font('title_font')}",
        "RULE": f"{number('rule', '4')}px",
        "WIDTH": "4rem" if is_short else "100%",
        "INDENT": "min(7.5%, 3rem)" if is_short else "0",
        "RADIUS": f"{number('radius', '4')}px",
    }
    return re.sub(r"\b(?:LIGHT|DARK|FONT|TITLE|RULE|WIDTH|INDENT|RADIUS)\b", lambda found: places[found.group()], _CSS)


@lru_cache(maxsize=32)
def policy(style: str) -> str:
    """What a page may do: style itself with this sheet, and post its own form."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def shipped_theme(own: Iterable[tuple[str, str]] = ()) -> Theme:
    """The tokens of a theme with what a series says of its own; of the themes that come with the product."""
    return _shipped().theme(own)


@lru_cache(maxsize=1)
def _shipped() -> Templates:
    return Templates([shipped("templates")])
