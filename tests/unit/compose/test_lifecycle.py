"""From save-the-date to cancellation: each letter's calendar replaces the one before it, read from the wire."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.templates import Templates
from newsletter.events.event import Event, EventStatus
from newsletter.events.revision import next_sequence
from tests.unit.compose.calendars import Told, kept, told
from tests.unit.compose.reader import parameters, read
from tests.unit.compose.sample import MASTERCLASS, TEMPLATES
from tests.unit.compose.test_letter import recipient
from tests.world import NOW

PERSON = recipient("Zoë Voorbeeld", address="zoe@example.org")


def life() -> Sequence[tuple[str, Event]]:
    """An event is announced, moved by a week, and called off; the store counts what changes."""
    first = replace(MASTERCLASS, uid="masterclass@example.nl")
    assert first.start is not None
    assert first.end is not None
    week = timedelta(weeks=1)
    moved = replace(first, start=first.start + week, end=first.end + week, programme=(), change="Een week later.")
    moved = replace(moved, sequence=next_sequence(first, moved))
    off = replace(moved, status=EventStatus.CANCELLED, cancellation="De zaal is dicht.")
    off = replace(off, sequence=next_sequence(moved, off))
    return [("save-the-date", first), ("announcement", first), ("changed", moved), ("cancelled", off)]


def sent(*, invites: bool) -> list[Told]:
    """What the letters of that life tell one person's calendar, in the order in which they were composed."""
    templates, found = Templates([TEMPLATES]), []
    for day, (template, event) in enumerate(life()):
        order = Order(slug=f"masterclass/{template}", template=template, label="", invites=invites)
        mailing = compose(event, order, templates, now=NOW + timedelta(days=day))
        parts = read(Letter(mailing).address(PERSON)).all()
        [inside], [file] = (
            [part for part in parts if part.media_type == kind] for kind in ("text/calendar", "application/ics")
        )
        assert inside.content == file.content
        found.append(told(inside.content.decode()))
        assert parameters(inside.fields["content-type"])["method"] == found[-1].method
    return found


@pytest.mark.parametrize(
    ("invites", "methods", "attendees"),
    [
        (False, ["PUBLISH", "PUBLISH", "PUBLISH", "CANCEL"], ()),
        (True, ["REQUEST", "REQUEST", "REQUEST", "CANCEL"], (("Zoë Voorbeeld", "mailto:zoe@example.org"),)),
    ],
)
def test_each_letter_replaces_the_calendar_of_the_one_before_it(
    invites: bool, methods: list[str], attendees: tuple[tuple[str, str], ...]
) -> None:
    files = sent(invites=invites)
    assert [file.method for file in files] == methods
    assert {file.uid for file in files} == {"masterclass@example.nl"}
    assert [file.sequence for file in files] == [0, 0, 1, 2]
    assert {file.attendees for file in files} == {attendees}
    assert {file.organizer[1] for file in files} == {f"mailto:{MASTERCLASS.series.contact}"}
    assert files[2].start - files[1].start == timedelta(weeks=1)
    assert [file.status for file in files] == ["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"]
    for upto in range(1, len(files) + 1):
        assert {kept(arrived) for arrived in permutations(files[:upto])} == {files[upto - 1]}
