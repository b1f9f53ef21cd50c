"""How the command line speaks: to a terminal, to a file, and to somebody who no longer listens."""

import io
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from rich.console import Console

from newsletter.cli import console
from newsletter.cli.console import SendingProgress
from newsletter.outbox.delivery import DeliveryState


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal to write to; what is written can be read back."""
    written = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=written, force_terminal=True, width=80))
    return written


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Output that goes to another program."""
    written = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=written, force_terminal=False, width=80))
    return written


def settle(progress: SendingProgress, letters: int) -> None:
    for _ in range(letters):
        progress.settled(DeliveryState.SENT)


def test_a_round_that_ended_early_does_not_stand_in_the_way_of_the_next(terminal: io.StringIO) -> None:
    progress = SendingProgress()
    progress.start(10)
    settle(progress, 4)
    progress.start(3)
    settle(progress, 3)
    assert "3/3" in terminal.getvalue()
    progress.start(5)
    progress.stop()
    progress.stop()


def test_more_letters_than_were_announced_break_nothing(terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SendingProgress, "EVERY", 2)
    progress = SendingProgress()
    progress.start(3)
    settle(progress, 3)
    ended = terminal.getvalue()
    settle(progress, 5)
    assert terminal.getvalue() == ended, "a terminal gets a bar, and no lines beside it"


def test_a_round_of_no_letters_shows_no_bar(terminal: io.StringIO) -> None:
    SendingProgress().start(0)
    assert terminal.getvalue() == ""


def test_without_a_terminal_there_is_a_line_now_and_then(pipe: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SendingProgress, "EVERY", 2)
    progress = SendingProgress()
    progress.start(5)
    settle(progress, 5)
    assert pipe.getvalue() == "2 of 5 letters\n4 of 5 letters\n"


class _Gone(io.StringIO):
    def flush(self) -> None:
        raise OSError(5, "Input/output error")


def test_a_terminal_that_has_gone_does_not_stop_the_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    shown = Console(file=written, force_terminal=True, width=80)
    monkeypatch.setattr(console, "out", shown)
    progress = SendingProgress()
    progress.start(2)
    shown.file = _Gone()
    progress.stop()
    shown.file = written


TALK = """
import os, sys
from newsletter.cli import console
console.say_or_ignore("first")
sys.stdin.readline()
for number in range(3):
    console.say_or_ignore(f"line {number}")
print("print of another part")
os.write(2, b"went on")
"""

RUDE = """
import sys
from datetime import UTC, datetime
from newsletter.cli import console
console.say_or_ignore("first")
sys.stdin.readline()
try:
    console.say("second")
except BrokenPipeError:
    console.say_or_ignore("third")
    sys.exit(7)
"""


@pytest.mark.parametrize(("program", "code", "complaint"), [(TALK, 0, b"went on"), (RUDE, 7, b"")])
def test_a_reader_that_goes_away_ends_no_process_that_ignores_it(program: str, code: int, complaint: bytes) -> None:
    talking = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert talking.stdout is not None
    assert talking.stdout.readline() == b"first\n"
    talking.stdout.close()
    talking.stdout = None
    _, said = talking.communicate(b"go on\n", timeout=60)
    assert (talking.returncode, said) == (code, complaint)


def test_output_without_a_file_behind_it_is_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "out", Console(file=_Gone()))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    console.say_or_ignore("nobody reads this")


@pytest.mark.parametrize(
    ("at", "line"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25 02:30:00 CEST  gone"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25 02:30:00 CET  gone"),
    ],
)
def test_a_line_of_the_log_is_on_the_clock_of_the_mailings_and_says_which(at: datetime, line: str) -> None:
    assert console.stamped(at, "gone") == line
