"""Preflight: one thing that a check found.

In: nothing; these are the nouns of this stage. Out: frozen values, their order, and their form as JSON.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: A longer excerpt does not help to find the place.
EXCERPT: Final = 80
#: Opaque ids of recipients that are named; more are only counted.
NAMED: Final = 5


class Level(StrEnum):
    MUST = "must"  #: it does not work or may not be; it stops a schedule
    SHOULD = "should"  #: some readers will notice
    HINT = "hint"  #: advice; never in the way


#: The parts of a mailing, in the order in which people read about them.
PARTS: Final = ("event", "subject", "preheader", "html", "images", "text", "calendar", "headers", "recipients")
_LEVELS: Final = tuple(Level)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong, where, and how to mend it; each of the two sentences without a full stop."""

    level: Level
    check: str  #: id of the check, stable: "contrast-dark"
    part: str  #: one of PARTS
    what: str
    fix: str
    line: int = 0  #: 1-based, in that part as composed; 0 is the whole part
    excerpt: str = ""  #: at most EXCERPT characters of the place, by which a page finds it
    source: str = ""  #: the rule: "WCAG 1.4.3", "caniemail css-display-flex"
    recipients: tuple[str, ...] = ()  #: opaque ids, at most NAMED; how many there are stands in `what`

    def __str__(self) -> str:
        place = f"{self.part}:{self.line}" if self.line else self.part
        shown = f" “{self.excerpt}”" if self.excerpt else ""
        return f"{place}:{shown} {self.what}; {self.fix}"


def ordered(findings: list[Finding]) -> list[Finding]:
    """By level, then by place; the same findings always in the same order."""

    def place(finding: Finding) -> tuple[int, int, int, str, str]:
        part = PARTS.index(finding.part) if finding.part in PARTS else len(PARTS)
        return _LEVELS.index(finding.level), part, finding.line, finding.check, finding.what

    return sorted(findings, key=place)


def stopping(findings: list[Finding]) -> list[Finding]:
    """Those that stop a schedule."""
    return [finding for finding in findings if finding.level is Level.MUST]


def short(text: str) -> str:
    """An excerpt: on one line, cut to EXCERPT characters."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"


def to_json(finding: Finding) -> dict[str, object]:
    """The finding as JSON holds it."""
    return {
        "level": finding.level.value,
        "check": finding.check,
        "part": finding.part,
        "line": finding.line,
        "excerpt": finding.excerpt,
        "what": finding.what,
        "fix": finding.fix,
        "source": finding.source,
        "recipients": list(finding.recipients),
    }
