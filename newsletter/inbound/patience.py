"""Stage 6, shell: what should never end, and sometimes does.

In: something to do. Out: it is done again and again; its trouble is said once, and tried again with growing patience.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from newsletter.errors import told


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to wait after trouble, in seconds: each time twice as long, up to a limit."""

    first: float = 5
    most: float = 900
    #: A source that works for so long has no trouble any more.
    settled: float = 60

    def after(self, failures: int, chance: float) -> float:
        """The wait after the first, second, … failure in a row; `chance`, in 0…1, makes it up to half shorter, so that
        not all come back at once."""
        longest = min(self.first * 2.0 ** min(failures - 1, 30), self.most)
        return longest * (1 - chance / 2)


async def keep_going(
    name: str,
    act: Callable[[], Awaitable[None]],
    *,
    patience: Patience,
    say: Callable[[str], None],
    chance: Callable[[], float] = random.random,
) -> None:
    """Do what should never end, until cancelled; never raises.

    Args:
        name: what it is called in what is said of it.
        chance: a number in 0…1, to spread tries.
    """
    failures, said = 0, ""
    while True:
        doing = asyncio.ensure_future(act())
        try:
            await asyncio.wait({doing}, timeout=patience.settled)
            if not doing.done():
                if said:
                    say(f"{name}: works again")
                failures, said = 0, ""
            await doing
            trouble = "it ended by itself"
        except Exception as error:  # the next try may find it better; a service does not end for one
            trouble = told(error)
        finally:
            await end(doing)
        failures += 1
        wait = patience.after(failures, chance())
        if trouble != said:
            say(f"{name}: {trouble}; trying again in {wait:.0f} seconds, then less and less often")
        said = trouble
        await asyncio.sleep(wait)


async def end(task: "asyncio.Future[None]") -> None:
    """Cancel it, and wait until it has ended; what it says then is of no use any more."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
