"""What comes in is read as far as it is meant to be, and whoever asks is counted as who they are."""

import asyncio
import time

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.types import Message, Scope

from newsletter.web import public_guard
from newsletter.web.public_guard import FIELDS, LONGEST, fields, read_form, visitor

URLENCODED = "application/x-www-form-urlencoded"


def multipart(**parts: str) -> tuple[str, bytes]:
    lines = [
        f'--grens\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in parts.items()
    ]
    return "multipart/form-data; boundary=grens", "".join([*lines, "--grens--\r\n"]).encode()


@pytest.mark.parametrize(
    ("content_type", "body", "found"),
    [
        (URLENCODED, b"List-Unsubscribe=One-Click", {"List-Unsubscribe": "One-Click"}),
        (f"{URLENCODED}; charset=utf-8", b"doen=alles", {"doen": "alles"}),
        (URLENCODED.upper(), b"doen=alles&x=", {"doen": "alles", "x": ""}),
        (URLENCODED, b"doen=terug&doen=alles", {"doen": "terug"}),
        (URLENCODED, b"doen=%E9%FF", {"doen": "\ufffd\ufffd"}),
        (URLENCODED, b"a=1&" * (FIELDS + 1), {}),
        ("", b"doen=lijst", {"doen": "lijst"}),
        ("application/json", b'{"doen": "alles"}', {}),
        ("text/plain", b"doen=alles", {}),
        (*multipart(doen="alles"), {"doen": "alles"}),
        (*multipart(**{"List-Unsubscribe": "One-Click", "doen": "é"}), {"List-Unsubscribe": "One-Click", "doen": "é"}),
        ("multipart/form-data", multipart(doen="alles")[1], {}),
        ("multipart/form-data; boundary=anders", multipart(doen="alles")[1], {}),
        ("multipart/form-data; boundary=grens", b"--grens", {}),
        ("multipart/form-data; boundary=grens\r\n\r\n--grens", b"x", {}),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x", {}),
    ],
)
def test_a_form_is_its_fields(content_type: str, body: bytes, found: dict[str, str]) -> None:
    assert fields(content_type, body) == found


@given(
    st.sampled_from(["multipart/form-data; boundary=a", URLENCODED, "", "multipart/form-data; boundary="])
    | st.text(max_size=60),
    st.binary(max_size=400),
)
def test_no_body_whatever_is_more_than_text_by_name(content_type: str, body: bytes) -> None:
    for name, value in fields(content_type, body).items():
        assert isinstance(name, str)
        assert isinstance(value, str)


@given(st.dictionaries(st.text("abcdefgh-", min_size=1, max_size=9), st.text("abc é\n", max_size=20), max_size=5))
def test_what_a_browser_posts_is_read_back(given_fields: dict[str, str]) -> None:
    assert fields(*multipart(**given_fields)) == {name: text.strip() for name, text in given_fields.items()}


def posting(*pieces: bytes, length: str | None = None, stays: bool = False) -> Request:
    """A request whose body comes in pieces; one that `stays` then says nothing any more."""
    headers = [(b"content-type", URLENCODED.encode())]
    headers += [(b"content-length", length.encode())] if length is not None else []
    waiting: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]

    async def receive() -> Message:
        if not waiting and stays:
            await asyncio.Event().wait()
        return waiting.pop(0) if waiting else {"type": "http.request", "body": b"", "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": headers, "path": "/"}, receive)


async def test_a_form_in_pieces_is_put_together() -> None:
    assert await read_form(posting(b"do", b"en=al", b"les")) == {"doen": "alles"}


@pytest.mark.parametrize(
    "request_",
    [
        posting(length=str(LONGEST + 1)),
        posting(length="9" * 4000),
        posting(length="-1"),
        posting(length="veel"),
        posting(b"x" * (LONGEST + 1)),
        posting(*[b"x" * 1000] * 9),
        # Endless: what comes after the limit is never asked for.
        posting(*[b"x" * 1000] * 9, stays=True),
    ],
)
async def test_a_form_that_is_too_long_is_not_read(request_: Request) -> None:
    with pytest.raises(HTTPException) as refused:
        await read_form(request_)
    assert refused.value.status_code == 413


async def test_a_form_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_guard, "PATIENCE", 0.05)
    start = time.monotonic()
    with pytest.raises(HTTPException) as refused:
        await read_form(posting(b"doen=", stays=True))
    assert refused.value.status_code == 408
    assert time.monotonic() - start < 5


def asked_by(peer: str | None, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"type": "http", "client": (peer, 1234) if peer is not None else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("198.51.100.7", (), "198.51.100.7"),
        ("198.51.100.7", ("203.0.113.9",), "198.51.100.7"),  # not from this machine: a claim
        ("10.0.0.5", ("203.0.113.9",), "10.0.0.5"),
        ("127.0.0.1", (), "127.0.0.1"),
        ("127.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("::1", ("203.0.113.9",), "203.0.113.9"),
        ("::ffff:127.0.0.1", ("203.0.113.9",), "203.0.113.9"),
        ("127.0.0.1", ("6.6.6.6, 203.0.113.9",), "203.0.113.9"),  # what the visitor says of itself stands first
        ("127.0.0.1", ("6.6.6.6", "203.0.113.9"), "203.0.113.9"),
        ("127.0.0.1", ("6.6.6.6, ",), "127.0.0.1"),
        ("127.0.0.1", ("geen adres",), "127.0.0.1"),
        ("127.0.0.1", ("x" * 9000,), "127.0.0.1"),
        ("127.0.0.1", ("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::"),
        ("127.0.0.1", ("[2001:db8:1:2:ffff::1]",), "2001:db8:1:2::"),
        ("127.0.0.1", ("::ffff:203.0.113.9",), "203.0.113.9"),
        (None, ("203.0.113.9",), "203.0.113.9"),  # over a Unix socket
        ("", (), ""),
    ],
)
def test_a_visitor_is_counted_by_the_address_that_can_be_believed(
    peer: str | None, forwarded: tuple[str, ...], who: str
) -> None:
    assert visitor(asked_by(peer, *forwarded)) == who


@given(st.text(max_size=80))
def test_whatever_is_forwarded_a_visitor_has_a_short_name(forwarded: str) -> None:
    scope = asked_by("127.0.0.1")
    scope["headers"] = [(b"x-forwarded-for", forwarded.encode("utf-8", "surrogatepass"))]
    assert len(visitor(scope)) <= 45
