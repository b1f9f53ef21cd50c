"""Stage 3: the time zone of a calendar part.

In: a zone and the days that it is needed for. Out: a VTIMEZONE (RFC 5545 §3.6.5) that gives the right offset on those
days and on the days around them, on both sides of a change of the clock.
Our own, because icalendar 7.3 writes the beginning of summer time in the time after the change, where RFC 5545 §3.6.5
wants what clocks showed before it, so that summer time begins an hour late; and because it lists the days of 68 years,
2 KB in every letter, where Outlook reads a yearly rule and ignores a list ([MS-STANOICAL] §2.2.47).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LOCAL = "%Y%m%dT%H%M%S"
A_DAY, A_SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Onset:
    """A moment from which clocks show another offset."""

    at: datetime  #: without offset: what clocks showed until then
    before: timedelta  #: from UTC
    after: timedelta
    name: str  #: "CEST"

    @property
    def kind(self) -> tuple[timedelta, timedelta, str]:
        return self.before, self.after, self.name


def vtimezone(zone: ZoneInfo, first: datetime, last: datetime) -> str:
    """The VTIMEZONE of a zone for the days from `first` to `last` (wall clock), with CRLF line ends."""
    # A year more on each side: there is a change before the first day, and each yearly rule is seen three times.
    begin, end = datetime(first.year - 1, 1, 1), datetime(last.year + 2, 1, 1)
    onsets = list(_onsets(zone, begin, end))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}"]
    rules = {onset.kind: _yearly([one for one in onsets if one.kind == onset.kind], begin, end) for onset in onsets}
    if not onsets or not all(rules.values()):
        lines += _observance(_at_first(zone, begin), "")
    written: set[object] = set()
    for onset in onsets:
        rule = rules[onset.kind]
        if not rule or onset.kind not in written:
            lines += _observance(onset, rule)
            written.add(onset.kind)
    return "\r\n".join([*lines, "END:VTIMEZONE", ""])


def _onsets(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[Onset]:
    """Every change of the clock in between."""
    day, stop = begin.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
    while day < stop:
        following = day + A_DAY
        if _offset(zone, day) != _offset(zone, following):
            low, high = day, following  # the change is after `low`, and not after `high`
            while high - low > A_SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, day) else (low, middle)
            before = _offset(zone, low)
            name = high.astimezone(zone).tzname() or ""
            yield Onset(at=(high + before).replace(tzinfo=None), before=before, after=_offset(zone, high), name=name)
        day = following


def _at_first(zone: ZoneInfo, begin: datetime) -> Onset:
    """What holds before the first change, or always."""
    moment = begin.replace(tzinfo=UTC)
    offset = _offset(zone, moment)
    return Onset(at=begin, before=offset, after=offset, name=moment.astimezone(zone).tzname() or "")


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _yearly(onsets: Sequence[Onset], begin: datetime, end: datetime) -> str:
    """The rule by which a change comes back every year, such as the last Sunday of March; "" if there is none."""
    if [onset.at.year for onset in onsets] != list(range(begin.year, end.year)):
        return ""
    if len({(onset.at.month, onset.at.weekday(), onset.at.time()) for onset in onsets}) > 1:
        return ""
    at = onsets[0].at
    if all((onset.at + timedelta(days=7)).month != at.month for onset in onsets):
        week = -1
    else:
        weeks = {(onset.at.day - 1) // 7 + 1 for onset in onsets}
        if len(weeks) > 1:
            return ""
        [week] = weeks
    return f"RRULE:FREQ=YEARLY;BYMONTH={at.month};BYDAY={week}{WEEKDAYS[at.weekday()]}"


def _observance(onset: Onset, rule: str) -> list[str]:
    # Named after what clocks do: zones that call winter time the exception (Europe/Dublin) confuse most readers.
    name = "DAYLIGHT" if onset.after > onset.before else "STANDARD"
    return [
        f"BEGIN:{name}",
        f"DTSTART:{onset.at:{LOCAL}}",
        *([rule] if rule else []),
        *([f"TZNAME:{onset.name}"] if onset.name else []),
        f"TZOFFSETFROM:{_signed(onset.before)}",
        f"TZOFFSETTO:{_signed(onset.after)}",
        f"END:{name}",
    ]


def _signed(offset: timedelta) -> str:
    """RFC 5545 §3.3.14: "+0100", with seconds only where there are some."""
    seconds = int(offset.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02}{seconds % 3600 // 60:02}"
    return f"{text}{seconds % 60:02}" if seconds % 60 else text
