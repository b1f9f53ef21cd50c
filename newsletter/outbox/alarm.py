"""Stage 4: when a mailing stops by itself: too many of its recipients are refused for good, or all would be.

In: what became of its letters, one after another. Out: the reason why it must wait for a person, or nothing. Pure.

A list that has gone bad, or a filter that takes us for a spammer, shows in the first hundred letters; sending the rest
would make it worse. A letter that was only put off says nothing and is not counted. A fault of ours holds a mailing at
once (`retry.Decision.pause`) where it is in the way of every letter; where one provider alone turns us away, the others
need not wait for it.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

#: So much of a reply is shown, and so many different ones are counted; the common ones come early.
SHOWN, KEPT = 120, 100
#: The steps of a session that are about one recipient (or a letter to one). In those before them our mail server speaks
#: of us: what it says there it would say of every letter.
ABOUT_RECIPIENT = ("rcpt", "data", "letter")
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
    faults: dict[str, str] = field(default_factory=dict)  #: what recipient domains turned us away for, by domain

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


def stops_all(phase: str, domains: Collection[str]) -> bool:
    """Whether a fault of ours, met in this phase and by now at these recipient domains, is in the way of every letter.

    A server that delivers for us passes on what one provider says; only when a second says so as well is it no matter
    between us and the first.
    """
    return phase not in ABOUT_RECIPIENT or len(domains) > 1


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
