"""Preflight: plain Dutch.

In: a composed mailing in Dutch. Out: hints, never more: long sentences, the passive with "worden", and words of the
office for which there is an everyday one (language level B1). A person who knows the readers decides.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.reading import Block, Reading

LONGEST = 20  #: words in a sentence
SHOWN = 5  #: hints of one kind; a list of forty helps nobody
_SENTENCE: Final = re.compile(r"(?<=[.?!…])[’”\"')]*\s+(?=[‘“\"'(]?[A-ZÀ-Ý0-9])|\n")
_WORD: Final = re.compile(r"[^\W_]+(?:[-’'.,/][^\W_]+)*")
_PASSIVE: Final = re.compile(r"\b(?:word|wordt|worden|werd|werden|geworden)\b", re.I)
_PARTICIPLE: Final = re.compile(r"\b(?:\w{0,8}ge|be|ver|ont|her|er)\w{2,}(?:d|t|en)\b", re.I)

#: A word of the office, and what people say. Several words stand as they are written.
OFFICIALESE: Final[Mapping[str, str]] = tomllib.loads(
    (Path(__file__).parent / "data" / "officialese.nl.toml").read_text(encoding="utf-8")
)
_OFFICE: Final = re.compile(
    rf"\b(?:{'|'.join(re.escape(word) for word in sorted(OFFICIALESE, key=len, reverse=True))})\b", re.I
)


def long_sentences(reading: Reading) -> Iterator[Finding]:
    """A sentence of more words than one keeps in mind; the longest first."""
    found = [
        (len(_WORD.findall(sentence)), sentence, block)
        for block, sentence in _sentences(reading)
        if len(_WORD.findall(sentence)) > LONGEST
    ]
    for words, sentence, block in sorted(found, key=lambda one: -one[0])[:SHOWN]:
        what = f"a sentence of {words} words"
        yield _hint("plain-long", block, sentence, what, f"make two of it; {LONGEST} words are enough for one")


def passive(reading: Reading) -> Iterator[Finding]:
    """Who does it? A sentence with "worden" does not say so."""
    found = [
        (block, sentence)
        for block, sentence in _sentences(reading)
        if _PASSIVE.search(sentence) and _PARTICIPLE.search(_PASSIVE.sub("", sentence))
    ]
    for block, sentence in found[:SHOWN]:
        yield _hint("plain-passive", block, sentence, "the sentence does not say who does it", "name who does it first")


def office_words(reading: Reading) -> Iterator[Finding]:
    """A word that people use in letters of an office only."""
    told: set[str] = set()
    for block, sentence in _sentences(reading):
        for match in _OFFICE.finditer(sentence):
            word = match[0].lower()
            if word not in told and len(told) < 4 * SHOWN:
                told.add(word)
                yield _hint(
                    "plain-words",
                    block,
                    match[0],
                    f"“{match[0]}” is a word of the office",
                    f"write “{OFFICIALESE[word]}”",
                )


def _sentences(reading: Reading) -> Iterator[tuple[Block, str]]:
    if not reading.language.lower().startswith("nl"):
        return
    for block in reading.prose:
        for sentence in _SENTENCE.split(block.text):
            if sentence.strip():
                yield block, sentence.strip()


def _hint(check: str, block: Block, excerpt: str, what: str, fix: str) -> Finding:
    return Finding(
        level=Level.HINT,
        check=check,
        part="html",
        line=block.line,
        excerpt=short(excerpt),
        what=what,
        fix=fix,
        source="taalniveau B1",
    )
