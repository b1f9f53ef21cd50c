"""`newsletter preview` as staff run it: a real process, a real port, files that are saved under its eyes."""

import asyncio
import re
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from httpx import AsyncClient

from newsletter.web.server import listen
from tests.unit.web.letters import BROKEN, TEXT, write_template, write_templates

NEWSLETTER = str(Path(sys.executable).with_name("newsletter"))
#: Seconds after which a test that waits for something has failed.
PATIENCE = 120


@asynccontextmanager
async def _preview(folder: Path) -> AsyncIterator[tuple[Process, AsyncClient]]:
    """The preview of a working folder, and a browser that looks at it."""
    process = await asyncio.create_subprocess_exec(
        NEWSLETTER, "preview", "--port", "0", cwd=folder, stdout=PIPE, stderr=PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert await process.stdout.readline() == b"the preview is ready, until Ctrl-C, on\n"
            address = (await process.stdout.readline()).decode()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", address)
            async with AsyncClient(base_url=address.strip(), timeout=None) as browser:
                yield process, browser
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _until(lines: AsyncIterator[str], wanted: str) -> None:
    """Read a stream up to this line."""
    async for line in lines:
        if line == wanted:
            return
    raise AssertionError(f"the stream ended before {wanted!r}")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NEWSLETTER, *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with templates and nothing else."""
    write_templates(tmp_path / "templates", "announcement", "reminder", "report")
    return tmp_path


async def test_a_page_follows_its_template_through_a_mistake_and_back(folder: Path) -> None:
    async with _preview(folder) as (_, browser):
        page = await browser.get("/templates/reminder?view=text")
        watch = re.search(r'data-watch="([^"]+)" data-seen="([^"]+)"', page.text)
        assert watch is not None
        async with browser.stream("GET", watch[1].replace("&amp;", "&") + watch[2]) as stream:
            lines = stream.aiter_lines()
            await _until(lines, ": watching")
            write_template(folder / "templates", "reminder", text="Tot ziens in Utrecht\n")
            await _until(lines, "event: changed")
            assert "Tot ziens in Utrecht" in (await browser.get("/templates/reminder?view=text")).text
            write_template(folder / "templates", "reminder", text=BROKEN)
            await _until(lines, "event: changed")
            broken = await browser.get("/templates/reminder?view=text")
            assert broken.status_code == 200
            assert "templates/reminder/letter.txt:7: " in broken.text
            write_template(folder / "templates", "reminder", text=TEXT)
            await _until(lines, "event: changed")
            assert "Beste Zoë" in (await browser.get("/templates/reminder?view=text")).text


async def test_ctrl_c_ends_it_quietly_while_a_page_is_watching(folder: Path) -> None:
    async with _preview(folder) as (process, browser), browser.stream("GET", "/changes?seen=") as stream:
        lines = stream.aiter_lines()
        await _until(lines, "event: changed")
        process.send_signal(signal.SIGINT)
        async for _ in lines:
            pass
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_a_request_that_came_by_another_name_is_refused(folder: Path) -> None:
    async with _preview(folder) as (_, browser):
        assert (await browser.get("/assets/preview.css")).status_code == 200
        assert (await browser.get("/assets/preview.css", headers={"Host": "evil.example"})).status_code == 400


async def test_an_event_that_is_imported_meanwhile_comes_onto_the_page(tmp_path: Path) -> None:
    assert _run(tmp_path, "init", ".").returncode == 0
    async with _preview(tmp_path) as (_, browser):
        assert "/mailings/" not in (await browser.get("/")).text
        imported = await asyncio.to_thread(_run, tmp_path, "event", "import", "events/kennisbijeenkomst.md")
        assert imported.returncode == 0, imported.stderr
        assert 'href="/mailings/kennisbijeenkomst/save-the-date"' in (await browser.get("/")).text
        letter = await browser.get("/mailings/kennisbijeenkomst/save-the-date/letter.txt")
        assert letter.status_code == 200, letter.text
        assert "Zoë" in letter.text


async def test_what_is_seen_goes_to_ones_own_address_and_to_nobody_else(tmp_path: Path) -> None:
    assert _run(tmp_path, "init", ".").returncode == 0
    assert _run(tmp_path, "recipients", "import", "recipients/voorbeeld.csv").returncode == 0
    assert _run(tmp_path, "event", "import", "events/kennisbijeenkomst.md").returncode == 0
    async with _preview(tmp_path) as (_, browser):
        for place in ("/templates/reminder", "/mailings/kennisbijeenkomst/save-the-date"):
            page = await browser.get(place)
            assert "var/outbox" in page.text
            token = re.search(r'name="token" value="([^"]+)"', page.text)
            assert token is not None
            answer = await browser.post(f"{place}/send", data={"token": token[1], "address": "ik@example.org"})
            assert answer.status_code == 303, answer.text
            told = await browser.get(answer.headers["location"])
            assert "ik@example.org" in told.text
            assert "Niet verstuurd" not in told.text, told.text
            refused = await browser.post(f"{place}/send", data={"token": token[1], "address": "geen adres"})
            assert "Niet verstuurd" in (await browser.get(refused.headers["location"])).text
    files = list((tmp_path / "var" / "outbox").rglob("*.eml"))
    letters = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    assert len(letters) == 2
    assert all("ik@example.org" in letter["To"] and letter["Subject"].startswith("[TEST] ") for letter in letters)


async def test_without_a_working_folder_nothing_can_be_sent(folder: Path) -> None:
    async with _preview(folder) as (_, browser):
        assert 'name="token"' not in (await browser.get("/templates/reminder")).text
        assert (await browser.post("/templates/reminder/send", data={"address": "ik@example.org"})).status_code == 405
    assert not (folder / "var").exists()


def test_a_port_that_is_taken_is_one_sentence_with_the_fix(folder: Path) -> None:
    with listen(0) as listener:
        port = str(listener.getsockname()[1])
        done = _run(folder, "preview", "--port", port)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"port {port} is taken; choose another with --port, or --port 0 for any free one\n"


def test_out_writes_files_and_needs_no_port(folder: Path) -> None:
    with listen(0) as listener:
        done = _run(folder, "preview", "--out", "proef", "--port", str(listener.getsockname()[1]))
    assert (done.returncode, done.stderr) == (0, "")
    assert "wrote proef/reminder.eml" in done.stdout.splitlines()
    assert (folder / "proef" / "reminder.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not (folder / "var").exists()


def test_out_names_what_cannot_be_composed_and_writes_the_others(folder: Path) -> None:
    write_template(folder / "templates", "reminder", text=BROKEN)
    done = _run(folder, "preview", "--out", "proef")
    assert done.returncode == 1
    assert done.stderr.startswith("template reminder: templates/reminder/letter.txt:7: ")
    assert len(done.stderr.splitlines()) == 1
    written = {file.name for file in (folder / "proef").glob("*.html")}
    assert {"announcement.html", "index.html", "report.html"} <= written
    assert "reminder.html" not in written


def test_a_folder_that_cannot_be_written_is_one_sentence(folder: Path) -> None:
    (folder / "proef").write_text("a file")
    done = _run(folder, "preview", "--out", "proef")
    assert done.returncode == 1
    assert done.stderr.startswith("proef cannot be written: ")
    assert len(done.stderr.splitlines()) == 1
