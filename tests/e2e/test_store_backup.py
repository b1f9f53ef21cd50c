"""`newsletter store backup`: a copy that is made while letters leave, put back, and confirmed."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.test_fence import REFUSED
from tests.e2e.test_run import FIRST, prepared, recipients, stop
from tests.smtp_server import Server, smtp_server

PEOPLE = 40


def stuck_after(server: Server, letters: int) -> None:
    """Let it take so many letters, and none after them while `going` is cleared."""

    def answer(verb: str, _letters: int) -> None:
        if verb == "." and len(server.letters) >= letters:
            server.going.clear()

    server.answer = answer


async def deliveries(folder: Folder) -> dict[str, int]:
    shown = await asyncio.to_thread(folder.run, "mailing", "show", FIRST, "--json")
    found: dict[str, int] = json.loads(shown.stdout)["deliveries"]
    return found


async def test_a_backup_made_while_letters_leave_is_whole_and_sends_nothing_until_it_is_confirmed(
    folder: Folder,
) -> None:
    store, backup = folder.path / "var/newsletter.sqlite", folder.path / "var/backup.sqlite"
    async with smtp_server() as server:
        prepared(folder, server, people=PEOPLE)
        stuck_after(server, 10)
        running = await folder.start("run")
        await wait_for_line(running, "running")
        await asyncio.to_thread(folder.run, "mailing", "schedule", FIRST, "--at", "now", "--recipients", str(PEOPLE))
        await server.wait_for_letters(10)
        while not (await deliveries(folder)).get("sent"):
            pass
        made = await asyncio.to_thread(folder.run, "store", "backup", "var/backup.sqlite")
        assert f"var/backup.sqlite: {PEOPLE} people, 4 mailings, {PEOPLE} deliveries; whole" in made.stdout
        assert "part of a backup too: newsletter.env, events, recipients, templates\n" in made.stdout
        again = await asyncio.to_thread(folder.run, "store", "backup", "var/backup.sqlite", code=1)
        assert "var/backup.sqlite is there already" in again.stderr
        server.answer = lambda _verb, _letters: None
        server.going.set()
        await wait_for_line(running, f"{FIRST}: sent ({PEOPLE} sent)")
        await stop(running)
        sent_then = sent_in(backup)
        assert 0 < sent_then < PEOPLE

        for file in (store, *store.parent.glob(f"{store.name}-*")):
            file.unlink()
        backup.rename(store)
        assert REFUSED in folder.run("run", code=1).stderr
        assert len(server.letters) == PEOPLE
        folder.run("store", "confirm-host", "--yes")
        running = await folder.start("run")
        await wait_for_line(running, f"{FIRST}: sent ({PEOPLE} sent)")
        await stop(running)
    counts = recipients(server)
    assert set(counts) == {f"persoon{number}@example.nl" for number in range(PEOPLE)}
    assert counts.total() == PEOPLE + PEOPLE - sent_then  # why a person is asked first


def sent_in(file: Path) -> int:
    """How many letters had left; each has an attempt that says so."""
    with closing(sqlite3.connect(file)) as db:
        [(sent, attempts)] = db.execute(
            "SELECT (SELECT count(*) FROM deliveries WHERE state = 'sent'),"
            " (SELECT count(*) FROM attempts WHERE kind = 'sent')"
        ).fetchall()
    assert sent == attempts
    return int(sent)


def test_it_says_what_to_do_where_it_makes_none(folder: Folder, bare: Folder) -> None:
    assert "there is no store at var/newsletter.sqlite yet" in folder.run("store", "backup", "a.sqlite", code=1).stderr
    assert "go to the folder that `newsletter init` made" in bare.run("store", "backup", "a.sqlite", code=1).stderr
    folder.settings["NEWSLETTER_STORE__URL"] = "postgresql://nobody@127.0.0.1:1/x"
    assert "pg_dump" in folder.run("store", "backup", "a.sqlite", code=1).stderr
    assert not (folder.path / "a.sqlite").exists()
