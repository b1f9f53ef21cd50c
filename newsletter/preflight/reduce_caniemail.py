"""Preflight: the published data of caniemail.com, reduced to what the checks ask of it.

In: caniemail.json, as the npm package `caniemail` or https://www.caniemail.com/api/data.json holds it. Out: the file
`data/caniemail.json`: which of the clients that we look at lack which CSS. To make it anew:

    npm pack caniemail && tar xzf caniemail-*.tgz package/data/caniemail.json
    python -m newsletter.preflight.reduce_caniemail package/data/caniemail.json
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parent / "data" / "caniemail.json"
#: Family and platform in the data, and what people call them.
CLIENTS: Final[Mapping[str, str]] = {
    "gmail.desktop-webmail": "Gmail",
    "gmail.android": "Gmail (Android)",
    "gmail.ios": "Gmail (iOS)",
    "outlook.windows": "Outlook (Windows)",
    "outlook.outlook-com": "Outlook.com",
    "outlook.macos": "Outlook (Mac)",
    "outlook.ios": "Outlook (iOS)",
    "outlook.android": "Outlook (Android)",
    "apple-mail.macos": "Apple Mail",
    "apple-mail.ios": "Apple Mail (iOS)",
    "samsung-email.android": "Samsung Email",
}
#: Features whose title does not say how the feature is written in CSS.
_SPECIAL: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "css-variables": ("function", ("var",)),
    "css-gap": ("property", ("gap", "column-gap", "row-gap")),
    "css-left-right-top-bottom": ("property", ("left", "right", "top", "bottom")),
    "css-column-layout-properties": ("property", ("columns", "column-fill", "column-rule", "column-span")),
    "css-grid-template": (
        "property",
        ("grid-template", "grid-template-areas", "grid-template-columns", "grid-template-rows"),
    ),
    "css-block-inline-size": ("property", ("block-size", "inline-size")),
    "css-color-scheme": ("property", ("color-scheme",)),
    "css-display-flex": ("value", ("display:flex", "display:inline-flex")),
    "css-display-grid": ("value", ("display:grid", "display:inline-grid")),
    "css-display-none": ("value", ("display:none",)),
    "css-unit-calc": ("function", ("calc",)),
    "css-unit-initial": ("keyword", ("initial",)),
    "css-intrinsic-size": ("keyword", ("fit-content", "min-content", "max-content")),
    "css-sytem-ui": ("keyword", ("system-ui", "ui-serif", "ui-sans-serif", "ui-rounded", "ui-monospace")),
}
#: The class of a feature by its slug; the rest of the slug is then its name.
_BY_SLUG: Final = (
    (re.compile(r"css-at-(?:media-)?(.+)"), "at"),
    (re.compile(r"css-pseudo-(?:class|element)-(.+)"), "pseudo"),
    (re.compile(r"css-unit-(.+)"), "unit"),
)
_PROPERTY: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
_FUNCTION: Final = re.compile(r"([a-z-]+)\(\)")


def reduce(published: Mapping[str, Any], licence: str) -> dict[str, object]:
    """The reduced data; only what a client of ours lacks wholly ("n") or in part ("a") is kept."""
    features = [found for feature in published["data"] if (found := _reduced(feature)) is not None]
    return {
        "source": "https://www.caniemail.com/, by way of the npm package caniemail",
        "date": str(published["last_update_date"])[:10],
        "licence": licence,
        "clients": dict(CLIENTS),
        "features": sorted(features, key=lambda feature: str(feature["slug"])),
    }


def _reduced(feature: Mapping[str, Any]) -> dict[str, object] | None:
    slug, title = str(feature["slug"]), str(feature["title"])
    written = _written(slug, title)
    lacking = {
        client: mark for client in CLIENTS if (mark := _latest(feature["stats"], *client.split("."))) in ("n", "a")
    }
    if feature["category"] != "css" or written is None or not lacking:
        return None
    kind, names = written
    return {"slug": slug, "kind": kind, "names": list(names), "lacks": lacking}


def _written(slug: str, title: str) -> tuple[str, tuple[str, ...]] | None:
    """How the feature is recognised: its kind, and its spellings."""
    if slug in _SPECIAL:
        return _SPECIAL[slug]
    for pattern, kind in _BY_SLUG:
        if found := pattern.fullmatch(slug):
            return kind, (found[1],)
    if slug in ("css-rgb", "css-rgba", "css-modern-color"):
        return None  # colours are written as #rrggbb in letters
    if function := _FUNCTION.search(title):
        return "function", (function[1],)
    name = re.sub(r"\s+(?:shorthand|property|css property)$", "", title.strip().lower())
    names = tuple(part.strip() for part in re.split(r"\s*(?:&|,)\s*", name))
    if slug.startswith(("css-selector", "css-comments", "css-important", "css-modern", "css-nesting", "css-inert")):
        return None
    return ("property", names) if all(_PROPERTY.fullmatch(one) for one in names) else None


def _latest(stats: Mapping[str, Any], family: str, platform: str) -> str:
    """The mark of the newest version that was tested: y, a (in part), n, u (unknown)."""
    versions: Mapping[str, str] = stats.get(family, {}).get(platform, {})
    return list(versions.values())[-1][:1] if versions else "u"


def main(arguments: Iterable[str]) -> None:
    """Write the file anew; its licence is kept from the one that is there."""
    (path,) = arguments
    licence = json.loads(DATA.read_text(encoding="utf-8"))["licence"] if DATA.is_file() else ""
    found = reduce(json.loads(Path(path).read_text(encoding="utf-8")), licence)
    DATA.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
