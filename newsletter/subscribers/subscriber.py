"""Stage 2: who reads it.

In: rows of a list. Out: frozen nouns. An address keeps the letter case that its owner wrote (RFC 5321 §2.4 lets the
local part matter to its host); `address_key` says when two spellings are one person.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.subscribers.address import domain_key


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    address: str
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)  #: further columns: "organisation", "functie" …
    id: int = 0


def address_key(address: str) -> str:
    """The spelling by which one person is known.

    The same address in another letter case is the same person, and so is the same domain written with its own letters
    or as A-labels (münchen.example, xn--mnchen-3ya.example). Lower case, not case folding: folding would make one
    person of weiß@ and weiss@, which are two mailboxes.
    """
    address = address.strip()
    if address.isascii():
        return address.lower()
    local, at, domain = unicodedata.normalize("NFC", address).rpartition("@")
    return f"{local.lower()}{at}{domain_key(domain)}"
