"""The windows: their words, in Dutch and in English.

In: what the browser says that its user reads. Out: a table of words; Dutch where nothing else is asked for.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from newsletter.compose.wording import clock, date_long

_PAGES: Final = Path(__file__).parent / "pages"


def _table(language: str) -> Mapping[str, str]:
    return MappingProxyType(tomllib.loads((_PAGES / f"{language}.toml").read_text(encoding="utf-8")))


DUTCH: Final = _table("nl")
ENGLISH: Final = _table("en")


def words_for(accept_language: str) -> Mapping[str, str]:
    """The words in the language that an Accept-Language header prefers (RFC 9110 §12.5.4)."""
    wanted = [item.partition(";") for item in accept_language.lower().split(",")]
    # `sorted` keeps the order of equals, so of two languages that are liked as much the first one counts.
    for tag, _, parameter in sorted(wanted, key=lambda item: -_quality(item[2])):
        if _quality(parameter) > 0:
            match tag.strip().partition("-")[0]:
                case "nl":
                    return DUTCH
                case "en":
                    return ENGLISH
    return DUTCH


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def moment(at: datetime, language: str) -> str:
    """A wall-clock time for people: "donderdag 13 juni 2019, 12.00 uur"."""
    return f"{date_long(at, language)}, {clock(at, language)}" + (" uur" if language == "nl" else "")
