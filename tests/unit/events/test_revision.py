"""What differs between two versions of a series, in words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.events.event import Event, EventStatus, Mailbox, Venue
from newsletter.events.revision import empty_lists, next_sequence, remarks, series_change, untold
from tests.world import NOW, PLAN, event, series


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sender": Mailbox(name="A", address="a@example.nl")}, "from Kennisdagen, één team "),
        ({"sender": Mailbox(name="A", address="a@example.nl")}, " -> A <a@example.nl>"),
        ({"website": "https://example.nl"}, "website nothing -> https://example.nl"),
        ({"about": "Wij."}, "another about"),
        ({"plan": (replace(PLAN[0], template="report"), *PLAN[1:])}, "plan: save-the-date changed"),
        ({"plan": PLAN[::-1]}, "plan: another order"),
    ],
)
def test_a_changed_series_says_what_differs(change: dict[str, object], words: str) -> None:
    sentence = series_change(series(), replace(series(), **change), ())  # type: ignore[arg-type]
    assert sentence.startswith("series kennisdagen: ")
    assert words in sentence
    assert "also for" not in sentence


def test_the_same_series_says_nothing() -> None:
    assert series_change(series(), series(), ("tweede",)) == ""


def test_a_first_version_is_number_nought_and_a_new_title_is_no_revision() -> None:
    assert next_sequence(None, event()) == 0
    assert next_sequence(replace(event(), sequence=4), replace(event(), title="Anders")) == 4
    assert next_sequence(replace(event(), sequence=4), replace(event(), end=None)) == 5


ONLINE = Venue(online="https://vergaderen.example.nl/zaal")


@pytest.mark.parametrize(
    ("told", "after", "now", "expected"),
    [
        (None, event(), NOW, ""),
        (event(), event(), NOW, ""),
        (event(), replace(event(), title="Anders", programme=()), NOW, ""),
        (event(), replace(event(), end=None), NOW, "changed"),
        (event(), replace(event(), start=None, end=None, season="najaar 2026"), NOW, "changed"),
        (event(), replace(event(), venue=ONLINE), NOW, "changed"),
        (replace(event(), venue=ONLINE), replace(event(), venue=replace(ONLINE, url="https://example.nl/")), NOW, ""),
        (event(), replace(event(), status=EventStatus.CANCELLED), NOW, "cancelled"),
        (replace(event(), status=EventStatus.CANCELLED), event(), NOW, "changed"),
        # It ended at 16:00 in summer time: a place that is mended for the archive is no news.
        (event(), replace(event(), venue=ONLINE), datetime(2026, 4, 23, 13, 59, tzinfo=UTC), "changed"),
        (event(), replace(event(), venue=ONLINE), datetime(2026, 4, 23, 14, 0, tzinfo=UTC), ""),
    ],
)
def test_people_are_to_be_told_when_what_they_know_is_no_longer_so(
    told: Event | None, after: Event, now: datetime, expected: str
) -> None:
    assert untold(told, after, now) == expected


def test_a_list_is_compared_with_lists_that_have_people() -> None:
    assert empty_lists(["a-lijst", "vol"], {"a-lijst": 0, "b-lijst": 0, "vol": 2}) == ["nobody is on list a-lijst yet"]


AFTERWARDS = datetime(2026, 4, 23, 14, 0, tzinfo=UTC)  #: it ended at 16:00 in summer time
CANCELLED = replace(event(), status=EventStatus.CANCELLED)
LATE = replace(event(), register_until=date(2026, 4, 24))
PAST = "the event lies in the past, on 2026-04-23; if it does not, correct its “start”"
TOO_LATE = "register_until 2026-04-24 is after the event, on 2026-04-23; correct one of them if that is not meant"


@pytest.mark.parametrize(
    ("before", "after", "now", "expected"),
    [
        (None, event(), AFTERWARDS - timedelta(minutes=1), []),
        (None, event(), AFTERWARDS, [PAST]),
        (replace(event(), end=None), event(), AFTERWARDS, [PAST]),
        # The report is written afterwards, in any number of imports.
        (event(), replace(event(), report="Goed.", programme=()), AFTERWARDS, []),
        (None, replace(event(), start=None, end=None, season="najaar 2025"), AFTERWARDS, []),
        (None, LATE, NOW, [TOO_LATE]),
        (event(), LATE, NOW, [TOO_LATE]),
        (LATE, replace(LATE, title="Anders"), NOW, []),
        (None, replace(event(), register_until=date(2026, 4, 23)), NOW, []),
        (None, replace(LATE, end=datetime(2026, 4, 24, 12)), NOW, []),
        (None, LATE, AFTERWARDS, [PAST, TOO_LATE]),
        (None, CANCELLED, NOW, ["the event is now cancelled"]),
        (event(), CANCELLED, NOW, ["the event is now cancelled"]),
        (CANCELLED, replace(CANCELLED, title="Anders"), NOW, []),
        (CANCELLED, event(), NOW, ["the event takes place after all"]),
    ],
)
def test_an_import_says_that_an_event_is_off_and_which_days_may_be_a_slip(
    before: Event | None, after: Event, now: datetime, expected: list[str]
) -> None:
    assert remarks(before, after, now) == expected
