"""`newsletter store copy`: from the file of one machine to the database of many, and back."""

import signal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.contract.conftest import postgres
from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.test_run import FIRST, prepared, stop
from tests.smtp_server import smtp_server

__all__ = ["postgres"]
RUNS = "something is running that sends from this store; stop `newsletter run` first"
pytestmark = pytest.mark.xdist_group("fleet")


@pytest.fixture
def url(postgres: str) -> str:
    """A new database of a PostgreSQL server."""
    name = f"copy_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.replace("/postgres?", f"/{name}?")


def filled(folder: Folder) -> None:
    folder.write_own_texts()
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.run("event", "import", "events/kennisbijeenkomst.md")


def told(folder: Folder) -> list[str]:
    """What the store says of itself."""
    commands = (("mailing", "list"), ("recipients", "list"), ("event", "show", "kennisbijeenkomst"))
    return [folder.run(*command, "--json").stdout for command in commands]


async def test_a_store_moves_to_postgresql_and_goes_on_there(folder: Folder, url: str) -> None:
    async with smtp_server() as server:
        prepared(folder, server, people=3)
        folder.settings |= {"NEWSLETTER_SCHEDULE__UNDO_SECONDS": "0", "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "600"}
        before = told(folder)
        shown = folder.run("store", "copy", "--to", url).stdout
        assert "subscribers\t3" in shown
        assert "run `newsletter store confirm-host`, and send no longer from the old store" in shown
        folder.settings["NEWSLETTER_STORE__URL"] = url
        assert told(folder) == before
        refused = folder.run("worker", code=1).stderr
        assert "newsletter store confirm-host" in refused
        folder.run("store", "confirm-host", "--yes")
        folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "3")
        worker = await folder.start("worker")
        await wait_for_line(worker, f"{FIRST}: sent (3 sent)")
        assert RUNS in folder.run("store", "copy", "--to", "sqlite:///var/back.sqlite", code=1).stderr
        worker.send_signal(signal.SIGTERM)
        await wait_for_line(worker, "stopped")
        assert await worker.wait() == 0
    assert len(server.letters) == 3


def test_it_comes_back_as_it_was(folder: Folder, url: str, tmp_path: Path) -> None:
    filled(folder)
    before = told(folder)
    folder.run("store", "copy", "--to", url)
    folder.settings["NEWSLETTER_STORE__URL"] = url
    folder.run("store", "copy", "--to", f"sqlite:///{tmp_path}/terug/store.sqlite")
    folder.settings["NEWSLETTER_STORE__URL"] = f"sqlite:///{tmp_path}/terug/store.sqlite"
    assert told(folder) == before


async def test_it_refuses_while_something_runs_that_has_nothing_to_send(folder: Folder) -> None:
    filled(folder)
    folder.settings["NEWSLETTER_SCHEDULE__LEASE_SECONDS"] = "600"
    running = await folder.start("run")
    await wait_for_line(running, "running")
    to = ("store", "copy", "--to", "sqlite:///var/other.sqlite")
    assert RUNS in folder.run(*to, code=1).stderr
    await stop(running)
    folder.run(*to)


def test_it_refuses_with_a_sentence(folder: Folder) -> None:
    folder.settings["NEWSLETTER_STORE__URL"] = "sqlite:///var/other.sqlite"
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    del folder.settings["NEWSLETTER_STORE__URL"]
    for to, why in (
        ("sqlite:///var/newsletter.sqlite", "sqlite:///var/newsletter.sqlite is the store itself"),
        ("sqlite:///var/other.sqlite", "1 subscriptions); choose a new one"),
        ("mysql://example.nl/x", "the store “mysql” is not known"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot be opened"),
    ):
        assert why in folder.run("store", "copy", "--to", to, code=1).stderr


async def test_it_refuses_while_letters_are_on_their_way(folder: Folder) -> None:
    # An answer that never ends keeps the sender waiting.
    async with smtp_server(lambda verb, _: "250-wait" if verb == "." else None) as server:
        prepared(folder, server, people=1)
        folder.settings["NEWSLETTER_SCHEDULE__UNDO_SECONDS"] = "0"
        folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
        running = await folder.start("run")
        await server.wait_for_letters(1)
        refused = folder.run("store", "copy", "--to", "sqlite:///var/other.sqlite", code=1).stderr
        running.kill()
        await running.wait()
    assert "1 deliveries are being sent from this store; stop `newsletter run` first" in refused
    held = folder.run("store", "copy", "--to", "sqlite:///var/third.sqlite", code=1).stderr
    assert "stop `newsletter run` first" in held or f"newsletter mailing hold {FIRST}" in held
