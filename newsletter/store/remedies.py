"""Memory: letters that a person decides about: those in doubt, and those that failed.

In: a mailing, and what a person found out. Out: what there is to decide, and deliveries that have ended or wait again.
A letter that is in a worker's hands is in neither state, so nothing here gets in its way.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from newsletter.outbox.delivery import WITHDRAWN, DeliveryState
from newsletter.outbox.outcome import OutcomeKind
from newsletter.schedule.state import MailingState
from newsletter.store.audience import reachable
from newsletter.store.subscribers import CHUNK
from newsletter.store.tables import attempts, deliveries, mailings, subscribers

CONFIRMED = "a person found that it arrived"
_PUT_OFF = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def _doubtful(mailing_id: int, subscriber_id: int | None) -> ColumnElement[bool]:
    found = (deliveries.c.mailing_id == mailing_id) & (deliveries.c.state == DeliveryState.IN_DOUBT.value)
    return found if subscriber_id is None else found & (deliveries.c.subscriber_id == subscriber_id)


async def letters_in_doubt(tx: AsyncConnection, mailing_id: int) -> list[RowMapping]:
    """Every letter in doubt: subscriber_id, address, reason, attempts, next_at (None: it waits for a person)."""
    query = (
        select(
            deliveries.c.subscriber_id,
            subscribers.c.address,
            deliveries.c.reason,
            deliveries.c.attempts,
            deliveries.c.next_at,
        )
        .join(subscribers)
        .where(_doubtful(mailing_id, None))
    )
    return list((await tx.execute(query.order_by(deliveries.c.id))).mappings())


async def count_as_sent(tx: AsyncConnection, mailing_id: int, subscriber_id: int | None, *, now: datetime) -> int:
    """End letters in doubt as sent: one subscriber's, or all of the mailing. Returns how many there were."""
    ended = await tx.execute(
        update(deliveries)
        .where(_doubtful(mailing_id, subscriber_id))
        .values(state=DeliveryState.SENT.value, reason=CONFIRMED, next_at=None, ended_at=now)
    )
    return ended.rowcount


async def repeat_in_doubt(tx: AsyncConnection, mailing_id: int, subscriber_id: int | None, *, now: datetime) -> int:
    """Let letters in doubt leave again, with the same Message-ID; they stay in doubt until then. Returns how many."""
    due = await tx.execute(update(deliveries).where(_doubtful(mailing_id, subscriber_id)).values(next_at=now))
    return due.rowcount


async def refusals(tx: AsyncConnection, mailing_id: int) -> list[RowMapping]:
    """Every attempt of a mailing that did not end in a taken letter, with its subscriber_id; oldest first."""
    query = (
        select(attempts, deliveries.c.subscriber_id)
        .join(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, attempts.c.kind != OutcomeKind.SENT.value)
    )
    return list((await tx.execute(query.order_by(attempts.c.id))).mappings())


def _late(*states: DeliveryState) -> ColumnElement[bool]:
    """Letters that were being handed over when their mailing was cancelled, and were only put off, or are in doubt."""
    cancelled = select(mailings.c.id).where(mailings.c.state == MailingState.CANCELLED.value)
    mine = deliveries.c.mailing_id.in_(cancelled) & deliveries.c.state.in_([state.value for state in states])
    return mine & deliveries.c.next_at.is_not(None)


async def has_late(tx: AsyncConnection) -> bool:
    """Whether there is something for `withdraw_late` to do."""
    late = _late(*_PUT_OFF, DeliveryState.IN_DOUBT)
    return await tx.scalar(select(deliveries.c.id).where(late).limit(1)) is not None


async def withdraw_late(tx: AsyncConnection, *, now: datetime) -> int:
    """End what came back to a mailing after it was cancelled; returns how many there were. Doubts are for a person."""
    await tx.execute(update(deliveries).where(_late(DeliveryState.IN_DOUBT)).values(next_at=None))
    values = {"state": DeliveryState.WITHHELD.value, "reason": WITHDRAWN, "next_at": None, "ended_at": now}
    withdrawn = await tx.execute(update(deliveries).where(_late(*_PUT_OFF)).values(values))
    return withdrawn.rowcount


async def failures(tx: AsyncConnection, mailing_id: int) -> list[tuple[str, int]]:
    """Why letters of a mailing failed, and how many for each reason; the commonest first."""
    count = func.count().label("count")
    failed = (deliveries.c.mailing_id == mailing_id) & (deliveries.c.state == DeliveryState.FAILED.value)
    query = select(deliveries.c.reason, count).where(failed).group_by(deliveries.c.reason)
    return [(reason, number) for reason, number in await tx.execute(query.order_by(count.desc(), deliveries.c.reason))]


def _failed(mailing_id: int, answer: str) -> ColumnElement[bool]:
    """The failed letters of those who may still be written to; with `answer` in the reason, if it is given."""
    return (
        (deliveries.c.mailing_id == mailing_id)
        & (deliveries.c.state == DeliveryState.FAILED.value)
        & deliveries.c.subscriber_id.in_(reachable(mailing_id))
        & (deliveries.c.reason.icontains(answer, autoescape=True) if answer else literal(True))
    )


async def count_failed(tx: AsyncConnection, mailing_id: int, answer: str = "") -> int:
    """How many letters `queue_failed` would queue."""
    return await tx.scalar(select(func.count()).select_from(deliveries).where(_failed(mailing_id, answer))) or 0


async def queue_failed(tx: AsyncConnection, mailing_id: int, answer: str = "", *, now: datetime) -> int:
    """Queue failed letters again, as if none had been tried; what was tried stays written. Returns how many."""
    queued = await tx.execute(
        update(deliveries)
        .where(_failed(mailing_id, answer))
        .values(state=DeliveryState.QUEUED.value, reason="", attempts=0, next_at=now, ended_at=None, claimed_by=None)
    )
    return queued.rowcount


def _came_back(mailing_id: int, letters: Sequence[int]) -> ColumnElement[bool]:
    """Of these deliveries those that a mail server took, to people who may still be written to."""
    return (
        (deliveries.c.mailing_id == mailing_id)
        & deliveries.c.id.in_(letters)
        & (deliveries.c.state == DeliveryState.SENT.value)
        & deliveries.c.subscriber_id.in_(reachable(mailing_id))
    )


async def came_back(tx: AsyncConnection, mailing_id: int, letters: Sequence[int]) -> list[int]:
    """Which of these deliveries `queue_bounced` would queue."""
    found: list[int] = []
    for start in range(0, len(letters), CHUNK):
        query = select(deliveries.c.id).where(_came_back(mailing_id, letters[start : start + CHUNK]))
        found += await tx.scalars(query.order_by(deliveries.c.id))
    return found


async def queue_bounced(tx: AsyncConnection, mailing_id: int, letters: Sequence[int], *, now: datetime) -> None:
    """Queue letters again that were taken and came back; what was tried stays written."""
    for start in range(0, len(letters), CHUNK):
        await tx.execute(
            update(deliveries)
            .where(_came_back(mailing_id, letters[start : start + CHUNK]))
            .values(state=DeliveryState.QUEUED.value, reason="", attempts=0, next_at=now, ended_at=None)
        )
