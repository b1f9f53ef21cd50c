"""Messages as the store keeps them: what is listed, and whose text is thrown away."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from newsletter.errors import NotFoundError
from newsletter.store import messages
from newsletter.store.database import Database
from newsletter.store.tables import messages as rows
from tests.post import FULL, REMINDER, Post, bounce, sent
from tests.returns import AT, id_of, mail

LATER = AT + timedelta(days=31)


async def texts(database: Database) -> list[bool]:
    """Of each message, whether its text is there."""
    async with database.read() as tx:
        return [raw is not None for raw in await tx.scalars(select(rows.c.raw).order_by(rows.c.id))]


async def test_a_text_is_kept_as_long_as_somebody_has_to_do_with_it(database: Database) -> None:
    await sent(database, 1)
    post = Post(database)
    await post.take(bounce(**FULL), *(mail(f"Vraag {one}?", answers=id_of(1), number=one) for one in range(4)))
    async with database.write() as tx:
        await tx.execute(update(rows).where(rows.c.id == 2).values(state=messages.SET_ASIDE))
        # The first question is closed and was sent on; the second was not; the third has been, and is open.
        await tx.execute(text("UPDATE replies SET state = 'closed' WHERE message_id IN (2, 3, 4)"))
        await tx.execute(text("UPDATE replies SET state = 'open' WHERE message_id = 5"))
        await tx.execute(text("UPDATE forwards SET state = 'sent' WHERE message_id <> 4"))
        assert await messages.drop_texts(tx, AT) == 0
        assert await messages.drop_texts(tx, LATER) == 2
    assert await texts(database) == [False, True, False, True, True]


async def test_what_came_is_listed_the_newest_first_and_without_texts(database: Database) -> None:
    await sent(database, 1)
    await Post(database).take(bounce(**FULL), mail("Dag", author="vreemd@example.com", subject="Iets anders", number=1))
    async with database.read() as tx:
        listed = await messages.listing(tx)
        whole = await messages.get(tx, 1)
        with pytest.raises(NotFoundError, match="there is no message “#9”; there are: #1 to #2"):
            await messages.get(tx, 9)
        assert await messages.listing(tx, aside=True) == []
    assert [(row["id"], row["kind"], row["mailing"]) for row in listed] == [(2, "reply", None), (1, "bounce", REMINDER)]
    assert not {"raw", "message_id", "key"} & set(listed[0])
    assert whole["raw"] == bounce(**FULL)


async def test_only_what_is_set_aside_is_taken_up_again(database: Database) -> None:
    await sent(database, 1)
    await Post(database).take(bounce(**FULL))
    async with database.write() as tx:
        with pytest.raises(NotFoundError, match="there is no message that is set aside “#1”"):
            await messages.take_up(tx, 1)
