"""Preflight, shell: the whole check of a mailing as `newsletter mailing check` and the preview run it.

In: a composed mailing with its event, and its people one by one. Out: `Checked`. What leaves this machine is only done
when it is asked for.
"""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.compose.letter import Letter
from newsletter.compose.mailing import Mailing
from newsletter.errors import NewsletterError
from newsletter.events.event import Event
from newsletter.events.plan import Audience
from newsletter.preflight.finding import Finding, ordered
from newsletter.preflight.reading import Reading
from newsletter.preflight.recipients import Letters, LettersReport, as_recipient
from newsletter.preflight.run import check
from newsletter.preflight.size import sample_recipient
from newsletter.preflight.spam import check_spam
from newsletter.preflight.visit import check_links
from newsletter.subscribers.subscriber import Subscriber

#: Letters between two turns for everything else that this process does.
TURN = 200


@dataclass(frozen=True, kw_only=True)
class Checked:
    findings: tuple[Finding, ...]  #: of the mailing and of all letters, by level and place
    letters: LettersReport


async def check_all(
    mailing: Mailing,
    event: Event | None,
    people: AsyncIterable[Subscriber],
    *,
    now: datetime,
    theme: Mapping[str, str] | None = None,
    links: bool = False,
    spam: bool = False,
    to: Audience = Audience.EVERYBODY,
) -> Checked:
    """Check a mailing and every recipient's letter.

    Args:
        mailing: composed.
        event: what it is about.
        people: its audience.
        now: aware; the date of the letter that SpamAssassin gets.
        theme: the colours of its series.
        links: visit the pages that it links to.
        spam: ask SpamAssassin, where it is installed.
        to: whom of its lists a mailing goes to that has not started.
    """
    found = check(mailing, event=event, theme=theme)
    letters, domain = Letters(mailing, to), mailing.sender.address.rpartition("@")[2]
    seen = 0
    async for person in people:
        seen += 1
        if seen % TURN == 0:
            await asyncio.sleep(0)
        letters.add(as_recipient(person, domain))
    report = letters.report()
    found += report.findings
    if links:
        found += await visit(mailing)
    if spam:
        found += await ask_spamassassin(mailing, report, now)
    return Checked(findings=tuple(ordered(found)), letters=report)


async def visit(mailing: Mailing) -> list[Finding]:
    """Visit the pages that a mailing links to."""
    return await check_links([(one.href.strip(), one.line, one.text) for one in Reading(mailing).anchors])


async def ask_spamassassin(mailing: Mailing, report: LettersReport, now: datetime) -> list[Finding]:
    """What SpamAssassin thinks of one letter: that of a real recipient where there is one."""
    try:
        # A letter of years ago, or of tomorrow, counts as odd.
        recipient = (report.longest or sample_recipient(mailing))._replace(date=now)
        letter = Letter(mailing).address(recipient)
    except NewsletterError:
        return []  # told already: no letter can be made
    return await check_spam(letter)
