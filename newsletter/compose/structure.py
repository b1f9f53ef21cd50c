"""Stage 3: the MIME structure of a letter, with places left open: its text, its html, and a personal calendar.

In: a mailing. Out: all that stands before, between and after them, in wire form, made once per mailing. Each level is
there only where it is needed:

    multipart/mixed                      with a calendar or attachments
    ├── multipart/alternative            the richest last (RFC 2046 §5.1.4)
    │   ├── text/plain
    │   ├── multipart/related            with inline images (RFC 2387)
    │   │   ├── text/html
    │   │   └── images …
    │   └── text/calendar                Outlook looks for it in the first child of multipart/mixed only
    ├── application/ics                  the same calendar, octet by octet, as a file
    └── attachments …
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.compose.attachments import attached, check_inline, shown_inline
from newsletter.compose.headers import parameter_field, token_field
from newsletter.compose.invitation import method_of
from newsletter.compose.mailing import Attachment, Mailing
from newsletter.compose.wire import quoted_printable

#: The open places. No part can hold a NUL: what is not ASCII letters in it is encoded.
TEXT, HTML = "\x00text\x00", "\x00html\x00"
CALENDAR, FILE = "\x00calendar\x00", "\x00file\x00"


@dataclass(frozen=True, kw_only=True)
class Structure:
    """A letter from its Content-Type on, around what is filled in per recipient; that ends at the start of a line."""

    before_text: str
    before_html: str
    after_html: str  #: to the end of the letter, or to a personal calendar
    before_file: str = ""  #: from a personal calendar to its second copy, the file
    after_file: str = ""


def structure(mailing: Mailing, *, personal_calendar: bool = False) -> Structure:
    """Build; a personal calendar is left open, twice.

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
        content = CALENDAR if personal_calendar else quoted_printable(mailing.calendar)
        # Gmail needs the parameter; where the two differ, Outlook believes the calendar.
        method = method_of(mailing.calendar)
        parameters = [f"method={method}"] if method else []
        alternatives.append(_text("text/calendar", content, parameters=parameters))
        raw = b"" if personal_calendar else mailing.calendar.encode()
        file = attached(Attachment("invite.ics", "application/ics", raw))
        files.insert(0, f"{file}{FILE}" if personal_calendar else file)
    whole = _multipart("alternative", mark, alternatives)
    if files:
        whole = _multipart("mixed", mark, [whole, *files])
    before_text, _, rest = whole.partition(TEXT)
    before_html, _, rest = rest.partition(HTML)
    after_html, _, rest = rest.partition(CALENDAR)
    before_file, _, after_file = rest.partition(FILE)
    return Structure(
        before_text=before_text,
        before_html=before_html,
        after_html=after_html,
        before_file=before_file,
        after_file=after_file,
    )


def _text(media_type: str, content: str, *, parameters: Sequence[str] = (), fields: str = "") -> str:
    return (
        parameter_field("Content-Type", media_type, ["charset=utf-8", *parameters])
        + f"Content-Transfer-Encoding: quoted-printable\r\n{fields}\r\n{content}"
    )


def _multipart(kind: str, mark: str, parts: Sequence[str], *, parameters: Sequence[str] = ()) -> str:
    boundary = f"=_{kind}_{mark}"
    field = parameter_field("Content-Type", f"multipart/{kind}", [*parameters, f'boundary="{boundary}"'])
    return field + "".join(f"\r\n--{boundary}\r\n{part}" for part in parts) + f"\r\n--{boundary}--\r\n"
