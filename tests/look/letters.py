"""Every letter that is looked at: each template × theme × language, of an event that has everything.

In: the shipped templates; the shipped Dutch sample and the English one beside this file. Out: `Received`: what one
recipient gets, after both stages, inlined, as html, as text and as it goes over the wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import newsletter
from newsletter.compose.around import Around
from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.templates import Templates
from newsletter.events import document
from newsletter.events.event import Event, EventStatus, Speaker, Venue

PACKAGE = Path(newsletter.__file__).parent
SHIPPED = PACKAGE.parent / "templates"
DOCUMENTS: Mapping[str, Path] = {
    "nl": PACKAGE / "demo/files/masterclass-bewoners-in-beweging.md",
    "en": Path(__file__).parent / "event-en.md",
}
TEMPLATES = Templates([SHIPPED])
NAMES = TEMPLATES.names()
THEMES = tuple(sorted(path.stem for path in (SHIPPED / "themes").glob("*.toml")))
LANGUAGES = tuple(sorted(DOCUMENTS))
PUBLIC_URL = "https://post.example.org"
LOGO = ("logo", "https://www.example.org/logo.png"), ("logo_width", "160"), ("logo_height", "40")


@dataclass(frozen=True)
class Specimen:
    """One letter of the set; the cheapest thing to name it by."""

    template: str
    theme: str
    language: str
    stretched: bool = False  #: every short text of the event holds a word that is wider than a phone

    def __str__(self) -> str:
        return f"{self.template}-{self.theme}-{self.language}"


SPECIMENS = tuple(Specimen(name, theme, one) for name in NAMES for one in LANGUAGES for theme in THEMES)
#: Where the theme makes no difference, one of each is enough.
PLAIN_SPECIMENS = tuple(one for one in SPECIMENS if one.theme == THEMES[0])


@dataclass(frozen=True)
class Received:
    """A letter as one recipient has it."""

    html: str
    text: str
    wire: bytes


@cache
def received(specimen: Specimen) -> Received:
    return _addressed(specimen, composed(specimen))


def before_inlining(specimen: Specimen) -> str:
    """The html of the same letter, its style sheets not yet applied."""
    return _addressed(specimen, replace(composed(specimen), html=composed(specimen, draft=True).html)).html


def _addressed(specimen: Specimen, mailing: Mailing) -> Received:
    letter = Letter(mailing, one_click=True)
    contact = mailing.contact
    recipient = Recipient(
        id="1",
        address="zoe.vanthof@example.nl",
        name="Zoë van ’t Hof-D'Août",
        attributes={},
        message_id=f"{specimen}@{letter.domain}",
        unsubscribe=(f"{PUBLIC_URL}/u/a1b2c3d4e5f6", f"mailto:{contact}?subject=unsubscribe%20a1b2c3d4e5f6"),
        date=_now(_event(specimen)),
    )
    _, html, text = letter.plain(recipient)
    return Received(html=html, text=text, wire=letter.address(recipient))


@cache
def composed(specimen: Specimen, *, draft: bool = False) -> Mailing:
    event = _event(specimen)
    order = Order(slug=f"{event.slug}/{specimen.template}", template=specimen.template, label="")
    return compose(event, order, TEMPLATES, now=_now(event), draft=draft, around=_around(event))


@cache
def full_event(language: str) -> Event:
    """An event with a value for everything that a letter can show."""
    path = DOCUMENTS[language]
    event = document.read(path.read_text(encoding="utf-8"), path.name)
    return _completed(event) if language == "nl" else event


def key_text(specimen: Specimen) -> tuple[str, ...]:
    """What nobody may miss, whatever the mail program leaves out."""
    event = _event(specimen)
    series = event.series
    titles = {"digest": series.name, "next": _LATER[specimen.language][0]}
    return (titles.get(specimen.template, event.title), series.organisation, series.contact)


def _event(specimen: Specimen) -> Event:
    event = full_event(specimen.language)
    status = EventStatus.CANCELLED if specimen.template == "cancelled" else event.status
    logo = LOGO if specimen.language == "en" else ()
    if specimen.stretched:
        event = _stretched(event)
    theme = (("base", specimen.theme), *logo, *((("logo_alt", event.series.organisation),) if logo else ()))
    return replace(event, status=status, series=replace(event.series, theme=theme))


def _now(event: Event) -> datetime:
    assert event.start is not None
    return (event.start - timedelta(weeks=6)).replace(hour=7, minute=0, tzinfo=UTC)


def _around(event: Event) -> Around:
    """People were told of another day and place; and the series goes on."""
    assert event.start is not None
    assert event.end is not None
    week = timedelta(weeks=1)
    told = replace(event, start=event.start - week, end=event.end - week, venue=_OTHER_PLACE[event.series.language])
    later = [
        replace(
            event,
            slug=f"later-{number}",
            title=title,
            subtitle="",
            announcement=_LATER_TEXT[event.series.language],
            start=event.start + 9 * number * week,
            end=event.end + 9 * number * week,
            register_until=None,
            venue=_OTHER_PLACE[event.series.language],
        )
        for number, title in enumerate(_LATER[event.series.language], 1)
    ]
    return Around(before=told, agenda=(event, *later), public_url=PUBLIC_URL)


LONG = "Bestuursrechtspraakcommissievergaderingsnotulen"


def _stretched(event: Event) -> Event:
    host = Speaker(name=LONG, role=LONG, organisation=LONG, photo=_PORTRAIT)
    return replace(
        event,
        title=LONG,
        subtitle=LONG,
        audience=LONG,
        venue=Venue(name=LONG, address=LONG, city=LONG),
        programme=tuple(
            replace(
                part,
                title=LONG,
                room=LONG,
                speakers=(host,),
                workshops=tuple(replace(one, title=LONG, room=LONG, speakers=(host,)) for one in part.workshops),
            )
            for part in event.programme
        ),
        attendance=tuple(replace(one, kind=f"{LONG} {one.kind}") for one in event.attendance),
        next_dates=tuple(replace(one, title=LONG, place=LONG) for one in event.next_dates),
        links=tuple(replace(one, title=f"{LONG} {one.title}", detail=LONG) for one in event.links),
        images=tuple(replace(one, alt=LONG, caption=LONG) for one in event.images),
        takeaways=(LONG,),
        announcement=f"{LONG}\n\n## {LONG}\n\n- {LONG}\n\n> {LONG}\n\n`{LONG}`",
        report=f"{LONG}\n\n1. {LONG}\n   - {LONG}\n\n### {LONG}\n\n    {LONG} {LONG}",
        series=replace(event.series, name=LONG, organisation=LONG, about=LONG, contact=f"{LONG.lower()}@example.nl"),
    )


_OTHER_PLACE = {
    "nl": Venue(name="Bibliotheek De Letterkast", address="Voorbeeldkade 3", city="Heerlen"),
    "en": Venue(name="Sample Street Library", address="2 Sample Street", city="Gateshead"),
}
_LATER = {
    "nl": ("Masterclass ‘Leegstand als kans’", "Masterclass ‘Rekenen aan de wijk’"),
    "en": ("Masterclass ‘Benches and where to put them’", "Masterclass ‘Schools in the street’"),
}

_LATER_TEXT = {
    "nl": "Ook deze middag zijn er workshops van mensen uit de praktijk, en is er tijd om elkaar te spreken.\n\n"
    "Neem een vraag uit uw eigen gemeente mee.",
    "en": "Another afternoon with workshops by people who do the work, and time to talk to one another.\n\n"
    "Bring a question of your own.",
}


def _completed(event: Event) -> Event:
    """The Dutch sample with what it does not say itself; what it says stays."""
    first, *others = event.programme
    host = Speaker(name="Mirjam van den Oudenhoven-Bezuidenhout", role="dagvoorzitter", photo=_PORTRAIT)
    programme = (first, *(replace(part, speakers=part.speakers or _of_plenary(part.title, host)) for part in others))
    return replace(
        event,
        programme=programme,
        takeaways=event.takeaways or _TAKEAWAYS,
        practical=event.practical or _PRACTICAL,
        change=event.change or _CHANGE,
        cancellation=event.cancellation or _CANCELLATION,
        notice=event.notice or _NOTICE,
        links=tuple(replace(link, detail=link.detail or "pdf, 1,2 MB") for link in event.links),
    )


def _of_plenary(title: str, host: Speaker) -> tuple[Speaker, ...]:
    return (host,) if title.startswith("Welkom") else ()


_PORTRAIT = "https://www.example.nl/krimpregios/spreker/dagvoorzitter.jpg"
_TAKEAWAYS = (
    "Gebruik wettelijke en **zachte** instrumenten naast elkaar.",
    "Ga zelf bij eigenaren langs.",
    "Begin bij de bewoner en pas daarna bij de woning.",
)
_PRACTICAL = """\
Alles wat u op de dag zelf nodig hebt. De deuren gaan open om 11.45 uur.

## Hoe u er komt

De Werkbank ligt op tien minuten lopen van het station. Bekijk de [route](https://www.example.nl/de-werkbank/route).

- Er is een lift naar elke verdieping.
- De lunch is vegetarisch.
"""
_CHANGE = """\
De bibliotheek bleek te klein voor iedereen die zich had aangemeld. Daarom komen wij een week later bij elkaar, in een
grotere zaal.

Uw aanmelding blijft geldig. Als de nieuwe dag u schikt, hoeft u niets te doen.
"""
_CANCELLATION = """\
Twee sprekers zijn ziek, en zonder hen blijft er van de middag te weinig over. Het spijt ons dat wij u dit zo laat
vertellen.

Wij zoeken een nieuwe dag in het najaar. Wie zich had aangemeld, hoort die als eerste.
"""
_NOTICE = """\
De presentaties van de aftrap staan op een nieuw adres. De oude links werken tot het einde van de maand.

U vindt alles op [de website van het traject](https://www.example.nl/krimpregios).
"""
