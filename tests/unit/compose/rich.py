"""An event with all that a document can say of it, and what is around it, for the tests of the shipped templates."""

from dataclasses import replace
from datetime import UTC, datetime

from newsletter.compose.around import Around
from newsletter.compose.composer import Order, compose
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Recipient
from newsletter.compose.templates import Source, Templates
from newsletter.events.event import Event, Link, Venue
from tests.unit.compose.sample import MASTERCLASS, SERIES, TEMPLATES

SHIPPED = Templates([TEMPLATES])
NOTHING_AROUND = Around()
PORTRAIT = "https://www.example.nl/portret.jpg"

FULL = replace(
    MASTERCLASS,
    programme=tuple(
        replace(
            part,
            workshops=tuple(
                replace(workshop, speakers=tuple(replace(speaker, photo=PORTRAIT) for speaker in workshop.speakers))
                for workshop in part.workshops
            ),
        )
        for part in MASTERCLASS.programme
    ),
    links=(
        Link(title="Presentatie Parkstad Limburg", url="https://www.example.nl/parkstad.pdf", detail="pdf, 1,2 MB"),
        Link(title="Handreiking bewonersparticipatie", url="https://www.example.nl/handreiking"),
    ),
    takeaways=("Gebruik **zachte instrumenten** naast wettelijke.", "Begin bij de bewoner."),
    practical="Zo komt u er.\n\nHet is tien minuten lopen vanaf het station.\n\n- Neem een legitimatiebewijs mee.",
    change="De masterclass begint een uur later.\n\nUw aanmelding blijft geldig.",
    cancellation="Twee sprekers zijn ziek.\n\nWij zoeken een datum in het najaar.",
    notice="De presentaties staan op de website.\n\nDeel ze gerust met collega’s.",
)
EARLIER = replace(
    FULL,
    start=datetime(2019, 6, 13, 11),
    end=datetime(2019, 6, 13, 16),
    venue=Venue(name="Zalencentrum De Hoek", city="Amersfoort"),
)
LEEGSTAND = replace(
    MASTERCLASS,
    slug="leegstand",
    title="Masterclass Leegstand",
    subtitle="",
    start=datetime(2019, 10, 3, 13),
    end=datetime(2019, 10, 3, 17),
    venue=Venue(city="6411 HL Heerlen"),
    registration="https://www.example.nl/leegstand/aanmelden",
    announcement="Drie gemeenten laten zien hoe een leeg pand weer leven kreeg.\n\nEr is meer.",
)
ONLINE_TOO = replace(
    MASTERCLASS,
    slug="geld",
    title="Masterclass Geld en grond",
    subtitle="Wie betaalt wat?",
    start=datetime(2019, 11, 21, 9, 30),
    end=datetime(2019, 11, 22, 16),
    venue=Venue(online="https://vergaderen.example.nl/geld"),
    registration="",
)
AROUND = Around(before=EARLIER, agenda=(FULL, LEEGSTAND, ONLINE_TOO), public_url="https://post.example.nl")
UNSUBSCRIBE = "https://post.example.nl/afmelden/Zm9vYmFyYmF6"


def sent(
    event: Event, template: str, *, around: Around = AROUND, name: str = "Anna de Vries", theme: str = ""
) -> Source:
    """A letter as the product composes and addresses it, in one of the themes."""
    if theme:
        event = replace(event, series=replace(SERIES, theme=(("base", theme),)))
    moment = datetime(2019, 5, 1, tzinfo=UTC)
    order = Order(slug=f"{event.slug}/{template}", template=template, label="")
    mailing = compose(event, order, SHIPPED, now=moment, around=around)
    recipient = Recipient(
        id="#1",
        address="anna@example.org",
        name=name,
        attributes={},
        message_id="1@example.nl",
        unsubscribe=(UNSUBSCRIBE,),
        date=moment,
    )
    subject, html, text = Letter(mailing).plain(recipient)
    return Source(subject=subject, html=html, text=text)
