"""Preflight: subject, preheader, and the plain-text part.

In: a composed mailing. Out: findings about what people see in their mailbox before they open a letter, and whether who
reads plain text gets the whole of it.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from newsletter.compose.placeholders import PLACEHOLDER
from newsletter.events.event import STARTER_MARK
from newsletter.preflight.finding import Finding, Level, short
from newsletter.preflight.links import scheme_of
from newsletter.preflight.reading import Reading

#: Characters of a subject: a phone shows about 40, a mailbox on a screen about 90.
SUBJECT_LONG, SUBJECT_TOO_LONG = 90, 130
#: Characters of a preheader: shorter lets the body through, longer is cut off.
PREHEADER_SHORTEST, PREHEADER_LONGEST = 40, 130
COMPLETE = 0.95  #: how much of the visible words stands in the plain part
LINE = 78  #: characters; ours are filled to 72
_WORD: Final = re.compile(r"[^\W_]+")
_TAG: Final = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|i|img|li|ol|p|span|strong|style|table|td|tr|ul)\b[^<>]*>", re.I
)
_ENTITY: Final = re.compile(r"&(?:[a-z]{2,8}|#\d{2,6}|#x[0-9a-f]{2,5});", re.I)
#: Marks of the first stage, of an address that was escaped, and of a word that was never filled in.
_LEFTOVER: Final = re.compile(r"\{\{|\}\}|\{%|%\}|%7B%7B|\[\[|\]\]|\[%|%\]")
_EXAMPLE: Final = re.compile(
    rf"{STARTER_MARK}|\blorem ipsum\b|\b(?:TODO|FIXME|XXX+|TBD|NTB|n\.t\.b\.)(?!\w)|"
    r"\[(?:naam|datum|plaats|tijd|link|name|date|place|time|titel|title)\]|\bhier komt (?:nog )?tekst\b",
)
_DAY_IN_SUBJECT: Final = re.compile(
    r"\d|januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|voorjaar|zomer|najaar|"
    r"herfst|winter|vandaag|morgen|january|february|march|may|june|july|august|october|spring|summer|autumn|tomorrow|today",
    re.I,
)
#: Letters about a time to come, whose subject says when it is.
_NEEDS_DAY: Final = ("announcement", "reminder", "practical", "changed", "cancelled")


def subject_length(reading: Reading) -> Iterator[Finding]:
    """A subject that is not there, or is cut off."""
    length = len(reading.subject.strip())
    if not length:
        yield _subject(Level.MUST, "subject-length", "there is no subject", "say what and when")
    elif length > SUBJECT_LONG:
        level = Level.SHOULD if length > SUBJECT_TOO_LONG else Level.HINT
        what = f"the subject has {length} characters; most mailboxes cut it off"
        yield _subject(
            level, "subject-length", what, "say what and when in under 60, the most important first", reading
        )


def subject_shouts(reading: Reading) -> Iterator[Finding]:
    """Capitals and exclamation marks, by which spam filters and people know advertisements."""
    words = [word for word in _WORD.findall(reading.subject) if len(word) > 3 and word.isalpha()]
    loud = [word for word in words if word.isupper()]
    if len(loud) >= 2 and 2 * len(loud) > len(words):
        yield _subject(Level.SHOULD, "subject-shouts", "the subject is in capitals", "write it as a sentence", reading)
    if "!" in reading.subject:
        what = "there is an exclamation mark in the subject"
        yield _subject(Level.SHOULD, "subject-shouts", what, "leave it out", reading)


def subject_says(reading: Reading) -> Iterator[Finding]:
    """What, and when."""
    event = reading.event
    if event is None:
        return
    title = {word.casefold() for word in _WORD.findall(event.title) if len(word) > 3}
    series = {word.casefold() for word in _WORD.findall(event.series.name) if len(word) > 3}
    said = {word.casefold() for word in _WORD.findall(reading.subject)}
    if title and not said & (title | series):
        what = "the subject does not say what it is about"
        yield _subject(Level.HINT, "subject-says", what, f"name it: {short(event.title)}", reading)
    if event.has_date() and reading.mailing.template in _NEEDS_DAY and not _DAY_IN_SUBJECT.search(reading.subject):
        what = "the subject does not say when it is"
        yield _subject(Level.HINT, "subject-says", what, "name the day", reading)


def preheader(reading: Reading) -> Iterator[Finding]:
    """What a mailbox shows after the subject; without one it shows the first words of the letter, links and all."""
    block = reading.preheader
    if block is None:
        what = "there is no preheader, so that mailboxes show the first words of the letter"
        fix = "begin the body with a hidden sentence that adds to the subject"
        yield Finding(level=Level.SHOULD, check="preheader", part="preheader", what=what, fix=fix)
        return
    length = len(block.text)
    if not PREHEADER_SHORTEST <= length <= PREHEADER_LONGEST:
        what = f"the preheader has {length} characters"
        fix = f"write {PREHEADER_SHORTEST} to {PREHEADER_LONGEST}: a sentence that adds to the subject"
        yield _preheader(block.line, "preheader", what, fix, block.text)
    if _same(block.text, reading.subject):
        what, fix = "the preheader says the same as the subject", "say something that the subject does not say"
        yield _preheader(block.line, "preheader", what, fix, block.text)
    first = next((other for other in reading.blocks if not other.is_hidden), None)
    if first is not None and _same(first.text, block.text):
        what, fix = "the letter begins with the words of the preheader", "say something else in one of the two"
        yield _preheader(block.line, "preheader", what, fix, block.text)


def _same(one: str, other: str) -> bool:
    return _WORD.findall(one.casefold()) == _WORD.findall(other.casefold())


def text_links(reading: Reading) -> Iterator[Finding]:
    """A link that stands in the html only."""
    squeezed = re.sub(r"\s", "", reading.mailing.text)
    for href in dict.fromkeys(anchor.href.strip() for anchor in reading.anchors):
        if scheme_of(href) in ("mailto", "tel", "sms") or href.startswith("#") or not href:
            continue
        if re.sub(r"\s", "", html.unescape(href)) not in squeezed:
            first = next(anchor for anchor in reading.anchors if anchor.href.strip() == href)
            yield Finding(
                level=Level.SHOULD,
                check="text-links",
                part="html",
                line=first.line,
                excerpt=short(first.text or href),
                what=f"the link to {short(href)} is not in the plain-text part",
                fix="write the address on a line of its own in letter.txt",
                source="RFC 2046 §5.1.4",
            )


def text_words(reading: Reading) -> Iterator[Finding]:
    """Words that stand in the html only; what is hidden, or said twice for the eye alone, does not count."""
    seen = Counter(
        word.casefold()
        for block in reading.blocks
        if not block.is_hidden and not block.is_aside
        for word in _WORD.findall(block.text)
    )
    there = Counter(word.casefold() for word in _WORD.findall(html.unescape(reading.text)))
    missing = seen - Counter({word: seen[word] for word in seen if there[word]})
    total = sum(seen.values())
    if total and sum(missing.values()) > (1 - COMPLETE) * total:
        share = 100 * (1 - sum(missing.values()) / total)
        examples = ", ".join(word for word, _ in missing.most_common(6))
        yield Finding(
            level=Level.SHOULD,
            check="text-words",
            part="text",
            what=f"the plain-text part has {share:.0f} % of the words of the html; it lacks {examples}",
            fix="tell the whole story in letter.txt too",
            source="RFC 2046 §5.1.4",
        )


def text_marks(reading: Reading) -> Iterator[Finding]:
    """Marks of html in a text that has none."""
    for number, line in enumerate(reading.text.splitlines(), 1):
        found = _TAG.search(line) or _ENTITY.search(line)
        if found:
            yield Finding(
                level=Level.SHOULD,
                check="text-marks",
                part="text",
                line=number,
                excerpt=short(found[0]),
                what="there is a mark of html in the plain-text part",
                fix="write the character itself, or take it out",
            )


def text_lines(reading: Reading) -> Iterator[Finding]:
    """Lines that mail programs break in ugly places; an address may be as long as it is."""
    for number, line in enumerate(reading.text.splitlines(), 1):
        if len(line) > LINE and "://" not in line:
            yield Finding(
                level=Level.HINT,
                check="text-lines",
                part="text",
                line=number,
                excerpt=short(line),
                what=f"the line has {len(line)} characters",
                fix="let it pass through the filter wrap in letter.txt",
                source="RFC 5322 §2.1.1",
            )


def leftover(reading: Reading) -> Iterator[Finding]:
    """A mark of the template language that every reader would see."""
    mailing = reading.mailing
    for part, content in (("subject", mailing.subject), ("html", mailing.html), ("text", mailing.text)):
        whole = PLACEHOLDER.sub(lambda match: "\n" * match[0].count("\n"), content)
        if part == "html":  # style sheets close two braces in a row
            whole = re.sub(r"<style\b.*?</style>", lambda match: "\n" * match[0].count("\n"), whole, flags=re.S | re.I)
        if found := _LEFTOVER.search(whole):
            yield Finding(
                level=Level.MUST,
                check="leftover",
                part=part,
                line=whole.count("\n", 0, found.start()) + 1,
                excerpt=found[0],
                what=f"readers would see “{found[0]}”, a mark of the template language",
                fix="close what was opened, or write the words themselves",
            )


def example_text(reading: Reading) -> Iterator[Finding]:
    """A text that was to be replaced; a mailing with the mark of the example event is held when it is due."""
    for number, line in enumerate(reading.text.splitlines(), 1):
        if found := _EXAMPLE.search(line):
            yield Finding(
                level=Level.SHOULD,
                check="example-text",
                part="text",
                line=number,
                excerpt=short(line),
                what=f"“{found[0]}” is a text to be replaced",
                fix="write your own in the event document, and import it",
            )


def sender(reading: Reading) -> Iterator[Finding]:
    """Who sends this, and where one can answer (Telecommunicatiewet 11.7; Directive 2000/31, article 5)."""
    mailing = reading.mailing
    if re.match(r"(?:no|do-?not|niet)[-_.]?(?:reply|beantwoorden)", mailing.contact, re.I):
        what = f"answers go to {mailing.contact}, which nobody reads"
        yield _headers(Level.SHOULD, what, "name a mailbox that is read as the contact of the series")
    if not mailing.sender.name.strip():
        yield _headers(Level.SHOULD, "the sender has an address but no name", "give the series a name to send under")
    organisation = (reading.event.series.organisation if reading.event else "").strip()
    if mailing.contact not in mailing.text:
        yield _headers(Level.SHOULD, "the letter does not name the contact mailbox", "write it out in the letter")
    if organisation and organisation.casefold() not in " ".join(mailing.text.split()).casefold():
        yield _headers(Level.SHOULD, f"the letter does not name {organisation}, who sends it", "name it in the foot")


def calendar(reading: Reading) -> Iterator[Finding]:
    """A calendar file that says another day than the letter."""
    event, content = reading.event, reading.mailing.calendar
    if event is None or event.start is None or not content:
        return
    if f"DTSTART;TZID={event.series.timezone}:{event.start:%Y%m%dT%H%M%S}" not in content.replace('"', ""):
        yield Finding(
            level=Level.MUST,
            check="calendar",
            part="calendar",
            what=f"the calendar file does not begin at {event.start:%Y-%m-%d %H:%M}",
            fix="compose the mailing again; if it stays so, report it as a fault of this program",
            source="RFC 5545 §3.8.2.4",
        )


def _subject(level: Level, check: str, what: str, fix: str, reading: Reading | None = None) -> Finding:
    excerpt = short(reading.subject) if reading else ""
    return Finding(level=level, check=check, part="subject", line=1, excerpt=excerpt, what=what, fix=fix)


def _preheader(line: int, check: str, what: str, fix: str, text: str) -> Finding:
    return Finding(
        level=Level.SHOULD, check=check, part="preheader", line=line, excerpt=short(text), what=what, fix=fix
    )


def _headers(level: Level, what: str, fix: str) -> Finding:
    return Finding(level=level, check="sender", part="headers", what=what, fix=fix, source="Telecommunicatiewet 11.7")
