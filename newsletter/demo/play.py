"""The demo: the main job on a sample series, under a simulated clock, through real SMTP into a catch-all mailbox.

In: an empty folder. Out: `inbox/*.eml`, one per recipient and mailing, and what happened, as values to show.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from newsletter.app import App, open_app, shipped
from newsletter.events.importer import import_event
from newsletter.outbox.control import count_audience, schedule
from newsletter.outbox.delivery import DeliveryState
from newsletter.outbox.fire import close_ended, look_at_clock
from newsletter.outbox.worker import Worker
from newsletter.settings import Mail, Settings, Smtp, Store
from newsletter.smtp.catchall import catch_all
from newsletter.store import mailings
from newsletter.subscribers.importer import import_recipients

EVENT = Path(__file__).parent / "files" / "masterclass-bewoners-in-beweging.md"
LISTS = ("corporaties", "gemeenten", "provincies", "regios")
#: The day after the programme's kick-off; every mailing of the plan lies ahead of it.
BEGIN = datetime(2019, 4, 3, 9, 0, tzinfo=UTC)


class SimulatedClock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, kw_only=True)
class Played:
    """One mailing of the demo."""

    mailing: str
    at: datetime  #: simulated, on the clock of the series
    subject: str
    letters: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The demo, set up and not begun."""

    app: App
    clock: SimulatedClock
    inbox: Path
    people: int
    plan: tuple[str, ...]


@asynccontextmanager
async def set_up(folder: Path) -> AsyncIterator[Stage]:
    """A fresh store with the sample lists and event in it, every mailing confirmed, and a mail server on loopback."""
    inbox = _emptied(folder)
    clock = SimulatedClock(BEGIN)
    async with catch_all(inbox) as port:
        settings = Settings(
            store=Store(url="sqlite:///demo.sqlite"),
            smtp=Smtp(host="127.0.0.1", port=port),
            mail=Mail(public_url="https://nieuwsbrief.example.nl", bounce_address="bounces@nieuwsbrief.example.nl"),
        )
        async with open_app(settings, folder, clock=clock) as app:
            for name in LISTS:
                data = (shipped("recipients") / f"{name}.csv").read_bytes()
                await import_recipients(app.database, data, f"{name}.csv", name, dry_run=False, now=clock())
            text = EVENT.read_text(encoding="utf-8")
            names = app.templates.names()
            imported = await import_event(app.database, text, str(EVENT), templates=names, now=clock(), files=app.files)
            event = imported.event
            plan = [f"{event.slug}/{entry.name}" for entry in event.series.plan]
            people = 0
            for slug in plan:
                people = await count_audience(app.database, slug)
                await schedule(app.database, app.templates, slug, recipients=people, now=clock())
            yield Stage(app=app, clock=clock, inbox=inbox, people=people, plan=tuple(plan))


def _emptied(folder: Path) -> Path:
    """The inbox of the demo, without what an earlier one left."""
    inbox = folder / "inbox"
    for old in (*inbox.glob("*.eml"), *folder.glob("demo.sqlite*")):
        old.unlink()
    inbox.mkdir(parents=True, exist_ok=True)
    return inbox


async def play(
    stage: Stage, *, on_start: Callable[[str, datetime, int], None], on_settled: Callable[[DeliveryState], None]
) -> list[Played]:
    """Move the clock from mailing to mailing; each fires at its own time and is sent before the next."""
    app, played = stage.app, []
    async with app.database.read() as tx:
        rows = sorted(await mailings.all_mailings(tx), key=lambda row: row.due_at or BEGIN)
    for row in rows:
        stage.clock.now = row.due_at or BEGIN
        at = stage.clock.now.astimezone(ZoneInfo(row.timezone))
        for fired in await look_at_clock(app.database, app.templates, now=stage.clock()):
            on_start(fired.slug, at, fired.letters)
        tally = await Worker(app.sending, on_settled=on_settled).drain()
        await close_ended(app.database, now=stage.clock())
        async with app.database.read() as tx:
            content = await mailings.content_of(tx, row.id)
        subject = content.subject if content else ""
        played.append(Played(mailing=row.slug, at=at, subject=subject, letters=tally.states[DeliveryState.SENT]))
    return played
