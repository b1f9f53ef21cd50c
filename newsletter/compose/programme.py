"""Stage 3: what templates know of the programme of an event.

In: its parts. Out: plain dicts by day, ready to print; see `compose.context`.
"""

import re
from typing import Final, TypeAlias

from newsletter.compose.markdown import to_html, to_text
from newsletter.compose.wording import clock, date_short, time_range
from newsletter.events.event import Event, Part, PartKind, Speaker, Workshop

Fields: TypeAlias = dict[str, object]

_TEXT_WIDTH: Final = 56  #: characters beside the time column of the plain text


def programme_days(event: Event) -> list[Fields]:
    """The programme; its days have a name where there are more than one."""
    language = event.series.language
    days = sorted({part.start.date() for part in event.programme})
    return [
        {
            "day": capital(date_short(day, language)) if len(days) > 1 else "",
            "parts": [part_fields(part, language) for part in event.programme if part.start.date() == day],
        }
        for day in days
    ]


def part_fields(part: Part, language: str) -> Fields:
    return {
        "kind": str(part.kind),
        "is_break": part.kind in (PartKind.BREAK, PartKind.LUNCH),
        "start": clock(part.start, language),
        "end": clock(part.end, language),
        "times": f"{clock(part.start, language)}–{clock(part.end, language)}",
        **_session(part, top=4),
        "workshops": [_workshop(workshop, language) for workshop in part.workshops],
    }


def _workshop(workshop: Workshop, language: str) -> Fields:
    times = time_range(workshop.start, workshop.end, language) if workshop.start else ""
    return {"times": times, **_session(workshop, top=5)}


def _session(session: Part | Workshop, *, top: int) -> Fields:
    return {
        "title": one_line(session.title),
        "room": one_line(session.room),
        "speakers": [_speaker(speaker) for speaker in session.speakers],
        "abstract_html": to_html(session.abstract, top=top, paragraph="card-text ink"),
        "abstract_text": to_text(session.abstract, _TEXT_WIDTH),
    }


def _speaker(speaker: Speaker) -> Fields:
    detail = ", ".join(one_line(part) for part in (speaker.role, speaker.organisation) if part)
    return {"name": one_line(speaker.name), "detail": detail, "photo": _photo(speaker.photo)}


def _photo(url: str) -> str:
    """An address from which it can be fetched; a file beside the document has none until it is hosted."""
    return url.strip() if re.match(r"(?:https?|cid):", url.strip(), re.IGNORECASE) else ""


def one_line(text: str) -> str:
    """Words on one line; spaces that do not break stay."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
