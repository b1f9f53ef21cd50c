"""How fast letters may leave is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "pace",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("free_at", sa.JSON(), nullable=False),
        sa.Column("queued", sa.JSON(), nullable=False),
        sa.Column("rate", sa.Float()),
        sa.Column("was", sa.Float()),
        sa.Column("throttled_at", sa.Float()),
        sa.Column("changed_at", sa.Float()),
        sa.Column("ends_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pace")),
    )
