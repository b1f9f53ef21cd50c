"""How often one visitor may do something, on a clock that is set by hand."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.public_limit import Limit


def test_so_many_at_once_and_then_one_by_one() -> None:
    limit = Limit(3, 60)
    assert [limit.allows("a", 100) for _ in range(5)] == [True, True, True, False, False]
    assert [limit.allows("a", 120), limit.allows("a", 120)] == [True, False]
    assert [limit.allows("a", 1000) for _ in range(4)] == [True, True, True, False]


def test_one_visitor_takes_nothing_from_another() -> None:
    limit = Limit(1, 60)
    assert [limit.allows(who, 0) for who in ("a", "b", "a", "b")] == [True, True, False, False]


def test_being_refused_does_not_make_the_wait_longer() -> None:
    limit = Limit(1, 60)
    assert limit.allows("a", 0)
    assert not any(limit.allows("a", second) for second in range(1, 30))
    assert limit.allows("a", 60)


def test_it_does_not_grow_with_its_visitors() -> None:
    limit = Limit(2, 60, remembered=100)
    for number in range(5000):
        assert limit.allows(f"198.51.{number % 256}.{number // 256}", 0)
    assert len(limit) == 100


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), st.integers(1, 10))
def test_in_no_span_more_than_twice_the_bucket_passes(waits: list[float], most: int) -> None:
    limit, now, passed = Limit(most, 60), 0.0, list[float]()
    for wait in waits:
        now += wait
        if limit.allows("a", now):
            passed.append(now)
    for first in passed:
        assert sum(first <= at <= first + 60 for at in passed) <= 2 * most + 1
