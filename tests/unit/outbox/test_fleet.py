"""What a worker of a fleet decides by itself; what it does is in tests/contract/test_fleet.py and tests/e2e."""

from datetime import timedelta

import pytest

from newsletter.errors import StoreError
from newsletter.outbox.fleet import apart
from newsletter.outbox.jobs import missing_steps
from tests.world import NOW


@pytest.mark.parametrize(
    ("before", "theirs", "after", "off"),
    [
        (0, 0, 0, 0),
        (0, 1, 2, 0),  # the answer took two seconds: nothing is known to be wrong
        (10, 4, 12, 6),
        (0, 9, 2, -7),
    ],
)
def test_clocks_are_apart_by_what_the_answer_cannot_explain(before: int, theirs: int, after: int, off: int) -> None:
    moments = (NOW + timedelta(seconds=second) for second in (before, theirs, after))
    assert apart(*moments) == timedelta(seconds=off)


STEPS = ("03.00.00_01_pre", "03.00.00_50_post", "03.04.00_01_pre")


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        ("02.99.00_01_x", list(STEPS)),
        ("03.00.00_01_pre", ["03.00.00_50_post", "03.04.00_01_pre"]),
        ("03.04.00_01_pre", []),
    ],
)
def test_tables_of_an_earlier_queue_take_the_steps_that_they_miss(found: str, missing: list[str]) -> None:
    assert missing_steps(found, STEPS) == missing


def test_tables_of_a_later_queue_are_refused() -> None:
    with pytest.raises(StoreError, match=r"04\.00\.00_01_pre, which is newer than this program knows"):
        missing_steps("04.00.00_01_pre", STEPS)
