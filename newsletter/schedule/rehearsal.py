"""When: a rehearsal: what would go out between two moments, from a simulated clock.

In: the store as it is. Out: one line per mailing, in the order in which they would fire. Nothing is sent, nothing is
changed, and no connection is made but to the store.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from newsletter.compose.composer import compose
from newsletter.compose.templates import Templates
from newsletter.errors import HeaderError, TemplateError
from newsletter.events.event import Event
from newsletter.outbox.fire import order_of
from newsletter.schedule.state import PENDING, MailingState
from newsletter.store import deliveries, events, mailings
from newsletter.store.database import Database
from newsletter.store.mailings import MailingRow

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
    """The mailings with a time from the day `begin` up to and with the day `end`, on the clock of their series."""
    async with database.read() as tx:
        rows = [row for row in await mailings.mailings_in(tx, sorted(PENDING)) if _between(row, begin, end)]
        found = {row.event: await events.get_event(tx, row.event) for row in rows}
        counts = {row.id: await deliveries.count_audience(tx, row.id) for row in rows}
    return [_line(row, found[row.event], counts[row.id], templates) for row in rows]


def _between(row: MailingRow, begin: date, end: date) -> bool:
    return row.due_at is not None and begin <= row.due_at.astimezone(ZoneInfo(row.timezone)).date() <= end


def _line(row: MailingRow, event: Event, recipients: int, templates: Templates) -> Rehearsed:
    due_at = row.due_at
    if due_at is None:
        raise ValueError(f"{row.slug} has no time")
    remark = HINTS[row.state].format(reason=row.reason)
    try:
        subject = compose(event, order_of(row), templates, now=due_at).subject
    except (TemplateError, HeaderError) as error:
        subject, remark = "", f"would be held: {error}"
    return Rehearsed(
        at=due_at.astimezone(event.series.zone),
        mailing=row.slug,
        state=row.state,
        recipients=recipients,
        subject=subject,
        remark=remark,
    )
