"""Stage 1: the event document, one Markdown file that holds all of an event.

In: a document that an organiser wrote. Out: `Event`; and back, for mailing it around and keeping it in git.
`read(write(event)) == event` for every event that `read` can give; texts lose the blank lines around them.

    ---
    event: bewoners-in-beweging          # the slug
    title: Masterclass ‘Bewoners in beweging’
    start: donderdag 13 juni 2019 12:00  # or 2019-06-13 12:00; or, with no day yet, date: najaar 2019
    end: 17:00
    programme: …
    series: …                            # everything, or the slug of a series that is known
    ---
    # Aankondiging                       or # Announcement
    …
    # Verslag                            or # Report
    …

The other texts are # Praktisch (# Practical), # Wijziging (# Change), # Annulering (# Cancellation) and # Bericht
(# Notice). Keys are English; those of `fields.DUTCH` are also read in Dutch.

All keys stand in the document of the demo: newsletter/demo/files/masterclass-bewoners-in-beweging.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.errors import DocumentError
from newsletter.events.event import Event, Series
from newsletter.events.fields import Record
from newsletter.events.notes import Notes
from newsletter.events.placeholders import note_placeholders
from newsletter.events.read_event import read_event
from newsletter.events.read_series import note_other_series
from newsletter.events.sections import Sections, split
from newsletter.events.wording import note_wrong_weekdays
from newsletter.events.write import write_event
from newsletter.events.yaml_lines import Fields, parse_yaml

_NO_SERIES: Mapping[str, Series] = MappingProxyType({})
_NO_EVENTS: Mapping[str, str] = MappingProxyType({})


def read(
    text: str,
    file: str,
    known_series: Mapping[str, Series] = _NO_SERIES,
    known_events: Mapping[str, str] = _NO_EVENTS,
) -> Event:
    """The event of a document; `file` is its name, for messages.

    `known_series` are the stored series by slug; `known_events` are the slugs of the stored events, each with the slug
    of its series, which it keeps.

    Raises `DocumentError` with every mistake at once, each with its line and what to do about it.
    """
    notes = Notes(file=file)
    sections = split(text, notes)
    event = _event(sections, notes, known_series, known_events) if sections else None
    if event is None or notes.problems:
        raise DocumentError(list(notes.problems))
    return event


def write(event: Event) -> str:
    """The document of an event; its headings and dates are in the language of the series."""
    return write_event(event)


def _event(
    sections: Sections, notes: Notes, known_series: Mapping[str, Series], known_events: Mapping[str, str]
) -> Event | None:
    root = parse_yaml(sections.front, sections.front_line, notes)
    event, day = None, None
    if isinstance(root, Fields):
        keys = Record(root, notes)
        event, day = read_event(keys, notes, sections, known_series)
        if event is not None:
            note_other_series(keys, notes, event, known_events)
        keys.close()
    elif root is not None:
        notes.problem(root.line, "the front matter has no keys", "write each on its own line, as “key: value”")
    for text in sections.texts.values():
        note_placeholders(text, notes)
    for passage in (*notes.passages, *sections.texts.values()):
        note_wrong_weekdays(passage, day, notes)
    return event
