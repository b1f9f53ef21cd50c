"""The command line: how it speaks.

In: values. Out: tables and sentences for people, JSON for programs, a progress bar on a terminal and plain lines
elsewhere; errors on stderr, one sentence each, with an exit code.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from newsletter.app import App, open_app
from newsletter.errors import SettingsError
from newsletter.outbox.delivery import DeliveryState
from newsletter.settings import ENV_FILE, Settings
from newsletter.settings_file import load

T = TypeVar("T")


class _Out(Console):
    def on_broken_pipe(self) -> None:
        """Let it be known that the reader has gone; rich would end the program, which `newsletter run` must outlive."""
        raise BrokenPipeError


out = _Out(highlight=False, soft_wrap=True)
err = _Out(stderr=True, highlight=False, soft_wrap=True)


def say(sentence: str) -> None:
    """One line for people; nothing in it is read as markup."""
    out.print(Text(sentence))


def say_or_ignore(sentence: str) -> None:
    """One line for people, from a process that goes on working when nobody reads it any more (`| head -1`)."""
    try:
        say(sentence)
    except OSError:
        _forget_output()


def _forget_output() -> None:
    # What is in the buffer already is flushed once more when the interpreter ends; it then goes nowhere.
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, sys.stdout.fileno())
        finally:
            os.close(nowhere)


def complain(sentence: str) -> None:
    """One line on stderr."""
    err.print(Text(sentence))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Rows under headings, or the sentence that says what to do first."""
    if not rows:
        say(empty)
        return
    if not out.is_terminal:
        # Where another program may read it, nothing is cut off or wrapped.
        for row in (columns, *rows):
            sys.stdout.write("\t".join(str(cell) for cell in row) + "\n")
        return
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        # Slugs and times stay on one line, to be copied; what is long stands at the right.
        shown.add_column(column, overflow="fold", no_wrap=number < len(columns) - 2)
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row))
    out.print(shown)


def as_json(value: object) -> None:
    """The value for another program: one JSON document on stdout."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")


def _plain(value: Any) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {key: item for key, item in asdict(value).items() if key != "id"}
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (Enum, Path)):
        return str(value)
    return dict(value)


def local(at: datetime | None, zone: str) -> str:
    """A moment on the wall clock of a series."""
    return "" if at is None else f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


#: The clock of a table that is about several series at once.
ZONE = "Europe/Amsterdam"


def stamped(at: datetime, sentence: str) -> str:
    """A line of a log, on the clock that its sentences are on, which that of the machine often is not."""
    return f"{at.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M:%S %Z}  {sentence}"


def counted(count: int, one: str, many: str = "") -> str:
    """ "1 letter", "2 letters"; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def settings() -> Settings:
    return load(Path())


def own_settings() -> Settings:
    """Those of this working folder.

    Raises:
        SettingsError: nobody has set it up.
    """
    found = settings()
    if found.store.url == Settings.model_fields["store"].default.url and not _is_set_up():
        raise SettingsError(f"there is no {ENV_FILE} in {Path.cwd()}; go to the folder that `newsletter init` made")
    return found


def with_app(action: Callable[[App], Awaitable[T]], *, sends: bool = False) -> T:
    """Open the store of the working folder, act, and close it; `sends` where every microsecond of a letter counts."""
    found = own_settings()

    async def run() -> T:
        async with open_app(found, Path()) as app:
            if sends:
                leave_alone()
            return await action(app)

    with asyncio.Runner(loop_factory=quick_loop if sends else None) as runner:
        return runner.run(run())


def leave_alone() -> None:
    """Spare the garbage collector what is there to stay: a letter makes many objects, and no cycle of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


def quick_loop() -> asyncio.AbstractEventLoop:
    """The loop of libuv, which takes half the time for a letter; that of Python where it is not to be had (Windows)."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _is_set_up() -> bool:
    return Path(ENV_FILE).is_file() or "NEWSLETTER_STORE__URL" in os.environ


class SendingProgress:
    """Letters as they leave: a bar with rate and time left on a terminal, plain lines elsewhere."""

    #: Without a terminal, a line each time so many letters have ended; on one, so many seconds between two looks.
    EVERY, LOOK = 1000, 0.1

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._done, self._total, self._looked = 0, 0, 0.0

    def start(self, letters: int) -> None:
        """A round of so many letters begins; the one before may have ended early."""
        self.stop()
        self._done, self._total = 0, letters
        if out.is_terminal and letters:
            self._bar = Progress(
                TextColumn("sending"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=out,
                transient=True,
            )
            self._task = self._bar.add_task("sending", total=letters, rate="")
            self._bar.start()

    def settled(self, _state: DeliveryState) -> None:
        """One delivery has an outcome."""
        self._done += 1
        if self._bar is not None and self._task is not None:
            if monotonic() - self._looked < self.LOOK and self._done < self._total:
                return
            self._looked = monotonic()
            self._bar.update(self._task, completed=self._done)
            speed = self._bar.tasks[0].finished_speed or self._bar.tasks[0].speed
            self._bar.update(self._task, rate=f"{speed:.0f} letters/s" if speed else "")
        elif not out.is_terminal and self._done % self.EVERY == 0:
            say_or_ignore(f"{self._done} of {self._total} letters")
        if self._done >= self._total:
            self.stop()

    def stop(self) -> None:
        """Take the bar away, if there is one; it can be done twice."""
        bar, self._bar = self._bar, None
        if bar is not None:
            with contextlib.suppress(OSError):  # the terminal may have gone
                bar.stop()
