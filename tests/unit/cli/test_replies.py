"""How questions are shown: at 80 columns, with the names and subjects that people have."""

import asyncio
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

from newsletter.cli import console
from newsletter.cli.replies import as_table, commands, described, facts
from newsletter.errors import NotFoundError
from newsletter.store.database import open_database
from tests.house import CONTACT, open_house, written

SUBJECT = "Re: " + "Masterclass ‘bewoners in beweging’ – tweede ronde, zaal één " * 4
AUTHOR = "Wilhelmina Zoë van der Voort-van Zuylen d’Ancona <wz@example.org>"
NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=written, force_terminal=True, width=80))
    return written


def row(**changes: Any) -> dict[str, Any]:
    plain = {
        "id": 12,
        "at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        "author": AUTHOR,
        "subject": SUBJECT,
        "state": "open",
        "ended_at": None,
        "ended_by": "",
        "mailing": "masterclass-bewoners-in-beweging/reminder",
        "series": None,
        "forwarding": None,
    }
    return plain | changes


@pytest.mark.parametrize("with_ended", [False, True])
def test_names_and_subjects_fit_a_terminal_of_80_columns(terminal: io.StringIO, with_ended: bool) -> None:
    console.table(*as_table([facts(row(), NOW, 2)], with_ended=with_ended, in_short=True), empty="")
    shown = terminal.getvalue()
    lines = Text.from_ansi(shown).plain.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 6
    for words in ("Wilhelmina", "Zuylen", "Masterclass", "beweging’"):
        assert words in shown
    assert "4, late" in lines[1]


def test_where_another_program_reads_nothing_is_cut_off() -> None:
    _, [cells] = as_table([facts(row(), NOW, 2)], with_ended=False, in_short=False)
    assert cells[-2:] == [AUTHOR.partition(" <")[0], SUBJECT.strip()]


def test_control_characters_and_turned_text_reach_nobody() -> None:
    one = facts(row(author="\x1b[31mBea\u202e <b@example.org>", subject="A\x1b]0;x\x07\nB"), NOW, 2)
    assert (one["author"], one["subject"]) == ("[31mBea <b@example.org>", "A ]0;x B")


@pytest.mark.parametrize(
    ("days", "late"),
    [(2, False), (3, False), (4, True)],
    ids=["Monday", "Tuesday", "Wednesday"],
)
def test_a_question_is_late_after_more_than_two_working_days(days: int, late: bool) -> None:
    asked = datetime(2026, 2, 27, 22, 30, tzinfo=UTC)  # on Friday night
    one = facts(row(at=asked), datetime(2026, 3, days, 8, 0, tzinfo=UTC), 2)
    assert one["late"] is late


def test_the_age_counts_days_on_the_clock_of_people() -> None:
    asked = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # in Amsterdam it is Monday already
    assert facts(row(at=asked), datetime(2026, 3, 2, 9, 0, tzinfo=UTC), 2)["working_days"] == 0


def test_a_question_that_has_ended_tells_when_and_how() -> None:
    ended = facts(row(state="answered", ended_at=NOW, ended_by="an answer in the thread"), NOW, 2)
    [first, *_] = described(ended | {"sent_on": []})
    assert "answered 2026-03-06 10:00 (an answer in the thread), after 4 working days" in first
    assert not ended["late"]


def test_what_was_forgotten_says_so() -> None:
    one = facts(row(author="", subject="", state="closed", ended_at=NOW), NOW, 2)
    _, [cells] = as_table([one], with_ended=True, in_short=True)
    assert cells[-2:] == ["(forgotten)", "(forgotten)"]


def fill(folder: Path) -> None:
    """Two questions, of three weeks and of a moment ago; the contact mailbox has refused both."""

    async def run() -> None:
        database = await open_database("sqlite:///store.sqlite", folder)
        house = await open_house(database)
        house.clock.now = datetime.now(UTC) - timedelta(days=21)
        await house.take(written("Bea <bea@example.org>", subject="Waar?\x1b[2J", body="Waar is het?\x1b[0m"))
        house.clock.now = datetime.now(UTC)
        await house.take(written(AUTHOR, subject="Re: twee", id_="vraag-2@example.org"))
        async with house.sending_on(lambda verb, _: "550 5.1.1 no such user" if verb == "RCPT" else None) as (_, sends):
            await sends.round()
        await database.close()

    asyncio.run(run())


@pytest.fixture
def newsletter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command of `newsletter replies` in a folder with two questions; what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_STORE__URL", "sqlite:///store.sqlite")
    fill(tmp_path)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.stdout)

    return run


def test_questions_are_listed_shown_closed_and_opened_again(newsletter: Callable[..., str]) -> None:
    listed = newsletter("list")
    assert "\x1b" not in listed
    _, old, new, *notes = listed.splitlines()
    assert "late" in old
    assert "Bea" in old
    assert "late" not in new
    assert "has not reached the contact mailbox: failed 550" in notes[0]
    first, second = json.loads(newsletter("list", "--json"))
    assert (first["late"], second["late"], second["working_days"]) == (True, False, 0)
    assert first["working_days"] >= 11

    shown = newsletter("show", "1")
    assert "Waar is het?" in shown
    assert "\x1b" not in shown
    assert f"not yet to {CONTACT}: failed 550 5.1.1 no such user" in shown

    assert "question 1 is closed" in newsletter("close", "1")
    assert "was closed already" in newsletter("close", "1")
    assert [one["question"] for one in json.loads(newsletter("list", "--json"))] == [2]
    assert [one["state"] for one in json.loads(newsletter("list", "--json", "--all"))] == ["closed", "open"]
    opened = newsletter("open", "1")
    assert "question 1 is open again" in opened
    assert "sent on to the contact mailbox once more" in opened
    assert json.loads(newsletter("show", "1", "--json"))["state"] == "open"
    for command in ("show", "close", "open"):
        with pytest.raises(NotFoundError, match="there is no question “9”; there are: 1, 2"):
            newsletter(command, "9")


def test_the_later_messages_of_a_thread_are_shown_below_it(newsletter: Callable[..., str], tmp_path: Path) -> None:
    async def more() -> None:
        database = await open_database("sqlite:///store.sqlite", tmp_path)
        house = await open_house(database)
        house.clock.now = datetime.now(UTC)
        await house.take(
            written("Bea <bea@example.org>", id_="v3@example.org", answers="vraag-1@example.org", body="En de trein?")
        )
        await database.close()

    asyncio.run(more())
    shown = newsletter("show", "1")
    assert shown.index("Waar is het?") < shown.index("En de trein?")
