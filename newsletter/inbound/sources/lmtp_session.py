"""Stage 6: one conversation of a mail server with us (RFC 2033).

In: commands, several at once where the mail server likes (RFC 2920). Out: answers; after a message one for each of its
recipients, "250" only when it is in the store.
"""

import asyncio
import hashlib
import re
from typing import Final

from newsletter.inbound.incoming import Incoming, Take
from newsletter.inbound.sources.reading import Memory

#: Seconds that a mail server may be silent (RFC 5321 §4.5.3.2.7).
SILENCE: Final = 300
#: Recipients of one message (RFC 5321 §4.5.3.1.8 asks for 100), and wrong commands of one conversation.
RECIPIENTS, MISTAKES = 1000, 20
_PATH = r'<((?:"(?:[^"\\]|\\.)*"|[^<>"\s])*)>'
_MAIL = re.compile(rf"FROM: ?{_PATH}((?: \S+)*) *", re.I)
_RCPT = re.compile(rf"TO: ?{_PATH}((?: \S+)*) *", re.I)
_SIZE = re.compile(r"SIZE=(\d{1,20})", re.I)


class LmtpSession:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        take: Take,
        memory: Memory,
    ) -> None:
        self._reader, self._writer, self._take, self._memory = reader, writer, take, memory
        self._is_greeted = self._is_busy = self._is_stopping = False
        self._mistakes = 0
        self._reset()

    def stop(self) -> bool:
        """End after what is being done; False where it only waits for a command."""
        self._is_stopping = True
        return self._is_busy

    async def run(self) -> None:
        """Converse until the mail server leaves."""
        try:
            self._answer("220 newsletter LMTP")
            while not self._is_stopping:
                line = await self._line()
                if line is None or not await self._obey(line):
                    break
            if self._is_stopping:
                self._answer("421 4.3.2 we are ending; try again later")
            await self._writer.drain()
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # it has gone; what we said that we have, we have

    def _reset(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def _answer(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace"))

    async def _line(self) -> str | None:
        """A command; None where there are no more."""
        try:
            async with asyncio.timeout(SILENCE):
                await self._writer.drain()
                raw = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            self._answer("500 5.5.2 that line has no end")
            return None
        except asyncio.IncompleteReadError:
            return None
        return raw.rstrip(b"\r\n").decode("utf-8", "replace")

    async def _obey(self, line: str) -> bool:
        """Do what a command says; whether the conversation goes on."""
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "QUIT":
                self._answer("221 2.0.0 bye")
                return False
            case "DATA":
                return await self._data()
            case "LHLO" if rest.strip():
                self._greet()
            case "MAIL":
                self._mail(rest)
            case "RCPT":
                self._rcpt(rest)
            case "RSET":
                self._reset()
                self._answer("250 2.0.0 forgotten")
            case "NOOP":
                self._answer("250 2.0.0 yes")
            case "VRFY":
                self._answer("252 2.5.2 send it, and see")
            case "LHLO":
                self._refuse("501 5.5.4 say who you are")
            case _:  # HELO and EHLO among them (RFC 2033 §4.1)
                self._refuse("500 5.5.1 we speak LMTP, and do not know that command")
        if self._mistakes > MISTAKES:
            self._answer("421 4.7.0 too many mistakes")
            return False
        return True

    def _refuse(self, answer: str) -> None:
        self._mistakes += 1
        self._answer(answer)

    def _greet(self) -> None:
        self._reset()
        self._is_greeted = True
        # RFC 2033 §5: PIPELINING and ENHANCEDSTATUSCODES are a must, 8BITMIME a should.
        offered = ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", f"SIZE {self._memory.largest}")
        self._answer("250-newsletter", *(f"250-{one}" for one in offered[:-1]), f"250 {offered[-1]}")

    def _mail(self, rest: str) -> None:
        found = _MAIL.fullmatch(rest)
        if not self._is_greeted or self._sender is not None:
            self._refuse("503 5.5.1 not now")
        elif found is None:
            self._refuse("501 5.5.4 write MAIL FROM:<address>")
        elif (size := _SIZE.search(found[2])) and int(size[1]) > self._memory.largest:
            self._answer(f"552 5.3.4 more than {self._memory.largest} bytes are not taken")
        else:
            self._sender = found[1]
            self._answer("250 2.1.0 go on")

    def _rcpt(self, rest: str) -> None:
        """Any address: what is ours was decided by the mail server that hands it to us."""
        found = _RCPT.fullmatch(rest)
        if self._sender is None:
            self._refuse("503 5.5.1 MAIL comes first")
        elif found is None or not found[1]:
            self._refuse("501 5.5.4 write RCPT TO:<address>")
        elif len(self._recipients) >= RECIPIENTS:
            self._answer("452 4.5.3 no more recipients at once")
        else:
            self._recipients.append(found[1])
            self._answer("250 2.1.5 go on")

    async def _data(self) -> bool:
        if not self._recipients or self._sender is None:
            self._refuse("503 5.5.1 no recipients")  # RFC 2033 §4.2
            return self._mistakes <= MISTAKES
        self._answer("354 end it with a dot")
        await self._writer.drain()
        raw = await self._content()
        self._is_busy = True
        try:
            answer = await self._keep(raw) if raw is not None else "552 5.3.4 that is larger than we take"
            self._answer(*[answer] * len(self._recipients))
            await self._writer.drain()
        finally:
            self._is_busy = False
        self._reset()
        return True

    async def _content(self) -> bytes | None:
        """The message without its dots; None where it is too large, and then none of it is kept.

        Only CRLF ends a line: what a mail server took for text must not end the message here (CVE-2023-51764).
        """
        content, is_whole, is_start = bytearray(), True, True
        while True:
            async with asyncio.timeout(SILENCE):
                piece, has_ended = await self._piece()
            if is_start and piece == b".\r\n" and has_ended:
                return bytes(content) if is_whole else None
            content += piece[1:] if is_start and piece.startswith(b".") else piece
            is_start = has_ended
            if len(content) > self._memory.largest:
                is_whole = False
                content.clear()

    async def _piece(self) -> tuple[bytes, bool]:
        """A line, or a part of one that is too long; and whether it ends here."""
        try:
            return await self._reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as error:
            return await self._reader.readexactly(error.consumed), False

    async def _keep(self, raw: bytes) -> str:
        recipients = tuple(self._recipients)
        incoming = Incoming(
            source="lmtp",
            key=_key(raw, recipients),
            raw=raw,
            received_at=self._memory.clock(),
            address=self._memory.address,
            envelope_to=recipients,
            envelope_from=self._sender,
        )
        try:
            await self._take(incoming)
        except Exception:  # the mail server keeps it, and comes back
            return "451 4.3.0 it cannot be stored now; try again later"
        return "250 2.0.0 stored"


def _key(raw: bytes, recipients: tuple[str, ...]) -> str:
    """The same for the same message handed to us again, as when our answer was lost."""
    digest = hashlib.sha256(raw)
    for recipient in recipients:
        digest.update(b"\0" + recipient.encode("utf-8", "replace"))
    return digest.hexdigest()
