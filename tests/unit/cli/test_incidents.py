"""`newsletter incidents` and `newsletter proposals`, as a person uses them; in this process, which takes a tenth."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from newsletter.cli.incidents import sentences
from newsletter.cli.main import commands
from newsletter.errors import NewsletterError
from newsletter.inbound.incidents import Mended
from newsletter.outbox.remedy import Remedied
from newsletter.schedule.state import MailingState
from newsletter.store.database import open_database
from tests.post import BLOCKED, REMINDER, Post, bounce, sent
from tests.returns import bounce_to, mail

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in a working folder; returns what it says, or raises the error that it would end with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_STORE__URL", "sqlite:///store.sqlite")
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: str) -> str:
        done = CliRunner().invoke(commands, arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return command


def came_back(*raws: bytes, people: int = 5) -> None:
    """A mailing was sent, and this has come of it."""

    async def take() -> None:
        database = await open_database("sqlite:///store.sqlite")
        await sent(database, people)
        await Post(database).take(*raws)
        await database.close()

    asyncio.run(take())


def rows(output: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(output)
    return found


def test_an_incident_is_listed_mended_and_its_letters_offered_again(run: Run) -> None:
    assert run("incidents", "list") == "Nothing was refused because of us.\n"
    came_back(bounce(1, **BLOCKED), bounce(2, number=1, **BLOCKED))
    listed = run("incidents", "list")
    assert f"1\t{REMINDER}\texample.nl\t2\t" in listed
    assert "blocked: our server or domain is on a block list" in listed
    mended = run("incidents", "mend", "1")
    assert "incident #1 is mended: its bounces count no more for 2 people" in mended
    assert "`newsletter incidents mend 1 --send-again --recipients 2`" in mended
    with pytest.raises(NewsletterError, match="2 letters would be sent again; confirm with --recipients 2"):
        run("incidents", "mend", "1", "--send-again")
    again = ("incidents", "mend", "1", "--send-again", "--recipients", "2", "--as-sent")
    with pytest.raises(NewsletterError, match="its window closed at 2020-01-01 10:00"):
        run(*again, "--until", "2020-01-01 10:00")
    assert rows(run("incidents", "list", "--json")) == []
    [row] = rows(run("incidents", "list", "--all", "--json"))
    assert (row["mailing"], row["count"], row["remedy"]) == (REMINDER, 2, "2 bounces void, 0 people restored")
    with pytest.raises(NewsletterError, match="there is no incident “#9”"):
        run("incidents", "confirm", "9")


#: Another of our faults, and so an incident of its own.
UNSIGNED = {
    **BLOCKED,
    "status": "5.7.26",
    "said": "550 5.7.26 this message does not pass authentication checks (SPF and DKIM)",
}


def test_several_incidents_of_one_cause_are_mended_at_once(run: Run) -> None:
    came_back(*(bounce(one, number=one, **(BLOCKED if one % 2 else UNSIGNED)) for one in range(1, 5)))
    mended = run("incidents", "mend", "1", "2", "1")
    assert "incident #1 is mended: its bounces count no more for 2 people" in mended
    assert "incident #2 is mended: its bounces count no more for 2 people" in mended
    assert mended.endswith(
        "4 letters can be sent again with `newsletter incidents mend 1 2 --send-again --recipients 4`\n"
    )
    with pytest.raises(NewsletterError, match="4 letters would be sent again; confirm with --recipients 4"):
        run("incidents", "mend", "1", "2", "--send-again", "--recipients", "2")
    again = ("incidents", "mend", "1", "2", "--send-again", "--recipients", "4", "--as-sent")
    done = CliRunner().invoke(commands, again)
    assert isinstance(done.exception, NewsletterError)
    assert done.output.count(f"{REMINDER}: nothing was sent again: {REMINDER}: its window closed at") == 2


def test_what_came_of_each_of_several_is_a_sentence() -> None:
    mended = Mended(id=3, mailing=REMINDER, bounces=0, restored=0, letters=2)
    assert sentences(mended, Remedied(letters=2, state=MailingState.SENDING), is_alone=False) == [
        f"{REMINDER}: 2 letters sent again; `newsletter run` sends them"
    ]
    assert sentences(mended, None, is_alone=False) == []
    [offer] = sentences(mended, None, is_alone=True)
    assert offer.endswith("`newsletter incidents mend 3 --send-again --recipients 2`")
    over = replace(mended, letters=0)
    assert sentences(over, None, is_alone=False) == ["incident #3 is mended already, and nothing is left to send"]


def test_a_proposal_is_listed_with_its_sentence_and_decided(run: Run) -> None:
    gone = "Ik ben niet meer werkzaam bij de gemeente. Mail opvolger@example.nl."
    auto = "Auto-Submitted: auto-replied\r\n"
    came_back(
        *(mail(gone, to=bounce_to(one), more=auto, number=one, author=f"person-{one - 1}@example.nl") for one in (1, 2))
    )
    listed = run("proposals", "list")
    assert "does not work there any more\topvolger@example.nl\tIk ben niet meer werkzaam bij de gemeente." in listed
    done = run("proposals", "accept", "1", "--to", "opvolger@example.nl", "--name", "Zoë Voorbeeld")
    assert done == "person-0@example.nl: is off gemeenten now\nopvolger@example.nl: is on gemeenten now\n"
    assert "declined; nothing has changed" in run("proposals", "decline", "2")
    assert run("proposals", "list") == "Nothing waits for a decision.\n"
    assert [row["state"] for row in rows(run("proposals", "list", "--all", "--json"))] == ["accepted", "declined"]
    with pytest.raises(NewsletterError, match="there is no open proposal"):
        run("proposals", "accept", "1")
    assert "gemeenten: active" in run("explain", "opvolger@example.nl")


def test_a_domain_that_was_right_is_believed_when_a_person_says_so(run: Run) -> None:
    with pytest.raises(NewsletterError, match="there is no incident “#1”; there is no incident yet"):
        run("incidents", "confirm", "1")
    came_back(*(bounce(number, number=number) for number in range(1, 12)), people=12)
    assert run("incidents", "confirm", "1") == "incident #1: nothing is sent any more to 2 people\n"
    assert "1\t" in run("incidents", "list", "--all")
