"""Stage 3: dates, times and words as the reader's language writes them, and lines of plain text.

In: dates, wall-clock times and strings. Out: strings. `FILTERS` is what templates may call by name.
Dutch writes "12.00–17.00 uur" and British English "12:00–17:00"; both use the 24-hour clock.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Final

from babel.dates import format_date, get_timezone_location
from markupsafe import Markup

from newsletter.compose.placeholders import PLACEHOLDER

WIDTH: Final = 72  #: characters in a line of plain text
NO_BREAK_SPACE: Final = "\u00a0"
#: Characters of a preheader: shorter lets the body through, longer is cut by the mail program.
PREVIEW_SHORTEST: Final = 40
PREVIEW_LONGEST: Final = 110

_LOCALES: Final[Mapping[str, str]] = {"nl": "nl_NL", "en": "en_GB"}
#: What a line may not be broken inside: a placeholder with its spaces, or a run without spaces (a word, a URL).
_ATOM: Final = re.compile(rf"(?:{PLACEHOLDER.pattern}|[^ \t\r\n])+", re.DOTALL)

#: Where words are filled in; "{ day }" and "{day" are meant so, too, and would go out as they stand.
_PLACE: Final = re.compile(r"\{[^{}\s]*\}|\{\s*\w*\s*\}?")

_TOML_SAYS: Final = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_OPEN_QUOTE: Final = re.compile(r"(?:Illegal|Found invalid) character '\\n'|Unterminated string|Expected \"'")


def _locale(language: str) -> str:
    return _LOCALES.get(language, language)


def load_words(text: str) -> dict[str, str]:
    """Read a file of words: flat TOML, key = "words".

    Raises:
        ValueError: it is not TOML.
    """
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def unfilled(text: str, words: Mapping[str, str], shipped: Mapping[str, str]) -> tuple[int, str] | None:
    """The line of a file of words, and what is wrong: the first `{name}` that nothing fills in; None if there is none.

    What a word is given is known from the word that ships. Keys of one's own belong to templates of one's own.
    """
    for key in (key for key in words if key in shipped):
        known = _PLACE.findall(shipped[key])
        strange = next((place for place in _PLACE.findall(words[key]) if place not in known), "")
        if strange:
            lines = enumerate(text.split("\n"), 1)
            line = next((at for at, line in lines if re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line)), 1)
            there = f"there is: {', '.join(known)}" if known else "there is none, so take it out"
            return line, f"“{key}” holds {strange}, which nothing fills in; {there}"
    return None


def unreadable(path: str, error: ValueError) -> str:
    """Why a TOML file cannot be read, in one sentence."""
    found = _TOML_SAYS.fullmatch(str(error))
    if found is None:
        return f"{path} cannot be read: {error}"
    place = f"{path}:{found['line']}" if found["line"] else path
    if _OPEN_QUOTE.match(found["what"]):
        return f"{place}: a closing quotation mark is missing" + ("" if found["line"] else " at its end")
    return f"{place} cannot be read: {found['what']}"


def load_theme(text: str) -> dict[str, str]:
    """Read the design tokens: flat TOML.

    Raises:
        ValueError: it is not TOML.
    """
    return {key: str(value) for key, value in tomllib.loads(text).items()}


def date_long(day: date, language: str) -> str:
    """Donderdag 13 juni 2019."""
    return format_date(day, "EEEE d MMMM y", locale=_locale(language))


def date_short(day: date, language: str) -> str:
    """Donderdag 13 juni."""
    return format_date(day, "EEEE d MMMM", locale=_locale(language))


def day_month(day: date, language: str) -> str:
    """13 juni."""
    return format_date(day, "d MMMM", locale=_locale(language))


def day_span(first: date, last: date, link: str, language: str, *, year: bool = False) -> str:
    """Two days around `link`: 10 en 11 maart, 30 maart t/m 2 april; no month or year is said twice."""
    opening = day_month(first, language)
    if (first.year, first.month) == (last.year, last.month):
        opening = str(first.day)
    elif year and first.year != last.year:
        opening = f"{opening} {first.year}"
    return f"{opening} {link} {day_month(last, language)}" + (f" {last.year}" if year else "")


def weekday(day: date, language: str) -> str:
    """Donderdag."""
    return format_date(day, "EEEE", locale=_locale(language))


def month(day: date, language: str) -> str:
    """Juni."""
    return format_date(day, "MMMM", locale=_locale(language))


def weekday_brief(day: date, language: str) -> str:
    """Do."""
    return format_date(day, "EEEEEE" if language == "nl" else "EEE", locale=_locale(language))


def day_month_brief(day: date, language: str) -> str:
    """13 jun, on one line."""
    return format_date(day, f"d'{NO_BREAK_SPACE}'MMM", locale=_locale(language))


def clock(at: datetime | time, language: str) -> str:
    """12.00 in Dutch, 12:00 in English; without "uur"."""
    return f"{at:%H.%M}" if language == "nl" else f"{at:%H:%M}"


def time_range(start: datetime, end: datetime | None, language: str) -> str:
    """12.00–17.00 uur, or 12.00 uur where the end is not known."""
    until = f"–{clock(end, language)}" if end else ""
    return f"{clock(start, language)}{until}" + (" uur" if language == "nl" else "")


def zone_city(zone: str, language: str) -> str:
    """The place by which people know a time zone: "Amsterdam" for Europe/Amsterdam."""
    return get_timezone_location(zone, locale=_locale(language), return_city=True)


def series_of(items: Iterable[str], conjunction: str) -> str:
    """A, B en C."""
    *most, last = items
    return f"{', '.join(most)} {conjunction} {last}" if most else last


def first_sentence(text: str) -> str:
    """The first sentence of a text, on one line."""
    line = " ".join(text.split())
    return re.split(r"(?<=[.?!…])[’”\"']?\s+(?=[‘“\"']?[A-ZÀ-Ý])", line, maxsplit=1)[0]


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words and then ended by an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: text.rfind(" ", 0, limit) if " " in text[:limit] else limit - 1].rstrip(" ,;:–-") + "…"


def preview(sentences: Iterable[str], filler: str) -> str:
    """What a mailbox shows after the subject: the sentences, and the filler where they are too short for it."""
    text = " ".join(sentences)
    if len(text) < PREVIEW_SHORTEST:
        text = f"{text} {filler}".strip()
    return shorten(text, PREVIEW_LONGEST)


def firm(text: str) -> str:
    """Keep numbers with their words: "13 juni 2019", "17.00 uur", "3511 AA Utrecht" stay on one line."""
    firmed = re.sub(r"(?<=\d) (?=\w)|(?<=[a-z]) (?=\d{4}\b)", NO_BREAK_SPACE, text)
    firmed = re.sub(rf"(?<=\d{NO_BREAK_SPACE}[A-Z]{{2}}) (?=\w)", NO_BREAK_SPACE, firmed)
    return Markup(firmed) if isinstance(text, Markup) else firmed  # noqa: S704 - it was markup before


def put(text: str, **values: str) -> str:
    """Fill the `{name}` places of one of the fixed words."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def fill(text: str, width: int = WIDTH, first: str = "", rest: str = "") -> str:
    """One paragraph in lines of at most `width`; `first` and `rest` open the first line and the others.

    What cannot be broken (a URL, a placeholder) may make its line longer.
    """
    lines: list[str] = []
    line = ""
    for atom in _ATOM.findall(text):
        room = width - len(rest if lines else first)
        if line and len(line) + 1 + len(atom) > room:
            lines.append(line)
            line = atom
        else:
            line = f"{line} {atom}" if line else atom
    lines.append(line)
    filled = "\n".join(f"{rest if at else first}{line}".rstrip() for at, line in enumerate(lines))
    return filled.replace(NO_BREAK_SPACE, " ")


def wrap(text: str, width: int = WIDTH, indent: int = 0) -> str:
    """Reflow paragraphs, which empty lines part; every line is indented."""
    margin = " " * indent
    paragraphs = re.split(r"\n[ \t]*\n", text.strip())
    return "\n\n".join(fill(paragraph, width, margin, margin) for paragraph in paragraphs)


def underline(text: str, sign: str = "=") -> str:
    """A heading: its lines, and a line of `sign` as long as the longest of them."""
    heading = fill(text)
    return f"{heading}\n{sign * max(len(line) for line in heading.splitlines())}" if heading else ""


def cell(text: str, width: int) -> str:
    """Pad to a column; at least one space parts it from the next."""
    return f"{text} ".ljust(width)


def beside(text: str, label: str, column: int = 14, width: int = WIDTH) -> str:
    """A text in a column of its own, its label at the left of the first line."""
    return fill(text, width, cell(label, column), " " * column)


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "firm": firm,
    "put": put,
    "wrap": wrap,
    "underline": underline,
    "cell": cell,
    "beside": beside,
}
