"""Stage 1: the plan of a series, one entry per mailing.

In: what the organisers wrote ("3 weeks before start at 09:00"). Out: `Rule` and `PlannedMailing`.
When a rule fires is decided in `schedule.rules`; here it is only a noun with a written form.

    rule    <number> days | weeks | working days  before | after  start | end  at HH:MM
            on the day of start | end  at HH:MM
    window  <number> weeks | days | hours | minutes | seconds
    to      accepted | tentative | accepted or tentative | declined | unanswered | not declined

All may be written in Dutch ("2 werkdagen voor begin om 09:00", "aangenomen"); they are always written back in English.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum

from newsletter.errors import RuleError


class Unit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    WORKING_DAYS = "working days"  #: Monday to Friday, without Dutch public holidays


class Anchor(StrEnum):
    START = "start"
    END = "end"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """So many days before (negative) or after (positive) the event's start or end, at a wall-clock time."""

    amount: int  #: negative is before, 0 is the day itself, positive is after
    unit: Unit
    anchor: Anchor
    at: time  #: wall clock in the zone of the series


class Audience(StrEnum):
    """Who of the people on its lists a mailing goes to, by what they answered to the personal invitation."""

    EVERYBODY = ""
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    COMING = "accepted or tentative"
    DECLINED = "declined"
    UNANSWERED = "unanswered"  #: of whom no answer is known, invited or not
    NOT_DECLINED = "not declined"  #: whatever they answered but that, or nothing


#: Those that grow by themselves: people answer after a person has looked at their number.
GROWING = frozenset({Audience.ACCEPTED, Audience.TENTATIVE, Audience.COMING, Audience.DECLINED})
DEFAULT_WINDOW = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class PlannedMailing:
    name: str  #: unique in its plan: "reminder"
    template: str
    when: Rule
    lists: tuple[str, ...] = ()  #: empty: all lists of the series
    window: timedelta = DEFAULT_WINDOW  #: how late it may still go out by itself
    label: str = ""  #: what it is called for people: "Herinnering"
    invites: bool = False  #: its calendar part is a personal invitation, which asks for an answer
    audience: Audience = Audience.EVERYBODY  #: who of its lists, when it fires


_UNITS = {
    Unit.DAYS: ("day", r"days?|dag(?:en)?"),
    Unit.WEEKS: ("week", r"weeks?|weken"),
    Unit.WORKING_DAYS: ("working day", r"working\s+days?|workdays?|werkdag(?:en)?"),
}
_ANCHORS = {
    Anchor.START: r"(?:the\s+|de\s+|het\s+)?(?:start|begin)",
    Anchor.END: r"(?:the\s+|het\s+)?(?:end|einde?)",
}
_AT = r"(?:at|om)\s+(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:\s*uur)?"
_ANY_UNIT = "|".join(pattern for _, pattern in _UNITS.values())
_ANY_ANCHOR = "|".join(_ANCHORS.values())
_BESIDE = re.compile(
    rf"(?P<amount>[0-9]{{1,4}})\s+(?P<unit>{_ANY_UNIT})\s+(?P<side>before|after|v[oó]{{2}}r|na)\s+"
    rf"(?P<anchor>{_ANY_ANCHOR})\s+{_AT}",
    re.IGNORECASE,
)
_ON_THE_DAY = re.compile(
    rf"(?:on\s+the\s+day|op\s+de\s+dag)(?:\s+(?:zelf|itself)|\s+(?:of|van)\s+(?P<anchor>{_ANY_ANCHOR}))?\s+{_AT}",
    re.IGNORECASE,
)


def parse_rule(text: str) -> Rule:
    """Read a rule in English or Dutch: "6 weeks before start at 09:00", "op de dag zelf om 08:00".

    Raises `RuleError`, with examples, when it cannot be read or names a time that does not exist.
    """
    wanted = text.strip()
    if match := _BESIDE.fullmatch(wanted):
        unit = next(unit for unit, (_, form) in _UNITS.items() if _is(form, match["unit"]))
        amount = int(match["amount"]) * (1 if match["side"].lower() in ("after", "na") else -1)
    elif match := _ON_THE_DAY.fullmatch(wanted):
        unit, amount = Unit.DAYS, 0
    else:
        raise RuleError(
            f"“{wanted}” does not say when; write for example “6 weeks before start at 09:00”, "
            "“2 werkdagen voor begin om 09:00”, “1 day after end at 10:30” or “on the day of start at 08:00”"
        )
    anchor = Anchor.END if match["anchor"] and _is(_ANCHORS[Anchor.END], match["anchor"]) else Anchor.START
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 23 or minute > 59:
        raise RuleError(f"“{wanted}” names a time that does not exist; write one from 00:00 to 23:59")
    return Rule(amount=amount, unit=unit, anchor=anchor, at=time(hour, minute))


def format_rule(rule: Rule) -> str:
    """The English form that `parse_rule` reads back without loss (amounts up to 9999, whole minutes)."""
    at = f"at {rule.at:%H:%M}"
    if rule.amount == 0 and rule.unit is Unit.DAYS:
        return f"on the day of {rule.anchor} {at}"
    side = "before" if rule.amount < 0 else "after"
    return f"{_counted(abs(rule.amount), _UNITS[rule.unit][0])} {side} {rule.anchor} {at}"


_SPANS = (
    ("week", timedelta(weeks=1), r"weeks?|weken"),
    ("day", timedelta(days=1), r"days?|dag(?:en)?"),
    ("hour", timedelta(hours=1), r"hours?|uur|uren"),
    ("minute", timedelta(minutes=1), r"minutes?|minuut|minuten"),
    ("second", timedelta(seconds=1), r"seconds?|seconden?"),
)
_WINDOW = re.compile(r"(?P<amount>[0-9]{1,11})\s+(?P<unit>[a-z]+)", re.IGNORECASE)
LONGEST_WINDOW = timedelta(weeks=520)


def parse_window(text: str) -> timedelta:
    """Read how late a mailing may still go out by itself: "2 days", "90 minutes", "6 uur", "1 week".

    Raises `RuleError`, with examples, when it cannot be read, is zero, or is longer than ten years.
    """
    wanted = text.strip()
    match = _WINDOW.fullmatch(wanted)
    length = next((length for _, length, form in _SPANS if match and _is(form, match["unit"])), None)
    if match is None or length is None:
        raise RuleError(
            f"“{wanted}” is not a length of time; write for example “2 days”, “6 hours”, “90 minutes” or “1 week”"
        )
    amount = int(match["amount"])
    if not 0 < amount <= LONGEST_WINDOW // length:
        raise RuleError(f"“{wanted}” is too short or too long; write a length between “1 second” and “520 weeks”")
    return amount * length


def format_window(window: timedelta) -> str:
    """The English form that `parse_window` reads back without loss: the largest unit that divides it."""
    name, length = next((name, length) for name, length, _ in _SPANS if not window % length or name == "second")
    return _counted(window // length, name)


_ACCEPTED = r"accepted|accepteer(?:t|den)|geaccepteerd|aangenomen|toegezegd|komt"
_TENTATIVE = r"tentative|voorlopig|misschien|onder\s+voorbehoud"
_DECLINED = r"declined|afgewezen|afgeslagen|afgezegd|geweigerd"
_AUDIENCES = {
    Audience.EVERYBODY: r"everybody|everyone|all|iedereen|allen",
    Audience.ACCEPTED: _ACCEPTED,
    Audience.TENTATIVE: _TENTATIVE,
    Audience.COMING: rf"(?:{_ACCEPTED})\s+(?:or|of)\s+(?:{_TENTATIVE})|(?:{_TENTATIVE})\s+(?:or|of)\s+(?:{_ACCEPTED})",
    Audience.DECLINED: _DECLINED,
    Audience.UNANSWERED: r"unanswered|(?:no|not|geen|niet)\s+(?:answer(?:ed)?|(?:be|ge)?antwoord)",
    Audience.NOT_DECLINED: rf"(?:not|niet)\s+(?:{_DECLINED})",
}
#: Who they are, in the middle of a sentence.
_WHO = {
    Audience.EVERYBODY: "everybody",
    Audience.ACCEPTED: "those who accepted",
    Audience.TENTATIVE: "those who may come",
    Audience.COMING: "those who accepted or may come",
    Audience.DECLINED: "those who declined",
    Audience.UNANSWERED: "those who have not answered",
    Audience.NOT_DECLINED: "those who have not declined",
}


def parse_audience(text: str) -> Audience:
    """Read whom a mailing goes to: "accepted", "not declined", "aangenomen", "niet afgewezen".

    Raises `RuleError`, with all that there is, when it cannot be read.
    """
    wanted = text.strip()
    found = next((audience for audience, form in _AUDIENCES.items() if _is(form, wanted)), None)
    if found is None:
        known = ", ".join(f"“{audience}”" for audience in Audience if audience)
        raise RuleError(
            f"“{wanted}” does not say who gets it; choose from {known}, or leave “to” out for everybody on the lists"
        )
    return found


def includes(audience: Audience, answer: str) -> bool:
    """Whether somebody who gave this answer is of an audience; "" is no answer."""
    if audience is Audience.UNANSWERED:
        return not answer
    if audience is Audience.NOT_DECLINED:
        return answer != Audience.DECLINED
    return audience is Audience.EVERYBODY or answer in audience.split(" or ")


def who(audience: Audience) -> str:
    """The people of an audience, in the middle of a sentence: "those who accepted"."""
    return _WHO[audience]


def _is(form: str, word: str) -> bool:
    return re.fullmatch(form, word, re.IGNORECASE) is not None


def _counted(amount: int, noun: str) -> str:
    return f"{amount} {noun}" + ("" if amount == 1 else "s")
