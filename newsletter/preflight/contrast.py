"""Preflight: whether text can be told from its ground.

In: a composed mailing. Out: findings, one for each pair of colours that is too close, in light and in dark. Colours are
those of the inlined styles, with the rules for dark mode on top; the ground is the nearest one around the text.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from newsletter.compose.themes import contrast
from newsletter.preflight.css import Declaration, Rule, cascade
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.reading import Reading, around, is_hidden, own_words, style_of
from newsletter.preflight.structure import font_size

#: WCAG 1.4.3; the second for letters of 24 pixels, or bold ones of 18.66.
NORMAL, LARGE = 4.5, 3.0
_COLOURS: Final = ("color", "background-color", "background")
_NAMED: Final = {
    **{"black": "#000000", "white": "#ffffff", "red": "#ff0000", "green": "#008000", "blue": "#0000ff"},
    **{"yellow": "#ffff00", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "navy": "#000080"},
    **{"orange": "#ffa500", "purple": "#800080", "maroon": "#800000", "teal": "#008080", "lightgray": "#d3d3d3"},
    **{"lightgrey": "#d3d3d3", "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9", "pink": "#ffc0cb", "olive": "#808000"},
}
_HEX: Final = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.I)
_RGB: Final = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/]\s*([0-9.]+%?)\s*)?\)", re.I)
_Overrides: TypeAlias = Mapping[Any, Mapping[str, Declaration]]


def light(reading: Reading) -> Iterator[Finding]:
    """Text too close to its ground, as most people see the letter."""
    always = [rule for rule in reading.rules if not rule.within and not rule.is_for_outlook]
    yield from _too_close(reading, always, "contrast-light", "")


def dark(reading: Reading) -> Iterator[Finding]:
    """The same in dark mode: by the media query, and by the attributes that Outlook sets."""
    for rules, where in (
        ([rule for rule in reading.rules if rule.is_dark], " in dark mode"),
        ([rule for rule in reading.rules if rule.is_for_outlook], " in the dark mode of Outlook"),
    ):
        if any(one.name in _COLOURS for rule in rules for one in rule.declarations):
            yield from _too_close(reading, rules, "contrast-dark", where)


def _too_close(reading: Reading, rules: list[Rule], check: str, where: str) -> Iterator[Finding]:
    overrides = cascade(reading.tree, rules, _COLOURS)
    told: set[tuple[str, str]] = set()
    for element in _texts(reading):
        ink, ground = _ink(element, overrides), _ground(element, overrides)
        needed = LARGE if _is_large(element) else NORMAL
        if (ink, ground) in told or contrast(ink, ground) >= needed:
            continue
        told.add((ink, ground))
        ratio = contrast(ink, ground)
        yield Finding(
            level=Level.MUST,
            check=check,
            part="html",
            line=element.sourceline or 0,
            excerpt=short(own_words(element)),
            what=f"{ink} on {ground} has a contrast of {ratio:.1f}:1{where}, under {needed:.1f}:1",
            fix="choose a darker or lighter colour in the theme",
            source="WCAG 1.4.3",
        )


def _texts(reading: Reading) -> Iterator[Any]:
    """Every element that people see and that has words of its own, not only those of what stands in it."""
    hidden: set[Any] = set()
    for element in reading.elements:
        if is_hidden(element) or element.tag in ("head", "style", "script") or element.getparent() in hidden:
            hidden.add(element)
        elif any(sign.isalnum() for sign in own_words(element)):
            yield element


def _ink(element: Any, overrides: _Overrides) -> str:
    for one in around(element):
        if colour := _said(one, "color", overrides):
            return colour
        if one.tag == "a" and one.get("href"):
            return "#0000ee"  # what browsers give a link that nobody coloured
    return "#000000"


def _ground(element: Any, overrides: _Overrides) -> str:
    for one in around(element):
        colour = _said(one, "background-color", overrides) or _said(one, "background", overrides)
        if colour or (colour := as_hex(one.get("bgcolor") or "")):
            return colour
    return "#ffffff"


def _said(element: Any, name: str, overrides: _Overrides) -> str:
    """A colour as #rrggbb, or nothing: a rule counts where it is important, or nothing is written at the element."""
    own, rule = style_of(element).get(name, ""), overrides.get(element, {}).get(name)
    if rule is not None and (rule.important or not own):
        return as_hex(rule.value)
    return as_hex(own)


def as_hex(value: str) -> str:
    """A colour as #rrggbb; empty where it is none, or lets its ground shine through."""
    if found := _HEX.search(value):
        digits = found[0][1:].lower()
        return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
    if found := _RGB.search(value):
        opaque = found[4] in (None, "1", "1.0", "100%")
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.group(1, 2, 3)) if opaque else ""
    return next((_NAMED[word] for word in value.lower().split() if word in _NAMED), "")


def _is_large(element: Any) -> bool:
    size = font_size(element)
    weight = next((found for one in around(element) if (found := style_of(one).get("font-weight"))), "normal")
    bold = weight in ("bold", "bolder") or (weight.isdecimal() and int(weight) >= 700)
    return size >= 24 or (bold and size >= 18.66)
