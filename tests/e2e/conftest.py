"""The real command line, in processes of their own."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from newsletter.events.event import STARTER_MARK
from tests.e2e.forking import run_forked

COMMAND = [sys.executable, "-c", "from newsletter.cli.main import run; run()"]


def environment(**extra: str) -> dict[str, str]:
    """This environment without settings of ours, so that a developer's own change no test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    return kept | {"COLUMNS": "200"} | extra


@dataclass
class Folder:
    """A working folder, and the command line in it."""

    path: Path
    #: Without the time to undo, so that a mailing `--at now` leaves at once.
    settings: dict[str, str] = field(default_factory=lambda: {"NEWSLETTER_SCHEDULE__UNDO_SECONDS": "0"})

    def run(self, *arguments: str, code: int = 0, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; it must end with `code`, and never with a traceback."""
        done = run_forked(arguments, cwd=self.path, env=environment(**self.settings), stdin=stdin)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def write_own_texts(self) -> None:
        """Do what `init` asks for: make the example event one's own, so that it may be sent."""
        document = self.path / "events/kennisbijeenkomst.md"
        text = document.read_text(encoding="utf-8").replace(STARTER_MARK, "Eigen tekst")
        document.write_text(text, encoding="utf-8")

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a command that keeps running."""
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            cwd=self.path,
            env=environment(PYTHONUNBUFFERED="1", **self.settings),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


async def wait_for_line(process: asyncio.subprocess.Process, part: str, *, seconds: float = 180) -> list[str]:
    """Read what a process says until a line holds `part`; returns all lines until then."""
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(seconds):
        while raw := await process.stdout.readline():
            lines.append(raw.decode().rstrip("\n"))
            if part in lines[-1]:
                return lines
    raise AssertionError(f"it ended without saying {part!r}: {lines}")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A working folder made by `newsletter init`."""
    made = Folder(tmp_path / "werk")
    made.path.mkdir()
    made.run("init", ".")
    return made


@pytest.fixture
def bare(tmp_path: Path) -> Folder:
    """A folder that nobody has set up."""
    path = tmp_path / "leeg"
    path.mkdir()
    return Folder(path)
