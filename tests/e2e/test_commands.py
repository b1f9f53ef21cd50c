"""Each command as a person or a program uses it, in a folder made by `newsletter init`."""

import json
import subprocess
import sys
from datetime import date, timedelta

import pytest

from newsletter.cli.main import commands
from tests.e2e.conftest import COMMAND, Folder, environment

EVENT = "kennisbijeenkomst"
FIRST = f"{EVENT}/save-the-date"


def prepared(folder: Folder) -> Folder:
    """With the example list and event of `init` brought in."""
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.run("event", "import", "events/kennisbijeenkomst.md")
    return folder


def listing(folder: Folder, *command: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(folder.run(*command, "--json").stdout)
    return found


def test_init_makes_a_folder_that_works_and_overwrites_nothing(folder: Folder) -> None:
    made = {path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file()}
    expected = {
        "newsletter.env",
        ".gitignore",
        "recipients/voorbeeld.csv",
        "events/kennisbijeenkomst.md",
        "templates/announcement/letter.html",
        "templates/theme.toml",
    }
    assert expected <= made
    (folder.path / "recipients/voorbeeld.csv").write_text("e-mail\nb@example.nl\n")
    assert "has everything already" in folder.run("init", ".").stdout
    assert (folder.path / "recipients/voorbeeld.csv").read_text() == "e-mail\nb@example.nl\n"


def test_a_first_own_mailing_from_an_empty_folder_to_a_letter_in_a_file(folder: Folder) -> None:
    prepared(folder)
    listed = folder.run("mailing", "list").stdout
    assert f"{FIRST}\tdraft" in listed
    refused = folder.run("mailing", "schedule", FIRST, "--at", "now", code=1)
    assert "confirm with --recipients 1" in refused.stderr
    wrong = folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "2", code=1)
    assert "goes to 1 recipients, not 2" in wrong.stderr
    assert "scheduled" in folder.run("mailing", "schedule", FIRST, "--at", "now", "--recipients", "1").stdout
    assert [one["state"] for one in listing(folder, "mailing", "list") if one["slug"] == FIRST] == ["scheduled"]
    folder.run("mailing", "cancel", FIRST)
    shown = json.loads(folder.run("mailing", "show", FIRST, "--json").stdout)
    assert shown["mailing"]["state"] == "cancelled"
    assert [note["action"] for note in shown["journal"]] == ["create", "scheduled", "cancelled"]


def test_a_test_letter_goes_into_the_outbox_folder_until_smtp_is_set(folder: Folder) -> None:
    prepared(folder)
    assert "test letter sent" in folder.run("mailing", "test", FIRST, "--to", "tester@example.org").stdout
    assert "is not an e-mail address" in folder.run("mailing", "test", FIRST, "--to", "mij@example", code=1).stderr
    [letter] = (folder.path / "var/outbox").glob("*.eml")
    assert b"[TEST]" in letter.read_bytes() or b"=5BTEST=5D" in letter.read_bytes()


def test_an_event_document_goes_round_without_loss(folder: Folder) -> None:
    prepared(folder)
    first = folder.run("event", "export", EVENT).stdout
    folder.run("event", "export", EVENT, "--out", "uit.md")
    assert (folder.path / "uit.md").read_text(encoding="utf-8") == first
    assert f"{EVENT}: unchanged" in folder.run("event", "import", "uit.md").stdout
    assert folder.run("event", "export", EVENT).stdout == first


def test_a_document_with_many_mistakes_tells_them_all_and_stores_nothing(folder: Folder) -> None:
    document = folder.path / "events/kennisbijeenkomst.md"
    text = document.read_text(encoding="utf-8")
    wrong = (
        text.replace("title: Kennisbijeenkomst", "titel: Kennisbijeenkomst", 1)
        .replace("timezone: Europe/Amsterdam", "timezone: Europa/Amsterdam", 1)
        .replace("name: Naam Spreker", "role: spreker", 1)
    )
    document.write_text(wrong, encoding="utf-8")
    done = folder.run("event", "import", "events/kennisbijeenkomst.md", code=1)
    lines = done.stderr.splitlines()
    assert len(lines) >= 3
    assert all(line.startswith("events/kennisbijeenkomst.md:") for line in lines)
    assert "title" in done.stderr
    assert listing(folder, "event", "list") == []


def test_a_rehearsal_prints_what_would_go_to_how_many_and_when(folder: Folder) -> None:
    folder.write_own_texts()
    prepared(folder)
    today = date.today()
    until = today + timedelta(days=90)
    lines = listing(folder, "rehearse", "--from", today.isoformat(), "--until", until.isoformat())
    assert [line["mailing"] for line in lines] == [
        FIRST,
        f"{EVENT}/announcement",
        f"{EVENT}/practical",
        f"{EVENT}/report",
    ]
    assert {line["recipients"] for line in lines} == {1}
    printed = folder.run("rehearse", "--from", today.isoformat(), "--until", until.isoformat()).stdout
    assert "only if somebody schedules it first" in printed
    nothing = folder.run("rehearse", "--from", "2001-01-01", "--until", "2001-01-02").stdout
    assert "Nothing is planned" in nothing


def test_explain_tells_about_one_address(folder: Folder) -> None:
    prepared(folder)
    said = folder.run("explain", "Voornaam.ACHTERNAAM@example.nl").stdout
    assert "voorbeeld: active" in said
    assert f"{FIRST}" in said
    folder.run("recipients", "suppress", "voornaam.achternaam@example.nl", "--reason", "complaint")
    assert "suppressed: complaint" in folder.run("explain", "voornaam.achternaam@example.nl").stdout
    assert "on no list" in folder.run("explain", "niemand@example.nl").stdout
    for number in ("1", "#1"):
        assert "@example.nl" in folder.run("explain", number).stdout.splitlines()[0]
    assert "there is no subscriber “#999”" in folder.run("explain", "#999", code=1).stderr
    found = json.loads(folder.run("explain", "voornaam.achternaam@example.nl", "--json").stdout)
    assert found["suppressed"] == "complaint"
    assert (found["address"], found["attributes"]) == (
        "voornaam.achternaam@example.nl",
        {"organisation": "Gemeente Voorbeeld"},
    )


def test_recipients_are_imported_listed_and_taken_off(folder: Folder) -> None:
    (folder.path / "x.csv").write_bytes("E-mail;Naam;Functie\r\na@example.nl;Zoë;adviseur\r\n".encode("cp1252"))
    dry = folder.run("recipients", "import", "x.csv", "--list", "gemeenten", "--dry-run").stdout
    assert "1 would be new; nothing was stored" in dry
    assert listing(folder, "recipients", "list") == []
    assert "1 new; stored" in folder.run("recipients", "import", "x.csv", "--list", "gemeenten").stdout
    assert listing(folder, "recipients", "show", "gemeenten")[0]["name"] == "Zoë"
    assert "gemeenten\t1" in folder.run("recipients", "list").stdout
    folder.run("recipients", "unsubscribe", "A@example.nl", "--list", "gemeenten")
    assert "a@example.nl\tZoë\tunsubscribed" in folder.run("recipients", "show", "gemeenten").stdout
    again = folder.run("recipients", "import", "x.csv", "--list", "gemeenten").stdout
    assert "line 2: unsubscribed" in again
    assert (
        "a@example.nl is not on gemeenten"
        in folder.run("recipients", "unsubscribe", "a@example.nl", "--list", "gemeenten", code=1).stderr
    )


def test_one_bad_row_is_explained_on_stderr_and_nothing_is_stored(folder: Folder) -> None:
    (folder.path / "x.csv").write_text("email,name\na@example.nl,A\nb.example.nl,B\n")
    done = folder.run("recipients", "import", "x.csv", code=1)
    assert done.stderr.startswith("x.csv:3:")
    assert "1 would be new, 1 problem; nothing was stored" in done.stdout
    report = folder.run("recipients", "import", "x.csv", "--json", code=1)
    assert json.loads(report.stdout)["counts"]["problem"] == 1


def test_series_and_events_are_shown(folder: Folder) -> None:
    prepared(folder)
    [series] = listing(folder, "series", "list")
    assert series["slug"] == "kennisbijeenkomsten"
    shown = folder.run("series", "show", "kennisbijeenkomsten").stdout
    assert "6 weeks before start at 09:00" in shown
    assert "Workshops" in folder.run("event", "show", EVENT).stdout
    assert json.loads(folder.run("event", "show", EVENT, "--json").stdout)["event"]["slug"] == EVENT
    assert EVENT in folder.run("event", "list").stdout
    assert "kennisbijeenkomsten" in folder.run("series", "list").stdout
    assert json.loads(folder.run("series", "show", "kennisbijeenkomsten", "--json").stdout)["events"] == [EVENT]
    shown = folder.run("mailing", "show", FIRST).stdout
    assert "template save-the-date" in shown


def test_empty_lists_say_what_to_do_first(folder: Folder) -> None:
    for noun, hint in (
        ("event", "newsletter event import"),
        ("series", "newsletter event import"),
        ("recipients", "newsletter recipients import"),
        ("mailing", "plan in an event document"),
    ):
        assert hint in folder.run(noun, "list").stdout
        assert listing(folder, noun, "list") == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("event", "show", "niets"), "there is no event “niets”"),
        (("event", "export", "niets"), "there is no event “niets”"),
        (("event", "import", "niets.md"), "niets.md: it cannot be read"),
        (("series", "show", "niets"), "there is no series “niets”"),
        (("mailing", "show", "niets"), "there is no mailing “niets”"),
        (("mailing", "schedule", "niets", "--recipients", "1"), "there is no mailing “niets”"),
        (("mailing", "cancel", "niets"), "there is no mailing “niets”"),
        (("recipients", "show", "niets"), "there is no list “niets”"),
        (("recipients", "import", "niets.csv"), "niets.csv cannot be read"),
        (("rehearse", "--from", "morgen", "--until", "2026-01-01"), "“morgen” is not a date; write it as"),
        (("rehearse", "--from", "2026-01-02", "--until", "2026-01-01"), "turn them round"),
    ],
)
def test_a_mistake_is_one_sentence_on_stderr(folder: Folder, arguments: tuple[str, ...], sentence: str) -> None:
    done = folder.run(*arguments, code=1)
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        ("morgen", "write it as “2027-01-28 12:00”"),
        ("2001-01-01 09:00", "has passed"),
        ("2199-01-01 09:00", "the event has begun by then"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused(folder: Folder, moment: str, sentence: str) -> None:
    prepared(folder)
    done = folder.run("mailing", "schedule", FIRST, "--at", moment, "--recipients", "1", code=1)
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("NEWSLETTER_SMTP__PORT", "veel", "NEWSLETTER_SMTP__PORT"),
        ("NEWSLETTER_SMTP__HOTS", "x", "NEWSLETTER_SMTP__HOTS"),
        ("NEWSLETTER_MAIL__PUBLIC_URL", "http://example.nl", "must start with https://"),
        ("NEWSLETTER_STORE__URL", "mysql://x/y", "sqlite:///path or postgresql://"),
        ("NEWSLETTER_STORE__URL", "nonsense", "sqlite:///path or postgresql://"),
        ("NEWSLETTER_STORE__URL", "postgresql://nobody@127.0.0.1:9/x", "cannot be opened"),
    ],
)
def test_a_wrong_setting_is_named(folder: Folder, name: str, value: str, sentence: str) -> None:
    folder.settings[name] = value
    done = folder.run("event", "list", code=1)
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_line_in_the_settings_file_is_named(folder: Folder) -> None:
    with (folder.path / "newsletter.env").open("a") as file:
        file.write("NEWSLETTER_SMTP__POORT=25\n")
    assert "NEWSLETTER_SMTP__POORT" in folder.run("event", "list", code=1).stderr


def test_a_folder_that_nobody_set_up_is_told_how(bare: Folder) -> None:
    assert "newsletter init" in bare.run("event", "list", code=1).stderr
    assert not list(bare.path.iterdir())


def test_a_document_that_is_not_utf8_names_the_line(folder: Folder) -> None:
    (folder.path / "x.md").write_bytes(b"---\ntitle: caf\xe9\n---\n")
    assert "x.md:2: it is not UTF-8" in folder.run("event", "import", "x.md", code=1).stderr


def test_what_cannot_be_written_is_a_sentence(folder: Folder) -> None:
    prepared(folder)
    assert "cannot be written" in folder.run("event", "export", EVENT, "--out", "nergens/x.md", code=1).stderr
    (folder.path / "bestand").write_text("x")
    assert "cannot be made" in folder.run("init", "bestand/map", code=1).stderr


def names(group: object, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command, with the groups that it stands in."""
    import typer

    assert isinstance(group, typer.Typer)
    found = []
    for command in group.registered_commands:
        assert command.callback is not None
        found.append((*prefix, command.name or command.callback.__name__))
    for sub in group.registered_groups:
        assert sub.name is not None
        found += names(sub.typer_instance, (*prefix, sub.name))
    return found


@pytest.mark.parametrize("command", names(commands), ids=" ".join)
def test_every_command_has_help_that_says_what_it_does(bare: Folder, command: tuple[str, ...]) -> None:
    shown = bare.run(*command, "--help").stdout
    assert "Usage" in shown
    assert shown.count(".") >= 2


def test_the_version_is_printed(bare: Folder) -> None:
    assert bare.run("--version").stdout.strip() == "0.1.0"


def test_a_command_that_cannot_be_read_ends_with_2(bare: Folder) -> None:
    bare.run("verstuur", code=2)
    bare.run("mailing", "test", "x", code=2)


def test_the_example_settings_change_nothing(folder: Folder) -> None:
    text = (folder.path / "newsletter.env").read_text()
    assert "#NEWSLETTER_SMTP__HOST=" in text
    assert all(line.startswith("#") or not line for line in text.splitlines())
    assert "#NEWSLETTER_SMTP__PASSWORD=\n" in text


def test_the_shipped_files_are_not_needed_once_a_folder_has_its_own(folder: Folder) -> None:
    prepared(folder)
    subject = folder.path / "templates/save-the-date/subject.txt"
    subject.write_text("Eigen onderwerp: {{ event.title }}", encoding="utf-8")
    lines = listing(folder, "rehearse", "--from", "2020-01-01", "--until", "2099-01-01")
    assert lines[0]["subject"] == "Eigen onderwerp: Kennisbijeenkomst"
    subject.write_text("{{ event.titel }}", encoding="utf-8")
    lines = listing(folder, "rehearse", "--from", "2020-01-01", "--until", "2099-01-01")
    assert "templates/save-the-date/subject.txt" in str(lines[0]["remark"])


def test_a_pipe_that_closes_is_no_error(folder: Folder) -> None:

    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    assert reader.stdin is not None
    reader.wait()
    done = subprocess.run(
        [*COMMAND, "mailing", "list"],
        cwd=folder.path,
        env=environment(),
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    reader.stdin.close()
    assert done.stderr == ""


WATCHED = """
import os, sys
def hook(name, arguments):
    network = name in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.listen")
    # The event loop has a pair of local sockets to wake itself up; they lead nowhere.
    if network or (name == "socket.__new__" and int(arguments[1]) != 1):
        os.write(2, f"{name} {arguments}\\n".encode())
        os._exit(99)
sys.addaudithook(hook)
from newsletter.cli.main import run
run()
"""


@pytest.mark.parametrize(
    "command", [("rehearse", "--from", "2020-01-01", "--until", "2099-01-01"), ("preview", "--out", "x")]
)
def test_what_must_work_offline_opens_no_socket(folder: Folder, command: tuple[str, ...]) -> None:

    prepared(folder)
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *command],
        cwd=folder.path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
