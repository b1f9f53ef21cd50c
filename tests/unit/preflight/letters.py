"""A small letter in which no check finds anything, and ways to spoil it."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from newsletter.compose.mailing import Mailing, Recipient
from newsletter.events.event import Event, Mailbox, Part, PartKind, Series, Speaker, Venue, Workshop
from newsletter.preflight.run import check
from newsletter.preflight.size import sample_recipient

SUBJECT = "Kennisdag Wonen: donderdag 23 april, Utrecht"
PREHEADER = "Van 13.00 tot 16.30 uur in het Stadskantoor; meld u aan tot en met 16 april."
INTRO = "Op donderdag 23 april 2026 praat u met twee experts over wonen en zorg in uw eigen wijk."
PROSE = (
    "Sanne Willemsen vertelt over een straat in haar wijk. We beginnen om 13.00 uur met koffie. Daarna kiest u een "
    "workshop. Neem gerust een vraag uit uw eigen gemeente mee."
)
WORDS = {"%SUBJECT%": SUBJECT, "%PREHEADER%": PREHEADER, "%INTRO%": INTRO, "%PROSE%": PROSE}
HTML = (Path(__file__).parent / "good.html").read_text(encoding="utf-8")
for mark, words in WORDS.items():
    HTML = HTML.replace(mark, words)
BODY = HTML[HTML.index("<div style") : HTML.index("\n</body>")]
TEXT = """\
Kennisdag Wonen
===============

[% if subscriber.name %]Beste [[ subscriber.name ]][% else %]Beste lezer[% endif %],

Op donderdag 23 april 2026 praat u met twee experts over wonen en zorg
in uw eigen wijk.

Meld u aan:
https://www.gemeente-utrecht.nl/aanmelden

Wat u kunt verwachten
---------------------

Sanne Willemsen vertelt over een straat in haar wijk. We beginnen om
13.00 uur met koffie. Daarna kiest u een workshop. Neem gerust een
vraag uit uw eigen gemeente mee.

Schrijf naar vragen@gemeente-utrecht.nl.

Deze mail is verstuurd door Gemeente Utrecht.
Meld u af voor deze mails:
[[ links.unsubscribe ]]
"""
SERIES = Series(
    slug="kennisdagen",
    name="Kennisdagen",
    organisation="Gemeente Utrecht",
    contact="vragen@gemeente-utrecht.nl",
    sender=Mailbox(name="Kennisdagen", address="kennisdagen@gemeente-utrecht.nl"),
    language="nl",
    timezone="Europe/Amsterdam",
    lists=("gemeenten",),
)
EVENT = Event(
    slug="kennisdag",
    series=SERIES,
    title="Kennisdag Wonen",
    start=datetime(2026, 4, 23, 13),
    end=datetime(2026, 4, 23, 16, 30),
    venue=Venue(name="Stadskantoor", address="Voorbeeldstraat 1", city="3511 AA Utrecht"),
    register_until=date(2026, 4, 16),
    programme=(
        Part(
            kind=PartKind.ROUND,
            title="Workshops",
            start=datetime(2026, 4, 23, 13),
            end=datetime(2026, 4, 23, 15),
            workshops=(
                Workshop(title="Een straat", speakers=(Speaker(name="Sanne Willemsen"),)),
                Workshop(title="Een wet", speakers=(Speaker(name="Jeroen van der Huijben"),)),
            ),
        ),
    ),
)
GOOD = Mailing(
    slug="kennisdag/announcement",
    series="kennisdagen",
    series_name="Kennisdagen",
    template="announcement",
    language="nl",
    sender=SERIES.sender,
    contact=SERIES.contact,
    subject=SUBJECT,
    html=HTML,
    text=TEXT,
)


def spoiled(part: str, *pairs: tuple[str, str]) -> Mailing:
    """The good mailing with something else in one of its parts; what is replaced must have been there."""
    content: str = getattr(GOOD, part)
    for old, new in pairs:
        assert old in content, old
        content = content.replace(old, new)
    match part:
        case "subject":
            return replace(GOOD, subject=content)
        case "html":
            return replace(GOOD, html=content)
        case _:
            return replace(GOOD, text=content)


def said(prose: str, *, in_text: bool = True) -> Mailing:
    """The good mailing with another paragraph of prose in both parts."""
    mailing = spoiled("html", (PROSE, prose))
    start, end = TEXT.index("Sanne"), TEXT.index("Schrijf")
    return replace(mailing, text=f"{TEXT[:start]}{prose}\n\n{TEXT[end:]}") if in_text else mailing


def found(mailing: Mailing, *, event: Event | None = EVENT) -> list[tuple[str, str]]:
    """Level and check of everything that is found."""
    return [(finding.level.value, finding.check) for finding in check(mailing, event=event)]


def person(number: int, name: str = "Anna de Vries", **attributes: str) -> Recipient:
    return sample_recipient(GOOD, name)._replace(id=f"#{number}", attributes=attributes)
