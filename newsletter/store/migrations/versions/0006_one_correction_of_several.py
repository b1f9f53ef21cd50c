"""One correction may be of several mailings."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "further_corrected",
        sa.Column("mailing_id", number, nullable=False),
        sa.Column("corrected_id", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailings.id"], name=op.f("fk_further_corrected_mailing_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["corrected_id"], ["mailings.id"], name=op.f("fk_further_corrected_corrected_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mailing_id", "corrected_id", name=op.f("pk_further_corrected")),
    )
