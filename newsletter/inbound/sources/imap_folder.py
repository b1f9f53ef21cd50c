"""Stage 6: the questions that are asked about an IMAP folder; none of them changes it.

In: a conversation with the server. Out: numbers, sizes and the bytes of messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.errors import InboundError
from newsletter.inbound.sources.imap_syntax import (
    decode_folder,
    encode_folder,
    fetched,
    internal_date,
    number,
    quoted,
    search_date,
)
from newsletter.inbound.sources.imap_wire import Answer, ImapWire, RefusedError


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is open for reading only."""

    wire: ImapWire
    validity: int
    next_uid: int  #: 0 where the server does not say

    async def highest(self) -> int:
        """The UID of the last message that there was when it was opened; 0 where there was none."""
        if self.next_uid:
            return self.next_uid - 1
        return max(await self._search(b"ALL"), default=0)

    async def above(self, uid: int) -> list[int]:
        # Where there is none, the last message is named all the same (RFC 9051 §9, seq-range).
        return [found for found in await self._search(b"UID %d:*" % (uid + 1)) if found > uid]

    async def since(self, day: datetime) -> list[int]:
        return await self._search(b"SINCE " + search_date(day).encode("ascii"))

    async def sizes(self, uids: Sequence[str]) -> dict[int, tuple[int, datetime | None]]:
        """Bytes and day of arrival, of those that are still there."""
        wanted = ",".join(uids).encode("ascii")
        answer = await self.wire.command(b"UID FETCH", wanted, b"(UID RFC822.SIZE INTERNALDATE)")
        items = [found for one in answer.others if (found := fetched(one)) and "RFC822.SIZE" in found]
        return {
            number(item.get("UID")): (number(item["RFC822.SIZE"]), internal_date(item.get("INTERNALDATE")))
            for item in items
        }

    async def body(self, uid: int, most: int) -> bytes | None:
        """At most so many bytes of a message, from its begin; None where it is gone."""
        answer = await self.wire.command(
            b"UID FETCH", b"%d" % uid, b"(UID BODY.PEEK[]<0.%d>)" % most, largest=most + 1000
        )
        return _body(answer, uid)

    async def look_around(self) -> None:
        """Let the server tell what has come since; in some, SEARCH does not find it before."""
        await self.wire.command(b"NOOP")

    async def _search(self, what: bytes) -> list[int]:
        answer = await self.wire.command(b"UID SEARCH", what)
        return sorted({number(value) for one in answer.named(b"SEARCH") for value in one.values[1:]} - {0})


async def open_folder(wire: ImapWire, name: str) -> Folder:
    """Open a folder with EXAMINE, so that nothing in it can change.

    Raises:
        InboundError: there is no such folder; says which there are.
        RefusedError: it cannot be opened.
    """
    try:
        answer = await wire.command(b"EXAMINE", quoted(encode_folder(name)))
    except RefusedError:
        known = await _folders(wire)
        if name.upper() == "INBOX" or name in known or not known:
            raise
        raise InboundError(f"there is no folder “{name}” in the mailbox; there are: {', '.join(known)}") from None
    return Folder(wire, number(answer.coded("UIDVALIDITY")), number(answer.coded("UIDNEXT")))


async def _folders(wire: ImapWire) -> list[str]:
    try:
        answer = await wire.command(b"LIST", b'""', b'"*"')
    except RefusedError:
        return []
    names = [one.values[-1] for one in answer.named(b"LIST")]
    return [decode_folder(name.decode("ascii", "replace")) for name in names if isinstance(name, bytes)]


def _body(answer: Answer, uid: int) -> bytes | None:
    for one in answer.others:
        found = fetched(one)
        if found and "BODY[]" in found and number(found.get("UID")) in (uid, 0):
            body = found["BODY[]"]
            return body if isinstance(body, bytes) else b""
    return None
