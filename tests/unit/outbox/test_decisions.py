"""What follows an attempt, who is passed over, and the envelope: tables and properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SettingsError
from newsletter.outbox.delivery import Delivery, DeliveryState, withheld
from newsletter.outbox.envelope import envelope_sender, message_id, read_envelope_sender, unsubscribe_uris
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.outbox.retry import WAITS, decide

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = b"k" * 32


def outcome(kind: OutcomeKind) -> Outcome:
    return Outcome(kind=kind, phase="rcpt", code=451, enhanced="4.7.1", text="try later")


@pytest.mark.parametrize(
    ("kind", "attempts", "state", "wait"),
    [
        (OutcomeKind.SENT, 1, DeliveryState.SENT, None),
        (OutcomeKind.PERMANENT, 1, DeliveryState.FAILED, None),
        (OutcomeKind.TEMPORARY, 1, DeliveryState.DEFERRED, timedelta(minutes=10)),
        (OutcomeKind.TEMPORARY, 2, DeliveryState.DEFERRED, timedelta(minutes=30)),
        (OutcomeKind.TEMPORARY, len(WAITS), DeliveryState.DEFERRED, timedelta(days=1)),
        (OutcomeKind.TEMPORARY, len(WAITS) + 1, DeliveryState.FAILED, None),
        (OutcomeKind.IN_DOUBT, 1, DeliveryState.IN_DOUBT, timedelta(minutes=10)),
        (OutcomeKind.IN_DOUBT, len(WAITS) + 1, DeliveryState.FAILED, None),
    ],
)
def test_what_follows_an_attempt(
    kind: OutcomeKind, attempts: int, state: DeliveryState, wait: timedelta | None
) -> None:
    decision = decide(outcome(kind), attempts, NOW)
    assert decision.state is state
    assert decision.next_at == (NOW + wait if wait else None)


def test_a_letter_in_doubt_is_held_for_a_person_where_the_setting_says_so() -> None:
    decision = decide(outcome(OutcomeKind.IN_DOUBT), 1, NOW, resend_in_doubt=False)
    assert (decision.state, decision.next_at) == (DeliveryState.IN_DOUBT, None)
    assert "may have arrived" in decision.reason


def test_a_refusal_keeps_what_the_server_said() -> None:
    assert decide(outcome(OutcomeKind.PERMANENT), 1, NOW).reason == "451 4.7.1 try later"


def test_temporary_trouble_is_given_up_after_about_five_days() -> None:
    assert timedelta(days=4) <= sum(WAITS, timedelta()) <= timedelta(days=6)


@pytest.mark.parametrize(
    ("suppressed", "subscribed", "why"),
    [
        (None, True, ""),
        ("complaint", True, "suppressed: complaint"),
        ("complaint", False, "suppressed: complaint"),
        ("", True, "suppressed: "),
        (None, False, "unsubscribed after the mailing had started"),
    ],
)
def test_who_is_passed_over_at_the_last_moment(suppressed: str | None, subscribed: bool, why: str) -> None:
    delivery = Delivery(
        id=1,
        mailing_id=1,
        subscriber_id=1,
        address="a@example.nl",
        name="",
        attributes={},
        attempts=0,
        queued_at=NOW,
        suppressed=suppressed,
        subscribed=subscribed,
        claimed_by="worker",
        list_id=1,
    )
    assert withheld(delivery) == why


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_an_envelope_sender_leads_back_to_its_delivery_even_in_capitals(delivery_id: int) -> None:
    address = envelope_sender("bounces@nieuwsbrief.example.nl", "x@example.nl", SECRET, delivery_id)
    assert read_envelope_sender(address, SECRET) == delivery_id
    assert read_envelope_sender(address.upper(), SECRET) == delivery_id
    assert read_envelope_sender(address, b"other" * 8) is None
    assert len(address.rpartition("@")[0]) <= 64


def test_without_a_bounce_mailbox_bounces_go_to_the_from_address() -> None:
    assert envelope_sender("", "from@example.nl", SECRET, 1) == "from@example.nl"


def test_a_bounce_mailbox_that_is_no_address_is_a_setting_to_mend() -> None:
    with pytest.raises(SettingsError, match="BOUNCE_ADDRESS"):
        envelope_sender("bounces", "from@example.nl", SECRET, 1)


@pytest.mark.parametrize("address", ["", "x", "bounces@example.nl", "bounces+@example.nl", "bounces+aaaa@example.nl"])
def test_a_forged_envelope_sender_leads_nowhere(address: str) -> None:
    assert read_envelope_sender(address, SECRET) is None


def test_a_message_id_belongs_to_one_delivery_and_never_changes() -> None:
    first = message_id(SECRET, 1, "example.nl")
    assert first == message_id(SECRET, 1, "example.nl")
    assert first != message_id(SECRET, 2, "example.nl")
    assert first.endswith("@example.nl")
    # A Message-ID is public: it must not open what another token opens.
    assert read_envelope_sender(f"bounces+{first}", SECRET) is None


def test_leaving_is_offered_by_https_first_and_no_address_stands_in_the_links() -> None:
    with_page = unsubscribe_uris("https://nieuwsbrief.example.nl", "vragen@example.nl", SECRET, 12, 3)
    assert [uri.partition(":")[0] for uri in with_page] == ["https", "mailto"]
    assert "@" not in with_page[0]
    [by_mail] = unsubscribe_uris("", "vragen@example.nl", SECRET, 12, 3)
    assert by_mail.startswith("mailto:vragen@example.nl?subject=unsubscribe%20")
