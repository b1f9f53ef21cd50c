"""Preflight, shell: what SpamAssassin thinks of a letter, where it is installed.

In: the bytes of a letter. Out: findings, each rule by its name. Only its local tests run (`-L`): nothing is looked up.
"""

import asyncio
import re
import shutil
from typing import Final

from newsletter.preflight.finding import Finding, Level

SECONDS: Final = 60.0
WARN, LIMIT = 0.5, 5.0  #: points; at the second one SpamAssassin calls it spam
#: Rules about how a letter is made, which are faults whatever they cost.
_FAULTS: Final = re.compile(
    r"MISSING_(?:MID|DATE|SUBJECT|FROM)|INVALID_DATE|MIME_HTML_ONLY|MPART_ALT_DIFF\w*|MIME_BASE64_TEXT|"
    r"MIME_QP_LONG_LINE|HTML_IMAGE_ONLY_\w+|SUBJ_ILLEGAL_CHARS|SUBJ_ALL_CAPS|HTML_MIME_NO_HTML_TAG"
)
#: A line of the report: points, rule, what it is about.
_RULE: Final = re.compile(r"^\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)\s+(.*)$", re.M)
_SCORE: Final = re.compile(r"Content analysis details:\s+\((-?\d+\.\d+) points")
#: A letter that has not been on its way yet lacks what is added there; that says nothing of it.
_NOT_YET: Final = frozenset({"NO_RELAYS", "NO_RECEIVED", "UNPARSEABLE_RELAY", "ALL_TRUSTED"})


def is_installed() -> bool:
    return shutil.which("spamassassin") is not None


async def check_spam(letter: bytes) -> list[Finding]:
    """What it says of a letter; nothing where it is not installed, or takes too long."""
    program = shutil.which("spamassassin")
    if program is None:
        return []
    process = await asyncio.create_subprocess_exec(
        program,
        "-L",
        "-t",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        report, _ = await asyncio.wait_for(process.communicate(letter), SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return []
    return read_report(report.decode("utf-8", "replace"))


def read_report(report: str) -> list[Finding]:
    """Findings from its report: the whole score, and each rule that costs points or names a fault."""
    scored = _SCORE.search(report)
    if scored is None:
        return []
    found, score = [], float(scored[1])
    if score > WARN:
        found.append(
            _finding(
                Level.MUST if score >= LIMIT else Level.SHOULD,
                f"SpamAssassin gives the letter {score} points; {LIMIT} is spam",
                "mend the rules that are named below",
            )
        )
    for points, rule, about in _RULE.findall(report[scored.end() :]):
        is_fault = _FAULTS.fullmatch(rule) is not None
        if rule not in _NOT_YET and (float(points) > 0.1 or is_fault):
            level = Level.SHOULD if is_fault or float(points) >= 1 else Level.HINT
            what = f"SpamAssassin: {rule} ({points} points): {' '.join(about.split())}"
            found.append(_finding(level, what, "see the description of the rule"))
    return found


def _finding(level: Level, what: str, fix: str) -> Finding:
    return Finding(level=level, check="spam", part="headers", what=what, fix=fix, source="SpamAssassin, local tests")
