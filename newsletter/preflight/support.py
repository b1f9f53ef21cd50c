"""Preflight: CSS that a mail program lacks, by the published data of caniemail.com.

In: a composed mailing. Out: findings. Looked at is what the layout stands on: inlined styles and the rules outside
media queries. What a media query says is an extra for those who know it, and what stands in GRACEFUL may be lacked.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from newsletter.preflight.css import Declaration, declarations
from newsletter.preflight.finding import Finding, Level
from newsletter.preflight.reading import Reading

DATA: Final = Path(__file__).parent / "data" / "caniemail.json"
#: What a letter may use although a client lacks it, and what that client shows instead.
GRACEFUL: Final[Mapping[str, str]] = {
    "css-border-radius": "square corners",
    "css-border-spacing": "cells that touch; ours are set apart by padding",
    "css-opacity": "it hides the preheader only, beside display:none",
    "css-max-height": "it hides the preheader only, beside display:none",
    "css-overflow": "it hides the preheader only, beside display:none",
    "css-overflow-wrap": "a very long word that is not broken",
    "css-word-break": "a very long word that is not broken",
    "css-word-wrap": "a very long word that is not broken",
    "css-white-space": "lines that break elsewhere",
    "css-text-overflow": "a text that is cut without dots",
    "css-hyphens": "words that are not broken",
    "css-color-scheme": "the light letter, or the colours that the client chooses",
    "css-at-media": "the layout for a narrow screen, or the one in the ghost tables of Outlook",
    "css-at-media-prefers-color-scheme": "the light letter, or the colours that the client chooses",
    "css-at-media-prefers-reduced-motion": "no difference in a letter without motion",
    "css-at-media-hover": "no difference without a mouse",
    "css-pseudo-class-hover": "no difference without a mouse",
    "css-pseudo-class-active": "no difference without a mouse",
    "css-cursor": "another mouse pointer",
    "css-box-shadow": "no shadow",
    "css-text-shadow": "no shadow",
    "css-box-sizing": "a width that is set by the attribute as well",
    "css-min-width": "a column as wide as its text",
    "css-outline": "no outline",
    "css-text-underline-offset": "an underline in its usual place",
    "css-text-decoration-thickness": "an underline of the usual weight",
    "css-text-decoration-color": "an underline in the colour of its text",
    "css-text-decoration-skip-ink": "an underline through the letters",
    "css-font-kerning": "letters a little further apart",
    "css-text-wrap": "lines that break elsewhere",
    "css-transition": "a change at once",
    "css-widows": "lines that break elsewhere on paper",
    "css-orphans": "lines that break elsewhere on paper",
    "css-sytem-ui": "the next font of the stack",
    "css-table-layout": "columns as wide as their text",
}
_NUMBER_AND_UNIT: Final = re.compile(r"(?<![\w.#-])[0-9.]+([a-z]+)\b", re.I)
_FUNCTION: Final = re.compile(r"([a-z-]+)\(", re.I)
_PSEUDO: Final = re.compile(r"::?([a-z-]+)")


@dataclass(frozen=True, kw_only=True)
class Support:
    """What clients lack: by kind and spelling the features, by feature the clients."""

    date: str  #: of the data, YYYY-MM-DD
    clients: Mapping[str, str]
    features: Mapping[tuple[str, str], str]  #: ("property", "gap") -> slug
    lacks: Mapping[str, tuple[str, ...]]  #: slug -> the clients that do not have it at all


@cache
def published() -> Support:
    """The data that comes with the product."""
    found = json.loads(DATA.read_text(encoding="utf-8"))
    features = {(one["kind"], name): one["slug"] for one in found["features"] for name in one["names"]}
    lacks = {
        one["slug"]: tuple(client for client, mark in one["lacks"].items() if mark == "n") for one in found["features"]
    }
    return Support(date=found["date"], clients=found["clients"], features=features, lacks=lacks)


def lacking(reading: Reading) -> Iterator[Finding]:
    """CSS that the layout stands on, and that one of the usual mail programs does not have."""
    support = published()
    first: dict[str, tuple[int, str]] = {}
    for line, written, slug in _used(reading, support):
        if support.lacks[slug] and slug not in GRACEFUL:
            first.setdefault(slug, (line, written))
    for slug, (line, written) in first.items():
        names = [support.clients[client] for client in support.lacks[slug]]
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        yield Finding(
            level=Level.SHOULD,
            check="css-support",
            part="html",
            line=line,
            excerpt=written,
            what=f"“{written}” does nothing in {shown}",
            fix="do it with a table and attributes, or in a media query as an extra",
            source=f"caniemail {slug} ({support.date})",
        )


def _used(reading: Reading, support: Support) -> Iterator[tuple[int, str, str]]:
    """Line, spelling and slug of every feature in use that somebody lacks."""
    for element in reading.elements:
        for one in declarations(element.get("style") or ""):
            for written, slug in _features_of(one, support):
                yield element.sourceline or 0, written, slug
    for rule in reading.rules:
        if rule.within or rule.is_for_outlook:
            continue
        if rule.selector.startswith("@"):
            name = rule.selector[1:].partition(" ")[0]
            if at := support.features.get(("at", name)):
                yield rule.line, rule.selector, at
            continue
        for name in _PSEUDO.findall(rule.selector):
            if pseudo := support.features.get(("pseudo", name)):
                yield rule.line, rule.selector, pseudo
        for one in rule.declarations:
            for written, slug in _features_of(one, support):
                yield rule.line, written, slug


def _features_of(one: Declaration, support: Support) -> Iterator[tuple[str, str]]:
    spelled = f"{one.name}:{one.value}"
    if one.value in ("auto", "normal", "none", "static", "visible", "initial", "inherit") and one.name != "text-wrap":
        return  # what is there anyway can be lacked by nobody
    candidates = [("property", one.name), ("value", spelled), ("keyword", one.value)]
    candidates += [("function", name.lower()) for name in _FUNCTION.findall(one.value)]
    candidates += [("unit", unit.lower()) for unit in _NUMBER_AND_UNIT.findall(one.value)]
    for candidate in candidates:
        if slug := support.features.get(candidate):
            yield spelled, slug
