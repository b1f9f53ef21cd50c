"""The document of the demo, which is also the one that organisers copy from."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import newsletter.demo
from newsletter.events.document import read, write
from newsletter.events.event import Event, NextDate, PartKind
from newsletter.events.plan import Anchor, Rule, Unit

FILE = Path(newsletter.demo.__file__).parent / "files" / "masterclass-bewoners-in-beweging.md"


def sample() -> Event:
    return read(FILE.read_text(encoding="utf-8"), FILE.name)


def test_the_sample_has_four_workshops_in_two_rounds_with_their_rooms_and_speakers() -> None:
    rounds = [part for part in sample().programme if part.kind is PartKind.ROUND]
    found = [
        [
            (workshop.room, [(speaker.name, speaker.organisation) for speaker in workshop.speakers])
            for workshop in part.workshops
        ]
        for part in rounds
    ]
    assert found == [
        [
            ("Lindezaal", [("Jan Rademakers", "regio Parkstad Limburg")]),
            (
                "Kastanjezaal",
                [("Andriena Lushtaku-Smedts", "gemeente Rotterdam / Nationaal Programma Rotterdam Zuid")],
            ),
        ],
        [
            (
                "Lindezaal",
                [("Gertjan Brand", "coöperatie VersnellingNL"), ("Stendert de Vries", "coöperatie VersnellingNL")],
            ),
            ("Kastanjezaal", [("Jeroen Huijben", "ministerie van BZK")]),
        ],
    ]


def test_the_report_of_the_sample_names_every_workshop_and_speaker() -> None:
    event = sample()
    for part in event.programme:
        for workshop in part.workshops:
            assert workshop.title in event.report
            assert all(speaker.name in event.report for speaker in workshop.speakers)


def test_the_sample_is_on_13_june_2019_for_30_people_with_two_more_in_autumn() -> None:
    event = sample()
    assert (event.start, event.end) == (datetime(2019, 6, 13, 12), datetime(2019, 6, 13, 16))
    assert event.register_until == date(2019, 6, 6)
    assert sum(each.count for each in event.attendance) == 30
    assert min(each.count for each in event.attendance) >= 5
    assert event.next_dates == (
        NextDate(title="Tweede masterclass van het expertisetraject", season="najaar 2019"),
        NextDate(title="Derde masterclass van het expertisetraject", season="najaar 2019"),
    )


def test_the_plan_of_the_sample_asks_to_keep_the_day_invites_informs_and_reports() -> None:
    plan = {mailing.name: (mailing.template, mailing.when, mailing.window) for mailing in sample().series.plan}
    at_nine = time(9)
    assert plan == {
        "save-the-date": (
            "save-the-date",
            Rule(amount=-6, unit=Unit.WEEKS, anchor=Anchor.START, at=at_nine),
            timedelta(days=1),
        ),
        "announcement": (
            "announcement",
            Rule(amount=-4, unit=Unit.WEEKS, anchor=Anchor.START, at=at_nine),
            timedelta(days=1),
        ),
        "practical": (
            "practical",
            Rule(amount=-3, unit=Unit.WORKING_DAYS, anchor=Anchor.START, at=at_nine),
            timedelta(hours=6),
        ),
        "report": ("report", Rule(amount=7, unit=Unit.DAYS, anchor=Anchor.END, at=time(10)), timedelta(days=2)),
    }


def test_the_sample_survives_being_written_and_read() -> None:
    event = sample()
    document = write(event)
    assert read(document, "again.md") == event
    assert write(read(document, "again.md")) == document


def test_the_sample_speaks_as_letters_do() -> None:
    event = sample()
    for text in (event.announcement, event.practical, event.report, *event.takeaways):
        assert "!" not in text
        assert "klik hier" not in text.lower()
