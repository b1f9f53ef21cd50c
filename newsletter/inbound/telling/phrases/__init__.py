"""Stage 6: the words of mail systems and of people, in their languages, as data.

In: the TOML files beside this one: regular expressions, each on a line, of what is said somewhere. Out: compiled
patterns. A word that is missing can be added there without a programmer. A long one may go on over several lines.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

_LINE_BREAK = re.compile(r"\n[ \t]*")


def pattern(file: str, key: str, *, before: str = "", after: str = "", flags: re.RegexFlag = re.I) -> re.Pattern[str]:
    """All expressions of a key as one, between `before` and `after`."""
    return re.compile(f"{before}{_joined(_read(file)[key])}{after}", flags)


def expressions(file: str, key: str) -> list[str]:
    """The expressions of a key, each on one line."""
    return [_LINE_BREAK.sub("", one) for one in _read(file)[key]]


def rules(file: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The ordered `[[rule]]` tables of a file: reason and pattern, for lower-case text, which is much faster."""
    return tuple((rule["reason"], re.compile(_joined(rule["sentences"]))) for rule in _read(file)["rule"])


def _joined(expressions: Iterable[str]) -> str:
    return "|".join(_LINE_BREAK.sub("", one) for one in expressions)


@cache
def _read(file: str) -> dict[str, Any]:
    return tomllib.loads((files(__name__) / f"{file}.toml").read_text(encoding="utf-8"))
