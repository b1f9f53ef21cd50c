"""Stage 4: deliveries that are due become batches, each for one of many workers.

In: how many deliveries are due, by cell, and the batches that wait or are at work. Out: batches for the rest.

A cell is a fixed range of delivery ids. Batches begin and end with a cell, so whether a delivery is in one is told by
its id alone, and two workers that cut at the same moment cut alike.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from newsletter.outbox.delivery import Batch

#: Deliveries in a cell, and in a batch: a second's work or so, so that nobody waits long for who has died.
CELL = 1000


@dataclass(frozen=True, kw_only=True, order=True)
class Cell:
    """What is due among the deliveries `number * CELL` up to the next cell."""

    mailing_id: int
    number: int
    letters: int  #: that are due; never 0

    @property
    def first(self) -> int:
        return self.number * CELL

    @property
    def last(self) -> int:
        return self.first + CELL - 1


def cut(due: Iterable[Cell], given: Iterable[Batch]) -> list[Batch]:
    """Batches for every cell that no given batch covers; neighbours with few letters share one.

    No two batches overlap, new or given, so that each worker has letters of its own.
    """
    taken: dict[int, set[int]] = defaultdict(set)
    for batch in given:
        taken[batch.mailing_id] |= set(range(batch.first // CELL, batch.last // CELL + 1))
    borders = {mailing_id: sorted(numbers) for mailing_id, numbers in taken.items()}
    runs: list[list[Cell]] = []
    for cell in sorted(due):
        if cell.number in taken[cell.mailing_id]:
            continue
        if runs and _may_join(runs[-1], cell, borders.get(cell.mailing_id, [])):
            runs[-1].append(cell)
        else:
            runs.append([cell])
    return [Batch(mailing_id=run[0].mailing_id, first=run[0].first, last=run[-1].last) for run in runs]


def busy(at_work: Iterable[Batch], held: Collection[tuple[int, int]]) -> list[Batch]:
    """Of the batches that should be at work, those in which somebody holds a delivery; `held` is (mailing, cell).

    A worker claims until nothing of its batch is due. One that holds nothing has ended, and could not say so.
    """
    return [
        batch
        for batch in at_work
        if any(
            mailing_id == batch.mailing_id and batch.first // CELL <= number <= batch.last // CELL
            for mailing_id, number in held
        )
    ]


def _may_join(run: Sequence[Cell], cell: Cell, borders: Sequence[int]) -> bool:
    """Whether a cell is of the same mailing, makes no batch too large, and nothing given lies in between."""
    same = run[0].mailing_id == cell.mailing_id
    few = sum(one.letters for one in run) + cell.letters <= CELL
    return same and few and bisect_left(borders, run[-1].number) == bisect_left(borders, cell.number)
