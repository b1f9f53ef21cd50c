"""Processes that send, and are killed at random moments: what the crash test and the crash benchmark share.

In: a random generator. Out: an `Account` of who got what, for `tests.promises` to judge.

A process here does all that `newsletter run` does. It is forked from one that has imported everything, so that it is
soon at work; its lease is one second, so that the next one soon has what it held.
"""

import asyncio
import hashlib
import itertools
import logging
import multiprocessing
import os
import random
import re
import signal
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy import event as engine_event
from sqlalchemy import select, text
from sqlalchemy.engine import Engine

from newsletter.app import open_app
from newsletter.cli.console import quick_loop
from newsletter.outbox.control import schedule
from newsletter.outbox.outcome import OutcomeKind
from newsletter.schedule.runner import Runner
from newsletter.settings import Mail, Settings, Smtp, Store
from newsletter.store import mailings
from newsletter.store.database import open_database
from newsletter.store.tables import attempts, deliveries, subscribers
from tests.promises import Account, Killed, Taken
from tests.sink import Letter, Sink
from tests.world import EVENT_SLUG, event, fill

SLUG = f"{EVENT_SLUG}/reminder"
CONNECTIONS, PEOPLE = 4, 400
LEASE, REFRESH = timedelta(seconds=1), timedelta(seconds=0.1)
#: The mail server is a little way off, in seconds, so that no process is done with everything before its death.
DELAY = 0.004
#: Seconds after which a process that has not ended never will, and is killed.
PATIENCE = 40
#: About so many statements to the store a process makes before its first letters are on their way.
STATEMENTS = 60
TEMPLATE = {
    "subject.txt": "Tot ziens\n",
    "letter.html": "<!doctype html>\n<html lang=nl><body><p>Beste [[ subscriber.name ]],</p>\n"
    '<a href="[[ links.unsubscribe ]]">Afmelden</a></body></html>\n',
    "letter.txt": "Beste [[ subscriber.name ]],\n\nAfmelden: [[ links.unsubscribe ]]\n",
}
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)
SAID = "said.txt"

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Death(NamedTuple):
    """The moment at which a process is killed."""

    letters: int = 0  #: after the server has taken so many letters from it (0: after its start) …
    is_answered: bool = True  #: … and has answered the last of them, or has not
    seconds: float = 0  #: so long after that
    statement: int = 0  #: instead: just before this statement to the store or this commit, counted from 1 …
    before: str = ""  #: … or just before the first that begins like this


def any_death(chance: random.Random) -> Death:
    """Most of them while letters leave, some while the mailing fires or a new process finds its way."""
    kind = chance.choices(["not answered", "answered", "time", "statement"], weights=[4, 3, 2, 2])[0]
    letters = chance.randint(1, 60)
    if kind == "not answered":
        return Death(letters=letters, is_answered=False)
    if kind == "answered":
        return Death(letters=letters, seconds=chance.uniform(0, 0.01))
    if kind == "time":
        return Death(seconds=chance.uniform(0, 0.6))
    return Death(statement=chance.randint(1, STATEMENTS))


class Victim(Protocol):
    """A process that may be killed."""

    def kill(self) -> None:
        """SIGKILL."""

    async def wait(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""


class Witness:
    """A mail server that knows from which process it took a letter, and kills it in time."""

    def __init__(self) -> None:
        self.sink = Sink(self._take, delay=DELAY)
        self.taken: list[Taken] = []
        self.kills: list[Killed] = []
        self.unanswered: set[str] = set()  #: recipients whose letter had no answer, because of a kill
        self.ended = 0
        self._processes, self._count = 0, 0
        self._victim: Victim | None = None
        self._death: Death | None = None
        self._reached = asyncio.Event()

    async def see(self, victim: Victim, death: Death | None = None) -> bool:
        """Let a process live until its end or its death; whether it was killed."""
        before = len(self.sink.connections)
        self._victim, self._death, self._count = victim, death, 0
        self._reached.clear()
        ending = asyncio.create_task(victim.wait())
        killing = asyncio.create_task(self._kill(victim, death)) if death else None
        _, unending = await asyncio.wait([ending], timeout=PATIENCE)
        if unending:
            victim.kill()
            death = None
        self.ended = await ending
        if killing is not None:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        await self.sink.all_gone()
        was_killed = death is not None and self.ended == -signal.SIGKILL
        if was_killed:
            left = sum(not one.said_quit for one in self.sink.connections[before:])
            self.kills.append(Killed(self._processes, left))
        self._processes += 1
        return was_killed

    async def account(self, url: str, slug: str, *, resend: bool = True, connections: int = CONNECTIONS) -> Account:
        """Ask the store what it knows, now that nobody sends any more."""
        database = await open_database(url)
        try:
            async with database.read() as tx:
                row = await mailings.get_mailing(tx, slug)
                mine = deliveries.join(subscribers)
                states = select(subscribers.c.address, deliveries.c.state).select_from(mine)
                doubts = select(subscribers.c.address).select_from(mine.join(attempts))
                doubts = doubts.where(attempts.c.kind == OutcomeKind.IN_DOUBT.value)
                return Account(
                    recipients=frozenset(await tx.scalars(select(subscribers.c.address))),
                    resend=resend,
                    connections=connections,
                    taken=self.taken,
                    unanswered=frozenset(self.unanswered),
                    kills=self.kills,
                    ended=self.ended,
                    mailing=row.state.value,
                    states={address: state for address, state in await tx.execute(states)},
                    doubts=Counter(await tx.scalars(doubts)),
                    integrity="; ".join(await tx.scalars(text("PRAGMA integrity_check"))),
                )
        finally:
            await database.close()

    def _take(self, letter: Letter) -> bool:
        found, digest = MESSAGE_ID.search(letter.content), hashlib.sha256(letter.content).digest()
        message_id = found[1] if found else b""
        self.taken.append(Taken(letter.recipient, message_id, digest, self._processes, letter.connection))
        self._count += 1
        if self._victim is None or self._death is None or self._count != self._death.letters:
            return True
        self._reached.set()
        if not self._death.is_answered:
            self.unanswered.add(letter.recipient)
            self._victim.kill()
        return self._death.is_answered

    async def _kill(self, victim: Victim, death: Death) -> None:
        if death.statement or death.before or not death.is_answered:
            return  # it does so itself, or `_take` does
        if death.letters:
            await self._reached.wait()
        await asyncio.sleep(death.seconds)
        victim.kill()


@dataclass(frozen=True, kw_only=True)
class Life:
    """What a process of ours is given."""

    folder: Path
    url: str
    port: int  #: of the mail server
    resend: bool = True


class Fork:
    """A process of ours, forked from one that has imported everything."""

    def __init__(self, life: Life, death: Death | None = None) -> None:
        self._process = _FORKS.Process(target=live, args=(life, death), daemon=True)
        self._process.start()

    def kill(self) -> None:
        self._process.kill()

    async def wait(self) -> int:
        await asyncio.to_thread(self._process.join)
        assert self._process.exitcode is not None
        return self._process.exitcode


class Sleeper(Fork):
    """The same on a machine that goes to sleep: instead of being killed it stands still, once, beyond its lease."""

    _has_slept = False

    def kill(self) -> None:
        pid = self._process.pid
        if self._has_slept or pid is None:
            super().kill()
            return
        self._has_slept = True
        os.kill(pid, signal.SIGSTOP)
        asyncio.get_running_loop().call_later(LEASE.total_seconds() * 1.5, lambda: os.kill(pid, signal.SIGCONT))


def live(life: Life, death: Death | None = None) -> None:
    """Do what `newsletter run` does, until the mailing is sent; kill this process where `death` is at a statement."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns where a busy machine leaves out a look
    if death is not None:
        _die_at(death)
    with asyncio.Runner(loop_factory=quick_loop) as runner:
        runner.run(_live(life))


async def _live(life: Life) -> None:
    settings = Settings(
        store=Store(url=life.url),
        smtp=Smtp(host="127.0.0.1", port=life.port, connections=CONNECTIONS),
        mail=Mail(public_url="https://nieuwsbrief.example.nl", resend_in_doubt=life.resend),
    )

    def say(sentence: str) -> None:
        with (life.folder / SAID).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {sentence}\n")
        if f"{SLUG}: sent" in sentence:
            runner.stop()

    async with open_app(settings, life.folder) as app:
        runner = Runner(replace(app.sending, lease=LEASE), app.templates, refresh=REFRESH, say=say)
        await runner.run()


def _die_at(death: Death) -> None:
    numbers = itertools.count(1)

    def look(_connection: Any, _cursor: Any = None, statement: str = "COMMIT", *_: Any) -> None:
        if statement.startswith(death.before) if death.before else next(numbers) == death.statement:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "commit"):
        engine_event.listen(Engine, name, look)


async def prepare(folder: Path, *, people: int = PEOPLE) -> str:
    """A store, in an empty folder, with a mailing that is due to so many people; its URL."""
    for name, content in TEMPLATE.items():
        file = folder / "templates/reminder" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    url = f"sqlite:///{folder}/store.sqlite"
    async with open_app(Settings(store=Store(url=url)), folder) as app:
        now = app.clock()
        start = now.replace(tzinfo=None, microsecond=0) + timedelta(days=180)
        ahead = replace(event(), start=start, end=start + timedelta(hours=3), programme=())
        await fill(app.database, people=people, happening=ahead)
        await schedule(app.database, app.templates, SLUG, recipients=people, now=now, at=now)
    return url


async def suffer(witness: Witness, life: Life, deaths: Iterable[Death]) -> Account:
    """Processes are killed one after another, and one more finishes; or sooner, if one finishes before its death."""
    for death in deaths:
        if not await witness.see(Fork(life, death), death):
            break
    else:
        await witness.see(Fork(life))
    return await witness.account(life.url, SLUG, resend=life.resend)


async def ordeal(folder: Path, chance: random.Random, *, kills: int, resend: bool = True) -> Account:
    """One store in an empty folder, and so many kills."""
    url, witness = await prepare(folder), Witness()
    async with witness.sink:
        life = Life(folder=folder, url=url, port=witness.sink.port, resend=resend)
        return await suffer(witness, life, (any_death(chance) for _ in range(kills)))


def said(folder: Path) -> str:
    """What the processes of this folder said."""
    file = folder / SAID
    return file.read_text(encoding="utf-8") if file.exists() else "nothing"
