"""Signed letters, verified by two programs that are not ours: dkimpy in Python, OpenDKIM in C."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import dkim  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.composer import Order, compose
from newsletter.compose.dkim import Signer, load_keys, signer_for
from newsletter.compose.dkim_keys import Key, KeyType, new_key, write_key
from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.compose.templates import Templates
from newsletter.errors import HeaderError
from tests.opendkim import filter_says, tool_says
from tests.unit.compose.sample import MASTERCLASS, TEMPLATES
from tests.world import NOW, mailing_content

DOMAIN = "nieuwsbrief.example.nl"
BOTH = (KeyType.RSA, KeyType.ED25519)
KINDS = pytest.mark.parametrize("types", [BOTH[:1], BOTH[1:], BOTH], ids=["rsa", "ed25519", "both"])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=90)
#: What a letter without these names in h= could be turned into something else with, or would not be taken for.
MUST_BE_COVERED = {
    *("from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type"),
    *("list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help", "list-owner", "list-post"),
    *("precedence", "auto-submitted", "feedback-id"),
}
ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@cache
def key(type_: KeyType) -> Key:
    return new_key(DOMAIN, f"{type_}-202603", type_)


def signer(*types: KeyType) -> Signer:
    return Signer([key(type_) for type_ in types])


def records() -> Mapping[str, str]:
    return {key(type_).record.name: key(type_).record.value for type_ in BOTH}


def recipient(name: str = "Zoë D’Angelo-’t Hooft, jr.") -> Recipient:
    return Recipient(
        id="#12",
        address="zoe+nieuws@example.nl",
        name=name,
        attributes={},
        message_id="abc@nieuwsbrief.example.nl",
        unsubscribe=("https://nieuwsbrief.example.nl/u/token", "mailto:vragen@example.nl?subject=unsubscribe%20token"),
        date=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )


@cache
def template(name: str) -> Mailing:
    return compose(MASTERCLASS, Order(slug=f"x/{name}", template=name, label=""), Templates([TEMPLATES]), now=NOW)


def plain_letter() -> bytes:
    """A letter of a mailing, with the promise of one click."""
    wire = Letter(mailing_content()).address(recipient())
    if ONE_CLICK not in wire:
        wire = wire.replace(b"\r\n\r\n", b"\r\n" + ONE_CLICK + b"\r\n", 1)
    return wire


def verdicts(letter: bytes) -> list[bool]:
    """What dkimpy says of each signature, from the top."""

    def txt(name: bytes, timeout: int = 0) -> bytes | None:
        value = records().get(name.decode().rstrip("."))
        return value.encode() if value else None

    def verdict(number: int) -> bool:
        try:
            return bool(dkim.DKIM(letter).verify(number, dnsfunc=txt))
        except dkim.DKIMException:
            return False

    return [verdict(number) for number in range(len(re.findall(rb"(?m)^DKIM-Signature:", letter)))]


def tags(signed: bytes) -> list[dict[str, str]]:
    """The tags of each signature, without folding."""
    header = signed.partition(b"\r\n\r\n")[0].decode()
    fields = re.findall(r"(?m)^DKIM-Signature:((?:.*\r\n[ \t])*.*)", header)
    return [dict(re.sub(r"\s", "", tag).split("=", 1) for tag in field.split(";")) for field in fields]


# What a signature is


@KINDS
def test_a_signed_letter_verifies_and_is_the_letter_that_it_was(types: tuple[KeyType, ...]) -> None:
    letter = plain_letter()
    signed = signer(*types).sign(letter)
    assert signed.endswith(letter)
    assert verdicts(signed) == [True] * len(types)


@KINDS
def test_a_letter_to_an_address_beyond_ascii_verifies_too(types: tuple[KeyType, ...]) -> None:
    letter = Letter(mailing_content()).address(recipient()._replace(address="jörg@example.nl"))
    assert verdicts(signer(*types).sign(letter)) == [True] * len(types)


def test_with_two_keys_the_rsa_signature_is_the_first() -> None:
    signed = signer(*reversed(BOTH)).sign(plain_letter())
    assert [found["a"] for found in tags(signed)] == ["rsa-sha256", "ed25519-sha256"]
    assert [found["s"] for found in tags(signed)] == ["rsa-202603", "ed25519-202603"]
    assert {found["d"] for found in tags(signed)} == {DOMAIN}
    assert {found["c"] for found in tags(signed)} == {"relaxed/simple"}


def covered(signed: bytes) -> set[str]:
    [found] = tags(signed)
    return set(found["h"].split(":"))


def test_the_signature_covers_what_is_read_and_both_fields_of_one_click() -> None:
    assert covered(signer(KeyType.RSA).sign(plain_letter())) >= MUST_BE_COVERED


def test_the_signature_covers_nothing_that_is_not_in_the_letter() -> None:
    letter = plain_letter().replace(ONE_CLICK, b"")
    present = re.findall(r"(?m)^([\w-]+):", letter.partition(b"\r\n\r\n")[0].decode().lower())
    found = covered(signer(KeyType.RSA).sign(letter))
    assert found >= MUST_BE_COVERED - {"list-unsubscribe-post"}
    assert found <= set(present)


def test_a_field_that_only_some_letters_have_is_covered_where_it_is() -> None:
    letter = plain_letter().replace(b"\r\nTo:", b"\r\nContent-Transfer-Encoding: 7bit\r\nList-Archive: NO\r\nTo:", 1)
    signed = signer(KeyType.RSA).sign(letter)
    assert covered(signed) >= MUST_BE_COVERED | {"content-transfer-encoding", "list-archive"}
    assert verdicts(signed) == [True]


def test_the_same_letter_gets_the_same_signature_so_that_a_retry_is_the_same_letter() -> None:
    letter = plain_letter()
    assert signer(*BOTH).sign(letter) == signer(*BOTH).sign(letter)
    assert all("t" not in found for found in tags(signer(*BOTH).sign(letter)))


def test_the_moment_of_signing_is_told_if_it_is_given() -> None:
    signed = signer(*BOTH).sign(plain_letter(), at=datetime(2019, 5, 2, 7, 0, tzinfo=UTC))
    assert [found["t"] for found in tags(signed)] == ["1556780400"] * 2
    assert verdicts(signed) == [True, True]


def test_letters_that_are_signed_at_the_same_time_get_their_own_signatures() -> None:
    letter = Letter(mailing_content())
    wires = [letter.address(recipient(f"Persoon {number}")) for number in range(40)]
    one = signer(*BOTH)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one.sign, wires)) == [signer(*BOTH).sign(wire) for wire in wires]


@given(
    st.from_regex(r"[a-z][a-z0-9]{0,40}(\.[a-z]{1,15}){1,3}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,40}", fullmatch=True),
)
def test_every_line_of_a_signature_fits(domain: str, selector: str) -> None:
    keys = [Key(domain=domain, selector=selector, private=key(type_).private) for type_ in BOTH]
    letter = plain_letter()
    signed = Signer(keys).sign(letter, at=NOW)
    lines = signed.removesuffix(letter).split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 76 for line in lines)
    assert all(line.startswith((b"DKIM-Signature: ", b" ")) for line in lines)
    assert [(found["d"], found["s"]) for found in tags(signed)] == [(domain, selector)] * 2


@pytest.mark.parametrize("broken", [b"", b"To: a@example.nl\r\n\r\nx\r\n", b"From: a@example.nl\r\nx\r\n"])
def test_what_is_no_letter_is_not_signed(broken: bytes) -> None:
    with pytest.raises(HeaderError, match="without From"):
        signer(KeyType.RSA).sign(broken)


# Letters of all kinds


@pytest.mark.parametrize("name", ["announcement", "reminder", "report"])
@settings(max_examples=15)
@given(TEXTS, TEXTS)
def test_letters_of_every_template_verify_whatever_people_are_called(name: str, person: str, subject: str) -> None:
    mailing = replace(template(name), subject=subject.replace("[", "("))
    wire = Letter(mailing).address(recipient(person))
    assert verdicts(signer(*BOTH).sign(wire)) == [True, True]


SPACES = st.sampled_from([" ", "  ", "\t", " \t ", "\r\n ", "\r\n\t", " \r\n  "])
WORDS = st.from_regex(r"[!-9<-~]{1,12}", fullmatch=True)
VALUES = st.lists(st.tuples(SPACES, WORDS).map("".join), max_size=5).map("".join)
NAMES = st.sampled_from(["To", "SUBJECT", "list-id", "List-Unsubscribe", "X-Other", "Date", "MIME-version", "Received"])
BODIES = st.tuples(
    st.lists(st.from_regex(r"[ -~\t]{0,20}", fullmatch=True), max_size=4).map("\r\n".join),
    st.sampled_from(["", "\r\n", "\r\n\r\n", "\r\n\r\n\r\n"]),
).map("".join)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.integers(0, 6), VALUES, BODIES)
def test_letters_verify_however_they_are_folded_and_wherever_they_end(
    fields: list[tuple[str, str]], place: int, sender: str, body: str
) -> None:
    fields.insert(place, ("From", f" a@example.nl{sender}"))
    letter = "".join(f"{name}:{value}\r\n" for name, value in fields) + "\r\n" + body
    assert verdicts(signer(KeyType.ED25519).sign(letter.encode())) == [True]


def test_a_relay_may_fold_and_indent_header_fields_in_another_way() -> None:
    signed = signer(*BOTH).sign(plain_letter())
    refolded = signed.replace(b"Reply-To: ", b"reply-to:\r\n\t ", 1).replace(b"List-Post: NO", b"List-Post:   NO  ", 1)
    assert refolded != signed
    assert verdicts(refolded) == [True, True]


# What breaks it


@given(st.data())
def test_any_other_byte_in_the_body_breaks_the_signature(data: st.DataObject) -> None:
    letter = plain_letter()
    start = letter.index(b"\r\n\r\n") + 4
    at = data.draw(st.integers(start, len(letter) - 1))
    other = data.draw(st.sampled_from([byte for byte in range(0x20, 0x7F) if byte != letter[at]]))
    signed = signer(*BOTH).sign(letter)
    changed = signed[: -len(letter)] + letter[:at] + bytes([other]) + letter[at + 1 :]
    assert verdicts(signed) == [True, True]
    assert verdicts(changed) == [False, False]


@given(st.data())
def test_any_other_character_in_a_covered_field_breaks_the_signature(data: st.DataObject) -> None:
    letter = plain_letter()
    fields = re.finditer(rb"(?m)^([\w-]+):(.*\r\n[ \t])*.*", letter.partition(b"\r\n\r\n")[0])
    spots = [
        at
        for field in fields
        if field[1].decode().lower() in MUST_BE_COVERED
        for at in range(*field.span())
        if letter[at : at + 1] not in b" \t\r\n"
    ]
    at = data.draw(st.sampled_from(spots))
    same = letter[at : at + 1].swapcase() + letter[at : at + 1]  # the case of a field's name says nothing
    other = data.draw(st.sampled_from([byte for byte in range(0x21, 0x7F) if byte not in same]))
    signed = signer(*BOTH).sign(letter)
    changed = signed[: -len(letter)] + letter[:at] + bytes([other]) + letter[at + 1 :]
    assert verdicts(changed) == [False, False]


SECOND = [
    b"From: Iemand Anders <anders@example.org>\r\n",
    b"Subject: Iets anders\r\n",
    b"To: anders@example.org\r\n",
    b"Reply-To: anders@example.org\r\n",
    b"Date: Mon, 02 Mar 2026 10:00:00 +0000\r\n",
    b"Message-ID: <anders@example.org>\r\n",
    b"Content-Type: text/html\r\n",
    b"List-Id: <anders.example.org>\r\n",
    b"List-Unsubscribe: <https://example.org/anders>\r\n",
    ONE_CLICK,
]


@pytest.mark.parametrize("field", SECOND, ids=lambda field: field.partition(b":")[0].decode())
@pytest.mark.parametrize("place", ["above all", "above the letter", "below the header"])
def test_a_second_field_beside_ours_breaks_the_signature(field: bytes, place: str) -> None:
    letter = plain_letter()
    signature = signer(*BOTH).sign(letter).removesuffix(letter)
    header, _, body = letter.partition(b"\r\n\r\n")
    added = {
        "above all": field + signature + letter,
        "above the letter": signature + field + letter,
        "below the header": signature + header + b"\r\n" + field + b"\r\n" + body,
    }[place]
    assert verdicts(signature + letter) == [True, True]
    assert verdicts(added) == [False, False]


@pytest.mark.parametrize("field", [b"Received: from a by b\r\n", b"X-Spam: no\r\n", b"Authentication-Results: x\r\n"])
def test_what_a_relay_adds_on_the_way_breaks_nothing(field: bytes) -> None:
    assert verdicts(field + signer(*BOTH).sign(plain_letter())) == [True, True]


# As OpenDKIM sees it


def changed_letters(letter: bytes) -> list[bytes]:
    """The signed letter with one change each, none of which may verify."""
    signed = signer(*BOTH).sign(letter)
    signature = signed.removesuffix(letter)
    changes = [(b"Afmelden", b"Aanmelden"), (b"/u/token>", b"/u/tokem>"), (b"=One-Click", b"=One-Clack")]
    assert all(old in letter for old, _ in changes)
    return [
        *(signature + letter.replace(old, new, 1) for old, new in changes),
        *(field + signed for field in SECOND[:2]),
        *(signature + field + letter for field in SECOND[:2]),
    ]


def letters_of_all_templates() -> list[bytes]:
    people = ("Jan", "", "Zoë D’Angelo-’t Hooft, jr.", "山田 太郎" * 9, '"=?utf-8?q?x?=" <a@b>')
    letters = [Letter(template("announcement")), Letter(template("report"))]
    return [plain_letter(), *(letter.address(recipient(person)) for letter in letters for person in people)]


def test_the_filter_of_opendkim_verifies_letters_of_every_template(tmp_path: Path) -> None:
    wires = letters_of_all_templates()
    for types in (BOTH[:1], BOTH[1:], BOTH):
        said = filter_says(tmp_path, [signer(*types).sign(wire) for wire in wires], records())
        assert said == [{f"{type_}-202603": "pass" for type_ in types}] * len(wires)


def test_the_filter_of_opendkim_takes_no_changed_letter(tmp_path: Path) -> None:
    said = filter_says(tmp_path, changed_letters(plain_letter()), records())
    assert said == [{"rsa-202603": "fail", "ed25519-202603": "fail"}] * len(said)


@KINDS
def test_opendkim_testmsg_finds_keys_in_the_dns_and_verifies(types: tuple[KeyType, ...], tmp_path: Path) -> None:
    signed = [signer(*types).sign(wire) for wire in letters_of_all_templates()]
    assert tool_says(tmp_path, signed, records()) == [""] * len(signed)


def test_opendkim_testmsg_takes_no_changed_letter(tmp_path: Path) -> None:
    said = tool_says(tmp_path, changed_letters(plain_letter()), records())
    # A letter with two From or Subject is no letter at all (RFC 5322 §3.6), and refused before its signature is read.
    assert [re.sub(r".*: ", "", complaint) for complaint in said] == ["Bad signature"] * 3 + ["Syntax error"] * 4


def test_opendkim_testmsg_asks_for_the_key_of_this_selector(tmp_path: Path) -> None:
    [said] = tool_says(tmp_path, [signer(KeyType.RSA).sign(plain_letter())], {})
    assert "key" in said.lower()


# Who signs


def test_a_letter_is_signed_for_its_own_domain_or_else_for_the_nearest_above(tmp_path: Path) -> None:
    for domain in ("example.nl", "nieuws.example.nl", "münchen.example"):
        write_key(tmp_path, new_key(domain, "s", KeyType.ED25519))
    signers = load_keys(tmp_path)
    assert set(signers) == {"example.nl", "nieuws.example.nl", "xn--mnchen-3ya.example"}
    for sender, signed_for in {
        "example.nl": "example.nl",
        "Example.NL": "example.nl",
        "nieuws.example.nl": "nieuws.example.nl",
        "brief.nieuws.example.nl": "nieuws.example.nl",
        "post.example.nl": "example.nl",
        "München.example": "xn--mnchen-3ya.example",
        "xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
        "example.org": None,
        "nl": None,
        "anexample.nl": None,
        "a..example.nl": None,
        "": None,
    }.items():
        found = signer_for(signers, sender)
        assert (found and found.keys[0].domain) == signed_for, sender


def test_without_a_folder_nobody_signs(tmp_path: Path) -> None:
    assert load_keys(tmp_path / "dkim") == {}
    assert signer_for({}, "example.nl") is None
