"""Stage 6: conversations: which message answers which, and who takes part.

In: messages as they were parsed. Out: their Message-IDs, the people in them, and whether one of them answers another.
Pure. A thread is known by Message-IDs alone (RFC 5322 §3.6.4): subjects are changed by people, and shared by many.
"""

import re
from collections.abc import Iterable
from typing import Final

from newsletter.inbound.telling.message import Part
from newsletter.subscribers.subscriber import address_key

#: Message-IDs of one message that are looked at, and how long one may be.
MOST_IDS, LONGEST_ID = 50, 400
#: Characters of a name, an address or a subject that are kept.
LONGEST: Final = 300

_ID: Final = re.compile(rf"<([!-;=?-~]{{3,{LONGEST_ID}}})>")
_ADDRESS: Final = re.compile(r"[^\s<>,;:\"()\[\]]{1,128}@[^\s<>,;:\"()\[\]]{1,190}")
#: Controls, line ends, and what turns the direction of writing: none of them may reach a header or a terminal.
_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


def own_id(message: Part) -> str:
    """Its Message-ID without angle brackets; empty where it has none that can be used."""
    found = _ID.search(message.get("message-id"))
    return found[1] if found else ""


def named_ids(message: Part) -> tuple[str, ...]:
    """The Message-IDs of what it answers, the nearest first."""
    found = [*_ID.findall(message.get("in-reply-to")), *reversed(_ID.findall(message.get("references")))]
    return tuple(dict.fromkeys(found))[:MOST_IDS]


def references_to(message: Part) -> tuple[str, ...]:
    """What References of an answer to it would hold, the oldest first (RFC 5322 §3.6.4): the first one always stays."""
    found = [*_ID.findall(message.get("references") or message.get("in-reply-to")), own_id(message)]
    ids = tuple(dict.fromkeys(filter(None, found)))
    return ids if len(ids) <= MOST_IDS else (ids[0], *ids[1 - MOST_IDS :])


def addresses(message: Part, *names: str) -> tuple[str, ...]:
    """Every address in these fields, in their order."""
    return tuple(found for name in names for value in message.all(name) for found in _ADDRESS.findall(value))


def addresses_in(text: str) -> tuple[str, ...]:
    return tuple(_ADDRESS.findall(text))


def without_addresses(text: str) -> str:
    """The text for a log: nobody's address stands in it."""
    return _ADDRESS.sub("…", text)


def author_of(message: Part) -> str:
    """The address of who wrote it: the last one of From, as a name may hold another; empty where there is none."""
    return next(reversed(addresses(message, "from")), "") or next(iter(addresses(message, "sender")), "")


def name_of(message: Part) -> str:
    """The name of who wrote it; empty where From has none but an address."""
    value = message.decoded("from")
    address = author_of(message)
    name = clean(value.rpartition("<")[0]).strip("\"' ")
    if not name and (found := re.search(r"\(([^()]+)\)\s*$", value)):
        name = clean(found[1])  # RFC 822 wrote names as comments
    return "" if same_mailbox(name, address) else name


def is_answer(message: Part, questioner: str, contact: str) -> bool:
    """Whether this, which names a message of the questioner, is an answer to it.

    It is if the contact mailbox or anybody else but the questioner wrote it, to the questioner among others: a
    question that is passed on to a colleague has not been answered yet.
    """
    author = author_of(message)
    if not author or same_mailbox(author, questioner):
        return False
    return is_among(questioner, addresses(message, "to", "cc", "bcc"))


def same_mailbox(one: str, other: str) -> bool:
    return bool(one) and address_key(one) == address_key(other)


def is_among(address: str, others: Iterable[str]) -> bool:
    return any(same_mailbox(address, other) for other in others)


def clean(text: str, longest: int = LONGEST) -> str:
    """On one line, without control characters, and not endless: fit for a header, a table and a terminal."""
    return " ".join(_UNSHOWN.sub(" ", text).split())[:longest]


def clean_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(_UNSHOWN.sub(" ", line).rstrip() for line in text.expandtabs(4).splitlines()).strip()
