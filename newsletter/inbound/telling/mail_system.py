"""Stage 6: whether a mail system wrote a message: one that delivers, not one that answers.

In: a message. Out: yes or no. Pure. It is told by its name, or by a subject as mail systems have and one more sign;
who runs a mail system is a person, though, and people pass reports on.
"""

import re
from typing import Final

from newsletter.inbound.telling.marks import is_forwarded
from newsletter.inbound.telling.message import Part
from newsletter.inbound.telling.phrases import pattern
from newsletter.inbound.telling.sender import author_address, has_null_sender, is_daemon, returned, words

#: Subjects of mail systems, in their languages.
FAILED: Final = pattern("bounces", "failed")
_FORWARDED: Final = re.compile(r"\s*(?:fwd?|fw|tr|wg|doorst|doorgestuurd|re|aw|antw|sv|rv)\s*:", re.I)
#: Where the words of the mail system end and the returned letter begins.
RETURNED: Final = pattern("bounces", "returned", before=r"^[ \t>]*(?:", after=")", flags=re.I | re.M)
#: After these words come the addresses that failed, each on a line.
LIST: Final = pattern("bounces", "list", flags=re.I | re.M)


def is_machine(message: Part) -> bool:
    """Whether a mail system wrote it: by its name, or by a subject as mail systems have and one more sign."""
    if message.get("x-failed-recipients") or (is_daemon(message) and not _may_be_person(message)):
        return True
    subject = message.decoded("subject")
    if _FORWARDED.match(subject) or not FAILED.search(subject):
        return False
    if has_null_sender(message) or _is_automatic(message):
        return True
    text = words(message)
    if author_address(message) in message.get("return-path").lower() and (
        "?" in text[:600] or not FAILED.search(text[:600])
    ):
        return False  # with an envelope sender of their own, and words of their own: somebody passes a report on
    return returned(message) is not None or bool(RETURNED.search(text) or LIST.search(text[:1500]))


def _is_automatic(message: Part) -> bool:
    """RFC 3834 §5; what a rule passes on for somebody ("auto-forwarded") is theirs."""
    submitted = message.get("auto-submitted").lower().strip()
    return submitted.startswith("auto-") and not submitted.startswith("auto-forwarded") and not is_forwarded(message)


def _may_be_person(message: Part) -> bool:
    """Who runs a mail system writes from its address too: they answer or ask, and return no letter and no code."""
    if has_null_sender(message) or _is_automatic(message):
        return False
    if _SURELY_DAEMON.search(message.get("from")) or returned(message):
        return False
    text = words(message)
    answers = bool(message.get("in-reply-to")) or bool(_FORWARDED.match(message.decoded("subject")))
    return (answers or "?" in text[:600]) and not _CODE.search(text[:3000])


_CODE: Final = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])|\b55\d\b")


def is_surely_daemon(message: Part) -> bool:
    """Whether nothing but a report can come from there, in whatever language."""
    return has_null_sender(message) and bool(_SURELY_DAEMON.search(message.get("from")))


_SURELY_DAEMON: Final = re.compile(r"mailer[-_ ]?daemon@|mail delivery (?:sub)?system", re.I)
