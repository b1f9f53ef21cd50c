"""A Maildir and a folder that others write to and read from at the same time."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.errors import InboundError
from newsletter.inbound.incoming import Incoming
from newsletter.inbound.sources.folder import FolderSource
from newsletter.inbound.sources.maildir import MaildirSource
from newsletter.inbound.sources.reading import KEY, NAME, Memory, fitting, named
from tests.intake import Intake

NOW = datetime.now(UTC)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "Maildir" / part).mkdir(parents=True)
    return tmp_path / "Maildir"


def aged(path: Path, days: float) -> None:
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


async def test_a_message_that_is_read_and_flagged_by_its_reader_is_the_same_one(
    maildir: Path, memory: Memory, intake: Intake
) -> None:
    (maildir / "new/1.a").write_bytes(b"1")
    await MaildirSource(maildir, memory).round(intake.take)
    (maildir / "new/1.a").rename(maildir / "cur/1.a:2,S")
    await MaildirSource(maildir, memory).round(intake.take)
    (maildir / "cur/1.a:2,S").rename(maildir / "cur/1.a:2,RS")
    await MaildirSource(maildir, memory).round(intake.take)
    assert list(intake.times.items()) == [((f"maildir:{maildir}", "1.a"), 1)]


async def test_a_message_that_moves_while_it_is_read_is_found_where_it_went(
    maildir: Path, memory: Memory, intake: Intake
) -> None:
    for name in ("1.a", "2.b", "3.c"):
        (maildir / "new" / name).write_bytes(name.encode())

    async def take(incoming: Incoming) -> None:
        await intake.take(incoming)
        if incoming.key == "1.a":
            (maildir / "new/2.b").rename(maildir / "cur/2.b:2,S")
            (maildir / "new/3.c").unlink()

    await MaildirSource(maildir, memory).round(take)
    assert [(one.raw, bool(one.trouble)) for one in intake.taken] == [(b"1.a", False), (b"2.b", False), (b"", True)]


async def test_what_is_half_written_or_hidden_is_no_message_yet(maildir: Path, memory: Memory, intake: Intake) -> None:
    (maildir / "tmp/1.a").write_bytes(b"half")
    (maildir / "new/.hidden").write_bytes(b"x")
    assert await MaildirSource(maildir, memory).round(intake.take) == 0


async def test_at_the_first_look_old_messages_are_left_alone_and_stay_so(
    maildir: Path, memory: Memory, intake: Intake
) -> None:
    for name, days in (("1.old", 20), ("2.new", 3)):
        (maildir / "cur" / f"{name}:2,").write_bytes(name.encode())
        aged(maildir / "cur" / f"{name}:2,", days)
    await MaildirSource(maildir, memory).round(intake.take)
    assert intake.bodies() == [b"2.new"]
    # A month later what was old stays so, and what came while nobody looked is not too old.
    later = replace(memory, clock=lambda: NOW + timedelta(days=30))
    (maildir / "new/3.c").write_bytes(b"3")
    await MaildirSource(maildir, later).round(intake.take)
    assert intake.bodies() == [b"2.new", b"3"]


async def test_a_thousand_messages_are_asked_about_once(maildir: Path, memory: Memory, intake: Intake) -> None:
    for number in range(1000):
        (maildir / f"new/{number}.a").write_bytes(b"x")
    source = MaildirSource(maildir, memory)
    assert await source.round(intake.take) == 1000
    (maildir / "new/1000.a").write_bytes(b"x")
    asked = intake.asked
    assert await source.round(intake.take) == 1
    assert intake.asked == asked + 1


@pytest.mark.parametrize("part", ["new", "cur"])
async def test_what_is_no_maildir_is_trouble(maildir: Path, memory: Memory, intake: Intake, part: str) -> None:
    (maildir / part).rmdir()
    with pytest.raises(InboundError, match=f"{part} cannot be read: No such file or directory; NEWSLETTER_INBOUND__M"):
        await MaildirSource(maildir, memory).round(intake.take)


async def test_of_a_folder_only_messages_are_read(tmp_path: Path, memory: Memory, intake: Intake) -> None:
    for name in ("a.eml", "B.EML", "c.txt", ".d.eml", "e.eml.part"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "f.eml").mkdir()
    await FolderSource(tmp_path, memory, rest=0).round(intake.take)
    assert intake.bodies() == [b"B.EML", b"a.eml"]


async def test_a_file_that_is_no_file_stops_nothing(tmp_path: Path, memory: Memory, intake: Intake) -> None:
    os.mkfifo(tmp_path / "a.eml")  # whoever opens it waits for ever
    (tmp_path / "b.eml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "c.eml").write_bytes(b"c")
    await FolderSource(tmp_path, memory, rest=0).round(intake.take)
    assert [(one.key, one.raw, one.trouble) for one in intake.taken] == [
        ("a.eml", b"", "it is no file"),
        ("b.eml", b"", "it was gone before it could be read"),
        ("c.eml", b"c", ""),
    ]


async def test_a_file_that_is_still_being_written_comes_later(tmp_path: Path, memory: Memory, intake: Intake) -> None:
    (tmp_path / "a.eml").write_bytes(b"a")
    written = (tmp_path / "a.eml").stat().st_mtime
    moments = iter([written + 0.1, written + 0.1])
    source = FolderSource(tmp_path, memory, rest=0.2, clock=lambda: next(moments, written + 9))
    assert await source.round(intake.take) == 0
    assert await source.round(intake.take) == 1


async def test_a_folder_that_is_missing_is_trouble(tmp_path: Path, memory: Memory, intake: Intake) -> None:
    with pytest.raises(InboundError, match="nowhere cannot be read: No such file or directory"):
        await FolderSource(tmp_path / "nowhere", memory).round(intake.take)


def test_names_and_keys_fit_their_columns_and_differ_where_they_differ() -> None:
    long = "/".join(["map"] * 300)
    assert len(named("maildir", long)) == NAME
    assert named("maildir", long) != named("maildir", long + "x") != named("maildir", "x" + long)
    assert len(fitting("é" * 999, KEY)) == KEY
    assert fitting("1.a", KEY) == "1.a"
