"""Stage 6, shell: incidents: bounces that are about us, and what is done when the cause is gone.

In: bounces for a reason that no recipient can help. Out: one incident for each mailing, domain and reason; whoever
looks after the sending is told at the first bounce of it, the tenth, the hundredth. Once it is mended, its bounces
count no more, people whom only they kept from getting mail get it again, and their letters can be sent again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.compose.templates import Templates
from newsletter.errors import StateError
from newsletter.inbound.handling import Handling
from newsletter.inbound.policy import LIMIT, Bounced, Weight, is_worth_telling, score
from newsletter.inbound.telling.reasons import REASONS
from newsletter.inbound.telling.verdict import Failure
from newsletter.outbox import remedy
from newsletter.outbox.remedy import Remedied
from newsletter.settings import Inbound
from newsletter.store import bounces, journal, mailings, remedies, subscribers
from newsletter.store.database import Database
from newsletter.subscribers.subscriber import address_key

#: How the reason of a suppression begins that a bounce has made.
BOUNCE = "bounce: "
#: How the remedy of an incident begins whose domain was right.
CONFIRMED = "confirmed"
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Mended:
    """What came of mending an incident."""

    id: int
    mailing: str  #: slug; "" where the mailing has gone
    bounces: int  #: people whose bounces count no more
    restored: int  #: of them, those who get mail again
    letters: int  #: that could be sent again now


async def add(
    tx: AsyncConnection, handling: Handling, domain: str, failure: Failure, *, unlikely: bool, tell: Tell
) -> None:
    """One more letter that was refused because of us. `unlikely`: the domain says that nobody there is known."""
    match = handling.match
    if match.mailing_id is None:
        return
    is_first = await bounces.find_incident(tx, match.mailing_id, domain, failure.reason) is None
    so_far = await bounces.count_people(tx, match.mailing_id, domain, failure.reason)
    incident_id, count = await bounces.add_to_incident(
        tx, match.mailing_id, domain, failure.reason, failure.said, now=handling.now, count=so_far
    )
    if not is_first and not is_worth_telling(count):
        return
    said = alert(match.mailing, domain, failure.reason, count, incident_id, unlikely=unlikely)
    await journal.note(tx, match.mailing, "incident", said, at=handling.now)
    tell(said)


def alert(mailing: str, domain: str, reason: str, count: int, incident_id: int, *, unlikely: bool) -> str:
    """The sentence that whoever looks after the sending reads. Pure."""
    letters = "1 letter" if count == 1 else f"{count} letters"
    what = (
        f"{domain} calls so many recipients unknown that it seems to refuse us: {letters} so far"
        if unlikely
        else f"{domain} refused {letters} because of us ({reason}: {REASONS.get(reason, 'see the answer')})"
    )
    return (
        f"{mailing}: {what}; nobody loses their mail by it; "
        f"see `newsletter incidents list`, and once it is mended `newsletter incidents mend {incident_id}`"
    )


async def mend(database: Database, incident_id: int, *, settings: Inbound, now: datetime) -> Mended:
    """The cause is gone: its bounces count no more, and whom only they kept from getting mail gets it again.

    It can be done again; then it only says what is left to send.

    Raises:
        NotFoundError: there is no such incident.
    """
    async with database.write() as tx:
        incident = await bounces.get_incident(tx, incident_id)
        people = await bounces.void_incident(tx, incident, _mended(incident_id))
        restored = 0
        for subscriber_id in people:
            restored += await _restore(tx, subscriber_id, incident_id, settings, now)
        letters = await _letters(tx, incident)
        slug: str = incident["mailing"] or ""
        if people:
            done = f"{len(people)} bounces void, {restored} people restored"
            await bounces.set_mended(tx, incident_id, done, now=now)
            await journal.note(tx, slug or "incidents", "mended", f"incident #{incident_id}: {done}", at=now)
        return Mended(id=incident_id, mailing=slug, bounces=len(people), restored=restored, letters=len(letters))


async def send_again(
    database: Database,
    templates: Templates,
    incident_id: int,
    *,
    recipients: int,
    now: datetime,
    until: datetime | None = None,
    as_sent: bool = False,
) -> Remedied:
    """Send exactly the letters of a mended incident again, `recipients` in number.

    Raises:
        NotFoundError: there is no such incident.
        StateError: its mailing has gone, or cannot be sent again, with the reason.
        CountError: it would be another number.
    """
    async with database.read() as tx:
        incident = await bounces.get_incident(tx, incident_id)
        letters = await bounces.letters_of(tx, incident, [_mended(incident_id)])
    slug = incident["mailing"]
    if slug is None:
        raise StateError(f"the mailing of incident #{incident_id} has gone, so nothing can be sent again")
    done = await remedy.again_bounced(
        database, templates, slug, letters, recipients=recipients, now=now, until=until, as_sent=as_sent
    )
    async with database.write() as tx:
        await bounces.restate(tx, incident, _mended(incident_id), f"{_mended(incident_id)}, sent again", letters)
        await bounces.set_mended(tx, incident_id, f"{incident['remedy']}, {done.letters} letters sent again", now=now)
    return done


async def confirm(database: Database, incident_id: int, *, now: datetime) -> int:
    """The domain was right: what it said of each recipient holds. Nothing is sent to them any more; returns how many.

    Raises:
        NotFoundError: there is no such incident.
        StateError: it is not about recipients who are unknown.
    """
    async with database.write() as tx:
        incident = await bounces.get_incident(tx, incident_id)
        if incident["reason"] != "userunknown":
            raise StateError(f"incident #{incident_id} is about us ({incident['reason']}), not about its recipients")
        people = await bounces.void_incident(tx, incident, f"incident #{incident_id} confirmed")
        suppressed = 0
        for subscriber_id in people:
            address = await subscribers.address_of(tx, subscriber_id)
            if address is None or await subscribers.suppression_of(tx, address_key(address)) is not None:
                continue
            why = f"{BOUNCE}{incident['reason']}, confirmed by hand; {incident['mailing'] or ''}".rstrip("; ")
            await subscribers.suppress(tx, address, why, now=now)
            await journal.note(tx, f"subscriber:{subscriber_id}", "suppressed", why, at=now)
            suppressed += 1
        await bounces.set_mended(tx, incident_id, f"{CONFIRMED}, {suppressed} people suppressed", now=now)
    return suppressed


async def _restore(tx: AsyncConnection, subscriber_id: int, incident_id: int, settings: Inbound, now: datetime) -> bool:
    """Lift a suppression that only bounces have made which count no more."""
    address = await subscribers.address_of(tx, subscriber_id)
    reason = await subscribers.suppression_of(tx, address_key(address)) if address else None
    if address is None or reason is None or not reason.startswith(BOUNCE):
        return False
    left = [Bounced(at=at, weight=Weight(one)) for at, one in await bounces.counting(tx, subscriber_id)]
    forget = timedelta(days=settings.forget_days)
    if score(left, now, hard=settings.hard_score, soft=settings.soft_score, forget=forget) >= LIMIT:
        return False
    await subscribers.lift_suppression(tx, address)
    why = f"incident #{incident_id} is mended; it was: {reason}"
    await journal.note(tx, f"subscriber:{subscriber_id}", "suppression lifted", why, at=now)
    return True


async def _letters(tx: AsyncConnection, incident: Mapping[str, Any]) -> list[int]:
    if incident["mailing"] is None:
        return []
    row = await mailings.get_mailing(tx, incident["mailing"])
    found = await bounces.letters_of(tx, incident, [_mended(incident["id"])])
    return await remedies.came_back(tx, row.id, found)


def _mended(incident_id: int) -> str:
    return f"incident #{incident_id} mended"
