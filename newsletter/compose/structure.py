"""Stage 3: the MIME structure of a letter, with two places left open: its text and its html.

In: a mailing. Out: all that stands before, between and after the two, in wire form, made once per mailing. Each level
is there only where it is needed:

    multipart/mixed                      with a calendar or attachments
    ├── multipart/alternative            the richest last (RFC 2046 §5.1.4)
    │   ├── text/plain
    │   ├── multipart/related            with inline images (RFC 2387)
    │   │   ├── text/html
    │   │   └── images …
    │   └── text/calendar                Outlook looks for it in the first child of multipart/mixed only
    ├── application/ics                  the same calendar, as a file
    └── attachments …
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.compose.attachments import attached, check_inline, shown_inline
from newsletter.compose.headers import parameter_field, token_field
from newsletter.compose.mailing import Attachment, Mailing
from newsletter.compose.wire import quoted_printable

#: The two open places. No part can hold a NUL: what is not ASCII letters in it is encoded.
TEXT, HTML = "\x00text\x00", "\x00html\x00"


@dataclass(frozen=True, kw_only=True)
class Structure:
    """A letter from its Content-Type on, around its text and its html; both end at the start of a line."""

    before_text: str
    before_html: str
    after_html: str


def structure(mailing: Mailing) -> Structure:
    """Build.

    Raises:
        HeaderError: the name, media type or cid of an attachment cannot stand in a header.
        TemplateError: the html and the inline images do not fit each other.
    """
    images = [file for file in mailing.attachments if file.cid]
    check_inline(mailing.html, images)
    # "=_" cannot occur in quoted-printable or base64, so no body can hold a boundary (RFC 2045 §6.7 note).
    mark = hashlib.sha256(f"{mailing.slug}\n{mailing.subject}".encode()).hexdigest()[:24]
    language = token_field("Content-Language", mailing.language)
    text, html = _text("text/plain", TEXT, fields=language), _text("text/html", HTML, fields=language)
    if images:
        html = _multipart("related", mark, [html, *map(shown_inline, images)], parameters=['type="text/html"'])
    files = [attached(file) for file in mailing.attachments if not file.cid]
    alternatives = [text, html]
    if mailing.calendar:
        # Gmail needs the method parameter.
        alternatives.append(_text("text/calendar", quoted_printable(mailing.calendar), parameters=["method=PUBLISH"]))
        invitation = Attachment("invite.ics", "application/ics", mailing.calendar.encode())
        files.insert(0, attached(invitation))
    whole = _multipart("alternative", mark, alternatives)
    if files:
        whole = _multipart("mixed", mark, [whole, *files])
    before_text, _, rest = whole.partition(TEXT)
    before_html, _, after_html = rest.partition(HTML)
    return Structure(before_text=before_text, before_html=before_html, after_html=after_html)


def _text(media_type: str, content: str, *, parameters: Sequence[str] = (), fields: str = "") -> str:
    return (
        parameter_field("Content-Type", media_type, ["charset=utf-8", *parameters])
        + f"Content-Transfer-Encoding: quoted-printable\r\n{fields}\r\n{content}"
    )


def _multipart(kind: str, mark: str, parts: Sequence[str], *, parameters: Sequence[str] = ()) -> str:
    boundary = f"=_{kind}_{mark}"
    field = parameter_field("Content-Type", f"multipart/{kind}", [*parameters, f'boundary="{boundary}"'])
    return field + "".join(f"\r\n--{boundary}\r\n{part}" for part in parts) + f"\r\n--{boundary}--\r\n"
