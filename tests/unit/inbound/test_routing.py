"""Which way a person's message goes on: tables of cases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.replying.routing import (
    Form,
    ForwardState,
    forward_named,
    loop_mark,
    next_form,
    step,
    why_stopped,
)
from newsletter.inbound.replying.threads import (
    addresses,
    author_of,
    clean,
    clean_lines,
    is_answer,
    name_of,
    named_ids,
    own_id,
    references_to,
    same_mailbox,
)
from newsletter.inbound.replying.waiting import is_late, working_days
from newsletter.inbound.telling.message import parse
from newsletter.outbox.envelope import FORWARD, REPLY, VERP
from newsletter.outbox.outcome import Outcome, OutcomeKind
from newsletter.subscribers.links import make_token

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = b"k" * 32
TEMPORARY, PERMANENT, OUR_FAULT, IN_DOUBT = (
    *(OutcomeKind.TEMPORARY, OutcomeKind.PERMANENT),
    *(OutcomeKind.OUR_FAULT, OutcomeKind.IN_DOUBT),
)

STEPS = [
    (Outcome(OutcomeKind.SENT, "letter", 250), 1, ForwardState.SENT, None, False),
    (Outcome(TEMPORARY, "rcpt", 450, "4.2.0", "later"), 1, ForwardState.WAITING, timedelta(minutes=10), False),
    (Outcome(TEMPORARY, "rcpt", 450, "4.2.0", "later"), 2, ForwardState.WAITING, timedelta(minutes=45), False),
    (Outcome(TEMPORARY, "rcpt", 452, "4.2.2", "full"), 1, ForwardState.WAITING, timedelta(hours=5), False),
    (Outcome(TEMPORARY, "rcpt", 450, "4.2.0", "later"), 12, ForwardState.FAILED, None, True),
    (Outcome(IN_DOUBT, "letter"), 1, ForwardState.WAITING, timedelta(minutes=10), False),
    (Outcome(IN_DOUBT, "letter"), 5, ForwardState.FAILED, None, True),
    (Outcome(PERMANENT, "rcpt", 550, "5.1.1"), 1, ForwardState.FAILED, None, True),
    (Outcome(OUR_FAULT, "auth", 535), 1, ForwardState.WAITING, timedelta(minutes=45), True),
    (Outcome(OUR_FAULT, "mail", 550, "5.7.1"), 500, ForwardState.WAITING, timedelta(minutes=45), True),
]


@pytest.mark.parametrize(("outcome", "attempts", "state", "wait", "alert"), STEPS)
def test_what_follows_an_attempt(
    outcome: Outcome, attempts: int, state: ForwardState, wait: timedelta | None, alert: bool
) -> None:
    found = step(outcome, attempts, NOW)
    assert (found.state, found.next_at, found.alert) == (state, None if wait is None else NOW + wait, alert)
    assert found.counts is (outcome.kind is not OUR_FAULT)


@given(st.sampled_from([TEMPORARY, IN_DOUBT, OUR_FAULT]), st.integers(1, 50), st.floats(0, 0.999))
def test_nothing_is_tried_at_once_and_nothing_is_forgotten(kind: OutcomeKind, attempts: int, chance: float) -> None:
    found = step(Outcome(kind, "letter", 451), attempts, NOW, chance=chance)
    if found.next_at is None:
        assert (found.state, found.alert) == (ForwardState.FAILED, True)
        assert found.reason
    else:
        assert timedelta(minutes=1) <= found.next_at - NOW <= timedelta(days=1)


def test_five_days_pass_before_a_mail_server_that_says_later_is_given_up() -> None:
    now, attempts = NOW, 1
    while (found := step(Outcome(TEMPORARY, "connect"), attempts, now)).next_at is not None:
        now, attempts = found.next_at, attempts + 1
    assert timedelta(days=4) < now - NOW < timedelta(days=7)


FORMS = [
    (Outcome(PERMANENT, "letter", 550, "5.7.1"), Form.UNCHANGED, Form.WRAPPED),
    (Outcome(OUR_FAULT, "data", 554), Form.UNCHANGED, Form.WRAPPED),
    (Outcome(PERMANENT, "mail", 554, "5.6.3"), Form.UNCHANGED, Form.WRAPPED),
    (Outcome(PERMANENT, "letter", 550, "5.7.1"), Form.WRAPPED, None),
    (Outcome(PERMANENT, "rcpt", 550, "5.1.1"), Form.UNCHANGED, None),
    (Outcome(OUR_FAULT, "mail", 530, "5.7.0"), Form.UNCHANGED, None),
    (Outcome(TEMPORARY, "letter", 451), Form.UNCHANGED, None),
    (Outcome(IN_DOUBT, "letter"), Form.UNCHANGED, None),
    (Outcome(OutcomeKind.SENT, "letter", 250), Form.UNCHANGED, None),
    (Outcome(OUR_FAULT, "mail", 0, "5.3.4"), Form.UNCHANGED, Form.SHORT),
    (Outcome(PERMANENT, "letter", 552, "5.2.3"), Form.WRAPPED, Form.SHORT),
    (Outcome(PERMANENT, "letter", 552, "", "message too big"), Form.UNCHANGED, Form.SHORT),
    (Outcome(PERMANENT, "rcpt", 552, "", "mailbox is full"), Form.UNCHANGED, None),
    (Outcome(OUR_FAULT, "mail", 0, "5.3.4"), Form.SHORT, None),
]


@pytest.mark.parametrize(("outcome", "form", "following"), FORMS)
def test_in_which_form_a_message_is_tried_at_once(outcome: Outcome, form: Form, following: Form | None) -> None:
    assert next_form(outcome, form) is following


def token(purpose: str, secret: bytes = SECRET) -> str:
    return f"bounces+{make_token(secret, purpose, 5)}@example.nl"


STOPS = [
    ("", (), ""),
    (f"X-Newsletter-Loop: {loop_mark(SECRET)}", (), "sent on from here"),
    (f"X-Newsletter-Loop: {loop_mark(b'o' * 32)}", (), ""),
    ("\r\n".join(f"X-Newsletter-Loop: {loop_mark(bytes([n]) * 32)}" for n in range(5)), (), "5 programs"),
    ("\r\n".join(["Received: by x"] * 25), (), ""),
    ("\r\n".join(["Received: by x"] * 26), (), "26 mail servers"),
    (f"To: {token(FORWARD)}", (), "only machines"),
    (f"Delivered-To: {token(FORWARD).upper()}", (), "only machines"),
    ("", (token(FORWARD),), "only machines"),
    ("", (token(FORWARD, b"o" * 32), token(VERP), token(REPLY)), ""),
]


@pytest.mark.parametrize(("fields", "envelope_to", "why"), STOPS)
def test_what_goes_round_is_stopped(fields: str, envelope_to: tuple[str, ...], why: str) -> None:
    part = parse(f"{fields}\r\nFrom: a@example.org\r\n\r\nHallo".lstrip().encode())
    found = why_stopped(part, envelope_to, mark=loop_mark(SECRET), secret=SECRET)
    assert why in found
    assert bool(found) is bool(why)


def test_the_forward_of_a_report_is_found_by_a_token_of_its_purpose_alone() -> None:
    empty = parse(b"From: a@example.org\r\n\r\n")
    assert forward_named(empty, [token(FORWARD)], SECRET) == 5
    for other in (token(VERP), token(REPLY), token(FORWARD, b"o" * 32), "bounces@example.nl"):
        assert forward_named(empty, [other], SECRET) is None
    returned = b"Content-Type: message/rfc822\r\n\r\nReturn-Path: <%b>\r\n\r\n" % token(FORWARD).encode()
    assert forward_named(parse(returned), [], SECRET) == 5


AUTHORS = [
    ("Anna <Anna@example.org>", "Anna@example.org", "Anna"),
    ('"baas@example.nl" <anna@example.org>', "anna@example.org", "baas@example.nl"),
    ("anna@example.org", "anna@example.org", ""),
    ("=?utf-8?q?Zo=C3=AB_=E2=80=98x=E2=80=99?= <z@example.org>", "z@example.org", "Zoë ‘x’"),
    ("z@example.org (Zoë)", "z@example.org", "Zoë"),
    ("", "", ""),
]


@pytest.mark.parametrize(("from_", "address", "name"), AUTHORS)
def test_who_wrote_it(from_: str, address: str, name: str) -> None:
    part = parse(f"From: {from_}\r\n\r\n".encode())
    assert (author_of(part), name_of(part)) == (address, name)


def test_the_ids_of_a_thread_are_told_nearest_first_and_are_not_endless() -> None:
    part = parse(b"Message-ID: <d@x.nl>\r\nIn-Reply-To: <c@x.nl>\r\nReferences: <a@x.nl> <b@x.nl>\r\n <c@x.nl>\r\n\r\n")
    assert own_id(part) == "d@x.nl"
    assert named_ids(part) == ("c@x.nl", "b@x.nl", "a@x.nl")
    assert references_to(part) == ("a@x.nl", "b@x.nl", "c@x.nl", "d@x.nl")
    endless = parse(b"References: " + b"".join(b"<%d@x.nl>" % number for number in range(3000)) + b"\r\n\r\n")
    assert len(named_ids(endless)) == len(references_to(endless)) == 50
    assert references_to(endless)[0] == "0@x.nl"
    assert named_ids(parse(b"In-Reply-To: uw mail van gisteren\r\n\r\n")) == ()


ANSWERS = [
    ("vragen@example.nl", "Anna <anna@example.org>", True),
    ("vragen@example.nl", "x@example.nl, ANNA@example.org", True),
    ("iemand@example.com", "anna@example.org", True),
    ("vragen@example.nl", "collega@example.nl", False),
    ("anna@example.org", "anna@example.org", False),
    ("", "anna@example.org", False),
]


@pytest.mark.parametrize(("author", "to", "answers"), ANSWERS)
def test_what_counts_as_an_answer(author: str, to: str, answers: bool) -> None:
    part = parse(f"From: {author}\r\nTo: {to}\r\n\r\n".encode())
    assert is_answer(part, "anna@example.org", "vragen@example.nl") is answers


def test_the_same_mailbox_in_another_letter_case_is_the_same() -> None:
    assert same_mailbox("Vragen@Example.nl", "vragen@example.nl")
    assert not same_mailbox("", "")
    assert addresses(parse(b'To: "x, y" <a@example.nl>, b@example.nl;\r\n\r\n'), "to") == (
        "a@example.nl",
        "b@example.nl",
    )


@given(st.text())
def test_what_is_shown_holds_no_control_characters(text: str) -> None:
    for shown in (clean(text), clean_lines(text)):
        assert not set(shown) & set("\x1b\r\x00\x07\u202e\u2066\x9b")
    assert "\n" not in clean(text)


DAYS = [
    (date(2026, 3, 2), date(2026, 3, 2), 0),
    (date(2026, 3, 2), date(2026, 3, 3), 1),
    (date(2026, 3, 6), date(2026, 3, 9), 1),  # over a weekend
    (date(2026, 3, 7), date(2026, 3, 8), 0),
    (date(2026, 4, 2), date(2026, 4, 7), 1),  # over Easter, Good Friday included
    (date(2026, 4, 24), date(2026, 4, 28), 1),  # King's Day is Monday the 27th
    (date(2026, 12, 24), date(2026, 12, 28), 1),  # Christmas
    (date(2026, 3, 3), date(2026, 3, 2), 0),
]


@pytest.mark.parametrize(("since", "until", "days"), DAYS)
def test_how_long_a_question_has_waited(since: date, until: date, days: int) -> None:
    assert working_days(since, until) == days
    assert not is_late(since, until, days)
    assert is_late(since, until, days - 1)
