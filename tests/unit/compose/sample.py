"""A rich event, and its poor relations, for the tests of compose."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.compose.context import build_context
from newsletter.compose.inline import inline
from newsletter.compose.templates import Source, Templates
from newsletter.events.event import (
    Attendance,
    Event,
    EventStatus,
    Image,
    Link,
    Mailbox,
    NextDate,
    Part,
    PartKind,
    Series,
    Speaker,
    Venue,
    Workshop,
)

TEMPLATES = Path(__file__).parents[3] / "templates"

ANNOUNCEMENT = """\
Een plan voor de wijk slaagt pas als bewoners meedoen. In deze masterclass vertellen vijf mensen uit de praktijk hoe zij
eigenaren en huurders **in beweging** kregen, en wat daarbij misging.

De middag hoort bij het expertisetraject *Woningmarkt in krimpregio’s*, dat op 2 april begon. U kiest per ronde één
workshop. Neem gerust een vraagstuk uit uw eigen gemeente mee:

- een wijk met gespikkeld bezit;
- een pand dat al jaren leegstaat;
- een aanpak waarvoor het geld nog ontbreekt.

Wie zich wil voorbereiden, leest de [handreiking bewonersparticipatie](https://www.example.nl/handreiking) door.
"""

REPORT = """\
Dertig mensen van gemeenten, corporaties, regio’s en provincies kwamen op donderdag 13 juni bijeen voor de eerste
masterclass. De vraag van de middag: hoe krijgt u bewoners in beweging, als niemand op een verbouwing zit te wachten?

## Workshopronde 1

Jan Rademakers liet zien hoe ingewikkeld herstructurering in Parkstad Limburg is, en hoe open een regio daarover kan
zijn. De Wet voorkeursrecht gemeenten helpt om als eerste een woning te mogen kopen. Zachte middelen doen de rest: waar
een corporatie verduurzaamt, gaat een renovatiemakelaar langs bij de eigenaren ernaast.

> Wie aanbelt, hoort wat er aan de hand is. Wie een brief stuurt, hoort niets.
>
> — een deelnemer uit de tweede ronde

Tegelijk vertelde Andriena Lushtaku-Smedts over het Nationaal Programma Rotterdam Zuid. Op Charlois zoekt zij eigenaren
van panden zelf op. Zo werd een winkel een woning, zonder dat er subsidie aan te pas kwam.

## Workshopronde 2

Gertjan Brand en Stendert de Vries van VersnellingNL begonnen bij de klantreis:

1. eerst telt het gemak, dan pas de woning;
2. de toon hangt af van de doelgroep;
3. de gemeente vult het gat tussen aanbieders en eigenaren.

In de andere zaal legde Jeroen Huijben uit wat de Aanvullingswet grondeigendom vanaf 2021 verandert. De
[presentatie over voorkeursrecht en onteigening](https://www.example.nl/presentatie-grondeigendom.pdf) staat op de
website.

## Vervolg

In het najaar volgen nog twee masterclasses, [[ subscriber.name | default('lezer', true) ]]. De data staan hieronder.
"""

SERIES = Series(
    slug="krimpregios",
    name="Woningmarkt in krimpregio’s",
    contact="masterclass@example.nl",
    sender=Mailbox(name="Expertisetraject krimpregio’s", address="nieuws@example.nl"),
    language="nl",
    timezone="Europe/Amsterdam",
    lists=("deelnemers",),
    organisation="het Expertisetraject Woningmarkt in krimpregio’s",
    about="Gemeenten, corporaties en provincies leren in dit traject *van elkaar* hoe een woningmarkt krimpt.",
    website="https://www.example.nl/krimpregios",
)


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(2019, 6, 13, hour, minute)


PROGRAMME = (
    Part(kind=PartKind.LUNCH, title="Netwerklunch", start=_at(12), end=_at(13), room="Foyer"),
    Part(
        kind=PartKind.PLENARY,
        title="Welkom en aftrap",
        start=_at(13),
        end=_at(13, 20),
        room="Grote zaal",
        abstract="Waar staat het traject, en wat vroegen de deelnemers op 2 april?",
    ),
    Part(
        kind=PartKind.ROUND,
        title="Workshopronde 1",
        start=_at(13, 30),
        end=_at(14, 45),
        workshops=(
            Workshop(
                title="Herstructurering in Parkstad Limburg",
                room="Zaal 1",
                abstract="Harde en zachte instrumenten, van voorkeursrecht tot renovatiemakelaar.",
                speakers=(Speaker(name="Jan Rademakers", organisation="regio Parkstad Limburg"),),
            ),
            Workshop(
                title="Particuliere woningen op Rotterdam Zuid",
                room="Zaal 2",
                abstract="Hoe u eigenaren persoonlijk opzoekt, en wat dat oplevert voor een wijk als Charlois.",
                speakers=(
                    Speaker(
                        name="Andriena Lushtaku-Smedts",
                        role="programmamanager",
                        organisation="gemeente Rotterdam",
                    ),
                ),
            ),
        ),
    ),
    Part(kind=PartKind.BREAK, title="Pauze", start=_at(14, 45), end=_at(15, 15)),
    Part(
        kind=PartKind.ROUND,
        title="Workshopronde 2",
        start=_at(15, 15),
        end=_at(16, 30),
        workshops=(
            Workshop(
                title="Verduurzamen begint bij de klantreis",
                room="Zaal 1",
                abstract="De gemeente als aanjager tussen aanbieders en eigenaren.",
                speakers=(
                    Speaker(name="Gertjan Brand", organisation="coöperatie VersnellingNL"),
                    Speaker(name="Stendert de Vries", organisation="coöperatie VersnellingNL"),
                ),
            ),
            Workshop(
                title="Aanvullingswet grondeigendom",
                room="Zaal 2",
                abstract="Afwijken van landelijke regels, voorkeursrecht, onteigening en kostenverhaal.",
                speakers=(Speaker(name="Jeroen Huijben", organisation="ministerie van BZK"),),
            ),
        ),
    ),
    Part(kind=PartKind.PLENARY, title="Napraten met een drankje", start=_at(16, 30), end=_at(17)),
)

MASTERCLASS = Event(
    slug="bewoners-in-beweging",
    series=SERIES,
    title="Masterclass Bewoners in beweging",
    subtitle="Hoe krijgt u eigenaren en huurders mee?",
    start=_at(12),
    end=_at(17),
    audience="Beleidsmakers van gemeenten, corporaties, regio’s en provincies",
    venue=Venue(
        name="Vergadercentrum De Plaats",
        address="Voorbeeldplein 1",
        city="3511 AA Utrecht",
        url="https://www.example.nl/de-plaats/route",
    ),
    registration="https://www.example.nl/aanmelden",
    register_until=date(2019, 6, 3),
    programme=PROGRAMME,
    images=(
        Image(
            url="https://www.example.nl/foto-640.jpg",
            alt="Deelnemers in gesprek aan lange tafels in een lichte zaal",
            caption="De netwerklunch, waar de middag begon.",
            large="https://www.example.nl/foto-groot.jpg",
        ),
    ),
    attendance=(
        Attendance(kind="gemeenten", count=13),
        Attendance(kind="corporaties", count=8),
        Attendance(kind="regio’s", count=5),
        Attendance(kind="provincies", count=4),
    ),
    next_dates=(
        NextDate(title="Masterclass Leegstand", day=date(2019, 10, 3), place="Heerlen"),
        NextDate(title="Masterclass Geld en grond", season="najaar 2019"),
    ),
    links=(
        Link(title="Programma van de middag (pdf, 2 pagina’s)", url="https://www.example.nl/programma.pdf"),
        Link(title="Presentatie Parkstad Limburg (pdf)", url="https://www.example.nl/parkstad.pdf"),
    ),
    announcement=ANNOUNCEMENT,
    report=REPORT,
)

CANCELLED = replace(MASTERCLASS, status=EventStatus.CANCELLED)
SEASON = replace(MASTERCLASS, start=None, end=None, season="najaar 2019", programme=())
NO_DATE = replace(MASTERCLASS, start=None, end=None, programme=(), register_until=None)
NO_VENUE = replace(MASTERCLASS, venue=None)
NO_PROGRAMME = replace(MASTERCLASS, programme=())
ONLINE = replace(MASTERCLASS, venue=Venue(online="https://vergaderen.example.nl/zaal"))
HYBRID = replace(
    MASTERCLASS,
    venue=Venue(name="De Plaats", city="Utrecht", url="https://www.example.nl/route", online="https://v.example.nl/z"),
)
ENGLISH = replace(MASTERCLASS, series=replace(SERIES, language="en", name="Shrinking regions"))
BARE = Event(
    slug="kaal",
    title="Lezing",
    series=replace(SERIES, about="", website="", organisation=""),
)
TWO_DAYS = replace(
    MASTERCLASS,
    end=datetime(2019, 6, 14, 16),
    programme=(
        *PROGRAMME,
        Part(
            kind=PartKind.PLENARY,
            title="Tweede dag: excursie",
            start=datetime(2019, 6, 14, 9),
            end=datetime(2019, 6, 14, 16),
            speakers=(Speaker(name="Gids"),),
        ),
    ),
)

VARIANTS: Mapping[str, Event] = {
    "masterclass": MASTERCLASS,
    "cancelled": CANCELLED,
    "season": SEASON,
    "no date": NO_DATE,
    "no venue": NO_VENUE,
    "no programme": NO_PROGRAMME,
    "online": ONLINE,
    "hybrid": HYBRID,
    "english": ENGLISH,
    "bare": BARE,
    "two days": TWO_DAYS,
}

_SECOND_STAGE = {
    "block_start_string": "[%",
    "block_end_string": "%]",
    "variable_start_string": "[[",
    "variable_end_string": "]]",
    "comment_start_string": "\x00[#",
    "comment_end_string": "#]\x00",
}


def first_stage(event: Event, template: str, label: str = "") -> Source:
    """A letter before premailer."""
    templates = Templates([TEMPLATES])
    language = event.series.language
    context = build_context(event, label=label, words=templates.words(language), theme=templates.theme())
    return templates.render(template, context)


def letter(event: Event, template: str, *, name: str = "Anna de Vries", label: str = "") -> Source:
    """A letter as one recipient gets it: both stages, CSS inlined."""
    source = first_stage(event, template, label)
    return Source(
        subject=_addressed(source.subject, name, escape=False),
        html=_addressed(inline(source.html), name, escape=True),
        text=_addressed(source.text, name, escape=False),
    )


def _addressed(text: str, name: str, *, escape: bool) -> str:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=escape, keep_trailing_newline=True, **_SECOND_STAGE
    )
    return environment.from_string(text).render(
        subscriber={"name": name, "address": "anna@example.org"},
        links={"unsubscribe": "https://post.example.nl/afmelden/Zm9vYmFyYmF6"},
    )
