"""The letters as mail programs show them that change what they get: each can still be read, and fits."""

from collections.abc import Callable

import pytest

from newsletter.web import clients, word
from tests.look.browser import Browser
from tests.look.letters import NAMES, THEMES, Specimen, key_text, received
from tests.look.seen import WIDTHS, audit, layout, open_letter

#: Word lays out for a window on a desk only.
DESK = 700
CLIENTS: dict[str, tuple[Callable[[str], str], tuple[int, ...]]] = {
    "Gmail": (clients.gmail, WIDTHS),
    "Gmail without styles": (clients.gmail_no_style, WIDTHS),
    "Outlook.com, dark": (lambda html: clients.outlook_com(html, dark=True), WIDTHS),
    "Outlook for Windows": (word.outlook_word, (DESK,)),
    "dark without being asked": (clients.forced_dark, WIDTHS),
}
#: Colours are what forced darkness changes, so it is tried on every theme.
CASES = [
    pytest.param(client, Specimen(name, theme, "nl"), id=f"{client}-{name}-{theme}")
    for client in CLIENTS
    for name in NAMES
    for theme in (THEMES if "dark" in client else THEMES[:1])
]


@pytest.mark.parametrize(("client", "specimen"), CASES)
def test_every_mail_program_shows_all_of_it(browser: Browser, client: str, specimen: Specimen) -> None:
    change, widths = CLIENTS[client]
    open_letter(browser, change(received(specimen).html))
    for width in widths:
        browser.look(width=width)
        view = layout(browser, f"{client} {width}")
        assert view.wrong == []
        for text in key_text(specimen):
            assert text.casefold() in view.text.casefold()
    assert audit(browser, client) == []
