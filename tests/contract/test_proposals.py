"""What a machine or a person said about a subscriber, and what comes of it when somebody decides."""

import pytest
from sqlalchemy import text

from newsletter.errors import NewsletterError, NotFoundError
from newsletter.inbound.deciding import Decided, accept, decline
from newsletter.store import subscribers
from newsletter.store.database import Database
from newsletter.subscribers.subscriber import Subscriber
from tests.post import Post, sent
from tests.returns import AT, BOX, bounce_to, dsn, id_of, mail

AUTO = "Auto-Submitted: auto-replied\r\n"
KNOWN, NEXT = "person-0@example.nl", "opvolger@example.nl"


@pytest.fixture
async def post(database: Database) -> Post:
    await sent(database, 2)
    return Post(database)


async def has_left(post: Post) -> None:
    await post.take(mail("Ik ben niet meer werkzaam bij de gemeente.", to=bounce_to(1), more=AUTO))


async def has_moved(post: Post) -> None:
    said = "551 5.1.6 User has moved; please try nieuw@example.nl"
    await post.take(dsn(to=bounce_to(1), recipient=KNOWN, status="5.1.6", said=said))


async def people(post: Post) -> dict[str, tuple[str, str]]:
    """Name and state by address, of everybody on the list."""
    async with post.database.read() as tx:
        return {row["address"]: (row["name"], row["state"]) for row in await subscribers.list_members(tx, "gemeenten")}


async def test_who_has_left_is_taken_off_when_a_person_agrees(post: Post) -> None:
    await has_left(post)
    assert (await people(post))[KNOWN] == ("Persoon 0", "active")
    assert await accept(post.database, 1, now=AT) == Decided(address=KNOWN, kind="left", ended=("gemeenten",))
    assert (await people(post))[KNOWN] == ("Persoon 0", "unsubscribed")
    assert "proposal accepted" in await post.notes("subscriber:1")
    with pytest.raises(NotFoundError, match="there is no open proposal “#1”"):
        await accept(post.database, 1, now=AT)


async def test_the_subscriptions_of_who_has_left_go_on_at_the_address_that_a_person_gives(post: Post) -> None:
    await has_left(post)
    done = await accept(post.database, 1, now=AT, to=NEXT, name="Zoë Voorbeeld")
    assert (done.ended, done.joined) == (("gemeenten",), ("gemeenten",))
    assert (await people(post))[NEXT] == ("Zoë Voorbeeld", "active")
    async with post.database.read() as tx:
        assert (await subscribers.find_subscribers(tx, [NEXT]))[NEXT].attributes == {"organisation": "Voorbeeld"}


async def test_who_is_known_at_the_other_address_keeps_their_name_and_stays_off_what_they_left(post: Post) -> None:
    await has_left(post)
    async with post.database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["gemeenten"])
        await subscribers.upsert_subscribers(tx, [Subscriber(address=NEXT, name="Al bekend")], now=AT)
        await subscribers.subscribe(tx, ids["gemeenten"], [NEXT], now=AT)
        await subscribers.unsubscribe(tx, NEXT, "gemeenten", now=AT)
    assert (await accept(post.database, 1, now=AT, to=NEXT, name="Ander")).joined == ()
    assert (await people(post))[NEXT] == ("Al bekend", "unsubscribed")


async def test_who_moved_keeps_their_name(post: Post) -> None:
    await has_moved(post)
    assert await post.proposed() == [(1, "moved", "smtp; 551 5.1.6 User has moved; please try nieuw@example.nl")]
    done = await accept(post.database, 1, now=AT)
    assert (done.to, done.joined) == ("nieuw@example.nl", ("gemeenten",))
    assert (await people(post))["nieuw@example.nl"] == ("Persoon 0", "active")


async def test_a_bounce_that_proves_nothing_suppresses_only_when_a_person_agrees(post: Post) -> None:
    await post.take(dsn(to=BOX, recipient=KNOWN, returned=id_of(1)))
    assert await post.suppressed() == {}
    assert (await accept(post.database, 1, now=AT)).suppressed
    assert await post.suppressed() == {KNOWN: "bounce: userunknown, accepted by hand"}


async def test_a_wish_ends_the_list_that_it_is_about(post: Post) -> None:
    async with post.database.write() as tx:
        ids = await subscribers.ensure_lists(tx, ["regios"])
        await subscribers.subscribe(tx, ids["regios"], [KNOWN], now=AT)
    await post.take(mail("Haal mij van deze lijst. Ik heb ook een vraag, belt u mij?", answers=id_of(1)))
    assert (await accept(post.database, 1, now=AT)).ended == ("gemeenten",)


async def test_declining_changes_nothing_and_the_same_may_be_proposed_again(post: Post) -> None:
    await has_left(post)
    assert await decline(post.database, 1, now=AT) == "left"
    assert (await people(post))[KNOWN] == ("Persoon 0", "active")
    assert await post.proposed() == []
    await post.take(mail("Ik ben niet meer werkzaam bij de gemeente.", to=bounce_to(1), more=AUTO, number=2))
    assert len(await post.proposed()) == 1


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (KNOWN.upper(), "is the address that they had"),
        ("person-1@example.nl", "nothing is sent to person-1@example.nl: it is suppressed"),
    ],
)
async def test_an_address_that_makes_no_sense_changes_nothing(post: Post, to: str, why: str) -> None:
    await has_left(post)
    async with post.database.write() as tx:
        await subscribers.suppress(tx, "person-1@example.nl", "complaint", now=AT)
    with pytest.raises(NewsletterError, match=why):
        await accept(post.database, 1, now=AT, to=to)
    assert (await people(post))[KNOWN] == ("Persoon 0", "active")
    assert len(await post.proposed()) == 1


async def test_a_proposal_stays_when_the_text_of_its_message_has_gone(post: Post) -> None:
    await has_left(post)
    async with post.database.write() as tx:
        await tx.execute(text("DELETE FROM messages"))
    assert len(await post.proposed()) == 1
