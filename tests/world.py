"""A small world for the tests: one series, one event, some people; all invented, all at example domains."""

from datetime import UTC, datetime, time

from newsletter.compose.mailing import Mailing
from newsletter.events.event import Event, Mailbox, Part, PartKind, Series, Speaker, Venue, Workshop
from newsletter.events.plan import Anchor, PlannedMailing, Rule, Unit
from newsletter.schedule.replan import replan
from newsletter.schedule.rules import starts_at
from newsletter.store import events, mailings, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.subscriber import Subscriber, address_key

EVENT_SLUG = "kennisdag"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLAN = (
    PlannedMailing(
        name="save-the-date",
        template="announcement",
        label="Save the date",
        when=Rule(amount=-6, unit=Unit.WEEKS, anchor=Anchor.START, at=time(9)),
    ),
    PlannedMailing(
        name="reminder",
        template="reminder",
        when=Rule(amount=-2, unit=Unit.WORKING_DAYS, anchor=Anchor.START, at=time(9)),
        lists=("gemeenten", "corporaties"),
    ),
    PlannedMailing(
        name="report", template="report", when=Rule(amount=1, unit=Unit.WEEKS, anchor=Anchor.END, at=time(10))
    ),
)


def series(plan: tuple[PlannedMailing, ...] = PLAN) -> Series:
    return Series(
        slug="kennisdagen",
        name="Kennisdagen ‘wonen’",
        organisation="Gemeente Voorbeeld",
        contact="vragen@example.nl",
        sender=Mailbox(name="Kennisdagen, één team", address="kennisdagen@nieuwsbrief.example.nl"),
        language="nl",
        timezone="Europe/Amsterdam",
        lists=("gemeenten", "corporaties"),
        plan=plan,
    )


def event(plan: tuple[PlannedMailing, ...] = PLAN) -> Event:
    """Thursday 23 April 2026, in Utrecht."""
    day = (2026, 4, 23)
    return Event(
        slug=EVENT_SLUG,
        series=series(plan),
        title="Kennisdag ‘Wonen & zorg’: één dag",
        start=datetime(*day, 13),
        end=datetime(*day, 16),
        venue=Venue(name="Stadskantoor", address="Voorbeeldstraat 1", city="Utrecht"),
        programme=(
            Part(kind=PartKind.PLENARY, title="Welkom", start=datetime(*day, 13), end=datetime(*day, 13, 30)),
            Part(
                kind=PartKind.ROUND,
                title="Ronde 1",
                start=datetime(*day, 13, 30),
                end=datetime(*day, 15),
                workshops=(
                    Workshop(title="Eerst", room="Zaal 1", speakers=(Speaker(name="Zoë Voorbeeld", role="adviseur"),)),
                    Workshop(title="Tweede", room="Zaal 2"),
                ),
            ),
        ),
        announcement="Welkom. Wij zien u graag.\n\nTot dan.",
        report="Het was druk.\n\nDank u.",
    )


def mailing_content() -> Mailing:
    """A composed mailing that needs no template."""
    return Mailing(
        slug=f"{EVENT_SLUG}/reminder",
        series="kennisdagen",
        series_name=series().name,
        template="reminder",
        language="nl",
        sender=series().sender,
        contact=series().contact,
        subject="Kennisdag ‘Wonen’ – één dag",
        html='<!doctype html>\n<html lang="nl"><body><p>Beste [[ subscriber.name ]],</p>'
        '<a href="[[ links.unsubscribe ]]">Afmelden</a></body></html>',
        text="Beste [[ subscriber.name ]],\n\nAfmelden:\n[[ links.unsubscribe ]]\n",
    )


async def fill(database: Database, *, people: int = 3, happening: Event | None = None) -> None:
    """Store the event with its mailings as drafts, and people on the list `gemeenten`."""
    stored = happening or event()
    async with database.write() as tx:
        await events.store_event(tx, stored, starts_at(stored))
        for change in replan(None, stored, (), NOW):
            await mailings.apply_change(
                tx, stored.slug, change, next(p for p in stored.series.plan if p.name == change.name)
            )
        for entry in stored.series.plan:
            await mailings.store_planned(tx, stored.slug, entry, entry.lists or stored.series.lists)
        crowd = [
            Subscriber(
                address=f"person-{number}@example.nl",
                name=f"Persoon {number}",
                attributes={"organisation": "Voorbeeld"},
            )
            for number in range(people)
        ]
        await subscribers.upsert_subscribers(tx, crowd, now=NOW)
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.subscribe(tx, ids["gemeenten"], [address_key(one.address) for one in crowd], now=NOW)
