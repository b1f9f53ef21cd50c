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
    LargeBinary,
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


def _about(name: str, to: str) -> Column[int | None]:
    """What a row is about, where that is known; the row stays when it goes."""
    return Column(name, ForeignKey(to, ondelete="SET NULL"), nullable=True, index=False)


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
    # … or one of those in `further_corrected`
)
Index("ix_mailings_state", mailings.c.state, mailings.c.due_at)

# What a correction corrects beside the mailing that it is named after.
further_corrected = Table(
    "further_corrected",
    metadata,
    Column("mailing_id", ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True),
    Column("corrected_id", ForeignKey("mailings.id", ondelete="CASCADE"), primary_key=True),
)

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

# What came back. Each message once for each place that it was found in, and its content once.
messages = Table(
    "messages",
    metadata,
    _id(),
    Column("source", String(200), nullable=False),
    Column("key", String(400), nullable=False),  # in its source: UIDVALIDITY:UID, a file name, …
    Column("fingerprint", String(64), unique=True),  # of the content; NULL for a further copy of the same message
    Column("message_id", String(400), nullable=False),  # without angle brackets; "" where it has none
    Column("received_at", Instant, nullable=False),
    Column("handled_at", Instant),
    Column("state", String(20), nullable=False),  # new, handled, copy, set_aside
    Column("reason", Text, nullable=False),  # why it is set aside
    Column("kind", String(20), nullable=False),  # of inbound.verdict.Kind; "" before it was told
    Column("verdict", JSON, nullable=False),  # rule, reason, status, hard; no addresses
    Column("matched", String(20), nullable=False),  # by what it was matched; "" by nothing
    Column("proven", Boolean, nullable=False),  # a token of ours in it says so
    _about("mailing_id", "mailings.id"),
    _about("delivery_id", "deliveries.id"),
    _about("subscriber_id", "subscribers.id"),
    Column("raw", LargeBinary),  # NULL when nobody needs it any more
    UniqueConstraint("source", "key", name="uq_messages_source_key"),
)
Index("ix_messages_state", messages.c.state)
Index("ix_messages_message_id", messages.c.message_id)

# How far a mailbox was read; what lies below is known without asking.
cursors = Table(
    "cursors",
    metadata,
    Column("source", String(200), primary_key=True),
    Column("validity", BigInteger, nullable=False),  # UIDVALIDITY
    Column("uid", BigInteger, nullable=False),  # everything up to this one is handled
    Column("at", Instant, nullable=False),
)

bounces = Table(
    "bounces",
    metadata,
    _id(),
    _reference("message_id", "messages.id"),
    _about("mailing_id", "mailings.id"),
    _about("delivery_id", "deliveries.id"),
    _about("subscriber_id", "subscribers.id"),
    Column("at", Instant, nullable=False),
    Column("weight", String(20), nullable=False),  # hard, soft, policy, our_fault, delayed
    Column("reason", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("domain", String(255), nullable=False),  # of the recipient
    Column("said", Text, nullable=False),
    Column("void", Text, nullable=False),  # why it does not count any more; "" while it does
)
Index("ix_bounces_subscriber_id", bounces.c.subscriber_id)
Index("ix_bounces_mailing_id", bounces.c.mailing_id)
Index("ix_bounces_message_id", bounces.c.message_id)

# Bounces that are about us, not about people: one for each mailing, domain and reason.
incidents = Table(
    "incidents",
    metadata,
    _id(),
    _about("mailing_id", "mailings.id"),
    Column("domain", String(255), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("said", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("mended_at", Instant),
    Column("remedy", Text, nullable=False),  # what was done about it
    UniqueConstraint("mailing_id", "domain", "reason", name="uq_incidents_mailing_domain_reason"),
)

replies = Table(
    "replies",
    metadata,
    _id(),
    _reference("message_id", "messages.id"),
    _about("series_id", "series.id"),
    _about("mailing_id", "mailings.id"),
    _about("subscriber_id", "subscribers.id"),
    Column("author", Text, nullable=False),  # name and address, as they stand in From
    Column("subject", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(20), nullable=False),  # open, answered, closed
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    UniqueConstraint("message_id", name="uq_replies_message"),
)
Index("ix_replies_state", replies.c.state)

# Message-IDs of a thread: an answer that names one of them closes the question.
reply_threads = Table(
    "reply_threads",
    metadata,
    Column("reply_id", ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", String(400), primary_key=True),
)
Index("ix_reply_threads_message_id", reply_threads.c.message_id)

# Messages of people on their way to a contact mailbox.
forwards = Table(
    "forwards",
    metadata,
    _id(),
    _reference("message_id", "messages.id"),
    Column("address", String(320), nullable=False),
    Column("wrapped", Boolean, nullable=False),
    Column("state", String(20), nullable=False),  # waiting, sending, sent, failed
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant),
    Column("ended_at", Instant),
    Column("reason", Text, nullable=False),
    UniqueConstraint("message_id", "address", name="uq_forwards_message_address"),
)
Index("ix_forwards_state", forwards.c.state, forwards.c.next_at)

# What a machine or a person told us, and a person decides about.
proposals = Table(
    "proposals",
    metadata,
    _id(),
    _about("message_id", "messages.id"),
    _reference("subscriber_id", "subscribers.id"),
    Column("kind", String(20), nullable=False),  # left, moved, leave, unproven
    Column("proposed", JSON, nullable=False),  # address, name, lists …
    Column("evidence", Text, nullable=False),  # the sentence that says so
    Column("at", Instant, nullable=False),
    Column("state", String(20), nullable=False),  # open, accepted, declined
    Column("decided_at", Instant),
)
Index("ix_proposals_state", proposals.c.state)

attendance = Table(
    "attendance",
    metadata,
    Column("event_id", ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("subscriber_id", ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("answer", String(20), nullable=False),  # accepted, declined, tentative
    Column("sequence", Integer, nullable=False),  # of the invitation that was answered (RFC 5546 §2.1.4)
    Column("answered_at", Instant, nullable=False),  # DTSTAMP of the answer
    _about("message_id", "messages.id"),
)
Index("ix_attendance_subscriber_id", attendance.c.subscriber_id)
