"""What a person is told to do next about a mailing."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from newsletter.events.plan import Anchor, PlannedMailing, Rule, Unit
from newsletter.outbox.advice import NOTHING_RUNS, next_steps
from newsletter.schedule.state import MailingState
from newsletter.store.mailings import MailingRow
from tests.world import NOW

ROW = MailingRow(
    id=1,
    slug="e/m",
    event="e",
    series="s",
    timezone="Europe/Amsterdam",
    planned=PlannedMailing(
        name="m", template="t", when=Rule(amount=0, unit=Unit.DAYS, anchor=Anchor.START, at=time(9))
    ),
    state=MailingState.DRAFT,
    reason="",
    fixed=False,
    due_at=NOW,
    closes_at=NOW + timedelta(days=1),
    confirmed=None,
    started_at=None,
    ended_at=None,
    corrects_id=None,
)
BY_ITSELF = "paused by itself: the mail server refused the login"
CLOSED = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "reason", "letters", "doubts", "now", "steps"),
    [
        ("draft", "", {}, 0, NOW, ["`newsletter mailing schedule e/m` confirms it"]),
        ("scheduled", "", {}, 0, NOW, ["it goes out by itself"]),
        ("sending", "", {"queued": 3, "failed": 1}, 0, NOW, ["`newsletter mailing hold e/m` pauses it"]),
        ("held", "the event was moved", {"queued": 3}, 0, NOW, ["look at the letter, then `newsletter mailing sched"]),
        (
            "held",
            "paused by hand",
            {"queued": 3, "deferred": 1, "sent": 5, "claimed": 1},
            0,
            NOW,
            ["`newsletter mailing resume e/m` lets its 5 other letters go; `newsletter mailing cancel e/m` stops it"],
        ),
        (
            "held",
            BY_ITSELF,
            {"queued": 3, "failed": 2},
            0,
            NOW,
            [
                "mend what it says above; then `newsletter mailing resume e/m` lets its 3 other letters go",
                "2 letters failed: `newsletter mailing again e/m` shows why",
            ],
        ),
        ("held", BY_ITSELF, {"queued": 3}, 0, CLOSED, ["its window has closed: `newsletter mailing schedule e/m --at"]),
        (
            "missed",
            "too late",
            {},
            0,
            NOW,
            ["`newsletter mailing schedule e/m --at “YYYY-MM-DD HH:MM”` gives it"],
        ),
        ("sent", "", {"sent": 3}, 0, NOW, []),
        (
            "sent",
            "",
            {"sent": 3, "in_doubt": 1, "failed": 1},
            1,
            NOW,
            [
                "1 letter in doubt waits for you: `newsletter mailing resolve e/m` shows them",
                "1 letter failed: `newsletter mailing again e/m` shows why",
            ],
        ),
        ("cancelled", "cancelled by hand", {}, 0, NOW, []),
        (
            "cancelled",
            "cancelled by hand",
            {"failed": 3},
            1,
            NOW,
            [
                "1 letter in doubt waits for you: `newsletter mailing resolve",
                "3 letters failed: `newsletter mailing ag",
            ],
        ),
        (
            "held",
            "the event moved",
            {},
            0,
            CLOSED,
            ["look at the letter, then `newsletter mailing schedule e/m --at n"],
        ),
    ],
)
def test_the_next_step_is_a_command_that_can_be_copied(
    state: str, reason: str, letters: dict[str, int], doubts: int, now: datetime, steps: list[str]
) -> None:
    row = replace(ROW, state=MailingState(state), reason=reason)
    found = next_steps(row, letters, now, held_in_doubt=doubts)
    assert len(found) == len(steps)
    for step, begins in zip(found, steps, strict=True):
        assert step.startswith(begins)


def test_what_would_be_held_is_not_said_to_go_out() -> None:
    row = replace(ROW, state=MailingState.SCHEDULED)
    [step] = next_steps(row, {}, NOW, held_up="the report has no text yet")
    assert step.startswith(
        "as it is now, it is held when it is due: the report has no text yet; `newsletter mailing cancel"
    )


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("scheduled", [f"{NOTHING_RUNS}; `newsletter mailing cancel e/m` drops it"]),
        ("sending", [NOTHING_RUNS, "`newsletter mailing hold e/m` pauses it"]),
        ("draft", ["`newsletter mailing schedule e/m` confirms it"]),
        ("sent", []),
    ],
)
def test_where_nothing_runs_it_says_so_of_what_would_leave(state: str, steps: list[str]) -> None:
    found = next_steps(replace(ROW, state=MailingState(state)), {"queued": 3}, NOW, runs=False)
    assert len(found) == len(steps)
    for step, begins in zip(found, steps, strict=True):
        assert step.startswith(begins)


def test_what_was_cancelled_on_its_way_is_for_those_who_have_not_got_it_before_anything_else() -> None:
    row = replace(ROW, state=MailingState.CANCELLED)
    [step] = next_steps(row, {"failed": 3, "withheld": 2, "sent": 1}, NOW, withdrawn=2)
    assert step == "`newsletter mailing schedule e/m --at now` is for the 2 who have not got it"


def test_a_correction_without_a_time_is_told_how_to_give_it_one() -> None:
    [step] = next_steps(replace(ROW, corrects_id=2, due_at=None, closes_at=None), {}, NOW)
    assert step.startswith("`newsletter mailing schedule e/m --at now` confirms it; `newsletter mailing cancel e/m`")
