"""Stage 2: what an import would do.

In: a recipients file as read, and what the store knows of its people. Out: one line for each row of the file, with
what happens to it and why, and what is to be stored. Nothing happens here: the same plan is shown as a dry run and
then applied in one transaction, whole or not at all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.errors import Problem
from newsletter.subscribers.address import shown
from newsletter.subscribers.columns import Column
from newsletter.subscribers.recipients import RecipientsFile
from newsletter.subscribers.subscriber import Subscriber, SubscriptionState, address_key


class RowOutcome(StrEnum):
    """What an import does with one row."""

    NEW = "new"  #: joins this list, whether or not the person was known from another one
    UPDATED = "updated"  #: is on this list already; the file knows more, or knows better
    UNCHANGED = "unchanged"  #: is on this list already, and the file says nothing new
    SUPPRESSED = "suppressed"  #: must not be mailed; stays suppressed, and nothing is stored
    UNSUBSCRIBED = "unsubscribed"  #: left this list; an import brings nobody back, and nothing is stored
    DUPLICATE = "duplicate"  #: the same person as on an earlier line
    PROBLEM = "problem"  #: cannot be read; while there is one, nothing of the file is stored


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRow:
    line: int  #: 1-based; 0 where the whole file is meant
    address: str  #: "" where the row could not be read
    outcome: RowOutcome
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    file: str
    rows: tuple[PlannedRow, ...]  #: by line
    to_store: tuple[Subscriber, ...] = ()  #: whole, as they will be; with the id of whom the store knows
    to_subscribe: tuple[str, ...] = ()  #: keys (`address_key`) of those in `to_store` who join this list
    problems: tuple[Problem, ...] = ()  #: of the file, as they were read; a row may have several
    columns: tuple[Column, ...] = ()  #: of the file, as they were understood
    absent: int = 0  #: how many get mail through this list and are not in the file; nothing changes for them

    def may_apply(self) -> bool:
        """All or nothing: one problem, and nothing of the file is stored."""
        return all(row.outcome is not RowOutcome.PROBLEM for row in self.rows)

    def counts(self) -> Mapping[RowOutcome, int]:
        """How many rows have each outcome; every outcome is there, also with 0."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in RowOutcome}

    def summary(self, *, stored: bool = True) -> str:
        """The counts that are not 0, in words: "12 new, 1 suppressed"; or "12 would be new" where nothing is stored."""
        would = not (stored and self.may_apply())
        return ", ".join(_counted(outcome, count, would) for outcome, count in self.counts().items() if count) or (
            "no rows"
        )


def plan_import(
    file: RecipientsFile,
    existing: Mapping[str, Subscriber],
    subscribed: Mapping[str, SubscriptionState],
    suppressed: Mapping[str, str],
) -> ImportPlan:
    """Decide for each row what happens to it.

    All three mappings are by `address_key`: the subscribers that the store knows, the states of their subscriptions
    to this list, and the reasons of suppressions. Values of the file win over stored ones, and earlier lines over
    later ones. An empty cell erases nothing; where nothing is known either, it is kept as "", so that a template may
    ask for every column of the file.
    """
    planning = Planning(file, subscribed, suppressed)
    planning.decide(planning.keys(), existing)
    return planning.plan()


class Planning:
    """The same in parts: whom the store knows need not be in memory all at once."""

    def __init__(
        self, file: RecipientsFile, subscribed: Mapping[str, SubscriptionState], suppressed: Mapping[str, str]
    ) -> None:
        self._file, self._columns, self._problems = file.file, file.columns, file.problems
        self._subscribed, self._suppressed = subscribed, suppressed
        self._people: dict[str, Subscriber] = {}
        self._lines: dict[str, int] = {}
        self._rows = _problems(file.problems)
        self._to_store: list[Subscriber] = []
        self._to_subscribe: list[str] = []
        notices = {notice.line: f"{notice.what}; {notice.fix}" for notice in file.notices}
        for row in file.rows:
            key = address_key(row.subscriber.address)
            if key in self._people:
                self._people[key] = combined(self._people[key], row.subscriber)
                sentence = notices.get(row.line, f"the same person as on line {self._lines[key]}")
                self._rows.append(_row(row.line, row.subscriber.address, RowOutcome.DUPLICATE, sentence))
            else:
                self._people[key], self._lines[key] = row.subscriber, row.line

    def keys(self) -> Sequence[str]:
        """The keys of all people of the file, in its order."""
        return tuple(self._people)

    def decide(self, keys: Sequence[str], existing: Mapping[str, Subscriber]) -> None:
        """Decide about these people, of whom the store knows `existing`; each is to be decided about once."""
        for key in keys:
            person, known = self._people[key], existing.get(key)
            after = replace(combined(person, known), address=known.address, id=known.id) if known else person
            outcome, sentence = _decide(after, known, self._subscribed.get(key), self._suppressed.get(key))
            self._rows.append(_row(self._lines[key], person.address, outcome, sentence))
            # An empty cell for which no value was known yet is no news, but is stored.
            if outcome in (RowOutcome.NEW, RowOutcome.UPDATED) or (outcome is RowOutcome.UNCHANGED and after != known):
                self._to_store.append(after)
            if outcome is RowOutcome.NEW:
                self._to_subscribe.append(key)

    def plan(self) -> ImportPlan:
        """What all decisions come to."""
        return ImportPlan(
            file=self._file,
            rows=tuple(sorted(self._rows, key=lambda row: row.line)),
            to_store=tuple(self._to_store),
            to_subscribe=tuple(self._to_subscribe),
            problems=self._problems,
            columns=self._columns,
            absent=sum(
                state is SubscriptionState.ACTIVE and key not in self._people and key not in self._suppressed
                for key, state in self._subscribed.items()
            ),
        )


def combined(person: Subscriber, other: Subscriber) -> Subscriber:
    """The person, with the values of the other row or record where this one has none."""
    own = {key: value for key, value in person.attributes.items() if value}
    every = {**dict.fromkeys(person.attributes, ""), **other.attributes, **own}
    return replace(person, name=person.name or other.name, attributes=every)


def _counted(outcome: RowOutcome, count: int, would: bool) -> str:
    if outcome in (RowOutcome.DUPLICATE, RowOutcome.PROBLEM):
        return f"{count} {outcome}" if count == 1 else f"{count} {outcome}s"
    changes = outcome in (RowOutcome.NEW, RowOutcome.UPDATED)
    return f"{count} would be {outcome}" if would and changes else f"{count} {outcome}"


def _decide(
    after: Subscriber, known: Subscriber | None, state: SubscriptionState | None, suppression: str | None
) -> tuple[RowOutcome, str]:
    if suppression is not None:
        reason = f" ({suppression})" if suppression else ""
        return RowOutcome.SUPPRESSED, f"must not be mailed{reason}, and stays suppressed"
    if state is SubscriptionState.UNSUBSCRIBED:
        return RowOutcome.UNSUBSCRIBED, "left this list, and can only come back of their own accord"
    changes = _changes(known, after) if known else ""
    if state is None:
        who = "known already, joins this list" if known else "joins this list"
        return RowOutcome.NEW, f"{who}; {changes}" if changes else who
    return (
        (RowOutcome.UPDATED, changes) if changes else (RowOutcome.UNCHANGED, "is on this list, with the same details")
    )


def _changes(known: Subscriber, after: Subscriber) -> str:
    before = {"name": known.name, **known.attributes}
    later = {"name": after.name, **after.attributes}
    changed = [(key, before.get(key, ""), value) for key, value in later.items() if before.get(key, "") != value]
    return ", ".join(
        f"{key} {shown(old)} becomes {shown(new)}" if old else f"{key} becomes {shown(new)}"
        for key, old, new in changed
    )


def _problems(problems: Iterable[Problem]) -> list[PlannedRow]:
    """One planned row for each line with problems: a row may have several, and is still one row."""
    sentences: dict[int, list[str]] = {}
    for problem in problems:
        sentence = f"{problem.what} ({problem.fix})" if problem.fix else problem.what
        sentences.setdefault(problem.line, []).append(sentence)
    return [_row(line, "", RowOutcome.PROBLEM, "; ".join(found)) for line, found in sentences.items()]


def _row(line: int, address: str, outcome: RowOutcome, sentence: str) -> PlannedRow:
    return PlannedRow(line=line, address=address, outcome=outcome, sentence=sentence)
