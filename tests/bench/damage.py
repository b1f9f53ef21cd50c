"""How messages break, and how somebody would build one to do harm.

In: a source of chance and a message. Out: the message, damaged, or another one that is as bad as can be.
"""

import base64
import random
import re
from collections.abc import Callable
from typing import Final

Damage = Callable[[random.Random, bytes], bytes]

CHARSETS: Final = (
    b"utf-8", b"utf-7", b"utf-16", b"utf-16le", b"utf-32", b"iso-8859-1", b"iso-2022-jp", b"hz", b"idna", b"punycode",
    b"punycode:", b"unicode_escape", b"zlib", b"rot13", b"cp037", b"x-unknown", b"../../etc", b"", b"utf-8\x00",
    b"big5", b"euc_jisx0213", b"undefined", b"utf_8_sig", b"mbcs", b"a" * 400, b"raw_unicode_escape", b"cp65001",
)  # fmt: skip
TOKENS: Final = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", "\u202e".encode(), "\ufeff".encode(), b"\r", b"\n", b"\r\n\r\n", b"--",
    b"=?", b"?=", b"=?utf-8?q?=ED=A0=80?=", b"=?utf-16?b?AAD/?=", b"<", b">", b"<>", b"@", b";", b'"', b"\\", b"5.1.1",
    b"<blockquote>", b"&#xD800;", b"&#99999999999;", b"Content-Type: multipart/mixed; boundary=",
    b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n", b"Final-Recipient: rfc822; ", b"Status: 5.1.1\n", b"\\x{110000}",
    b"\\x{D800}", b">>> ",
    b"Content-Transfer-Encoding: base64\n",
)  # fmt: skip


def flip_bytes(chance: random.Random, raw: bytes) -> bytes:
    found = bytearray(raw)
    for _ in range(chance.randrange(1, 40)):
        if found:
            found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def insert_token(chance: random.Random, raw: bytes) -> bytes:
    found = bytearray(raw)
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(len(found) + 1)
        found[at:at] = chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 50))
    return bytes(found)


def truncate(chance: random.Random, raw: bytes) -> bytes:
    return raw[: chance.randrange(len(raw) + 1)]


def cut_out(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at + chance.randrange(400) :]


def repeat_piece(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + raw[at : at + chance.randrange(1, 200)] * chance.choice((2, 5, 200)) + raw[at:]


def _lines(raw: bytes) -> tuple[list[bytes], bytes]:
    head, mark, body = raw.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), mark + body


def drop_field(chance: random.Random, raw: bytes) -> bytes:
    lines, body = _lines(raw)
    del lines[chance.randrange(len(lines))]
    return b"\r\n".join(lines) + body


def double_field(chance: random.Random, raw: bytes) -> bytes:
    lines, body = _lines(raw)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines) * chance.choice((1, 1, 30)))
    return b"\r\n".join(lines) + body


def shuffle_fields(chance: random.Random, raw: bytes) -> bytes:
    lines, body = _lines(raw)
    chance.shuffle(lines)
    return b"\r\n".join(lines) + body


def other_charset(chance: random.Random, raw: bytes) -> bytes:
    charset = chance.choice(CHARSETS)
    return re.sub(rb'charset="?[\w-]*"?', lambda _: b'charset="' + charset + b'"', raw)


def other_encoding(chance: random.Random, raw: bytes) -> bytes:
    encoding = chance.choice((b"base64", b"quoted-printable", b"uuencode", b"8bit", b"", b"x" * 300))
    return re.sub(rb"(?i)(Content-Transfer-Encoding:) ?[\w-]*", lambda found: found[1] + b" " + encoding, raw)


def other_boundary(chance: random.Random, raw: bytes) -> bytes:
    boundary = chance.choice((b"", b"a", b"--", b'"', b"\xff", b" ", b"x" * 500))
    return re.sub(
        rb'boundary="?[^"\r\n]*"?', lambda _: b'boundary="' + boundary + b'"', raw, count=chance.choice((1, 9))
    )


def damage_delimiters(chance: random.Random, raw: bytes) -> bytes:
    return re.sub(rb"\r\n--", lambda _: chance.choice((b"\r\n--", b"\r\n-", b"\n--", b"\r--", b"\r\n-- ", b"--")), raw)


def mixed_line_ends(chance: random.Random, raw: bytes) -> bytes:
    return re.sub(rb"\r\n", lambda _: chance.choice((b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r")), raw)


def other_type(chance: random.Random, raw: bytes) -> bytes:
    kinds = (b"message/rfc822", b"message/delivery-status", b"text/calendar", b"message/feedback-report",
             b"multipart/report", b"text/html", b"multipart/mixed", b"message/global", b"text/rfc822-headers", b"///",
             b"")  # fmt: skip
    return re.sub(rb"(?i)(Content-Type:) ?[\w/.+-]*", lambda found: found[1] + b" " + chance.choice(kinds), raw)


def inside_another(chance: random.Random, raw: bytes) -> bytes:
    head = chance.choice(
        (b"Content-Type: message/rfc822\r\n\r\n", b"From x@example.org Mon\r\n", b"\r\n\r\n", b"\xef\xbb\xbf")
    )
    return head * chance.randrange(1, 30) + raw


DAMAGES: Final[tuple[Damage, ...]] = (
    flip_bytes, insert_token, truncate, cut_out, repeat_piece, drop_field, double_field, shuffle_fields, other_charset,
    other_encoding, other_boundary, damage_delimiters, mixed_line_ends, other_type, inside_another,
)  # fmt: skip

_HEAD: Final = (
    b"From: MAILER-DAEMON@example.nl\r\nTo: contact@example.org\r\nReturn-Path: <>\r\nSubject: Undelivered mail\r\n"
)
_REPORT: Final = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"


def nested_multiparts(chance: random.Random, raw: bytes) -> bytes:
    depth = chance.choice((30, 200, 2000))
    levels = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return _HEAD + b"".join(levels) + raw


def one_boundary_everywhere(chance: random.Random, raw: bytes) -> bytes:
    level = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    return _HEAD + level * 15_000


def nested_messages(chance: random.Random, raw: bytes) -> bytes:
    return _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * chance.choice((50, 2000, 30_000)) + raw


def many_parts(chance: random.Random, raw: bytes) -> bytes:
    part = chance.choice(
        (b"--b\r\n\r\nx\r\n", b"--b\r\n", b"--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5\r\n")
    )
    return _HEAD + _REPORT + part * (900_000 // len(part))


def base64_in_base64(chance: random.Random, raw: bytes) -> bytes:
    for _ in range(12):
        raw = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(
            raw[:600_000]
        )
    return _HEAD + raw


def quoted_printable_bomb(chance: random.Random, raw: bytes) -> bytes:
    piece = chance.choice((b"=", b"=\r\n", b"=3D", b"==", b"=C3", b" =20\r\n"))
    return (
        _HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + piece * 500_000
    )


def zip_bomb(chance: random.Random, raw: bytes) -> bytes:
    packed = b"PK\x03\x04" + bytes(chance.randrange(256) for _ in range(1000)) * 700
    kind = chance.choice((b"application/zip", b"application/gzip", b"text/plain", b"message/delivery-status"))
    return (
        _HEAD
        + b"Content-Type: %s; name=x.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" % kind
        + base64.encodebytes(packed)
    )


def one_long_line(chance: random.Random, raw: bytes) -> bytes:
    piece = chance.choice(
        (b"a", b" ", b"<", b"@", b"a@", b"=?", b"\xc3\xa9", b"1.", b"\xff", b"ik ben ", b">", b"(", b"\t", b"is ")
    )
    kind = chance.choice((b"plain", b"html", b"calendar"))
    return _HEAD + b"Content-Type: text/%s; charset=utf-8\r\n\r\n" % kind + piece * (10_000_000 // len(piece))


def many_headers(chance: random.Random, raw: bytes) -> bytes:
    line = chance.choice(
        (
            b"X-A: b\r\n",
            b"To: a@example.nl\r\n",
            b":\r\n",
            b" x\r\n",
            b"X-Failed-Recipients: a@example.nl\r\n",
            b"A:\r\n b\r\n",
        )
    )
    return b"From: a@example.nl\r\n" + line * 100_000 + b"\r\n" + raw


def long_header(chance: random.Random, raw: bytes) -> bytes:
    name = chance.choice(
        (
            b"Subject",
            b"From",
            b"To",
            b"Content-Type",
            b"References",
            b"Return-Path",
            b"Auto-Submitted",
            b"Date",
            b"Feedback-ID",
        )
    )
    piece = chance.choice(
        (b"re: ", b"<", b"<a@b> ", b";a=b", b'"', b"\\", b" ", b"1 ", b"[x] ", b"a:b:c:d:", b"unsubscribe ")
    )
    return name + b": " + piece * (300_000 // len(piece)) + b"\r\n" + raw


def encoded_words(chance: random.Random, raw: bytes) -> bytes:
    word = chance.choice((b"=?utf-8?q?=E2?= ", b"=?utf-8?b?4oI?=", b"=?x?q?a", b"=?utf-7?q?+2AA-?= ",
                          b"=?iso-2022-jp?b?GyRC?= ",
                          b"=?utf-8?q?" + b"=3D" * 600 + b"?= ", b"=?punycode?q?a-b?= ", b"=?utf-8?q??= "))  # fmt: skip
    return b"Subject: " + word * (200_000 // len(word)) + b"\r\nFrom: " + word * 2000 + b"\r\n" + raw


def many_recipients(chance: random.Random, raw: bytes) -> bytes:
    said = chance.choice((b"550 mailbox full", b"550 a%d word " * 150, b"mailbox <a@b.c> for "))
    block = b"Final-Recipient: rfc822; a%d@example.nl\r\nAction: failed\r\nDiagnostic-Code: smtp; %s\r\n\r\n"
    blocks = b"".join(block % (n, said.replace(b"%d", b"%d" % n)) for n in range(900_000 // (len(said) + 80)))
    return _HEAD + _REPORT + b"\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nA: x\r\n\r\n" + blocks


def addresses_everywhere(chance: random.Random, raw: bytes) -> bytes:
    piece = chance.choice(
        (
            b"<a@example.nl>: ",
            b"a@example.nl\r\n",
            b"\r\n\r\n<a@example.nl>:\r\n",
            b"to a@b.c ",
            b"following recipients:\r\n",
        )
    )
    return (
        _HEAD
        + b"\r\nYour message could not be delivered to the following recipients:\r\n"
        + piece * (900_000 // len(piece))
    )


def html_bomb(chance: random.Random, raw: bytes) -> bytes:
    piece = chance.choice(
        (
            b"<blockquote>",
            b"<!--",
            b"<style>",
            b"<div",
            b"&#1234567;",
            b"<p>a</p>",
            b"<br ",
            b"</blockquote>",
            b"&lt",
            b"< a",
        )
    )
    return _HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + piece * (900_000 // len(piece))


def calendar_bomb(chance: random.Random, raw: bytes) -> bytes:
    line = chance.choice(
        (b"ATTENDEE;CN=a:mailto:a@example.nl\r\n", b'ATTENDEE;CN="a"', b"ATTENDEE;", b" x\r\n", b"BEGIN:VEVENT\r\n")
    )
    return b"Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + line * (
        900_000 // len(line)
    )


def quotes_bomb(chance: random.Random, raw: bytes) -> bytes:
    line = chance.choice((b"Van: a\r\n", b"Op 1-1-2026 schreef x\r\n", b"> \r\n", b"wrote:\r\n",
                          b"From: a\r\nSent: b\r\n", b"PS: a\r\n", b"On 1 a:\r\n", b"Graag afmelden. ",
                          b"geen mail ", b"ik ben van tot vanaf ", b"until 3 "))  # fmt: skip
    return b"From: jan@example.nl\r\nSubject: Re: x\r\n\r\n" + line * (900_000 // len(line))


BOMBS: Final[tuple[Damage, ...]] = (
    nested_multiparts, one_boundary_everywhere, nested_messages, many_parts, base64_in_base64, quoted_printable_bomb,
    zip_bomb, one_long_line, many_headers, long_header, encoded_words, many_recipients, addresses_everywhere, html_bomb,
    calendar_bomb, quotes_bomb,
)  # fmt: skip
