"""What the clock leaves behind."""

from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.outbox.control import schedule
from newsletter.store import fence
from newsletter.store.database import open_database
from tests.unit.conftest import World
from tests.world import EVENT_SLUG, fill

REMINDER = f"{EVENT_SLUG}/reminder"


async def test_a_backup_from_before_a_mailing_went_out_is_refused_when_it_is_put_back(
    world: World, tmp_path: Path
) -> None:
    await fill(world.database)
    await schedule(world.database, world.templates, REMINDER, recipients=3, now=world.clock())
    await fence.guard(world.database, now=world.clock())
    await world.database.close()  # so that all of it is in the file
    file = tmp_path / "store.sqlite"
    backup = file.read_bytes()
    await world.fire_at_its_time(REMINDER)
    await world.database.close()
    file.write_bytes(backup)
    restored = await open_database(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="this store is older than it was here, so nothing is sent from it"):
        await fence.guard(restored, now=world.clock())
    await restored.close()
