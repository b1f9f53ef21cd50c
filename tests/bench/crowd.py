"""What the benchmarks send: a mailing of a given size to any number of people, all invented."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import JSON, String, cast, insert, literal, select, text

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing, Recipient
from newsletter.schedule.state import MailingState
from newsletter.store import audience, mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow
from newsletter.store.tables import Instant, lists, subscribers, subscriptions
from tests.world import EVENT_SLUG, mailing_content
from tests.world import fill as fill_world

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTER_BYTES = 20_500
SLUG, LIST = f"{EVENT_SLUG}/reminder", "gemeenten"
PARAGRAPH = "De deelnemers spraken over coöperaties, over ‘de bewoner als eigenaar’ en over de regio. "


def big_mailing(size: int) -> Mailing:
    """A mailing whose letters have about `size` bytes, or as few as a letter can have."""
    plain = mailing_content()
    blocks = 0
    while True:
        more = "".join(f"<p style='font-size:16px'>{number}. {PARAGRAPH}</p>\n" for number in range(blocks))
        made = replace(plain, html=plain.html.replace("</body>", f"{more}</body>"))
        missing = size - len(Letter(made).address(sample()))
        if missing <= 0:
            return made
        blocks += max(1, missing // 150)


def sample() -> Recipient:
    return Recipient(
        id="#1",
        address="persoon@example.nl",
        name="Zoë Voorbeeld",
        attributes={},
        message_id="x@example.nl",
        unsubscribe=("https://nieuwsbrief.example.nl/u/token",),
        date=NOW,
    )


async def fill_people(database: Database, people: int) -> None:
    """So many people on one list, into an empty store; made by SQL, to be quick about it."""
    await fill_world(database, people=0)
    numbers = select(literal(1).label("i")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < people))
    number = cast(numbers.c.i, String)
    address, since = literal("persoon") + number + literal("@example.nl"), literal(NOW, Instant)
    attributes = literal({"organisation": "Voorbeeld"}, JSON)
    crowd = select(address, address, literal("Zoë Voorbeeld ") + number, attributes, since).select_from(numbers)
    list_id = select(lists.c.id).where(lists.c.slug == LIST).scalar_subquery()
    joined = select(list_id, subscribers.c.id, literal("active"), since)
    async with database.write() as tx:
        columns = ["address", "address_key", "name", "attributes", "created_at"]
        await tx.execute(insert(subscribers).from_select(columns, crowd))
        columns = ["list_id", "subscriber_id", "state", "since"]
        await tx.execute(insert(subscriptions).from_select(columns, joined))
    if database.url.get_backend_name() == "postgresql":
        async with database.write() as tx:  # its autovacuum would do so within a minute
            await tx.execute(text("ANALYZE"))


async def make_due(database: Database, people: int) -> MailingRow:
    """The mailing, confirmed for so many people, and its time has come."""
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, SLUG)
        await mailings.set_state(tx, row.id, row.state, MailingState.SCHEDULED, due_at=NOW, confirmed=people)
        return await mailings.get_mailing(tx, SLUG)


async def fill(database: Database, people: int, content: Mailing) -> int:
    """A mailing that is being sent to so many people; its id."""
    await fill_people(database, people)
    row = await make_due(database, people)
    async with database.write() as tx:
        assert await mailings.start(tx, row, content, now=NOW)
        assert await audience.enqueue(tx, row.id, now=NOW) == people
    return row.id
