"""Stage 1: the three parts of an event document: front matter, announcement, report.

In: the whole text. Out: the YAML and the two Markdown texts, each with its line; and back again.

A line "# Announcement" or "# Report" (or in Dutch "# Aankondiging", "# Verslag"; in any letter case) starts a text.
Where such a line belongs to a text it is written with a backslash before it, and one backslash is taken off when it
is read: the way in which mailboxes keep "From " lines, and as free of loss for every text that there is.
"""

import difflib
import re
from dataclasses import dataclass
from itertools import pairwise

from newsletter.events.notes import Notes, Passage
from newsletter.events.wording import without_marks

HEADINGS = {"nl": ("Aankondiging", "Verslag"), "en": ("Announcement", "Report")}
_ANNOUNCEMENT, _REPORT = (tuple(pair[at].lower() for pair in HEADINGS.values()) for at in (0, 1))
_HEADING = re.compile(rf"(?P<escape>\\*)#[ \t]+(?P<name>{'|'.join(_ANNOUNCEMENT + _REPORT)})[ \t]*", re.IGNORECASE)
_ANY_HEADING = re.compile(r"#[ \t]+(?P<name>\w+)[ \t]*#*[ \t]*")


@dataclass(frozen=True, kw_only=True)
class Sections:
    front: str  #: YAML
    front_line: int  #: of the document, 1-based: where the YAML starts
    announcement: Passage
    report: Passage


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
    announcement, report = _split_body(body.split("\n"), closing + 2, notes)
    return Sections(front=front, front_line=opening + 2, announcement=announcement, report=report)


def join(front: str, announcement: str, report: str, language: str) -> str:
    """The document that `split` takes apart again."""
    first, second = HEADINGS.get(language, HEADINGS["en"])
    texts = (f"# {name}\n\n{_escape(text)}".rstrip("\n") for name, text in ((first, announcement), (second, report)))
    return f"---\n{front}---\n\n" + "\n\n".join(texts) + "\n"


def tidy(markdown: str) -> str:
    """A Markdown text without the blank lines around it, which belong to the form of the document, not to the text."""
    text = re.sub(r"\A(?:[ \t]*\n)+|(?:\n[ \t]*)+\Z", "", re.sub("\r\n?", "\n", markdown))
    return text if text.strip() else ""


def _separates(line: str) -> bool:
    match = _HEADING.fullmatch(line)
    return match is not None and not match["escape"]


def _split_body(lines: list[str], first_line: int, notes: Notes) -> tuple[Passage, Passage]:
    starts = [at for at, line in enumerate(lines) if _separates(line)]
    _note_stray_text(lines[: starts[0]] if starts else lines, first_line, notes)
    found: dict[bool, Passage] = {}
    for start, end in pairwise([*starts, len(lines)]):
        is_report = lines[start].strip("# \t").lower() in _REPORT
        if is_report in found:
            notes.problem(
                first_line + start, f"“{lines[start].strip()}” stands here a second time", "put the two texts together"
            )
        _note_misspelled(lines[start + 1 : end], first_line + start + 1, notes)
        text = "\n".join(_unescape(line) for line in lines[start + 1 : end])
        found[is_report] = Passage(text=text, line=first_line + start + 1, is_spread=True)
    nothing = Passage(text="", line=first_line, is_spread=True)
    return found.get(False, nothing), found.get(True, nothing)


def _note_stray_text(lines: list[str], first_line: int, notes: Notes) -> None:
    stray = next((at for at, line in enumerate(lines) if line.strip()), None)
    if stray is not None:
        names = " or ".join(f"“# {name}”" for pair in HEADINGS.values() for name in pair)
        notes.problem(
            first_line + stray,
            "this text belongs neither to the announcement nor to the report",
            f"put {names} above it",
        )


def _note_misspelled(lines: list[str], first_line: int, notes: Notes) -> None:
    """ "# Verlag" would send the report to everybody who gets the announcement."""
    for number, line in enumerate(lines, first_line):
        if heading := _ANY_HEADING.fullmatch(line):
            near = difflib.get_close_matches(heading["name"].lower(), _ANNOUNCEMENT + _REPORT, n=1, cutoff=0.8)
            if near:
                notes.problem(
                    number,
                    f"did you mean “# {near[0].capitalize()}” by “{line.strip()}”?",
                    "otherwise start the line with “##”",
                )


def _escape(text: str) -> str:
    return "\n".join("\\" + line if _HEADING.fullmatch(line) else line for line in text.split("\n"))


def _unescape(line: str) -> str:
    return line[1:] if _HEADING.fullmatch(line) else line
