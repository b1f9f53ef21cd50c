"""Stage 4: when a mailing stops by itself: too many of its recipients are refused for good.

In: what became of its letters, one after another. Out: the reason why it must wait for a person, or nothing. Pure.

A list that has gone bad, or a filter that takes us for a spammer, shows in the first hundred letters; sending the rest
would make it worse. A letter that was only put off says nothing and is not counted; a fault of ours holds a mailing
at once (`retry.Decision.pause`).
"""

import re
from collections import Counter
from dataclasses import dataclass, field

#: So much of a reply is shown, and so many different ones are counted; the common ones come early.
SHOWN, KEPT = 120, 100
#: What makes the same refusal look different for each recipient. No address of a subscriber belongs in a reason either.
OWN = re.compile(r"<?[^\s<>:;,]+@[^\s<>:;,]+>?|\[[0-9A-Fa-f.:]+\]|\b[0-9A-Za-z_.-]*\d[0-9A-Za-z_.-]{7,}\b")


@dataclass(slots=True)
class Counts:
    """What became of the letters of a mailing since it was started or resumed.

    A mailing that a person has resumed begins with new counts: what they have looked at must not stop it again.
    """

    attempted: int = 0
    refused: int = 0  #: for good
    in_a_row: int = 0  #: refused, since the last letter that was taken
    replies: Counter[str] = field(default_factory=Counter)

    def add_sent(self) -> None:
        self.attempted += 1
        self.in_a_row = 0

    def add_refused(self, text: str) -> None:
        """`text` is what the server said, with its code: the reason of the delivery."""
        self.attempted += 1
        self.refused += 1
        self.in_a_row += 1
        reply = OWN.sub("…", text[: 2 * SHOWN])[:SHOWN]
        if reply in self.replies or len(self.replies) < KEPT:
            self.replies[reply] += 1


def alarming(counts: Counts, *, consecutive: int = 20, ratio: float = 0.1, least: int = 100) -> str:
    """Why the mailing must be held, or nothing.

    It is held after `consecutive` refusals in a row, or when more than the part `ratio` (0 to 1) was refused of at
    least `least` letters. It costs two comparisons; asking after each refusal is enough.
    """
    if counts.in_a_row >= consecutive:
        return f"{counts.in_a_row} recipients in a row were refused for good{_most_common(counts)}"
    if counts.attempted >= least and counts.refused > ratio * counts.attempted:
        share = f"{counts.refused} of {counts.attempted} recipients ({counts.refused / counts.attempted:.0%})"
        return f"{share} were refused for good, more than {ratio:.0%}{_most_common(counts)}"
    return ""


def _most_common(counts: Counts) -> str:
    for reply, times in counts.replies.most_common(1):
        return f"; most often, {times} times: {reply}"
    return ""
