"""Preflight: findings in Dutch, for the preview page.

In: a finding. Out: what is wrong and what to do, in general words; its figures stand in the English sentence, its place
beside it.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from newsletter.preflight.finding import Finding, Level

#: What the levels are called.
LEVELS: Final[Mapping[Level, str]] = {Level.MUST: "moet", Level.SHOULD: "zou moeten", Level.HINT: "tip"}


@cache
def sentences() -> Mapping[str, tuple[str, str]]:
    """By check: what is wrong, and what to do."""
    found = tomllib.loads((Path(__file__).parent / "data" / "words.nl.toml").read_text(encoding="utf-8"))
    return {check: (what, fix) for check, (what, fix) in found.items()}


def dutch(finding: Finding) -> tuple[str, str]:
    """What is wrong and what to do, in Dutch; the English sentences where there are none."""
    return sentences().get(finding.check, (finding.what, finding.fix))
