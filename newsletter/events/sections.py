"""Stage 1: the parts of an event document: front matter and texts.

In: the whole text. Out: the YAML and the Markdown texts, each with its line; and back again.

A line such as "# Announcement" or "# Report" (or in Dutch "# Aankondiging", "# Verslag"; in any letter case) starts a
text; `HEADINGS` has them all, and any other heading of level one is taken for a slip. Where such a line belongs to a
text it is written with a backslash before it, and one backslash is taken off when it is read: the way in which
mailboxes keep "From " lines, and as free of loss for every text that there is.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from newsletter.events.notes import Notes, Passage
from newsletter.events.wording import without_marks

#: The texts in the order in which they are written: the field of `Event`, and the heading in each language.
HEADINGS: Mapping[str, Mapping[str, str]] = {
    "announcement": {"nl": "Aankondiging", "en": "Announcement"},
    "practical": {"nl": "Praktisch", "en": "Practical"},
    "change": {"nl": "Wijziging", "en": "Change"},
    "cancellation": {"nl": "Annulering", "en": "Cancellation"},
    "notice": {"nl": "Bericht", "en": "Notice"},
    "report": {"nl": "Verslag", "en": "Report"},
}
#: Of these two the heading is written also where there is no text yet, as a place to write it.
_ALWAYS = ("announcement", "report")
_TEXT_OF = {heading.lower(): name for name, headings in HEADINGS.items() for heading in headings.values()}
_OTHER_HEADINGS = [
    heading for name, headings in HEADINGS.items() if name not in _ALWAYS for heading in headings.values()
]
_HEADING = re.compile(rf"(?P<escape>\\*)#[ \t]+(?P<name>{'|'.join(_TEXT_OF)})[ \t]*", re.IGNORECASE)
#: Every heading of level one, as Markdown reads it.
_ANY_HEADING = re.compile(r"(?P<escape>\\*) {0,3}#[ \t]+(?P<name>\S.*)")


@dataclass(frozen=True, kw_only=True)
class Sections:
    front: str  #: YAML
    front_line: int  #: of the document, 1-based: where the YAML starts
    texts: Mapping[str, Passage]  #: by the names of `HEADINGS`; all of them are there


def split(text: str, notes: Notes) -> Sections | None:
    """The parts of a document; None, and a problem, where there is no front matter or no end to it."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    opening = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[opening].rstrip() != "---":
        notes.problem(
            opening + 1,
            "the document does not start with front matter",
            "start with a line “---” and the line “event: …”",
        )
        return None
    closing = next((at for at, line in enumerate(lines) if at > opening and line.rstrip() == "---"), len(lines))
    text_starts = next((at for at in range(opening, len(lines)) if _separates(lines[at])), len(lines))
    if closing == len(lines) or text_starts < closing:
        notes.problem(
            min(text_starts, len(lines) - 1) + 1,
            "the front matter is not closed before this line",
            "put a line “---” above it",
        )
        return None
    front = without_marks("\n".join(lines[opening + 1 : closing]), opening + 2, notes, is_yaml=True)
    body = without_marks("\n".join(lines[closing + 1 :]), closing + 2, notes, is_yaml=False)
    texts = _split_body(body.split("\n"), closing + 2, notes)
    return Sections(front=front, front_line=opening + 2, texts=texts)


def join(front: str, texts: Mapping[str, str], language: str) -> str:
    """The document that `split` takes apart again; `texts` by the names of `HEADINGS`."""
    written = (
        f"# {headings.get(language, headings['en'])}\n\n{_escape(texts.get(name, ''))}".rstrip("\n")
        for name, headings in HEADINGS.items()
        if texts.get(name) or name in _ALWAYS
    )
    return f"---\n{front}---\n\n" + "\n\n".join(written) + "\n"


def tidy(markdown: str) -> str:
    """A Markdown text without the blank lines around it, which belong to the form of the document, not to the text."""
    text = re.sub(r"\A(?:[ \t]*\n)+|(?:\n[ \t]*)+\Z", "", re.sub("\r\n?", "\n", markdown))
    return text if text.strip() else ""


def _separates(line: str) -> bool:
    match = _HEADING.fullmatch(line)
    return match is not None and not match["escape"]


def _split_body(lines: list[str], first_line: int, notes: Notes) -> dict[str, Passage]:
    starts = [at for at, line in enumerate(lines) if _separates(line)]
    _note_stray_text(lines[: starts[0]] if starts else lines, first_line, notes)
    found: dict[str, Passage] = {}
    for start, end in pairwise([*starts, len(lines)]):
        name = _TEXT_OF[lines[start].strip("# \t").lower()]
        if name in found:
            notes.problem(
                first_line + start, f"“{lines[start].strip()}” stands here a second time", "put the two texts together"
            )
        _note_other_headings(lines[start + 1 : end], first_line + start + 1, notes)
        text = "\n".join(_unescape(line) for line in lines[start + 1 : end])
        found[name] = Passage(text=text, line=first_line + start + 1, is_spread=True)
    nothing = Passage(text="", line=first_line, is_spread=True)
    return {name: found.get(name, nothing) for name in HEADINGS}


def _note_stray_text(lines: list[str], first_line: int, notes: Notes) -> None:
    stray = next((at for at, line in enumerate(lines) if line.strip()), None)
    if stray is not None:
        names = " or ".join(f"“# {heading}”" for name in _ALWAYS for heading in HEADINGS[name].values())
        others = ", ".join(f"“# {heading}”" for heading in _OTHER_HEADINGS)
        notes.problem(
            first_line + stray,
            "this text belongs neither to the announcement nor to the report",
            f"put {names} above it, or the heading of another text: {others}",
        )


def _note_other_headings(lines: list[str], first_line: int, notes: Notes) -> None:
    """ "# Verlag" or "# Programma" would send what follows to everybody who gets the announcement."""
    for number, line in enumerate(lines, first_line):
        heading = _ANY_HEADING.fullmatch(line)
        if heading and not heading["escape"]:
            word = re.split(r"\W", heading["name"].lower(), maxsplit=1)[0]
            near = difflib.get_close_matches(word, list(_TEXT_OF), n=1, cutoff=0.8)
            if near:
                what = f"did you mean “# {near[0].capitalize()}” by “{line.rstrip()}”?"
                notes.problem(number, what, "otherwise start the line with “##”")
            else:
                known = ", ".join(f"“# {heading}”" for headings in HEADINGS.values() for heading in headings.values())
                what = f"“{line.strip()}” is not the heading of a text of the event"
                notes.problem(number, what, f"start the line with “##”, or write one of: {known}")


def _escape(text: str) -> str:
    return "\n".join("\\" + line if _ANY_HEADING.fullmatch(line) else line for line in text.split("\n"))


def _unescape(line: str) -> str:
    return line[1:] if _ANY_HEADING.fullmatch(line) else line
