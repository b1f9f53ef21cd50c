"""`newsletter replies …`, as people use it; what the commands do is in tests/unit/cli/test_replies.py."""

import asyncio

from newsletter.store.database import open_database
from tests.e2e.conftest import Folder
from tests.house import open_house, written


def test_a_question_is_listed_until_it_is_closed(folder: Folder) -> None:
    async def ask() -> None:
        database = await open_database("sqlite:///var/newsletter.sqlite", folder.path)
        house = await open_house(database)
        await house.take(written("Zoë ’t Hooft <zoe@example.org>", subject="Is er één zaal?\x1b[2J"))
        await database.close()

    asyncio.run(ask())
    said = folder.run("replies", "list").stdout
    assert "Zoë ’t Hooft\tIs er één zaal? [2J" in said
    assert "question 1 is closed" in folder.run("replies", "close", "1").stdout
    assert "No question waits for an answer." in folder.run("replies", "list").stdout
