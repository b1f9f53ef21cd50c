"""What follows an attempt: tables and properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.outbox.delivery import OPEN, DeliveryState
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.outbox.retry import BUSY, FEW, FULL, ONE_DOMAIN, USUAL, Waits, decide, waits_after

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROWS = {"usual": USUAL, "busy": BUSY, "full": FULL, "few": FEW, "one domain": ONE_DOMAIN}


def outcome(
    kind: OutcomeKind = OutcomeKind.TEMPORARY,
    code: int = 451,
    enhanced: str = "4.7.1",
    text: str = "try later",
    phase: str = "rcpt",
) -> Outcome:
    return Outcome(kind=kind, phase=phase, code=code, enhanced=enhanced, text=text)


OUR_FAULT = outcome(OutcomeKind.OUR_FAULT, 535, "5.7.8", "bad credentials", "auth")


@pytest.mark.parametrize(
    ("kind", "attempts", "state", "minutes"),
    [
        (OutcomeKind.SENT, 1, DeliveryState.SENT, None),
        (OutcomeKind.PERMANENT, 1, DeliveryState.FAILED, None),
        (OutcomeKind.TEMPORARY, 1, DeliveryState.DEFERRED, 10),
        (OutcomeKind.TEMPORARY, 2, DeliveryState.DEFERRED, 45),
        (OutcomeKind.TEMPORARY, 4, DeliveryState.DEFERRED, 150),
        (OutcomeKind.TEMPORARY, len(USUAL), DeliveryState.DEFERRED, 22 * 60),
        (OutcomeKind.TEMPORARY, len(USUAL) + 1, DeliveryState.FAILED, None),
        (OutcomeKind.IN_DOUBT, 1, DeliveryState.IN_DOUBT, 10),
        (OutcomeKind.IN_DOUBT, len(FEW), DeliveryState.IN_DOUBT, 150),
        (OutcomeKind.IN_DOUBT, len(FEW) + 1, DeliveryState.FAILED, None),
        (OutcomeKind.OUR_FAULT, 1, DeliveryState.DEFERRED, 1),
        (OutcomeKind.OUR_FAULT, 1_000, DeliveryState.DEFERRED, 1),
    ],
)
def test_what_follows_an_attempt(kind: OutcomeKind, attempts: int, state: DeliveryState, minutes: int | None) -> None:
    decision = decide(outcome(kind), attempts, NOW)
    assert decision.state is state
    assert decision.next_at == (NOW + timedelta(minutes=minutes) if minutes else None)


@pytest.mark.parametrize(
    ("refusal", "waits"),
    [
        (outcome(), USUAL),
        (outcome(code=421, enhanced="4.7.0", text="too many connections"), USUAL),
        (outcome(code=450, enhanced="4.2.0", text="Greylisted for 5 minutes"), USUAL),
        (outcome(code=452, enhanced="4.3.1", text="Insufficient system storage"), USUAL),
        (outcome(code=0, enhanced="", text="the connection was lost", phase="mail"), USUAL),
        (outcome(code=432, enhanced="4.3.2", text="Concurrent connections limit exceeded."), BUSY),
        (outcome(code=432, enhanced="4.3.2", text="STOREDRV.Deliver; recipient thread limit exceeded"), BUSY),
        (outcome(code=452, enhanced="4.2.2", text="inbox is out of storage space"), FULL),
        (outcome(code=552, enhanced="5.2.2", text=""), FULL),
        (outcome(code=552, enhanced="", text="x"), FULL),
        (outcome(code=552, enhanced="5.3.4", text="Message is too large"), FEW),
        (outcome(code=450, enhanced="", text="mailbox for a@example.nl is full"), FULL),
        (outcome(code=550, enhanced="", text="Quota exceeded"), FULL),
        (outcome(code=550, enhanced="5.7.1", text="rate limited"), FEW),
        (outcome(code=503, enhanced="5.5.1", text="need RCPT"), FEW),
        (outcome(code=354, enhanced="", text="go ahead", phase="mail"), FEW),
        (outcome(code=-1, enhanced="", text="", phase="rcpt"), FEW),
        (outcome(OutcomeKind.IN_DOUBT, code=0, enhanced="", text="the mailbox is full", phase="letter"), FEW),
    ],
)
def test_how_long_to_wait_depends_on_what_was_said(refusal: Outcome, waits: Waits) -> None:
    assert waits_after(refusal) == waits


def test_a_letter_in_doubt_is_held_for_a_person_where_the_setting_says_so() -> None:
    decision = decide(outcome(OutcomeKind.IN_DOUBT), 1, NOW, resend_in_doubt=False)
    assert (decision.state, decision.next_at) == (DeliveryState.IN_DOUBT, None)
    assert decision.reason == "may have arrived: 451 4.7.1 try later"


def test_a_refusal_keeps_what_the_server_said() -> None:
    assert decide(outcome(OutcomeKind.PERMANENT), 1, NOW).reason == "451 4.7.1 try later"
    assert decide(outcome(), len(USUAL) + 1, NOW).reason == "given up after 12 attempts: 451 4.7.1 try later"


def test_a_fault_of_ours_holds_the_mailing_and_uses_up_no_attempt() -> None:
    decision = decide(OUR_FAULT, 1, NOW)
    assert decision.pause == "the mail server refused the login: 535 5.7.8 bad credentials"
    assert decision.counts is False
    assert decision.reason == "535 5.7.8 bad credentials"


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 45), (2, 150), (3, 420)])
def test_a_fault_of_ours_at_one_domain_is_tried_again_and_holds_nobody_else(attempts: int, minutes: int) -> None:
    decision = decide(outcome(OutcomeKind.OUR_FAULT), attempts, NOW, at_one_domain=True)
    assert (decision.state, decision.pause, decision.counts) == (DeliveryState.DEFERRED, "", True)
    assert decision.next_at == NOW + timedelta(minutes=minutes)


def test_a_domain_that_turns_us_away_for_half_a_day_is_for_a_person_to_look_at() -> None:
    decision = decide(outcome(OutcomeKind.OUR_FAULT), len(ONE_DOMAIN) + 1, NOW, at_one_domain=True)
    assert decision == decide(outcome(OutcomeKind.OUR_FAULT), 1, NOW)
    assert decision.pause


def test_a_domain_that_turns_us_away_until_the_mailing_ends_has_failed_and_holds_nobody_else() -> None:
    late = decide(outcome(OutcomeKind.OUR_FAULT), 1, NOW, at_one_domain=True, until=NOW + timedelta(minutes=44))
    assert (late.state, late.pause) == (DeliveryState.FAILED, "")
    assert late.reason.startswith("not tried again")


@pytest.mark.parametrize("phase", ["connect", "ehlo", "tls", "auth", "mail", "rcpt", "data", "letter", "address"])
def test_a_held_mailing_says_in_words_why(phase: str) -> None:
    pause = decide(outcome(OutcomeKind.OUR_FAULT, phase=phase), 1, NOW).pause
    assert pause.endswith(": 451 4.7.1 try later")
    assert len(pause) > 50


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind is not OutcomeKind.OUR_FAULT])
def test_nothing_else_holds_the_mailing(kind: OutcomeKind) -> None:
    decision = decide(outcome(kind), 1, NOW)
    assert (decision.pause, decision.counts) == ("", True)


def test_nothing_is_tried_again_after_the_end_of_the_mailing() -> None:
    until = NOW + timedelta(minutes=10)
    assert decide(outcome(), 1, NOW, until=until).next_at == until
    late = decide(outcome(), 1, NOW, until=until - timedelta(seconds=1))
    assert (late.state, late.next_at) == (DeliveryState.FAILED, None)
    assert late.reason == (
        "not tried again, it would come after 2026-03-02 09:09 UTC, when this mailing ends: 451 4.7.1 try later"
    )


def test_a_letter_in_doubt_at_the_end_of_the_mailing_is_left_to_a_person() -> None:
    decision = decide(outcome(OutcomeKind.IN_DOUBT), 1, NOW, until=NOW)
    assert (decision.state, decision.next_at) == (DeliveryState.IN_DOUBT, None)
    assert decision.reason == "may have arrived: 451 4.7.1 try later"


def test_a_fault_of_ours_at_the_end_of_the_mailing_fails_the_delivery_and_is_still_told() -> None:
    decision = decide(OUR_FAULT, 1, NOW, until=NOW)
    assert decision.state is DeliveryState.FAILED
    assert decision.reason.startswith("not tried again")
    assert decision.pause


@pytest.mark.parametrize("row", ROWS)
def test_waits_grow_and_leave_chance_some_room(row: str) -> None:
    waits = ROWS[row]
    assert all(0 < least < most for least, most in waits)
    assert list(waits) == sorted(waits)


def test_the_first_retry_suits_greylisting_and_later_ones_come_after_half_an_hour() -> None:
    assert USUAL[0] == (5, 15)
    assert min(least for least, _ in USUAL[1:]) >= 30


@pytest.mark.parametrize("row", ["usual", "busy", "full"])
def test_temporary_trouble_is_given_up_after_about_five_days(row: str) -> None:
    least, most = (timedelta(minutes=sum(wait[side] for wait in ROWS[row])) for side in (0, 1))
    assert least >= timedelta(days=4)
    assert most <= timedelta(days=6)


def test_what_may_be_wrong_about_itself_is_tried_for_less_than_a_working_day() -> None:
    assert sum(most for _, most in FEW) <= 8 * 60


REFUSALS = st.builds(
    outcome,
    st.sampled_from([OutcomeKind.TEMPORARY, OutcomeKind.IN_DOUBT, OutcomeKind.OUR_FAULT]),
    st.sampled_from([-1, 0, 250, 354, 421, 432, 450, 451, 452, 499, 503, 550, 552]),
    st.sampled_from(["", "4.2.2", "4.7.1", "5.2.2", "5.7.1"]),
    st.sampled_from(["", "mailbox full", "try later"]),
    st.sampled_from(["connect", "auth", "mail", "rcpt", "data", "letter"]),
)
CHANCES = st.floats(min_value=0, max_value=1, exclude_max=True)
ENDS = st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=8)).map(lambda later: NOW + later)


@given(REFUSALS, st.integers(min_value=1, max_value=50), CHANCES, ENDS, st.booleans())
def test_a_retry_lies_ahead_and_not_after_the_end(
    refusal: Outcome, attempts: int, chance: float, until: datetime | None, resend: bool
) -> None:
    decision = decide(refusal, attempts, NOW, resend_in_doubt=resend, until=until, chance=chance)
    if decision.next_at is not None:
        assert NOW < decision.next_at <= (until or datetime.max.replace(tzinfo=UTC))
        assert decision.state in OPEN
    else:
        assert decision.state in (DeliveryState.FAILED, DeliveryState.IN_DOUBT)
    assert (refusal.kind is OutcomeKind.OUR_FAULT) == bool(decision.pause)


@given(REFUSALS.filter(lambda one: one.kind is OutcomeKind.TEMPORARY), st.lists(CHANCES, min_size=20, max_size=20))
def test_a_delivery_that_is_refused_for_now_every_time_ends(refusal: Outcome, chances: list[float]) -> None:
    waits, now = waits_after(refusal), NOW
    for attempts, chance in enumerate(chances, start=1):
        decision = decide(refusal, attempts, now, chance=chance)
        if decision.next_at is None:
            break
        least, most = waits[attempts - 1]
        assert timedelta(minutes=least) <= decision.next_at - now <= timedelta(minutes=most)
        now = decision.next_at
    assert attempts == len(waits) + 1
    assert decision.state is DeliveryState.FAILED
    assert now - NOW <= timedelta(days=5) + timedelta(minutes=waits[-1][1])
