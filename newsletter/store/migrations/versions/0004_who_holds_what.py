"""What a worker holds is found by its name, however many deliveries there are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    held = sa.text("claimed_by IS NOT NULL")
    op.create_index("ix_deliveries_held", "deliveries", ["claimed_by"], sqlite_where=held, postgresql_where=held)
