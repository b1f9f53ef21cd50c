"""The windows: how somebody wants to look at a letter.

In: the query of an address. Out: a `Choice`, and the address of every other one. Nothing of it is kept by the server,
so that a page can be bookmarked, shared with a colleague, and opened twice.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from newsletter.web.items import Setting

#: CSS pixels: a phone, a tablet, a desktop.
WIDTHS: Final = (320, 600, 800)
ALL: Final = 0


class View(StrEnum):
    """Ways to look at an item."""

    LETTER = "letter"
    TEXT = "text"
    CALENDAR = "calendar"
    CHANGES = "changes"
    MESSAGE = "message"
    SOURCE = "source"


class Client(StrEnum):
    """Whose eyes it is seen with; what they do is in `clients`."""

    STANDARD = "standard"
    GMAIL = "gmail"
    GMAIL_PLAIN = "gmail-plain"
    OUTLOOK = "outlook"
    OUTLOOK_COM = "outlook-com"
    FORCED_DARK = "forced-dark"


class Scheme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class Images(StrEnum):
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class Choice:
    view: View = View.LETTER
    width: int = ALL  #: one of WIDTHS, or all of them beside each other
    client: Client = Client.STANDARD
    scheme: Scheme = Scheme.LIGHT
    images: Images = Images.ON
    person: str = ""  #: key of a `people.Person`; empty: the first
    event: str = ""
    theme: str = ""
    language: str = ""
    lists: bool = False  #: people from the lists of the mailing are among the recipients
    mark: int = -1  #: number of the finding whose place is shown

    @property
    def setting(self) -> Setting:
        return Setting(event=self.event, theme=self.theme, language=self.language)

    def but(self, **changes: Any) -> "Choice":
        """The choice with something else in it; what was marked in one view is not marked in another."""
        return replace(self, **({"mark": -1} | changes))

    def query(self, **changes: Any) -> str:
        """The query of an address that leads to this choice, with `?`; empty for the first choice of all."""
        chosen = self.but(**changes)
        given = {each.name: getattr(chosen, each.name) for each in fields(Choice)}
        pairs = {name: _written(value) for name, value in given.items() if value != _DEFAULTS[name]}
        return f"?{urlencode(pairs)}" if pairs else ""


def _written(value: object) -> object:
    return ("yes" if value else "no") if isinstance(value, bool) else value


_DEFAULTS: Final = {each.name: each.default for each in fields(Choice)}
