"""The letter of ours that machines speak of, and what all messages about it are made of.

In: the name of a case. Out: addresses, header and body of the letter, signed with a key that is used nowhere else.
"""

import base64
import quopri
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.outbox.envelope import envelope_sender, message_id, unsubscribe_uris

KEY = b"only for the corpus of messages."
DOMAIN = "nieuwsbrief.example.nl"
#: What the letter says in each language: subject, salutation.
WORDS = {
    "nl": ("Uitnodiging: masterclass stedenbouw", "Beste lezer,\n\nOp 18 juni ontvangen wij u graag.\n"),
    "en": ("Invitation: masterclass urban planning", "Dear reader,\n\nPlease join us on 18 June.\n"),
    "de": ("Einladung: Meisterkurs Städtebau", "Liebe Leserin, lieber Leser,\n\nwir sehen uns am 18. Juni.\n"),
    "fr": ("Invitation : atelier d'urbanisme", "Bonjour,\n\nNous vous attendons le 18 juin.\n"),
    "it": ("Invito: corso di urbanistica", "Gentile lettore,\n\nci vediamo il 18 giugno.\n"),
    "es": ("Invitación: curso de urbanismo", "Estimado lector:\n\nNos vemos el 18 de junio.\n"),
}


@dataclass(frozen=True)
class Letter:
    """One letter of ours, as it left."""

    number: int
    language: str
    to: str
    bounces: str = field(init=False)  #: its envelope sender
    id: str = field(init=False)  #: Message-ID with its brackets

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounces", envelope_sender(f"bounces@{DOMAIN}", "", KEY, self.number))
        object.__setattr__(self, "id", f"<{message_id(KEY, self.number, DOMAIN)}>")

    @property
    def subject(self) -> str:
        return WORDS[self.language][0]

    @property
    def header(self) -> str:
        https, mailto = unsubscribe_uris(f"https://{DOMAIN}", f"info@{DOMAIN}", KEY, self.number % 997 + 1, 3)
        return (
            f"Received: from mail.{DOMAIN} (mail.{DOMAIN} [192.0.2.10])\n"
            f"\tby mx.example.com with ESMTPS id 4Vxyz; Thu, 13 Jun 2019 09:00:04 +0200\n"
            f'From: "Nieuwsbrief Stad" <info@{DOMAIN}>\n'
            f"Reply-To: info@{DOMAIN}\n"
            f"List-Id: Nieuwsbrief Stad <stad.lists.{DOMAIN}>\n"
            "List-Post: NO\nPrecedence: bulk\nAuto-Submitted: auto-generated\n"
            "X-Auto-Response-Suppress: OOF, AutoReply\n"
            "Feedback-ID: stad.masterclass:stad:invitation:nieuwsbriefexam\n"
            f"MIME-Version: 1.0\nTo: {self.to}\nSubject: {encoded(self.subject)}\n"
            f"Date: Thu, 13 Jun 2019 09:00:00 +0200\nMessage-ID: {self.id}\n"
            f"List-Unsubscribe: <{https}>,\n <{mailto}>\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
            'Content-Type: text/plain; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n'
        )

    @property
    def whole(self) -> str:
        return f"Return-Path: <{self.bounces}>\n{self.header}\n{printable(WORDS[self.language][1])}"


Make = Callable[[Letter], str | bytes]


@dataclass(frozen=True)
class Case:
    """One message, and what it is."""

    name: str  #: "postfix/unknown-user"
    language: str
    source: str
    kind: str
    hard: bool | None
    recipients: tuple[str, ...]
    reason: str
    make: Make

    def raw(self) -> bytes:
        to = self.recipients[0] if self.recipients and self.recipients[0].isascii() else "piet@example.org"
        made = self.make(Letter(zlib.crc32(self.name.encode()) % 100_000 + 1, self.language, to))
        return made if isinstance(made, bytes) else made.encode()


def bounce(name: str, language: str, source: str, reason: str, recipients: str, make: Make) -> Case:
    """A bounce; hard is what its reason says, unless the reason begins with "delayed ", which is never hard."""
    hard = reason in ("userunknown", "hostunknown", "hasmoved", "notaccept")
    named = tuple(one for one in recipients.replace(",", " ").split() if one)
    return Case(name, language, source, "bounce", hard, named, reason.removeprefix("delayed "), make)


def other(name: str, language: str, source: str, kind: str, reason: str, recipients: str, make: Make) -> Case:
    """A message that is no bounce."""
    return Case(name, language, source, kind, None, tuple(recipients.split()), reason, make)


def encoded(text: str, charset: str = "utf-8") -> str:
    """One encoded word (RFC 2047), where the text needs it."""
    if text.isascii():
        return text
    return f"=?{charset}?B?{base64.b64encode(text.encode(charset)).decode()}?="


def printable(text: str, charset: str = "utf-8") -> str:
    return quopri.encodestring(text.encode(charset)).decode("ascii")


def based(text: str, charset: str = "utf-8") -> str:
    return base64.encodebytes(text.encode(charset)).decode("ascii")


def indented(text: str, by: str = "    ") -> str:
    return "".join(by + line for line in text.splitlines(keepends=True))


def as_text(made: str | bytes) -> str:
    return made if isinstance(made, str) else made.decode()
