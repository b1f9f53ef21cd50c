"""Stage 1, what we write about: series, event, programme.

In: nothing; these are the nouns that a document is read into and that rows are stored from.
Out: frozen values. Times of an event are wall-clock times without offset ("12:00 in Utrecht"); the series says
in which time zone they hold, so that a change of the DST rules does not move an event.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.events.plan import PlannedMailing

#: Stands in the example texts of a new working folder; a letter that holds it is not sent.
STARTER_MARK = "VOORBEELDTEKST"


class EventStatus(StrEnum):
    PLANNED = "planned"  #: it will take place, or has taken place
    CANCELLED = "cancelled"  #: it will not take place; nothing more is sent about it by itself


class PartKind(StrEnum):
    PLENARY = "plenary"  #: everybody together
    ROUND = "round"  #: workshops side by side
    BREAK = "break"
    LUNCH = "lunch"


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """A name and an address: the From of a series."""

    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Speaker:
    name: str
    role: str = ""
    organisation: str = ""
    photo: str = ""  #: https, or the path of a file beside the document; shown 64 CSS pixels wide


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """One of the parallel sessions of a round; it lasts as long as its round unless it has times of its own."""

    title: str
    room: str = ""
    abstract: str = ""  #: Markdown
    speakers: tuple[Speaker, ...] = ()
    start: datetime | None = None  #: wall clock
    end: datetime | None = None  #: wall clock


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of the programme."""

    kind: PartKind
    title: str
    start: datetime  #: wall clock
    end: datetime  #: wall clock
    room: str = ""
    abstract: str = ""  #: Markdown
    speakers: tuple[Speaker, ...] = ()
    workshops: tuple[Workshop, ...] = ()  #: of a round


@dataclass(frozen=True, kw_only=True)
class Venue:
    """A place with an address, an online link, or both (hybrid)."""

    name: str = ""
    address: str = ""  #: street and number
    city: str = ""  #: with postal code if there is one
    url: str = ""  #: how to get there
    online: str = ""  #: the link to take part from a distance


@dataclass(frozen=True, kw_only=True)
class Image:
    url: str  #: https, or the path of a file beside the document ("foto/zaal.jpg")
    alt: str  #: what is to be seen, for who cannot see it
    caption: str = ""
    large: str = ""  #: the large one, as `url`
    width: int = 640  #: CSS pixels
    height: int = 0  #: CSS pixels; 0 is unknown
    inline: bool = False  #: goes with every letter, instead of being fetched when it is read


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """How many came from one kind of organisation."""

    kind: str
    count: int


@dataclass(frozen=True, kw_only=True)
class NextDate:
    """What comes after this event: a day, or only a season ("najaar 2019")."""

    title: str
    day: date | None = None
    season: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """Something to download or to read on."""

    title: str
    url: str
    detail: str = ""  #: what one gets: "pdf, 1,2 MB"


@dataclass(frozen=True, kw_only=True)
class Series:
    slug: str
    name: str
    contact: str  #: the contact mailbox: Reply-To of every letter
    sender: Mailbox  #: From of every letter
    language: str  #: "nl" or "en"
    timezone: str  #: IANA name, such as Europe/Amsterdam: a rule, not an offset
    lists: tuple[str, ...]  #: slugs of the lists that its mailings go to
    organisation: str = ""  #: who sends this, for the footer
    about: str = ""  #: Markdown: who we are
    website: str = ""
    plan: tuple[PlannedMailing, ...] = ()
    theme: tuple[tuple[str, str], ...] = ()  #: `base`, and the tokens in which this series differs from it
    list_id: str = field(default="", compare=False)  #: RFC 2919 §3: stays the same for the life of the list

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, kw_only=True)
class Event:
    slug: str
    series: Series
    title: str
    status: EventStatus = EventStatus.PLANNED
    start: datetime | None = None  #: wall clock; None while no date is known
    end: datetime | None = None  #: wall clock
    season: str = ""  #: "najaar 2019", where there is no date yet
    subtitle: str = ""
    audience: str = ""  #: for whom, in words
    venue: Venue | None = None
    registration: str = ""  #: link to register
    register_until: date | None = None
    programme: tuple[Part, ...] = ()
    images: tuple[Image, ...] = ()
    attendance: tuple[Attendance, ...] = ()
    next_dates: tuple[NextDate, ...] = ()
    links: tuple[Link, ...] = ()
    takeaways: tuple[str, ...] = ()  #: what people take home from it, Markdown of one line each
    announcement: str = ""  #: Markdown, with [[ … ]], as all the texts below
    practical: str = ""  #: what one needs to know to get there
    change: str = ""  #: what has become different, and why
    cancellation: str = ""  #: why it does not take place
    notice: str = ""  #: whatever else there is to tell
    report: str = ""
    uid: str = field(default="", compare=False)  #: RFC 5545 §3.8.4.7: by this, calendars know it for life
    sequence: int = field(default=0, compare=False)  #: revision of date or place, counted by the store

    def has_date(self) -> bool:
        return self.start is not None

    def has_several_days(self) -> bool:
        """Whether a time alone leaves open on which day it is."""
        moments = [self.start, self.end, *(part.start for part in self.programme)]
        return len({moment.date() for moment in moments if moment is not None}) > 1
