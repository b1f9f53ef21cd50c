"""Stage 1: the programme of an event document.

In: the node of "programme" and the hours of the event. Out: parts with their workshops and speakers; problems where
times do not fit into each other: a workshop into its round, a part into its event, parts beside one another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from newsletter.events.dates import format_span, parse_span, refuse_gap
from newsletter.events.event import Part, PartKind, Speaker, Workshop
from newsletter.events.fields import Record, line, listed, markdown, parsed, record
from newsletter.events.notes import Notes, did_you_mean
from newsletter.events.values import picture
from newsletter.events.yaml_lines import Items, Node

Span = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Hours:
    """When the event is; None where that is not known, or could not be read."""

    start: datetime | None
    end: datetime | None
    zone: ZoneInfo | None

    def only_day(self) -> date | None:
        """The day of an event of one day: there a time alone says enough."""
        if self.start is None or (self.end is not None and self.end.date() != self.start.date()):
            return None
        return self.start.date()

    def span(self, text: str) -> Span:
        """Raises `Mistake` for what cannot be read, and for times that the clock skips."""
        # Without hours there is a problem already; a day in their place lets the other mistakes be seen.
        day = self.only_day() if self.start else date(2000, 1, 3)
        start, end = parse_span(text, day)
        if self.zone is not None:
            refuse_gap(start, self.zone)
            refuse_gap(end, self.zone)
        return start, end


def read_programme(node: Node, notes: Notes, hours: Hours) -> tuple[Part, ...]:
    placed: list[tuple[int, Part]] = []

    def read(item: Node, notes: Notes) -> Part | None:
        part = record(lambda keys, notes: _part(keys, notes, hours))(item, notes)
        if part is not None:
            placed.append((item.line, part))
        return part

    parts = listed(read)(node, notes) or ()
    _note_outside_hours(placed, hours, notes)
    _note_overlaps(placed, notes)
    return parts


def speaker(keys: Record, notes: Notes) -> Speaker | None:
    name = keys.required("name", line, "Jan Jansen")
    role = keys.optional("role", line, "")
    organisation = keys.optional("organisation", line, "")
    photo = keys.optional("photo", parsed(picture), "")
    return None if name is None else Speaker(name=name, role=role, organisation=organisation, photo=photo)


def _part(keys: Record, notes: Notes, hours: Hours) -> Part | None:
    span = keys.required("at", parsed(hours.span), "13:15-14:30")
    room = keys.optional("room", line, "")
    abstract = keys.optional("abstract", markdown, "")
    speakers = keys.optional("speakers", listed(record(speaker)), ())
    node = keys.node("workshops")
    workshops = _workshops(node, notes, hours, span) if node is not None else ()
    kind, title = _kind(keys, notes)
    if kind is PartKind.ROUND and not (isinstance(node, Items) and node.items):
        notes.problem(keys.line, "this round has no workshops", "add “workshops:” with a list, or make it “plenary”")
    if kind not in (PartKind.ROUND, None) and node is not None:
        notes.problem(node.line, f"workshops are part of a round, not of “{kind}”", "write “round” in its place")
    if kind is None or title is None or span is None:
        return None
    return Part(
        kind=kind,
        title=title,
        start=span[0],
        end=span[1],
        room=room,
        abstract=abstract,
        speakers=speakers,
        workshops=workshops,
    )


def _kind(keys: Record, notes: Notes) -> tuple[PartKind | None, str | None]:
    """The one key that is the kind of the part, with its title as value."""
    there = [kind for kind in PartKind if keys.has(kind)]
    if not there:
        kinds = [str(kind) for kind in PartKind]
        wrong = keys.first_unknown()
        if wrong is None:
            notes.problem(keys.line, "this part of the programme has no title", "write “- plenary: Welkom”")
        else:
            notes.problem(wrong.line, f"“{wrong.value}” is not a kind of part", did_you_mean(wrong.value, kinds))
            keys.node(wrong.value.strip().lower().replace(" ", "_").replace("-", "_"))
        return None, None
    titles = [keys.required(kind, line, "Welkom") for kind in there]
    if len(there) > 1:
        notes.problem(keys.line, f"one part cannot be {' and '.join(there)}", "start the second one with “- ”")
        return None, None
    return there[0], titles[0]


def _workshops(node: Node, notes: Notes, hours: Hours, span: Span | None) -> tuple[Workshop, ...]:
    return listed(record(lambda keys, notes: _workshop(keys, notes, hours, span)))(node, notes) or ()


def _workshop(keys: Record, notes: Notes, hours: Hours, span: Span | None) -> Workshop | None:
    title = keys.required("title", line, "Een goed gesprek aan de deur")
    own: Span | tuple[None, None] = keys.optional("at", parsed(hours.span), (None, None))
    start, end = own
    if span and start and end and not (span[0] <= start and end <= span[1]):
        notes.problem(
            keys.line,
            f"this workshop ({format_span(start, end, span[0].date())}) is outside its round "
            f"({format_span(*span, span[0].date())})",
            "correct “at” of the workshop or of the round",
        )
    room = keys.optional("room", line, "")
    abstract = keys.optional("abstract", markdown, "")
    speakers = keys.optional("speakers", listed(record(speaker)), ())
    if title is None:
        return None
    return Workshop(title=title, room=room, abstract=abstract, speakers=speakers, start=start, end=end)


def _note_outside_hours(placed: list[tuple[int, Part]], hours: Hours, notes: Notes) -> None:
    if hours.start is None:
        return
    day = hours.start.date()
    for at, part in placed:
        if part.start < hours.start or (hours.end is not None and part.end > hours.end):
            until = f"-{hours.end:%Y-%m-%d %H:%M}" if hours.end else ""
            notes.problem(
                at,
                f"“{part.title}” ({format_span(part.start, part.end, day)}) is outside the event "
                f"({hours.start:%Y-%m-%d %H:%M}{until})",
                "correct “at” of this part, or “start” or “end” of the event",
            )


def _note_overlaps(placed: list[tuple[int, Part]], notes: Notes) -> None:
    by_start: Callable[[tuple[int, Part]], datetime] = lambda entry: entry[1].start  # noqa: E731
    before: Part | None = None
    for at, part in sorted(placed, key=by_start):
        if before is not None and part.start < before.end:
            notes.problem(
                at,
                f"“{part.title}” ({format_span(part.start, part.end, part.start.date())}) starts before "
                f"“{before.title}” ends ({before.end:%H:%M})",
                "correct the times, or make them two workshops of one round",
            )
        before = part if before is None or part.end > before.end else before


def programme_of_undated(node: Node, notes: Notes) -> tuple[Part, ...]:
    """An event whose date is not known yet has no times: its programme waits."""
    notes.problem(
        node.line, "there is a programme, but no date yet", "add “start”, or leave the programme out until then"
    )
    return ()
