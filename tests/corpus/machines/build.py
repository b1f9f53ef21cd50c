"""Makes the corpus of messages that machines wrote: `python -m tests.corpus.machines.build`.

In: the pieces beside this file: the words of each system and the form it puts them in, written after the documented
formats. Out: <system>/<name>.eml, and what each is in expected.tsv. The files are committed; tests read only those.
"""

import importlib
import pkgutil
import sys
from pathlib import Path

from tests.corpus.machines import pieces
from tests.corpus.machines.pieces.letter import Case

HERE = Path(__file__).parent
COLUMNS = ("file", "language", "source", "kind", "hard", "recipients", "reason", "human")


def cases() -> list[Case]:
    """All cases of all modules that have some, in the order of their names."""
    found: list[Case] = []
    for module in pkgutil.iter_modules(pieces.__path__):
        found += getattr(importlib.import_module(f"{pieces.__name__}.{module.name}"), "CASES", [])
    names = [case.name for case in found]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two cases have the name {', '.join(sorted(doubled))}; give each its own")
    return sorted(found, key=lambda case: case.name)


def row(case: Case) -> str:
    hard = {True: "true", False: "false", None: ""}[case.hard]
    return "\t".join(
        (f"{case.name}.eml", case.language, case.source, case.kind, hard, ",".join(case.recipients), case.reason, "")
    )


def main() -> None:
    for old in HERE.glob("*/*.eml"):
        old.unlink()
    made = cases()
    for case in made:
        file = HERE / f"{case.name}.eml"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(case.raw())
    table = "\n".join(["\t".join(COLUMNS), *map(row, made)]) + "\n"
    (HERE / "expected.tsv").write_text(table, encoding="utf-8")
    sys.stdout.write(f"{len(made)} messages\n")


if __name__ == "__main__":
    main()
