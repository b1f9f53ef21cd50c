"""Stage 1: what may not be in the words of an organiser, and what does not fit.

In: passages of free text. Out: problems. Three things are looked for: characters that nobody can see (they break mail
headers, RFC 5322 §2.2), marks of the template language (they work in templates only), and weekdays that do not fit
their date.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from newsletter.events.dates import (
    DAY_AND_MONTH,
    FIRST_YEAR,
    NUMERIC,
    WEEKDAY,
    check_weekday,
    is_on,
    mended,
    named_day,
    spelled,
)
from newsletter.events.notes import Mistake, Notes, Passage

#: C0, DEL, C1 and surrogates; newline and tab are fine in Markdown.
_UNSEEN_IN_MARKDOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
#: Line breaks of every kind, too, in what must stay on one line.
_UNSEEN_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: What YAML cannot hold as it is, or takes for a line break.
_UNSEEN_IN_YAML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_TEMPLATE_MARK = re.compile(r"\{\{|\{%")
_WEEKDAY_AND_DATE = re.compile(
    rf"\b{WEEKDAY}(?:{NUMERIC}|{DAY_AND_MONTH}(?:,?\s+(?P<year>[0-9]{{4}})(?![0-9]))?)", re.IGNORECASE
)


def unseen_in(text: str, *, is_line: bool) -> Mistake | None:
    """What is wrong with the characters of a value, if anything is; `is_line`: it must stay on one line."""
    match = (_UNSEEN_IN_LINE if is_line else _UNSEEN_IN_MARKDOWN).search(text)
    if match is None:
        return None
    if match[0] in "\r\n":
        return Mistake("there is a line break in it", "write it on one line")
    return _unseen(match[0])


def without_marks(text: str, first_line: int, notes: Notes, *, is_yaml: bool) -> str:
    """Note what may not be in a part of the document; returns it with harmless characters in their place.

    So one such mistake does not hide the others: YAML would stop reading at each of them.
    """
    unseen = _UNSEEN_IN_YAML if is_yaml else _UNSEEN_IN_MARKDOWN
    lines = text.split("\n")
    for number, line in enumerate(lines, first_line):
        for match in unseen.finditer(line):
            mistake = _unseen(match[0])
            notes.problem(number, mistake.what, mistake.fix)
        note_template_marks(line, number, notes)
    return _TEMPLATE_MARK.sub("((", unseen.sub("\ufffd", text))


def note_template_marks(text: str, line: int, notes: Notes) -> None:
    for match in _TEMPLATE_MARK.finditer(text):
        notes.problem(
            line,
            f"“{match[0]}” works in templates only",
            "write the words themselves; what differs per recipient is [[ … ]], in texts of several lines",
        )


def note_wrong_weekdays(passage: Passage, event_day: date | None, notes: Notes) -> None:
    """Note each weekday in a text that does not fit its date.

    A date without year is right if it fits the year of the event or the next one, or if the event has no date.
    """
    for match, mistake in _wrong_weekdays(passage.text, event_day):
        notes.problem(passage.line_at(match.start()), mistake.what, mistake.fix)


def _wrong_weekdays(text: str, event_day: date | None) -> Iterator[tuple[re.Match[str], Mistake]]:
    for match in _WEEKDAY_AND_DATE.finditer(text):
        try:
            if match["month"] and not match["year"]:
                _check_without_year(match, event_day)
            elif (day := named_day(match)).year >= FIRST_YEAR:
                check_weekday(match, day)
        except Mistake as mistake:
            yield match, mistake


def _check_without_year(match: re.Match[str], event_day: date | None) -> None:
    if event_day is None:
        return
    days = []
    for year in (event_day.year, event_day.year + 1):
        # 29 February may be in one of the two years only
        with suppress(Mistake):
            days.append(named_day(match, year))
    if not days:
        raise Mistake(f"“{spelled(match)}” is a day that does not exist", "look it up in a calendar")
    if not any(is_on(match["weekday"], day) for day in days):
        raise Mistake(
            f"“{spelled(match)}” has the wrong weekday for {days[0].year}",
            f"write “{mended(match, days[0])}” if the date is right, or add the year",
        )


def _unseen(character: str) -> Mistake:
    return Mistake(f"there is a character that nobody can see (U+{ord(character):04X}) in it", "take it out")
