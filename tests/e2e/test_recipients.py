"""Recipients on the command line: importing, leaving, objecting, and why somebody gets mail."""

import asyncio
import json

import pytest

from newsletter.outbox.envelope import UNSUBSCRIBE
from newsletter.store import journal, subscribers
from newsletter.store.database import open_database
from newsletter.subscribers.links import make_token
from tests.e2e.conftest import Folder

PEOPLE = "E-Mail Adres;Voornaam;Organisatie / gemeente\na@example.nl;Anna;A\nb@example.nl;Bart;\n"


def with_people(folder: Folder, text: str = PEOPLE) -> Folder:
    (folder.path / "Gemeenten 2026.csv").write_text(text, encoding="utf-8")
    folder.run("recipients", "import", "Gemeenten 2026.csv")
    return folder


def sentence_of(folder: Folder, *command: str) -> str:
    """What a command that fails says, which is one line."""
    [line] = folder.run(*command, code=1).stderr.splitlines()
    return line


def token(folder: Folder, address: str, list_slug: str) -> str:
    """The token that stands in the letters to a subscriber of a list."""

    async def made() -> str:
        database = await open_database("sqlite:///var/newsletter.sqlite", folder.path)
        async with database.write() as tx:
            secret = await journal.secret(tx, b"there is one already")
            person = (await subscribers.find_subscribers(tx, [address]))[address]
            ids = await subscribers.ensure_lists(tx, [list_slug])
        await database.close()
        return make_token(secret, UNSUBSCRIBE, person.id, ids[list_slug])

    return asyncio.run(made())


def states(folder: Folder, list_slug: str = "gemeenten-2026") -> dict[str, str]:
    rows = json.loads(folder.run("recipients", "show", list_slug, "--json").stdout)
    return {row["address"]: row["state"] for row in rows}


def test_an_import_tells_how_the_columns_were_understood_and_who_is_not_in_the_file(folder: Folder) -> None:
    with_people(folder)
    (folder.path / "nieuw.csv").write_text("e-mail\nc@example.nl\n")
    said = folder.run("recipients", "import", "nieuw.csv", "--list", "gemeenten-2026").stdout
    assert said.splitlines() == [
        "columns: e-mail → address",
        "gemeenten-2026: 1 new; stored; 2 on this list are not in the file; nothing was changed for them",
    ]
    said = folder.run("recipients", "import", "Gemeenten 2026.csv").stdout
    assert said.splitlines() == [
        "columns: E-Mail Adres → address, Voornaam → subscriber.first_name, "
        "“Organisatie / gemeente” → subscriber.organisatie_gemeente",
        "gemeenten-2026: 2 unchanged; stored; 1 on this list is not in the file; nothing was changed for this person",
    ]
    found = json.loads(folder.run("recipients", "import", "Gemeenten 2026.csv", "--json").stdout)
    assert found["columns"][1] == {"header": "Voornaam", "key": "first_name", "refused": False}
    assert (found["list"], found["not_in_file"], found["counts"]["unchanged"]) == ("gemeenten-2026", 1, 2)


def test_a_file_with_problems_never_sounds_as_if_it_was_stored(folder: Folder) -> None:
    with_people(folder)
    (folder.path / "x.csv").write_text("e-mail\nc@example.nl\nd@example,nl\nniets\n", encoding="utf-8")
    done = folder.run("recipients", "import", "x.csv", "--list", "gemeenten-2026", code=1)
    assert done.stdout.splitlines()[-1] == "gemeenten-2026: 1 would be new, 2 problems; nothing was stored"
    assert "write d@example.nl if that is what is meant" in done.stderr
    assert set(states(folder)) == {"a@example.nl", "b@example.nl"}


def test_a_name_that_no_list_can_have_is_refused_with_one_that_it_can(folder: Folder) -> None:
    (folder.path / "x.csv").write_text("e-mail\na@example.nl\n")
    said = sentence_of(folder, "recipients", "import", "x.csv", "--list", "Gemeenten 2026")
    assert said == "“Gemeenten 2026” cannot be the name of a list; write --list gemeenten-2026"


@pytest.mark.parametrize(
    "command", [("suppress",), ("suppress", "--undo"), ("unsubscribe", "--list", "gemeenten-2026")]
)
def test_what_is_no_address_is_refused_and_nothing_is_claimed(folder: Folder, command: tuple[str, ...]) -> None:
    assert "write x@example.nl if that is what" in sentence_of(folder, "recipients", *command, "x@@example.nl")
    assert "“nietgoed” is " in sentence_of(folder, "recipients", *command, "nietgoed")
    assert "“nietgoed” is " in sentence_of(folder, "explain", "nietgoed")


def test_an_address_is_suppressed_and_let_in_again(folder: Folder) -> None:
    with_people(folder)
    suppress = ("recipients", "suppress")
    assert folder.run(*suppress, "Anna <A@example.nl>").stdout == "suppressed; it is on gemeenten-2026\n"
    assert folder.run(*suppress, "z@example.nl", "--reason", "brief").stdout == "suppressed; it is on no list yet\n"
    assert folder.run(*suppress, "z@example.nl").stdout == "suppressed already (brief); it is on no list yet\n"
    assert folder.run("recipients", "list").stdout.splitlines()[1] == "gemeenten-2026\t1\t0\t1"
    assert "suppressed: by hand" in folder.run("explain", "Anna <a@example.nl>").stdout
    assert folder.run(*suppress, "a@example.nl", "--undo").stdout == "no longer suppressed; it is on gemeenten-2026\n"
    assert "is not suppressed" in sentence_of(folder, *suppress, "a@example.nl", "--undo")
    assert folder.run("recipients", "list").stdout.splitlines()[1] == "gemeenten-2026\t2\t0\t0"


def test_leaving_a_list_by_address_names_what_is_wrong(folder: Folder) -> None:
    with_people(folder)
    leave = ("recipients", "unsubscribe")
    assert "name the one to leave with --list" in sentence_of(folder, *leave, "a@example.nl")
    assert (
        sentence_of(folder, *leave, "a@example.nl", "--list", "niets")
        == "there is no list “niets”; there are: gemeenten-2026"
    )
    assert (
        sentence_of(folder, *leave, "z@example.nl", "--list", "gemeenten-2026")
        == "z@example.nl is not on gemeenten-2026; it is on no list yet"
    )
    said = folder.run(*leave, "Anna <A@example.nl>", "--list", "gemeenten-2026").stdout
    assert said == "unsubscribed from gemeenten-2026\n"
    assert states(folder) == {"a@example.nl": "unsubscribed", "b@example.nl": "active"}


def test_leaving_a_list_with_the_token_of_an_unsubscribe_mail(folder: Folder) -> None:
    with_people(folder)
    made = token(folder, "b@example.nl", "gemeenten-2026")
    wrong = sentence_of(folder, "recipients", "unsubscribe", made[:-1])
    assert "is neither an e-mail address nor the token of an unsubscribe mail" in wrong
    assert states(folder)["b@example.nl"] == "active"
    said = folder.run("recipients", "unsubscribe", f"unsubscribe {made.upper()}").stdout
    assert said == "unsubscribed from gemeenten-2026\n"
    assert states(folder) == {"a@example.nl": "active", "b@example.nl": "unsubscribed"}
    assert "it left that list before" in sentence_of(folder, "recipients", "unsubscribe", made)
