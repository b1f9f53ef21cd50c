"""Stage 4: what a person can do next about a mailing, in commands that they can copy.

In: its state, why it is in it, and what became of its letters. Out: sentences, the most pressing first. Pure.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from newsletter.outbox.delivery import DeliveryState
from newsletter.schedule.rules import Due, decide_due
from newsletter.schedule.state import PAUSED_BY_ITSELF, MailingState, is_paused
from newsletter.store.mailings import MailingRow

#: Letters that leave when the mailing goes on.
WAITING = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.SENDING, DeliveryState.DEFERRED)
#: What is said where a mailing would go out by itself, and no process is there that does it.
NOTHING_RUNS = "nothing is running that would send it: start `newsletter run`"


def next_steps(
    row: MailingRow,
    letters: Mapping[str, int],
    now: datetime,
    *,
    runs: bool = True,
    held_up: str = "",
    held_in_doubt: int = 0,
    withdrawn: int = 0,
) -> list[str]:
    """What to do next.

    `letters` counts deliveries by state; `held_in_doubt` are those in doubt that nothing happens to by itself, and
    `withdrawn` those that did not leave because the mailing was cancelled on its way. `runs` is whether something runs
    that would send it, `held_up` why it would be held when it is due as it is now.
    """
    mailing = _mailing(row, letters, now, runs=runs, held_up=held_up, withdrawn=withdrawn)
    return [*mailing, *_letters(row, letters, held_in_doubt, withdrawn)]


def _mailing(
    row: MailingRow, letters: Mapping[str, int], now: datetime, *, runs: bool, held_up: str, withdrawn: int
) -> Iterator[str]:
    command, cancel = "newsletter mailing", f"`newsletter mailing cancel {row.slug}` drops it"
    is_over = decide_due(row.due_at, row.closes_at, now) is Due.MISSED
    at = " --at now" if is_over or (row.corrects_id is not None and row.due_at is None) else ""
    match row.state:
        case MailingState.DRAFT:
            yield f"`{command} schedule {row.slug}{at}` confirms it; {cancel}"
        case MailingState.SCHEDULED if held_up:
            yield f"as it is now, it is held when it is due: {held_up}; {cancel}"
        case MailingState.SCHEDULED:
            yield f"{'it goes out by itself' if runs else NOTHING_RUNS}; {cancel}"
        case MailingState.SENDING:
            if not runs:
                yield NOTHING_RUNS
            yield f"`{command} hold {row.slug}` pauses it; `{command} cancel {row.slug}` stops it"
        case MailingState.MISSED:
            yield f"`{command} schedule {row.slug} --at “YYYY-MM-DD HH:MM”` gives it a new time; {cancel}"
        case MailingState.HELD if not is_paused(row.state, row.reason):
            yield f"look at the letter, then `{command} schedule {row.slug}{at}` confirms it again; {cancel}"
        case MailingState.HELD if is_over:
            yield f"its window has closed: `{command} schedule {row.slug} --at now` is for those who have not got it"
        case MailingState.HELD:
            mend = "mend what it says above; then " if row.reason.startswith(PAUSED_BY_ITSELF) else ""
            left = sum(letters.get(state.value, 0) for state in WAITING)
            yield (
                f"{mend}`{command} resume {row.slug}` lets its {left} other letters go; "
                f"`{command} cancel {row.slug}` stops it"
            )
        case MailingState.CANCELLED if withdrawn:
            yield f"`{command} schedule {row.slug} --at now` is for the {withdrawn} who have not got it"


def _letters(row: MailingRow, letters: Mapping[str, int], held_in_doubt: int, withdrawn: int) -> Iterator[str]:
    if held_in_doubt:
        wait = "1 letter in doubt waits" if held_in_doubt == 1 else f"{held_in_doubt} letters in doubt wait"
        yield f"{wait} for you: `newsletter mailing resolve {row.slug}` shows them"
    ended = (MailingState.SENT, MailingState.HELD, MailingState.CANCELLED)
    if row.state in ended and not withdrawn and (failed := letters.get(DeliveryState.FAILED.value, 0)):
        letter = "1 letter" if failed == 1 else f"{failed} letters"
        yield f"{letter} failed: `newsletter mailing again {row.slug}` shows why"
