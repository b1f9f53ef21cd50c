"""One browser per worker, started by the first test that looks at something."""

from collections.abc import Iterator

import pytest

from tests.look.browser import Browser
from tests.look.letters import Specimen, received
from tests.look.seen import Seen, look_at
from tests.needs import chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(chromium(), tmp_path_factory.mktemp("chromium")) as running:
        yield running


class Looker:
    """Looks at each letter once, whatever number of tests asks."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._seen: dict[Specimen, Seen] = {}

    def at(self, specimen: Specimen) -> Seen:
        if specimen not in self._seen:
            self._seen[specimen] = look_at(self._browser, received(specimen).html)
        return self._seen[specimen]


@pytest.fixture(scope="session")
def look(browser: Browser) -> Looker:
    return Looker(browser)
