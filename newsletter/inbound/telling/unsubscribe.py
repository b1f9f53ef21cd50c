"""Stage 6: somebody wants to be taken off, and says nothing else.

In: a message. Out: the wish, or None. Pure. Who also says anything that a person should read has written a reply; and
who cannot come to a meeting ("afmelden voor de bijeenkomst") does not leave a list. A text is taken apart into clauses:
each of them must be the wish, or say nothing more.
"""

import re
from typing import Final

from newsletter.inbound.telling.dsn import ADDRESS
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.phrases import pattern
from newsletter.inbound.telling.quoting import bare_subject, written
from newsletter.inbound.telling.sender import author_address
from newsletter.inbound.telling.verdict import Kind, Verdict

#: A token of ours in a subject, as List-Unsubscribe writes it (see subscribers/links.py).
TOKEN: Final = re.compile(r"\b[0-9a-f]{34,80}\b", re.I)
_SUBJECT: Final = re.compile(
    r"(?:unsubscribe|afmelden|uitschrijven|abmelden|désabonner|remove)[\s:]*(?:[0-9a-f]{34,80})?", re.I
)
_GENERATED: Final = pattern("unsubscribe", "generated")
#: A wish in somebody's words.
WISH: Final = pattern("unsubscribe", "wish", before=r"\b(?:", after=r")")
_BARE: Final = pattern(
    "unsubscribe",
    "bare",
    before=r"\W*(?:(?:please|graag|gaarne|bitte|s'il vous plaît|svp|aub|merci de|mij|me|ons)\s+)*(?:",
    after=r")(?:[\s,]+(?:please|a\.?u\.?b\.?|s\.?v\.?p\.?|bitte|me|graag|s'il vous plaît|now|nu|merci|dank\w*|thanks))*"
    r"\W*",
)
_AMBIGUOUS: Final = pattern("unsubscribe", "ambiguous", before=r"\b(?:", after=")")
_NEGATED: Final = pattern("unsubscribe", "negated", before=r"\b(?:", after=")")
_FROM_WHAT: Final = pattern("unsubscribe", "subject", before=r"\b(?:", after=r")\b")
_POLITE: Final = pattern("unsubscribe", "polite", before=r"\b(?:", after=")")
#: Whoever says this does not leave a list, or says more than that.
_MORE: Final = pattern("unsubscribe", "more", before=r"\b(?:", after=r")\b")
_SMALL: Final = pattern("unsubscribe", "small", before="(?:", after=")")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s{1,9}|\n(?![a-zà-ÿ])|\s[–—-]\s")
_CLAUSE: Final = re.compile(r"[,;:]\s+|\s(?:en|and|und|et|sowie|&|\+)\s")
_SHORT: Final = re.compile(r"\b(?:[a-z]\.){2,4}", re.I)
_LINK: Final = re.compile(r"<?(?:https?://|www\.)\S{1,200}", re.I)
_WORD: Final = re.compile(r"[\w'’-]+")
#: Characters of a text that says nothing else, and words that may be somebody's name in a line without a verb.
LONGEST, NAME = 300, 4
#: Words of a wish that may say why or of what, in so few that no second message stands in them.
BESIDE: Final = 5


def one_line_to_machine(message: Part) -> Verdict | None:
    """What mail programs send to the mailto address of List-Unsubscribe (RFC 2369 §3.2)."""
    subject = " ".join(message.decoded("subject")[:300].split())
    if not _SUBJECT.fullmatch(subject):
        return None
    text = written(message).own
    if not text or _GENERATED.search(text) or _BARE.fullmatch(_plain(text)):
        return Verdict(kind=Kind.UNSUBSCRIBE, rule="unsubscribe mail")
    if TOKEN.search(subject) and not ("?" in text or _MORE.search(_plain(text))):
        return Verdict(kind=Kind.UNSUBSCRIBE, rule="unsubscribe mail")
    return None


def asked(message: Part) -> Verdict | None:
    """A few words of a person, none of which is about anything else."""
    text = _plain(written(message).own)
    subject = _plain(bare_subject(message)[:300])
    if len(text) > LONGEST or not (says_only_wish(text, author_address(message)) if text else False):
        is_short = not text or all(_says_nothing(clause) for clause in _clauses(text[:LONGEST]))
        if len(text) > LONGEST or not is_short or not says_only_wish(subject, ""):
            return None
    return Verdict(kind=Kind.UNSUBSCRIBE, rule="asks to be taken off", evidence=" ".join((text or subject).split()))


def wish_in(message: Part) -> str:
    """The sentence of a person who asks to be taken off, whatever else they say; empty where nobody asks."""
    text = _plain(written(message).own)[:4000]
    for sentence in (" ".join(one.split()) for one in _SENTENCE.split(text)):
        if WISH.search(sentence) and not (_AMBIGUOUS.search(sentence) and not _FROM_WHAT.search(sentence)):
            return sentence[:300]
    return ""


def says_only_wish(text: str, author: str) -> bool:
    """Whether a text asks to be taken off and says nothing else; the author's own address may stand in it."""
    if any(one.lower() != author for one in ADDRESS.findall(text)):
        return False  # it is about somebody else, or about another address
    text = _LINK.sub("", ADDRESS.sub("", text))
    if _BARE.fullmatch(text):
        return True
    if _MORE.search(text):
        return False
    sentences = [" ".join(one.split()) for one in _SENTENCE.split(text) if one and not one.isspace()]
    return any(map(_wishes, sentences)) and all(_is_fine(one) for one in sentences)


def _is_fine(sentence: str) -> bool:
    """A wish, politely or not, or nothing more."""
    clauses = _CLAUSE.split(sentence)
    if not _wishes(sentence):
        return "?" not in sentence and all(map(_says_nothing, clauses))
    if "?" in sentence and not _POLITE.search(sentence):
        return False
    if len(clauses) > 1 and not all(_wishes(clause) or _says_nothing(clause) for clause in clauses):
        return False
    beside = [word for word in _WORD.findall(WISH.sub(" ", sentence)) if not _is_small(word)]
    # A name that stands in it may be that of whom it is about.
    is_named = any(word[0].isupper() and not sentence.startswith(word) for word in beside) and not sentence.isupper()
    return len(beside) <= BESIDE and not is_named


def _wishes(text: str) -> bool:
    if not (WISH.search(text) or _BARE.fullmatch(text)) or _NEGATED.search(text):
        return False
    return bool(_FROM_WHAT.search(text)) or not _AMBIGUOUS.search(text)


def _clauses(text: str) -> list[str]:
    return [clause for sentence in _SENTENCE.split(text) for clause in _CLAUSE.split(sentence)]


def _says_nothing(clause: str) -> bool:
    """Small words and politeness; or a name, in a line of its own."""
    large = [word for word in _WORD.findall(clause) if not _is_small(word) and any(map(str.isalpha, word))]
    return "?" not in clause and (not large or (len(large) <= NAME and all(word[0].isupper() for word in large)))


def _is_small(word: str) -> bool:
    return bool(_SMALL.fullmatch(word.lower()) or _FROM_WHAT.fullmatch(word))


def _plain(text: str) -> str:
    """Text with one kind of apostrophe, and without full stops that end no sentence ("s.v.p.")."""
    return _SHORT.sub(lambda found: found[0].replace(".", ""), text.replace("’", "'"))
