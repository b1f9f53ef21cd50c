"""Stage 3: the sentences that open a letter: what a mailbox shows after the subject, and a reminder's first words.

In: an event, what is around it, and the fixed words. Out: one line each. A preheader adds to the subject and is the
same for everybody, so it quotes no text that differs per recipient.
"""

from newsletter.compose.around import Around
from newsletter.compose.facts import Words, changes, days_of, place, times_of, when, where
from newsletter.compose.markdown import split_lead, to_text
from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.compose.programme import Fields, one_line
from newsletter.compose.wording import date_short, first_sentence, preview, put, series_of
from newsletter.events.event import Event, EventStatus, Venue


def previews(event: Event, around: Around, words: Words) -> Fields:
    """One preheader per template."""
    facts = _facts(event, words)
    cancelled = preview([words["cancelled_text"]], "")
    if why := _opening(event.cancellation):
        cancelled = preview(why, first_sentence(words["cancelled_text"]))
    of_it = {
        "save-the-date": preview(facts, words["preview_save_the_date"]),
        "announcement": preview([*facts, *_register(event, words)], words["preview_announcement"]),
        "practical": preview(_opening(event.practical) or facts, words["preview_reminder"]),
        "reminder": preview(facts, words["preview_reminder"]),
        "changed": preview(_changed(event, around, words), words["preview_changed"]),
        "cancelled": cancelled,
        "report": preview(_opening(event.report), words["preview_report"]),
    }
    if event.status is EventStatus.CANCELLED:
        of_it = dict.fromkeys(of_it, cancelled)
    return {
        **of_it,
        "next": preview(_next(event, around, words), words["preview_next"]),
        "digest": preview(_digest(around, words), words["preview_digest"]),
        "notice": preview(_opening(event.notice), words["preview_notice"]),
    }


def welcome(event: Event, words: Words) -> str:
    """The first sentences of a reminder."""
    if not event.has_date():
        return words["reminder_lead_open"]
    venue = event.venue or Venue()
    lead = "reminder_lead_online" if venue.online and not (venue.name or venue.city) else "reminder_lead"
    return put(words[lead], day=days_of(event, words))


def _facts(event: Event, words: Words) -> list[str]:
    venue = one_line(event.venue.name) if event.venue else ""
    practical = ", ".join(part for part in (times_of(event, words), venue) if part)
    return [f"{practical}."] if practical else []


def _register(event: Event, words: Words) -> list[str]:
    if not (event.registration and event.register_until):
        return []
    return [put(words["preview_register"], day=date_short(event.register_until, event.series.language))]


def _opening(markdown: str) -> list[str]:
    """The first sentence of a text, if it is the same for everybody."""
    lead = to_text(split_lead(markdown)[0])
    return [first_sentence(lead)] if lead and not PLACEHOLDER.search(lead) else []


def _changed(event: Event, around: Around, words: Words) -> list[str]:
    """Where and when it is now, as far as that differs from what was told."""
    if not changes(around.before, event, words):
        return _opening(event.change)
    now = ", ".join([*when(event, words), *where(event, words)[:1]])
    return [put(words["preview_now"], facts=now)]


def _next(event: Event, around: Around, words: Words) -> list[str]:
    """The first of the other meetings that are to come."""
    for other in around.agenda:
        if other.slug != event.slug:
            told = (one_line(other.title), days_of(other, words), place(other.venue, words))
            return [", ".join(part for part in told if part) + "."]
    return []


def _digest(around: Around, words: Words) -> list[str]:
    titles = [one_line(event.title) for event in around.agenda]
    return [f"{series_of(titles, words['and'])}."] if titles else []
