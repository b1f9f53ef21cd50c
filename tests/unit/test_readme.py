"""README says what the program does, no more and no less."""

import re
from pathlib import Path

import typer

from newsletter.cli.main import commands
from newsletter.settings_file import example_file, table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HEADINGS = (
    "The way of a mailing",
    "The two commands",
    "A first own mailing in five minutes",
    "Settings",
    "Command line",
    "Glossary",
    "Dive into the source",
)


def every_command(group: typer.Typer, prefix: str = "newsletter") -> list[str]:
    found = [f"{prefix} {command.name}" for command in group.registered_commands]
    for sub in group.registered_groups:
        assert sub.typer_instance is not None
        found += every_command(sub.typer_instance, f"{prefix} {sub.name}")
    return found


def test_the_parts_stand_in_their_order() -> None:
    assert tuple(re.findall(r"^## (.*)$", README, re.MULTILINE)) == HEADINGS


def test_the_settings_are_those_of_the_program() -> None:
    found = re.search(r"<!-- settings: .*? -->\n(.*?)<!-- end of settings -->", README, re.DOTALL)
    assert found is not None
    assert found.group(1) == table(), "write newsletter.settings_file.table() into README"


def test_every_setting_is_in_the_example_file() -> None:
    variables = re.findall(r"`(NEWSLETTER_\w+)`", table())
    assert variables
    assert re.findall(r"^#(NEWSLETTER_\w+)=", example_file(), re.MULTILINE) == variables


def test_the_command_table_has_every_command_and_no_other() -> None:
    rows = re.findall(r"^\| `(newsletter [^`]*)` \|", README, re.MULTILINE)
    word = re.compile(r"[a-z][a-z-]*")
    documented = {" ".join(part for part in re.split(r"[ \[]", row) if word.fullmatch(part)) for row in rows}
    assert documented == set(every_command(commands))


def test_every_file_that_is_named_is_there() -> None:
    for path in re.findall(r"`(newsletter/[\w/.]*|templates/[\w/.]*)`", README):
        assert (ROOT / path).exists(), path


def test_the_glossary_is_in_order_and_says_each_word_once() -> None:
    glossary = README.split("## Glossary")[1].split("## ")[0]
    terms = re.findall(r"^\| ([a-z -]+) \|", glossary, re.MULTILINE)[1:]
    assert len(terms) > 20
    assert terms == sorted(set(terms))
