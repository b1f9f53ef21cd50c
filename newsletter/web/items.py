"""The windows: what there is to look at, as nouns.

In: nothing. Out: items, the settings that a template is composed with, and what came of composing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from newsletter.compose.mailing import Mailing
from newsletter.events.event import Event
from newsletter.schedule.state import MailingState


class Kind(StrEnum):
    TEMPLATE = "templates"
    MAILING = "mailings"

    @property
    def noun(self) -> str:
        return self.value.removesuffix("s")


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that can be previewed."""

    kind: Kind
    name: str  #: of a template: "reminder"; the slug of a mailing: "bewoners-in-beweging/reminder"
    label: str  #: what it is called for people; empty where nobody named it
    state: MailingState | None = None  #: of a mailing
    frozen: bool = False  #: it has started; its content is what was sent
    due: datetime | None = None  #: wall clock of the series
    about: Mapping[str, str] = field(default_factory=dict)  #: of a template: when to use it, by language


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why an item cannot be shown: a sentence with the place and the fix."""

    sentence: str


@dataclass(frozen=True, kw_only=True)
class Mailings:
    """The mailings of one event."""

    title: str  #: of the event
    items: tuple[Item, ...]
    event: str = ""  #: its slug


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the store of the working folder holds."""

    events: tuple[Mailings, ...] = ()
    trouble: Trouble | None = None  #: the store is there and cannot be read


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a template is shown with; a mailing has an event, a language and a theme of its own."""

    event: str = ""  #: slug of a stored event; empty: the sample event
    theme: str = ""  #: "veen"; empty: that of the event's series
    language: str = ""  #: "en"; empty: that of the event's series


@dataclass(frozen=True, kw_only=True)
class Content:
    """A composed item."""

    mailing: Mailing
    event: Event | None  #: None where it has gone from the store
    theme: Mapping[str, str] | None = None
    composed_in: float = 0.0  #: seconds
