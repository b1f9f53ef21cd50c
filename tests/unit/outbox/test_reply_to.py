"""The address that a delivery asks to be answered to."""

from email import message_from_bytes

import pytest

from newsletter.outbox.desk import Desk
from newsletter.outbox.envelope import REPLY, VERP, read_plus
from newsletter.outbox.outcome import Parcel
from newsletter.settings import Mail
from tests.unit.conftest import World
from tests.unit.outbox.test_desk import claimed, two_on_their_way


@pytest.mark.parametrize("box", ["", "antwoord@nieuwsbrief.example.nl"])
async def test_each_delivery_has_a_reply_address_of_its_own_where_a_reply_mailbox_is_set(
    world: World, box: str
) -> None:
    await two_on_their_way(world, people=2)
    deliveries = [one for batch in (await claimed(world)).values() for one in batch]
    packed = await Desk(world.sending(1, mail=Mail(reply_address=box))).pack(deliveries)
    letters = [message_from_bytes(one.letter) for one in packed if isinstance(one, Parcel)]
    asked = [str(letter["Reply-To"]) for letter in letters]
    if not box:
        assert set(asked) == {"vragen@example.nl"}
        return
    assert [read_plus(one, b"k" * 32, REPLY) for one in asked] == [one.id for one in deliveries]
    assert [read_plus(one, b"k" * 32, VERP) for one in asked] == [None] * len(deliveries)
