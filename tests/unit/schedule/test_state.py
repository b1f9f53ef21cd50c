"""States of a mailing and the moves between them."""

import pytest

from newsletter.errors import StateError
from newsletter.schedule.state import (
    PAUSED_BY_HAND,
    PAUSED_BY_ITSELF,
    PENDING,
    TRANSITIONS,
    MailingState,
    is_paused,
    move,
)

STATES = tuple(MailingState)
MOVES = {
    ("draft", "scheduled"),
    ("draft", "missed"),
    ("draft", "cancelled"),
    ("scheduled", "draft"),
    ("scheduled", "held"),
    ("scheduled", "sending"),
    ("scheduled", "missed"),
    ("scheduled", "cancelled"),
    ("held", "draft"),
    ("held", "scheduled"),
    ("held", "sending"),
    ("held", "cancelled"),
    ("sending", "sent"),
    ("sending", "held"),
    ("sending", "cancelled"),
    ("sent", "sending"),
    ("missed", "draft"),
    ("missed", "scheduled"),
    ("missed", "cancelled"),
    ("cancelled", "draft"),
    ("cancelled", "scheduled"),
    ("cancelled", "sending"),
}


@pytest.mark.parametrize("to", STATES)
@pytest.mark.parametrize("state", STATES)
def test_a_move_exists_or_is_an_error_that_says_what_can_be_done_instead(state: MailingState, to: MailingState) -> None:
    if (state.value, to.value) in MOVES:
        assert move(state, to) is to
    else:
        with pytest.raises(StateError, match=rf"^the mailing is {state} .*; \w+"):
            move(state, to)


@pytest.mark.parametrize(
    ("state", "to", "name", "sentence"),
    [
        (
            MailingState.SENT,
            MailingState.SCHEDULED,
            "reminder",
            "mailing “reminder” is sent and cannot become scheduled; "
            "what has been sent stays as it is, so plan another mailing",
        ),
        (
            MailingState.DRAFT,
            MailingState.SENDING,
            "",
            "the mailing is draft and cannot become sending; schedule it first, or cancel it",
        ),
        (
            MailingState.CANCELLED,
            MailingState.CANCELLED,
            "report",
            "mailing “report” is cancelled already; schedule it again if it should be sent after all",
        ),
    ],
)
def test_the_error_is_one_sentence(state: MailingState, to: MailingState, name: str, sentence: str) -> None:
    with pytest.raises(StateError) as error:
        move(state, to, name)
    assert str(error.value) == sentence


def test_only_what_is_scheduled_or_was_on_its_way_before_can_be_sent() -> None:
    before = {state.value for state in STATES if MailingState.SENDING in TRANSITIONS[state]}
    assert before == {"scheduled", "held", "sent", "cancelled"}


def test_whatever_was_not_sent_can_be_cancelled_and_what_was_sent_can_only_go_on() -> None:
    assert all(MailingState.CANCELLED in TRANSITIONS[state] for state in (*PENDING, MailingState.SENDING))
    assert TRANSITIONS[MailingState.SENT] == {MailingState.SENDING}


@pytest.mark.parametrize(
    ("state", "reason", "paused"),
    [
        (MailingState.HELD, PAUSED_BY_HAND, True),
        (MailingState.HELD, f"{PAUSED_BY_ITSELF}: 20 recipients in a row were refused for good", True),
        (MailingState.HELD, "held by hand", False),
        (MailingState.HELD, "the event was cancelled while it was being sent", False),
        (MailingState.SENDING, PAUSED_BY_HAND, False),
        (MailingState.CANCELLED, PAUSED_BY_HAND, False),
    ],
)
def test_only_a_mailing_that_was_stopped_on_its_way_is_paused(state: MailingState, reason: str, paused: bool) -> None:
    assert is_paused(state, reason) is paused


def test_the_table_of_moves_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[MailingState.SENT] = frozenset(STATES)  # type: ignore[index]
