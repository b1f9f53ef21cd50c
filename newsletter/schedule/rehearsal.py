"""When: a rehearsal: what would go out between two moments, from a simulated clock.

In: the store as it is. Out: one line per mailing, in the order in which they would fire. Nothing is sent, nothing is
changed, and no connection is made but to the store.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.composer import compose
from newsletter.compose.templates import Templates
from newsletter.errors import NewsletterError
from newsletter.events.event import Event
from newsletter.events.plan import who
from newsletter.outbox.fire import contradicts, order_of
from newsletter.outbox.proof import misfits, outgrown, unfinished
from newsletter.schedule.rules import Due, decide_due
from newsletter.schedule.state import PENDING, MailingState
from newsletter.store import audience, events, mailings
from newsletter.store.around import around_of
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow

EPOCH = datetime.fromtimestamp(0, UTC)
HINTS = {
    MailingState.SCHEDULED: "goes out",
    MailingState.DRAFT: "only if somebody schedules it first",
    MailingState.HELD: "held: {reason}",
    MailingState.MISSED: "missed: {reason}",
}


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    at: datetime  #: aware, in the zone of the series
    mailing: str
    state: MailingState
    recipients: int
    subject: str
    remark: str  #: what would happen, or what is in the way


async def rehearse(database: Database, templates: Templates, *, begin: date, end: date) -> list[Rehearsed]:
    """The mailings that would fire from the day `begin` up to and with the day `end`, on the clock of their series.

    What is due before `begin` and still has its window open then, fires on that day.
    """
    async with database.read() as tx:
        rows = [row for row in await mailings.mailings_in(tx, sorted(PENDING)) if _between(row, begin, end)]
        lines = []
        for row in rows:
            event = await events.get_event(tx, row.event)
            count = await audience.count_audience(tx, row.id)
            subject, trouble = await _proof(tx, event, row, count, templates)
            remark = f"would be held: {trouble}" if trouble else HINTS[row.state].format(reason=row.reason)
            if row.planned.audience and not trouble:
                remark = f"{remark}; to {who(row.planned.audience)} by then"
            at = _fires_at(row, begin)
            lines.append(
                Rehearsed(at=at, mailing=row.slug, state=row.state, recipients=count, subject=subject, remark=remark)
            )
    return sorted(lines, key=lambda line: line.at)


async def holds_up(database: Database, templates: Templates, slug: str) -> str:
    """Why a mailing that has not started would be held when it is due, if nothing changes; or nothing.

    Raises:
        NotFoundError: there is no such mailing.
    """
    async with database.read() as tx:
        row = await mailings.get_mailing(tx, slug)
        if row.started_at is not None or row.state not in PENDING:
            return ""
        event, count = await events.get_event(tx, row.event), await audience.count_audience(tx, row.id)
        return (await _proof(tx, event, row, count, templates))[1]


async def _proof(
    tx: AsyncConnection, event: Event, row: MailingRow, recipients: int, templates: Templates
) -> tuple[str, str]:
    """The subject, and what would hold the mailing when it fires."""
    try:
        now = row.due_at or EPOCH
        mailing = compose(event, order_of(row), templates, now=now, around=await around_of(tx, event, now=now))
        why = (
            unfinished(mailing, event)
            or contradicts(templates, row, event)
            or outgrown(row.confirmed, recipients, row.planned.audience)
            or await misfits(mailing, audience.audience(tx, row.id))
        )
    except NewsletterError as error:
        return "", str(error)
    return mailing.subject, why


def _fires_at(row: MailingRow, begin: date) -> datetime:
    """When it would fire: at its time, or when the rehearsal begins if that is later."""
    zone = ZoneInfo(row.timezone)
    return max((row.due_at or EPOCH).astimezone(zone), datetime.combine(begin, time(), zone))


def _between(row: MailingRow, begin: date, end: date) -> bool:
    if row.due_at is None:
        return False
    at = _fires_at(row, begin)
    return decide_due(row.due_at, row.closes_at, at) is Due.FIRE and at.date() <= end
