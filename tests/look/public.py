"""The public pages, as they are looked at: every state in both languages, in three themes.

In: nothing. Out: `Scene`s, each one page. `python -m tests.look.public DIR` takes a picture of each.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from newsletter.web.public_pages import Sheet, State, render
from tests.look.browser import Browser
from tests.look.letters import TEMPLATES
from tests.needs import chromium

#: Wider than a phone, and without a place to break.
LONG = "Bestuursrechtspraakcommissievergadering"
SERIES = "Masterclass ‘Bewoners in beweging’"
_ABOUT = {"names": (SERIES,), "organisation": "Gemeente Voorbeeld", "contact": "masterclasses@example.nl"}
_LONG = {"names": (f"{LONG}en en {LONG}", "Kennisdagen"), "organisation": LONG, "contact": f"{LONG}@example.nl"}


@dataclass(frozen=True)
class Scene:
    """One page."""

    name: str
    sheet: Sheet

    def __str__(self) -> str:
        return self.name

    @property
    def html(self) -> str:
        return render(self.sheet)[0]


def _scene(state: State, language: str, theme: str = "helder", what: str = "", **more: object) -> Scene:
    known = _LONG if what == "long" else {} if state in _NOBODY else _ABOUT
    sheet = Sheet(state=state, language=language, theme=TEMPLATES.theme({"base": theme}), **{**known, **more})  # type: ignore[arg-type]
    return Scene("-".join(part for part in (state.value, what, theme, language) if part), sheet)


_NOBODY = (State.TEST, State.LOST, State.LATE, State.OFTEN, State.UNCLEAR)
SCENES = (
    *(_scene(state, "nl", can_rejoin=True) for state in State),
    *(_scene(state, "en", can_rejoin=True) for state in (State.ASK, State.LEFT, State.LOST)),
    _scene(State.LEFT, "nl", what="all", everywhere=True, can_rejoin=True),
    _scene(State.LEFT, "en", what="also", also=True, can_rejoin=True),
    _scene(State.LEFT, "nl", "veen"),
    _scene(State.ASK, "nl", "klei"),
    _scene(State.LEFT, "nl", what="long", also=True, can_rejoin=True),
)


def take_all(browser: Browser, folder: Path) -> int:
    """A picture of every scene at phone and desktop width, by day and by night; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for scene in SCENES:
        for width in (320, 640):
            for dark in (False, True):
                browser.look(width=width, dark=dark, height=200, sharp=2)
                browser.show(scene.html)
                height = browser.run("() => Math.max(document.documentElement.scrollHeight, 480)")
                browser.look(width=width, dark=dark, height=height, sharp=2)
                name = f"{scene}-{width}-{'dark' if dark else 'light'}.png"
                (folder / name).write_bytes(browser.picture())
                count += 1
    return count


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as profile, Browser(chromium(), Path(profile)) as running:
        sys.stdout.write(f"{take_all(running, Path(sys.argv[1]))} pictures in {sys.argv[1]}\n")
