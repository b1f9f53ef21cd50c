"""What an organiser does with a mailing that goes out, with the real command line and a mail server on loopback."""

import asyncio
import json
import re
import shlex
import time
from collections import Counter
from typing import Any

from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.test_run import FIRST, in_seconds, prepared, recipients, stop
from tests.smtp_server import HANG_UP, smtp_server

CORRECTION = f"{FIRST}-correction"


async def run(folder: Folder, *arguments: str, code: int = 0) -> str:
    """What a command said, while the mail server of the test goes on."""
    done = await asyncio.to_thread(folder.run, *arguments, code=code)
    return done.stdout + done.stderr


async def show(folder: Folder, slug: str = FIRST) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await run(folder, "mailing", "show", slug, "--json"))
    return found


async def test_what_is_sent_now_can_be_undone_before_the_first_connection(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=2)
        folder.settings |= {"NEWSLETTER_SCHEDULE__UNDO_SECONDS": "600", "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "600"}
        running = await folder.start("run")
        await wait_for_line(running, "running")
        said = await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "2")
        assert "for 2 recipients" in said
        assert f"It leaves in 600 seconds; to undo it: newsletter mailing cancel {FIRST}" in said
        await wait_for_line(running, f"{FIRST}: due")
        assert await run(folder, "mailing", "cancel", FIRST) == f"{FIRST}: cancelled\n"
        await wait_for_line(running, f"{FIRST}: no longer due")
        await stop(running)
        assert (server.connections, server.letters) == (0, [])
        # The same, not undone, does leave.
        folder.settings["NEWSLETTER_SCHEDULE__UNDO_SECONDS"] = "1"
        await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "2")
        again = await folder.start("run")
        await wait_for_line(again, f"{FIRST}: sent (2 sent)")
        await stop(again)
    assert len(server.letters) == 2


async def test_where_nothing_runs_it_says_what_to_start_instead_of_when_it_leaves(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=2)
        folder.settings |= {"NEWSLETTER_SCHEDULE__UNDO_SECONDS": "600", "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "600"}
        nothing = "othing is running that would send it: start `newsletter run`"
        said = await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "2")
        assert f"N{nothing}; to undo it: newsletter mailing cancel {FIRST}" in said
        assert "It leaves" not in said
        said = await run(folder, "mailing", "schedule", FIRST, "--at", in_seconds(86_400), "--recipients", "2")
        assert said.endswith(f"N{nothing}\n")
        assert f"next: n{nothing}; `newsletter mailing cancel" in await run(folder, "mailing", "show", FIRST)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        shown = await run(folder, "mailing", "show", FIRST)
        assert "next: it goes out by itself; " in shown
        assert "nothing is running" not in shown
        await stop(running)
        assert f"next: n{nothing}; " in await run(folder, "mailing", "show", FIRST)


async def test_a_mailing_is_paused_in_the_middle_and_resumed_and_nobody_gets_it_twice(folder: Folder) -> None:
    people = 400

    def slowly(verb: str, _letters: int) -> None:
        if verb == ".":
            time.sleep(0.05)  # a server that takes its time, so that there is a middle

    async with smtp_server(slowly) as server:
        prepared(folder, server, people=people)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", str(people))
        await server.wait_for_letters(15)
        said = await run(folder, "mailing", "hold", FIRST)
        assert f"next: `newsletter mailing resume {FIRST}` lets its " in said
        server.answer = lambda _verb, _letters: None
        shown = await show(folder)
        while shown["deliveries"].get("claimed") or shown["deliveries"].get("sending"):
            shown = await show(folder)
        before = len(server.letters)
        assert 15 <= before < people
        assert (shown["mailing"]["state"], shown["mailing"]["reason"]) == ("held", "paused by hand")
        assert shown["deliveries"] == {"sent": before, "queued": people - before}
        assert "goes on with the letters that were not sent yet" in await run(folder, "mailing", "resume", FIRST)
        await wait_for_line(running, f"{FIRST}: sent ({people} sent)")
        await stop(running)
    assert recipients(server) == Counter({f"persoon{number}@example.nl": 1 for number in range(people)})


def commands_in(said: str) -> list[list[str]]:
    """The commands of a text, as a person would type them, without the program's name."""
    return [shlex.split(command)[1:] for command in re.findall(r"newsletter mailing [^`;:&\n]+(?<![\s.])", said)]


async def test_what_the_program_says_to_do_works_as_it_is_typed(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=3)
        await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "3")
        running = await folder.start("run")
        await wait_for_line(running, f"{FIRST}: sent")
        document = folder.path / "events/kennisbijeenkomst.md"
        moved = document.read_text(encoding="utf-8").replace("start: ", "status: cancelled\nstart: ", 1)
        document.write_text(moved, encoding="utf-8")
        said = await run(folder, "event", "import", "events/kennisbijeenkomst.md")
        [correct] = commands_in(said.partition("write to them with: ")[2].partition("\n")[0])
        assert correct == ["mailing", "correct", FIRST, "--template", "cancelled"]
        said = await run(folder, *correct)
        test, schedule = commands_in(said)
        await run(folder, *test)
        again = await run(folder, "event", "import", "events/kennisbijeenkomst.md")
        assert "were told" not in again
        assert "confirm with --recipients 3" in await run(folder, *schedule, code=1)
        await run(folder, *schedule, "--recipients", "3")
        await wait_for_line(running, f"{CORRECTION}: sent (3 sent)")
        await stop(running)


async def test_what_was_cancelled_on_its_way_is_scheduled_again_as_it_is_typed(folder: Folder) -> None:
    def slowly(verb: str, letters: int) -> str | None:
        if verb == ".":
            time.sleep(0.05)  # a server that takes its time, so that there is a middle
        return "550 5.1.1 no such user" if verb == "RCPT" and letters == 3 else None

    people = 300
    async with smtp_server(slowly) as server:
        prepared(folder, server, people=people)
        folder.settings["NEWSLETTER_SMTP__CONNECTIONS"] = "1"
        folder.settings["NEWSLETTER_PAUSE__CONSECUTIVE"] = "1000"
        running = await folder.start("run")
        await wait_for_line(running, "running")
        await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", str(people))
        await server.wait_for_letters(3)
        while not (await show(folder))["deliveries"].get("failed"):
            pass
        said = await run(folder, "mailing", "cancel", FIRST)
        server.answer = lambda _verb, _letters: None
        [schedule] = commands_in(said)
        shown = await show(folder)
        while shown["deliveries"].get("claimed") or shown["deliveries"].get("sending"):
            shown = await show(folder)
        left, failed = shown["deliveries"]["withheld"], shown["deliveries"]["failed"]
        offered = commands_in(await run(folder, "mailing", "again", FIRST, "--failed", code=1))
        assert offered == commands_in(await run(folder, "mailing", "again", FIRST)) == [schedule]
        assert f"confirm with --recipients {left}" in await run(folder, *schedule, code=1)
        await run(folder, *schedule, "--recipients", str(left))
        await wait_for_line(running, f"{FIRST}: sent ({failed} failed")
        letters = "1 failed letter" if failed == 1 else f"{failed} failed letters"
        asked = await run(folder, "mailing", "again", FIRST, "--failed", code=1)
        assert f"{letters} would be sent again; confirm with --recipients {failed}" in asked
        await run(folder, "mailing", "again", FIRST, "--failed", "--recipients", str(failed))
        await wait_for_line(running, f"{FIRST}: sent ({people} sent)")
        await stop(running)
    assert recipients(server) == Counter({f"persoon{number}@example.nl": 1 for number in range(people)})


async def test_letters_in_doubt_and_failed_ones_are_decided_on_and_the_mailing_is_corrected(folder: Folder) -> None:
    tried: list[str] = []

    def answer(verb: str, _letters: int) -> str | None:
        if verb == "MAIL":
            tried.append(verb)
        if verb == "." and len(tried) == 1:
            return HANG_UP
        return "550 5.1.1 no such user" if verb == "RCPT" and len(tried) == 2 else None

    async with smtp_server(answer) as server:
        prepared(folder, server, people=4)
        folder.settings |= {"NEWSLETTER_MAIL__RESEND_IN_DOUBT": "false", "NEWSLETTER_SMTP__CONNECTIONS": "1"}
        await run(folder, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "4")
        running = await folder.start("run")
        await wait_for_line(running, f"{FIRST}: sent")
        await stop(running)
        server.answer = lambda _verb, _letters: None
        assert (await show(folder))["deliveries"] == {"failed": 1, "in_doubt": 1, "sent": 2}

        said = await run(folder, "mailing", "show", FIRST)
        assert f"next: 1 letter in doubt waits for you: `newsletter mailing resolve {FIRST}` shows them" in said
        assert f"next: 1 letter failed: `newsletter mailing again {FIRST}` shows why" in said
        [doubt] = json.loads(await run(folder, "mailing", "resolve", FIRST, "--json"))
        assert doubt["address"] == server.refused[0][1]
        assert "contradict" in await run(folder, "mailing", "resolve", FIRST, "--sent", "--again", code=1)
        one = ("--subscriber", str(doubt["subscriber_id"]))
        assert "1 letter counts as sent" in await run(folder, "mailing", "resolve", FIRST, "--sent", *one)

        why = await run(folder, "mailing", "again", FIRST)
        assert "1\t550 5.1.1 no such user" in why
        assert "add --failed" in why
        asked = await run(folder, "mailing", "again", FIRST, "--failed", code=1)
        assert "1 failed letter would be sent again; confirm with --recipients 1" in asked
        said = await run(folder, "mailing", "again", FIRST, "--failed", "--recipients", "1")
        assert "1 letter is sent again" in said
        second = await folder.start("run")
        await wait_for_line(second, f"{FIRST}: sent (4 sent)")
        await stop(second)

        said = await run(folder, "mailing", "correct", FIRST, "--label", "Correctie")
        assert f"{CORRECTION}: draft for 4 recipients, those whom {FIRST} reached" in said
        assert "choose one with --at" in await run(
            folder, "mailing", "schedule", CORRECTION, "--recipients", "4", code=1
        )
        before = len(server.letters)
        await run(folder, "mailing", "schedule", CORRECTION, "--at", "now", "--recipients", "4")
        third = await folder.start("run")
        await wait_for_line(third, f"{CORRECTION}: sent (4 sent)")
        await stop(third)
        shown = await show(folder, CORRECTION)
    assert Counter(recipient for _, recipient, _ in server.letters[before:]) == Counter(
        {f"persoon{number}@example.nl": 1 for number in range(4)}
    )
    assert shown["corrects"] == FIRST
