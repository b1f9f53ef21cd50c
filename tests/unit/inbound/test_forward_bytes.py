"""What a mail server gets when a person's message is sent on: their bytes, or a letter of ours around them."""

import quopri
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import dkim  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.dkim import Signer
from newsletter.compose.dkim_keys import KeyType, new_key
from newsletter.inbound.replying.seven_bit import seven_bit
from newsletter.inbound.replying.threads import named_ids, own_id
from newsletter.inbound.replying.unchanged import fields_of_ours, hindrance, leans_on_its_envelope, on_the_wire
from newsletter.inbound.replying.wrapped import Wrapper, wrap
from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.message import parse
from newsletter.inbound.telling.verdict import Kind
from newsletter.store.database import open_database
from tests.house import CONTACT, OURS, House, open_house, remind, written
from tests.smtp_server import smtp_server
from tests.world import NOW

KEY = new_key("streng.example.org", "k1", KeyType.RSA)
WRAPPER = Wrapper(
    number=7,
    contact=CONTACT,
    sender=OURS,
    via="Kennisdagen ‘wonen’",
    language="nl",
    message_id="token@nieuwsbrief.example.nl",
    at=NOW,
    fields=b"X-Newsletter-Loop: 00\r\n",
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = await open_database(f"sqlite:///{tmp_path}/store.sqlite")
    yield await remind(await open_house(database))
    await database.close()


def signed(raw: bytes) -> bytes:
    """As a domain with p=reject sends it: all that a reader sees is covered."""
    covered = [b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"content-type"]
    signature: bytes = dkim.sign(
        raw,
        KEY.selector.encode(),
        KEY.domain.encode(),
        KEY.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        canonicalize=(b"relaxed", b"simple"),
        include_headers=covered,
    )
    return signature + raw


def verifies(letter: bytes) -> bool:
    found: bool = dkim.verify(letter, dnsfunc=lambda _name, timeout=5: KEY.record.value.encode())
    return found


def reply(body: str = "Is er een parkeerplaats?\r\n\r\nGroet,\r\nAnna") -> bytes:
    return written(
        "Anna Voorbeeld <anna@streng.example.org>",
        answers="brief@nieuwsbrief.example.nl",
        fields="MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nThread-Index: AdxKQ1==\r\n",
        body=body,
    )


def seven_bits(verb: str, _letters: int) -> str | None:
    """A mail server without 8BITMIME."""
    return "250 localhost" if verb == "EHLO" else None


async def sent_on(house: House, raw: bytes) -> bytes:
    """What a real mail server that takes 7 bits is given when this has come in."""
    await house.take(raw)
    async with smtp_server(seven_bits) as server:
        assert await house.forwarder(server.port).round() == 1
    [(_, recipient, letter)] = server.letters
    assert recipient == CONTACT
    return letter


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"], ids=["as it travelled", "as a Maildir keeps it"])
async def test_the_signature_of_its_author_still_verifies(house: House, ends: bytes) -> None:
    raw = signed(reply())
    assert verifies(raw)
    letter = await sent_on(house, raw.replace(b"\r\n", ends))
    assert letter.endswith(raw)
    assert verifies(letter)
    assert not verifies(letter.replace(b"parkeerplaats", b"fietsenstalling"))


async def test_a_line_that_begins_with_a_dot_and_a_quoted_letter_arrive_as_they_were(house: House) -> None:
    raw = signed(reply(".\r\n..twee\r\n> From hier\r\nFrom daar\r\n\r\n\r\n"))
    letter = await sent_on(house, raw)
    assert letter.endswith(raw)
    assert verifies(letter)


async def test_a_thread_stays_a_thread(house: House) -> None:
    before, after = parse(reply()), parse(await sent_on(house, reply()))
    for name in ("message-id", "in-reply-to", "references", "subject", "thread-index", "from", "to", "date"):
        assert after.all(name) == before.all(name)


MUST_BE_WRAPPED = {
    "8 bits": reply("Eén vraag: is er een café?").replace(b"charset=utf-8\r\n", b"charset=utf-8\r\nX: y\r\n"),
    "a long line": reply("woord " * 200),
    "a bare line feed": reply("een\ntwee\r\ndrie"),
    "a lone carriage return": reply("een\rtwee"),
    "a NUL": reply("een\x00twee"),
    "a header beyond ASCII": reply().replace(b"Subject: Re: Kennisdag", "Subject: Re: één".encode()),
    "no header field first": b" " + reply(),
}


@pytest.mark.parametrize("raw", MUST_BE_WRAPPED.values(), ids=MUST_BE_WRAPPED)
async def test_what_cannot_go_as_it_is_goes_inside_a_letter_of_ours(house: House, raw: bytes) -> None:
    letter = await sent_on(house, raw)
    assert letter.isascii()
    assert max(map(len, letter.split(b"\r\n"))) <= 998
    read = message_from_bytes(letter, policy=policy.default)
    assert isinstance(read, EmailMessage)
    [from_] = read["From"].addresses
    assert from_.addr_spec == OURS
    assert from_.display_name.endswith(" via Kennisdagen ‘wonen’")
    assert read["To"] == CONTACT
    assert [part.get_content_type() for part in read.iter_parts()] == ["text/plain", "message/rfc822"]
    assert classify(letter).kind is Kind.REPLY


async def test_a_letter_around_a_message_is_answered_to_its_author_and_stays_in_its_thread(house: House) -> None:
    part = parse(await sent_on(house, MUST_BE_WRAPPED["8 bits"]))
    assert part.get("from") == "=?utf-8?q?Anna_Voorbeeld_via_Kennisdagen_=E2=80=98wonen=E2=80=99?= <" + OURS + ">"
    assert part.get("reply-to") == "Anna Voorbeeld <anna@streng.example.org>"
    assert part.decoded("subject") == "Re: Kennisdag"
    assert part.get("in-reply-to") == "<brief@nieuwsbrief.example.nl>"
    assert named_ids(part) == ("brief@nieuwsbrief.example.nl", "vraag-1@example.org")
    assert part.get("thread-index") == "AdxKQ1=="
    assert own_id(part) not in ("", "vraag-1@example.org")
    text, inside = part.parts
    assert "is er een café?" in text.text()
    assert "is er een café?" in inside.parts[0].text()
    assert inside.parts[0].get("from") == "Anna Voorbeeld <anna@streng.example.org>"


async def test_a_letter_of_ours_is_signed_where_we_have_a_key(house: House) -> None:
    key = new_key("nieuwsbrief.example.nl", "k1", KeyType.RSA)
    await house.take(MUST_BE_WRAPPED["8 bits"])
    async with smtp_server(seven_bits) as server:
        forwarder = house.forwarder(server.port, signers={key.domain: Signer([key])})
        assert await forwarder.round() == 1
    [(_, _, letter)] = server.letters
    assert dkim.verify(letter, dnsfunc=lambda _name, timeout=5: key.record.value.encode())


async def test_8_bits_go_as_they_are_where_the_mail_server_takes_them(house: House) -> None:
    raw = signed(MUST_BE_WRAPPED["8 bits"])
    await house.take(raw)
    async with smtp_server() as server:
        assert await house.forwarder(server.port).round() == 1
    [(_, _, letter)] = server.letters
    assert letter.endswith(raw)
    assert verifies(letter)
    [mail] = [line for line in server.commands if line.startswith("MAIL")]
    assert " BODY=8BITMIME" in mail
    assert "8BITMIME" in hindrance(on_the_wire(raw), takes_8bit=False)


RESULTS = [
    ("", False),
    ("mx.example.nl; dkim=pass header.i=@example.org; spf=pass; dmarc=pass (p=REJECT) header.from=example.org", False),
    ("mx.example.nl; spf=pass; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=example.org", True),
    ("mx.example.nl; dkim=fail; spf=pass; dmarc=pass action=none header.from=example.org", True),
    ("mx.example.nl; spf=pass; dmarc=pass (p=NONE dis=NONE) header.from=example.org", False),
    ("mx.example.nl; spf=pass; dmarc=none header.from=example.org", False),
    ("mx.example.nl; spf=fail; dmarc=fail (p=REJECT) header.from=example.org", False),
]


@pytest.mark.parametrize(("results", "leans"), RESULTS)
def test_what_only_its_envelope_speaks_for_goes_in_a_letter_of_ours(results: str, leans: bool) -> None:
    field = f"Authentication-Results: {results}\r\n" if results else ""
    forged = "Authentication-Results: x; dmarc=pass\r\n" if results else ""
    assert leans_on_its_envelope(parse(written(fields=field + forged))) is leans


async def test_a_message_that_would_be_taken_for_forged_is_sent_on_under_our_name(house: House) -> None:
    letter = await sent_on(house, written(fields=f"Authentication-Results: {RESULTS[2][0]}\r\n"))
    assert OURS in parse(letter).get("from")


NAMES = [
    ("Zoë D’Angelo-’t Hooft, jr. <zoe@example.org>", "Zoë D’Angelo-’t Hooft, jr. via"),
    ("=?utf-8?q?Ren=C3=A9e?= <r@example.org>", "Renée via"),
    ("anna@example.org", "anna via"),
    ("anna@example.org (Anna de Vries)", "Anna de Vries via"),
    ('"anna@example.org" <anna@example.org>', "anna via"),
    ("=?utf-8?b?QQpCY2M6IHg=?= <a@example.org>", "A Bcc: x via"),
    ("", "? via"),
]


@pytest.mark.parametrize(("author", "shown"), NAMES)
def test_the_name_of_the_author_is_shown_and_nothing_is_put_into_the_header_with_it(author: str, shown: str) -> None:
    raw = written(author)
    read = message_from_bytes(wrap(raw, parse(raw), WRAPPER), policy=policy.default)
    [from_] = read["From"].addresses
    assert from_.display_name.startswith(shown)
    assert from_.addr_spec == OURS
    assert read["Bcc"] is None


@pytest.mark.parametrize(("language", "word"), [("nl", "schreef"), ("en", "wrote"), ("de", "wrote")])
def test_the_letter_speaks_the_language_of_the_series(language: str, word: str) -> None:
    raw = written()
    assert word in parse(wrap(raw, parse(raw), replace(WRAPPER, language=language))).parts[0].text()


BYTES = st.binary(max_size=400)
LINES = st.lists(st.sampled_from([b"A: b", b"", b" x", b"\xe9\xff", b"Content-Type: text/plain", b"z" * 1100, b"."]))
ENDS = st.sampled_from([b"\r\n", b"\n", b"\r"])


@given(st.one_of(BYTES, st.builds(lambda lines, end: end.join(lines), LINES, ENDS)), st.integers(0, 2**40))
def test_what_is_sent_on_unchanged_ends_in_every_byte_of_the_original(raw: bytes, subscriber_id: int) -> None:
    wire = on_the_wire(raw)
    ours = fields_of_ours(
        host="example.nl",
        identity="ab12",
        at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        mailing="kennisdag/reminder",
        subscriber_id=subscriber_id,
        marks=["00ff"],
    )
    if b"\r" in raw and not raw.startswith((b"\r", b"\n", b"From ", b">From ")):
        assert wire.removesuffix(b"\r\n").endswith(raw.removesuffix(b"\r\n"))
    if not hindrance(wire, takes_8bit=True):
        # What is in front ends at the start of a field of theirs, so that it cannot become a part of it.
        assert re.fullmatch(rb"(?:[A-Za-z-]+: [^\r\n]+\r\n(?: [^\r\n]+\r\n)*)+", ours)
        assert re.match(rb"[!-9;-~]+[ \t]*:", wire)
        assert parse(ours + wire).fields[-len(parse(wire).fields) :] == parse(wire).fields


@given(st.one_of(BYTES, st.builds(lambda lines, end: end.join(lines), LINES, ENDS)))
def test_any_bytes_can_be_carried_inside_a_letter_of_ours(raw: bytes) -> None:
    wire = on_the_wire(raw)
    for short in (False, True):
        letter = wrap(wire, parse(raw), WRAPPER, short=short)
        assert letter.isascii()
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", letter)
        assert max(map(len, letter.split(b"\r\n"))) <= 998
        assert letter.endswith(b"\r\n")


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)


@given(TEXTS, TEXTS, st.sampled_from(["8bit", "binary", "7bit"]))
def test_what_people_wrote_can_still_be_read_in_7_bits(text: str, html: str, encoding: str) -> None:
    how = f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    raw = (
        'From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="grens"\r\n'
        f"{how}--grens\r\nContent-Type: text/plain; charset=utf-8\r\n{how}{text}\r\n"
        f"--grens\r\nContent-Type: text/html; charset=utf-8\r\n{how}{html}\r\n--grens--\r\n"
    ).encode()
    after = parse(seven_bit(raw))
    assert [part.text() for part in after.parts] == [part.text() for part in parse(raw).parts]


def test_a_part_that_travels_already_stays_as_it_is() -> None:
    picture = b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n"
    raw = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\ncaf\xc3\xa9\r\n' + picture + b"--b--\r\n"
    after = seven_bit(raw)
    assert picture in after
    assert quopri.decodestring(parse(after).parts[0].body).decode() == "café"


def test_a_long_line_of_base64_is_made_shorter_and_stays_the_same_file() -> None:
    raw = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 500 + b"\r\n"
    after = parse(seven_bit(raw))
    assert after.get("content-transfer-encoding") == "base64"
    assert b"".join(after.body.split()) == b"QUJD" * 500


def test_deeply_nested_and_endless_messages_end() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(300))
    many = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\n\xe9\r\n" * 5000
    for raw in (deep + b"\xe9" * 2000, many):
        assert seven_bit(raw).isascii()


def test_a_large_message_costs_little() -> None:
    """25 MB of lines, and of one line: each well below a second of work on any machine, and never by the square."""
    for body in (b"QUJDREVG" * 9 + b"\r\n", b"x"):
        raw = b"From: a@example.org\r\nContent-Type: text/plain\r\n\r\n" + body * (25_000_000 // len(body))
        begin = time.process_time()
        wire = on_the_wire(raw)
        assert bool(hindrance(wire, takes_8bit=False)) is (body == b"x")
        assert len(wrap(wire, parse(raw), WRAPPER)) > 25_000_000
        assert time.process_time() - begin < 20
