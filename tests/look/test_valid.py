"""The html of every letter, judged by the Nu Html Checker: one run for all of them."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.look.letters import NAMES, PLAIN_SPECIMENS, SPECIMENS, received
from tests.needs import html_validator

#: What is wrong in a web page and right in a letter, and why.
ALLOWED: Mapping[str, str] = {
    r"Attribute “xmlns:o” not allowed here\.": "Outlook for Windows reads its own settings by this name",
    r"CSS: “mso-[a-z-]+”: Property “mso-[a-z-]+” doesn't exist\.": "Outlook for Windows has properties of its own",
    r"CSS: “supported-color-schemes”: Property .* doesn't exist\.": "Apple Mail knew color-scheme by this name first",
    r"Attribute “(?:bgcolor|valign)” not allowed on element “\w+” at this point\.": (
        "premailer writes it beside the style that says the same; it is needed on cells and harmless elsewhere"
    ),
}
ONE_OF_EACH = (
    '<!doctype html><html lang="nl"><head><title>x</title></head><body><p><table></table><b>x</p></body></html>'
)


WRONG = "a page with mistakes"
#: Themes are colours and sizes: one template in all of them says enough.
LETTERS = {*PLAIN_SPECIMENS, *(one for one in SPECIMENS if one.template == NAMES[0])}

pytestmark = pytest.mark.xdist_group("look: html validator")


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What is wrong, with the names of the pages in which it is; one run for all pages, as Java starts slowly."""
    folder = tmp_path_factory.mktemp("pages")
    for name, html in [*((str(one), received(one).html) for one in LETTERS), (WRONG, ONE_OF_EACH)]:
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    command = [*html_validator(), "--errors-only", "--exit-zero-always", "--format", "json", "--stdout"]
    pages = sorted(str(page) for page in folder.iterdir())
    done = subprocess.run([*command, *pages], capture_output=True, check=True, timeout=300)
    found: dict[str, set[str]] = {}
    for message in json.loads(done.stdout)["messages"]:
        found.setdefault(message["message"], set()).add(Path(message["url"].replace("%20", " ")).stem)
    return found


def refused(errors: Mapping[str, set[str]], pages: set[str]) -> dict[str, set[str]]:
    """What is wrong in these pages and not allowed."""
    return {
        what: where & pages
        for what, where in errors.items()
        if where & pages and not any(re.fullmatch(one, what) for one in ALLOWED)
    }


def test_every_letter_is_valid_html_but_for_what_mail_programs_need(errors: dict[str, set[str]]) -> None:
    assert refused(errors, {str(one) for one in LETTERS}) == {}


def test_a_page_with_mistakes_is_not(errors: dict[str, set[str]]) -> None:
    assert len(refused(errors, {WRONG})) >= 2


@pytest.mark.parametrize("one", ALLOWED)
def test_what_is_allowed_is_needed(errors: dict[str, set[str]], one: str) -> None:
    assert [what for what in errors if re.fullmatch(one, what)], ALLOWED[one]
