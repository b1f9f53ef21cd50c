"""An IMAP server on loopback that does what a test tells it to: real sockets, real IMAP (RFC 9051), no library of ours.

It serves one mailbox, speaks just enough, and can refuse, hang up, lie or stay silent at any command.
"""

import asyncio
import base64
import datetime as dt
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HANG_UP = "hang up"
SILENCE = "silence"
#: The line of a command without its tag -> what is said instead: lines that end with the tagged one, or the above.
Answer = Callable[[str], str | None]
USUAL = ("IMAP4rev1", "AUTH=PLAIN", "SASL-IR", "IDLE")


@dataclass
class Message:
    raw: bytes
    at: dt.datetime
    flags: tuple[str, ...] = ("\\Recent",)


@dataclass
class Server:
    """What the server has and what it heard."""

    port: int = 0
    capabilities: tuple[str, ...] = USUAL
    validity: int = 7
    next_uid: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    folders: tuple[str, ...] = ("INBOX",)
    commands: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)  #: what came before TLS, where there is TLS
    secrets: list[str] = field(default_factory=list)  #: what was presented at a login, decoded
    connections: int = 0
    idling: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Answer = lambda _line: None
    tells: bool = True  #: idling clients of new mail
    is_chatty: bool = False  #: tells whoever begins to idle how many messages there are
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def drop(self) -> None:
        """Lose all connections."""
        for writer in self.writers:
            writer.transport.abort()

    async def wait_until_idling(self) -> None:
        while not self.idling:
            self.heard.clear()
            await self.heard.wait()

    def add(self, raw: bytes, *, at: dt.datetime | None = None) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.messages[uid] = Message(raw, at or dt.datetime.now(dt.UTC))
        self.changed.set()
        self.changed = asyncio.Event()
        return uid

    async def wait_for(self, count: int, verb: str) -> None:
        """Until so many commands of a kind were heard."""
        while sum(line.startswith(verb) for line in self.commands) < count:
            self.heard.clear()
            await self.heard.wait()


class _Session:
    def __init__(
        self, server: Server, tls: ssl.SSLContext | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self.tls, self.reader, self.writer = server, tls, reader, writer
        self.told = 0
        self.is_open = False

    async def say(self, *lines: str | bytes) -> None:
        for line in lines:
            self.writer.write((line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape")) + b"\r\n")
        await self.writer.drain()

    async def run(self) -> None:
        greeting = self.server.answer("CONNECT")
        if greeting == HANG_UP:
            return
        await self.say(greeting or "* OK ready")
        while raw := await self.reader.readline():
            tag, _, line = raw.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            self.server.commands.append(line)
            if self.tls is not None and self.writer.get_extra_info("ssl_object") is None:
                self.server.in_clear.append(line)
            self.server.heard.set()
            wanted = self.server.answer(line)
            if wanted == HANG_UP:
                return
            if wanted == SILENCE:
                await asyncio.Event().wait()
            if wanted is not None:
                await self.say(*wanted.replace("TAG", tag).split("\n"))
                continue
            if not await self.obey(tag, line):
                return

    async def obey(self, tag: str, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        server = self.server
        if verb == "CAPABILITY":
            await self.say(f"* CAPABILITY {' '.join(server.capabilities)}")
        elif verb == "STARTTLS" and self.tls is not None:
            await self.say(f"{tag} OK begin TLS")
            await self.writer.start_tls(self.tls)
            return True
        elif verb == "LOGIN":
            await self.login(rest)
        elif verb == "AUTHENTICATE":
            mechanism, _, response = rest.partition(" ")
            if not response:
                await self.say("+ ")
                response = (await self.reader.readline()).decode().strip()
            server.secrets.append(base64.b64decode(response).decode())
            refusal = server.answer(f"PRESENTED {mechanism} {server.secrets[-1]}")
            if refusal is not None:
                challenge, _, refusal = refusal.rpartition("\n")
                if challenge:
                    await self.say(challenge)
                    server.commands.append("ANSWER " + (await self.reader.readline()).decode().strip())
                await self.say(refusal.replace("TAG", tag))
                return True
        elif verb in ("EXAMINE", "SELECT"):
            if rest.strip('"') not in server.folders:
                await self.say(f"{tag} NO [NONEXISTENT] no such folder")
                return True
            self.told = len(server.messages)
            await self.say(
                f"* {self.told} EXISTS",
                f"* OK [UIDVALIDITY {server.validity}] valid",
                f"* OK [UIDNEXT {server.next_uid}] next",
            )
        elif verb == "LIST":
            await self.say(*(f'* LIST (\\HasNoChildren) "/" "{name}"' for name in server.folders))
        elif verb == "IDLE":
            await self.idle(tag)
            return True
        elif line.startswith("UID SEARCH"):
            await self.search(line.removeprefix("UID SEARCH "))
        elif line.startswith("UID FETCH"):
            await self.fetch(line.removeprefix("UID FETCH "))
        elif verb == "LOGOUT":
            await self.say("* BYE", f"{tag} OK bye")
            return False
        elif verb != "NOOP":
            await self.say(f"{tag} BAD unknown")
            return True
        await self.say(f"{tag} OK done")
        return True

    async def login(self, rest: str) -> None:
        while found := re.search(r"\{(\d+)\}$", rest):
            await self.say("+ go on")
            literal = (await self.reader.readexactly(int(found[1]))).decode()
            rest = rest[: found.start()] + literal + (await self.reader.readline()).decode().rstrip("\r\n")
        self.server.secrets.append(rest)

    async def idle(self, tag: str) -> None:
        server = self.server
        # In one packet with what is new already, as Dovecot does it.
        news = server.is_chatty or (server.tells and len(server.messages) != self.told)
        self.told = len(server.messages)
        await self.say(f"+ idling\r\n* {self.told} EXISTS" if news else "+ idling")
        server.idling += 1
        server.heard.set()
        done = asyncio.ensure_future(self.reader.readline())
        try:
            while not done.done():
                changed = asyncio.ensure_future(server.changed.wait())
                await asyncio.wait({done, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                if not done.done() and server.tells and len(server.messages) != self.told:
                    self.told = len(server.messages)
                    await self.say(f"* {self.told} EXISTS")
            assert done.result() in (b"DONE\r\n", b"")
        finally:
            server.idling -= 1
            done.cancel()
        server.commands.append("DONE")
        server.heard.set()
        await self.say(f"{tag} OK idled")

    async def search(self, what: str) -> None:
        messages = self.server.messages
        if what.startswith("SINCE"):
            day = dt.datetime.strptime(what.split()[1], "%d-%b-%Y").date()
            found = [uid for uid, message in messages.items() if message.at.date() >= day]
        elif what.startswith("UID"):
            low = int(what.split()[1].partition(":")[0])
            # The last one is named even where it is below (RFC 9051 §9, seq-range).
            found = [uid for uid in messages if uid >= low] or sorted(messages)[-1:]
        else:
            found = list(messages)
        await self.say(" ".join(["* SEARCH", *map(str, found)]))

    async def fetch(self, what: str) -> None:
        uids, _, items = what.partition(" ")
        for uid in map(int, uids.split(",")):
            message = self.server.messages.get(uid)
            if message is None:
                continue
            number = sorted(self.server.messages).index(uid) + 1
            if found := re.search(r"BODY\.PEEK\[\]<0\.(\d+)>", items):
                raw = message.raw[: int(found[1])]
                head = f"* {number} FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}".encode()
                await self.say(head + b"\r\n" + raw + b")")
            else:
                if "BODY[" in items or "RFC822 " in items:
                    message.flags = ("\\Seen",)
                date = f"{message.at:%d-%b-%Y %H:%M:%S +0000}"
                await self.say(f'* {number} FETCH (UID {uid} RFC822.SIZE {len(message.raw)} INTERNALDATE "{date}")')


@asynccontextmanager
async def imap_server(
    answer: Answer = lambda _line: None,
    *,
    capabilities: tuple[str, ...] = USUAL,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
) -> AsyncIterator[Server]:
    """Serve while the block runs. With `tls` it offers STARTTLS, or speaks TLS from the first byte."""
    offered = (*capabilities, "STARTTLS") if tls and not implicit_tls else capabilities
    server = Server(answer=answer, capabilities=offered)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.writers.add(writer)
        try:
            await _Session(server, tls, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass  # the client has gone, or the test has ended
        finally:
            tasks.discard(task)
            server.writers.discard(writer)
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**24, ssl=tls if implicit_tls else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()
