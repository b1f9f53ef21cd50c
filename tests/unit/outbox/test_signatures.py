"""Signatures that processes make beside the worker: the same ones, in the same order, whatever becomes of them."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes

import psutil  # type: ignore[import-untyped]
import pytest

from newsletter.compose.dkim import Signer
from newsletter.compose.dkim_keys import Key, KeyType, new_key
from newsletter.outbox.signatures import Signatures, processes_for
from newsletter.outbox.worker import Worker
from tests.mail_system import wait_until
from tests.unit.conftest import World
from tests.unit.outbox.test_sending import start

RSA, OTHER = (new_key("example.nl", name, KeyType.RSA) for name in ("one", "two"))
ED25519 = new_key("example.nl", "three", KeyType.ED25519)


def helpers() -> list[psutil.Process]:
    """Our processes that sign."""
    ours = psutil.Process().children()
    return [one for one in ours if one.is_running() and "newsletter.compose.signing" in one.cmdline()]


@pytest.fixture
async def signatures() -> AsyncIterator[Signatures]:
    made = Signatures([RSA, OTHER, ED25519], 1, long=10)
    yield made
    await made.close()


def digests(*keys: Key, count: int = 8) -> list[tuple[Key, bytes]]:
    return [(key, b"%032d" % number) for number in range(count) for key in keys]


async def use(signatures: Signatures) -> psutil.Process:
    """Ask for so many that a process starts; it."""
    await signatures.of(digests(RSA, count=11))
    await asyncio.to_thread(wait_until, lambda: bool(helpers()), "no process has started")
    [helper] = helpers()
    return helper


async def is_ready(signatures: Signatures) -> None:
    """Ask until the process is asked."""
    async with asyncio.timeout(20):
        while True:
            asked = asyncio.create_task(signatures.of(digests(RSA)))
            await asyncio.sleep(0)
            if any(helper.asked for helper in signatures._helpers):
                await asked
                return
            await asked


async def test_a_process_makes_the_same_signatures_in_the_same_order(signatures: Signatures) -> None:
    await use(signatures)
    await is_ready(signatures)
    several = [digests(RSA, count=3), digests(OTHER, RSA), digests(ED25519, RSA, OTHER), [], digests(ED25519)]
    found = await asyncio.gather(*(signatures.of(one) for one in several))
    assert found == [[key.sign(digest) for key, digest in one] for one in several]


async def test_a_short_mailing_starts_no_process(signatures: Signatures) -> None:
    assert await signatures.of(digests(RSA, count=10)) == [key.sign(digest) for key, digest in digests(RSA, count=10)]
    await asyncio.sleep(0)
    assert not helpers()


@pytest.mark.parametrize(("keys", "processes"), [([RSA], 0), ([ED25519], 2), ([], 2)])
async def test_without_a_second_core_or_an_rsa_key_there_is_no_process(keys: list[Key], processes: int) -> None:
    signatures = Signatures(keys, processes, long=0)
    assert signatures.batches == 1
    assert await signatures.of(digests(*keys)) == [key.sign(digest) for key, digest in digests(*keys)]
    await asyncio.sleep(0)
    assert not helpers()
    await signatures.close()


async def test_where_the_process_is_killed_the_letters_are_signed_all_the_same(signatures: Signatures) -> None:
    helper = await use(signatures)
    await is_ready(signatures)
    asked = [asyncio.create_task(signatures.of(digests(RSA, count=64))) for _ in range(4)]
    await asyncio.sleep(0)
    helper.kill()
    wanted = [RSA.sign(digest) for _, digest in digests(RSA, count=64)]
    assert await asyncio.gather(*asked) == [wanted] * 4
    assert await signatures.of(digests(RSA, count=64)) == wanted


async def test_who_gives_up_waiting_leaves_nothing_behind_for_the_next(signatures: Signatures) -> None:
    helper = await use(signatures)
    await is_ready(signatures)
    asked = asyncio.create_task(signatures.of(digests(OTHER, count=64)))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    assert await signatures.of(digests(RSA)) == [RSA.sign(digest) for _, digest in digests(RSA)]
    await signatures.close()
    assert not helper.is_running()


async def test_who_waits_behind_one_that_gives_up_gets_signatures_of_their_own(signatures: Signatures) -> None:
    helper = await use(signatures)
    await is_ready(signatures)
    helper.suspend()
    first = asyncio.create_task(signatures.of(digests(OTHER, count=64)))
    second = asyncio.create_task(signatures.of(digests(RSA, count=64)))
    for _ in range(3):
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    helper.resume()
    assert await second == [RSA.sign(digest) for _, digest in digests(RSA, count=64)]


async def test_where_the_process_does_not_answer_the_letters_are_signed_all_the_same(
    signatures: Signatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = await use(signatures)
    await is_ready(signatures)
    monkeypatch.setattr("newsletter.outbox.signatures.PATIENCE", 0.1)
    helper.suspend()
    assert await signatures.of(digests(RSA)) == [RSA.sign(digest) for _, digest in digests(RSA)]
    await signatures.close()
    assert not helper.is_running()


async def test_the_process_ends_with_the_work_and_starts_again_with_the_next(signatures: Signatures) -> None:
    first = await use(signatures)
    await signatures.close()
    assert not first.is_running()
    second = await use(signatures)
    assert second.pid != first.pid


DYING = """
import asyncio, os, signal
from newsletter.compose.dkim_keys import KeyType, new_key
from newsletter.outbox.signatures import Signatures
import psutil

async def main():
    key = new_key("example.nl", "one", KeyType.RSA)
    signatures = Signatures([key], 1, long=0)
    await signatures.of([(key, bytes(32))])
    while not (found := psutil.Process().children()):
        await asyncio.sleep(0)
    print(found[0].pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def has_ended(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def test_a_process_whose_worker_is_killed_ends() -> None:
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, stdout=asyncio.subprocess.PIPE)
    said, _ = await worker.communicate()
    assert worker.returncode == -signal.SIGKILL
    wait_until(lambda: has_ended(int(said)), "its process goes on")


@pytest.mark.parametrize(("cores", "processes"), [(1, 0), (2, 1), (4, 3), (64, 3)])
def test_as_many_processes_as_cores_are_left(cores: int, processes: int) -> None:
    assert processes_for(cores) == processes


async def test_a_long_mailing_that_processes_sign_goes_to_everybody_once(world: World) -> None:
    await start(world, 700)
    key = new_key("nieuwsbrief.example.nl", "s1", KeyType.RSA)
    seen = []
    async with world.server() as (server, sending):
        signing = replace(sending, signers={key.domain: Signer([key])}, signing_processes=2)
        await Worker(signing, on_settled=lambda _state: seen.append(len(helpers()))).drain()
    assert Counter(recipient for _, recipient, _ in server.letters) == Counter(
        f"person-{number}@example.nl" for number in range(700)
    )
    signer = Signer([key])
    for _, _, letter in server.letters:
        field, _, unsigned = letter.partition(b"\r\nFrom: ")
        assert field.startswith(b"DKIM-Signature: ")
        assert signer.sign(b"From: " + unsigned) == letter
    assert len({message_from_bytes(letter)["Message-ID"] for _, _, letter in server.letters}) == 700
    assert max(seen) > 0
    assert not helpers()
