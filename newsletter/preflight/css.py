"""Preflight: CSS, read as far as the checks need it.

In: the text of a style element or of a style attribute. Out: rules with their at-rules and lines, declarations, and
which element gets which value from them. What cannot be read is left out; the inliner has refused it before.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cssselect import SelectorError
from lxml.cssselect import CSSSelector

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_DECLARATION: Final = re.compile(r"""((?:[^;"'(]|"[^"]*"|'[^']*'|\((?:[^()"']|"[^"]*"|'[^']*')*\))+)(?:;|\Z)""")
_IMPORTANT: Final = re.compile(r"\s*!\s*important\s*$", re.I)
#: At-rules that hold rules; the others (@font-face, @page) hold declarations.
_HOLDS_RULES: Final = re.compile(r"@(?:-\w+-)?(?:media|supports|layer|container|document|scope)\b", re.I)
_LENGTH: Final = re.compile(r"(-?[0-9.]+)(px|pt|em|rem)?", re.I)
_IN_PIXELS: Final = {"px": 1.0, "": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0}


@dataclass(frozen=True, kw_only=True)
class Declaration:
    name: str  #: lower case
    value: str
    important: bool = False


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A selector, or an at-rule such as @font-face, with its declarations."""

    selector: str
    declarations: tuple[Declaration, ...]
    within: tuple[str, ...] = ()  #: the at-rules around it, outermost first: "@media (prefers-color-scheme: dark)"
    line: int = 0  #: of the html
    sheet: int = 0  #: which style element, from 0

    @property
    def is_dark(self) -> bool:
        return any("prefers-color-scheme" in at and "dark" in at for at in self.within)

    @property
    def is_for_outlook(self) -> bool:
        """One of the twins that Outlook.com and its apps need: they set these attributes in dark mode."""
        return "[data-ogs" in self.selector


@lru_cache(maxsize=4096)
def declarations(style: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute, in order."""
    found = []
    for part in _DECLARATION.findall(_COMMENT.sub("", style)):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            important = _IMPORTANT.search(value) is not None
            clean = " ".join(_IMPORTANT.sub("", value).split())
            found.append(Declaration(name=name.strip().lower(), value=clean, important=important))
    return tuple(found)


@lru_cache(maxsize=4096)
def values(style: str) -> Mapping[str, str]:
    """By property; the last one counts."""
    return {one.name: one.value for one in declarations(style)}


def rules(css: str, *, line: int = 1, sheet: int = 0) -> list[Rule]:
    """The rules of one style element whose text begins on `line`."""
    plain = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), css)
    return list(_rules(plain, 0, len(plain), (), line, sheet))


def _rules(css: str, start: int, end: int, within: tuple[str, ...], line: int, sheet: int) -> Iterator[Rule]:
    at = start
    while (brace := css.find("{", at, end)) != -1:
        # What stands before a selector and ends in a semicolon is a statement, such as @import.
        prelude = css[at:brace].rpartition(";")[2]
        close = _closing(css, brace, end)
        head = " ".join(prelude.split())
        place = line + css.count("\n", 0, brace - len(prelude.lstrip()))
        if _HOLDS_RULES.match(head):
            yield from _rules(css, brace + 1, close, (*within, head), line, sheet)
        else:
            inside = declarations(css[brace + 1 : close])
            yield Rule(selector=head, declarations=inside, within=within, line=place, sheet=sheet)
        at = close + 1


def _closing(css: str, brace: int, end: int) -> int:
    depth = 0
    for place in range(brace, end):
        if css[place] == "{":
            depth += 1
        elif css[place] == "}":
            depth -= 1
            if depth == 0:
                return place
    return end


def cascade(tree: Any, some: Iterable[Rule], names: Sequence[str]) -> dict[Any, dict[str, Declaration]]:
    """By element: what these rules say of the properties `names`; a later rule wins from an earlier, important or not.

    Selectors with states or elements that a document does not have (`:hover`, `u + .body`) select nothing.
    """
    found: dict[Any, dict[str, Declaration]] = {}
    for rule in some:
        said = [one for one in rule.declarations if one.name in names]
        if said:
            for element in _selected(tree, rule.selector):
                mine = found.setdefault(element, {})
                for one in said:
                    if one.important or not (one.name in mine and mine[one.name].important):
                        mine[one.name] = one
    return found


def _selected(tree: Any, selector: str) -> list[Any]:
    # The attributes of Outlook stand on an element around the letter, which is not there before it arrives.
    plain = re.sub(r"\[data-ogs[cb]\]\s+", "", selector)
    try:
        matched: list[Any] = _compiled(plain)(tree)
    except SelectorError:
        return []
    return matched


@lru_cache(maxsize=512)
def _compiled(selector: str) -> Any:
    return CSSSelector(selector, translator="html")


def pixels(value: str, *, font: float = 16.0) -> float | None:
    """A length in CSS pixels; None for a percentage, a keyword, or what is not a length."""
    match = _LENGTH.fullmatch(value.strip())
    if match is None:
        return None
    unit = (match[2] or "").lower()
    return float(match[1]) * (font if unit == "em" else _IN_PIXELS[unit])


def sides(style: Mapping[str, str], name: str) -> tuple[float, float, float, float]:
    """Top, right, bottom and left of `padding` or `margin`, in pixels; what is not known counts as 0."""
    given = [pixels(part) or 0.0 for part in style.get(name, "0").split()] or [0.0]
    top, right, bottom, left = (
        given[0],
        given[1 % len(given)],
        given[2] if len(given) > 2 else given[0],
        given[3] if len(given) > 3 else given[1 % len(given)],
    )
    own = {side: pixels(style.get(f"{name}-{side}", "")) for side in ("top", "right", "bottom", "left")}
    shorthand = {"top": top, "right": right, "bottom": bottom, "left": left}
    found = {side: shorthand[side] if own[side] is None else own[side] or 0.0 for side in own}
    return found["top"], found["right"], found["bottom"], found["left"]
