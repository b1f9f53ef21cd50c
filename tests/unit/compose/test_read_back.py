"""Letters as they go over the wire, read by parsers that are not ours, hold what a plain build of them holds."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from jinja2 import UndefinedError

from newsletter.compose.letter import Letter
from newsletter.errors import PlaceholderError
from tests.needs import ORACLE, node_with_mailparser
from tests.unit.compose.cases import Case, cases, line_ends
from tests.unit.compose.reader import decoded, mailbox, read


def assert_lines(wire: bytes) -> None:
    """What holds for every line of every letter: nothing on the way has to change any of them."""
    assert wire.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", wire)
    assert wire.endswith(b"\r\n")
    # SMTP doubles a dot at the start of a line (RFC 5321 §4.5.2), mbox stores write >From: here is none of either.
    assert not re.search(rb"(?m)^(\.|From )", wire)
    head, _, body = wire.partition(b"\r\n\r\n")
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert not re.search(rb"[ \t]\r\n", body)


@given(cases())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_letter_holds_what_a_plain_build_holds(case: Case) -> None:
    mailing, recipient, letter = case.mailing, case.recipient, Letter(case.mailing)
    try:
        subject, text, html = case.plain()
    except UndefinedError as missing:
        event("a value is missing")
        [key] = re.findall(r"has no attribute '(\w+)'", str(missing))
        with pytest.raises(PlaceholderError, match=rf"recipient #12 has no value for subscriber\.{key};"):
            letter.address(recipient)
        return
    wire = letter.address(recipient)
    assert_lines(wire)
    assert (letter.plain(recipient)[0], *map(line_ends, letter.plain(recipient)[:0:-1])) == (subject, text, html)
    found = read(wire)
    assert decoded(found.fields["subject"]) == subject
    assert mailbox(found.fields["to"]) == (" ".join(recipient.name.split()), recipient.address)
    assert found.text("text/plain") == text
    assert found.text("text/html") == html
    if mailing.calendar:
        assert found.text("text/calendar").replace("\n ", "").split("\n") == case.calendar()
        assert found.text("application/ics") == found.text("text/calendar")
    files = [part for part in found.all() if "content-disposition" in part.fields]
    assert sorted((part.filename, part.content) for part in files if part.filename != "invite.ics") == sorted(
        (file.name, file.content) for file in mailing.attachments
    )


@given(cases())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_python_finds_no_defect_in_a_letter(case: Case) -> None:
    try:
        wire = Letter(case.mailing).address(case.recipient)
    except PlaceholderError:
        return
    for part in message_from_bytes(wire, policy=policy.default).walk():
        assert not part.defects
        for name, value in part.items():
            # The one defect that Python sees is its own: a space that it puts between two encoded-words of a name.
            assert name == "To" or not getattr(value, "defects", ()), (name, value)


def test_mailparser_reads_what_a_plain_build_holds() -> None:
    batch: list[Case] = []  # Node takes half a second to start, so it reads all examples at once

    @given(cases())
    @settings(max_examples=300, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
    def gather(case: Case) -> None:
        batch.append(case)

    gather()
    for case, found in read_by_mailparser(batch):
        subject, text, html = case.plain()
        assert found["subject"] == subject
        assert found["to"][0]["name"] == " ".join(case.recipient.name.split())
        assert found["text"] == (text or "\n")  # mailparser ends what is empty
        assert found["html"] == html
        files = [(file["filename"], file["content"]) for file in found["attachments"]]
        calendar = Letter(case.mailing).calendar(case.recipient)
        assert calendar.replace("\r\n ", "").split("\r\n") == case.calendar()
        invitation = [("", calendar), ("invite.ics", calendar)] if calendar else []
        attached = [(file.name, file.content.decode(errors="replace")) for file in case.mailing.attachments]
        assert sorted(files) == sorted(invitation + attached)


def read_by_mailparser(batch: Sequence[Case]) -> Iterator[tuple[Case, Mapping[str, Any]]]:
    """Of those letters for which no value is missing."""
    with TemporaryDirectory() as folder:
        written: dict[str, Case] = {}
        for number, case in enumerate(batch):
            with suppress(PlaceholderError):
                file = Path(folder, f"{number}.eml")
                file.write_bytes(Letter(case.mailing).address(case.recipient))
                written[str(file)] = case
        done = subprocess.run(
            [node_with_mailparser(), str(ORACLE / "read.mjs")],
            input="\n".join(written),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        )
        found = json.loads(done.stdout)
    assert len(found) == len(written)
    return ((written[letter["file"]], letter) for letter in found)
