"""Who is passed over, and the envelope: tables and properties."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SettingsError
from newsletter.outbox.delivery import Delivery, withheld
from newsletter.outbox.envelope import (
    FORWARD,
    REPLY,
    VERP,
    envelope_sender,
    message_id,
    read_envelope_sender,
    read_plus,
    reply_to,
    unsubscribe_uris,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = b"k" * 32


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


@given(delivery_id=st.integers(min_value=0, max_value=2**63 - 1))
def test_a_reply_address_leads_back_to_its_delivery_and_serves_nothing_else(delivery_id: int) -> None:
    address = reply_to("antwoord@nieuwsbrief.example.nl", "vragen@example.nl", SECRET, delivery_id)
    assert read_plus(address.upper(), SECRET, REPLY) == delivery_id
    assert [read_plus(address, SECRET, purpose) for purpose in (VERP, FORWARD)] == [None, None]
    assert read_plus(address, b"other" * 8, REPLY) is None
    assert len(address.rpartition("@")[0]) <= 64


def test_without_a_reply_mailbox_replies_go_to_the_contact_mailbox() -> None:
    assert reply_to("", "vragen@example.nl", SECRET, 1) == "vragen@example.nl"
    with pytest.raises(SettingsError, match="REPLY_ADDRESS"):
        reply_to("antwoord", "vragen@example.nl", SECRET, 1)


@pytest.mark.parametrize(
    "wrapped",
    [
        "prvs=4163f0ab2c={local}@nieuwsbrief.example.nl",  # BATV
        "PRVS={local}/4163F0AB2C@nieuwsbrief.example.nl",  # an early form of it
        "btv1==416f0ab2c=={local}@nieuwsbrief.example.nl",  # Barracuda
        "SRS0=HHHH=TT=nieuwsbrief.example.nl={local}@doorstuurder.example.org",
        "srs0+HHHH=TT=nieuwsbrief.example.nl={local}@doorstuurder.example.org",
        "SRS1=HHHH=eerste.example.org==HHHH=TT=nieuwsbrief.example.nl={local}@tweede.example.org",
        "lijst-owner+{local}=nieuwsbrief.example.nl@lists.example.org",
        "lijst+caf_=wij=example.org+{local}@example.org",
    ],
)
def test_the_tags_of_gateways_are_undone(wrapped: str) -> None:
    address = envelope_sender("bounces@nieuwsbrief.example.nl", "x@example.nl", SECRET, 77)
    local = address.rpartition("@")[0]
    assert read_envelope_sender(wrapped.format(local=local), SECRET) == 77
    broken = local[:-1] + ("0" if local[-1] != "0" else "1")
    assert read_envelope_sender(wrapped.format(local=broken), SECRET) is None


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
