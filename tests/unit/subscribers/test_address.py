"""What is an e-mail address, in which form it is stored, and what is said of one that was typed wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import NewsletterError
from newsletter.events.event import Mailbox
from newsletter.subscribers.address import (
    Mistake,
    domain_key,
    read_mailbox,
    shown,
    typed_address,
)
from newsletter.subscribers.subscriber import address_key


def _address(cell: str) -> str:
    mailbox = read_mailbox(cell)
    assert isinstance(mailbox, Mailbox), mailbox
    return mailbox.address


def _mistake(cell: str) -> Mistake:
    mistake = read_mailbox(cell)
    assert isinstance(mistake, Mistake), mistake
    return mistake


@pytest.mark.parametrize(
    "address",
    [
        "jan@example.nl",
        "x@y.example",
        "x@y.test",
        "jan.van.den.berg@wonen.gemeente.example.nl",
        "jan+masterclass@example.nl",
        "o'brien@example.org",
        "Jan.Jansen@example.nl",
        "INFO@example.nl",
        "postMaster@example.nl",
        "1@example.nl",
        "a_b-c=d~e@example.nl",
        "{{7*7}}@example.nl",
        '"jan jansen"@example.nl',
        '"jan@home"@example.nl',
        r'"\"hans\""@example.nl',
        "jörg@example.nl",
        "用户@example.org",
        "jan@1.example.nl",
        "jan@xn--mnchen-3ya.example",
        "a" * 64 + "@example.nl",
        "a@" + "b" * 63 + ".nl",
        "a@" + ".".join(["b" * 60] * 4) + ".nl",
        "jan@3com.example",
        "jan@a-b.example",
    ],
)
def test_an_address_is_kept_as_its_owner_writes_it(address: str) -> None:
    assert _address(address) == address


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("  jan@example.nl\t", "jan@example.nl"),
        ("\u00a0jan@example.nl\u00a0", "jan@example.nl"),
        ("\u200bjan@exam\u200cple.nl\ufeff", "jan@example.nl"),
        ("mailto:jan@example.nl", "jan@example.nl"),
        ("MailTo:jan@example.nl?subject=Aanmelding", "jan@example.nl"),
        ("<jan@example.nl>", "jan@example.nl"),
        ("<mailto:jan@example.nl>;", "jan@example.nl"),
        ("'jan@example.nl'", "jan@example.nl"),
        ("jan@example.nl;", "jan@example.nl"),
        ("jan@example.nl, ", "jan@example.nl"),
        ("Jan@EXAMPLE.NL", "Jan@example.nl"),
        ("jan@münchen.example", "jan@xn--mnchen-3ya.example"),
        ("jan@MÜNCHEN.example", "jan@xn--mnchen-3ya.example"),
        ("INFO@münchen.example", "INFO@xn--mnchen-3ya.example"),
        ("jan@XN--MNCHEN-3YA.example", "jan@xn--mnchen-3ya.example"),
        ("jan@straße.example", "jan@xn--strae-oqa.example"),
        ("jo\u0308rg@example.nl", "jörg@example.nl"),
        ('"jan"@example.nl', "jan@example.nl"),
    ],
)
def test_what_surrounds_an_address_goes_and_its_domain_gets_one_spelling(cell: str, stored: str) -> None:
    assert _address(cell) == stored


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("Jan <jan@example.nl>", "Jan"),
        ("Jan van der Berg<jan@example.nl>", "Jan van der Berg"),
        ('"Berg, Jan van der" <jan@example.nl>', "Berg, Jan van der"),
        (r'"Jan \"Hans\" Bakker" <jan@example.nl>', 'Jan "Hans" Bakker'),
        ("J. Bakker (HRM) <jan@example.nl>", "J. Bakker (HRM)"),
        ("Jan <jan> <jan@example.nl>", "Jan <jan>"),
        ("Jan (jan@example.org) <jan@example.nl>", "Jan (jan@example.org)"),
        ("Jan@example.nl <jan@example.nl>", ""),
        ("<jan@example.nl>", ""),
        ("jan@example.nl", ""),
    ],
)
def test_a_name_before_angle_brackets_is_the_name(cell: str, name: str) -> None:
    assert read_mailbox(cell) == Mailbox(name=name, address="jan@example.nl")


@pytest.mark.parametrize(
    ("cell", "guess"),
    [
        ("jan@@example.nl", "jan@example.nl"),
        ("jan@example,nl", "jan@example.nl"),
        ("jan,jansen@example.nl", "jan.jansen@example.nl"),
        ("jan jansen@example.nl", "janjansen@example.nl"),
        ("jan@ example.nl", "jan@example.nl"),
        ("jan@example..nl", "jan@example.nl"),
        ("jan.@example.nl", "jan@example.nl"),
        (".jan@example.nl", "jan@example.nl"),
        ("jan@example.nl.", "jan@example.nl"),
        ("jan(at)example.nl", "jan@example.nl"),
        ("jan [AT] example.nl", "jan@example.nl"),
        ("jan at example.nl", "jan@example.nl"),
        ("jan＠example.nl", "jan@example.nl"),
        ("jan@ example , nl", "jan@example.nl"),
    ],
)
def test_a_slip_of_the_hand_is_a_mistake_with_the_likely_address_as_its_fix(cell: str, guess: str) -> None:
    mistake = _mistake(cell)
    assert shown(cell) in mistake.what
    assert mistake.fix == f"write {guess} if that is what is meant"


@pytest.mark.parametrize(
    "cell",
    [
        "jan",
        "@example.nl",
        "jan@",
        "jan@example",
        "jan@piet@example.nl",
        "jan@localhost",
        "jan@intranet.local",
        "jan@example.invalid",
        "jan@[127.0.0.1]",
        "jan@192.168.1.1",
        "jan@-example.nl",
        "jan@exa_mple.nl",
        'ja"n@example.nl',
        "jan@xn--a.example",
        "a" * 65 + "@example.nl",
        "é" * 33 + "@example.nl",
        "a" * 64 + "@" + ".".join(["b" * 60] * 4) + ".nl",
        "a@" + "b" * 64 + ".nl",
    ],
)
def test_what_cannot_be_an_address_is_a_mistake_without_a_guess(cell: str) -> None:
    mistake = _mistake(cell)
    assert "is not an e-mail address" in mistake.what
    assert mistake.fix == "correct it, or remove the row"


@pytest.mark.parametrize("cell", ["", "  ", "\u200b", "mailto:", "<>", "Jan <>"])
def test_a_cell_without_an_address_says_so(cell: str) -> None:
    assert _mistake(cell).what == "there is no e-mail address"


@pytest.mark.parametrize(
    "cell",
    [
        "jan@example.nl, kees@example.nl",
        "jan@example.nl;kees@example.nl",
        "jan@example.nl / kees@example.nl",
        "Jan <jan@example.nl>, Kees <kees@example.nl>",
        "jan@example.nl\r\nBcc: kees@example.nl",
    ],
)
def test_two_addresses_in_one_cell_are_a_mistake(cell: str) -> None:
    mistake = _mistake(cell)
    assert mistake.what.startswith("there are 2 e-mail addresses where one belongs")
    assert "row of their own" in mistake.fix


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\x1b", "\u2028", "\x85"])
def test_a_control_character_never_becomes_part_of_an_address(character: str) -> None:
    mistake = _mistake(f"jan{character}RCPT@example.nl")
    assert mistake.what.isprintable()


def test_a_sentence_about_a_mistake_is_one_line_of_one_sentence() -> None:
    mistake = _mistake("jan@example")
    assert mistake.what == (
        "“jan@example” is not an e-mail address (the part after the @-sign is not valid, it should have a period)"
    )


@given(st.text())
def test_any_cell_gives_a_mailbox_or_a_mistake(cell: str) -> None:
    found = read_mailbox(cell)
    assert isinstance(found, Mailbox | Mistake)
    if isinstance(found, Mailbox):
        assert read_mailbox(found.address) == Mailbox(name="", address=found.address)


@given(st.emails())
def test_an_address_in_another_letter_case_is_the_same_person(address: str) -> None:
    found = read_mailbox(address)
    if isinstance(found, Mailbox):
        assert address_key(found.address) == address_key(address.upper()) == address_key(address.lower())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Jan@Example.NL", "jan@example.nl", True),
        (" jan@example.nl\n", "jan@example.nl", True),
        ("jan@münchen.example", "jan@xn--mnchen-3ya.example", True),
        ("jan@MÜNCHEN.example", "JAN@XN--MNCHEN-3YA.EXAMPLE", True),
        ("jo\u0308rg@example.nl", "JÖRG@example.nl", True),
        ("jan@straße.example", "jan@strasse.example", False),
        ("weiß@example.nl", "weiss@example.nl", False),
        ("jan+a@example.nl", "jan+b@example.nl", False),
        ("jan@example.nl", "jan@example.org", False),
    ],
)
def test_one_person_has_one_key(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


@pytest.mark.parametrize(
    ("text", "key"), [("geen adres é", "geen adres é"), ("É@", "é@"), ("", ""), ("jan@é è.example", "jan@é è.example")]
)
def test_what_is_no_address_still_has_a_key(text: str, key: str) -> None:
    assert address_key(text) == key


def test_a_domain_that_is_none_is_only_lower_cased() -> None:
    assert domain_key("Geen Domein") == "geen domein"


def test_a_long_value_is_shortened_and_put_on_one_line() -> None:
    assert shown("een\r\ntwee") == "“een twee”"
    assert shown("x" * 100) == "“" + "x" * 59 + "…”"
    assert shown("x" * 60) == "“" + "x" * 60 + "”"


@pytest.mark.parametrize(
    "text", ["jan@example.nl", " Jan <jan@EXAMPLE.nl> ", "mailto:jan@example.nl", "'jan@example.nl'"]
)
def test_one_address_is_typed_in_many_ways(text: str) -> None:
    assert typed_address(text) == "jan@example.nl"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "nietgoed",
            "“nietgoed” is not an e-mail address (an email address must have an @-sign); "
            "write one address, as name@example.nl",
        ),
        (
            "jan@example,nl",
            "“jan@example,nl” is not an e-mail address (the part after the @-sign contains invalid characters: ','); "
            "write jan@example.nl if that is what is meant",
        ),
        (
            "jan@example.nl, b@example.nl",
            "there are 2 e-mail addresses where one belongs, “jan@example.nl, b@example.nl”; "
            "write one address, as name@example.nl",
        ),
        ("", "there is no e-mail address; write one address, as name@example.nl"),
    ],
)
def test_what_is_typed_and_is_no_address_is_one_sentence_with_the_fix(text: str, sentence: str) -> None:
    with pytest.raises(NewsletterError) as refused:
        typed_address(text)
    assert str(refused.value) == sentence
