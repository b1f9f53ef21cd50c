"""Stage 6: which letter of ours a message is about, as far as it says so itself.

In: a message. Out: what of ours stands in it: tokens, Message-IDs, the name of the mailing. Pure, and without the key:
nothing here is proven. Who acts on a token reads it with `subscribers.links.read_token` first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.sender import returned
from newsletter.subscribers.links import claimed_ids

_ID: Final = re.compile(r"<([^<>\s]{3,300})>")
#: The token in `box+token@domain`, also after a gateway has put its own around it (BATV, SRS).
_PLUS: Final = re.compile(r"\+([0-9a-f]{32,80})(?==|@)", re.I)
_UNSUBSCRIBE: Final = re.compile(r"(?:/u/|unsubscribe(?:%20|[\s:+]+))([0-9a-f]{34,80})\b", re.I)
#: campaign:list:type:sender (see compose.letter); a dot stands for the slash of the slug.
_FEEDBACK: Final = re.compile(
    r"([a-z0-9-]{1,200})\.([a-z0-9-]{1,200}):[a-z0-9-]{1,200}:[a-z0-9-]{1,100}:[a-z0-9]{5,15}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """What stands in a message; each may be empty, and each may be forged."""

    mailing: str = ""  #: slug
    envelope_token: str = ""  #: of the envelope sender (VERP)
    unsubscribe_token: str = ""
    message_ids: tuple[str, ...] = ()  #: without angle brackets, the nearest first

    @property
    def claimed_subscriber(self) -> int | None:
        """The subscriber that the unsubscribe token names, not verified."""
        ids = claimed_ids(self.unsubscribe_token)
        return ids[0] if len(ids) == 2 else None


def reference(message: Part) -> Reference:
    """Look into the message itself, what it answers, and what it returns."""
    letter = returned(message)
    headers = [part for part in (letter, message) if part is not None]
    return Reference(
        mailing=_first(_mailing(part) for part in headers),
        envelope_token=_first(
            found[1] for text in _addresses(message, letter) for found in _PLUS.finditer(text)
        ).lower(),
        unsubscribe_token=_first(
            found[1]
            for text in [*(part.get("list-unsubscribe") for part in headers), message.decoded("subject")]
            for found in _UNSUBSCRIBE.finditer(text)
        ).lower(),
        message_ids=tuple(dict.fromkeys(_message_ids(message, letter))),
    )


def _mailing(part: Part) -> str:
    found = _FEEDBACK.search(part.get("feedback-id").lower())
    return f"{found[1]}/{found[2]}" if found else ""


def _addresses(message: Part, letter: Part | None) -> Iterator[str]:
    for name in ("to", "delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "cc"):
        yield from message.all(name)
    if letter is not None:
        yield letter.get("return-path")


def _message_ids(message: Part, letter: Part | None) -> Iterator[str]:
    if letter is not None:
        yield from _ID.findall(letter.get("message-id"))
    yield from _ID.findall(message.get("in-reply-to"))
    yield from reversed(_ID.findall(message.get("references")))


def _first(found: Iterator[str]) -> str:
    return next(filter(None, found), "")
