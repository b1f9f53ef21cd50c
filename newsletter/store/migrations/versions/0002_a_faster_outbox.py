"""What may leave is found by mailing and time; a mailing can correct another."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    open_ones = sa.text("next_at IS NOT NULL")
    op.drop_index("ix_deliveries_next_at", "deliveries")
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["mailing_id", "next_at", "id"],
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    # No reference: SQLite gets one only by copying the table, and dropping the old one would cascade to every delivery.
    op.add_column("mailings", sa.Column("corrects_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
