"""`newsletter mailing check`, and what it means for `schedule`."""

import json

from tests.e2e.conftest import Folder

FIRST = "kennisbijeenkomst/save-the-date"


def with_text(folder: Folder, extra: str) -> Folder:
    """The starter event with texts of its own, and one sentence more."""
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.write_own_texts()
    document = folder.path / "events/kennisbijeenkomst.md"
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace("Eigen tekst", f"{extra} Eigen tekst", 1), encoding="utf-8")
    folder.run("event", "import", "events/kennisbijeenkomst.md")
    return folder


def test_a_mailing_without_faults_is_checked_with_its_letters_and_exits_with_0(folder: Folder) -> None:
    said = with_text(folder, "").run("mailing", "check", FIRST, "--no-spam").stdout
    assert "0 must be mended" in said
    assert "1 letter can be made" in said
    assert "[% if subscriber.name %] holds for 1, not for 0" in said


def test_a_fault_exits_with_1_and_stops_a_schedule_until_somebody_says_why(folder: Folder) -> None:
    with_text(folder, "Lees de [agenda](https://intranet/agenda) van de dag.")
    document = json.loads(folder.run("mailing", "check", FIRST, "--json", "--no-spam", code=1).stdout)
    [fault] = [one for one in document["findings"] if one["level"] == "must"]
    assert (fault["check"], fault["part"], fault["excerpt"]) == ("link-host", "html", "agenda")
    assert fault["line"] > 0
    assert document["letters"] == 1
    schedule = ("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1")
    refused = folder.run(*schedule, code=1).stderr
    assert "intranet" in refused
    assert "--despite" in refused
    folder.run(*schedule, "--despite", "alleen voor collega’s")
