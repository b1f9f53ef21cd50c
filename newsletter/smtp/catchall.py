"""Stage 5: a local catch-all mailbox: a real SMTP server on loopback that keeps every letter as a file.

In: SMTP. Out: .eml files. For the demo and for trying things; needs the extra `demo` (aiosmtpd).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.smtp.folder import write_letter


class _Keep:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            await asyncio.to_thread(write_letter, self.folder, recipient, content)
        return "250 2.0.0 kept"


@asynccontextmanager
async def catch_all(folder: Path) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port, on 127.0.0.1 only."""
    handler = _Keep(folder)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(handler, hostname="localhost", ident="newsletter", enable_SMTPUTF8=True)

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()
