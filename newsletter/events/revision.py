"""Stage 1: what makes an event, or its series, another version of itself.

In: an event or a series before and after. Out: the number of the revision, and what differs or may be a slip, in words.
"""

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime

from newsletter.events.event import Event, EventStatus, Mailbox, Series, Venue
from newsletter.events.plan import PlannedMailing

_SHOWN = ("name", "contact", "sender", "language", "timezone", "lists", "organisation", "website")


def next_sequence(before: Event | None, after: Event) -> int:
    """RFC 5546 §2.1.4: SEQUENCE rises when date, place or status change, so that calendars take the new version."""
    if before is None:
        return 0
    what = [(e.start, e.end, e.status, e.venue, e.series.timezone) for e in (before, after)]
    return before.sequence + (what[0] != what[1])


def untold(told: Event | None, after: Event, now: datetime) -> str:
    """The template that tells people what they do not know of an event yet: "changed", "cancelled", or "" for nothing.

    `told` is the event as they were last told of it, None if never; `now` is aware. What is over needs no telling.
    """
    if told is None or _when_and_where(told) == _when_and_where(after):
        return ""
    if _is_over(after, now):
        return ""
    return "cancelled" if after.status is EventStatus.CANCELLED else "changed"


def remarks(before: Event | None, after: Event, now: datetime) -> list[str]:
    """What an import says of an event itself: that it is off, and days that may be a slip, where they are new.

    An event that is brought in afterwards, for its report, is as good as any; so none of this is a mistake.
    """
    said = []
    is_off = after.status is EventStatus.CANCELLED
    if is_off != (before is not None and before.status is EventStatus.CANCELLED):
        said.append("the event is now cancelled" if is_off else "the event takes place after all")
    days = (after.start, after.end, after.register_until)
    last = after.end or after.start
    if last is None or (before is not None and days == (before.start, before.end, before.register_until)):
        return said
    if _is_over(after, now):
        said.append(f"the event lies in the past, on {after.start:%Y-%m-%d}; if it does not, correct its “start”")
    if after.register_until is not None and after.register_until > last.date():
        until = f"{after.register_until} is after the event, on {after.start:%Y-%m-%d}"
        said.append(f"register_until {until}; correct one of them if that is not meant")
    return said


def _is_over(event: Event, now: datetime) -> bool:
    last = event.end or event.start
    return last is not None and last.replace(tzinfo=event.series.zone) <= now


def _when_and_where(event: Event) -> tuple[object, ...]:
    """What a reader acts on; the address of a map is not."""
    venue = event.venue or Venue()
    where = (venue.name, venue.address, venue.city, bool(venue.online))
    return event.status, event.start, event.end, event.season, event.series.timezone, where


def series_change(before: Series, after: Series, others: Sequence[str]) -> str:
    """What differs, in one sentence that names the other events (slugs) which it is also for; "" if nothing does."""
    changes = []
    for name in _SHOWN:
        was, becomes = getattr(before, name), getattr(after, name)
        if was != becomes:
            changes.append(f"{'from' if name == 'sender' else name} {_words(was)} -> {_words(becomes)}")
    if before.about != after.about:
        changes.append("another about")
    if before.theme != after.theme:
        changes.append("another theme")
    if before.plan != after.plan:
        changes.append(f"plan: {_plan_change(before.plan, after.plan)}")
    if not changes:
        return ""
    also = f" (also for: {', '.join(others)})" if others else ""
    return f"series {after.slug}: {', '.join(changes)}{also}"


def empty_lists(lists: Iterable[str], people: dict[str, int]) -> list[str]:
    """A sentence for each of these lists that nobody is on; `people` is the number of subscribers by list."""
    filled = [slug for slug, count in people.items() if count]
    sentences = []
    for slug in lists:
        if not people.get(slug):
            near = difflib.get_close_matches(slug, filled, n=1, cutoff=0.6)
            sentences.append(f"nobody is on list {slug} yet" + (f"; did you mean {near[0]}?" if near else ""))
    return sentences


def _plan_change(before: tuple[PlannedMailing, ...], after: tuple[PlannedMailing, ...]) -> str:
    was, becomes = ({entry.name: entry for entry in plan} for plan in (before, after))
    kinds = (
        ("added", [name for name in becomes if name not in was]),
        ("changed", [name for name in becomes if name in was and was[name] != becomes[name]]),
        ("taken out", [name for name in was if name not in becomes]),
    )
    return ", ".join(f"{name} {kind}" for kind, names in kinds for name in names) or "another order"


def _words(value: str | tuple[str, ...] | Mailbox) -> str:
    if isinstance(value, Mailbox):
        return f"{value.name} <{value.address}>"
    return (value if isinstance(value, str) else " + ".join(value)) or "nothing"
