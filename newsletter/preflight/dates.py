"""Preflight: dates, times and towns in the texts, held against the event.

In: a composed mailing and its event. Out: findings: a weekday that is not the date's, a date, a time or a town that is
not the event's. Only what contradicts is told; a text may name other days.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time, timedelta
from typing import Final

from newsletter.compose.wording import date_long
from newsletter.events.dates import DAY_AND_MONTH, NUMERIC, WEEKDAY, check_weekday, is_on, mended, named_day, spelled
from newsletter.events.event import Event
from newsletter.events.notes import Mistake
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.reading import Reading

_DATE: Final = re.compile(
    rf"\b(?:{WEEKDAY})?(?:{NUMERIC}|{DAY_AND_MONTH}(?:,?\s+(?P<year>[0-9]{{4}})(?![0-9]))?)", re.IGNORECASE
)
#: "om 12.00 uur", "at 12:00"; not 1.000 or a version.
_TIME: Final = re.compile(
    r"(?<![\d.,:])(?P<hour>[01]?\d|2[0-3])[.:](?P<minute>[0-5]\d)(?![\d.,:]?\d)(?:\s*(?:uur|h)\b)?"
)
#: What makes a time that of the event itself.
_BEGINS: Final = re.compile(
    r"\b(?:beginn?en|begint|begonnen|start(?:en|te)?|starts?|aanvang|van start|begins?|beginning|"
    r"eindigt?|einde|afgelopen|ends?|until|tot)\b[^.?!]{0,40}$",
    re.IGNORECASE,
)
#: Letters about other events than the one that they are planned with.
_OF_OTHERS: Final = ("next", "digest")
_MEETS: Final = re.compile(r"\b(?:bijeen|ontmoet|welkom|tot ziens|masterclass|meet|welcome|join us|see you)\b", re.I)
#: Towns in which meetings are held; in a subject, one that is not the event's is a slip.
_TOWNS: Final = (
    "Alkmaar|Almelo|Almere|Alphen aan den Rijn|Amersfoort|Amstelveen|Amsterdam|Apeldoorn|Arnhem|Assen|Bergen op Zoom|"
    "Breda|Delft|Delfzijl|Den Bosch|Den Haag|Den Helder|Deventer|Doetinchem|Dordrecht|Drachten|Ede|Eindhoven|Emmen|"
    "Enschede|Gouda|Groningen|Haarlem|Harderwijk|Heerenveen|Heerlen|Helmond|Hengelo|Hilversum|Hoogeveen|Hoorn|Kampen|"
    "Kerkrade|Leeuwarden|Leiden|Lelystad|Maastricht|Meppel|Middelburg|Nijmegen|Nieuwegein|Oss|Purmerend|Roermond|"
    "Roosendaal|Rotterdam|’s-Hertogenbosch|'s-Hertogenbosch|Schiedam|Sittard|Sneek|Terneuzen|Tilburg|Utrecht|Veenendaal|"
    "Venlo|Venray|Vlissingen|Wageningen|Winterswijk|Zaandam|Zeist|Zoetermeer|Zutphen|Zwolle"
)
TOWNS: Final = frozenset(_TOWNS.split("|"))
_TOWN: Final = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(TOWNS, key=len, reverse=True)))})(?![\w-])")


def weekdays(reading: Reading) -> Iterator[Finding]:
    """A weekday that does not fit its date."""
    for part, line, text in _texts(reading):
        for match in _DATE.finditer(text):
            if mistake := _wrong_weekday(match, reading.event):
                yield Finding(
                    level=Level.MUST if _has_year(match) else Level.SHOULD,
                    check="date-weekday",
                    part=part,
                    line=line,
                    excerpt=short(match[0]),
                    what=mistake.what,
                    fix=mistake.fix,
                )


def _wrong_weekday(match: re.Match[str], event: Event | None) -> Mistake | None:
    """A date without year is held against the year of the event and the next one."""
    if not match["weekday"]:
        return None
    try:
        if _has_year(match):
            check_weekday(match, named_day(match))
            return None
        if event is None or event.start is None:
            return None
        days = []
        for year in (event.start.year, event.start.year + 1):
            with suppress(Mistake):
                days.append(named_day(match, year))
        if days and not any(is_on(match["weekday"], day) for day in days):
            return Mistake(
                f"“{spelled(match)}” has the wrong weekday for {days[0].year}",
                f"write “{mended(match, days[0])}” if the date is right, or add the year",
            )
    except Mistake as mistake:
        return mistake
    return None


def _has_year(match: re.Match[str]) -> bool:
    return bool(match["year"] or match["iso"] or match["numbers"])


def other_date(reading: Reading) -> Iterator[Finding]:
    """A date that is nearly the event's, or one in the subject that is not."""
    event = reading.event
    if event is None or event.start is None or reading.mailing.template in _OF_OTHERS:
        return
    known, start = _known_days(event), event.start.date()
    right = date_long(start, reading.language)
    for part, line, text in _texts(reading):
        for match in _DATE.finditer(text):
            day = _day_of(match, start)
            if day is None or day in known:
                continue
            in_front = part in ("subject", "preheader")
            same_day_and_month = (day.day, day.month) == (start.day, start.month)
            # One day beside the event, in a sentence about meeting, is rather a slip than another day.
            near = abs(day - start) <= timedelta(days=1) and _MEETS.search(text) is not None
            if in_front or same_day_and_month or near:
                yield Finding(
                    level=Level.SHOULD,
                    check="date-other",
                    part=part,
                    line=line,
                    excerpt=short(match[0]),
                    what=f"“{spelled(match)}” is not a day of this event, which is on {right}",
                    fix="mend the date, here or in the event",
                )


def _day_of(match: re.Match[str], start: date) -> date | None:
    try:
        return named_day(match, None if _has_year(match) else start.year)
    except (Mistake, ValueError):
        return None


def _known_days(event: Event) -> set[date]:
    moments = [event.start, event.end, *(part.start for part in event.programme)]
    days = {moment.date() for moment in moments if moment is not None}
    if event.start and event.end:
        days |= {event.start.date() + timedelta(days=n) for n in range((event.end.date() - event.start.date()).days)}
    days |= {following.day for following in event.next_dates if following.day}
    return days | ({event.register_until} if event.register_until else set())


def other_time(reading: Reading) -> Iterator[Finding]:
    """A time at which nothing of the event begins or ends."""
    event = reading.event
    if event is None or event.start is None or event.start.time() == time():
        return
    known = _known_times(event)
    for block in reading.prose:
        for match in _TIME.finditer(block.text):
            at = time(int(match["hour"]), int(match["minute"]))
            if at in known:
                continue
            is_of_the_event = _BEGINS.search(block.text[: match.start()]) is not None
            yield Finding(
                level=Level.SHOULD if is_of_the_event else Level.HINT,
                check="time-other",
                part="html",
                line=block.line,
                excerpt=short(block.text[max(0, match.start() - 40) : match.end() + 10]),
                what=f"at {at:%H:%M} nothing of the programme begins or ends",
                fix=f"the event is from {event.start:%H:%M}"
                + (f" till {event.end:%H:%M}" if event.end else "")
                + "; mend the time if it is meant",
            )


def _known_times(event: Event) -> set[time]:
    parts = event.programme
    moments = [event.start, event.end, *(moment for part in parts for moment in (part.start, part.end))]
    moments += [moment for part in parts for shop in part.workshops for moment in (shop.start, shop.end)]
    return {moment.time().replace(second=0) for moment in moments if moment is not None}


def other_town(reading: Reading) -> Iterator[Finding]:
    """A town in the subject or the preheader that is not the event's."""
    event = reading.event
    if event is None or event.venue is None or not event.venue.city or reading.mailing.template in _OF_OTHERS:
        return
    at_home = " ".join(
        (event.venue.city, event.venue.name, event.title, event.subtitle, event.series.name, event.series.organisation)
    )
    for part, line, text in _texts(reading):
        told_of_place = part in ("subject", "preheader") or (_MEETS.search(text) and _DATE.search(text))
        for match in _TOWN.finditer(text) if told_of_place else ():
            if match[0] not in at_home and match[0] not in _programme_words(event):
                yield Finding(
                    level=Level.SHOULD if part in ("subject", "preheader") else Level.HINT,
                    check="town-other",
                    part=part,
                    line=line,
                    excerpt=short(match[0]),
                    what=f"“{match[0]}” is not where this event is ({event.venue.city})",
                    fix="mend the town, here or in the event",
                )


def _programme_words(event: Event) -> str:
    titles = [part.title for part in event.programme]
    titles += [workshop.title for part in event.programme for workshop in part.workshops]
    titles += [following.place for following in event.next_dates]
    return " ".join(titles)


def _texts(reading: Reading) -> Iterator[tuple[str, int, str]]:
    """Part, line and words of everything that is read; the plain part says the same as the html."""
    yield "subject", 1, reading.subject
    for block in reading.blocks:
        yield "preheader" if block.is_hidden else "html", block.line, block.text
