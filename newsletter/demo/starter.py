"""The event that `newsletter init` puts into a new working folder, to be made one's own.

In: today. Out: an event eight weeks ahead, on a Thursday, in a series with a plan of four mailings. Each text begins
with `STARTER_MARK`, by which a mailing that still holds one of them is recognised; it is held when it is due.
"""

from datetime import date, datetime, time, timedelta

from newsletter.events.event import STARTER_MARK, Event, Mailbox, Part, PartKind, Series, Speaker, Venue, Workshop
from newsletter.events.plan import PlannedMailing, parse_rule

THURSDAY = 3


def starter_event(today: date) -> Event:
    day = today + timedelta(weeks=8)
    day += timedelta(days=(THURSDAY - day.weekday()) % 7)

    def at(hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute))

    plan = (
        ("save-the-date", "Bewaar de datum", "save-the-date", "6 weeks before start at 09:00"),
        ("announcement", "Uitnodiging", "announcement", "4 weeks before start at 09:00"),
        ("practical", "Praktische informatie", "practical", "3 working days before start at 09:00"),
        ("report", "Verslag", "report", "6 days after end at 10:00"),
    )
    series = Series(
        slug="kennisbijeenkomsten",
        name="Kennisbijeenkomsten",
        organisation="Gemeente Voorbeeld",
        contact="bijeenkomsten@example.nl",
        sender=Mailbox(name="Kennisbijeenkomsten", address="bijeenkomsten@nieuwsbrief.example.nl"),
        language="nl",
        timezone="Europe/Amsterdam",
        lists=("voorbeeld",),
        plan=tuple(
            PlannedMailing(name=name, label=label, template=template, when=parse_rule(when))
            for name, label, template, when in plan
        ),
    )
    workshops = (
        Workshop(title="Eerste workshop", room="Zaal 1", speakers=(Speaker(name="Naam Spreker", role="functie"),)),
        Workshop(title="Tweede workshop", room="Zaal 2", speakers=(Speaker(name="Naam Spreker", role="functie"),)),
    )
    return Event(
        slug="kennisbijeenkomst",
        series=series,
        title="Kennisbijeenkomst",
        start=at(13),
        end=at(16, 30),
        audience="medewerkers van gemeenten",
        venue=Venue(name="Stadskantoor", address="Voorbeeldstraat 1", city="Voorbeeld"),
        registration="https://www.example.nl/aanmelden",
        register_until=day - timedelta(days=7),
        programme=(
            Part(kind=PartKind.PLENARY, title="Welkom", start=at(13), end=at(13, 30), room="Grote zaal"),
            Part(kind=PartKind.ROUND, title="Workshops", start=at(13, 30), end=at(15), workshops=workshops),
            Part(kind=PartKind.BREAK, title="Koffie en thee", start=at(15), end=at(15, 30)),
            Part(kind=PartKind.PLENARY, title="Afsluiting", start=at(15, 30), end=at(16, 30), room="Grote zaal"),
        ),
        announcement=f"{STARTER_MARK}: schrijf hier in twee of drie zinnen waar het over gaat "
        "en waarom u uw lezers graag ziet.\n\n"
        "Vertel daarna wat zij kunnen verwachten.",
        practical=f"{STARTER_MARK}: schrijf hier hoe men er komt, waar men zich meldt en wat men meeneemt.",
        takeaways=("het eerste inzicht", "het tweede inzicht"),
        report=f"{STARTER_MARK}: schrijf hier na afloop in twee of drie zinnen wat de middag opleverde.",
    )
