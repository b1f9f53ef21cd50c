"""Stage 6: a folder of an IMAP mailbox, as people use it too.

In: the settings of the mailbox, and what was taken of it before. Out: its messages, each once. The folder is opened
with EXAMINE and read with BODY.PEEK[] (RFC 9051 §6.3.3, §6.4.5), so no flag changes, not even \\Recent.

A message is known by UIDVALIDITY and UID. Below the cursor everything was taken; where UIDVALIDITY has changed all UIDs
mean something else (RFC 9051 §2.3.1.1), so it is looked at as if for the first time.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from newsletter.errors import InboundError
from newsletter.inbound.incoming import Incoming, Take
from newsletter.inbound.sources.imap_folder import Folder, open_folder
from newsletter.inbound.sources.imap_login import TEMPORARY, log_in
from newsletter.inbound.sources.imap_wire import LostError, RefusedError
from newsletter.inbound.sources.reading import Memory, Read, batches, named, too_large
from newsletter.inbound.sources.tokens import Tokens
from newsletter.inbound.telling.message import LONGEST
from newsletter.settings import Imap
from newsletter.store.cursors import Cursor

#: RFC 2177: who idles begins anew at least every 29 minutes.
RENEW: Final = 29 * 60.0
#: So often idling may go wrong in a row; then we look every so often instead.
FAULTS: Final = 2
GONE: Final = "it was gone before it could be read: moved or deleted in the mailbox"


class ImapSource:
    def __init__(
        self,
        settings: Imap,
        memory: Memory,
        *,
        folder: str = "INBOX",
        group: str = "IMAP",
        tokens: Tokens | None = None,
        renew: float = RENEW,
    ) -> None:
        """`group` is what its settings are called; `renew`: seconds after which idling begins anew."""
        self.name = named("imap", f"{settings.address or settings.username}/{folder}")
        self._settings, self._memory, self._group, self._tokens = settings, memory, group, tokens
        self._folder_name, self._renew = folder, renew
        self._where = f"{settings.host}:{settings.port}"
        self._idle_faults = 0
        self._folder: Folder | None = None
        self._known = 0  #: how many had arrived over this connection when we last looked

    async def round(self, take: Take) -> int:
        try:
            folder = await self._open()
            taken = await self._take_new(take)
            folder = self._folder or folder
            await folder.wire.say_goodbye()
            return taken
        except LostError as error:
            raise InboundError(f"{self._where} hung up: {error}") from None
        finally:
            await self.close()

    async def watch(self, take: Take) -> None:
        while True:
            has_looked = False
            try:
                folder = await self._open()
                await self._take_new(take)
                has_looked = True
                await self._stay(self._folder or folder, take)
            except LostError as error:
                # A server may hang up on who idles whenever it wants; only one that does nothing else is in trouble.
                if not has_looked:
                    raise InboundError(f"{self._where} hung up: {error}") from None
            finally:
                await self.close()

    async def close(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.wire.close()

    async def _open(self) -> Folder:
        await self.close()
        self._known = 0
        wire = await log_in(self._settings, self._group, self._tokens)
        try:
            self._folder = await open_folder(wire, self._folder_name)
        except RefusedError as error:
            wire.close()
            raise InboundError(f"{self._where} does not open folder “{self._folder_name}” ({error})") from None
        except BaseException:
            wire.close()
            raise
        return self._folder

    async def _stay(self, folder: Folder, take: Take) -> None:
        """Look again whenever the server tells of something; every so often where it cannot."""
        while True:
            was_told = await self._wait(folder)
            if await self._take_new(take) and was_told is False:
                self._idle_faults += 1  # it idles, and tells nothing
            elif was_told:
                self._idle_faults = 0
            folder = self._folder or folder

    async def _wait(self, folder: Folder) -> bool | None:
        """Wait for something new; whether the server told of it, None where it was not asked to."""
        loop = asyncio.get_running_loop()
        if self._idle_faults < FAULTS and "IDLE" in folder.wire.capabilities:
            began = loop.time()
            try:
                return await folder.wire.idle(self._renew, known=self._known)
            except RefusedError:
                self._idle_faults = FAULTS
            except LostError:
                # Hanging up at once on whoever idles is the other way of not being able to.
                if loop.time() - began <= min(self._memory.poll_seconds, self._renew):
                    self._idle_faults += 1
                raise
        await asyncio.sleep(self._memory.poll_seconds)
        await folder.look_around()
        return None

    async def _take_new(self, take: Take) -> int:
        """Hand over what was not taken before; returns how many."""
        folder = self._opened()
        self._known = folder.wire.arrived
        cursor = await self._memory.cursor(self.name)
        listed, first = await self._list(folder, cursor)
        keys = [f"{folder.validity}:{uid}" for uid in listed]
        fresh = await self._memory.unknown(self.name, keys)
        await self._take_all([int(key.partition(":")[2]) for key in fresh], take)
        highest = max([*listed, first])
        now = self._memory.clock()
        if cursor is None or (cursor.validity, cursor.uid) != (folder.validity, highest) or _is_old(cursor, now):
            await self._memory.keep(self.name, Cursor(validity=folder.validity, uid=highest, at=now))
        return len(fresh)

    async def _list(self, folder: Folder, cursor: Cursor | None) -> tuple[list[int], int]:
        """UIDs to look at, ascending; and up to where nothing else has to be looked at."""
        if cursor is not None and cursor.validity == folder.validity:
            return await folder.above(cursor.uid), cursor.uid
        now, days = self._memory.clock(), self._settings.since_days
        if cursor is None and days == 0:
            return [], await folder.highest()
        since = now - timedelta(days=days)
        if cursor is not None:
            # The folder was made anew, perhaps while we were away for longer than that.
            since = min(since, cursor.at)
        highest = await folder.highest()
        # A day earlier, as the server counts days in a zone of its own.
        return await folder.since(since - timedelta(days=1)), highest

    async def _take_all(self, uids: list[int], take: Take) -> None:
        unread: dict[int, str] = {}
        is_readable = False
        for batch in batches([str(uid) for uid in uids], 200):
            sizes = await self._opened().sizes(batch)
            for uid in map(int, batch):
                size, at = sizes.get(uid, (None, None))
                read = await self._fetch(uid, size)
                if read.trouble and not read.raw and read.trouble != GONE:
                    unread[uid] = read.trouble
                    continue
                is_readable = is_readable or not read.trouble
                await take(self._incoming(uid, Read(read.raw, at, read.trouble)))
        if len(unread) > 1 and not is_readable:
            # Then it is not the messages: set aside they would be forgotten.
            raise InboundError(f"{self._where} gives none of {len(unread)} messages: {next(iter(unread.values()))}")
        for uid, trouble in unread.items():
            await take(self._incoming(uid, Read(trouble=trouble)))

    async def _fetch(self, uid: int, size: int | None) -> Read:
        """One message; tried twice, the second time over a fresh connection where the first was lost."""
        if size is None:
            return Read(trouble=GONE)
        largest, trouble = self._memory.largest, ""
        asked = min(LONGEST, largest) if size > largest else largest + 1
        for _ in range(2):
            try:
                raw = await self._opened().body(uid, asked)
            except RefusedError as error:
                if error.code in TEMPORARY:
                    raise InboundError(f"{self._where} gives no messages now ({error})") from None
                trouble = f"the server does not give it ({error})"
            except LostError as error:
                trouble = f"the conversation broke off at it: {error}"
                await self._reopen()
            else:
                break
        else:
            return Read(trouble=trouble)
        if raw is None:
            return Read(trouble=GONE)
        if size and not raw:
            return Read(trouble="the server gives nothing of it")
        if size <= largest < len(raw):  # servers may be wrong about the size
            size, raw = len(raw), raw[: min(LONGEST, largest)]
        return Read(raw, trouble=too_large(size, largest) if size > largest else "")

    async def _reopen(self) -> None:
        validity = self._opened().validity
        try:
            folder = await self._open()
        except LostError as error:
            raise InboundError(f"{self._where} hung up: {error}") from None
        if folder.validity != validity:
            raise InboundError(f"folder “{self._folder_name}” at {self._where} was made anew while it was read")

    def _opened(self) -> Folder:
        if self._folder is None:
            raise LostError("the folder was closed")
        return self._folder

    def _incoming(self, uid: int, read: Read) -> Incoming:
        return Incoming(
            source=self.name,
            key=f"{self._opened().validity}:{uid}",
            raw=read.raw,
            received_at=read.at or self._memory.clock(),
            address=self._settings.address or self._settings.username,
            trouble=read.trouble,
        )


def _is_old(cursor: Cursor, now: datetime) -> bool:
    """Whether its moment says too little of when we last looked."""
    return now - cursor.at > timedelta(days=1)
