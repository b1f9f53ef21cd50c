"""The corpus: messages, and what each of them is.

In: `machines/` and `people/` beside this file: `<group>/<name>.eml` and one `expected.tsv` each, with the columns file,
language, source, kind, hard, recipients, reason, human. Out: cases.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from newsletter.inbound.telling.verdict import Kind

HERE: Final = Path(__file__).parent
SIDES: Final = ("machines", "people")
COLUMNS: Final = ("file", "language", "source", "kind", "hard", "recipients", "reason", "human")
_HARD: Final = {"true": True, "false": False, "": None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One message of the corpus."""

    side: str  #: machines or people
    file: str  #: "<group>/<name>.eml"
    language: str  #: nl, en, de, fr, or another
    source: str  #: what wrote it: mail system, provider, mail program
    kind: Kind
    hard: bool | None  #: of a bounce
    recipients: tuple[str, ...]  #: whom it is about, in their order
    reason: str  #: empty: not told
    human: bool  #: a person wrote it for a person to read
    raw: bytes

    @property
    def name(self) -> str:
        return f"{self.side}/{self.file}"

    @property
    def group(self) -> str:
        return self.file.partition("/")[0]


@cache
def cases(*sides: str) -> tuple[Case, ...]:
    """Every message of these sides (all of them where none is named), in the order of the tables.

    Raises:
        AssertionError: a table and its folder don't tell the same.
    """
    return tuple(case for side in sides or SIDES for case in _side(side))


def _side(side: str) -> Iterator[Case]:
    folder = HERE / side
    table = folder / "expected.tsv"
    if not table.exists():
        return
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(tuple(row) == COLUMNS for row in rows), f"{table}: the columns are {', '.join(COLUMNS)}"
    named = [row["file"] for row in rows]
    kept = {path.relative_to(folder).as_posix() for path in folder.glob("*/*.eml")}
    assert len(named) == len(set(named)), f"{table}: a file is named twice: {_twice(named)}"
    assert set(named) == kept, f"{table}: only here or only there: {sorted(set(named) ^ kept)[:10]}"
    for row in rows:
        yield _case(side, folder, row)


def _case(side: str, folder: Path, row: dict[str, str]) -> Case:
    return Case(
        side=side,
        file=row["file"],
        language=row["language"],
        source=row["source"],
        kind=Kind(row["kind"]),
        hard=_HARD[row["hard"]],
        recipients=tuple(one.strip() for one in row["recipients"].split(",") if one.strip()),
        reason=row["reason"],
        human=row["human"] == "yes",
        raw=(folder / row["file"]).read_bytes(),
    )


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})[:10]
