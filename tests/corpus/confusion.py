"""What the classification makes of the corpus: a row for what a message is, a column for what it was taken for.

    python -m tests.corpus.confusion [--write README.md] [--missed]

`--write` puts it into a file, between the lines <!-- confusion --> and <!-- /confusion -->; `--missed` names the
messages that were told wrongly.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.verdict import Kind, Verdict
from tests.corpus.read import Case, cases

BEGIN, END = "<!-- confusion -->", "<!-- /confusion -->"
#: What reaches a person.
KEPT: Final = (Kind.REPLY, Kind.UNSURE)


@dataclass(frozen=True)
class Told:
    """A message, and what it was taken for."""

    case: Case
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        return self.verdict.kind is self.case.kind

    @property
    def names_all(self) -> bool:
        return set(self.case.recipients) <= set(self.verdict.recipients)

    @property
    def is_dropped(self) -> bool:
        """A person wrote it and no person would see it."""
        return self.case.human and self.verdict.kind not in KEPT


def tell_all() -> list[Told]:
    return [Told(case, classify(case.raw)) for case in cases()]


def table(told: Sequence[Told]) -> str:
    """The confusion table and the figures below it, as Markdown."""
    counted = Counter((one.case.kind, one.verdict.kind) for one in told)
    kinds = [kind for kind in Kind if any(kind in pair for pair in counted)]
    head = [
        "is ↓ taken for →",
        *(kind.value.replace("_", " ") for kind in kinds),
        "right",
        "of people: kept",
        "dropped",
    ]
    rows = [_row(kind, kinds, counted, told) for kind in kinds]
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(["\n".join(f"| {' | '.join(cells)} |" for cells in lines), "", figures(told)])


def _row(kind: Kind, kinds: Sequence[Kind], counted: Counter[tuple[Kind, Kind]], told: Sequence[Told]) -> list[str]:
    of = [one for one in told if one.case.kind is kind]
    human = [one for one in of if one.case.human]
    kept = sum(not one.is_dropped for one in human)
    cells = [str(counted[kind, other] or "·") for other in kinds]
    shares = [_share(sum(one.is_right for one in of), len(of)), str(kept or "·"), str(len(human) - kept or "·")]
    return [kind.value.replace("_", " "), *cells, *shares]


def figures(told: Sequence[Told]) -> str:
    """A few sentences with the shares that the classification is measured by."""
    bounces = [one for one in told if one.case.kind is Kind.BOUNCE]
    named = [one for one in told if one.case.recipients]
    right = sum(one.is_right for one in told)
    hard = sum(one.verdict.hard == one.case.hard for one in bounces)
    every = sum(one.names_all for one in named)
    dropped, human = sum(one.is_dropped for one in told), sum(one.case.human for one in told)
    mistaken = sum(one.verdict.kind is Kind.BOUNCE for one in told if one.case.kind is Kind.AUTO_REPLY)
    return (
        f"{len(told)} messages. The kind is right in {_share(right, len(told))}, hard or soft in "
        f"{_share(hard, len(bounces))} of {len(bounces)} bounces, every recipient is named in "
        f"{_share(every, len(named))} of {len(named)}. Of {human} messages of people {dropped} are dropped; {mistaken} "
        f"automatic replies are taken for bounces."
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def written_into(text: str, part: str) -> str:
    """A text with what stands between the two markers replaced.

    Raises:
        ValueError: the markers are not there, in this order.
    """
    begin, end = text.find(BEGIN), text.find(END)
    if not 0 <= begin < end:
        raise ValueError(f"put {BEGIN} and {END} where the table belongs, each on a line of its own")
    return f"{text[: begin + len(BEGIN)]}\n{part}\n{text[end:]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--missed", action="store_true")
    options = parser.parse_args()
    told = tell_all()
    made = table(told)
    sys.stdout.write(f"{made}\n")
    if options.missed:
        for one in told:
            hard = "" if one.verdict.hard == one.case.hard else f" hard {one.verdict.hard}"
            if not one.is_right or hard or not one.names_all:
                sys.stdout.write(
                    f"{one.case.name}: {one.case.kind} taken for {one.verdict.kind}{hard} {one.verdict.recipients} "
                    f"({one.verdict.rule})\n"
                )
    if options.write:
        options.write.write_text(written_into(options.write.read_text("utf-8"), made), "utf-8")


if __name__ == "__main__":
    main()
