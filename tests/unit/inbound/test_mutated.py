"""Nothing that comes in does harm: damaged messages, bombs, and texts made against our own expressions."""

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.inbound import reference
from newsletter.inbound.telling import (
    absence,
    autoreply,
    bounces,
    complaint,
    dsn,
    itip,
    message,
    quoting,
    reasons,
    sender,
    unsubscribe,
)
from newsletter.inbound.telling.classify import classify
from newsletter.inbound.telling.message import decode_words, parse
from tests.bench.damage import BOMBS, Damage
from tests.bench.mutate import look, mutated, try_all
from tests.corpus.read import cases
from tests.unit.inbound.adversary import patterns, pieces

MODULES = (
    absence, autoreply, bounces, complaint, dsn, itip, message, quoting, reasons, reference, sender, unsubscribe,
)  # fmt: skip
PATTERNS = patterns(MODULES)
#: Characters of a text, and seconds of the processor: many times what an expression takes whose time is linear, and a
#: third of what one takes whose time is quadratic.
LONG, SECONDS = 20_000, 0.6
HELLO = b"From: jan@example.nl\r\nSubject: x\r\n\r\nDag"


def test_thousands_of_damaged_messages_crash_nothing_and_take_no_time() -> None:
    seen = try_all(range(1500), seed=7)
    assert not seen.crashes, seen.crashes[0]
    assert seen.slowest < 2, seen.slowest_name  # the line is 1 s; another process may have the caches
    assert seen.largest_mb < 100, seen.largest_name


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: str(bomb.__name__))
def test_a_bomb_is_looked_at_in_less_than_a_second(bomb: Damage) -> None:
    for seed in range(2):
        raw = bomb(random.Random(seed), HELLO)
        began = time.process_time()
        look(raw)
        assert time.process_time() - began < 2


def test_the_same_seed_makes_the_same_message() -> None:
    corpus = [case.raw for case in cases("people")]
    assert mutated(1, 49, corpus) == mutated(1, 49, corpus)
    assert mutated(1, 3, corpus) != mutated(2, 3, corpus)


@pytest.mark.parametrize("name", PATTERNS)
def test_no_text_keeps_an_expression_busy(name: str) -> None:
    pattern = PATTERNS[name]
    for piece in pieces(pattern, random.Random(name), 3):
        for text in (piece * (LONG // len(piece)), piece[:-1] * (LONG // len(piece))):
            began = time.process_time()
            for _ in pattern.finditer(_as_asked(pattern, text)):
                pass
            pattern.match(_as_asked(pattern, f"{piece}{' ' * LONG}"))
            assert time.process_time() - began < SECONDS, piece


def _as_asked(pattern: re.Pattern[Any], text: str) -> str | bytes:
    return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__))
def test_a_long_letter_of_such_pieces_is_told_apart_in_a_second(module: Any) -> None:
    chance = random.Random(5)
    found = [piece for one in patterns([module]).values() for piece in pieces(one, chance, 3)]
    text = "".join(chance.choice(found) for _ in range(200_000 // (sum(map(len, found)) // len(found) + 1)))
    for head in (HELLO, b"From: MAILER-DAEMON@example.nl\r\nReturn-Path: <>\r\nSubject: undeliverable\r\n\r\n"):
        raw = head + text.encode("utf-8", "replace")
        began = time.process_time()
        classify(raw)
        assert time.process_time() - began < 2


@given(st.binary(max_size=400))
def test_whatever_the_bytes_are_they_become_text_that_can_be_written(raw: bytes) -> None:
    part = parse(raw)
    for one in part.walk():
        assert "\x00" not in one.text()
        one.text().encode("utf-8")


@given(
    st.text(max_size=60), st.sampled_from(["utf-8", "iso-8859-1", "utf-16", "utf-7", "punycode:", "x"]), st.booleans()
)
def test_encoded_words_are_read_whatever_they_hold(text: str, charset: str, in_base64: bool) -> None:
    how = "b" if in_base64 else "q"
    decode_words(f"=?{charset}?{how}?{text}?= =?{charset}?{how}?{text}?=").encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?q?R=C3=A9ponse?= automatique", "Réponse automatique"),
        ("=?utf-8?B?w?= =?utf-8?B?6Q==?=", "wé"),
        ("=?utf-8?q?=C3?=\r\n =?utf-8?q?=A9?=", "é"),  # cut in the middle of a character
        ("=?iso-8859-1*fr?q?=E9t=E9?=", "été"),  # RFC 2231 §5
        ("=?windows-1252?Q?=80_20?=", "€ 20"),
        ("=?iso-8859-1?Q?=80?=", "€"),  # declared as what it nearly is
        ("=?x-nothing?q?a=E9?=", "aé"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("no words", "no words"),
    ],
)
def test_a_field_is_read_as_programs_write_it(written: str, read: str) -> None:
    assert decode_words(written) == read


def test_a_long_text_is_cut_between_characters() -> None:
    raw = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + b"x" + "é".encode() * 400_000
    text = parse(raw).text()
    assert len(text) == message.TEXT
    assert text == "x" + "é" * (message.TEXT - 1)


def test_utf_16_without_a_mark_is_no_string_of_nuls() -> None:
    raw = b"Content-Type: text/plain; charset=utf-16le\r\n\r\n" + "afmelden".encode("utf-16-le")
    assert parse(raw).text() == "afmelden"
