"""The windows: whom a letter is shown to: made-up people who bring out the worst in it.

In: a composed mailing. Out: people, the first an ordinary one; then the longest name, somebody of whom nothing is
known, and whoever it takes to see both sides of each condition. No subscriber's data comes near them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from newsletter.compose.blanks import Values
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.compose.wire import Compiled
from newsletter.errors import NewsletterError
from newsletter.outbox.envelope import unsubscribe_uris

#: An apostrophe and diacritics: what goes wrong with names goes wrong with this one.
NAME: Final = "Zoë van ’t Hof-D'Août"
ADDRESS: Final = "zoe.vanthof@example.nl"
#: As long as names of people with two surnames and a title get.
LONGEST: Final = "prof. mr. dr. Wilhelmina-Alexandra van Bronckhorst-Rademakers tot Oud-Wassenaar en Zuidwijk"
#: The unsubscribe link of a preview is signed with this, so it takes nobody off a list.
_NO_SECRET: Final = b"the preview signs for nobody"
#: A placeholder that says itself what stands there where somebody has no value.
_PROVIDED: Final = re.compile(r"\bdefault\s*\(|\bis\s+(?:not\s+)?defined\b|\.get\s*\(|\bd\s*\(")
_ASKED: Final = re.compile(r"\bsubscriber(?:\.get\(\s*['\"]([^'\"]+)|\s*\[\s*['\"]([^'\"]+)|\s*\.\s*([^\W\d]\w*))")
#: A value that a condition compares with: subscriber.kind == 'gemeente'.
_COMPARED: Final = re.compile(
    r"\bsubscriber(?:\s*\.\s*([^\W\d]\w*)|\s*\[\s*['\"]([^'\"]+)['\"]\s*\])\s*(?:==|!=)\s*['\"]([^'\"]*)['\"]"
)
#: More would not be looked at.
_MOST: Final = 12


@dataclass(frozen=True, kw_only=True)
class Person:
    key: str  #: stays the same while the letter is written: "sample", "without-organisation"
    why: str  #: key of a sentence in `words`: "person_without"
    what: str  #: what the sentence is about: the name of an attribute, a value
    recipient: Recipient


def made_up(mailing: Mailing, *, now: datetime, public_url: str = "") -> list[Person]:
    """People for whom the letter reads differently, each once; the first can be written to whatever it asks."""
    found: dict[tuple[str, ...], Person] = {}
    readings: Readings | None = None
    for person in _candidates(mailing, ordinary(mailing, now=now, public_url=public_url)):
        try:
            readings = readings or Readings(mailing)
            read: tuple[str, ...] = readings.all(person.recipient)
        except NewsletterError:
            # Somebody to whom it cannot be written at all is worth showing too: their page says why.
            read = (person.key,)
        found.setdefault(read, person)
    return list(found.values())[:_MOST]


class Readings:
    """The texts of a mailing, read once and filled in for one person after another, not encoded."""

    def __init__(self, mailing: Mailing) -> None:
        """Raises TemplateError where a placeholder cannot be read."""
        texts = ((mailing.subject, False), (mailing.text, False), (mailing.html, True))
        self._subject, self._text, self._html = (Compiled(text, html=is_html, wire=False) for text, is_html in texts)

    def html(self, recipient: Recipient) -> str:
        """Raises TemplateError where it cannot be filled in for this person."""
        return self._html.render(_values(recipient), recipient=recipient.id)

    def all(self, recipient: Recipient) -> tuple[str, str, str]:
        """Subject, text and html; raises as `html` does."""
        subject, text = (
            each.render(_values(recipient), recipient=recipient.id) for each in (self._subject, self._text)
        )
        return subject, text, self.html(recipient)


def _values(recipient: Recipient) -> Values:
    """What placeholders know, as `compose.letter` has it; a test holds the two together."""
    person = {**recipient.attributes, "name": recipient.name, "address": recipient.address}
    return {"subscriber": person, "links": {"unsubscribe": next(iter(recipient.unsubscribe), "")}}


def asked(mailing: Mailing, counts: Callable[[str], bool] = lambda _: True) -> list[str]:
    """The attributes that placeholders which count ask for, sorted."""
    found = {"".join(names) for placeholder in _placeholders(mailing, counts) for names in _ASKED.findall(placeholder)}
    # `subscriber.get(…)` calls a method of the mapping, it asks for no attribute of that name.
    return sorted(name for name in found if name not in ("name", "address") and not hasattr(dict, name))


def needed(mailing: Mailing) -> tuple[str, ...]:
    """The attributes that every recipient must have."""
    return tuple(asked(mailing, lambda placeholder: not _PROVIDED.search(placeholder)))


def attributes_of(mailing: Mailing) -> Mapping[str, str]:
    """A value for each attribute that the placeholders ask for: its own name, as ‹name›."""
    return {name: f"‹{name}›" for name in asked(mailing)}


def _placeholders(mailing: Mailing, counts: Callable[[str], bool]) -> Iterator[str]:
    for source in (mailing.subject, mailing.html, mailing.text, mailing.calendar):
        yield from filter(counts, PLACEHOLDER.findall(source))


def ordinary(mailing: Mailing, *, now: datetime, public_url: str = "") -> Recipient:
    """Somebody who does not exist, with a value for all that is asked."""
    return Recipient(
        id="of the preview",
        address=ADDRESS,
        name=NAME,
        attributes=attributes_of(mailing),
        message_id=f"preview@{mailing.sender.address.rpartition('@')[2]}",
        unsubscribe=unsubscribe_uris(public_url, mailing.contact, _NO_SECRET, 0, 0),
        date=now,
    )


def _candidates(mailing: Mailing, usual: Recipient) -> Iterator[Person]:
    full, needs = dict(usual.attributes), needed(mailing)

    def person(
        key: str, why: str, what: str = "", *, name: str = usual.name, attributes: Mapping[str, str] = full
    ) -> Person:
        return Person(key=key, why=why, what=what, recipient=usual._replace(name=name, attributes=attributes))

    yield person("sample", "person_sample")
    yield person("longest", "person_longest", name=LONGEST, attributes=dict.fromkeys(full, LONGEST))
    yield person("nameless", "person_nameless", name="")
    yield person("empty", "person_empty", name="", attributes=dict.fromkeys(full, ""))
    for name in full:
        yield person(f"without-{name}", "person_without", name, attributes={**full, name: ""})
    # An attribute with a default of its own may also not be there at all.
    yield person("unknown", "person_unknown", attributes={name: full[name] for name in needs if name in full})
    for placeholder in _placeholders(mailing, lambda _: True):
        for by_dot, by_key, value in _COMPARED.findall(placeholder):
            name = by_dot or by_key
            if name not in ("name", "address"):
                yield person(f"{name}-{value}", "person_value", value, attributes={**full, name: value})


def real(why: str, number: int, recipient: Recipient) -> Person:
    """Somebody on the lists of a mailing, picked because something goes wrong with them first."""
    who = recipient.name or recipient.address
    return Person(key=f"real-{number}", why="person_real", what=f"{who} ({why})", recipient=recipient)
