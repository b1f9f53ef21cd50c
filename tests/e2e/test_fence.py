"""A store that was copied or restored sends nothing until a person has confirmed it there."""

import json
import os
import pty
import shutil
import socket
import subprocess
from contextlib import suppress

from tests.e2e.conftest import COMMAND, Folder, environment, wait_for_line
from tests.e2e.test_run import FIRST, prepared, stop
from tests.smtp_server import smtp_server

REFUSED = "nothing is sent from it: the same letters could go out twice"


async def test_a_copied_folder_sends_nothing_until_it_is_confirmed_and_a_moved_one_goes_on(folder: Folder) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=1)
        for _ in range(2):  # a restart is never refused
            running = await folder.start("run")
            await wait_for_line(running, "running")
            await stop(running)
        folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
        copy = Folder(folder.path.with_name("kopie"), folder.settings)
        shutil.copytree(folder.path, copy.path)

        refused = copy.run("run", code=1)
        assert REFUSED in refused.stderr
        assert f"is a copy of one that sends from {socket.gethostname()}" in refused.stderr
        assert "newsletter store confirm-host" in refused.stderr
        assert REFUSED in copy.run("mailing", "test", FIRST, "--to", "a@example.org", code=1).stderr
        assert FIRST in copy.run("mailing", "list").stdout
        assert server.letters == []

        moved = Folder(folder.path.rename(folder.path.with_name("elders")), folder.settings)
        running = await moved.start("run")
        await wait_for_line(running, f"{FIRST}: sent (1 sent)")
        await stop(running)
        assert "there is nothing to confirm" in moved.run("store", "confirm-host").stdout

        asked = copy.run("store", "confirm-host", code=1)
        assert "1 mailings are scheduled and 0 are being sent" in asked.stdout
        assert f"{FIRST}: " in asked.stdout
        assert "add --yes" in asked.stderr
        code, said = typed(copy, "another-name", "store", "confirm-host")
        assert (code, "“another-name” is not" in said) == (1, True)
        copy.run("mailing", "cancel", FIRST)
        code, said = typed(copy, socket.gethostname(), "store", "confirm-host")
        assert (code, f"From now on the store sends from {socket.gethostname()}." in said) == (0, True)
        running = await copy.start("run")
        await wait_for_line(running, "running")
        await stop(running)
        shown = json.loads(copy.run("mailing", "show", FIRST, "--json").stdout)
    assert shown["deliveries"] == {}
    assert len(server.letters) == 1


def test_a_restored_backup_is_confirmed_without_a_question_where_nobody_sits(folder: Folder) -> None:
    folder.run("event", "import", "events/kennisbijeenkomst.md")
    store, trial = folder.path / "var/newsletter.sqlite", ("mailing", "test", FIRST, "--to", "a@example.org")
    folder.run(*trial)
    backup = store.read_bytes()
    for _ in range(2):
        folder.run(*trial)
    store.write_bytes(backup)
    assert f"this store is older than it was here, so {REFUSED}" in folder.run(*trial, code=1).stderr
    folder.run("store", "confirm-host", "--yes")
    folder.run(*trial)
    assert len(list((folder.path / "var/outbox").glob("*.eml"))) == 4


def typed(folder: Folder, answer: str, *arguments: str) -> tuple[int, str]:
    """Run a command on a terminal and type an answer; its exit code and what was to be seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder.path,
        env=environment(**folder.settings),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    seen = b""
    with suppress(OSError):  # how a terminal says that the other end has gone
        while part := os.read(ours, 4096):
            seen += part
    os.close(ours)
    return process.wait(timeout=120), seen.decode()
