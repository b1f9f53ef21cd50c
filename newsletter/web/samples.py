"""The windows: one letter as it is shown, addressed to somebody who does not exist.

In: a composed `Mailing`. Out: `Sample`: everything that a person wants to look at before it goes out. Pure.
No subscriber's data comes near it: a preview may be shown around.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.outbox.envelope import unsubscribe_uris

#: An apostrophe and diacritics: what goes wrong with names goes wrong with this one.
NAME = "Zoë van ’t Hof-D'Août"
ADDRESS = "zoe.vanthof@example.nl"
#: The unsubscribe link of a preview is signed with this, so it takes nobody off a list.
_NO_SECRET = b"the preview signs for nobody"
#: A placeholder that says itself what stands there where somebody has no value.
_PROVIDED = re.compile(r"\bdefault\s*\(|\bis\s+(?:not\s+)?defined\b|\.get\s*\(|\bd\s*\(")
_ASKED = re.compile(r"\bsubscriber(?:\.get\(\s*['\"]([^'\"]+)|\s*\[\s*['\"]([^'\"]+)|\s*\.\s*([^\W\d]\w*))")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A mailing as the sample recipient gets it."""

    subject: str
    html: str
    text: str
    headers: tuple[tuple[str, str], ...]  #: name and decoded value, in the order of the letter
    letter: bytes  #: the complete letter, as it goes over the wire
    needs: tuple[str, ...] = ()  #: attributes that every recipient must have

    def header(self, name: str) -> str:
        """The decoded value of a header; empty where the letter has none."""
        return next((value for found, value in self.headers if found.lower() == name.lower()), "")


def make_sample(mailing: Mailing, *, now: datetime, public_url: str = "") -> Sample:
    """Address a mailing to the sample recipient.

    Raises:
        TemplateError: a placeholder of the mailing cannot be read or filled.
        HeaderError: the subject cannot stand in a header.
    """
    letter = Letter(mailing)
    recipient = Recipient(
        id="of the preview",
        address=ADDRESS,
        name=NAME,
        attributes=attributes_of(mailing),
        message_id=f"preview@{letter.domain}",
        unsubscribe=unsubscribe_uris(public_url, mailing.contact, _NO_SECRET, 0, 0),
        date=now,
    )
    subject, html, text = letter.plain(recipient)
    content = letter.address(recipient)
    needs = tuple(sorted(_asked(mailing, lambda placeholder: not _PROVIDED.search(placeholder))))
    return Sample(subject=subject, html=html, text=text, headers=_headers(content), letter=content, needs=needs)


def attributes_of(mailing: Mailing) -> Mapping[str, str]:
    """A value for each attribute that the placeholders ask for: its own name, as ‹name›."""
    return {name: f"‹{name}›" for name in _asked(mailing, lambda _: True)}


def _asked(mailing: Mailing, counts: Callable[[str], bool]) -> set[str]:
    """The attributes that placeholders which count ask for."""
    found = (
        "".join(names)
        for source in (mailing.subject, mailing.html, mailing.text)
        for placeholder in PLACEHOLDER.findall(source)
        if counts(placeholder)
        for names in _ASKED.findall(placeholder)
    )
    # `subscriber.get(…)` calls a method of the mapping, it asks for no attribute of that name.
    return {name for name in found if name not in ("name", "address") and not hasattr(dict, name)}


def _headers(content: bytes) -> tuple[tuple[str, str], ...]:
    message = message_from_bytes(content, policy=policy.default)
    return tuple((name, " ".join(str(value).split())) for name, value in message.items())
