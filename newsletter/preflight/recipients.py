"""Preflight: every recipient's letter, and the recipients whose letters are worth looking at.

In: a composed mailing, compiled once; then one recipient after another. Out: what differs per recipient: values that
are missing or empty, names that look wrong, letters that grow too large, which way each condition goes. The checks of
the html are not repeated: two letters differ in their values and conditions only.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.errors import HeaderError, PlaceholderError, TemplateError
from newsletter.events.plan import Audience, who
from newsletter.preflight.asked import always_shown, condition, conditions, holds, is_empty, value, values_of
from newsletter.preflight.finding import NAMED, Finding, Level, ordered, short
from newsletter.preflight.size import HTML_LIMIT, HTML_WARN
from newsletter.subscribers.subscriber import Subscriber

#: How a name looks wrong, and what to call that.
_ODD_NAMES: Final = (
    (re.compile(r"@"), "has an @ in it"),
    (re.compile(r"\d"), "has a digit in it"),
    (re.compile(r"[<>{}\[\]|]"), "has a bracket in it"),
    (re.compile(r","), "has a comma in it, perhaps last name first"),
    (re.compile(r"\b(?:test|onbekend|n\.?v\.?t|unknown|null|none|undefined)\b", re.I), "is no name"),
)
#: Characters of a name that can break a line or a column.
_LONG_NAME: Final = 60


@dataclass(frozen=True, kw_only=True)
class LettersReport:
    """What was seen of all letters of a mailing."""

    findings: tuple[Finding, ...]
    letters: int  #: that can be made
    longest: Recipient | None  #: whose letter is the largest
    emptiest: Recipient | None  #: who has the fewest values
    largest: int  #: bytes of the largest letter
    branches: tuple[tuple[str, int, int], ...]  #: a condition, for how many it holds, and for how many not


@dataclass(frozen=True, kw_only=True)
class WorstCase:
    """A recipient whose letter is worth looking at."""

    why: str
    recipient: Recipient


def as_recipient(person: Subscriber, domain: str) -> Recipient:
    """A subscriber as a letter of a check is addressed to them; its links belong to nobody."""
    return Recipient(
        id=f"#{person.id}",
        address=person.address,
        name=person.name,
        attributes=person.attributes,
        message_id=f"check@{domain}",
        unsubscribe=("https://example.org/u/0000000000000000000000000000000000",),
        date=datetime(2000, 1, 1, tzinfo=UTC),
    )


def check_letters(mailing: Mailing, people: Iterable[Recipient]) -> LettersReport:
    """Address the letter to each of them, one after another; nothing is kept of a person but their id.

    Raises:
        TemplateError: the letter cannot be addressed to anybody.
    """
    letters = Letters(mailing)
    for person in people:
        letters.add(person)
    return letters.report()


class Letters:
    """The same, for whoever gets recipients one at a time."""

    def __init__(self, mailing: Mailing, to: Audience = Audience.EVERYBODY) -> None:
        """`to` is whom of its lists a mailing goes to that has not started."""
        self._mailing, self._letter, self._to = mailing, Letter(mailing), to
        self._conditions = {text: found for text in conditions(mailing) if (found := condition(text))}
        self._holds = dict.fromkeys(self._conditions, 0)
        self._shown = {text: found for text in always_shown(mailing) if (found := value(text))}
        self._letters = self._seen = self._largest = 0
        self._longest: Recipient | None = None
        self._emptiest: tuple[int, Recipient] | None = None
        self._missing: dict[str, _Group] = {}
        self._empty: dict[str, _Group] = {}
        self._odd: dict[str, _Group] = {}
        self._refused: dict[str, _Group] = {}
        self._beyond_ascii = _Group()

    def add(self, person: Recipient) -> None:
        """Make one letter, and look at it."""
        self._seen += 1
        values = values_of(person)
        for text, asked in self._conditions.items():
            self._holds[text] += holds(asked, values)
        for text, shown in self._shown.items():
            if is_empty(shown, values):
                _group(self._empty, text).add(person.id)
        if person.name and (why := odd_name(person.name)):
            _group(self._odd, why).add(person.id, person.name)
        if not person.address.rpartition("@")[0].isascii():
            self._beyond_ascii.add(person.id)
        full = sum(1 for own in (person.name, *person.attributes.values()) if own)
        if self._emptiest is None or full < self._emptiest[0]:
            self._emptiest = (full, person)
        try:
            size = len(self._letter.address(person))
        except PlaceholderError as error:
            _group(self._missing, error.key).add(person.id)
        except TemplateError as error:
            _group(self._refused, str(error).partition(": ")[2] or str(error)).add(person.id)
        except HeaderError as error:
            _group(self._refused, str(error)).add(person.id)
        else:
            self._letters += 1
            if size > self._largest:
                self._largest, self._longest = size, person

    def report(self) -> LettersReport:
        """What was seen so far."""
        return LettersReport(
            findings=tuple(ordered([*self._findings()])),
            letters=self._letters,
            longest=self._longest,
            emptiest=self._emptiest[1] if self._emptiest else None,
            largest=self._largest,
            branches=tuple((text, holds, self._seen - holds) for text, holds in self._holds.items()),
        )

    def _findings(self) -> Iterator[Finding]:
        for key, group in self._missing.items():
            what = f"{group.count} of {self._seen} recipients have no value for {key}"
            fix = f"add the column to the list, or write [[ {key} | default('…', true) ]]"
            yield group.finding(Level.MUST, "recipients-missing", what, fix)
        for why, group in self._refused.items():
            what = f"no letter can be made for {group.count} of {self._seen} recipients: {why}"
            yield group.finding(Level.SHOULD, "recipients-refused", what, "mend their rows and import them again")
        for text, group in self._empty.items():
            what = f"[[ {text} ]] is empty for {group.count} of {self._seen} recipients"
            fix = f"put it between [% if {text} %] and [% endif %], or give it a default"
            yield group.finding(Level.SHOULD, "recipients-empty", what, fix)
        for why, group in self._odd.items():
            what = f"the name of {group.count} of {self._seen} recipients {why}"
            yield group.finding(Level.HINT, "recipients-name", what, "look at their rows in the list")
        if beyond := self._beyond_ascii.count:
            what = f"the address of {beyond} of {self._seen} recipients has a letter outside ASCII before the @"
            fix = "the mail server must offer SMTPUTF8 for it; else nothing is sent to them"
            yield self._beyond_ascii.finding(Level.HINT, "recipients-address", what, fix)
        if self._to and not self._seen:
            what = f"it goes to {who(self._to)}, and that is nobody yet"
            fix = "send the invitation first (invite: yes); if it is nobody when it is due, it is held"
            yield Finding(level=Level.HINT, check="recipients-nobody", part="recipients", what=what, fix=fix)
        yield from self._too_large()

    def _too_large(self) -> Iterator[Finding]:
        if self._longest is None or len(self._mailing.html.encode()) >= HTML_WARN:
            return
        size = len(self._letter.plain(self._longest)[1].encode())
        if size >= HTML_WARN:
            yield Finding(
                level=Level.MUST if size >= HTML_LIMIT else Level.SHOULD,
                check="recipients-size",
                part="recipients",
                what=f"the html of the longest letter is {size // 1000} kB; Gmail clips it at {HTML_LIMIT // 1000} kB",
                fix="shorten what the placeholders write",
                source="email-bugs #41",
                recipients=(self._longest.id,),
            )


class _Group:
    """Recipients with the same trouble: how many, and the first few."""

    def __init__(self) -> None:
        self.count, self.ids, self.example = 0, [""] * 0, ""

    def add(self, person: str, example: str = "") -> None:
        self.count += 1
        if len(self.ids) < NAMED:
            self.ids.append(person)
            self.example = self.example or example

    def finding(self, level: Level, check: str, what: str, fix: str) -> Finding:
        return Finding(
            level=level,
            check=check,
            part="recipients",
            excerpt=short(self.example),
            what=what,
            fix=fix,
            recipients=tuple(self.ids),
        )


def _group(groups: dict[str, _Group], key: str) -> _Group:
    found = groups.get(key)
    if found is None:
        found = groups[key] = _Group()
    return found


def odd_name(name: str) -> str:
    """How a name looks wrong, or nothing."""
    if len(name) > _LONG_NAME:
        return f"has more than {_LONG_NAME} characters"
    for pattern, why in _ODD_NAMES:
        if pattern.search(name):
            return why
    if len(name) > 3 and name.isupper():
        return "is in capitals"
    return "has no capital" if len(name) > 3 and name.islower() else ""


def worst_cases(mailing: Mailing, people: Iterable[Recipient]) -> list[WorstCase]:
    """The letters worth looking at: the longest and the emptiest, odd names, and each way that a condition can go.

    Each recipient stands once, with every reason; the first of several alike is taken.
    """
    best: dict[str, tuple[float, Recipient]] = {}
    letter = Letter(mailing)
    asked = {text: found for text in conditions(mailing) if (found := condition(text))}

    def offer(why: str, score: float, person: Recipient) -> None:
        if why not in best or score > best[why][0]:
            best[why] = (score, person)

    for person in people:
        values = values_of(person)
        filled = [own for own in person.attributes.values() if own]
        offer("longest name", len(person.name), person)
        offer("fewest values", -len(filled) - bool(person.name), person)
        if not person.name:
            offer("no name", 0, person)
        if not person.name.isascii():
            offer("letters beyond a to z", sum(not sign.isascii() for sign in person.name), person)
        if re.search(r"[<>&\"']", person.name):
            offer("signs that html writes otherwise", 0, person)
        for text, one in asked.items():
            offer(f"if {text}" if holds(one, values) else f"if not {text}", 0, person)
        try:
            offer("longest letter", len(letter.address(person)), person)
        except TemplateError as error:
            offer(f"cannot be addressed: {short(str(error))}", 0, person)
        except HeaderError:
            offer("cannot stand in a header", 0, person)
    reasons: dict[str, list[str]] = {}
    for why, (_, person) in best.items():
        reasons.setdefault(person.id, []).append(why)
    known = {person.id: person for _, person in best.values()}
    return [WorstCase(why=", ".join(why), recipient=known[person]) for person, why in reasons.items()]
