"""Stage 1: the theme of a series: the name of a shipped one, and what is different in it.

In: the node of "theme": a name, or a mapping of tokens. Out: pairs of token and value. Whether its text can be read on
its grounds is known only where the other tokens are known, too: `compose.themes`, which an import asks.
"""

import re

from newsletter.events.fields import Record, line, parsed, record
from newsletter.events.notes import Mistake, Notes
from newsletter.events.values import picture, slug, whole_number
from newsletter.events.yaml_lines import Node, Text

#: What may be chosen beside `base`: the colours of the letter, in light and in dark.
COLOURS = ("ground", "paper", "tint", "line", "ink", "muted", "accent", "on_accent")
SIZES = ("logo_width", "logo_height")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

Theme = tuple[tuple[str, str], ...]


def read_theme(node: Node, notes: Notes) -> Theme | None:
    if isinstance(node, Text):
        base = parsed(slug)(node, notes)
        return None if base is None else (("base", base),)
    return record(_theme)(node, notes)


def colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise Mistake(f"“{text}” is not a colour", 'write it in quotes, as "#1251b5"')
    return text.lower()


def _theme(keys: Record, notes: Notes) -> Theme:
    chosen = [("base", keys.optional("base", parsed(slug), ""))]
    for scheme in ("", "dark_"):
        chosen += [(scheme + name, keys.optional(scheme + name, parsed(colour), "")) for name in COLOURS]
    chosen += [("logo", keys.optional("logo", parsed(picture), ""))]
    chosen += [("logo_alt", keys.optional("logo_alt", line, ""))]
    chosen += [(name, keys.optional(name, parsed(_size), "")) for name in SIZES]
    return tuple((name, value) for name, value in chosen if value)


def _size(text: str) -> str:
    return str(whole_number(text))
