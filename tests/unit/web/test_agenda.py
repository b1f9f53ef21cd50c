"""The calendar part is told as a calendar program would show it."""

from datetime import datetime

import pytest

from newsletter.compose.calendar import calendar_file
from newsletter.web.agenda import Property, properties, read
from tests.world import NOW, event


def calendar(*lines: str, method: str = "REQUEST") -> str:
    inner = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n{inner}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_the_file_of_an_event_is_read_back() -> None:
    found = read(calendar_file(event(), stamp=NOW, domain="nieuwsbrief.example.nl"))
    assert found is not None
    assert found.method == "PUBLISH"
    assert found.summary == event().title
    assert (found.start, found.end, found.zone) == (
        datetime(2026, 4, 23, 13),
        datetime(2026, 4, 23, 16),
        "Europe/Amsterdam",
    )
    assert "Stadskantoor" in found.location
    assert found.uid
    assert found.sequence == "0"


def test_an_invitation_names_who_invites_and_who_is_invited() -> None:
    found = read(
        calendar(
            "ORGANIZER;CN=Kennisdagen:mailto:vragen@example.nl",
            'ATTENDEE;CN="Hof, Zoë";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:MAILTO:zoe@example.nl',
            "BEGIN:VALARM",
            "TRIGGER:-P1D",
            "SUMMARY:van het alarm",
            "END:VALARM",
            "SUMMARY:Dag\\, en meer",
        )
    )
    assert found is not None
    assert found.organizer == "Kennisdagen <vragen@example.nl>"
    assert found.attendees == ("Hof, Zoë <zoe@example.nl> (NEEDS-ACTION)",)
    assert found.summary == "Dag, en meer"
    assert found.alarm == "-P1D"


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "geen agenda"])
def test_what_holds_no_event_is_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [("20260423", datetime(2026, 4, 23)), ("20260423T110000Z", datetime(2026, 4, 23, 11)), ("x", None)],
)
def test_moments_are_read_in_each_form(value: str, moment: datetime | None) -> None:
    found = read(calendar(f"DTSTART:{value}"))
    assert found is not None
    assert found.start == moment


def test_a_folded_line_is_one_line() -> None:
    assert properties("DESCRIPTION:een\r\n  twee\\nd\r\n rie") == [Property("DESCRIPTION", {}, "een twee\ndrie")]
