"""Stage 1: what makes an event, or its series, another version of itself.

In: an event or a series before and after. Out: the number of the revision, and what differs, in words.
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
    last = after.end or after.start
    if last is not None and last.replace(tzinfo=after.series.zone) <= now:
        return ""
    return "cancelled" if after.status is EventStatus.CANCELLED else "changed"


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
