"""Preflight: how large a mailing is, and what is cut off when it is too large.

In: a composed mailing. Out: findings. Gmail clips a message whose html passes about 102 KB and drops style elements
that pass 16 KB together; the figures are of the community's measurements, so a warning comes well before them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.errors import NewsletterError
from newsletter.preflight.finding import Finding, Level
from newsletter.preflight.reading import Reading

HTML_WARN, HTML_LIMIT = 90_000, 102_000  #: bytes, Gmail's clip (email-bugs #41)
STYLE_WARN, STYLE_LIMIT = 14_336, 16_384  #: bytes of all style elements together
LETTER_WARN, LETTER_LIMIT = 2_000_000, 10_240_000  #: bytes of the whole letter; the second is Postfix's default
_NESTED: Final = re.compile(r"@[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*@", re.S)


def html_size(reading: Reading) -> Iterator[Finding]:
    """The html is so large that Gmail clips it, and the link to leave with it."""
    size = len(reading.mailing.html.encode())
    if size >= HTML_WARN:
        level = Level.MUST if size >= HTML_LIMIT else Level.SHOULD
        yield Finding(
            level=level,
            check="size-html",
            part="html",
            what=f"the html is {size // 1000} kB, and Gmail clips a letter at {HTML_LIMIT // 1000} kB",
            fix="shorten the text, or link to a page that tells the rest",
            source="email-bugs #41",
        )


def style_size(reading: Reading) -> Iterator[Finding]:
    """The style elements are so large that Gmail drops them."""
    size = sum(len(css.encode()) for css, _ in reading.sheets)
    if size > STYLE_WARN:
        yield Finding(
            level=Level.MUST if size > STYLE_LIMIT else Level.SHOULD,
            check="size-style",
            part="html",
            line=reading.sheets[0][1],
            what=f"the style elements are {size} bytes together; Gmail drops what passes {STYLE_LIMIT}",
            fix=f"keep them under {STYLE_WARN}: leave out the rules that no element uses",
            source="caniemail html-style",
        )


def nested_at_rules(reading: Reading) -> Iterator[Finding]:
    """Gmail drops a whole style element that has an at-rule inside an at-rule."""
    for css, line in reading.sheets:
        if nested := _NESTED.search(css):
            yield Finding(
                level=Level.SHOULD,
                check="style-nested",
                part="html",
                line=line + css.count("\n", 0, nested.end()),
                what="an at-rule stands inside another one; Gmail then drops the whole style element",
                fix="write the two one after the other, or give the inner one a style element of its own",
                source="email-bugs #148",
            )


def letter_size(reading: Reading) -> Iterator[Finding]:
    """The whole letter, with its attachments, is more than mail servers take."""
    size = letter_bytes(reading.mailing)
    if size >= LETTER_WARN:
        yield Finding(
            level=Level.MUST if size >= LETTER_LIMIT else Level.SHOULD,
            check="size-letter",
            part="headers",
            what=f"a letter is {size / 1e6:.1f} MB with its attachments; many servers refuse more than 10 MB",
            fix="link to large files instead of attaching them",
            source="RFC 5321 §4.5.3.1.7",
        )


def letter_bytes(mailing: Mailing) -> int:
    """The size of one letter on the wire; 0 where none can be made, which another check tells."""
    try:
        letter = Letter(mailing)
        return len(letter.address(sample_recipient(mailing)))
    except NewsletterError:
        return sum(len(file.content) * 4 // 3 for file in mailing.attachments)


def sample_recipient(mailing: Mailing, name: str = "Anna de Vries") -> Recipient:
    """Somebody who does not exist, with a value for everything that is asked of a name and an address."""
    domain = mailing.sender.address.rpartition("@")[2]
    return Recipient(
        id="sample",
        address="anna@example.org",
        name=name,
        attributes={},
        message_id=f"check@{domain}",
        unsubscribe=("https://example.org/u/check",),
        date=datetime(2000, 1, 1, tzinfo=UTC),
    )
