"""Stage 6: somebody wants to be taken off, and says nothing else.

In: a message. Out: the wish, or None. Pure. Who also says anything that a person should read has written a reply; and
who cannot come to a meeting ("afmelden voor de bijeenkomst") does not leave a list.
"""

import re
from typing import Final

from newsletter.inbound.message import Part
from newsletter.inbound.phrases import pattern
from newsletter.inbound.quoting import own_words
from newsletter.inbound.sender import words
from newsletter.inbound.verdict import Kind, Verdict

#: A token of ours in a subject, as List-Unsubscribe writes it (see subscribers/links.py).
TOKEN: Final = re.compile(r"\b[0-9a-f]{34,80}\b", re.I)
_SUBJECT: Final = re.compile(
    r"(?:unsubscribe|afmelden|uitschrijven|abmelden|désabonner|remove)[\s:]*(?:[0-9a-f]{34,80})?", re.I
)
_GENERATED: Final = pattern("unsubscribe", "generated")
_WISH: Final = pattern("unsubscribe", "wish", before=r"\b(?:", after=r")\b")
_BARE: Final = pattern(
    "unsubscribe",
    "bare",
    before=r"\W*(?:please |graag |bitte |s'il vous plaît |svp )?(?:",
    after=r")(?: please| a\.?u\.?b\.?| svp| bitte| me)?\W*",
)
#: Whoever says this does not leave a list, or says more than that.
_MORE: Final = pattern("unsubscribe", "more", before=r"\?|\b(?:", after=r")\b")
LONGEST: Final = 220


def one_line_to_machine(message: Part) -> Verdict | None:
    """What mail programs send to the mailto address of List-Unsubscribe (RFC 2369 §3.2): whatever the body says."""
    subject = " ".join(message.decoded("subject").split())
    if not _SUBJECT.fullmatch(subject):
        return None
    text = own_words(words(message))
    if TOKEN.search(subject) or not text or _GENERATED.search(text) or _BARE.fullmatch(text):
        return Verdict(kind=Kind.UNSUBSCRIBE, rule="unsubscribe mail")
    return None


def asked(message: Part) -> Verdict | None:
    """A few words of a person, none of which is about anything else."""
    text = " ".join(own_words(words(message)).split())
    subject = re.sub(r"^(?:\s*(?:re|aw|antw|sv|betr|fwd?)\s*:)+\s*", "", message.decoded("subject"), flags=re.I).strip()
    if not text:
        wants = bool(_BARE.fullmatch(subject))
    else:
        wants = len(text) <= LONGEST and not _MORE.search(text) and bool(_BARE.fullmatch(text) or _WISH.search(text))
    return Verdict(kind=Kind.UNSUBSCRIBE, rule="asks to be taken off") if wants else None
