"""Memory: the tables. Constraints carry the promises; migrations/ makes them, a test holds the two equal.

In: nothing. Out: SQLAlchemy Core tables that run on SQLite and on PostgreSQL alike.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite has no zone of its own, so it gets one back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _id() -> Column[int]:
    # SQLite counts only an INTEGER primary key by itself.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _reference(name: str, to: str) -> Column[int]:
    return Column(name, ForeignKey(to, ondelete="CASCADE"), nullable=False, index=False)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table("meta", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))

series = Table(
    "series",
    metadata,
    _id(),
    Column("slug", String(200), nullable=False, unique=True),
    Column("document", JSON, nullable=False),  # the whole noun, see store.documents
)

events = Table(
    "events",
    metadata,
    _id(),
    _reference("series_id", "series.id"),
    Column("slug", String(200), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("starts_at", Instant),
    Column("sequence", Integer, nullable=False),
    Column("document", JSON, nullable=False),
)

lists = Table("lists", metadata, _id(), Column("slug", String(200), nullable=False, unique=True))

subscribers = Table(
    "subscribers",
    metadata,
    _id(),
    Column("address", String(320), nullable=False),
    Column("address_key", String(640), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("list_id", ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("since", Instant, nullable=False),
)
Index("ix_subscriptions_subscriber_id", subscriptions.c.subscriber_id)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", String(640), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

mailings = Table(
    "mailings",
    metadata,
    _id(),
    _reference("event_id", "events.id"),
    Column("slug", String(400), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("planned", JSON, nullable=False),  # the entry of the plan that it was made from
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False),  # why it is held, missed or cancelled
    Column("fixed", Boolean, nullable=False),  # its time was chosen by a person
    Column("due_at", Instant),
    Column("closes_at", Instant),
    Column("confirmed", Integer),  # the number of recipients that a person agreed to
    Column("content", JSON),  # the composed mailing, frozen when it fires
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("corrects_id", BigInteger().with_variant(Integer, "sqlite")),  # goes to exactly those who got that mailing
)
Index("ix_mailings_state", mailings.c.state, mailings.c.due_at)

mailing_lists = Table(
    "mailing_lists",
    metadata,
    Column("mailing_id", ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True),
    Column("list_id", ForeignKey("lists.id", ondelete="CASCADE"), primary_key=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _reference("mailing_id", "mailings.id"),
    _reference("subscriber_id", "subscribers.id"),
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("next_at", Instant),  # not before; while claimed, the end of the lease; NULL when nothing more will happen
    Column("claimed_by", String(100)),
    Column("ended_at", Instant),
    UniqueConstraint("mailing_id", "subscriber_id", name="uq_deliveries_mailing_subscriber"),
)
# What may leave is looked for by mailing and time; what has ended is not in it, so it stays small.
Index(
    "ix_deliveries_open",
    deliveries.c.mailing_id,
    deliveries.c.next_at,
    deliveries.c.id,
    sqlite_where=deliveries.c.next_at.is_not(None),
    postgresql_where=deliveries.c.next_at.is_not(None),
)
# What workers hold at this moment: a few hundred of however many.
Index(
    "ix_deliveries_held",
    deliveries.c.claimed_by,
    sqlite_where=deliveries.c.claimed_by.is_not(None),
    postgresql_where=deliveries.c.claimed_by.is_not(None),
)
Index("ix_deliveries_subscriber_id", deliveries.c.subscriber_id)

attempts = Table(
    "attempts",
    metadata,
    _id(),
    _reference("delivery_id", "deliveries.id"),
    Column("at", Instant, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("phase", String(20), nullable=False),
    Column("code", Integer, nullable=False),
    Column("enhanced", String(20), nullable=False),
    Column("text", Text, nullable=False),
)
Index("ix_attempts_delivery_id", attempts.c.delivery_id)

pace = Table(
    "pace",
    metadata,
    Column("key", String(400), primary_key=True),  # relay:HOST or domain:DOMAIN
    # Moments are unix seconds as floating point, see outbox.pace; by the seconds of their limit.
    Column("free_at", JSON, nullable=False),
    Column("queued", JSON, nullable=False),
    Column("rate", Float),  # letters a second after a throttled answer; NULL when there is no back-off
    Column("was", Float),
    Column("throttled_at", Float),
    Column("changed_at", Float),
    Column("ends_at", Float, nullable=False),  # from here on the row says nothing
)

journal = Table(
    "journal",
    metadata,
    _id(),
    Column("at", Instant, nullable=False),
    Column("subject", String(400), nullable=False),  # slug of what changed
    Column("action", String(60), nullable=False),
    Column("detail", Text, nullable=False),
)
Index("ix_journal_subject", journal.c.subject)
