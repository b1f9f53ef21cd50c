"""Which letter of ours a message is about: what is read without a store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound.matching import MOST, bare_subject, claims, named_letters
from newsletter.inbound.proposing import other_addresses, sentence_of, wants_to_leave
from newsletter.inbound.reference import reference
from newsletter.inbound.suppressing import judge
from newsletter.inbound.telling.autoreply import LEFT
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.verdict import Failure, Kind, Verdict, bounced
from tests.returns import SECRET, answer_to, arf, bounce_to, dsn, id_of, incoming, link_of, mail

DOUBLE = "Wilt u mij van de lijst verwijderen, ik zit er dubbel in."
OWN, OTHER = "person-0@example.nl", "elders@example.com"


def failure(recipient: str, reason: str = "userunknown", *, is_delay: bool = False) -> Failure:
    return Failure(recipient=recipient, reason=reason, is_delay=is_delay)


@pytest.mark.parametrize(
    ("failures", "names_letter", "found"),
    [
        ([failure(OWN)], False, ("userunknown", True)),
        ([failure("Person-0@EXAMPLE.nl")], False, ("userunknown", True)),
        ([failure("")], False, ("userunknown", True)),
        ([], False, ("undefined", True)),
        ([failure(OTHER), failure(OWN, "mailboxfull")], True, ("mailboxfull", True)),
        ([failure(OWN, is_delay=True), failure(OWN)], False, ("userunknown", True)),
        ([failure(OTHER)], True, ("userunknown", False)),
        ([failure(OTHER)], False, None),
    ],
)
def test_a_report_counts_for_its_subscriber_or_for_nobody(
    failures: list[Failure], names_letter: bool, found: tuple[str, bool] | None
) -> None:
    judged = judge(bounced("rule", failures), OWN, names_letter=names_letter)
    assert (judged and (judged.failure.reason, judged.is_theirs)) == found


def test_a_verdict_without_recipients_keeps_its_reason() -> None:
    judged = judge(Verdict(kind=Kind.BOUNCE, rule="words", reason="mailboxfull"), OWN, names_letter=False)
    assert judged is not None
    assert judged.failure.reason == "mailboxfull"


@given(number=st.integers(min_value=1, max_value=2**40), other=st.integers(min_value=1, max_value=2**40))
def test_every_token_is_found_where_it_stands_and_counts_for_its_own_purpose(number: int, other: int) -> None:
    for raw, wanted in (
        (dsn(to=bounce_to(number), recipient=OWN, returned=id_of(other)), (number, None, (other,), None)),
        (dsn(to="x@example.nl", recipient=OWN, path=bounce_to(number)), (number, None, (), None)),
        (mail("Dag", to=answer_to(number), answers=id_of(other)), (None, number, (other,), None)),
        (mail("", subject=f"unsubscribe {link_of(number, other)}"), (None, None, (), (number, other))),
        (arf(link=link_of(number, other), returned=id_of(other)), (None, None, (other,), (number, other))),
    ):
        part = parse(raw)
        found = claims(reference(part), incoming(raw), part, SECRET)
        assert (found.envelope, found.reply, found.messages, found.link) == wanted
        nothing = claims(reference(part), incoming(raw), part, b"o" * 32)
        assert (nothing.envelope, nothing.reply, nothing.messages, nothing.link) == (None, None, (), None)


def test_the_nearest_letter_of_a_thread_comes_first() -> None:
    thread = f"In-Reply-To: <{id_of(3)}>\r\nReferences: <{id_of(1)}> <x@example.org>\r\n <{id_of(2)}>\r\n"
    assert named_letters(reference(parse(mail("Dag", more=thread))), SECRET) == (3, 2, 1)


def test_a_message_with_very_many_addresses_is_read_in_no_time() -> None:
    raw = mail("Dag", to=", ".join(f"a{number}@example.org" for number in range(5000)))
    part = parse(raw)
    assert claims(reference(part), incoming(raw, to=(bounce_to(4),)), part, SECRET).envelope == 4
    assert MOST < 5000


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: Kennisdag", "kennisdag"),
        ("RE: Antw: FW: Kennisdag  2026", "kennisdag 2026"),
        ("AW: [2] Kennisdag", "[2] kennisdag"),
        ("Re[2]: Kennisdag", "kennisdag"),
        ("TR: Réunion", "réunion"),
        ("Kennisdag: reminder", "kennisdag: reminder"),
        ("", ""),
    ],
)
def test_a_subject_without_what_programs_put_before_it(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("Dank voor de mail. Wilt u mij van de lijst verwijderen, ik zit er dubbel in. Groet", DOUBLE),
        ("Haal mij van de lijst. Ik heb al een abonnement.", "Haal mij van de lijst."),
        ("Please remove me from this list.\nMy colleague still wants it.", "Please remove me from this list."),
        ("Wilt u mij van de\nlijst verwijderen?", "Wilt u mij van de lijst verwijderen?"),
        ("Wij komen naar de workshop\nHaal mij daarna van de lijst", "Haal mij daarna van de lijst"),
        ("Ik moet me helaas afmelden voor de bijeenkomst.", ""),
        ("Hoe kan ik mij afmelden?", "Hoe kan ik mij afmelden?"),
        ("Wij komen graag.", ""),
    ],
)
def test_a_sentence_that_asks_to_be_taken_off(words: str, wish: str) -> None:
    assert wants_to_leave(words) == wish


def test_the_sentence_that_says_so_and_the_address_in_it() -> None:
    text = "Geachte heer,\nIk ben niet meer werkzaam\nbij ons. Mail ander@example.nl, of info@example.org.\nGroet"
    assert sentence_of(text, LEFT) == "Geachte heer, Ik ben niet meer werkzaam bij ons."
    assert other_addresses(text, ["INFO@example.org", ""]) == ["ander@example.nl"]
    assert sentence_of("Tot morgen", LEFT) == ""
