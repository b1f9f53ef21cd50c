"""Preflight: the names of speakers, as the programme spells them and as the texts do.

In: a composed mailing and its event. Out: findings about a name that is nearly one of the programme's. An inflection
("Rademakers’ verhaal") is the same name, and another first name is another person.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from newsletter.events.event import Event
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.reading import Block, Reading

_WORD: Final = re.compile(r"[^\W\d_]+(?:[’'\-][^\W\d_]+)*")
#: Endings that make a possessive or a plural of a name, and its s is not missed either.
_ENDINGS: Final = ("’s", "'s", "’", "'", "s", "en", "se")
#: Shorter last names are too often a word of their own.
_SHORTEST: Final = 5


def speakers_of(event: Event) -> tuple[str, ...]:
    """Every name in the programme, once."""
    people = [who for part in event.programme for who in part.speakers]
    people += [who for part in event.programme for workshop in part.workshops for who in workshop.speakers]
    return tuple(dict.fromkeys(" ".join(who.name.split()) for who in people if who.name))


def misspelled(reading: Reading) -> Iterator[Finding]:
    """A speaker whose name is spelled otherwise than in the programme."""
    if reading.event is None:
        return
    names = speakers_of(reading.event)
    told: set[tuple[str, str]] = set()
    for block in reading.prose:
        for written, meant in _nearly(block, names):
            if (written, meant) not in told:
                told.add((written, meant))
                yield Finding(
                    level=Level.SHOULD,
                    check="speaker-name",
                    part="html",
                    line=block.line,
                    excerpt=short(written),
                    what=f"“{written}” is spelled “{meant}” in the programme",
                    fix="spell it the same in both places",
                )


def _nearly(block: Block, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    words = _WORD.findall(block.text)
    correct = {word for name in names for word in _WORD.findall(name)}
    for name in names:
        parts = _WORD.findall(name)
        for place in range(len(words)):
            window = words[place : place + len(parts)]
            written = " ".join(window)
            if len(parts) > 1 and len(window) == len(parts) and _is_slip(written, " ".join(parts), window, parts):
                yield written, name
            elif _is_last_name(words, place, parts, correct):
                yield words[place], name


def _is_slip(written: str, meant: str, window: Sequence[str], parts: Sequence[str]) -> bool:
    if not (window[0][:1].isupper() and window[-1][:1].isupper()) or _is_same(written, meant):
        return False
    # A wholly different first or last name is another person.
    return all(distance(one, other) <= max(1, len(other) // 4) for one, other in zip(window, parts, strict=True))


def _is_last_name(words: Sequence[str], place: int, parts: Sequence[str], correct: set[str]) -> bool:
    """A last name alone, with the same first letter, and no other person's first name before it."""
    word, last = words[place], parts[-1]
    if len(last) < _SHORTEST or word in correct or not word[:1].isupper() or word[0] != last[0]:
        return False
    if _is_same(word, last) or distance(word, last) > (1 if len(last) < 8 else 2):
        return False
    before = words[place - 1] if place else ""
    return not before[:1].isupper()


def _is_same(written: str, meant: str) -> bool:
    return written == meant or any(written == meant + ending or written + ending == meant for ending in _ENDINGS)


def distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or swapped with the next one; ij and y are one letter."""
    one, other = one.replace("ij", "y"), other.replace("ij", "y")
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
