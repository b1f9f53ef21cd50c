"""Killed at any moment, it misses nobody, and repeats at most what was just being handed over: the very same letters.

CRASH_SEED=<number> repeats the moments of an earlier run, as far as the machine's own pace allows.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.outbox.envelope import message_id
from tests.crash import SLUG, Death, Fork, Life, Sleeper, Witness, ordeal, prepare, said, suffer
from tests.e2e.conftest import Folder, environment, wait_for_line
from tests.promises import Account, Killed, Taken, broken_promises

SEED = int(os.environ.get("CRASH_SEED") or random.SystemRandom().randrange(10**9))
REAL = "kennisbijeenkomst/save-the-date"
KEPT = Account(
    recipients=frozenset({"a@example.nl", "b@example.nl"}),
    resend=True,
    connections=2,
    taken=[
        Taken("a@example.nl", b"<a>", b"A", process=0, connection=0),
        Taken("b@example.nl", b"<b>", b"B", process=0, connection=0),
        Taken("b@example.nl", b"<b>", b"B", process=1, connection=1),
    ],
    unanswered=frozenset({"b@example.nl"}),
    kills=[Killed(process=0, connections=1)],
    ended=0,
    mailing="sent",
    states={"a@example.nl": "sent", "b@example.nl": "sent"},
    doubts=Counter({"b@example.nl": 1}),
    integrity="ok",
)
A, B, AGAIN = KEPT.taken
ONCE = {"taken": [A, B], "resend": False, "states": {"a@example.nl": "sent", "b@example.nl": "in_doubt"}}


def check(account: Account, what: object) -> None:
    broken = broken_promises(account)
    assert not broken, "\n".join([f"seed {SEED}", *broken[:20], str(what)])


async def test_killed_again_and_again_it_goes_on_where_it_was(tmp_path: Path) -> None:
    account = await ordeal(tmp_path, random.Random(SEED), kills=8)
    check(account, said(tmp_path))


@pytest.mark.parametrize("number", range(3))
async def test_killed_once_it_goes_on_where_it_was(tmp_path: Path, number: int) -> None:
    account = await ordeal(tmp_path, random.Random(SEED + 1 + number), kills=1)
    check(account, said(tmp_path))


async def test_what_is_in_doubt_is_held_where_the_setting_says_so(tmp_path: Path) -> None:
    account = await ordeal(tmp_path, random.Random(SEED + 4), kills=8, resend=False)
    check(account, said(tmp_path))


@pytest.mark.parametrize("resend", [True, False])
async def test_killed_while_only_the_last_letters_are_on_their_way(tmp_path: Path, resend: bool) -> None:
    url, witness = await prepare(tmp_path, people=2), Witness()
    async with witness.sink:
        life = Life(folder=tmp_path, url=url, port=witness.sink.port, resend=resend)
        account = await suffer(witness, life, [Death(letters=2, is_answered=False)])
    check(account, said(tmp_path))
    assert account.unanswered


@pytest.mark.parametrize("before", ["INSERT INTO deliveries", "INSERT INTO journal"])
async def test_killed_between_the_claim_and_the_commit_the_mailing_has_not_begun(tmp_path: Path, before: str) -> None:
    url, witness = await prepare(tmp_path, people=20), Witness()
    async with witness.sink:
        life = Life(folder=tmp_path, url=url, port=witness.sink.port)
        death = Death(before=before)
        assert await witness.see(Fork(life, death), death)
        halfway = await witness.account(url, SLUG)
        assert (halfway.mailing, halfway.states, halfway.taken) == ("scheduled", {}, [])
        await witness.see(Fork(life))
        account = await witness.account(url, SLUG)
    check(account, said(tmp_path))
    assert account.repeated() == {}


async def test_asleep_for_longer_than_its_lease_it_repeats_nothing(tmp_path: Path) -> None:
    url, witness = await prepare(tmp_path), Witness()
    async with witness.sink:
        sleeper = Sleeper(Life(folder=tmp_path, url=url, port=witness.sink.port))
        await witness.see(sleeper, Death(letters=random.Random(SEED + 6).randint(1, 350)))
    account = await witness.account(url, SLUG)
    check(account, said(tmp_path))
    assert account.repeated() == {}


OTHER = """
import json, sys
from newsletter.outbox.envelope import message_id
for line in sys.stdin:
    secret, delivery = json.loads(line)
    print(message_id(bytes.fromhex(secret), delivery, "example.nl"), flush=True)
"""
OF_A_STORE = """
import asyncio, sys
from pathlib import Path
from newsletter.app import open_app
from newsletter.outbox.envelope import message_id
from newsletter.settings import Settings

async def main():
    async with open_app(Settings(), Path(sys.argv[1])) as app:
        print([message_id(app.sending.secret, number, "example.nl") for number in range(300)])

asyncio.run(main())
"""


def another(script: str, *arguments: str, hash_seed: int) -> "subprocess.Popen[str]":
    """A Python of its own, in which sets and dictionaries of strings are in another order."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        env=environment(PYTHONHASHSEED=str(hash_seed)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def other_process() -> Iterator["subprocess.Popen[str]"]:
    with another(OTHER, hash_seed=1) as process:
        yield process


@given(secret=st.binary(min_size=32, max_size=32), delivery=st.integers(0, 2**63 - 1))
def test_a_delivery_has_the_same_message_id_in_every_process(
    other_process: "subprocess.Popen[str]", secret: bytes, delivery: int
) -> None:
    assert other_process.stdin is not None
    assert other_process.stdout is not None
    other_process.stdin.write(json.dumps([secret.hex(), delivery]) + "\n")
    other_process.stdin.flush()
    assert other_process.stdout.readline() == message_id(secret, delivery, "example.nl") + "\n"


def test_processes_that_start_on_an_empty_store_at_once_make_the_same_message_ids(tmp_path: Path) -> None:
    processes = [another(OF_A_STORE, str(tmp_path), hash_seed=seed) for seed in (1, 2)]
    first, second = [process.communicate(timeout=60)[0] for process in processes]
    third = another(OF_A_STORE, str(tmp_path), hash_seed=3).communicate(timeout=60)[0]
    assert first == second == third
    assert len(set(json.loads(first.replace("'", '"')))) == 300


class Service:
    """`newsletter run` in a folder."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def kill(self) -> None:
        self.process.kill()

    async def wait(self) -> int:
        return await self.process.wait()


async def test_the_command_itself_is_killed_while_it_starts_and_while_it_sends(folder: Folder) -> None:
    chance, witness = random.Random(SEED + 5), Witness()
    deaths = [
        Death(seconds=chance.uniform(0, 0.3)),
        Death(letters=chance.randint(1, 50), is_answered=False),
        Death(letters=chance.randint(1, 50), seconds=chance.uniform(0, 0.01)),
    ]
    async with witness.sink:
        await asyncio.to_thread(scheduled, folder, witness.sink.port)
        for death in deaths:
            running = await folder.start("run")
            await wait_for_line(running, "running")
            assert await witness.see(Service(running), death)
        running = await folder.start("run")
        finishing = asyncio.create_task(witness.see(Service(running)))
        await wait_for_line(running, f"{REAL}: sent")
        running.terminate()
        await finishing
    account = await witness.account(f"sqlite:///{folder.path}/var/newsletter.sqlite", REAL)
    check(account, deaths)


def scheduled(folder: Folder, port: int) -> None:
    """A mailing that is due at the first start."""
    rows = "".join(f"persoon{number}@example.nl;Persoon {number}\n" for number in range(200))
    (folder.path / "recipients/voorbeeld.csv").write_text("e-mail;naam\n" + rows)
    folder.settings |= {
        "NEWSLETTER_SMTP__HOST": "127.0.0.1",
        "NEWSLETTER_SMTP__PORT": str(port),
        "NEWSLETTER_SCHEDULE__REFRESH_SECONDS": "0.2",
        "NEWSLETTER_SCHEDULE__LEASE_SECONDS": "5",
        "NEWSLETTER_SCHEDULE__UNDO_SECONDS": "0",
    }
    folder.write_own_texts()
    folder.run("recipients", "import", "recipients/voorbeeld.csv")
    folder.run("event", "import", "events/kennisbijeenkomst.md")
    folder.run("mailing", "schedule", REAL, "--at", "now", "--recipients", "200")


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, ""),
        (ONCE, ""),
        ({"taken": [B, AGAIN]}, "a@example.nl got no letter and is sent"),
        ({"taken": [A, B, AGAIN, A._replace(recipient="c@example.nl")]}, "c@example.nl got a letter and is on no list"),
        (ONCE | {"taken": [B], "states": {"b@example.nl": "in_doubt"}}, "a@example.nl got no letter and is without"),
        ({"resend": False}, "b@example.nl got 2 letters, though what is in doubt is held"),
        ({"taken": [A, B, AGAIN._replace(message_id=b"<c>")]}, "b@example.nl got letters with different Message-IDs"),
        ({"taken": [A, B, AGAIN._replace(digest=b"C")]}, "b@example.nl got letters with different bytes"),
        ({"taken": [B, A, AGAIN]}, "b@example.nl got a second letter, though process 0 had gone on after the first"),
        ({"kills": [Killed(0, 0)]}, "1 letters of process 0 came again; it had 0 connections"),
        ({"kills": [Killed(1, 1)]}, "1 letters of process 0 came again; it had 0 connections"),
        ({"ended": -9}, "the last process did not end in order, but with exit code -9"),
        ({"states": {"a@example.nl": "sent", "b@example.nl": "sending"}}, "b@example.nl is left sending"),
        ({"states": {"a@example.nl": "sent", "b@example.nl": "in_doubt"}}, "b@example.nl is left in_doubt"),
        ({"mailing": "sending"}, "the mailing is left sending"),
        ({"integrity": "row 3 missing"}, "the store is damaged: row 3 missing"),
        ({"doubts": Counter({"b@example.nl": 3})}, "3 letters were in doubt, with 2 connections at most"),
        ({"doubts": Counter()}, "the letter to b@example.nl had no answer, and never was in doubt"),
        ({"doubts": Counter(), "unanswered": frozenset()}, "b@example.nl got 2 letters, 0 of them noted as in doubt"),
        (ONCE | {"doubts": Counter(), "unanswered": frozenset()}, "b@example.nl is in doubt, and no attempt says so"),
    ],
)
def test_a_broken_promise_is_noticed(changes: dict[str, Any], broken: str) -> None:
    found = broken_promises(replace(KEPT, **changes))
    assert any(broken in sentence for sentence in found) if broken else found == []
