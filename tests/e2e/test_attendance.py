"""Who comes: from the answer of a calendar to the list for the door, and a mailing to those who accepted."""

import csv
import json
import signal
from pathlib import Path
from typing import Any

from tests.e2e import answers
from tests.e2e.conftest import Folder, wait_for_line
from tests.e2e.groene_wijken import EVENT, INVITATION, PRACTICAL, prepare

PEOPLE = {
    "zoe@example.org": "Zoë Voorbeeld",
    "jan@example.org": "=Jan de Vries",
    "els@example.org": "Els Ünal",
    "ali@example.org": "",
}
ANSWERS = {"zoe@example.org": "ACCEPTED", "jan@example.org": "ACCEPTED", "els@example.org": "DECLINED"}


async def invite(folder: Folder) -> dict[str, bytes]:
    """Send the personal invitations; the letters by address."""
    folder.run("mailing", "schedule", INVITATION, "--at", "now", "--recipients", str(len(PEOPLE)))
    running = await folder.start("run")
    await wait_for_line(running, f"{INVITATION}: sent ({len(PEOPLE)} sent)")
    running.send_signal(signal.SIGINT)
    await running.communicate()
    letters = [file.read_bytes() for file in (folder.path / "var/outbox").glob("*.eml")]
    return {answers.read(raw)["To"].addresses[0].addr_spec: raw for raw in letters}


def give(folder: Folder, messages: dict[str, bytes]) -> None:
    """Messages come in, and one look is taken at them."""
    box = folder.path / "post"
    box.mkdir(exist_ok=True)
    for name, raw in messages.items():
        Path(box / f"{name}.eml").write_bytes(raw)
    folder.settings["NEWSLETTER_INBOUND__FOLDER"] = str(box)
    folder.run("inbound", "poll", "--once")


def facts(folder: Folder, *command: str) -> Any:
    return json.loads(folder.run(*command, "--json").stdout)


async def test_answers_make_the_list_for_the_door_and_choose_who_gets_the_practical_information(
    folder: Folder,
) -> None:
    prepare(folder, PEOPLE)
    letters = await invite(folder)
    give(folder, {who: answers.calendar_answer(letters[who], what).message for who, what in ANSWERS.items()})

    found = facts(folder, "event", "attendance", EVENT)
    assert (found["event"], found["invited"]) == (EVENT, 4)
    assert found["counts"] == {"accepted": 2, "tentative": 0, "delegated": 0, "declined": 1, "unanswered": 1}
    assert [(one["name"], one["address"], one["answer"]) for one in found["people"]] == [
        ("=Jan de Vries", "jan@example.org", "accepted"),
        ("Zoë Voorbeeld", "zoe@example.org", "accepted"),
        ("Els Ünal", "els@example.org", "declined"),
    ]
    shown = folder.run("event", "attendance", EVENT, "--csv", "deur.csv").stdout
    assert "  2 accepted, 0 tentative, 0 delegated, 1 declined, 1 unanswered; 4 invited\n" in shown
    assert "accepted\tZoë Voorbeeld\tzoe@example.org\t" in shown
    assert shown.endswith("wrote deur.csv\n")
    with (folder.path / "deur.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["name", "answer"],
            ["'=Jan de Vries", "accepted"],
            ["Zoë Voorbeeld", "accepted"],
            ["Els Ünal", "declined"],
        ]

    assert f"{PRACTICAL}\tdraft\t" in (listed := folder.run("mailing", "list").stdout)
    assert "\t2 accepted\t" in listed
    assert "2 recipients (accepted of gemeenten)" in folder.run("mailing", "show", PRACTICAL).stdout
    asked = folder.run("mailing", "schedule", PRACTICAL, code=1).stderr
    assert f"{PRACTICAL} goes to 2 recipients (accepted of gemeenten); confirm with --recipients 2" in asked
    assert "\tall\taccepted\n" in folder.run("series", "show", "kennisdagen").stdout
    assert "2 letters can be made" in folder.run("mailing", "check", PRACTICAL, "--no-spam").stdout
    assert "was sent to people" in folder.run("event", "remove", EVENT, code=1).stderr


def test_an_event_that_nobody_was_told_of_and_a_list_that_nobody_uses_can_go(folder: Folder) -> None:
    prepare(folder, PEOPLE)
    refused = folder.run("recipients", "remove-list", "gemeenten", code=1).stderr
    assert "the letters of series kennisdagen go to it" in refused
    removed = folder.run("event", "remove", EVENT).stdout
    assert removed.startswith(f"{EVENT}: removed, with its 3 mailings, none of which was sent")
    assert f"  {PRACTICAL}\n" in removed
    folder.run("recipients", "import", "gemeenten.csv", "--list", "vergissing")
    asked = folder.run("recipients", "remove-list", "vergissing", code=1).stderr
    assert "vergissing knows 4 people: 4 on it, 0 who left it; confirm with --recipients 4" in asked
    gone = folder.run("recipients", "remove-list", "vergissing", "--recipients", "4").stdout
    assert gone.startswith("vergissing: removed, 4 were on it; who they are")
    assert [row["slug"] for row in facts(folder, "recipients", "list")] == ["gemeenten"]
