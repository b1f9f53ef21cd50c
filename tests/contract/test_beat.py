"""Whether something runs that sends from a store, by its signs of life."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from newsletter.store import beat
from newsletter.store.database import Database
from newsletter.store.tables import meta
from tests.world import NOW

SECOND = timedelta(seconds=1)


async def sign(database: Database, name: str, now: datetime, until: datetime) -> None:
    async with database.write() as tx:
        await beat.beat(tx, name, now=now, until=until)


async def until(database: Database, now: datetime) -> datetime | None:
    async with database.read() as tx:
        return await beat.running_until(tx, now=now)


async def test_a_sign_of_life_holds_until_its_moment_and_a_later_one_longer(database: Database) -> None:
    assert await until(database, NOW) is None
    await sign(database, "one", NOW, NOW + 60 * SECOND)
    assert await until(database, NOW + 59 * SECOND) == NOW + 60 * SECOND
    assert await until(database, NOW + 60 * SECOND) is None
    await sign(database, "one", NOW + 20 * SECOND, NOW + 80 * SECOND)
    assert await until(database, NOW + 60 * SECOND) == NOW + 80 * SECOND


async def test_who_ends_in_order_ends_its_own_sign_alone(database: Database) -> None:
    await sign(database, "one", NOW, NOW + 60 * SECOND)
    await sign(database, "other", NOW, NOW + 30 * SECOND)
    async with database.write() as tx:
        await beat.end(tx, "one")
    assert await until(database, NOW) == NOW + 30 * SECOND
    async with database.write() as tx:
        await beat.end(tx, "other")
    assert await until(database, NOW) is None


async def test_the_signs_of_those_who_were_killed_are_swept_up_by_the_next(database: Database) -> None:
    for number in range(3):
        await sign(database, f"killed-{number}", NOW, NOW + SECOND)
    await sign(database, "next", NOW + SECOND, NOW + 2 * SECOND)
    async with database.read() as tx:
        assert await tx.scalar(select(func.count()).where(meta.c.key.startswith(beat.PREFIX))) == 1
