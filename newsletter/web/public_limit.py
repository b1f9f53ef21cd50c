"""The windows: how often one visitor may do something.

In: who, and when. Out: whether it may be. Pure but for what it remembers, which is one number for each of the last few
thousand visitors: whoever comes from ever new addresses makes it forget, not grow.
"""

from collections import OrderedDict
from typing import Final

#: Visitors that are remembered; some 150 bytes each.
REMEMBERED: Final = 4096


class Limit:
    """So many at once, and as many again in each `seconds` (a leaky bucket)."""

    def __init__(self, most: int, seconds: float, remembered: int = REMEMBERED) -> None:
        self._every, self._span, self._remembered = seconds / most, seconds, remembered
        self._busy_until: OrderedDict[str, float] = OrderedDict()

    def allows(self, who: str, now: float) -> bool:
        """Whether there is room for one more at `now`, in seconds; then it is counted."""
        until = max(self._busy_until.get(who, now), now) + self._every
        # A whole bucket is `span` seconds deep; the last one of it may end right there.
        if until - now > self._span + self._every / 2:
            return False
        self._busy_until[who] = until
        self._busy_until.move_to_end(who)
        if len(self._busy_until) > self._remembered:
            self._busy_until.popitem(last=False)
        return True

    def __len__(self) -> int:
        return len(self._busy_until)
