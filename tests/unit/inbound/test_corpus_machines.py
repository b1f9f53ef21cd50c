"""What mail systems send: every message of the corpus is told apart, with its recipients and its reason."""

import re
import time

import pytest

from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.fallback import failed_addresses
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.verdict import Kind
from tests.corpus.machines.build import HERE
from tests.corpus.machines.build import cases as made
from tests.corpus.read import Case, cases

MACHINES = cases("machines")


def named(given: Case) -> str:
    return given.name


@pytest.mark.parametrize("case", MACHINES, ids=named)
def test_a_message_is_what_it_is(case: Case) -> None:
    verdict = classify(case.raw)
    assert (verdict.kind, verdict.hard) == (case.kind, case.hard), verdict.rule
    assert set(verdict.recipients) == set(case.recipients)
    assert verdict.reason == case.reason or not case.reason


def test_the_corpus_has_what_it_takes() -> None:
    assert len(MACHINES) >= 190
    assert {case.language for case in MACHINES} >= {"nl", "en", "de", "fr"}
    assert len({case.group for case in MACHINES}) >= 70
    assert sum(case.kind is Kind.COMPLAINT for case in MACHINES) >= 10


def test_the_corpus_is_what_its_pieces_make() -> None:
    assert {case.name: case.raw() for case in made()} == {
        path.relative_to(HERE).with_suffix("").as_posix(): path.read_bytes() for path in HERE.glob("*/*.eml")
    }


def test_a_report_that_names_nobody_still_tells_its_reason() -> None:
    verdict = classify(
        b"From: MAILER-DAEMON@example.com\nTo: bounces@example.nl\nSubject: Mail delivery failed\n\n"
        b"One or more of the recipients: no such user here.\n"
    )
    assert (verdict.kind, verdict.hard, verdict.recipients) == (Kind.BOUNCE, True, ())


def test_an_address_that_ends_another_has_its_own_reason() -> None:
    verdict = classify(
        b"Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: failure notice\n\n"
        b"<jan@example.org>:\nno such user\n\n<an@example.org>:\nmailbox is full\n"
    )
    assert [(one.recipient, one.reason) for one in verdict.failures] == [
        ("jan@example.org", "userunknown"),
        ("an@example.org", "mailboxfull"),
    ]


def test_a_report_of_hundreds_names_them_all_and_takes_no_time() -> None:
    said = "the user of this host has trouble with mail for the account " * 20
    blocks = "\n\n".join(f"Final-Recipient: rfc822; p{n}@example.org\nDiagnostic-Code: smtp; {said}" for n in range(70))
    began = time.process_time()
    verdict = classify(
        f'From: MAILER-DAEMON@example.com\nContent-Type: multipart/report; boundary="b"\n\n--b\n\n{said}\n--b\n'
        f"Content-Type: message/delivery-status\n\n{blocks}\n--b--\n".encode()
    )
    assert time.process_time() - began < 1
    assert len(verdict.recipients) == 70


#: A form that flufl.bounce knows: the one of smtp32, but for the words of its subject.
ODD = b"""From: Postmaster <postmaster@mail.example.com>
To: bounces@example.nl
Subject: Oops
X-Mailer: <SMTP32 v8.05>

Unknown user: piet@example.org

Original message follows.

"""


def test_a_library_is_asked_only_where_a_mail_system_wrote_and_no_rule_knows() -> None:
    assert failed_addresses(parse(ODD))[0] == ["piet@example.org"]
    assert classify(ODD).recipients == ("piet@example.org",)
    person = ODD.replace(b"Postmaster <postmaster@mail.example.com>", b"Jan <jan@example.org>")
    assert classify(person).kind is Kind.REPLY


@pytest.mark.parametrize(
    ("sender", "subject", "body"),
    [
        ("Systeembeheerder <ict@example.org>", "Re: Uitnodiging", "Ik kon niet inloggen. Mail mij: jan@example.org"),
        ("Postmaster Jan <postmaster@example.org>", "Bericht geweigerd", "Uw mail aan p@example.org kwam niet aan?"),
        ("Mail Administrator <jan@example.org>", "RE: Invitation", "Delivery failed for jan@example.org twice."),
    ],
)  # fmt: skip
def test_who_runs_a_mail_system_is_a_person_too(sender: str, subject: str, body: str) -> None:
    address = sender.partition("<")[2].rstrip(">")
    top = f"Return-Path: <{address}>\nFrom: {sender}\nSubject: {subject}\nIn-Reply-To: <1@example.nl>\n"
    assert classify(f"{top}\n{body}".encode()).kind in (Kind.REPLY, Kind.UNSURE)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "recipient " * 10_000,
        "user unknown to nobody " * 4_000,
        "<" * 100_000,
        "piet@example.org\n" * 6_000,
        "following recipients " * 5_000,
        "mailbox of the user has exceeded the allowed storage " * 2_000,
        "--- " * 25_000,
        "a@" * 50_000,
        "a." * 50_000,
        "domain host server system " * 4_000,
        " " * 100_000,
        "\n \n" * 30_000,
        "5.1.1 " * 16_000,
    ],
    ids=lambda text: re.sub(r"\s+", " ", text[:20]),
)
def test_no_text_takes_long(text: str) -> None:
    top = "Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: failure notice\nAuto-Submitted: auto-replied\n"
    report = (
        f'Content-Type: multipart/report; boundary="b"\n\n--b\n\n{text}\n--b\nContent-Type: message/delivery-status\n\n'
    )
    block = f"Final-Recipient: rfc822; piet@example.org\nAction: failed\nDiagnostic-Code: smtp; {text}\n\n--b--\n"
    for raw in (f"{top}\n{text}", f"{top}{report}{block}", f"{top}X-Failed-Recipients: a@example.nl\n\n{text}"):
        began = time.process_time()
        classify(raw.encode())
        assert time.process_time() - began < 0.5
