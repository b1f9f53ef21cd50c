"""What becomes of the mailings of an event when the event or its plan changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.events.event import Event, EventStatus, Mailbox, Series, Venue
from newsletter.events.plan import Anchor, PlannedMailing, Rule, Unit
from newsletter.schedule.replan import DROPPED, Change, ChangeKind, PendingMailing, replan
from newsletter.schedule.rules import Due, Times, decide_due, times_of
from newsletter.schedule.state import PENDING, MailingState, is_paused

#: The first look at a year computes its holidays, which may take longer than a busy machine's deadline.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DRAFT, SCHEDULED, HELD, SENDING, SENT, MISSED, CANCELLED = MailingState
CREATE, MOVE, HOLD, DROP = ChangeKind


def planned(name: str, amount: int, unit: Unit = Unit.DAYS, anchor: Anchor = Anchor.START) -> PlannedMailing:
    when = Rule(amount=amount, unit=unit, anchor=anchor, at=time(9))
    return PlannedMailing(name=name, template="announcement", when=when)


SAVE = planned("save-the-date", -6, Unit.WEEKS)
REMINDER = planned("reminder", -2)
REPORT = planned("report", 1, anchor=Anchor.END)
SERIES = Series(
    slug="kennisdagen",
    name="Kennisdagen",
    contact="kennisdagen@example.nl",
    sender=Mailbox(name="Kennisdagen", address="kennisdagen@example.nl"),
    language="nl",
    timezone="Europe/Amsterdam",
    lists=("kennisdagen",),
    plan=(SAVE, REMINDER, REPORT),
)
JUNE = Event(
    slug="juni",
    series=SERIES,
    title="Kennisdag",
    start=datetime(2026, 6, 11, 13),
    end=datetime(2026, 6, 11, 17),
)
LATER = replace(JUNE, start=datetime(2026, 6, 18, 13), end=datetime(2026, 6, 18, 17))
EARLIER = replace(JUNE, start=datetime(2026, 6, 4, 13), end=datetime(2026, 6, 4, 17))
UNDATED = replace(JUNE, start=None, end=None, season="najaar 2026")
OFF = replace(JUNE, status=EventStatus.CANCELLED)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def mailing(
    entry: PlannedMailing, state: MailingState, event: Event = JUNE, fixed: datetime | None = None
) -> PendingMailing:
    """The mailing of an entry, with the times that it has for `event`."""
    times = times_of(event, entry, fixed)
    return PendingMailing(
        name=entry.name,
        state=state,
        due_at=times.due_at,
        closes_at=times.closes_at,
        fixed=fixed is not None,
        planned=entry,
    )


def by_hand(due: str, state: MailingState = SCHEDULED) -> PendingMailing:
    return PendingMailing(name="extra", state=state, due_at=utc(due), closes_at=utc(due) + timedelta(days=1))


def applied(event: Event, mailings: Sequence[PendingMailing], changes: Sequence[Change]) -> list[PendingMailing]:
    """The mailings once the changes are stored."""
    plan = {entry.name: entry for entry in event.series.plan}
    rows = {row.name: row for row in mailings}
    for change in changes:
        row = rows.get(change.name) or PendingMailing(name=change.name, state=DRAFT, planned=plan[change.name])
        dropped = change.state in (HELD, CANCELLED) and change.reason.startswith(DROPPED)
        row = replace(row, state=change.state, due_at=change.due_at, closes_at=change.closes_at, dropped=dropped)
        rows[change.name] = replace(row, paused=is_paused(change.state, change.reason))
    return list(rows.values())


def only(changes: Sequence[Change]) -> Change:
    assert len(changes) == 1
    return changes[0]


def with_plan(event: Event, *plan: PlannedMailing) -> Event:
    return replace(event, series=replace(event.series, plan=plan))


def of_reminder(before: Event | None, after: Event, row: PendingMailing, *others: PendingMailing) -> Change | None:
    """What becomes of one mailing of a plan that has only the reminder."""
    before = with_plan(before, REMINDER) if before else None
    changes = replan(before, with_plan(after, REMINDER), [row, *others], NOW)
    return next((change for change in changes if change.name == row.name), None)


# --- importing


def test_a_new_event_gets_a_draft_per_entry_of_its_plan() -> None:
    changes = replan(None, JUNE, [], NOW)
    assert [(change.name, change.kind, change.state, change.due_at, change.closes_at) for change in changes] == [
        ("save-the-date", CREATE, DRAFT, utc("2026-04-30 07:00"), utc("2026-05-01 07:00")),
        ("reminder", CREATE, DRAFT, utc("2026-06-09 07:00"), utc("2026-06-10 07:00")),
        ("report", CREATE, DRAFT, utc("2026-06-12 07:00"), utc("2026-06-13 07:00")),
    ]
    assert changes[1].reason == "planned by the series, due 2026-06-09 09:00"


def test_an_event_without_a_date_gets_drafts_without_a_time() -> None:
    changes = replan(None, UNDATED, [], NOW)
    assert {(change.state, change.due_at, change.closes_at) for change in changes} == {(DRAFT, None, None)}
    assert changes[0].reason == "planned by the series, waiting for a date"


def test_last_years_event_is_imported_without_anything_that_fires() -> None:
    last_year = replace(JUNE, start=datetime(2025, 6, 12, 13), end=datetime(2025, 6, 12, 17))
    changes = replan(None, last_year, [], NOW)
    assert [change.state for change in changes] == [DRAFT] * 3
    assert Due.FIRE not in {decide_due(change.due_at, change.closes_at, NOW) for change in changes}


def test_a_clone_that_gets_its_new_date_has_drafts_only() -> None:
    last_year = replace(JUNE, start=datetime(2025, 6, 12, 13), end=datetime(2025, 6, 12, 17))
    rows = applied(last_year, [], replan(None, last_year, [], NOW))
    rows[0] = replace(rows[0], state=MISSED)  # the scheduler came by
    rows = applied(JUNE, rows, replan(last_year, JUNE, rows, NOW))
    assert [(row.name, row.state) for row in rows] == [
        ("save-the-date", MISSED),  # its new time lies in the past as well
        ("reminder", DRAFT),
        ("report", DRAFT),
    ]
    assert [row.due_at for row in rows] == [times_of(JUNE, entry).due_at for entry in SERIES.plan]


# --- moving


def test_when_the_date_moves_pending_mailings_shift_and_sent_ones_stay() -> None:
    rows = [mailing(SAVE, SENT), mailing(REMINDER, SCHEDULED), mailing(REPORT, DRAFT)]
    reminder, report = replan(JUNE, LATER, rows, NOW)
    assert (reminder.name, reminder.due_at, reminder.closes_at) == (
        "reminder",
        utc("2026-06-16 07:00"),
        utc("2026-06-17 07:00"),
    )
    assert (report.name, report.kind, report.state, report.due_at) == (
        "report",
        MOVE,
        DRAFT,
        utc("2026-06-19 07:00"),
    )
    assert report.reason == (
        "it is now due 2026-06-19 09:00 instead of 2026-06-12 09:00, because the event was moved "
        "from 2026-06-11 13:00–17:00 Europe/Amsterdam to 2026-06-18 13:00–17:00 Europe/Amsterdam"
    )


@pytest.mark.parametrize("state", [SENT, CANCELLED])
@pytest.mark.parametrize("after", [LATER, UNDATED, OFF, with_plan(JUNE)])
def test_what_is_sent_or_cancelled_never_changes(state: MailingState, after: Event) -> None:
    rows = [mailing(entry, state) for entry in SERIES.plan]
    assert replan(JUNE, after, rows, NOW) == ()


MOVED = (
    "the event was moved from 2026-06-11 13:00–17:00 Europe/Amsterdam to 2026-06-18 13:00–17:00 Europe/Amsterdam "
    "while it was being sent"
)
OTHERS = "look at the letter and schedule it again for those who have not got it, or cancel it"


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (JUNE, LATER, MOVED),
        (JUNE, UNDATED, "the event has lost its date, 2026-06-11 13:00–17:00 Europe/Amsterdam while it was being sent"),
        (JUNE, OFF, "the event was cancelled while it was being sent"),
        (OFF, JUNE, "the event takes place after all while it was being sent"),
        (JUNE, replace(JUNE, venue=Venue(name="Stadhuis")), ""),
        (JUNE, with_plan(JUNE), ""),
        (UNDATED, JUNE, ""),
        (OFF, replace(OFF, title="Kennisdag (vervalt)"), ""),
    ],
)
@pytest.mark.parametrize("hand_made", [False, True])
def test_a_mailing_on_its_way_is_held_when_its_letter_is_no_longer_so(
    before: Event, after: Event, reason: str, paused: bool, hand_made: bool
) -> None:
    row = by_hand("2026-06-15 10:00") if hand_made else mailing(REPORT, SCHEDULED, before, utc("2026-06-15 10:00"))
    row = replace(row, state=HELD if paused else SENDING, paused=paused)
    others = [mailing(entry, SENT, before) for entry in (SAVE, REMINDER, REPORT) if entry.name != row.name]
    changes = replan(before, after, [row, *others], NOW)
    held = [(change.name, change.kind, change.state, change.due_at, change.reason) for change in changes]
    assert held == ([(row.name, HOLD, HELD, row.due_at, f"{reason}; {OTHERS}")] if reason else [])
    again = applied(after, [row, *others], changes)
    assert replan(before, after, again, NOW) == ()


def test_what_is_left_of_a_mailing_on_its_way_gets_the_times_of_the_moved_event() -> None:
    rows = [mailing(SAVE, SENT), mailing(REMINDER, SENDING), mailing(REPORT, SENT)]
    change = only(replan(JUNE, LATER, rows, NOW))
    assert Times(due_at=change.due_at, closes_at=change.closes_at) == times_of(LATER, REMINDER)


@pytest.mark.parametrize("known", [mailing(SAVE, SENT), mailing(SAVE, SENDING)])
def test_when_people_know_the_old_date_a_scheduled_mailing_moves_and_is_held(known: PendingMailing) -> None:
    change = of_reminder(JUNE, LATER, mailing(REMINDER, SCHEDULED), replace(known, planned=None))
    assert change == Change(
        name="reminder",
        kind=HOLD,
        state=HELD,
        due_at=utc("2026-06-16 07:00"),
        closes_at=utc("2026-06-17 07:00"),
        reason="the event was moved from 2026-06-11 13:00–17:00 Europe/Amsterdam to 2026-06-18 13:00–17:00 "
        "Europe/Amsterdam, after “save-the-date” had been sent; look at the letter and schedule it again",
    )


def test_a_mailing_that_was_stopped_halfway_told_people_the_old_date_too() -> None:
    halfway = replace(by_hand("2026-05-01 07:00", CANCELLED), partly_sent=True)
    change = of_reminder(JUNE, LATER, mailing(REMINDER, SCHEDULED), halfway)
    assert change is not None
    assert change.kind is HOLD


def test_when_nobody_knows_the_old_date_a_scheduled_mailing_moves_and_stays_scheduled() -> None:
    change = of_reminder(JUNE, LATER, mailing(REMINDER, SCHEDULED), by_hand("2026-05-01 07:00", CANCELLED))
    assert change is not None
    assert (change.kind, change.state, change.due_at) == (MOVE, SCHEDULED, utc("2026-06-16 07:00"))


SAME_TIME_ELSEWHERE = replace(SERIES, timezone="Europe/Brussels")
OTHER_TIME_ELSEWHERE = replace(SERIES, timezone="Europe/London")


@pytest.mark.parametrize(
    ("before", "after", "held", "case"),
    [
        (JUNE, replace(JUNE, start=datetime(2026, 6, 11, 14)), True, "an hour later"),
        (JUNE, replace(JUNE, end=datetime(2026, 6, 11, 18)), True, "a longer day"),
        (JUNE, replace(JUNE, end=None), True, "the end is open now"),
        (JUNE, replace(JUNE, series=OTHER_TIME_ELSEWHERE), True, "another time zone"),
        (JUNE, replace(JUNE, series=SAME_TIME_ELSEWHERE), True, "another time zone, the same clocks"),
        (JUNE, UNDATED, True, "no date any more"),
        (replace(JUNE, end=None), JUNE, False, "an end, where none was known"),
        (UNDATED, JUNE, False, "a first date"),
        (JUNE, replace(JUNE, venue=Venue(name="Stadhuis")), False, "another venue"),
        (JUNE, replace(JUNE, title="Kennisdag 2026"), False, "another title"),
        (JUNE, JUNE, False, "nothing"),
        (None, JUNE, False, "nothing is known of before"),
    ],
)
def test_a_scheduled_mailing_is_held_when_people_have_read_another_time(
    before: Event | None, after: Event, held: bool, case: str
) -> None:
    sent = replace(mailing(SAVE, SENT), planned=None)
    change = of_reminder(before, after, mailing(REMINDER, SCHEDULED, before or after), sent)
    assert (change is not None and change.state is HELD) is held, case


def test_a_change_of_the_time_zone_moves_what_is_pending() -> None:
    change = of_reminder(JUNE, replace(JUNE, series=OTHER_TIME_ELSEWHERE), mailing(REMINDER, SCHEDULED))
    assert change is not None
    assert (change.kind, change.due_at) == (MOVE, utc("2026-06-09 08:00"))
    assert change.reason.endswith("Europe/Amsterdam to 2026-06-11 13:00–17:00 Europe/London")


@pytest.mark.parametrize(
    ("after", "kind", "case"),
    [
        (EARLIER, HOLD, "due the day after tomorrow instead of in a week, which is past"),
        (LATER, MOVE, "due later"),
    ],
)
def test_a_new_time_in_the_past_never_fires_by_itself(after: Event, kind: ChangeKind, case: str) -> None:
    now = utc("2026-06-02 08:00")  # an hour into the window that the earlier date gives
    row = mailing(REMINDER, SCHEDULED)
    change = only(replan(with_plan(JUNE, REMINDER), with_plan(after, REMINDER), [row], now))
    assert change.kind is kind, case
    if kind is HOLD:
        assert decide_due(change.due_at, change.closes_at, now) is Due.FIRE
        assert change.reason == (
            "its time 2026-06-02 09:00 has already passed, because the event was moved from "
            "2026-06-11 13:00–17:00 Europe/Amsterdam to 2026-06-04 13:00–17:00 Europe/Amsterdam; "
            "look at the letter and schedule it again"
        )


def test_a_new_time_that_is_now_is_held_and_a_moment_later_is_not() -> None:
    row = mailing(REMINDER, SCHEDULED)
    due = utc("2026-06-02 07:00")
    states = {
        only(replan(with_plan(JUNE, REMINDER), with_plan(EARLIER, REMINDER), [row], now)).state: now
        for now in (due, due - timedelta(seconds=1))
    }
    assert states == {HELD: due, SCHEDULED: due - timedelta(seconds=1)}


def test_a_mailing_whose_time_has_just_come_is_not_held_by_an_unrelated_change() -> None:
    rows = [mailing(REMINDER, SCHEDULED)]
    after = with_plan(replace(JUNE, title="Kennisdag 2026"), REMINDER)
    assert replan(with_plan(JUNE, REMINDER), after, rows, utc("2026-06-09 07:00")) == ()


@pytest.mark.parametrize(
    ("state", "after", "becomes", "case"),
    [
        (DRAFT, LATER, DRAFT, "a draft stays one"),
        (DRAFT, EARLIER, DRAFT, "also with its time in the past"),
        (HELD, LATER, HELD, "what is held waits for a person"),
        (HELD, EARLIER, HELD, "also with its time in the past"),
        (MISSED, LATER, DRAFT, "what was missed has another chance"),
        (MISSED, replace(JUNE, start=datetime(2026, 6, 2, 13)), MISSED, "not where that is past as well"),
        (MISSED, UNDATED, MISSED, "nor where there is no date"),
        (DRAFT, UNDATED, DRAFT, "without a date it waits for one"),
        (SCHEDULED, UNDATED, SCHEDULED, "as nobody has read the old one"),
        (HELD, UNDATED, HELD, "held without a date"),
    ],
)
def test_a_moved_mailing_keeps_its_state_unless_it_was_missed(
    state: MailingState, after: Event, becomes: MailingState, case: str
) -> None:
    change = of_reminder(JUNE, after, mailing(REMINDER, state))
    assert change is not None, case
    assert (change.kind, change.state) == (HOLD if state is HELD else MOVE, becomes), case
    assert Times(due_at=change.due_at, closes_at=change.closes_at) == times_of(after, REMINDER)


def test_the_log_says_when_an_event_gets_or_loses_its_date() -> None:
    gets = of_reminder(UNDATED, JUNE, mailing(REMINDER, SCHEDULED, UNDATED))
    loses = of_reminder(JUNE, UNDATED, mailing(REMINDER, SCHEDULED))
    assert gets is not None
    assert loses is not None
    assert gets.reason == (
        "it is now due 2026-06-09 09:00, because the event now has a date, 2026-06-11 13:00–17:00 Europe/Amsterdam"
    )
    assert loses.reason == (
        "it has no time until the event has a date, because "
        "the event has lost its date, 2026-06-11 13:00–17:00 Europe/Amsterdam"
    )


def test_the_reason_gives_both_dates_of_an_event_of_several_days() -> None:
    after = replace(JUNE, end=datetime(2026, 6, 12, 12))
    change = only(replan(JUNE, after, [mailing(SAVE, SENT), mailing(REMINDER, SENT), mailing(REPORT, DRAFT)], NOW))
    assert change.reason.endswith("to 2026-06-11 13:00 – 2026-06-12 12:00 Europe/Amsterdam")


# --- a time that a person fixed


@pytest.mark.parametrize(
    ("entry", "fixed", "after", "kind", "case"),
    [
        (REMINDER, "2026-06-10 10:00", LATER, None, "a reminder, still before the start"),
        (REMINDER, "2026-06-10 10:00", EARLIER, HOLD, "a reminder that the event has overtaken"),
        (REMINDER, "2026-06-11 10:59", replace(JUNE, start=datetime(2026, 6, 11, 12, 59)), HOLD, "at the start"),
        (REPORT, "2026-06-15 10:00", EARLIER, None, "a report, still after the start"),
        (REPORT, "2026-06-15 10:00", LATER, HOLD, "a report of what has not taken place"),
        (REMINDER, "2026-06-10 10:00", UNDATED, HOLD, "no date any more"),
    ],
)
def test_a_fixed_time_stays_and_is_held_if_it_is_on_the_other_side_of_the_start(
    entry: PlannedMailing, fixed: str, after: Event, kind: ChangeKind | None, case: str
) -> None:
    row = mailing(entry, SCHEDULED, fixed=utc(fixed))
    changes = replan(with_plan(JUNE, entry), with_plan(after, entry), [row], NOW)
    if kind is None:
        assert changes == (), case
    else:
        change = only(changes)
        assert (change.kind, change.state, change.due_at) == (kind, HELD, utc(fixed)), case
        assert "no longer fits; choose another time" in change.reason


def test_a_fixed_time_is_held_too_when_people_know_the_old_date() -> None:
    row = mailing(REMINDER, SCHEDULED, fixed=utc("2026-06-10 10:00"))
    change = of_reminder(JUNE, LATER, row, replace(mailing(SAVE, SENT), planned=None))
    assert change is not None
    assert (change.kind, change.due_at) == (HOLD, utc("2026-06-10 10:00"))


def test_a_fixed_time_of_an_event_that_gets_its_date_stays() -> None:
    row = mailing(REMINDER, SCHEDULED, UNDATED, fixed=utc("2026-06-08 10:00"))
    assert of_reminder(UNDATED, JUNE, row) is None


def test_a_fixed_reminder_of_an_event_whose_first_date_lies_in_the_past_is_held() -> None:
    row = mailing(REMINDER, SCHEDULED, UNDATED, fixed=utc("2026-06-08 10:00"))
    change = of_reminder(UNDATED, replace(JUNE, start=datetime(2026, 5, 31, 13), end=None), row)
    assert change is not None
    assert change.kind is HOLD
    assert change.reason.startswith("its time 2026-06-08 12:00 comes after the event has begun, because the event now")


def test_a_fixed_reminder_that_comes_after_the_first_date_of_its_event_is_held() -> None:
    row = mailing(REMINDER, SCHEDULED, UNDATED, fixed=utc("2026-06-12 10:00"))
    change = of_reminder(UNDATED, JUNE, row)
    assert change is not None
    assert (change.kind, change.state, change.due_at) == (HOLD, HELD, row.due_at)
    assert change.reason == (
        "its time 2026-06-12 12:00 comes after the event has begun, because the event now has a date, "
        "2026-06-11 13:00–17:00 Europe/Amsterdam; choose another time"
    )
    stuck = mailing(REMINDER, SCHEDULED, fixed=utc("2026-06-12 10:00"))
    unchanged = of_reminder(JUNE, JUNE, stuck)
    assert unchanged is not None
    assert unchanged.reason == "its time 2026-06-12 12:00 comes after the event has begun; choose another time"


@pytest.mark.parametrize(
    ("entry", "fixed", "held", "case"),
    [
        (REPORT, "2026-06-08 10:00", True, "a report before the event"),
        (REPORT, "2026-06-12 10:00", False, "a report after it"),
        (planned("end", 0, anchor=Anchor.END), "2026-06-08 10:00", True, "at the end of the day, before the event"),
        (planned("day", 0), "2026-06-08 10:00", False, "on the day itself: it may be about what comes"),
        (REMINDER, "2026-06-08 10:00", False, "a reminder before the event"),
        (None, "2026-06-08 10:00", False, "made by hand: nobody knows what it is about"),
    ],
)
def test_a_fixed_report_of_an_event_whose_first_date_is_later_is_held(
    entry: PlannedMailing | None, fixed: str, held: bool, case: str
) -> None:
    row = by_hand(fixed) if entry is None else mailing(entry, SCHEDULED, UNDATED, fixed=utc(fixed))
    plan = () if entry is None else (entry,)
    changes = replan(with_plan(UNDATED, *plan), with_plan(JUNE, *plan), [row], NOW)
    assert [(change.kind, change.due_at) for change in changes] == ([(HOLD, utc(fixed))] if held else []), case
    for change in changes:
        assert change.reason == (
            "the event now has a date, 2026-06-11 13:00–17:00 Europe/Amsterdam, "
            "and its fixed time 2026-06-08 12:00 no longer fits; choose another time"
        )


def test_the_window_of_a_fixed_time_still_ends_at_the_start() -> None:
    row = mailing(REMINDER, SCHEDULED, fixed=utc("2026-06-10 20:00"))
    after = replace(JUNE, start=datetime(2026, 6, 11, 10))
    change = of_reminder(JUNE, after, row)
    assert change is not None
    assert (change.kind, change.due_at, change.closes_at) == (MOVE, row.due_at, utc("2026-06-11 08:00"))
    assert change.reason.startswith("it now closes 2026-06-11 10:00 instead of 2026-06-11 13:00, because the event")


@pytest.mark.parametrize(
    ("row", "after", "expected"),
    [
        (by_hand("2026-06-10 10:00"), LATER, None),
        (by_hand("2026-06-10 10:00"), EARLIER, (HOLD, utc("2026-06-10 10:00"), utc("2026-06-11 10:00"))),
        (
            by_hand("2026-06-10 20:00", DRAFT),
            replace(JUNE, start=datetime(2026, 6, 11, 10)),
            (MOVE, utc("2026-06-10 20:00"), utc("2026-06-11 08:00")),
        ),
        (
            PendingMailing(name="extra", state=DRAFT, due_at=utc("2026-06-08 10:00")),
            JUNE,
            (MOVE, utc("2026-06-08 10:00"), utc("2026-06-09 10:00")),
        ),
        (PendingMailing(name="extra", state=DRAFT), LATER, None),
    ],
)
def test_a_mailing_made_by_hand_keeps_its_own_time(
    row: PendingMailing, after: Event, expected: tuple[ChangeKind, datetime, datetime] | None
) -> None:
    changes = replan(with_plan(JUNE), with_plan(after), [row], NOW)
    assert [(change.kind, change.due_at, change.closes_at) for change in changes] == ([expected] if expected else [])


def test_a_mailing_made_by_hand_under_the_name_of_an_entry_is_left_as_it_is() -> None:
    row = replace(by_hand("2026-06-08 10:00"), name="reminder")
    assert of_reminder(JUNE, JUNE, row) is None


# --- cancelling


def test_a_cancelled_event_holds_what_is_scheduled_and_leaves_the_rest() -> None:
    rows = [mailing(SAVE, MISSED), mailing(REMINDER, SCHEDULED), mailing(REPORT, DRAFT)]
    change = only(replan(JUNE, OFF, rows, NOW))
    assert (change.name, change.kind, change.state) == ("reminder", HOLD, HELD)
    assert change.due_at == rows[1].due_at
    assert change.reason == (
        "the event was cancelled; look at the letter and schedule it again if it should be sent all the same"
    )


def test_what_is_scheduled_for_an_event_that_is_cancelled_already_goes_out() -> None:
    notice = by_hand("2026-06-02 10:00")
    assert replan(with_plan(OFF), with_plan(replace(OFF, title="Kennisdag (vervalt)")), [notice], NOW) == ()


def test_an_event_that_is_cancelled_from_the_beginning_holds_what_is_scheduled() -> None:
    change = of_reminder(None, OFF, mailing(REMINDER, SCHEDULED))
    assert change is not None
    assert change.kind is HOLD


def test_an_event_that_takes_place_after_all_sends_nothing_by_itself() -> None:
    rows = [mailing(SAVE, SENT), mailing(REMINDER, HELD), mailing(REPORT, DRAFT), by_hand("2026-06-02 10:00")]
    change = only(replan(OFF, JUNE, rows, NOW))
    assert (change.name, change.kind) == ("extra", HOLD)  # it may say that the event is off
    assert change.reason == "the event takes place after all; look at the letter and schedule it again"


# --- the plan


def test_a_new_entry_of_the_plan_becomes_a_draft() -> None:
    before = with_plan(JUNE, SAVE)
    change = only(replan(before, with_plan(JUNE, SAVE, REPORT), [mailing(SAVE, SENT)], NOW))
    assert (change.name, change.kind, change.state) == ("report", CREATE, DRAFT)


@pytest.mark.parametrize(
    ("state", "kind", "becomes"), [(DRAFT, DROP, CANCELLED), (MISSED, DROP, CANCELLED), (SCHEDULED, HOLD, HELD)]
)
def test_a_mailing_whose_entry_is_taken_out_of_the_plan_is_cancelled_or_held_if_it_was_confirmed(
    state: MailingState, kind: ChangeKind, becomes: MailingState
) -> None:
    rows = [mailing(SAVE, SENT), mailing(REMINDER, state)]
    change = only(replan(with_plan(JUNE, SAVE, REMINDER), with_plan(JUNE), rows, NOW))
    assert (change.name, change.kind, change.state) == ("reminder", kind, becomes)
    assert change.reason == f"{DROPPED}; schedule it again if it should be sent after all"


def test_a_held_mailing_without_an_entry_is_left_as_it_is_by_each_further_import() -> None:
    row = replace(mailing(REMINDER, HELD), dropped=True)
    assert replan(with_plan(JUNE, REMINDER), with_plan(JUNE), [row], NOW) == ()
    assert replan(with_plan(JUNE), with_plan(JUNE), [row], NOW) == ()
    change = only(replan(with_plan(JUNE), with_plan(LATER), [row], NOW))
    assert (change.kind, change.state, change.due_at) == (HOLD, HELD, times_of(LATER, REMINDER).due_at)
    assert change.reason.startswith(DROPPED)


def test_what_a_person_schedules_after_the_drop_stays_scheduled_and_follows_the_event() -> None:
    row = mailing(REMINDER, SCHEDULED)
    assert replan(with_plan(JUNE), with_plan(JUNE), [row], NOW) == ()
    change = only(replan(with_plan(JUNE), with_plan(LATER), [row], NOW))
    assert (change.kind, change.state, change.due_at) == (MOVE, SCHEDULED, times_of(LATER, REMINDER).due_at)
    assert only(replan(with_plan(JUNE), with_plan(OFF), [row], NOW)).state is HELD


@pytest.mark.parametrize(
    ("after", "when"),
    [(LATER, "due 2026-06-16 09:00"), (UNDATED, "waiting for a date"), (JUNE, "due 2026-06-09 09:00")],
)
def test_an_entry_that_returns_brings_its_dropped_mailing_back_as_a_draft(after: Event, when: str) -> None:
    row = replace(mailing(REMINDER, CANCELLED), dropped=True)
    times = times_of(after, REMINDER)
    assert of_reminder(with_plan(JUNE), after, row) == Change(
        name="reminder",
        kind=MOVE,
        state=DRAFT,
        due_at=times.due_at,
        closes_at=times.closes_at,
        reason=f"it is back in the plan of the series, {when}",
    )
    assert replan(with_plan(JUNE), with_plan(after), [row], NOW) == ()
    assert of_reminder(with_plan(JUNE), after, replace(row, dropped=False)) is None


def test_a_held_mailing_says_that_its_entry_is_back() -> None:
    change = of_reminder(with_plan(JUNE), JUNE, replace(mailing(REMINDER, HELD), dropped=True))
    assert change is not None
    assert (change.kind, change.state) == (HOLD, HELD)
    assert change.reason == (
        "it is back in the plan of the series, due 2026-06-09 09:00; look at the letter and schedule it again"
    )


def test_a_held_mailing_whose_event_moves_again_names_the_newest_times() -> None:
    latest = replace(JUNE, start=datetime(2026, 6, 25, 13), end=datetime(2026, 6, 25, 17))
    sent = replace(mailing(SAVE, SENT), planned=None)
    row = mailing(REMINDER, HELD, LATER)
    with_known, alone = of_reminder(LATER, latest, row, sent), of_reminder(LATER, latest, row)
    assert with_known is not None
    assert alone is not None
    assert "to 2026-06-25 13:00–17:00 Europe/Amsterdam, after “save-the-date” had been sent" in with_known.reason
    assert alone.reason.startswith("it is now due 2026-06-23 09:00 instead of 2026-06-16 09:00, because")
    off = of_reminder(OFF, replace(LATER, status=EventStatus.CANCELLED), mailing(REMINDER, HELD))
    assert off is not None
    assert off.reason.startswith("the event was cancelled, and it is now due 2026-06-16 09:00")


@pytest.mark.parametrize(
    ("entry", "due", "closes", "reason"),
    [
        (
            planned("reminder", -3),
            "2026-06-08 07:00",
            "2026-06-09 07:00",
            "it is now due 2026-06-08 09:00 instead of 2026-06-09 09:00, because the plan of the series was changed",
        ),
        (
            replace(REMINDER, window=timedelta(hours=2)),
            "2026-06-09 07:00",
            "2026-06-09 09:00",
            "it now closes 2026-06-09 11:00 instead of 2026-06-10 09:00, because the plan of the series was changed",
        ),
    ],
)
def test_a_changed_entry_moves_its_mailing_and_needs_no_person(
    entry: PlannedMailing, due: str, closes: str, reason: str
) -> None:
    rows = [replace(by_hand("2026-05-01 07:00"), state=SENT), mailing(REMINDER, SCHEDULED)]
    assert only(replan(with_plan(JUNE, REMINDER), with_plan(JUNE, entry), rows, NOW)) == Change(
        name="reminder", kind=MOVE, state=SCHEDULED, due_at=utc(due), closes_at=utc(closes), reason=reason
    )


def test_an_entry_that_says_the_same_in_other_words_changes_nothing() -> None:
    weeks, days = planned("reminder", -1, Unit.WEEKS), planned("reminder", -7)
    assert replan(with_plan(JUNE, weeks), with_plan(JUNE, days), [mailing(weeks, SCHEDULED)], NOW) == ()


def test_a_longer_window_does_not_revive_what_was_missed() -> None:
    now = utc("2026-06-10 08:00")
    longer = replace(REMINDER, window=timedelta(days=2))
    before, after = with_plan(JUNE, REMINDER), with_plan(JUNE, longer)
    assert only(replan(before, after, [mailing(REMINDER, MISSED)], now)).state is MISSED
    assert only(replan(before, after, [mailing(REMINDER, SCHEDULED)], now)).state is HELD


# --- properties

STARTS = st.none() | st.datetimes(datetime(2026, 5, 20), datetime(2026, 7, 10))
ENTRIES = st.builds(
    PlannedMailing,
    name=st.sampled_from(["save-the-date", "reminder", "report", "next"]),
    template=st.just("announcement"),
    when=st.builds(
        Rule,
        amount=st.integers(-10, 10),
        unit=st.sampled_from(Unit),
        anchor=st.sampled_from(Anchor),
        at=st.sampled_from([time(2, 30), time(9), time(17)]),
    ),
    window=st.sampled_from([timedelta(0), timedelta(hours=5), timedelta(days=3)]),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    start = draw(STARTS)
    length = draw(st.none() | st.sampled_from([timedelta(hours=4), timedelta(days=2)]))
    plan = tuple(draw(st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry.name)))
    zone = draw(st.sampled_from(["Europe/Amsterdam", "America/New_York"]))
    return replace(
        JUNE,
        start=start,
        end=start + length if start and length else None,
        status=draw(st.sampled_from(EventStatus)),
        series=replace(SERIES, plan=plan, timezone=zone),
    )


@st.composite
def mailings_of(draw: st.DrawFn, event: Event) -> list[PendingMailing]:
    """Mailings of the plan in any state, on the rule's time or a fixed one, and perhaps one made by hand."""
    fixed = st.none() | st.datetimes(datetime(2026, 5, 1), datetime(2026, 7, 31), timezones=st.just(UTC))
    states = st.sampled_from(MailingState)
    rows = []
    for entry in event.series.plan:
        row = replace(mailing(entry, draw(states), event, draw(fixed)), dropped=draw(st.booleans()))
        rows.append(replace(row, paused=row.state is HELD and not row.dropped and draw(st.booleans())))
    return rows + ([by_hand("2026-06-10 10:00", draw(states))] if draw(st.booleans()) else [])


NOWS = st.datetimes(datetime(2026, 5, 15), datetime(2026, 7, 15), timezones=st.just(UTC))


@UNHURRIED
@given(data=st.data(), before=events(), after=events(), now=NOWS)
def test_replanning_twice_changes_nothing_the_second_time(
    data: st.DataObject, before: Event, after: Event, now: datetime
) -> None:
    rows = data.draw(mailings_of(before))
    rows = applied(after, rows, replan(before, after, rows, now))
    assert replan(before, after, rows, now) == ()
    assert replan(after, after, rows, now) == ()


@UNHURRIED
@given(data=st.data(), before=events(), after=events(), now=NOWS)
def test_no_change_sends_anything_by_itself(data: st.DataObject, before: Event, after: Event, now: datetime) -> None:
    """Sent stays sent, nothing becomes scheduled, and what stays scheduled with another time is not due."""
    rows = {row.name: row for row in data.draw(mailings_of(before))}
    for change in replan(before, after, list(rows.values()), now):
        old = rows.get(change.name)
        stopped = old is not None and old.state is SENDING and change.state is HELD
        assert old is None or old.state in PENDING or stopped or (old.dropped and change.state is DRAFT)
        assert change.state in {DRAFT, SCHEDULED, HELD, MISSED, CANCELLED}
        if change.state is SCHEDULED:
            assert old is not None
            assert old.state is SCHEDULED
            assert decide_due(change.due_at, change.closes_at, now) in (Due.WAIT, Due.UNDATED)


@UNHURRIED
@given(data=st.data(), before=events(), after=events(), now=NOWS)
def test_afterwards_every_pending_mailing_of_the_plan_has_the_times_of_the_event_as_it_is(
    data: st.DataObject, before: Event, after: Event, now: datetime
) -> None:
    rows = data.draw(mailings_of(before))
    rows = applied(after, rows, replan(before, after, rows, now))
    plan = {entry.name: entry for entry in after.series.plan}
    assert plan.keys() <= {row.name for row in rows}
    for row in rows:
        if row.state in PENDING and row.planned is not None:
            entry = plan.get(row.name, row.planned)
            times = times_of(after, entry, row.due_at if row.fixed else None)
            assert (row.due_at, row.closes_at) == (times.due_at, times.closes_at)
