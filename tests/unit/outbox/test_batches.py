"""Which deliveries are cut into which batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.outbox.batches import CELL, Cell, busy, cut
from newsletter.outbox.delivery import Batch


def cell(number: int, letters: int = CELL, mailing_id: int = 1) -> Cell:
    return Cell(mailing_id=mailing_id, number=number, letters=letters)


def batch(first: int, last: int, mailing_id: int = 1) -> Batch:
    """A batch from one cell to another, both included."""
    return Batch(mailing_id=mailing_id, first=first * CELL, last=last * CELL + CELL - 1)


@pytest.mark.parametrize(
    ("due", "given_out", "expected"),
    [
        ([], [], []),
        ([cell(0, 1)], [], [batch(0, 0)]),
        ([cell(0), cell(1), cell(2, 300)], [], [batch(0, 0), batch(1, 1), batch(2, 2)]),
        ([cell(0, 300), cell(1, 700), cell(2, 1)], [], [batch(0, 1), batch(2, 2)]),
        ([cell(3, 2), cell(90, 2), cell(7, 2)], [], [batch(3, 90)]),
        ([cell(0), cell(1), cell(2)], [batch(0, 1)], [batch(2, 2)]),
        ([cell(0, 1), cell(4, 1)], [batch(2, 2)], [batch(0, 0), batch(4, 4)]),
        ([cell(0, 1), cell(1, 1, mailing_id=2)], [], [batch(0, 0), batch(1, 1, mailing_id=2)]),
        ([cell(0, 1)], [batch(0, 9, mailing_id=2)], [batch(0, 0)]),
    ],
    ids=[
        "nothing due",
        "one letter",
        "a thousand each",
        "few share one",
        "scattered retries share one",
        "what is at work is left alone",
        "none reaches over another",
        "none holds two mailings",
        "those of another mailing do not count",
    ],
)
def test_batches(due: list[Cell], given_out: list[Batch], expected: list[Batch]) -> None:
    assert cut(due, given_out) == expected


cells = st.builds(cell, st.integers(0, 40), st.integers(1, CELL), st.integers(1, 2))
batches = st.builds(
    lambda first, more, mailing_id: batch(first, first + more, mailing_id),
    st.integers(0, 40),
    st.integers(0, 5),
    st.integers(1, 2),
)


@given(st.lists(cells, unique_by=lambda one: (one.mailing_id, one.number)), st.lists(batches))
def test_every_delivery_that_is_due_is_in_a_batch_and_in_no_two_new_ones(due: list[Cell], old: list[Batch]) -> None:
    new = cut(due, old)

    def holders(one: Cell, among: list[Batch]) -> list[Batch]:
        return [b for b in among if b.mailing_id == one.mailing_id and b.first <= one.first and one.last <= b.last]

    for one in due:
        assert len(holders(one, new)) == (0 if holders(one, old) else 1)
    for each in new:
        assert sum(one.letters for one in due if holders(one, [each])) <= CELL
        others = [other for other in (*old, *new) if other is not each and other.mailing_id == each.mailing_id]
        assert not [other for other in others if other.first <= each.last and each.first <= other.last]


@given(st.lists(cells, unique_by=lambda one: (one.mailing_id, one.number)))
def test_what_was_cut_once_is_not_cut_again(due: list[Cell]) -> None:
    assert cut(due, cut(due, [])) == []


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (set(), []),
        ({(1, 0)}, []),
        ({(1, 1)}, [batch(1, 3)]),
        ({(1, 3), (1, 9)}, [batch(1, 3)]),
        ({(1, 4), (2, 2)}, []),
    ],
    ids=["nobody holds anything", "before it", "in its first cell", "in its last cell", "behind it, and in another"],
)
def test_a_batch_is_at_work_while_somebody_holds_a_delivery_of_it(
    held: set[tuple[int, int]], expected: list[Batch]
) -> None:
    assert busy([batch(1, 3)], held) == expected
