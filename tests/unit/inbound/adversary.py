"""Texts that a regular expression has the most work with: its own pieces, over and over, never quite complete."""

import random
import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from re import _constants as sre, _parser as parser  # type: ignore[attr-defined]  # isort: skip

_CATEGORIES = {sre.CATEGORY_DIGIT: "7", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "w"}


def patterns(modules: Iterable[ModuleType]) -> dict[str, re.Pattern[Any]]:
    """Every expression that modules keep, by where it is kept."""
    found = {}
    for module in modules:
        for name, value in vars(module).items():
            listed = value if isinstance(value, tuple | list) else (value,)
            for at, one in enumerate(
                part for item in listed for part in (item if isinstance(item, tuple) else (item,))
            ):
                if isinstance(one, re.Pattern):
                    found[f"{module.__name__}.{name}{at or ''}"] = one
    return found


def pieces(pattern: re.Pattern[Any], chance: random.Random, most: int) -> list[str]:
    """Different texts that begin to match, with as much in them as each repetition takes in one go."""
    tree = parser.parse(
        pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1"),
        pattern.flags & ~re.UNICODE,
    )
    return list(dict.fromkeys(one for _ in range(most) if (one := _sample(tree, chance))))


def _sample(tree: Any, chance: random.Random) -> str:
    return "".join(_of(operation, value, chance) for operation, value in tree)


def _of(operation: Any, value: Any, chance: random.Random) -> str:
    if operation is sre.LITERAL:
        return chr(value)
    if operation is sre.NOT_LITERAL:
        return "x" if value != ord("x") else "y"
    if operation is sre.ANY:
        return "x"
    if operation is sre.IN:
        return _one_of(value, chance)
    if operation is sre.BRANCH:
        return _sample(chance.choice(value[1]), chance)
    if operation is sre.SUBPATTERN:
        return _sample(value[-1], chance)
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, inner = value
        times = chance.choice((least, min(int(most), least + 1), min(int(most), 40)))
        return "".join(_sample(inner, chance) for _ in range(times))
    return ""  # places and looks around take no text


def _one_of(options: Any, chance: random.Random) -> str:
    if options[0][0] is sre.NEGATE:
        return chance.choice("x 7.")
    kind, value = chance.choice(options)
    if kind is sre.LITERAL:
        return chr(value)
    if kind is sre.RANGE:
        return chr(chance.choice(value))
    return _CATEGORIES.get(value, "w")
