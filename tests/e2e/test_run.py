"""`newsletter run` as a service: a process that is started, stopped, killed, and started again."""

import asyncio
import json
import signal
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.e2e.conftest import Folder, wait_for_line
from tests.smtp_server import Server, smtp_server

EVENT = "kennisbijeenkomst"
FIRST = f"{EVENT}/save-the-date"


def in_seconds(seconds: int) -> str:
    """A moment ahead, as `--at` takes it on the clock of the series."""
    at = datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(seconds=seconds)
    return f"{at:%Y-%m-%d %H:%M:%S}"


def prepared(folder: Folder, server: Server, people: int = 12) -> None:
    rows = "".join(f"persoon{number}@example.nl;Persoon {number}\n" for number in range(people))
    (folder.path / "recipients/voorbeeld.csv").write_text("e-mail;naam\n" + rows)
    folder.settings |= {
        "NEWSLETTER_SMTP__HOST": "127.0.0.1",
        "NEWSLETTER_SMTP__PORT": str(server.port),
        "NEWSLETTER_SCHEDULE__REFRESH_SECONDS": "0.2",
        "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "5",
    }
    folder.write_own_texts()
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.run("event", "import", "events/kennisbijeenkomst.md")


async def stop(process: asyncio.subprocess.Process, number: signal.Signals = signal.SIGTERM) -> list[str]:
    """Ask it to end; it must do so in order."""
    process.send_signal(number)
    lines = await wait_for_line(process, "stopped; what was not sent yet")
    assert await process.wait() == 0
    return lines


def recipients(server: Server) -> Counter[str]:
    return Counter(recipient for _, recipient, _ in server.letters)


async def test_a_mailing_planned_ahead_arrives_once_though_it_stops_and_starts_in_between(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server)
        first = await folder.start("run")
        await wait_for_line(first, "running")
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", in_seconds(15), "--recipients", "12")
        await wait_for_line(first, f"{FIRST}: due")
        await stop(first)
        assert server.letters == []
        second = await folder.start("run")
        lines = await wait_for_line(second, f"{FIRST}: sent")
        assert any(f"{FIRST}: started, 12 recipients" in line for line in lines)
        await stop(second, signal.SIGINT)
        third = await folder.start("run")
        await wait_for_line(third, "running")
        await stop(third)
    assert recipients(server) == Counter({f"persoon{number}@example.nl": 1 for number in range(12)})


async def test_an_edit_made_while_it_runs_counts_without_a_restart(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=1)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", in_seconds(3600), "--recipients", "1")
        await wait_for_line(running, f"{FIRST}: due")
        subject = folder.path / "templates/save-the-date/subject.txt"
        subject.write_text("Nieuw onderwerp\n", encoding="utf-8")
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
        await wait_for_line(running, f"{FIRST}: sent")
        await stop(running)
    [(_, _, letter)] = server.letters
    assert b"Subject: Nieuw onderwerp\r\n" in letter


async def test_killed_in_the_middle_it_misses_nobody_and_repeats_at_most_the_letters_in_doubt(folder: Folder) -> None:
    connections = 4

    # From the sixteenth letter on the server keeps its sender waiting, so that some are on their way at the kill.
    def never_ending(verb: str, letters: int) -> str | None:
        return "250-wait" if verb == "." and letters >= 15 else None

    async with smtp_server(never_ending) as server:
        prepared(folder, server, people=60)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "60")
        await server.wait_for_letters(16)
        running.kill()
        await running.wait()
        server.answer = lambda _verb, _letters: None
        again = await folder.start("run")
        await wait_for_line(again, f"{FIRST}: sent")
        await stop(again)
        shown = json.loads((await asyncio.to_thread(folder.run, "mailing", "show", FIRST, "--json")).stdout)
    counts = recipients(server)
    assert set(counts) == {f"persoon{number}@example.nl" for number in range(60)}
    assert counts.total() - 60 <= connections
    assert shown["deliveries"] == {"sent": 60}


async def test_without_a_mail_server_letters_go_into_the_outbox_folder(folder: Folder) -> None:
    folder.write_own_texts()
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.run("event", "import", "events/kennisbijeenkomst.md")
    folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
    running = await folder.start("run")
    await wait_for_line(running, f"{FIRST}: sent")
    await stop(running)
    assert len(list((folder.path / "var/outbox").glob("*.eml"))) == 1


async def test_a_second_ctrl_c_ends_at_once_and_the_letter_on_its_way_is_in_doubt(folder: Folder) -> None:
    # An answer that never ends keeps the sender waiting.
    async with smtp_server(lambda verb, _: "250-wait" if verb == "." else None) as server:
        prepared(folder, server, people=1)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
        await server.wait_for_letters(1)
        running.send_signal(signal.SIGINT)
        await wait_for_line(running, "once more ends at once")
        await stop(running, signal.SIGINT)
        shown = json.loads((await asyncio.to_thread(folder.run, "mailing", "show", FIRST, "--json")).stdout)
    assert shown["deliveries"] == {"in_doubt": 1}


async def test_the_example_text_of_init_is_not_sent(folder: Folder) -> None:
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.run("event", "import", "events/kennisbijeenkomst.md")
    folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
    running = await folder.start("run")
    await wait_for_line(running, "it still holds the example text")
    await stop(running)
    assert not (folder.path / "var/outbox").exists()


async def test_it_goes_on_when_nobody_reads_what_it_says(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=3)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        assert running.stdout is not None
        running.stdout._transport.close()  # type: ignore[attr-defined]
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", "now", "--recipients", "3")
        async with asyncio.timeout(120):
            await server.wait_for_letters(3)
        running.terminate()
        assert await running.wait() == 0
