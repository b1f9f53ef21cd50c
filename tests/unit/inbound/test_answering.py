"""Which answer wins, on a simulated clock; and whose it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.answering import Answered, Refused, by, is_same_mailbox, only, weigh
from newsletter.inbound.telling.itip import Answer

#: Minutes on the simulated clock.
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
YES = Answer(
    method="REPLY",
    uid="kennisdag@example.nl",
    attendee="jan@example.nl",
    partstat="accepted",
    sent_by="",
    delegated_to="",
    organizer="",
    recurrence="",
    sequence=0,
    stamp=START,
    comment="",
)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def answer(partstat: str, sequence: int | None, minutes: int | None, recurrence: str = "") -> Answer:
    stamp = None if minutes is None else at(minutes)
    return replace(YES, partstat=partstat, sequence=sequence, stamp=stamp, recurrence=recurrence)


def kept(partstat: str, sequence: int, minutes: int) -> Answered:
    return Answered(answer=partstat, sequence=sequence, at=at(minutes))


@pytest.mark.parametrize(
    ("before", "given", "told", "expected"),
    [
        # The first one.
        (None, answer("accepted", 0, 5), 0, ("accepted", 0, 5)),
        (None, answer("declined", 0, 5), None, ("declined", 0, 5)),
        (None, answer("tentative", None, None), None, ("tentative", 0, 60)),
        (None, answer("delegated", 0, 5), 0, ("delegated", 0, 5)),
        # Somebody changes their mind; the later DTSTAMP counts, in whatever order they arrive.
        (kept("accepted", 0, 5), answer("declined", 0, 6), 0, ("declined", 0, 6)),
        (kept("accepted", 0, 5), answer("declined", 0, 4), 0, "older"),
        (kept("declined", 0, 6), answer("accepted", 0, 5), 0, "older"),
        # A calendar that copies the DTSTAMP of the invitation: then the order in which they come in.
        (kept("accepted", 0, 5), answer("declined", 0, 5), 0, ("declined", 0, 5)),
        # The higher SEQUENCE counts, whatever the clocks say.
        (kept("accepted", 1, 50), answer("declined", 0, 55), None, "older"),
        (kept("accepted", 0, 50), answer("declined", 1, 5), 1, ("declined", 1, 5)),
        # They were sent another date: an answer to the old one says nothing of it.
        (None, answer("accepted", 0, 5), 1, "older"),
        (kept("accepted", 0, 5), answer("declined", 0, 6), 2, "older"),
        (kept("accepted", 0, 5), answer("accepted", 2, 6), 2, ("accepted", 2, 6)),
        # SEQUENCE missing: it is about the newest that is known.
        (kept("accepted", 1, 5), answer("declined", None, 6), None, ("declined", 1, 6)),
        (kept("accepted", 0, 5), answer("declined", None, 6), 2, ("declined", 2, 6)),
        (kept("accepted", 1, 5), answer("declined", None, 4), 1, "older"),
        # A version that nobody was sent yet is no version: it must not make the next answer look old.
        (None, answer("accepted", 999, 5), 0, ("accepted", 0, 5)),
        # DTSTAMP missing: when it came in. In the future: the same.
        (kept("accepted", 0, 5), answer("declined", 0, None), 0, ("declined", 0, 60)),
        (kept("accepted", 0, 61), answer("declined", 0, None), 0, "older"),
        (None, answer("accepted", 0, 100_000), 0, ("accepted", 0, 60)),
        # What is no answer to this event.
        (None, answer("accepted", 0, 5, recurrence="20260423T110000Z"), 0, "ignored"),
        (None, answer("needs-action", 0, 5), 0, "ignored"),
        (None, answer("", 0, 5), 0, "ignored"),
        (kept("accepted", 0, 5), answer("x-busy", 0, 6), 0, "ignored"),
    ],
)
def test_of_all_answers_the_newest_about_the_newest_version_counts(
    before: Answered | None, given: Answer, told: int | None, expected: tuple[str, int, int] | str
) -> None:
    found = weigh(given, before, told=told, arrived=at(60))
    if isinstance(expected, str):
        assert isinstance(found, Refused)
        assert found.word == expected
        assert found.why
        assert not found.why.endswith(".")
    else:
        assert found == kept(*expected)


ANSWERS = st.lists(
    st.builds(answer, st.sampled_from(["accepted", "declined", "tentative"]), st.integers(0, 3), st.integers(0, 50)),
    min_size=1,
    max_size=6,
    unique_by=lambda one: (one.sequence, one.stamp),
)


@given(ANSWERS, st.data())
def test_the_order_in_which_answers_come_in_makes_no_difference(answers: list[Answer], data: st.DataObject) -> None:
    last: Answered | None = None
    for one in data.draw(st.permutations(answers)):
        found = weigh(one, last, told=None, arrived=at(60))
        last = found if isinstance(found, Answered) else last
    newest = max(answers, key=lambda one: (one.sequence, one.stamp))
    assert last == Answered(answer=newest.partstat, sequence=newest.sequence or 0, at=newest.stamp or START)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("jan@example.nl", "Jan@Example.NL", True),
        ("jan+nieuws@example.nl", "jan@example.nl", True),
        ("jan+nieuws@example.nl", "JAN+werk@example.nl", True),
        ("jan@münchen.example", "jan@xn--mnchen-3ya.example", True),
        (" jan@example.nl ", "jan@example.nl", True),
        ("jan@example.nl", "jan@example.org", False),
        ("jan@example.nl", "els@example.nl", False),
        ("+a@example.nl", "+b@example.nl", False),
        ("", "", False),
        ("jan", "jan", True),
    ],
)
def test_letter_case_tag_and_spelling_of_the_domain_make_no_other_mailbox(one: str, other: str, same: bool) -> None:
    assert is_same_mailbox(one, other) is same
    assert is_same_mailbox(other, one) is same


def test_of_several_attendees_the_answer_of_this_one_is_taken_and_the_one_about_the_whole_event() -> None:
    once = replace(YES, recurrence="20260423T110000Z", partstat="declined")
    els = replace(YES, attendee="els@example.nl")
    assert by("JAN+x@example.nl", [els, once, YES]) is YES
    assert by("jan@example.nl", [els, once]) is once
    assert by("ali@example.nl", [els, once, YES]) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("jan@example.nl", 1),
        ("JAN+a@example.nl", 2),
        ("jan+c@example.nl", None),
        ("els@example.nl", 3),
        ("x@example.org", None),
    ],
)
def test_an_address_belongs_to_one_person_or_to_nobody(address: str, expected: int | None) -> None:
    people = [(1, "Jan@example.nl"), (2, "jan+a@example.nl"), (3, "els+b@example.nl")]
    assert only(address, people) == expected
