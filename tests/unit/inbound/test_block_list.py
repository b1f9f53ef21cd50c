"""A block list sends back a large part of a mailing: from the letters on the wire to the same letters on it again."""

from email import message_from_bytes

from newsletter.inbound.incidents import mend, send_again
from newsletter.outbox import control
from newsletter.outbox.fire import close_ended
from newsletter.outbox.worker import Worker
from newsletter.settings import Inbound
from newsletter.store import journal
from newsletter.store.tables import incidents
from tests.post import BLOCKED, REMINDER, Post
from tests.returns import SECRET, dsn
from tests.unit.conftest import World
from tests.world import fill

PEOPLE, BACK = 20, 8


async def sent(world: World) -> dict[str, tuple[str, str]]:
    """Send what is due; returns envelope sender and Message-ID by recipient."""
    async with world.server() as (server, sending):
        await Worker(sending).drain()
    await close_ended(world.database, now=world.clock())
    return {
        recipient: (sender, str(message_from_bytes(letter)["Message-ID"]))
        for sender, recipient, letter in server.letters
    }


async def test_nobody_loses_their_mail_and_exactly_what_came_back_is_sent_again(world: World) -> None:
    await fill(world.database, people=PEOPLE)
    async with world.database.write() as tx:
        await journal.secret(tx, SECRET)
    await control.schedule(world.database, world.templates, REMINDER, recipients=PEOPLE, now=world.clock())
    await world.fire_at_its_time(REMINDER)
    letters = await sent(world)
    assert len(letters) == PEOPLE

    post = Post(world.database, now=world.clock())
    back = sorted(letters)[:BACK]
    for number, recipient in enumerate(back):
        sender, message_id = letters[recipient]
        report = dsn(to=sender, recipient=recipient, returned=message_id.strip("<>"), number=number, **BLOCKED)
        await post.take(report)
    assert await post.suppressed() == {}
    [incident] = await post.all(incidents)
    assert (incident["mailing_id"], incident["count"]) == (2, BACK)
    assert len(post.said) == 1

    done = await mend(world.database, incident["id"], settings=Inbound(), now=world.clock())
    assert done.letters == BACK
    await send_again(world.database, world.templates, incident["id"], recipients=BACK, now=world.clock())
    assert await sent(world) == {recipient: letters[recipient] for recipient in back}
    assert await world.states(REMINDER) == {"sent": PEOPLE}
