"""Bounces that are about us: nobody loses their mail by them, and once it is mended the letters go out again."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from newsletter.compose.templates import Templates
from newsletter.errors import CountError, NotFoundError, StateError
from newsletter.inbound.incidents import Mended, confirm, mend, send_again
from newsletter.settings import Inbound
from newsletter.store import subscribers
from newsletter.store.database import Database
from newsletter.store.tables import bounces, incidents
from tests.post import BLOCKED, REMINDER, Post, bounce, sent
from tests.returns import AT

NO_TEMPLATES = Templates([])
SETTINGS = Inbound()


async def states(post: Post) -> dict[int, str]:
    async with post.database.read() as tx:
        return {row.id: row.state for row in await tx.execute(text("SELECT id, state FROM deliveries"))}


async def test_a_block_list_that_sends_back_two_letters_in_five_costs_nobody_their_mail(database: Database) -> None:
    await sent(database, 20)
    post = Post(database)
    await post.take(*(bounce(number, number=number, **BLOCKED) for number in range(1, 9)))
    assert await post.suppressed() == {}
    [incident] = await post.all(incidents)
    assert (incident["domain"], incident["reason"], incident["count"]) == ("example.nl", "blocked", 8)
    assert {row["weight"] for row in await post.all(bounces)} == {"our_fault"}
    assert post.said == [
        f"{REMINDER}: example.nl refused 1 letter because of us (blocked: our server or domain is on a block list); "
        "nobody loses their mail by it; see `newsletter incidents list`, and once it is mended "
        f"`newsletter incidents mend {incident['id']}`"
    ]
    await post.take(*(bounce(number, number=number, **BLOCKED) for number in (9, 10)))
    assert "refused 10 letters" in post.said[1]
    assert (await post.notes(REMINDER)).count("incident") == 2

    # Of those whose letters came back, one leaves and one complains before it is mended.
    async with database.write() as tx:
        await subscribers.unsubscribe(tx, "person-0@example.nl", "gemeenten", now=AT)
        await subscribers.suppress(tx, "person-1@example.nl", "complaint: abuse", now=AT)
    done = await mend(database, incident["id"], settings=SETTINGS, now=AT)
    assert done == Mended(id=incident["id"], mailing=REMINDER, bounces=10, restored=0, letters=8)
    with pytest.raises(CountError, match="8 letters would be sent again, not 10; confirm 8"):
        await send_again(database, NO_TEMPLATES, incident["id"], recipients=10, now=AT, as_sent=True)
    again = await send_again(database, NO_TEMPLATES, incident["id"], recipients=8, now=AT, as_sent=True)
    assert (again.letters, again.state) == (8, "sending")
    assert {one for one, state in (await states(post)).items() if state == "queued"} == set(range(3, 11))
    assert await post.suppressed() == {"person-1@example.nl": "complaint: abuse"}

    # They are sent again once.
    async with database.write() as tx:
        await tx.execute(text("UPDATE deliveries SET state = 'sent', next_at = NULL"))
    assert (await mend(database, incident["id"], settings=SETTINGS, now=AT)).letters == 0
    with pytest.raises(CountError, match="no letter came back"):
        await send_again(database, NO_TEMPLATES, incident["id"], recipients=8, now=AT, as_sent=True)


async def test_the_window_and_the_event_hold_for_what_is_sent_again(database: Database) -> None:
    await sent(database, 2)
    post = Post(database)
    await post.take(bounce(1, **BLOCKED))
    [incident] = await post.all(incidents)
    late = AT + timedelta(days=9)
    await mend(database, incident["id"], settings=SETTINGS, now=late)
    with pytest.raises(StateError, match="what it is about has begun"):
        await send_again(database, NO_TEMPLATES, incident["id"], recipients=1, now=late, as_sent=True)
    assert set((await states(post)).values()) == {"sent"}


async def test_an_incident_that_comes_back_is_open_again(database: Database) -> None:
    await sent(database, 3)
    post = Post(database)
    await post.take(bounce(1, **BLOCKED))
    [incident] = await post.all(incidents)
    await mend(database, incident["id"], settings=SETTINGS, now=AT)
    await post.take(bounce(2, number=2, **BLOCKED))
    [again] = await post.all(incidents)
    assert (again["id"], again["mended_at"], again["count"]) == (incident["id"], None, 2)


async def test_the_same_letter_counts_once(database: Database) -> None:
    await sent(database, 3)
    post = Post(database)
    await post.take(*(bounce(1, number=number, **BLOCKED) for number in range(3)))
    assert [row["count"] for row in await post.all(incidents)] == [1]


async def blocks_as_unknown(database: Database) -> tuple[Post, int]:
    """A domain that answers everybody "user unknown"; the first that came back lost their mail before it showed."""
    await sent(database, 20)
    post = Post(database)
    await post.take(*(bounce(number, number=number) for number in range(1, 13)))
    [incident] = await post.all(incidents)
    assert (incident["reason"], incident["count"]) == ("userunknown", 12)
    assert len(await post.suppressed()) == 9
    assert "seems to refuse us: 10 letters so far" in post.said[0]
    return post, incident["id"]


async def test_people_who_lost_their_mail_by_a_domain_that_lied_get_it_again(database: Database) -> None:
    post, incident_id = await blocks_as_unknown(database)
    await post.take(bounce(1, number=50, status="5.1.6", said="551 5.1.6 user has moved to an address elsewhere"))
    done = await mend(database, incident_id, settings=SETTINGS, now=AT)
    assert (done.bounces, done.restored) == (12, 8)  # of the ninth something else is known
    assert list(await post.suppressed()) == ["person-0@example.nl"]


async def test_a_domain_that_did_not_lie_is_believed_when_a_person_says_so(database: Database) -> None:
    post, incident_id = await blocks_as_unknown(database)
    assert await confirm(database, incident_id, now=AT) == 3
    assert len(await post.suppressed()) == 12
    assert (await mend(database, incident_id, settings=SETTINGS, now=AT)).restored == 0
    await post.take(bounce(13, number=13))  # and so is what comes later
    assert len(await post.suppressed()) == 13


async def test_an_incident_that_is_not_there_is_named_with_those_that_are(database: Database) -> None:
    await sent(database, 1)
    await Post(database).take(bounce(1, **BLOCKED))
    with pytest.raises(NotFoundError, match="there is no incident “#7”; there are: #1"):
        await mend(database, 7, settings=SETTINGS, now=AT)
    with pytest.raises(StateError, match="is about us"):
        await confirm(database, 1, now=AT)
